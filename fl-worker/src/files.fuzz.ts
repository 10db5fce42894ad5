/** Fuzz targets: the files that a hospital gives its worker. */
import { readFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { parseConfig } from './config.js';
import { readCsv } from './data/csv.js';
import { WorkerError } from './error.js';
import { readStudyTemplate } from './study-template.js';

const text = (input: Uint8Array): string => Buffer.from(input).toString('utf8');
const encode = (words: string): Uint8Array => new TextEncoder().encode(words);
const isRefusal = (error: unknown): boolean => error instanceof WorkerError;

const tls = { certificate: 'c.pem', privateKey: 'k.pem', ca: 'ca.pem' };
const config = {
  mspId: 'HospitalA', profile: 'profile.json', state: 'state', study: `sha256:${'0'.repeat(64)}`, seed: 's', data: { train: 'rows.csv', idColumn: 'id', consents: 'consents.csv' },
  kme: { url: 'https://localhost:8443', ...tls, saeId: 'sae-a' }, blobServer: { port: 9000, publicUrl: 'https://a', ...tls },
};

export const targets = [
  { name: "file: worker's configuration", weight: 2, changed: 'readable', samples: () => [encode(stringify(config)), encode(JSON.stringify(config))], isRefusal, read: (input: Uint8Array) => parseConfig(text(input), '/srv/worker') },
  { name: 'file: study', weight: 0.5, changed: 'readable', samples: () => [new Uint8Array(readFileSync(new URL('../../data/wdbc/study.yaml', import.meta.url)))], isRefusal, read: (input: Uint8Array) => readStudyTemplate(text(input)) },
  { name: 'file: rows', weight: 6, changed: 'readable', samples: () => [encode('id,age,"the, label"\r\n1,30,0\r\n2,41.5,1\r\n'), encode('\uFEFFa,b\n"x ""y""",2\n')], isRefusal, read: (input: Uint8Array) => readCsv(text(input)) },
];
