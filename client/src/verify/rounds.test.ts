/** Checks over whole rounds: equivocation, key_IDs used twice, dissent, suspects, consent snapshots, models that do not follow. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { newSigner, sign, toBase64Url, type Attestation, type Stored, type Submission } from '@epione/protocol';
import { encodeCanonical } from '@epione/protocol';
import { expect } from 'chai';
import { blockDigest } from '../evidence/block.js';
import { readEvidence } from '../evidence/evidence.js';
import { readTrustRoot } from '../evidence/trust-root.js';
import { Blobs } from './blobs.js';
import { verifyChain, type Chain } from './chain/chain.js';
import { checkAggregates, readContentKeys, type ContentKeys } from './recompute.js';
import { repeatHistory } from './replay/history.js';
import type { Registry, RoundBook, StudyBook } from './replay/registry.js';
import { Report, type Check, type CheckName } from './report.js';
import { checkConsent, checkEquivocation, checkKeys, checkQuorums, checkSuspects, deriveRounds } from './rounds.js';

const recording = fileURLToPath(new URL('../../fixtures/played-study', import.meta.url));

describe('checks over rounds', () => {
  let chain: Chain;
  let keys: ContentKeys;
  let blobs: Blobs;
  let ledger: Registry;
  let book: StudyBook;
  let report: Report;

  before(async () => {
    const trustRoot = await readTrustRoot(join(recording, 'trust-root.json'));
    chain = verifyChain(await readEvidence(recording), trustRoot, new Report(trustRoot.genesis));
    keys = await readContentKeys(join(recording, 'content-keys.json'));
    blobs = await Blobs.in([join(recording, 'blobs')]);
  });

  // The registry is changed by the tests, so each gets its own.
  beforeEach(() => {
    report = new Report('');
    ledger = repeatHistory(chain, 'epione', new Report(''));
    book = [...ledger.studies.values()][0] as StudyBook;
  });

  const found = (name: CheckName): Check => report.checks().find((check) => check.name === name) as Check;
  const round = (number: number): RoundBook => book.rounds.get(number) as RoundBook;
  const restate = (number: number, participant: string, change: Partial<Submission>): void => {
    const { submitted } = round(number);
    const at = submitted.findIndex((entry) => entry.statement.participant === participant);
    const entry = submitted[at] as RoundBook['submitted'][number];
    submitted[at] = { ...entry, statement: { ...entry.statement, ...change } };
  };
  const reattest = (number: number, mspId: string, change: (statement: Attestation) => Attestation): void => {
    const stored = round(number).attestations.get(mspId) as Stored<Attestation>;
    round(number).attestations.set(mspId, { ...stored, statement: change(stored.statement) });
  };
  const otherModel = (statement: Attestation): Attestation => ({ ...statement, result: { ...statement.result, model: `sha256:${'9'.repeat(64)}` } });

  it('names a key_ID that stands in two submissions, whatever its case', () => {
    const [first] = round(1).submitted;
    const sealed = first?.statement.sealed ?? [];
    const keyId = sealed[0]?.keyIds[0] ?? '';
    restate(2, first?.statement.participant ?? '', { sealed: sealed.map((entry) => ({ ...entry, keyIds: entry.keyIds.map((id) => id.toUpperCase()) })) });
    checkKeys(ledger, report);
    expect(found('keys.once').result).to.equal('fail');
    expect(found('keys.once').object).to.equal(`key_ID ${keyId.toLowerCase()}`);
  });

  it('lists two signatures of one participant over one round, also in refused transactions', () => {
    const signer = newSigner('mldsa65', new Uint8Array(32));
    const { statement } = round(1).submitted[0] as RoundBook['submitted'][number];
    const record = ledger.records.get(statement.record);
    if (record === undefined) throw new Error('the record is missing');
    ledger.records.set(statement.record, { ...record, statement: { ...record.statement, signingKey: toBase64Url(signer.publicKey) } });
    const sent = (numExamples: number, code: number): Chain['all'][number] => {
      const template = chain.all.find((entry) => Buffer.from(entry.args[0] ?? []).toString() === 'Round:submit') as Chain['all'][number];
      const { signature, statement: signedStatement } = sign('submission', { ...statement, numExamples }, signer);
      return { ...template, code, args: [template.args[0] as Uint8Array, encodeCanonical({ signature, statement: signedStatement })] };
    };
    checkEquivocation({ ...chain, all: [sent(1, 0), sent(1, 11)] }, 'epione', ledger, report);
    expect(found('submission.once').message).to.equal(undefined);
    report = new Report('');
    checkEquivocation({ ...chain, all: [sent(1, 0), sent(2, 11)] }, 'epione', ledger, report);
    expect(found('submission.once')).to.deep.include({ result: 'pass', message: `EQUIVOCATION: ${statement.participant} in round 1 of ${statement.study}` });
  });

  it('names who attested another result', () => {
    reattest(1, 'Regulator', otherModel);
    checkQuorums(deriveRounds(book, 0, report), report);
    expect(found('attestation.quorum').message).to.equal('2 of 2 rounds final; round 1: Regulator attested another result');
  });

  it('counts what was stated under a compromised key', () => {
    const state = ledger.participants.get('HospitalA');
    ledger.compromised.push({ record: state?.record ?? '', since: 0 });
    checkSuspects(ledger, report);
    expect(found('keys.suspect').message).to.match(/^11 statements under sha256:[0-9a-f]{64} since 1970-01-01T00:00:00\.000Z are suspect$/);
  });

  it('holds a consent snapshot to the blocks between opening and submission', () => {
    const entry = round(2).submitted[0] as RoundBook['submitted'][number];
    const snapshot = (height: number, block = blockDigest(chain.blocks[height] as Chain['blocks'][number])): Check => {
      report = new Report('');
      restate(2, entry.statement.participant, { consent: { commitment: '0'.repeat(64), height, block: block as `sha256:${string}` } });
      checkConsent(book, chain, ledger, report);
      return found('consent.snapshot');
    };
    expect(snapshot(entry.block - 1).result).to.equal('pass');
    expect(snapshot(entry.block).message).to.match(/is not before it$/);
    expect(snapshot(1).message).to.match(/is before the round was open$/);
    expect(snapshot(entry.block - 1, `sha256:${'0'.repeat(64)}`).message).to.match(/^block \d+ is not sha256:0/);
    expect(snapshot(entry.block - 1).object).to.equal(undefined);
  });

  it('refuses a model that all attest and that does not follow from the updates', async () => {
    for (const mspId of round(2).attestations.keys()) reattest(2, mspId, otherModel);
    await checkAggregates(book, deriveRounds(book, 0, report), blobs, { contentKeys: keys, reveals: [] }, ledger, report);
    expect(found('aggregate.recomputed')).to.deep.include({ result: 'fail', object: `round 2 of ${book.digest}` });
  });

  it('names an attestation whose witness was copied', async () => {
    const { witness } = round(1).attestations.get('HospitalA')?.statement ?? {};
    reattest(1, 'HospitalC', (statement) => ({ ...statement, ...(witness === undefined ? {} : { witness }) }));
    await checkAggregates(book, deriveRounds(book, 0, report), blobs, { contentKeys: keys, reveals: [] }, ledger, report);
    expect(found('aggregate.recomputed').object).to.equal(`attestation of HospitalC, round 1 of ${book.digest}`);
  });
});
