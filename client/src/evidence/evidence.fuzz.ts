/** Fuzz targets: an evidence bundle whose verdict is `valid` says what was recorded; and the files of an auditor and of a ledger's client. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CodedError, concat, u32 } from '@epione/protocol';
import { UsageError } from '../ledger/faults.js';
import { readProfile } from '../ledger/profile.js';
import { readContentKeys } from '../verify/recompute.js';
import { verify } from '../verify/verify.js';
import { readBlock, type Block } from './block.js';
import { readEvidence } from './evidence.js';
import { readTransaction } from './transaction.js';
import { readTrustRoot } from './trust-root.js';

const recording = fileURLToPath(new URL('../../fixtures/played-study', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'epione-fuzz-'));
process.once('exit', () => { rmSync(folder, { recursive: true, force: true }); });

const isRefusal = (error: unknown): boolean => error instanceof CodedError || error instanceof UsageError;
const [blocksFile, description] = ['blocks.bin', 'evidence.json'].map((name) => new Uint8Array(readFileSync(join(recording, name)))) as [Uint8Array, Uint8Array];
const trustRoot = await readTrustRoot(join(recording, 'trust-root.json'));

/** What a block is known by: header, transactions, their validity and the state behind them. Its other metadata is nobody's word. */
const factsOf = ({ headerBytes, envelopes, validity, commitHash }: Block): string => [headerBytes, ...envelopes, validity, commitHash].map((part) => Buffer.from(part).toString('base64')).join();
const recorded = await readEvidence(recording);
const facts = recorded.blocks.map((block) => factsOf(readBlock(block))).join('\n');

/** The bundle as two files in one input: length of the description, description, blocks. */
async function readBundle(input: Uint8Array): Promise<number> {
  if (input.length < 4) throw new UsageError('no two files');
  const length = Buffer.from(input).readUInt32BE();
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'evidence.json'), input.subarray(4, 4 + length));
  writeFileSync(join(folder, 'blocks.bin'), input.subarray(4 + length));
  const evidence = await readEvidence(folder);
  const { verdict, counts } = await verify(evidence, trustRoot, { chaincode: 'epione', blobFolders: [] });
  if (verdict !== 'valid') throw new UsageError('the evidence is not valid');
  if (evidence.channel !== recorded.channel || evidence.blocks.map((block) => factsOf(readBlock(block))).join('\n') !== facts) throw new RangeError('false accept: other blocks are valid');
  return counts.transactions;
}

/** A reader of files, of what would be in one. */
const reading = (read: (file: string) => Promise<unknown>) => async (input: Uint8Array): Promise<unknown> => {
  const file = join(folder, 'file.json');
  writeFileSync(file, input);
  return read(file);
};
const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const identity = { certificateFile: '/a.pem', privateKeyFile: '/a.key' };
const profile = {
  channel: 'epione', chaincode: 'epione', genesis: `sha256:${'0'.repeat(64)}`, mspId: 'A', peers: [{ mspId: 'A', endpoint: 'localhost:7051', tlsCaFile: '/ca.pem' }],
  identities: { worker: identity, auditor: { certificateFile: '/b.pem', pkcs11: { module: '/m.so', tokenLabel: 't', keyLabel: 'k', pinFile: '/pin' } } }, tls: { caBundleFile: '/ca.pem', kme: identity },
};

export const targets = [
  { name: 'evidence bundle', weight: 0.2, changed: 'readable', samples: () => [concat(u32(description.length), description, blocksFile)], isRefusal, read: readBundle },
  {
    name: 'block and its transactions', weight: 6, changed: 'readable', samples: () => recorded.blocks.slice(0, 12), isRefusal: (error: unknown) => error instanceof Error && !(error instanceof TypeError),
    read: (input: Uint8Array) => readBlock(input).envelopes.map((envelope) => readTransaction(envelope)),
  },
  { name: 'file: trust root', weight: 3, changed: 'readable', samples: () => [new Uint8Array(readFileSync(join(recording, 'trust-root.json')))], isRefusal, read: reading(readTrustRoot) },
  { name: 'file: connection profile', weight: 4, changed: 'readable', samples: () => [encode(profile)], isRefusal, read: reading(readProfile) },
  { name: 'file: content keys', weight: 4, changed: 'readable', samples: () => [new Uint8Array(readFileSync(join(recording, 'content-keys.json')))], isRefusal, read: reading(readContentKeys) },
];
