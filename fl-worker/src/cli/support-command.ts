/** The command `fl-worker support-bundle`. */
import { writeFile } from 'node:fs/promises';
import { InvalidArgumentError, type Command } from 'commander';
import { readConfig } from '../config.js';
import { memberCommand, type Print, type SiteOptions } from './member-command.js';
import { gather } from '../support-bundle.js';

interface BundleOptions extends SiteOptions {
  readonly output: string;
  readonly log?: string;
  readonly lines: number;
}

function lineCount(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

/** Adds `support-bundle`. */
export function addSupportCommand(program: Command, print: Print): void {
  memberCommand(program, 'support-bundle', 'write what a person who helps needs to see into one file, without any secret; read it before you send it')
    .addHelpText('before', 'Example:\n  $ fl-worker support-bundle --config worker.yaml --log worker.log --output support.json\n')
    .requiredOption('--output <file>', 'where to; an existing file is not overwritten')
    .option('--log <file>', 'the JSON lines that fl-worker run wrote to stderr')
    .option('--lines <n>', 'how many of its last lines', lineCount, 200)
    .action(async ({ config, output, log, lines, json }: BundleOptions) => {
      const bundle = await gather(await readConfig(config), log, lines, Date.now);
      await writeFile(output, `${JSON.stringify(bundle, null, 1)}\n`, { mode: 0o600, flag: 'wx' });
      print(json, { output, events: bundle.log.events.length, leftOut: bundle.log.leftOut }, `wrote ${output}: ${bundle.log.events.length} events, ${bundle.log.leftOut} lines of another form left out. Read it before you send it.`);
    });
}
