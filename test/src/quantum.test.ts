/** Quantum signatures and block tags at three real sites of the emulator, by command line: an approval that two others judge, and a fork that a watch finds. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { readBlock, type Pass } from '@epione/client';
import { expect } from 'chai';
import { startKeySites, triangle, type KeySites, type SaeId } from './etsi-qkd-014/key-sites.js';
import { command, CommandError, repository } from './study/command.js';

const saes = ['sae-a', 'sae-b', 'sae-c'] as const;
const exitCode = (promise: Promise<unknown>): Promise<number> => promise.then(() => 0, (error: unknown) => (error instanceof CommandError ? error.exitCode : -1));

/** Changes a transaction of the last block, and the header with it: what a quorum of orderers could give to one peer only. */
function forkLastBlock(path: string): void {
  const file = readFileSync(path);
  let last = 0;
  for (let at = 0; at < file.length; at += 4 + file.readUInt32BE(at)) last = at + 4;
  const bytes = file.subarray(last);
  const { envelopes, dataHash } = readBlock(bytes);
  const envelope = Buffer.from(envelopes.at(-1)!);
  const place = bytes.indexOf(envelope) + envelope.length - 1;
  bytes[place]! ^= 1;
  envelope[envelope.length - 1]! ^= 1;
  const hash = createHash('sha256').update(Buffer.concat([...envelopes.slice(0, -1), envelope])).digest();
  bytes.set(hash, bytes.indexOf(dataHash));
  writeFileSync(path, file);
}

describe('QKD keys that sign and tag, at three real sites', function () {
  this.timeout(300_000);
  const folder = mkdtempSync(join(tmpdir(), 'epione-quantum-'));
  const file = (name: string): string => join(folder, name);
  let sites: KeySites;

  before(async () => {
    sites = await startKeySites(triangle);
    for (const sae of saes) {
      const { url, certificateFile, privateKeyFile, caFile } = sites.access[sae];
      const tls = { certificate: certificateFile, privateKey: privateKeyFile, ca: caFile };
      const settings = { mspId: sae, profile: 'none', state: file(`${sae}-state`), kme: { url, saeId: sae, ...tls }, blobServer: { port: 1, publicUrl: 'https://localhost:1', ...tls }, seed: 'seed' };
      writeFileSync(file(`${sae}.yaml`), JSON.stringify(settings));
    }
    const recording = join(repository, 'client', 'fixtures', 'grown-channel');
    for (const name of ['honest', 'forked']) {
      mkdirSync(file(name));
      for (const part of ['blocks.bin', 'evidence.json']) writeFileSync(join(file(name), part), gunzipSync(readFileSync(join(recording, `${part}.gz`))));
    }
  });
  after(async () => {
    await sites[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  const quantum = <T>(sae: SaeId, ...args: string[]): Promise<T> => command<T>('fl-worker', ['quantum', ...args, '--config', file(`${sae}.yaml`)], [1]);

  describe('a quantum signature', () => {
    it('is made by one, forwarded by the second, judged by the third, accepted by the second', async () => {
      writeFileSync(file('document'), '{"decision":"approve"}');
      await quantum('sae-a', 'sign', file('document'), '--receiver', 'sae-b', '--arbiter', 'sae-c', '--out', file('signature.json'));
      await quantum('sae-b', 'forward', file('signature.json'), '--out', file('transfer.json'));
      expect(await quantum('sae-c', 'judge', file('transfer.json'), '--out', file('judgement.json'))).include({ valid: true, signer: 'sae-a' });
      expect(await quantum('sae-b', 'accept', file('judgement.json'), '--document', file('received'))).include({ valid: true, signer: 'sae-a' });
      expect(readFileSync(file('received'), 'utf8')).equal('{"decision":"approve"}');
    });

    it('used 1280 bits of key in all, each booked by both who shared it', async () => {
      const uses = await Promise.all(saes.map(async (sae) => (await quantum<{ ever: { peer: string; purpose: string; bits: number }[] }>(sae, 'keys')).ever.map(({ peer, purpose, bits }) => `${peer} ${purpose} ${bits}`)));
      expect(uses).deep.equal([
        ['sae-b delivery 256', 'sae-b signature 256', 'sae-c signature 256'],
        ['sae-a delivery 256', 'sae-a signature 256', 'sae-c judgement 256', 'sae-c transfer 256'],
        ['sae-a signature 256', 'sae-b judgement 256', 'sae-b transfer 256'],
      ]);
    });

    it('covers nothing else: its keys are refused for another document with exit code 3', async () => {
      const signature = JSON.parse(readFileSync(file('signature.json'), 'utf8')) as object;
      writeFileSync(file('forged.json'), JSON.stringify({ ...signature, document: 'AAAA' }));
      expect(await exitCode(quantum('sae-b', 'forward', file('forged.json'), '--out', file('none')))).equal(3);
    });

    it('is refused with exit code 1 when it was changed on the way, and the right one still counts', async () => {
      await quantum('sae-a', 'sign', file('document'), '--receiver', 'sae-b', '--arbiter', 'sae-c', '--out', file('second.json'));
      const signature = JSON.parse(readFileSync(file('second.json'), 'utf8')) as object;
      writeFileSync(file('changed.json'), JSON.stringify({ ...signature, document: 'AAAA' }));
      expect(await exitCode(command('fl-worker', ['quantum', 'forward', file('changed.json'), '--out', file('none'), '--config', file('sae-b.yaml')]))).equal(1);
      await quantum('sae-b', 'forward', file('second.json'), '--out', file('second-transfer.json'));
      expect(await quantum('sae-c', 'judge', file('second-transfer.json'), '--out', file('second-judgement.json'))).include({ valid: true });
    });
  });

  describe('a watch over blocks', () => {
    /** One look, exit code 1 being a result. */
    const look = (sae: SaeId, evidence: string, folders: string): Promise<Pass> => {
      const { url, certificateFile, privateKeyFile, caFile } = sites.access[sae];
      const peers = saes.filter((other) => other !== sae);
      const access = ['--url', url, '--cert', certificateFile, '--key', privateKeyFile, '--ca', caFile, '--sae', sae, '--peer', ...peers];
      return command<Pass>('fl-audit', ['watch-blocks', '--once', '--evidence', file(evidence), ...access, '--folder', file(folders), '--store', file(`${folders}-${sae}.db`)], [1]);
    };

    it('agrees where all hold the same blocks, with one key a message', async () => {
      for (const sae of saes) await look(sae, 'honest', 'first');
      const { height, agreed, alarms, keyBitsLastHour } = await look('sae-a', 'honest', 'first');
      expect(agreed).deep.equal({ 'sae-b': height, 'sae-c': height });
      expect(alarms).deep.equal([]);
      expect(keyBitsLastHour.map(({ peer, bits }) => [peer, bits])).deep.equal([['sae-b', 512], ['sae-c', 512]]);
    });

    it('names the block where one is given another than the others', async () => {
      forkLastBlock(join(file('forked'), 'blocks.bin'));
      await look('sae-a', 'honest', 'second');
      await look('sae-b', 'honest', 'second');
      const { height, alarms } = await look('sae-c', 'forked', 'second');
      expect(alarms.map(({ kind, peer, sentence }) => `${kind} ${peer} ${sentence.split(':')[0] ?? ''}`)).deep.equal([`DIFFERENT sae-a block ${height - 1}`, `DIFFERENT sae-b block ${height - 1}`]);
      expect((await look('sae-a', 'honest', 'second')).alarms.map(({ kind, peer }) => `${kind} ${peer}`)).deep.equal(['DIFFERENT sae-c']);
    });
  });
});
