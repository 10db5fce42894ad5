/** The verification of a recorded study: valid as it is, refused with its object named after any change. */
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { common } from '@hyperledger/fabric-protos';
import { expect } from 'chai';
import { readEvidence, type Evidence } from '../evidence/evidence.js';
import { readTrustRoot, type TrustRoot } from '../evidence/trust-root.js';
import { Blobs, checkDigests } from './blobs.js';
import { readContentKeys, type ContentKeys } from './recompute.js';
import { CHECKS, Report, type Check, type CheckName, type Verdict } from './report.js';
import { verify, type VerifyOptions } from './verify.js';

/** Recorded from a network of four organizations under SmartBFT by `testing/record-fixture.ts`. */
const recording = fileURLToPath(new URL('../../fixtures/played-study', import.meta.url));
const blobs = join(recording, 'blobs');
const notYet: readonly CheckName[] = ['anchor.checkpoint', 'beacon.chain', 'mask.reveals'];

/** The same xorshift for every run, so that a failure can be seen again. */
function* chance(seed: number): Generator<number, never, undefined> {
  for (let x = seed; ; ) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    yield (x >>> 0) / 2 ** 32;
  }
}

const flipped = (bytes: Uint8Array, at: number, bit = 0): Uint8Array => {
  const copy = Uint8Array.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ (1 << bit);
  return copy;
};

const checkOf = (verdict: Verdict, name: CheckName): Check => verdict.checks.find((check) => check.name === name) as Check;
const firstFailure = (verdict: Verdict): Check | undefined => verdict.checks.find((check) => check.result === 'fail');

