/** What the ledger's statements must satisfy once the chain is good: each rule broken in a recorded study, as colluding peers could. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeCanonical } from '@epione/protocol';
import { expect } from 'chai';
import { readEvidence } from '../../evidence/evidence.js';
import { readTrustRoot } from '../../evidence/trust-root.js';
import { verifyChain, type Chain } from '../chain/chain.js';
import type { ValidTransaction } from '../chain/validity.js';
import { Report, type Check, type CheckName } from '../report.js';
import { repeatHistory } from './history.js';

const recording = fileURLToPath(new URL('../../../fixtures/played-study', import.meta.url));
const nameOf = (transaction: ValidTransaction): string => Buffer.from(transaction.args[0] ?? []).toString();
const argumentOf = (transaction: ValidTransaction): { signature: string; statement: Record<string, unknown> } =>
  JSON.parse(Buffer.from(transaction.args[1] ?? []).toString()) as { signature: string; statement: Record<string, unknown> };

describe('repeatHistory', () => {
  let chain: Chain;
  let genesis: string;

  before(async () => {
    const trustRoot = await readTrustRoot(join(recording, 'trust-root.json'));
    genesis = trustRoot.genesis;
    chain = verifyChain(await readEvidence(recording), trustRoot, new Report(genesis));
  });

  /** Failures of a history whose transactions were changed. */
  const failures = (change: (transactions: readonly ValidTransaction[]) => readonly ValidTransaction[]): Check[] => {
    const report = new Report(genesis);
    repeatHistory({ ...chain, valid: change(chain.valid) }, 'epione', report);
    return report.checks().filter((check) => check.result === 'fail');
  };

  const find = (name: string, nth = 0): ValidTransaction => chain.valid.filter((transaction) => nameOf(transaction) === name)[nth] as ValidTransaction;
  const changed = (target: ValidTransaction, change: Partial<ValidTransaction>): Check[] => failures((all) => all.map((entry) => (entry === target ? { ...entry, ...change } : entry)));
  const without = (target: ValidTransaction): Check[] => failures((all) => all.filter((entry) => entry !== target));
  const names = (checks: readonly Check[]): CheckName[] => checks.map((check) => check.name);

  it('finds nothing in the history as it was', () => {
    expect(failures((all) => all)).to.deep.equal([]);
  });

  const missing: [transaction: string, check: CheckName, code: string][] = [
    ['Participant:registerParticipant', 'study.approved', 'RECORD_NOT_CURRENT'],
    ['Study:registerStudy', 'study.approved', 'STUDY_UNKNOWN'],
    ['Study:approve', 'study.approved', 'NOT_APPROVED'],
    ['Study:openStudy', 'round.opened', 'STUDY_NOT_OPEN'],
    ['Round:submit', 'round.sealed', 'NOT_SEALED'],
  ];
  for (const [transaction, check, code] of missing) {
    it(`misses a ${transaction}`, () => {
      const found = without(find(transaction)).find((entry) => entry.name === check);
      expect(found?.message).to.match(new RegExp(`^${code}: `));
    });
  }

  it('misses the attestation that the next round rests on', () => {
    const { after } = argumentOf(find('Round:submit', 3)).statement as { after: { attesters: string[] } };
    const target = chain.valid.find((entry) => nameOf(entry) === 'Round:attest' && argumentOf(entry).statement['round'] === 1 && argumentOf(entry).statement['aggregator'] === after.attesters[0]);
    expect(names(without(target as ValidTransaction))).to.include('round.opened');
  });

  it('tells a statement that was sent with another certificate, or by another organization', () => {
    const signers: [string, CheckName][] = [
      ['Participant:registerParticipant', 'record.possession'], ['Study:approve', 'study.approved'], ['Round:submit', 'submission.signature'], ['Round:attest', 'attestation.signature'],
    ];
    for (const [name, check] of signers) {
      const target = find(name);
      const byKey = changed(target, { creatorKey: Buffer.from('another key') }).find((entry) => entry.name === check);
      expect(byKey?.message, name).to.match(/^CALLER_MISMATCH/);
      const other = target.creator.mspId === 'HospitalA' ? 'HospitalB' : 'HospitalA';
      expect(names(changed(target, { creator: { ...target.creator, mspId: other } })), name).to.include(check);
    }
  });

  it('tells a statement that its author did not sign', () => {
    const target = find('Round:submit');
    const argument = argumentOf(target);
    const forged = { signature: argument.signature, statement: { ...argument.statement, numExamples: 999 } };
    const found = changed(target, { args: [target.args[0] as Uint8Array, encodeCanonical(forged)] });
    expect(found.find((entry) => entry.name === 'submission.signature')?.message).to.match(/^BAD_SIGNATURE/);
    expect(names(found)).to.include('encoding.canonical');
  });

  it('tells a value that is not what was signed', () => {
    const target = find('Round:attest');
    const sets = target.sets.map((set) => ({ ...set, writes: set.writes.map((write) => ({ ...write, value: Buffer.from('{}') })) }));
    const [found] = changed(target, { sets });
    expect(found).to.deep.equal({ name: 'encoding.canonical', result: 'fail', object: `transaction ${target.txId}`, message: 'wrote something else than its statement says' });
  });

  it('tells a key beside the statement\'s own, a foreign namespace, a key-level policy', () => {
    const target = find('Round:attest');
    const [set] = target.sets.filter(({ writes }) => writes.length > 0);
    if (set === undefined) throw new Error('the attestation writes nothing');
    const more = [
      { ...set, writes: [...set.writes, { key: '\u0000submission\u0000x\u0000', value: Buffer.from('{}') }] },
      { ...set, metadataWrites: [{ key: set.writes[0]?.key ?? '', others: 0 }] },
    ];
    for (const other of more) expect(names(changed(target, { sets: target.sets.map((entry) => (entry === set ? other : entry)) }))).to.deep.equal(['encoding.canonical']);
    expect(names(changed(target, { sets: [...target.sets, { ...set, namespace: 'other' }] }))).to.deep.equal(['encoding.canonical']);
  });

  it('tells a time that is not the transaction\'s', () => {
    expect(names(changed(find('Round:submit'), { time: 1 }))).to.include('encoding.canonical');
  });

  it('tells an argument that is not canonical, and a transaction that nobody knows', () => {
    const target = find('Study:approve');
    const loose = Buffer.from(JSON.stringify(argumentOf(target), undefined, 1));
    expect(changed(target, { args: [target.args[0] as Uint8Array, loose] })[0]?.message).to.match(/^NOT_CANONICAL/);
    expect(changed(target, { args: [Buffer.from('Study:delete'), target.args[1] as Uint8Array] })[0]?.message).to.match(/Study:delete is no transaction/);
  });

  it('tells a second submission in a slot and a second attestation', () => {
    const twice = (name: string): Check[] => failures((all) => all.flatMap((entry) => (entry === find(name) ? [entry, entry] : [entry])));
    expect(twice('Round:submit').find((entry) => entry.name === 'submission.once')?.message).to.match(/^ALREADY_SUBMITTED/);
    expect(twice('Round:attest').find((entry) => entry.name === 'attestation.signature')?.message).to.match(/^ALREADY_ATTESTED/);
  });

  it('tells a record and a study of another channel', () => {
    const report = new Report(`sha256:${'1'.repeat(64)}`);
    repeatHistory(chain, 'epione', report);
    expect(names(report.checks().filter((check) => check.result === 'fail'))).to.include.members(['record.possession', 'study.digest']);
  });
});
