// Durable state: one writer, nothing twice, keys used once and destroyed when their round is over.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { newSigner, sign, statementDigest, type Submission } from '@epione/protocol';
import type { QkdKey } from '../kme/key-delivery.js';
import { openState, readState } from './database.js';
import { studyState } from './study-state.js';

const digest = `sha256:${'1'.repeat(64)}` as const;
const submissionOf = (round: number, keyIds: string[]): Submission => ({
  study: digest, epoch: 1, round, participant: 'HospitalA', record: digest, after: { kind: 'opening' }, base: 'zeros', blob: digest, blobBytes: 1,
  sealed: [{ to: 'HospitalB', record: digest, suite: 'seal-mlkem768-qkd', keyIds }], numExamples: 1, software: 'test',
});
const bytes = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);

describe('durable state', () => {
  let folder: string;
  beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'epione-state-')); });
  afterEach(() => { rmSync(folder, { recursive: true }); });

  it('gives back the same signed bytes, and takes one submission a round', () => {
    using database = openState(folder, digest);
    const { outbox } = studyState(database);
    const signed = sign('submission', submissionOf(1, ['k1']), newSigner('mldsa65', bytes(7)));
    outbox.keepSubmission(signed, bytes(1), { words: bytes(2), subjects: ['s'] });
    expect(outbox.find('submission', 1)).to.deep.equal({ signed, committed: false });
    expect(() => { outbox.keepSubmission(sign('submission', submissionOf(1, ['k2']), newSigner('mldsa65', bytes(7))), bytes(3), { words: bytes(4), subjects: [] }); }).to.throw('UNIQUE');
    expect(outbox.ownUpdate(1)).to.deep.equal(bytes(2));
    expect(outbox.subjects(1)).to.deep.equal(['s']);
    outbox.committed('submission', 1);
    expect(outbox.find('submission', 1)?.committed).to.equal(true);
    expect(outbox.find('attestation', 1)).to.equal(undefined);
  });

  it('gives up what was signed under a record that is no more', () => {
    using database = openState(folder, digest);
    const { outbox } = studyState(database);
    outbox.keepSubmission(sign('submission', submissionOf(1, ['k1']), newSigner('mldsa65', bytes(7))), bytes(1), { words: bytes(2), subjects: [] });
    outbox.giveUpOthers(digest);
    expect(outbox.find('submission', 1)?.committed).to.equal(false);
    const next = `sha256:${'2'.repeat(64)}` as const;
    outbox.giveUpOthers(next);
    expect(outbox.find('submission', 1)).to.equal(undefined);
    const anew = sign('submission', { ...submissionOf(1, ['k2']), record: next }, newSigner('mldsa65', bytes(8)));
    outbox.keepSubmission(anew, bytes(3), { words: bytes(4), subjects: [] });
    outbox.committed('submission', 1);
    outbox.giveUpOthers(digest);
    expect(outbox.find('submission', 1), 'what the ledger has stays').to.deep.equal({ signed: anew, committed: true });
  });

  it('puts a QKD key into one header at most, and uses a left-over one first', async () => {
    using database = openState(folder, digest);
    const { outbox, ring } = studyState(database);
    let asked = 0;
    const ask = (): Promise<QkdKey> => Promise.resolve({ keyIds: [`k${++asked}`], key: bytes(asked) });
    expect((await ring.forRecipient('HospitalB', ask)).keyIds).to.deep.equal(['k1']);
    expect((await ring.forRecipient('HospitalB', ask)).keyIds).to.deep.equal(['k1']); // not used yet: a crash came between
    outbox.keepSubmission(sign('submission', submissionOf(1, ['k1']), newSigner('mldsa65', bytes(7))), bytes(1), { words: bytes(2), subjects: ['s'] });
    expect((await ring.forRecipient('HospitalB', ask)).keyIds).to.deep.equal(['k2']);
    expect(asked).to.equal(2);
  });

  it('asks for a sender\'s key once and keeps it until the round is over', async () => {
    using database = openState(folder, digest);
    const { outbox, ring } = studyState(database);
    let asked = 0;
    const ask = (): Promise<QkdKey> => Promise.resolve({ keyIds: ['k'], key: bytes(++asked) });
    expect(await ring.fromSender(1, 'HospitalB', ['k'], ask)).to.deep.equal(bytes(1));
    expect(await ring.fromSender(1, 'HospitalB', ['k'], ask)).to.deep.equal(bytes(1));
    outbox.forget(1, false);
    expect(await ring.fromSender(1, 'HospitalB', ['k'], ask)).to.deep.equal(bytes(2));
  });

  it('destroys what an ended round leaves, content keys a round later, unless they are kept', () => {
    using database = openState(folder, digest);
    const { outbox } = studyState(database);
    const signed = sign('submission', submissionOf(1, ['k1']), newSigner('mldsa65', bytes(7)));
    const name = statementDigest('submission', signed.statement);
    outbox.keepSubmission(signed, bytes(1), { words: bytes(2), subjects: ['s'] });
    outbox.forget(1, false);
    expect(outbox.ownUpdate(1)).to.equal(undefined);
    expect(outbox.contentKey(name)).to.deep.equal(bytes(1));
    outbox.forget(2, true);
    expect(outbox.contentKeys()).to.deep.equal([{ submission: name, contentKey: Buffer.from(bytes(1)).toString('base64url') }]);
    outbox.forget(2, false);
    expect(outbox.contentKeys()).to.deep.equal([]);
    expect(outbox.find('submission', 1)?.committed).to.equal(true);
  });

  it('keeps a second process out, and lets readers in', function () {
    this.timeout(120_000);
    using database = openState(folder, digest);
    studyState(database).log.now(3, 'training');
    const module = new URL('database.js', import.meta.url).href;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', `import { openState } from '${module}'; try { openState('${folder}', '${digest}'); } catch (error) { console.log(error.code); }`], { encoding: 'utf8' });
    expect(stdout.trim()).to.equal('STATE_IN_USE');
    using reader = readState(folder, digest);
    expect(reader && studyState(reader).log.current).to.deep.equal({ round: 3, state: 'training' });
    expect(readState(join(folder, 'nothing'), digest)).to.equal(undefined);
  });
});
