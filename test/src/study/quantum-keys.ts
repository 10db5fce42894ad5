/** What organizations do with QKD keys beside a study that runs: an approval that is signed by them, and a watch over each other's blocks. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pass } from '@epione/client';
import type { WorkerConfig } from '@epione/fl-worker';
import { parse } from 'yaml';
import { command } from './command.js';
import type { Consortium, Organization } from './consortium.js';

/** What came of it. */
export interface QuantumOutcome {
  /** What arbiter and receiver found of the signature. */
  readonly verdicts: readonly boolean[];
  /** The approval and the proposal, as the receiver got them. */
  readonly document: { readonly approval: { readonly member: string; readonly subject: string }; readonly subject: { readonly kind: string } };
  /** Digest of the proposal on the ledger. */
  readonly proposal: string;
  /** Looks of the first hospital, the regulator, and the first hospital again. */
  readonly looks: readonly Pass[];
}

const saeOf = (organization: Organization): string => `sae-${organization.toLowerCase()}`;

/** The first hospital approves of ending the study, one of four that would have to, with a signature for the second one and the regulator. */
async function approve({ places, runFolder }: Consortium, study: string): Promise<Omit<QuantumOutcome, 'looks'>> {
  const worker = <T>(organization: Organization, ...args: string[]): Promise<T> => command<T>('fl-worker', [...args, '--config', places.workerConfig(organization)]);
  const file = (name: string): string => join(runFolder, `quantum-${name}.json`);
  const { proposal } = await worker<{ proposal: string }>('HospitalA', 'study', 'propose', 'end', study);
  await worker('HospitalA', 'study', 'approve', proposal, '--quantum', file('signature'), '--receiver', saeOf('HospitalB'), '--arbiter', saeOf('Regulator'));
  await worker('HospitalB', 'quantum', 'forward', file('signature'), '--out', file('transfer'));
  const judged = await worker<{ valid: boolean }>('Regulator', 'quantum', 'judge', file('transfer'), '--out', file('judgement'));
  const accepted = await worker<{ valid: boolean }>('HospitalB', 'quantum', 'accept', file('judgement'), '--document', file('document'));
  return { proposal, verdicts: [judged.valid, accepted.valid], document: JSON.parse(readFileSync(file('document'), 'utf8')) as QuantumOutcome['document'] };
}

async function look({ places, runFolder }: Consortium, organization: Organization, peer: Organization): Promise<Pass> {
  const { kme } = parse(readFileSync(places.workerConfig(organization), 'utf8')) as WorkerConfig;
  if (kme === undefined) throw new Error(`${organization} has no key management entity`);
  const access = ['--url', kme.url, '--cert', kme.certificate, '--key', kme.privateKey, '--ca', kme.ca, '--sae', kme.saeId, '--peer', saeOf(peer)];
  return command<Pass>('fl-audit', ['watch-blocks', '--once', '--profile', places.profile(organization), ...access, '--folder', join(runFolder, 'tags'), '--store', join(runFolder, `${organization}-watch.db`)], [1]);
}

/** All of it, while the study runs. */
export async function useQuantumKeys(consortium: Consortium, study: string): Promise<QuantumOutcome> {
  const approval = await approve(consortium, study);
  const first = await look(consortium, 'HospitalA', 'Regulator');
  const second = await look(consortium, 'Regulator', 'HospitalA');
  return { ...approval, looks: [first, second, await look(consortium, 'HospitalA', 'Regulator')] };
}
