/** The settings that nodes were started with, as they stand on the disk. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { NetworkError } from '../error.js';
import type { Organization } from '../state.js';

const units: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** A duration in Go's words, such as `1m30s`, in ms. */
export function goDurationMs(text: string): number {
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)].reduce((sum, [, number, unit]) => sum + Number(number) * (units[unit ?? ''] ?? 0), 0);
}

function read(file: string): unknown {
  if (!existsSync(file)) throw new NetworkError('STATE_MISSING', `${file} is missing.`, 'fl-network up writes it.');
  return parse(readFileSync(file, 'utf8'));
}

/** core.yaml of an organization's peer. @throws {NetworkError} STATE_MISSING */
export function readPeerSettings({ dir }: Organization): unknown {
  return read(join(dir, 'peer', 'core.yaml'));
}

/** orderer.yaml of an organization's orderer. @throws {NetworkError} STATE_MISSING */
export function readOrdererSettings({ dir }: Organization): unknown {
  return read(join(dir, 'orderer', 'orderer.yaml'));
}
