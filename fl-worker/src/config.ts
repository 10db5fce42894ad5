/** The worker's configuration file: read once, strictly, with all faults reported together; secrets are file names, never values. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { kemSuite, signatureSuite } from '@epione/protocol';
import { parse as parseYaml, type YAMLParseError } from 'yaml';
import { z } from 'zod';
import { WorkerError } from './error.js';

const file = z.string().min(1);
const tls = { certificate: file, privateKey: file, ca: file };
const https = z.url({ protocol: /^https$/, error: 'an https:// address' });

const schema = z.strictObject({
  /** MSP ID of the organization. */
  mspId: z.string().regex(/^[A-Za-z0-9.-]{1,64}$/),
  /** Connection profile of the organization. */
  profile: file,
  /** Folder for keys, outbox and blobs. */
  state: file,
  /** Strength of the site's keys; a study of profile long-term needs the larger ones, one with X25519 a key for it in the site's record. */
  suites: z.strictObject({ signature: signatureSuite, kem: kemSuite, x25519: z.boolean().default(false) }).default({ signature: 'mldsa65', kem: 'mlkem768', x25519: false }),
  /** What encrypts the seeds of these keys on the disk; absent: file rights alone protect them. */
  keyProtection: z.union([
    z.strictObject({ passphraseFile: file }),
    z.strictObject({ keyFile: file }),
    z.strictObject({ pkcs11: z.strictObject({ module: file, tokenLabel: z.string().min(1), keyLabel: z.string().min(1), pinFile: file }) }),
  ], 'one of {passphraseFile}, {keyFile} and {pkcs11: {module, tokenLabel, keyLabel, pinFile}}').optional(),
  /** Digest of the study to join, or a file with the study document. */
  study: z.string().min(1).optional(),
  /** Rows to train on; absent for an organization that aggregates only. */
  data: z.strictObject({
    train: file,
    idColumn: z.string().min(1).optional(),
    consents: file.optional(),
    /** Rows that are never trained on: the final model is evaluated on them here, and nowhere else. */
    test: file.optional(),
    /** Epochs for which a copy of the final model is trained on here, to be evaluated beside it; 0 for none. */
    fineTuneEpochs: z.int().min(0).max(1000).optional(),
  }).refine(({ test, fineTuneEpochs }) => fineTuneEpochs === undefined || test !== undefined, { path: ['test'], message: 'fineTuneEpochs needs rows to evaluate on' }).optional(),
  /** Key management entity of the site, by ETSI GS QKD 014; absent for a site without one. */
  kme: z.strictObject({ url: https, ...tls, saeId: z.string().regex(/^[\x21-\x7e]{1,128}$/) }).optional(),
  /** Where other members fetch this site's blobs. */
  blobServer: z.strictObject({ host: z.string().min(1).default('localhost'), port: z.int().min(1).max(65_535), ...tls, publicUrl: https }),
  /** Fixes the order in which rows are trained on. */
  seed: z.string().min(1),
  /** Keep the content keys of opened updates and write them for the auditor. */
  keepContentKeys: z.boolean().default(false),
  /** What the worker may take of the machine; more is refused, with the reason, before it begins. */
  limits: z.strictObject({
    /** Memory of the process, MB. */
    memoryMb: z.int().min(128).optional(),
    /** Threads of the training engine. */
    cpuThreads: z.int().min(1).max(1024).optional(),
    /** Sealed updates and models on the disk, MB. */
    diskMb: z.int().min(1).optional(),
    /** Scheduling priority, 0 to 19; 19 gives way to everything. */
    nice: z.int().min(0).max(19).optional(),
  }).optional(),
  /** How long to wait between two looks at the ledger when no event arrives, ms. */
  pollMs: z.int().min(50).max(60_000).default(1000),
});

/** A valid configuration; file names are absolute. */
export type WorkerConfig = z.infer<typeof schema>;

function absoluteProtection(protection: NonNullable<WorkerConfig['keyProtection']>, at: (path: string) => string): WorkerConfig['keyProtection'] {
  if ('pkcs11' in protection) return { pkcs11: { ...protection.pkcs11, module: at(protection.pkcs11.module), pinFile: at(protection.pkcs11.pinFile) } };
  return 'keyFile' in protection ? { keyFile: at(protection.keyFile) } : { passphraseFile: at(protection.passphraseFile) };
}

/** File names in a configuration are relative to it. */
function absolute(config: WorkerConfig, folder: string): WorkerConfig {
  const at = (path: string): string => resolve(folder, path);
  const files = <T extends { certificate: string; privateKey: string; ca: string }>(of: T): T => ({ ...of, certificate: at(of.certificate), privateKey: at(of.privateKey), ca: at(of.ca) });
  const { data, kme, study, keyProtection } = config;
  return {
    ...config,
    profile: at(config.profile),
    state: at(config.state),
    ...(study === undefined ? {} : { study: study.startsWith('sha') && study.includes(':') ? study : at(study) }),
    ...(keyProtection === undefined ? {} : { keyProtection: absoluteProtection(keyProtection, at) }),
    ...(data === undefined ? {} : { data: { ...data, train: at(data.train), ...(data.consents === undefined ? {} : { consents: at(data.consents) }), ...(data.test === undefined ? {} : { test: at(data.test) }) } }),
    ...(kme === undefined ? {} : { kme: files(kme) }),
    blobServer: files(config.blobServer),
  };
}

/** Where and what a fault of the YAML is, without a word of the text: somebody may have written a secret there. */
const placeOf = (fault: unknown): string => {
  const { code, linePos } = fault as Partial<YAMLParseError>;
  return linePos === undefined ? 'it cannot be read' : `line ${linePos[0].line}, column ${linePos[0].col}, ${code ?? 'a fault'}`;
};

/**
 * Reads a configuration from YAML text.
 * @param folder what relative file names are relative to.
 * @throws WorkerError CONFIG_INVALID with all faults.
 */
export function parseConfig(yaml: string, folder: string): WorkerConfig {
  let value: unknown;
  try {
    value = parseYaml(yaml, { logLevel: 'error' });
  } catch (cause) {
    throw new WorkerError('CONFIG_INVALID', `the configuration is not YAML: ${placeOf(cause)}`); // without the cause, which repeats the lines around the fault
  }
  const result = schema.safeParse(value);
  if (result.success) return absolute(result.data, folder);
  const faults = result.error.issues.map((issue) => `${issue.path.join('.') || 'configuration'}: ${issue.message}`);
  throw new WorkerError('CONFIG_INVALID', faults.join('; '), { remedy: 'Correct these lines of the configuration; fl-worker --help shows an example.' });
}

/** Reads a configuration file. @throws WorkerError CONFIG_INVALID. */
export async function readConfig(path: string): Promise<WorkerConfig> {
  const yaml = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new WorkerError('CONFIG_INVALID', `cannot read the configuration ${path}`, { cause });
  });
  return parseConfig(yaml, dirname(resolve(path)));
}
