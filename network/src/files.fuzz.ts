/** Fuzz targets: the files of a network's operator, and what peers give of the channel. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { readConfigBlock } from './channel/config-block.js';
import { readConnectionProfile } from './connection/connection-profile.js';
import { readTargetProfile } from './connection/target-profile.js';
import { goVersion, isKeptClassical } from './doctor/go-build-info.js';
import { NetworkError } from './error.js';
import { readTopology } from './topology.js';

const folder = mkdtempSync(join(tmpdir(), 'epione-fuzz-'));
process.once('exit', () => { rmSync(folder, { recursive: true, force: true }); });
for (const name of ['ca.pem', 'admin.pem', 'admin.key']) writeFileSync(join(folder, name), name);

/** A reader of files, of what would be in one. */
const reading = (read: (file: string) => unknown) => (input: Uint8Array): unknown => {
  const file = join(folder, 'file.yaml');
  writeFileSync(file, input);
  return read(file);
};
const both = (document: unknown): Uint8Array[] => [stringify(document), JSON.stringify(document)].map((text) => new TextEncoder().encode(text));
const isRefusal = (error: unknown): boolean => error instanceof NetworkError;

const admin = { certificateFile: 'admin.pem', privateKeyFile: 'admin.key' };
const profile = { channel: 'epione', organizations: [{ mspId: 'A', peers: [{ endpoint: 'localhost:7051', tlsCaFile: 'ca.pem' }], admin, operator: admin, clientTls: admin }], packageConnection: { address: '{{.peername}}:9999', tls_required: true } };
const older = { name: 'test', client: { organization: 'Org1' }, channels: { mychannel: {} }, organizations: { Org1: { mspid: 'Org1MSP', peers: ['peer0'] } }, peers: { peer0: { url: 'grpcs://localhost:7051', tlsCACerts: { path: 'ca.pem' } } } };
const withOlder = { channel: 'epione', organizations: [{ connectionProfile: 'older.json', admin }] };
writeFileSync(join(folder, 'older.json'), JSON.stringify(older));

/** The first block of a recorded channel. */
function firstBlock(): Uint8Array {
  const bytes = readFileSync(new URL('../../client/fixtures/played-study/blocks.bin', import.meta.url));
  return new Uint8Array(bytes.subarray(4, 4 + bytes.readUInt32BE()));
}

export const targets = [
  { name: 'file: topology of a network', weight: 4, changed: 'readable', samples: () => [...both({ channel: 'epione', consensus: 'bft', organizations: ['A', 'B', 'C', 'D'].map((mspId) => ({ mspId })), clients: [{ mspId: 'E' }] }), ...both({ consensus: 'raft', organizations: [{ mspId: 'A', ports: { peer: 7051 } }] })], isRefusal, read: reading(readTopology) },
  { name: "file: profile of others' network", weight: 4, changed: 'readable', samples: () => [...both(profile), ...both(withOlder)], isRefusal, read: reading((file) => readTargetProfile(file)) },
  { name: 'file: connection profile of older SDKs', weight: 4, changed: 'readable', samples: () => both(older).slice(1), isRefusal, read: reading(readConnectionProfile) },
  { name: 'configuration block', weight: 3, changed: 'readable', samples: () => [firstBlock()], isRefusal, read: readConfigBlock },
  { name: "build information of Fabric's programs", weight: 5, changed: 'readable', samples: () => [readFileSync(process.execPath).subarray(0, 64), Buffer.from(`${'\0'.repeat(16)}\xff Go buildinf:\x08\x02${'\0'.repeat(16)}\x08go1.22.3\nDefaultGODEBUG=tlsmlkem=0`, 'latin1')], isRefusal, read: (input: Uint8Array) => [goVersion(Buffer.from(input)), isKeptClassical(Buffer.from(input))] },
];
