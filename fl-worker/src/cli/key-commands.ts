/** The commands `fl-worker key …`: the life of this organization's keys. */
import { randomBytes } from 'node:crypto';
import { InvalidArgumentError, type Command } from 'commander';
import { readConfig } from '../config.js';
import type { RandomBytes } from '../keys/seed-lock.js';
import { memberCommand, withMembership, type Print, type SiteOptions } from './member-command.js';
import { backUp, destroy, keyStatus, protect, restore } from '../site/key-desk.js';
import { rotateKeys } from '../site/rotation.js';
import { mayReplaceRecord } from '../state/database.js';

interface KeyOptions extends SiteOptions {
  readonly was?: string;
  readonly shares: number;
  readonly threshold: number;
  readonly to: string;
}

const random: RandomBytes = (length) => new Uint8Array(randomBytes(length));

function count(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError('It must be a whole number above 0.');
  return Number(text);
}

/** Adds `key status | protect | rotate | backup | restore | destroy`. */
export function addKeyCommands(program: Command, print: Print): void {
  const key = program.command('key').description('encrypt, replace, back up, bring back or destroy this organization\'s keys');
  const add = (usage: string, description: string, example: string): Command => memberCommand(key, usage, description).addHelpText('before', `Example:\n  $ fl-worker key ${example}\n`);

  add('status', 'how the key files are encrypted, and which earlier keys are still needed', 'status --config worker.yaml')
    .action(async (options: KeyOptions) => {
      const found = await keyStatus(await readConfig(options.config));
      const former = found.former.map(({ version, neededBy, replacedAt }) => `version ${version}: ${neededBy.length === 0 ? 'kept until somebody destroys it' : `needed by ${neededBy.join(', ')}`}${replacedAt === undefined ? '' : `, replaced ${new Date(replacedAt).toISOString()}`}`);
      print(options.json, found, [...found.files.map(({ file, encryption }) => `${file}: encryption ${encryption}`), ...former, ...(found.rotating ? ['a rotation has begun: run fl-worker key rotate'] : [])].join('\n'));
    });
  add('protect', 'encrypt the key files as keyProtection says, whatever they were encrypted by', 'protect --config worker.yaml --was before.yaml')
    .option('--was <file>', 'configuration with the keyProtection until now')
    .action(async (options: KeyOptions) => {
      const done = await protect(await readConfig(options.config), options.was === undefined ? undefined : await readConfig(options.was), random);
      print(options.json, { files: done }, done.map((file) => `encrypted ${file}`).join('\n'));
    });
  add('rotate', 'replace both keys, with a record that the old key signs too', 'rotate --config worker.yaml')
    .action((options: KeyOptions) => withMembership(options, async (membership) => {
      const { digest, record } = await rotateKeys(membership, random, () => mayReplaceRecord(membership.config.state));
      print(options.json, { mspId: record.mspId, record: digest, version: record.version }, `record ${digest} of ${record.mspId}, version ${record.version}; make new shares of its keys: fl-worker key backup`);
    }));
  add('backup', 'divide the keys among people: some of them together can bring them back', 'backup --config worker.yaml --shares 5 --threshold 3 --to /media/shares')
    .requiredOption('--shares <n>', 'how many shares are made', count)
    .requiredOption('--threshold <t>', 'how many of them bring the keys back', count)
    .requiredOption('--to <folder>', 'where the share files are written, one a person')
    .action(async (options: KeyOptions) => {
      const files = await backUp(await readConfig(options.config), options.shares, options.threshold, options.to, Date.now(), random);
      print(options.json, { files, threshold: options.threshold }, `${files.join('\n')}\nGive each to another person and keep none here: any ${options.threshold} are the keys.`);
    });
  add('restore <shares...>', 'bring the keys back from enough shares', 'restore share-1.json share-3.json share-4.json --config worker.yaml')
    .action(async (shares: string[], options: KeyOptions) => {
      const { made, refused } = await restore(await readConfig(options.config), shares, random);
      print(options.json, { made, refused }, [...made.map((file) => `made ${file}`), ...refused.map((name) => `not used, because it was changed or is of another division: ${name}`), 'Now: fl-worker init, which finds the ledger\'s record of these keys.'].join('\n'));
    });
  add('destroy <version>', 'destroy the keys of an earlier record now, whatever may still be sealed to them', 'destroy 3 --config worker.yaml')
    .action(async (version: string, options: KeyOptions) => {
      await destroy(await readConfig(options.config), Number(version), random);
      print(options.json, { destroyed: Number(version) }, `destroyed the keys of version ${version}`);
    });
}
