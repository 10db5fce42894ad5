/** Whoever holds every ECDSA key of a channel can write another history of it, and no check of Fabric's finds that; the cosigned checkpoints do. */
import { expect } from 'chai';
import {
  checkpointOf, checkpointText, cosign, cosignerName, logOrigin, newCosigner, newSigner, sha256, toBase64Url, toHex, writeNote,
  type Cosignature, type Cosigner, type Digest, type MerkleLog, type Signer,
} from '@epione/protocol';
import { logOf } from '../anchor/block-log.js';
import { readBlock } from '../evidence/block.js';
import type { Evidence } from '../evidence/evidence.js';
import type { TrustRoot } from '../evidence/trust-root.js';
import { definitionOf, ForgedChain, type Change } from '../testing/forge-chain.js';
import { forgeOrganization, type Organization } from '../testing/forge-organization.js';
import { checkAnchors } from './anchors.js';
import { verifyChain } from './chain/chain.js';
import { Registry } from './replay/registry.js';
import { Report, type Check } from './report.js';

const names = ['A', 'B', 'C', 'D'];
const time = 1_760_000_000;
const signerOf = (mspId: string): Signer => newSigner('mldsa65', sha256(Buffer.from(mspId)));
const cosignerOf = (mspId: string): Cosigner => {
  const signer = signerOf(mspId);
  return { name: cosignerName('forged', mspId), algorithm: signer.suite, publicKey: signer.publicKey, sign: (message) => signer.sign(message) };
};
const archive = newCosigner(cosignerName('forged', 'D'), 'slhdsa128s', new Uint8Array(48).fill(7));

