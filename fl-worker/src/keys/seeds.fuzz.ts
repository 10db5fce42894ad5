/** Fuzz targets: encrypted seeds and shares of seeds give what was kept, or nothing. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalText, type Json } from '@epione/protocol';
import { WorkerError } from '../error.js';
import { readSeed } from './seed-file.js';
import { openLock } from './seed-lock.js';
import { bringBack, divide, encodeShare, readShare, type KeyShare } from './shares.js';

const bytes = (from: number, length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => (from + 7 * at) & 255);
const isRefusal = (error: unknown): boolean => error instanceof WorkerError;
const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

const folder = mkdtempSync(join(tmpdir(), 'epione-fuzz-'));
process.once('exit', () => { rmSync(folder, { recursive: true, force: true }); });
const [keyFile, seedFile] = [join(folder, 'key'), join(folder, 'seed')];
writeFileSync(keyFile, bytes(1, 32), { mode: 0o600 });

const seeds = { signing: bytes(2, 32), kem: bytes(3, 64), chain: bytes(6, 32) };
const lock = async () => openLock({ keyFile });
const locked = async (): Promise<Uint8Array> => Buffer.from(canonicalText((await lock())?.lock(seeds.kem, 'kem', (length) => bytes(4, length)) as unknown as Json));

const site = { mspId: 'HospitalA', suites: { signature: 'mldsa65', kem: 'mlkem768' } } as const;
const [first, second] = divide(site, seeds, 2, 2, 5, (length) => bytes(5, length)) as [KeyShare, KeyShare];

export const targets = [
  {
    name: 'encrypted seed', weight: 3, changed: 'readable', samples: async () => [await locked()], isRefusal,
    read: async (input: Uint8Array) => {
      writeFileSync(seedFile, input, { mode: 0o600 });
      using opened = await lock();
      if (!same(await readSeed(seedFile, 'kem', 64, opened), seeds.kem)) throw new RangeError('false accept: another seed');
    },
  },
  {
    name: 'share of seeds', weight: 3, changed: 'readable', samples: () => [Buffer.from(encodeShare(first))], isRefusal,
    read: (input: Uint8Array) => {
      const { seeds: back } = bringBack(site, new Map([['one', readShare('one', input)], ['two', second]]));
      if (!same(back.signing, seeds.signing) || !same(back.kem, seeds.kem) || !same(back.chain ?? bytes(0, 0), seeds.chain)) throw new RangeError('false accept: other seeds');
    },
  },
];
