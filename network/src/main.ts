/** The command line fl-network: declares its commands, runs one, and ends with its exit code. */
import { Command, CommanderError } from 'commander';
import { chaincodeCommands } from './cli/chaincode-commands.js';
import { changeCommands } from './cli/change-commands.js';
import { exit } from './cli/command.js';
import { kitCommands } from './cli/kit-command.js';
import { monitoringCommands } from './cli/monitoring-commands.js';
import { networkCommands } from './cli/network-commands.js';
import { peerCommands } from './cli/peer-commands.js';
import { NetworkError, sentenceOf } from './error.js';

const usageCodes = new Set(['USAGE', 'TOPOLOGY_INVALID', 'PROFILE_INVALID', 'DEFINITION_INVALID', 'NOT_CONFIRMED']);

const program = new Command('fl-network')
  .description('A real Hyperledger Fabric network on one machine, without containers.')
  .addHelpText('before', 'Example:\n  fl-network up && fl-network deploy && fl-network status\n')
  .exitOverride();

for (const declare of [networkCommands, chaincodeCommands, peerCommands, changeCommands, monitoringCommands, kitCommands]) declare(program);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has said it already; help and version end well.
    process.exitCode = error.exitCode === 0 ? exit.done : exit.usage;
  } else {
    const { code, remedy } = error instanceof NetworkError ? error : { code: 'INTERNAL', remedy: '' };
    const json = process.argv.includes('--json');
    process.stderr.write(json ? `${JSON.stringify({ event: 'error', code, message: sentenceOf(error), remedy })}\n` : `${code}: ${sentenceOf(error)}\n${remedy}\n`);
    process.exitCode = usageCodes.has(code) ? exit.usage : code === 'CHANGE_REFUSED' ? exit.refused : exit.failed;
  }
}
