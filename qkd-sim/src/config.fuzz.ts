/** Fuzz targets: the files of a site's operator. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { readSiteConfig } from './config.js';
import { QkdError } from './error.js';
import { readProfile } from './profiles/profile-file.js';
import { readTopology } from './site/topology.js';

const folder = mkdtempSync(join(tmpdir(), 'epione-fuzz-'));
process.once('exit', () => { rmSync(folder, { recursive: true, force: true }); });

/** A reader of files, of what would be in one. */
const reading = (read: (file: string) => unknown) => (input: Uint8Array): unknown => {
  const file = join(folder, 'file.yaml');
  writeFileSync(file, input);
  return read(file);
};
const both = (document: unknown): Uint8Array[] => [stringify(document), JSON.stringify(document)].map((text) => new TextEncoder().encode(text));
const isRefusal = (error: unknown): boolean => error instanceof QkdError;

const tls = { certificateFile: 'a.pem', privateKeyFile: 'a.key', caFile: 'ca.pem' };
const endpoint = { host: 'localhost', port: 9001 };
const site = {
  site: 'a', kmeId: 'kme-a', saeIds: ['sae-a'], listen: { host: 'localhost', port: 9000 }, adminPort: 0, tls, storeKeyFile: 'store.key', state: 'state', skip: true, limits: { requestsPerSecond: 10 },
  links: [{ name: 'a-b', role: 'alice', peerKmeId: 'kme-b', peerUrl: 'https://localhost:9002', peerSaeIds: ['sae-b'], quantum: endpoint, classical: endpoint, profile: 'metro-10dB', initialKeyFile: 'a-b.key', eve: { attack: 'intercept-resend', fraction: 0.5 } }],
  routes: [{ kmeId: 'kme-c', saeIds: ['sae-c'], paths: [['kme-a', 'kme-b', 'kme-c']] }],
};

export const targets = [
  { name: "file: key server's configuration", weight: 2, changed: 'readable', samples: () => both(site), isRefusal, read: reading(readSiteConfig) },
  { name: 'file: link profile', weight: 2, changed: 'readable', samples: () => both({ name: 'mine', basedOn: 'metro-10dB', maxQber: 0.1 }), isRefusal, read: reading(readProfile) },
  { name: 'file: topology of key servers', weight: 2, changed: 'readable', samples: () => both({ sites: ['a', 'b'].map((name) => ({ site: name, kmeId: `kme-${name}`, saeIds: [`sae-${name}`], tls })), profile: 'metro-10dB', links: [{ alice: 'a', bob: 'b' }] }), isRefusal, read: reading(readTopology) },
];
