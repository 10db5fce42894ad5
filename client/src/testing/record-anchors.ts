/**
 * Records a channel whose log is cosigned, with the keys of its orderers and peers beside it, as a thief would have them:
 * `node client/dist/testing/record-anchors.js STATE FOLDER`, on a fresh network with the chaincode deployed that is thrown away afterwards.
 */
import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { argv, stdout } from 'node:process';
import { gzipSync } from 'node:zlib';
import { sign } from '@epione/protocol';
import { writeSeed } from '../anchor/seed-file.js';
import { runAudit } from '../audit/run.js';
import { writeEvidence } from '../evidence/evidence.js';
import { readProfile } from '../ledger/profile.js';
import { playPrivacy } from './play-privacy.js';
import { enrol, type Player } from './player.js';

const [, , state, folder] = argv;
if (state === undefined || folder === undefined) throw new Error('usage: record-anchors STATE FOLDER');
const members = ['HospitalA', 'HospitalB', 'HospitalC', 'Regulator'];
const secrets = join(state, 'seeds');
await mkdir(secrets, { recursive: true });
await mkdir(folder, { recursive: true });
const trustRoot = join(state, 'trust-root.json');
const profileOf = (mspId: string): string => join(state, 'profiles', `${mspId}.json`);

const seeds = new Map(members.map((mspId) => [mspId, new Uint8Array(randomBytes(32))]));
const players: Player[] = [];
for (const [mspId, seed] of seeds) {
  await writeSeed(join(secrets, `${mspId}.seed`), seed);
  players.push(await enrol(await readProfile(profileOf(mspId)), seed));
}
const [first] = players as [Player, ...Player[]];

async function cosign(mspId: string, ...more: readonly string[]): Promise<void> {
  const files = ['--profile', profileOf(mspId), '--trust-root', trustRoot, '--key', join(secrets, `${mspId}.seed`), '--memory', join(secrets, `${mspId}.json`)];
  const write = (text: string): void => { stdout.write(`${mspId}: ${text}\n`); };
  const code = await runAudit(['anchor', 'cosign', ...files, ...more], { out: write, note: write });
  if (code !== 0) throw new Error(`anchor cosign ended with ${code}`);
}

await playPrivacy(first);
await runAudit(['anchor', 'key', '--algorithm', 'mldsa44', '--out', join(secrets, 'witness.seed')], { out: () => undefined, note: () => undefined });
await cosign('HospitalA', '--witness-key', join(secrets, 'witness.seed'));
for (const mspId of members.slice(1)) await cosign(mspId);
const { channel, genesis } = first.record;
const access = { channel, genesis, mspId: first.mspId, record: first.recordDigest, actor: 'reader-7', action: 'read' as const, object: 'd-2', purpose: 'audit' };
await first.ledger.appendAccess(sign('access', access, first.signer));
for (const mspId of members.slice(0, 2)) await cosign(mspId);

await writeEvidence(folder, await first.ledger.evidence());
for (const name of ['blocks.bin', 'evidence.json']) {
  await writeFile(join(folder, `${name}.gz`), gzipSync(await readFile(join(folder, name)), { level: 9 }));
  await rm(join(folder, name));
}
await copyFile(trustRoot, join(folder, 'trust-root.json'));
const stolen = await Promise.all(members.map(async (mspId) => {
  const read = (...path: readonly string[]): Promise<string> => readFile(join(state, 'organizations', mspId, ...path), 'utf8');
  const node = async (name: string): Promise<object> => ({ certificate: await read(name, 'msp', 'signcerts', 'cert.pem'), key: await read(name, 'msp', 'keystore', 'key.pem') });
  const client = { certificate: await read('users', 'worker.pem'), key: await read('users', 'worker.key') };
  return { mspId, orderer: await node('orderer'), peer: await node('peer'), client, signingSeed: Buffer.from(seeds.get(mspId) ?? []).toString('hex') };
}));
await writeFile(join(folder, 'stolen-keys.json'), `${JSON.stringify(stolen, undefined, 2)}\n`);
for (const { ledger } of players) ledger[Symbol.dispose]();
