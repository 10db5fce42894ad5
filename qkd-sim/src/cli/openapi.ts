/** The command that prints the description of the key server's interface. */
import type { Command } from 'commander';
import { stringify } from 'yaml';
import { openApi } from '../kme/openapi.js';
import { command, print, printJson } from './command.js';

/** Declares `qkd-sim openapi`. */
export const openApiCommands = (program: Command): void => {
  command(program, 'openapi', 'Print the OpenAPI description of the key server, as it serves it at /openapi.json.', 'qkd-sim openapi > qkd-openapi.yaml')
    .option('--json', 'print it as JSON, not as YAML')
    .action(({ json }: { json?: true }) => {
      if (json) printJson(openApi());
      else print(stringify(openApi()).trimEnd());
    });
};
