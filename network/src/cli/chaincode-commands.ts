/** The commands about the chaincode. */
import type { Command } from 'commander';
import { deploy } from '../chaincode/deploy.js';
import { command, exit, print } from './command.js';

/** Declares the commands. */
export function chaincodeCommands(program: Command): void {
  command<{ path?: string }>(program, 'deploy', 'deploy the chaincode as a service, or upgrade it when its code has changed', 'fl-network deploy', async (options, flags, json) => {
    const value = await deploy({ ...options, ...(flags.path === undefined ? {} : { path: flags.path }) });
    print(json, value, `${value.changed ? 'Deployed' : 'Already deployed'}: ${value.packageId}, version ${value.version}, sequence ${value.sequence}`);
    return exit.done;
  }).option('--path <dir>', 'folder of a built Node chaincode\'s package.json (default: the chaincode of this repository)');
}
