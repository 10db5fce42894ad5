/** Looks for what keeps a worker from working: one line a finding, with code and remedy. */
import { connect, readProfile, type ConnectionProfile, type ProxyEnv } from '@epione/client';
import type { Study } from '@epione/protocol';
import type { WorkerConfig } from '../config.js';
import { currentRecord, readStudyView } from '../round/course.js';
import { studyDigestOf } from '../site/study-desk.js';
import { certificates } from './certificates.js';
import { disk, secrets } from './disk.js';
import { run, type Check, type Finding, type Partner } from './finding.js';
import { keyDelivery, keyStock, seeds } from './keys.js';
import { dataFile, engine, memory, node, profile } from './machine.js';
import { clock, keyServer, ledger, members, peers, proxy } from './ways.js';

export type { Finding } from './finding.js';

/** Causes before what they cause. They wait for others most of the time, so they run side by side. */
const waiting: readonly Check[] = [node, profile, disk, secrets, seeds, certificates, proxy, peers, ledger, keyServer, keyStock, keyDelivery, members, clock];
/** These compute, and come afterwards: meanwhile no answer of a server would be heard in time. */
const computing: readonly Check[] = [memory, engine, dataFile];

/** The study of the configuration and its other members, as far as the ledger tells; silence is named by the check of the ledger. */
async function studyOn(config: WorkerConfig, found: ConnectionProfile, proxyEnv: ProxyEnv): Promise<{ study: Study; partners: Partner[] } | undefined> {
  if (config.study === undefined) return undefined;
  try {
    using channel = await connect(found, { identity: 'worker', proxyEnv, timeouts: { evaluateMs: 10_000 } });
    const study = (await readStudyView(channel, await studyDigestOf(config.study))).document;
    const others = study.aggregators.filter((mspId) => mspId !== config.mspId);
    const partners = await Promise.all(others.map(async (mspId) => {
      const { record } = await currentRecord(channel, mspId);
      return { mspId, blobUrl: record.blobUrl, saeId: record.saeId };
    }));
    return { study, partners };
  } catch {
    return undefined;
  }
}

/** What the doctor is told of the world. */
export interface Surroundings {
  /** ms since 1970 UTC. */
  readonly now: () => number;
  /** Monotonic ms. */
  readonly elapsed: () => number;
  /** HTTPS_PROXY and NO_PROXY. */
  readonly proxyEnv: ProxyEnv;
}

/** Runs all checks; none stops another. */
export async function examine(config: WorkerConfig, surroundings: Surroundings): Promise<Finding[]> {
  const found = await readProfile(config.profile).catch(() => undefined);
  const known = found && (await studyOn(config, found, surroundings.proxyEnv));
  const examined = { ...surroundings, config, profile: found, study: known?.study, partners: known?.partners ?? [] };
  const findings = (await Promise.all(waiting.map((check) => run(check, examined)))).flat();
  for (const check of computing) findings.push(...(await run(check, examined)));
  return findings;
}

/** The findings as a table for people. */
export function findingsTable(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const mark = { ok: 'ok     ', warning: 'WARNING', fault: 'FAULT  ' };
  return findings.map(({ check, level, code, sentence, remedy }) => `${mark[level]}  ${check.padEnd(width)}  ${code === undefined ? '' : `${code}: `}${sentence}${remedy === undefined ? '' : `\n${' '.repeat(width + 11)}-> ${remedy}`}`).join('\n');
}
