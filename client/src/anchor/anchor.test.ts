/** A channel of Fabric 3.1 whose log four organizations cosigned: rewritten with its own orderers' and peers' keys, and caught; proofs and cosignatures by command line. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { checkpointOf, checkpointText, CodedError, cosign, cosignerName, logOrigin, newNoteKey, newSigner, readSigned, cosignature as cosignatureSchema, sign, encodeSigned, toHex, writeNote, type Cosignature, type Digest, type Json, type Signed } from '@epione/protocol';
import { readHistory, type History } from '../audit/history.js';
import { runAudit } from '../audit/run.js';
import { readBlock } from '../evidence/block.js';
import { writeEvidence, type Evidence } from '../evidence/evidence.js';
import { readTrustRoot, type TrustRoot } from '../evidence/trust-root.js';
import type { Committed } from '../ledger/calls.js';
import type { AnchorCalls } from '../ledger/contracts/anchor.js';
import { UsageError } from '../ledger/faults.js';
import { recordedEvidence, rewrittenEvidence, signingSeed, trustRootFile } from '../testing/anchored-channel.js';
import type { Check, Verdict } from '../verify/report.js';
import { verify } from '../verify/verify.js';
import { logOf } from './block-log.js';
import { checkpointsIn } from './checkpoints.js';
import { nextCosignature, sendCosignature } from './cosign.js';
import { readMemory, writeMemory } from './memory.js';

const members = ['HospitalA', 'HospitalB', 'HospitalC', 'Regulator'];
const time = 1_800_000_000;

describe('anchors of a recorded channel', function () {
  this.timeout(120_000);
  let evidence: Evidence;
  let trustRoot: TrustRoot;
  let history: History;
  let folder: string;
  /** The number of the block in which a consent was withdrawn. */
  let withdrawal: number;

  before(async () => {
    evidence = await recordedEvidence();
    trustRoot = await readTrustRoot(trustRootFile);
    history = readHistory({ evidence, trustRoot, chaincode: 'epione' });
    folder = await mkdtemp(join(tmpdir(), 'anchors-'));
    await writeEvidence(join(folder, 'evidence'), evidence);
    withdrawal = history.chain.valid.find(({ args: [name] }) => Buffer.from(name ?? []).toString() === 'Consent:withdrawConsent')?.block ?? 0;
  });
  after(async () => { await rm(folder, { recursive: true }); });

  const at = (name: string): string => join(folder, name);
  async function audit(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    const [out, err] = [[] as string[], [] as string[]];
    const code = await runAudit(['anchor', ...args], { out: (text) => out.push(text), note: (text) => err.push(text) });
    return { code, out: out.join('\n'), err: err.join('\n') };
  }
  const source = (): string[] => ['--evidence', at('evidence'), '--trust-root', trustRootFile];
  const anchorCheck = ({ checks }: Verdict): Check => checks.find(({ name }) => name === 'anchor.checkpoint')!;
  const judge = (of: Evidence, root: TrustRoot, checkpoints: string[] = []): Promise<Verdict> => verify(of, root, { chaincode: 'epione', blobFolders: [], checkpoints });

  describe('when ECDSA is broken', () => {
    let forged: Evidence;
    let note: string;

    before(async () => {
      forged = await rewrittenEvidence(evidence, withdrawal, trustRoot);
      note = checkpointsIn(history.ledger.cosignatures)[0]!.note;
    });

    it('takes a withdrawn consent out of the chain, and all of Fabric\'s signatures are good', () => {
      const { chain, ledger } = readHistory({ evidence: forged, trustRoot, chaincode: 'epione' });
      expect(chain.blocks).to.have.length(history.chain.blocks.length);
      const withdrawn = (of: Pick<History, 'ledger'>): boolean[] => [...of.ledger.consents.values()].flatMap(({ consents }) => consents.map((one) => one.withdrawal !== undefined)).sort();
      expect([withdrawn(history), withdrawn({ ledger })]).to.deep.equal([[false, true], [false, false]]);
    });

    it('is caught by the cosignatures that the thief left in, took out, or by a checkpoint that was kept', async () => {
      const check = anchorCheck(await judge(forged, trustRoot));
      expect(check).to.deep.include({ result: 'fail', object: 'checkpoint of 13 blocks', message: `the first 13 blocks are not those that ${members.join(', ')} cosigned` });
      expect((await judge(forged, trustRoot)).checks.find(({ result }) => result === 'fail')?.name).to.equal('anchor.checkpoint');
      expect(anchorCheck(await judge(forged, trustRoot, [note])).object).to.equal('checkpoint of 13 blocks');
      // Everything after the last block before the cosignatures is cut away.
      const short = await rewrittenEvidence({ ...evidence, blocks: evidence.blocks.slice(0, 13) }, withdrawal, trustRoot);
      expect(anchorCheck(await judge(short, trustRoot, [note])).result).to.equal('fail');
      expect(await audit('pin', ...source(), '--minimum', '3', '--out', at('pinned.json'))).to.include({ code: 0, out: `3 of ${members.join(', ')}: ${at('pinned.json')}` });
      expect(anchorCheck(await judge(short, await readTrustRoot(at('pinned.json'))))).to.deep.include({ result: 'fail', message: 'EVIDENCE_INCOMPLETE: the ledger holds no checkpoints of the pinned cosigners' });
    });

    it('is cosigned by nobody who cosigned the true one, and the refusal says so', async () => {
      const signer = newSigner('mldsa65', await signingSeed('HospitalC'));
      const { origin, size, root } = { origin: logOrigin('epione', trustRoot.genesis as Digest), size: 13, root: toHex(logOf(history.chain.blocks).root(13)) };
      const rewritten = readHistory({ evidence: await rewrittenEvidence({ ...evidence, blocks: evidence.blocks.slice(0, 13) }, withdrawal, trustRoot), trustRoot, chaincode: 'epione' });
      // The ledger's own memory of the cosignature is gone; the member's is not.
      expect(rewritten.ledger.anchors.get('HospitalC')).to.equal(undefined);
      expect(() => nextCosignature(rewritten, trustRoot, 'HospitalC', { signer }, { origin, size, root }, time)).to.throw(CodedError, 'the first 13 blocks are not those that HospitalC cosigned');
    });
  });

  it('pass the auditor\'s verification: under the ledger\'s keys, and under pinned ones', async () => {
    const verdict = await judge(evidence, trustRoot);
    expect(verdict.verdict).to.equal('valid');
    expect(anchorCheck(verdict)).to.deep.include({ result: 'pass', message: `the first 18 of 20 blocks, cosigned by HospitalA, HospitalB under keys that the ledger itself names` });
    await audit('pin', ...source(), '--minimum', '3', '--out', at('pinned.json'));
    expect(anchorCheck(await judge(evidence, await readTrustRoot(at('pinned.json')))).message).to.equal(`the first 13 of 20 blocks, cosigned by ${members.join(', ')}`);
  });

  it('are shown', async () => {
    const { code, out } = await audit('status', ...source());
    expect(code).to.equal(0);
    expect(out).to.match(/^blocks +root +chain +anchored +cosigned by\n13 +[0-9a-f]{16} +stands +yes +HospitalA, HospitalB, HospitalC, Regulator\n18 +[0-9a-f]{16} +stands +yes +HospitalA, HospitalB\n\n20 blocks, 2 cosigners are needed; no cosigner is pinned$/);
  });

  describe('carried away', () => {
    let txId: string;
    let pinned: string;

    before(async () => {
      pinned = at('pinned-2.json');
      txId = history.chain.valid.find(({ block }) => block === withdrawal)!.txId;
      expect((await audit('pin', ...source(), '--minimum', '2', '--out', pinned)).code).to.equal(0);
      expect((await audit('export', ...source(), '--out', at('out'), '--transactions', txId)).code).to.equal(0);
    });

    const proof = (): string => join(at('out'), `${txId}.tlog-proof`);
    const note = (): string => join(at('out'), 'checkpoint.note');

    it('prove a transaction without the chain', async () => {
      const { code, out } = await audit('verify', proof(), note(), '--trust-root', pinned);
      expect(code).to.equal(0);
      expect(out.split('\n')).to.deep.equal([
        `ok    ${proof()}: Consent:withdrawConsent ${txId} stands in block ${withdrawal} with code 0; checkpoint of 18 blocks, cosigned by HospitalA, HospitalB`,
        `ok    ${note()}: checkpoint of 18 blocks, cosigned by HospitalA, HospitalB`,
      ]);
    });

    it('prove nothing after any change', async () => {
      const text = await readFile(proof(), 'utf8');
      const [, extra = ''] = /^extra (.*)$/m.exec(text) ?? [];
      const inside = JSON.parse(Buffer.from(extra, 'base64').toString()) as Record<string, unknown>;
      const withInside = (changes: object): string => text.replace(extra, Buffer.from(JSON.stringify({ ...inside, ...changes })).toString('base64'));
      const otherRoot = text.replace(/\n18\n/, '\n17\n');
      const changed = [
        withInside({ code: 11 }), withInside({ txId: '0'.repeat(64) }), withInside({ block: withdrawal + 1 }), withInside({ hash: '0'.repeat(64) }), withInside({ transactions: 2 }), withInside({ index: 1 }), withInside({ arguments: [] }),
        withInside({ arguments: [Buffer.from('Consent:grantConsent').toString('base64')] }), withInside({ more: 1 }), text.replace(extra, 'bm8='), text.replace(/^index .*$/m, 'index 0'), otherRoot, text.slice(0, -400),
      ];
      for (const [place, bad] of changed.entries()) {
        await writeFile(at('bad.tlog-proof'), bad);
        const { code, out } = await audit('verify', at('bad.tlog-proof'), '--trust-root', pinned);
        expect([place, code, out.slice(0, 4)]).to.deep.equal([place, 1, 'FAIL']);
      }
    });

    it('are read by other software: the witness key as C2SP writes it, and its line in the note', async () => {
      const keys = await readFile(join(at('out'), 'verifier-keys.txt'), 'utf8');
      const [, name = '', id = '', key = ''] = /^([^+]+)\+([0-9a-f]{8})\+(B[A-Za-z0-9+/]{1750,}=*)$/m.exec(keys) ?? [];
      expect([name, Buffer.from(key, 'base64')[0], Buffer.from(key, 'base64').length]).to.deep.equal([cosignerName('epione', 'HospitalA'), 6, 1313]);
      const first = checkpointsIn(history.ledger.cosignatures)[0]!;
      const lines = first.note.split('\n').filter((line) => line.startsWith(`\u2014 ${name} `));
      expect(lines.map((line) => Buffer.from(line.split(' ')[2] ?? '', 'base64').subarray(0, 4).toString('hex'))).to.include(id);
    });

    it('prove that a later one begins with an earlier one, without the chain', async () => {
      const [first] = checkpointsIn(history.ledger.cosignatures);
      await writeFile(at('first.note'), first!.note);
      expect((await audit('export', ...source(), '--out', at('out'), '--since', at('first.note'))).code).to.equal(0);
      const growth = join(at('out'), '13-18.tlog-growth');
      expect((await audit('verify', growth, at('first.note'), '--trust-root', pinned))).to.deep.include({
        code: 0, out: `ok    ${at('first.note')}: checkpoint of 13 blocks, cosigned by ${members.join(', ')}\nok    ${growth}: checkpoint of 18 blocks, cosigned by HospitalA, HospitalB, that begins with the 13`,
      });
      expect((await audit('verify', growth, '--trust-root', pinned)).out).to.match(/^FAIL .*EVIDENCE_INCOMPLETE: give the checkpoint of 13 blocks with it$/);
      const signers = await Promise.all(['HospitalA', 'HospitalB'].map(async (mspId) => ({ mspId, signer: newSigner('mldsa65', await signingSeed(mspId)) })));
      const other = checkpointOf({ channel: 'epione', genesis: trustRoot.genesis as Digest, size: 13, root: '11'.repeat(32) });
      const lines = signers.map(({ mspId, signer }) => cosign({ name: cosignerName('epione', mspId), algorithm: 'mldsa65', publicKey: signer.publicKey, sign: (message) => signer.sign(message) }, other, time));
      await writeFile(at('forked.note'), writeNote(checkpointText(other), lines));
      expect((await audit('verify', growth, at('forked.note'), '--trust-root', pinned)).out).to.match(/EQUIVOCATION: the log of 18 blocks does not begin with that of 13$/);
      expect((await audit('export', ...source(), '--out', at('out'), '--since', at('forked.note'))).code).to.equal(1);
    });

    it('are signed for the archive with SLH-DSA, which alone is enough where it is pinned', async () => {
      const { code, out: key } = await audit('key', '--algorithm', 'slhdsa256s', '--out', at('archive.seed'));
      expect([code, key.length]).to.deep.equal([0, 128]);
      expect((await audit('key', '--algorithm', 'slhdsa256s', '--out', at('archive.seed'))).code).to.equal(2);
      expect((await audit('archive', note(), ...source(), '--key', at('archive.seed'), '--member', 'Regulator', '--out', at('2026.note'))).code).to.equal(0);
      expect((await audit('pin', ...source(), '--minimum', '3', '--archive-keys', `Regulator=slhdsa256s:${key}`, '--out', at('archived.json'))).code).to.equal(0);
      const { code: end, out } = await audit('verify', at('2026.note'), '--trust-root', at('archived.json'));
      expect([end, out]).to.deep.equal([0, `ok    ${at('2026.note')}: checkpoint of 18 blocks, cosigned by HospitalA, HospitalB, Regulator`]);
      expect((await audit('verify', note(), '--trust-root', at('archived.json'))).out).to.match(/^FAIL .*2 of the cosigners signed it, 3 are needed$/);
    });

    it('name the organization that cosigned two histories, as evidence by itself', async () => {
      const signer = newSigner('mldsa65', await signingSeed('HospitalB'));
      const checkpoint = checkpointOf({ channel: 'epione', genesis: trustRoot.genesis as Digest, size: 18, root: '11'.repeat(32) });
      const line = cosign({ name: cosignerName('epione', 'HospitalB'), algorithm: 'mldsa65', publicKey: signer.publicKey, sign: (message) => signer.sign(message) }, checkpoint, time);
      await writeFile(at('other.note'), `${checkpoint.origin}\n18\n${Buffer.from(checkpoint.root).toString('base64')}\n\n${line}\n`);
      const { code, out } = await audit('verify', note(), at('other.note'), '--trust-root', pinned, '--json');
      expect(code).to.equal(1);
      expect(JSON.parse(out)).to.deep.include({ verdict: 'invalid', splitViews: 1, equivocators: ['HospitalB'] });
      expect((await audit('verify', at('other.note'), '--evidence', at('evidence'), '--trust-root', pinned)).out).to.match(/^FAIL .*it is not of this chain of 20 blocks$/);
    });
  });

  describe('the next cosignature', () => {
    const next = async (mspId: string, of = history): Promise<Cosignature | undefined> => nextCosignature(of, trustRoot, mspId, { signer: newSigner('mldsa65', await signingSeed(mspId)) }, undefined, time);

    it('is of what others cosigned last, and of all blocks once that is one\'s own', async () => {
      expect([(await next('HospitalC'))?.size, (await next('HospitalA'))?.size]).to.deep.equal([18, 20]);
      const fresh = { ...history, ledger: Object.assign(Object.create(Object.getPrototypeOf(history.ledger) as object) as typeof history.ledger, history.ledger, { cosignatures: [], anchors: new Map() }) };
      expect(await next('HospitalC', fresh)).to.deep.include({ size: 20, consistency: [] });
    });

    it('is none where nothing has grown', async () => {
      const origin = logOrigin('epione', trustRoot.genesis as Digest);
      const all = { origin, size: 20, root: toHex(logOf(history.chain.blocks).root()) };
      const signer = newSigner('mldsa65', await signingSeed('HospitalC'));
      expect(nextCosignature(history, trustRoot, 'HospitalC', { signer }, all, time)).to.equal(undefined);
      expect(() => nextCosignature(history, trustRoot, 'HospitalC', { signer }, { ...all, size: 21 }, time)).to.throw(CodedError, 'HospitalC cosigned 21 blocks already, the evidence holds 20');
      expect(() => nextCosignature(history, trustRoot, 'HospitalC', { signer }, { ...all, origin: 'epione/other/0' }, time)).to.throw(UsageError, 'the memory is of the log epione/other/0');
      expect(() => nextCosignature(history, trustRoot, 'HospitalA', { signer }, undefined, time)).to.throw(UsageError, 'the key is not the one of the current record of HospitalA');
    });

    it('is remembered before it is sent, and is what the ledger accepts', async () => {
      const signer = newSigner('mldsa65', await signingSeed('HospitalC'));
      const witness = newNoteKey('mldsa44', new Uint8Array(32).fill(1));
      const statement = nextCosignature(history, trustRoot, 'HospitalC', { signer, witness }, undefined, time)!;
      expect(statement.lines).to.have.length(2);
      const steps: string[] = [];
      const accept = async (sent: Parameters<AnchorCalls['cosign']>[0]): Promise<Committed> => {
        expect(readSigned('cosignature', cosignatureSchema, encodeSigned(sent as unknown as Signed<Json>)).statement).to.deep.equal(statement);
        expect(sent.signature).to.have.length(sign('cosignature', statement as unknown as Json, signer).signature.length);
        steps.push(`sent after ${(await readMemory(at('memory.json')))?.size ?? 0}`);
        return { digest: '', txId: '' };
      };
      await sendCosignature({ cosign: accept }, statement, signer, async (last) => writeMemory(at('memory.json'), last));
      expect(steps).to.deep.equal(['sent after 18']);
    });

    it('has no memory that cannot be read', async () => {
      expect(await readMemory(at('none.json'))).to.equal(undefined);
      await writeFile(at('broken.json'), '{}');
      expect(await readMemory(at('broken.json')).catch((error: unknown) => error)).to.be.instanceOf(UsageError);
    });
  });

  it('end wrong usage with 2, and tell what is missing', async () => {
    const wrong: [string[], RegExp][] = [
      [['verify', at('evidence/blocks.bin')], /give --trust-root FILE/],
      [['verify', at('nothing.note'), '--trust-root', at('pinned.json')], /cannot read/],
      [['verify', at('nothing.note'), '--trust-root', trustRootFile], /the trust root pins no cosigners/],
      [['status', '--evidence', at('evidence')], /give --trust-root FILE/],
      [['cosign', '--key', 'k', '--memory', 'm'], /give --profile FILE and --trust-root FILE/],
      [['pin', ...source(), '--minimum', '0', '--out', at('x')], /whole number from 1/],
      [['pin', ...source(), '--minimum', '5', '--out', at('x')], /4 members with current records, fewer than 5/],
      [['pin', ...source(), '--minimum', '1', '--archive-keys', 'Regulator', '--out', at('x')], /is not MSP=SUITE:KEY/],
    ];
    for (const [args, message] of wrong) {
      const { code, err } = await audit(...args);
      expect([args.join(' '), code]).to.deep.equal([args.join(' '), 2]);
      expect(err).to.match(message);
    }
    expect((await audit('export', ...source(), '--out', at('y'), '--transactions', '0'.repeat(64))).err).to.match(/EVIDENCE_INCOMPLETE: transaction 0+ is not in the first 18 blocks/);
    expect(readBlock(evidence.blocks[0]!).number).to.equal(0);
  });
});
