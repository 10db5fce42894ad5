// Two organizations watch a recorded channel: agreement, a fork, a peer that lies about its past, and all that may happen to the files between them.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { common } from '@hyperledger/fabric-protos';
import { expect } from 'chai';
import { dataHashOf, readBlock } from '../evidence/block.js';
import { startKeyHouse, type KeyHouse } from '../testing/one-time-keys.js';
import { BlockWatch, type Pass } from './block-watch.js';
import type { BlockFeed } from './chain-copy.js';
import { TagFolder } from './tag-folder.js';

/** Blocks of the grown channel: u32 length ‖ block, one after the other. */
function recordedBlocks(): Uint8Array[] {
  const bytes = gunzipSync(readFileSync(fileURLToPath(new URL('../../fixtures/grown-channel/blocks.bin.gz', import.meta.url))));
  const blocks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += 4 + bytes.readUInt32BE(at)) blocks.push(bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at)));
  return blocks;
}

const feedOf = (blocks: readonly Uint8Array[], height = blocks.length): BlockFeed => ({
  channel: 'epione',
  async *blocks(from) {
    for (let number = from; number < height; number++) yield await Promise.resolve({ number, bytes: blocks[number]! });
  },
});

/** The same chain with another last transaction of a block, and new headers from there on: what a quorum of orderers could make of it. */
function forkedAt(blocks: readonly Uint8Array[], place: number): Uint8Array[] {
  const forked = [...blocks];
  for (let number = place; number < blocks.length; number++) {
    const block = common.Block.deserializeBinary(blocks[number]!);
    const [header, data] = [block.getHeader()!, block.getData()!];
    if (number === place) data.addData(Uint8Array.of(1));
    else header.setPreviousHash(readBlock(forked[number - 1]!).hash);
    header.setDataHash(dataHashOf(data.getDataList_asU8()));
    forked[number] = block.serializeBinary();
  }
  return forked;
}