describe('checkAnchors', () => {
  let all: Organization[];
  let orderers: Change['orderers'];
  let honest: ForgedChain;
  let trustRoot: TrustRoot;

  before(async () => {
    all = await Promise.all(names.map(forgeOrganization));
    orderers = all.slice(0, 3).map((organization, at) => [at + 1, organization]);
  });

  const put = (chain: ForgedChain, key: string, value: string): void => {
    chain.block([chain.transaction({ key, value }, all[0]!, all.slice(0, 3))], orderers);
  };
  const logFrom = ({ blocks }: Evidence): MerkleLog => logOf(blocks.map(readBlock));
  const evidenceOf = (chain: ForgedChain): Evidence => chain.evidence(...all);

  beforeEach(() => {
    honest = new ForgedChain(all, 3);
    honest.block([honest.transaction(definitionOf('epione'), all[0]!, all.slice(0, 3))], orderers);
    put(honest, 'consent of person 1', 'withdrawn');
    put(honest, 'model', '1');
    put(honest, 'model', '2');
    const cosigners = names.map((mspId) => ({ mspId, signatureSuite: 'mldsa65' as const, signingKey: toBase64Url(signerOf(mspId).publicKey) }));
    trustRoot = { ...honest.trustRoot, anchors: { minimum: 2, cosigners } };
  });

  /** A member of the ledger's cosignatures over the first blocks of a log. */
  const said = (mspId: string, log: MerkleLog, size: number): Cosignature => {
    const bare = { channel: 'forged', genesis: trustRoot.genesis, mspId, record: trustRoot.genesis, size, root: toHex(log.root(size)), consistency: [], lines: [] } as unknown as Cosignature;
    return { ...bare, lines: [cosign(cosignerOf(mspId), checkpointOf(bare), time)] };
  };
  const noteOf = (log: MerkleLog, size: number, ...by: readonly Cosigner[]): string => {
    const checkpoint = { origin: logOrigin('forged', trustRoot.genesis as Digest), size, root: log.root(size) };
    return writeNote(checkpointText(checkpoint), by.map((cosigner) => cosign(cosigner, checkpoint, time)));
  };

  /** All checks of the chain, then the anchors. */
  function judge(evidence: Evidence, { notes = [], statements = [], root = trustRoot }: { notes?: string[]; statements?: Cosignature[]; root?: TrustRoot } = {}): Check {
    const report = new Report(root.genesis);
    const chain = verifyChain(evidence, root, report);
    const ledger = new Registry();
    ledger.cosignatures.push(...statements);
    checkAnchors(chain, ledger, root, notes, report);
    expect(report.checks().slice(0, 3).map(({ result }) => result), 'what Fabric\'s own signatures say').to.deep.equal(['pass', 'pass', 'pass']);
    return report.checks().find(({ name }) => name === 'anchor.checkpoint')!;
  }

  /** The history in which the consent was never withdrawn: signed by the orderers' and peers' own keys, as long as the true one. */
  function rewritten(): ForgedChain {
    const forged = honest.before(2);
    put(forged, 'consent of person 1', 'granted');
    put(forged, 'model', '1');
    put(forged, 'model', '2');
    return forged;
  }

  it('lets nobody rewrite what was anchored, with all ECDSA keys of orderers and peers', () => {
    const log = logFrom(evidenceOf(honest));
    const note = noteOf(log, 4, cosignerOf('A'), cosignerOf('B'), cosignerOf('C'));
    expect(judge(evidenceOf(honest), { notes: [note] })).to.deep.include({ result: 'pass', message: 'the first 4 of 5 blocks, cosigned by A, B, C' });
    const forged = evidenceOf(rewritten());
    expect(judge(forged, { notes: [note] })).to.deep.include({ result: 'fail', object: 'checkpoint of 4 blocks', message: 'the first 4 blocks are not those that A, B, C cosigned' });
    // The thief leaves the cosignatures out of the ledger, or copies them into it.
    expect(judge(forged)).to.deep.include({ result: 'fail', message: 'EVIDENCE_INCOMPLETE: the ledger holds no checkpoints of the pinned cosigners' });
    const copied = ['A', 'B'].map((mspId) => said(mspId, log, 4));
    expect(judge(forged, { statements: copied }).message).to.equal('the first 4 blocks are not those that A, B cosigned');
    // What no checkpoint covers yet rests on ECDSA.
    const tail = honest.before(4);
    put(tail, 'model', 'forged');
    expect(judge(evidenceOf(tail), { notes: [note] })).to.deep.include({ result: 'pass', message: 'the first 4 of 5 blocks, cosigned by A, B, C' });
  });

  it('finds a flipped validity code, which no header binds', () => {
    const chain = honest.before(3);
    const both = [chain.transaction({ key: 'k', value: '1' }, all[0]!, all), chain.transaction({ key: 'l', value: '1' }, all[0]!, all)];
    chain.block(both, orderers);
    const note = noteOf(logFrom(evidenceOf(chain)), 4, cosignerOf('A'), cosignerOf('B'));
    const other = honest.before(3);
    other.block(both, orderers, [0, 254]);
    expect(readBlock(evidenceOf(other).blocks[3]!).hash).to.deep.equal(readBlock(evidenceOf(chain).blocks[3]!).hash);
    expect(judge(evidenceOf(other), { notes: [note] })).to.deep.include({ result: 'fail', object: 'checkpoint of 4 blocks' });
  });

  it('wants as many cosigners as are pinned, each once, under their own keys', () => {
    const log = logFrom(evidenceOf(honest));
    const stranger: Cosigner = { ...cosignerOf('stranger'), name: cosignerName('forged', 'B') };
    for (const by of [[], [cosignerOf('A')], [cosignerOf('A'), cosignerOf('A')], [cosignerOf('A'), stranger], [cosignerOf('A'), cosignerOf('E')]]) {
      const check = judge(evidenceOf(honest), { notes: by.length === 0 ? [] : [noteOf(log, 5, ...by)] });
      expect([check.result, check.message?.slice(0, 19)]).to.deep.equal(['fail', 'EVIDENCE_INCOMPLETE']);
    }
    const note = noteOf(log, 5, cosignerOf('A'), cosignerOf('B'));
    expect(judge(evidenceOf(honest), { notes: [note] }).result).to.equal('pass');
    expect(judge(evidenceOf(honest), { notes: [note.replace('\n5\n', '\n4\n')] }).message).to.match(/^BAD_SIGNATURE: a line of the note is not signed by A/);
    expect(judge(evidenceOf(honest), { notes: [note.replace(/^epione/, 'other')] }).result).to.equal('fail');
    expect(judge(evidenceOf(honest.before(4)), { notes: [note] }).message).to.equal('EVIDENCE_INCOMPLETE: the evidence ends after 4 blocks');
  });

  it('names who cosigned two histories, of one size or of several', () => {
    const [log, other] = [logFrom(evidenceOf(honest)), logFrom(evidenceOf(rewritten()))];
    const [good, split, longer] = [noteOf(log, 4, cosignerOf('A'), cosignerOf('B'), cosignerOf('C')), noteOf(other, 4, cosignerOf('C'), cosignerOf('D')), noteOf(other, 5, cosignerOf('B'), cosignerOf('D'))];
    expect(judge(evidenceOf(honest), { notes: [good, split] })).to.deep.include({ result: 'fail', message: 'the first 4 blocks are not those that C, D cosigned; EQUIVOCATION: C cosigned two histories' });
    expect(judge(evidenceOf(honest), { notes: [good, longer] }).message).to.equal('the first 5 blocks are not those that B, D cosigned; EQUIVOCATION: B cosigned two histories');
  });

  it('is not stopped by one member that cosigns nonsense, and names it', () => {
    const [log, other] = [logFrom(evidenceOf(honest)), logFrom(evidenceOf(rewritten()))];
    const statements = [said('A', log, 3), said('B', log, 3), said('D', log, 3), said('D', other, 4)];
    expect(judge(evidenceOf(honest), { statements })).to.deep.include({
      result: 'pass', message: 'the first 3 of 5 blocks, cosigned by A, B, D; D cosigned another history of 4 blocks; EQUIVOCATION: D cosigned two histories',
    });
  });

  it('counts an SLH-DSA signature of an organization whose archive key is pinned', () => {
    const log = logFrom(evidenceOf(honest));
    const { cosigners } = trustRoot.anchors!;
    const root: TrustRoot = { ...trustRoot, anchors: { minimum: 1, cosigners: cosigners.map((one) => (one.mspId === 'D' ? { ...one, archive: { suite: 'slhdsa128s' as const, publicKey: toHex(archive.publicKey) } } : one)) } };
    const note = noteOf(log, 5, archive);
    expect(judge(evidenceOf(honest), { notes: [note], root })).to.deep.include({ result: 'pass', message: 'the first 5 of 5 blocks, cosigned by D' });
    expect(judge(evidenceOf(rewritten()), { notes: [note], root }).result).to.equal('fail');
    expect(judge(evidenceOf(honest), { notes: [note] }).result).to.equal('fail');
  });

  it('has nothing to say of a chain without checkpoints, where none is pinned', () => {
    const root = honest.trustRoot;
    expect(judge(evidenceOf(honest), { root })).to.deep.include({ result: 'absent', message: 'the ledger holds no checkpoints' });
  });
});
