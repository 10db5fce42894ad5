/** Where Fabric's programs are: FABRIC_BIN, else PATH, else the folder that the set-up builds into. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NetworkError } from '../error.js';

const programs = ['peer', 'orderer', 'configtxgen'] as const;
const builtFolder = fileURLToPath(new URL('../../fabric/bin', import.meta.url));

/** Absolute or PATH-found folder with all three programs. */
export type Binaries = Record<(typeof programs)[number], string>;

/**
 * Finds peer, orderer and configtxgen.
 * @throws {NetworkError} NO_FABRIC when they are nowhere, with what to install
 */
export function findBinaries(environment: NodeJS.ProcessEnv = process.env, built = builtFolder): Binaries {
  const chosen = environment['FABRIC_BIN'];
  const folders = chosen ? [chosen] : [...(environment['PATH'] ?? '').split(delimiter), built];
  const folder = folders.find((candidate) => candidate !== '' && programs.every((program) => existsSync(join(candidate, program))));
  if (folder) return { peer: join(folder, 'peer'), orderer: join(folder, 'orderer'), configtxgen: join(folder, 'configtxgen') };
  if (chosen) throw new NetworkError('NO_FABRIC', `FABRIC_BIN is ${chosen}, which lacks one of ${programs.join(', ')}.`, 'Correct FABRIC_BIN, or unset it.');
  throw new NetworkError(
    'NO_FABRIC',
    `Fabric's programs (${programs.join(', ')}) are not built and not on PATH.`,
    'Run npm run setup, which builds them with Go 1.24 or later, or set FABRIC_BIN to a folder with the Fabric 3.1 binaries.',
  );
}
