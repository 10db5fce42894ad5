/** The command line of qkd-sim. */
import { Command, CommanderError } from 'commander';
import { eveCommands } from './cli/eve.js';
import { linkCommands } from './cli/link.js';
import { openApiCommands } from './cli/openapi.js';
import { recoveryCommands } from './cli/recovery.js';
import { siteCommands } from './cli/site.js';
import { statusCommands } from './cli/status.js';
import { studyCommands } from './cli/study.js';
import { topologyCommands } from './cli/topology.js';
import { QkdError } from './error.js';

const program = new Command('qkd-sim')
  .description('An emulated quantum link and its ETSI GS QKD 014 key server, one process a site.')
  .addHelpText('before', 'Example: qkd-sim init --topology topology.yaml --out sites && qkd-sim run --config sites/north/site.yaml\n')
  .helpCommand(false)
  .exitOverride()
  .configureOutput({ writeErr: (text) => process.stderr.write(text) });

for (const declare of [siteCommands, linkCommands, topologyCommands, statusCommands, eveCommands, recoveryCommands, openApiCommands, studyCommands]) declare(program);

try {
  await program.parseAsync();
} catch (thrown) {
  if (thrown instanceof CommanderError) {
    process.exitCode = thrown.exitCode === 0 ? 0 : 2;
  } else if (thrown instanceof QkdError) {
    process.stderr.write(`${thrown.code}: ${thrown.message}${thrown.remedy === undefined ? '' : `\n${thrown.remedy}`}\n`);
    process.exitCode = thrown.code === 'USAGE' || thrown.code === 'CONFIG' ? 2 : 1;
  } else {
    throw thrown;
  }
}