describe('block watch', () => {
  const blocks = recordedBlocks();
  const height = blocks.length;
  let root: string;
  let house: KeyHouse;
  let clock: number;
  let [a, b] = [] as unknown as [BlockWatch, BlockWatch];
  const shared = (): string => join(root, 'shared');
  const message = (from: string, to: string, sequence: number): string => join(shared(), `sae-${from}-to-sae-${to}`, `${sequence}.json`);
  const watch = (sae: string, peer: string): BlockWatch =>
    new BlockWatch({ own: sae, peers: new Map([[peer, undefined]]), keys: house.keysOf(sae, join(root, `${sae}.db`), () => clock), folder: new TagFolder(shared()), silentMs: 60_000, now: () => clock });
  const kinds = ({ alarms }: Pass): string[] => alarms.map(({ kind, peer }) => `${kind} ${peer}`);

  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'epione-block-watch-'));
    clock = Date.UTC(2026, 0, 1);
    house = await startKeyHouse(['sae-a', 'sae-b']);
    [a, b] = [watch('sae-a', 'sae-b'), watch('sae-b', 'sae-a')];
  });
  afterEach(async () => {
    await house[Symbol.asyncDispose]();
    rmSync(root, { recursive: true });
  });

  it('two that hold the same blocks agree on all of them, with one key a message, and take no key while nothing happens', async () => {
    expect(await a.pass(feedOf(blocks, 10))).deep.include({ height: 10, told: 1, heard: 0, agreed: { 'sae-b': 0 }, alarms: [] });
    expect(await b.pass(feedOf(blocks))).deep.include({ height, told: 1, heard: 1, agreed: { 'sae-a': 10 }, alarms: [] });
    clock += 60_000;
    expect(await a.pass(feedOf(blocks))).deep.include({ height, told: 1, heard: 1, agreed: { 'sae-b': height }, alarms: [] });
    expect(await b.pass(feedOf(blocks))).deep.include({ told: 0, heard: 1, agreed: { 'sae-a': height }, alarms: [] });
    clock += 3_000_000;
    const quiet = await a.pass(feedOf(blocks));
    expect(quiet).deep.include({ told: 0, heard: 0, alarms: [], keyBitsLastHour: [{ peer: 'sae-b', purpose: 'blocks', bits: 3 * 256 }] });
    clock += 3_600_000;
    expect((await a.pass(feedOf(blocks))).keyBitsLastHour).deep.equal([]);
  });

  it('a message that is ahead of the own peer waits for it', async () => {
    await a.pass(feedOf(blocks));
    expect(await b.pass(feedOf(blocks, 5))).deep.include({ heard: 0, agreed: { 'sae-a': 5 }, alarms: [] });
    expect(await b.pass(feedOf(blocks))).deep.include({ heard: 1, agreed: { 'sae-a': height }, alarms: [] });
  });

  it('a fork is named by its first block, at both ends, once', async () => {
    const forked = forkedAt(blocks, 7);
    await a.pass(feedOf(blocks));
    const found = await b.pass(feedOf(forked));
    expect(kinds(found)).deep.equal(['DIFFERENT sae-a']);
    expect(found.alarms[0]?.sentence).match(/^block 7: sae-a holds [0-9a-f]{64}, the own peer gave [0-9a-f]{64}$/);
    expect(kinds(await a.pass(feedOf(blocks)))).deep.equal(['DIFFERENT sae-b']);
    expect(kinds(await b.pass(feedOf(forked)))).deep.equal(['DIFFERENT sae-a']);
    b.acknowledge();
    expect(await b.pass(feedOf(forked))).deep.include({ alarms: [] });
  });

  it('a peer that tells another past, or data that are not the header’s, is found out by what was kept', async () => {
    await a.pass(feedOf(blocks, 10));
    const rewritten = await a.pass(feedOf(forkedAt(blocks, 7)));
    expect(rewritten.alarms.map(({ kind, sentence }) => `${kind} ${sentence}`)).deep.equal(['REWRITTEN block 9 is not the block that was there before']);
    const other = [...blocks];
    const block = common.Block.deserializeBinary(blocks[12]!);
    block.getData()!.addData(Uint8Array.of(1));
    other[12] = block.serializeBinary();
    const broken = await b.pass(feedOf(other));
    expect(broken.height).equal(12);
    expect(broken.alarms.map(({ kind, sentence }) => `${kind} ${sentence}`)).include('REWRITTEN block 12 its data are not those of its header');
  });

  it('a changed message is told, and the right one still counts when it is put back', async () => {
    await a.pass(feedOf(blocks));
    const file = message('a', 'b', 0);
    const right = readFileSync(file, 'utf8');
    const parsed = JSON.parse(right) as { hashes: string[]; tag: string };
    writeFileSync(file, JSON.stringify({ ...parsed, hashes: parsed.hashes.with(3, '00'.repeat(32)) }));
    expect(kinds(await b.pass(feedOf(blocks)))).deep.equal(['FORGED sae-a']);
    b.acknowledge();
    writeFileSync(file, '{');
    expect((await b.pass(feedOf(blocks))).alarms.map(({ sentence }) => sentence)).deep.equal(['message 0 is not what it sent: BAD_JSON']);
    b.acknowledge();
    writeFileSync(file, right);
    expect(await b.pass(feedOf(blocks))).deep.include({ heard: 1, agreed: { 'sae-a': height }, alarms: [] });
  });

  it('an old message in a new one’s place, and one under a key that nobody holds, are refused', async () => {
    await a.pass(feedOf(blocks, 10));
    await b.pass(feedOf(blocks));
    const old = JSON.parse(readFileSync(message('a', 'b', 0), 'utf8')) as object;
    writeFileSync(message('a', 'b', 1), JSON.stringify({ ...old, sequence: 1 }));
    expect((await b.pass(feedOf(blocks))).alarms.map(({ sentence }) => sentence)).deep.equal(['message 1 is not what it sent: KEY_USED']);
    b.acknowledge();
    writeFileSync(message('a', 'b', 1), JSON.stringify({ ...old, sequence: 1, key: '00000000-0000-4000-8000-000000000000' }));
    expect(kinds(await b.pass(feedOf(blocks)))).deep.equal(['UNKNOWN_KEY sae-a']);
  });

  it('a message whose key was lost is told and passed over for the next one, which confirms its blocks too', async () => {
    await a.pass(feedOf(blocks, 10));
    const { key } = JSON.parse(readFileSync(message('a', 'b', 0), 'utf8')) as { key: string };
    await house.keysOf('sae-b', join(root, 'elsewhere.db')).copy('sae-a', key, 'blocks');
    expect(kinds(await b.pass(feedOf(blocks, 10)))).deep.equal(['UNKNOWN_KEY sae-a']);
    await a.pass(feedOf(blocks));
    expect(await b.pass(feedOf(blocks))).deep.include({ heard: 1, agreed: { 'sae-a': height } });
    await a.pass(feedOf(blocks));
    b.acknowledge();
    expect(await b.pass(feedOf(blocks))).deep.include({ heard: 0, alarms: [] });
  });

  it('silence is told, where there are blocks to speak of; a message that was taken away is put back', async () => {
    await a.pass(feedOf(blocks, 10));
    await b.pass(feedOf(blocks, 10));
    await a.pass(feedOf(blocks, 10));
    clock += 61_000;
    expect(await b.pass(feedOf(blocks, 10))).deep.include({ alarms: [] });
    await a.pass(feedOf(blocks, 12));
    rmSync(message('a', 'b', 1));
    await b.pass(feedOf(blocks, 12));
    clock += 61_000;
    expect(kinds(await b.pass(feedOf(blocks, 12)))).deep.equal(['SILENT sae-a']);
    await a.pass(feedOf(blocks, 12));
    expect(await b.pass(feedOf(blocks, 12))).deep.include({ heard: 1, agreed: { 'sae-a': 12 } });
    expect(readdirSync(join(shared(), 'sae-a-to-sae-b'))).deep.equal(['0.json', '1.json']);
  });

  it('goes on where it was after a restart', async () => {
    await a.pass(feedOf(blocks, 10));
    a = watch('sae-a', 'sae-b');
    expect(await a.pass(feedOf(blocks, 10))).deep.include({ height: 10, told: 0, alarms: [] });
  });

  it('without keys nothing is told, once', async () => {
    await house.server[Symbol.asyncDispose]();
    for (const again of [1, 2]) expect(kinds(await a.pass(feedOf(blocks))), `pass ${again}`).deep.equal(['NO_KEYS sae-b']);
  });
});
