/** The external builder: without it a peer says that a Docker build failed, whatever is really wrong. */
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { connectionFile, connectionVariable } from '../nodes/node-settings.js';
import type { Organization } from '../state.js';
import { fault, unlessAny, type Check, type Examined, type Remark } from './finding.js';
import { readPeerSettings } from './settings.js';

const scripts = ['detect', 'build', 'release'] as const;
const settings = z.object({
  chaincode: z.object({
    externalBuilders: z.array(z.object({ name: z.string(), path: z.string(), propagateEnvironment: z.array(z.string()).nullish() })).nullish(),
  }),
});

const rewrite = 'fl-network down, then fl-network up, which writes the builder and the settings anew.';

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function remarksOf(organization: Organization): Remark[] {
  const { mspId } = organization;
  const builders = settings.parse(readPeerSettings(organization)).chaincode.externalBuilders ?? [];
  if (builders.length === 0) return [fault(`core.yaml of peer.${mspId} names no external builder, so it would look for Docker`, rewrite)];
  const troubles = builders.flatMap(({ name, path, propagateEnvironment }): Remark[] => {
    if (!existsSync(path)) return [fault(`the builder ${name} of peer.${mspId} is not at ${path} (chaincode.externalBuilders)`, rewrite)];
    const missing = scripts.filter((script) => !isExecutable(join(path, 'bin', script)));
    if (missing.length > 0) return [fault(`the builder ${name} of peer.${mspId} cannot run ${missing.map((script) => join(path, 'bin', script)).join(', ')}`, `chmod +x these files; or ${rewrite}`)];
    return propagateEnvironment?.includes(connectionVariable) ? [] : [fault(`core.yaml of peer.${mspId} does not pass ${connectionVariable} on to the builder ${name}`, rewrite)];
  });
  const file = connectionFile(organization);
  return existsSync(file) ? troubles : [...troubles, fault(`${file} is missing, so peer.${mspId} cannot find its chaincode process`, rewrite)];
}

export const builder: Check<Examined> = {
  name: 'builder',
  examine: ({ network }) => unlessAny(network.organizations.flatMap(remarksOf), 'every peer finds its external builder'),
};