describe('verify', function () {
  this.timeout(120_000);
  let evidence: Evidence;
  let trustRoot: TrustRoot;
  let contentKeys: ContentKeys;

  before(async () => {
    evidence = await readEvidence(recording);
    trustRoot = await readTrustRoot(join(recording, 'trust-root.json'));
    contentKeys = await readContentKeys(join(recording, 'content-keys.json'));
  });

  const run = (changed: Partial<Evidence> = {}, options: Partial<VerifyOptions> = {}, root = trustRoot): Promise<Verdict> =>
    verify({ ...evidence, ...changed }, root, { chaincode: 'epione', blobFolders: [blobs], contentKeys, ...options });

  /** The evidence with one block made anew. */
  const withBlock = (number: number, change: (block: common.Block) => void): Partial<Evidence> => {
    const block = common.Block.deserializeBinary(evidence.blocks[number] as Uint8Array);
    change(block);
    return { blocks: evidence.blocks.map((bytes, at) => (at === number ? block.serializeBinary() : bytes)) };
  };

  const refused = async (name: CheckName, object: RegExp | string, changed: Partial<Evidence>, options: Partial<VerifyOptions> = {}, root = trustRoot): Promise<Check> => {
    const verdict = await run(changed, options, root);
    const failure = firstFailure(verdict);
    expect(verdict.verdict).to.equal('invalid');
    expect(failure?.name, JSON.stringify(failure)).to.equal(name);
    if (typeof object === 'string') expect(failure?.object).to.equal(object);
    else expect(failure?.object).to.match(object);
    return failure as Check;
  };

  it('finds the recorded study valid, by every check that there is evidence for', async () => {
    const verdict = await run();
    expect(firstFailure(verdict)).to.equal(undefined);
    expect(verdict.verdict).to.equal('valid');
    expect(verdict.checks.map((check) => check.name)).to.deep.equal(CHECKS);
    expect(verdict.checks.filter((check) => check.result === 'absent').map((check) => check.name)).to.deep.equal(notYet);
    expect(verdict.counts).to.deep.equal({ blocks: evidence.blocks.length, transactions: 35, studies: 1, rounds: 2, submissions: 6, blobs: 8 });
  });

  it('says what it could not check without blobs and content keys', async () => {
    const verdict = await verify(evidence, trustRoot, { chaincode: 'epione', blobFolders: [] });
    expect(verdict.verdict).to.equal('valid');
    const absent = verdict.checks.filter((check) => check.result === 'absent').map((check) => check.name);
    expect(absent).to.have.members([...notYet, 'blob.digest', 'blob.header', 'aggregate.recomputed']);
    expect(checkOf(verdict, 'aggregate.recomputed').message).to.match(/^EVIDENCE_INCOMPLETE/);
  });

  describe('with a changed blob', () => {
    let folder = '';
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'blobs-'));
      await cp(blobs, folder, { recursive: true });
    });
    afterEach(async () => { await rm(folder, { recursive: true }); });

    it('names the blob, wherever a bit was flipped', async () => {
      const random = chance(20_261_121);
      for (const name of await readdir(folder)) {
        const bytes = await readFile(join(folder, name));
        for (const at of [0, bytes.length - 1, ...Array.from({ length: 50 }, () => Math.floor(random.next().value * bytes.length))]) {
          await writeFile(join(folder, name), flipped(bytes, at, Math.floor(random.next().value * 8)));
          const report = new Report(trustRoot.genesis);
          await checkDigests(await Blobs.in([folder]), [], report);
          expect(report.checks().filter((check) => check.result === 'fail').map((check) => check.object)).to.deep.equal([name.replace('-', ':')]);
        }
        await refused('blob.digest', name.replace('-', ':'), {}, { blobFolders: [folder] });
        await writeFile(join(folder, name), bytes);
      }
    });

    it('names a blob that was cut short, or lengthened', async () => {
      const [name = ''] = await readdir(folder);
      const bytes = await readFile(join(folder, name));
      for (const other of [bytes.subarray(0, -1), Buffer.concat([bytes, Buffer.of(0)])]) {
        await writeFile(join(folder, name), other);
        await refused('blob.digest', name.replace('-', ':'), {}, { blobFolders: [folder] });
      }
    });

    it('names a bad copy beside a good one', async () => {
      const [name = ''] = await readdir(folder);
      await writeFile(join(folder, name), 'something else');
      await refused('blob.digest', name.replace('-', ':'), {}, { blobFolders: [blobs, folder] });
    });

    it('names a sealed update that is missing, and misses none that was taken back', async () => {
      const spared: string[] = [];
      for (const name of await readdir(folder)) {
        const bytes = await readFile(join(folder, name));
        if (bytes.length < 100) continue;
        await rm(join(folder, name));
        const failure = firstFailure(await run({}, { blobFolders: [folder] }));
        if (failure === undefined) spared.push(name);
        else expect(`${failure.name} ${failure.object ?? ''} ${failure.message ?? ''}`).to.contain(`blob.digest ${name.replace('-', ':')} BLOB_MISSING`);
        await writeFile(join(folder, name), bytes);
      }
      expect(spared).to.have.length(1);
    });
  });

  describe('with a changed chain', () => {
    it('refuses a flipped bit in any transaction', async () => {
      const random = chance(7);
      for (let number = 1; number < evidence.blocks.length; number++) {
        const changed = withBlock(number, (block) => {
          const data = block.getData() ?? new common.BlockData();
          data.setDataList(data.getDataList_asU8().map((bytes) => flipped(bytes, Math.floor(random.next().value * bytes.length))));
        });
        await refused('chain.headers', `block ${number}`, changed);
      }
    });

    it('refuses another header', async () => {
      await refused('chain.headers', 'block 6', withBlock(6, (block) => block.getHeader()?.setPreviousHash(new Uint8Array(32))));
      await refused('chain.headers', 'block 5', withBlock(5, (block) => block.getHeader()?.setNumber(6)));
      await refused('chain.headers', 'block 5', withBlock(5, (block) => block.getHeader()?.setDataHash(new Uint8Array(32))));
    });

    it('refuses blocks that are left out, swapped or cannot be read', async () => {
      await refused('chain.headers', 'block 4', { blocks: evidence.blocks.filter((_, at) => at !== 4) });
      await refused('chain.headers', 'block 4', { blocks: evidence.blocks.with(4, evidence.blocks[5] as Uint8Array).with(5, evidence.blocks[4] as Uint8Array) });
      await refused('chain.headers', 'block 4', { blocks: evidence.blocks.with(4, Uint8Array.of(0xff)) });
      await refused('trust.root', /^sha256:/, { blocks: evidence.blocks.slice(1) });
      await refused('trust.root', trustRoot.genesis, { blocks: [] });
    });

    it('refuses a block that too few orderers signed', async () => {
      const changed = withBlock(5, (block) => {
        const metadata = block.getMetadata() ?? new common.BlockMetadata();
        const [bytes, ...others] = metadata.getMetadataList_asU8();
        const signatures = common.Metadata.deserializeBinary(bytes ?? new Uint8Array());
        signatures.setSignaturesList(signatures.getSignaturesList().slice(0, 2));
        metadata.setMetadataList([signatures.serializeBinary(), ...others]);
      });
      expect((await refused('chain.headers', 'block 5', changed)).message).to.equal('2 good signatures of orderers, 3 are needed');
    });

    it('counts an orderer once, however often it signed', async () => {
      const changed = withBlock(5, (block) => {
        const metadata = block.getMetadata() ?? new common.BlockMetadata();
        const [bytes, ...others] = metadata.getMetadataList_asU8();
        const signatures = common.Metadata.deserializeBinary(bytes ?? new Uint8Array());
        const [one] = signatures.getSignaturesList();
        signatures.setSignaturesList([one, one, one, one].filter((entry) => entry !== undefined));
        metadata.setMetadataList([signatures.serializeBinary(), ...others]);
      });
      expect((await refused('chain.headers', 'block 5', changed)).message).to.match(/^1 good/);
    });

    it('refuses another validity code or commit hash', async () => {
      const metadataWith = (index: number, change: (bytes: Uint8Array) => Uint8Array) => (block: common.Block): void => {
        const metadata = block.getMetadata() ?? new common.BlockMetadata();
        metadata.setMetadataList(metadata.getMetadataList_asU8().map((bytes, at) => (at === index ? change(bytes) : bytes)));
      };
      await refused('chain.validity', /^transaction [0-9a-f]{64}$/, withBlock(6, metadataWith(2, () => Uint8Array.of(11))));
      await refused('chain.validity', 'block 6', withBlock(6, metadataWith(2, () => Uint8Array.of(18))));
      await refused('chain.validity', 'block 6', withBlock(6, metadataWith(4, (bytes) => flipped(bytes, bytes.length - 1))));
    });

    it('refuses heads that say something else, or too few of them', async () => {
      const [first, ...others] = evidence.heads;
      if (first === undefined) throw new Error('the recording has no head');
      await refused('chain.validity', `head of ${first.mspId}`, { heads: [{ ...first, payload: flipped(first.payload, 500) }, ...others] });
      await refused('chain.validity', `head of ${first.mspId}`, { heads: [{ ...first, signature: flipped(first.signature, 20) }, ...others] });
      await refused('chain.validity', `head of ${first.mspId}`, { heads: [{ ...first, endorser: others[0]?.endorser ?? first.endorser }, ...others] });
      await refused('chain.validity', 'head of HospitalB', { heads: [{ ...first, mspId: 'HospitalB' }, ...others] });
      const last = `block ${evidence.blocks.length - 1}`;
      expect((await refused('chain.validity', last, { heads: evidence.heads.slice(0, 2) })).message).to.match(/^EVIDENCE_INCOMPLETE/);
      await refused('chain.validity', last, { heads: [first, first, first, first] });
      await refused('chain.validity', `head of ${first.mspId}`, { blocks: evidence.blocks.slice(0, -1) });
    });

    it('stops at the first stage that fails and says so of the rest', async () => {
      const verdict = await run({ blocks: evidence.blocks.with(4, Uint8Array.of(0xff)) });
      expect(checkOf(verdict, 'trust.root').result).to.equal('pass');
      expect(checkOf(verdict, 'study.digest')).to.deep.equal({ name: 'study.digest', result: 'absent', message: 'not reached: chain.headers failed' });
    });
  });

  describe('against another trust root', () => {
    it('refuses another first block, channel, authority or orderer', async () => {
      const [organization, ...others] = trustRoot.organizations;
      const [orderer, ...orderers] = trustRoot.orderers;
      if (organization === undefined || orderer === undefined || others[0] === undefined) throw new Error('the recording has one organization only');
      await refused('trust.root', trustRoot.genesis, {}, {}, { ...trustRoot, genesis: `sha256:${'0'.repeat(64)}` });
      await refused('trust.root', 'epione', {}, {}, { ...trustRoot, channel: 'other' });
      await refused('trust.root', organization.mspId, {}, {}, { ...trustRoot, organizations: others });
      await refused('trust.root', organization.mspId, {}, {}, { ...trustRoot, organizations: [{ ...organization, caCertificates: others[0].caCertificates }, ...others] });
      await refused('trust.root', 'Fourth', {}, {}, { ...trustRoot, organizations: [...trustRoot.organizations, { ...organization, mspId: 'Fourth' }] });
      await refused('trust.root', orderer.mspId, {}, {}, { ...trustRoot, orderers });
    });

    it('refuses transactions that fewer endorsed than are pinned', async () => {
      await refused('chain.validity', /^transaction/, {}, {}, { ...trustRoot, endorsement: { ...trustRoot.endorsement, minimum: 5 } });
    });
  });

  describe('recomputing the models', () => {
    it('fails with a key that opens nothing', async () => {
      const [[submission] = ['']] = contentKeys;
      const wrong = new Map([...contentKeys, [submission, new Uint8Array(32)]]);
      expect((await refused('aggregate.recomputed', /^round [12] of sha256:/, {}, { contentKeys: wrong })).message).to.include('UNOPENABLE');
    });

    it('is incomplete without one of the keys', async () => {
      const verdict = await run({}, { contentKeys: new Map([...contentKeys].slice(1)) });
      expect(verdict.verdict).to.equal('valid');
      expect(checkOf(verdict, 'aggregate.recomputed').result).to.equal('absent');
    });
  });

  it('refuses a study that the ledger does not hold', async () => {
    await refused('study.digest', `sha256:${'0'.repeat(64)}`, {}, { study: `sha256:${'0'.repeat(64)}` });
  });
});
