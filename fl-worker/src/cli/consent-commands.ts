/** The commands `fl-worker consent …`: what a hospital records about its patients' consents. */
import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { readConfig } from '../config.js';
import { grantConsents, withdrawConsent } from '../site/consent-desk.js';
import { openMembership, type Membership } from '../site/membership.js';
import { studyDigestOf } from '../site/study-desk.js';
import type { Digest } from '@epione/protocol';

interface ConsentOptions {
  readonly config: string;
  readonly study?: string;
  readonly json?: boolean;
}

type Print = (json: boolean | undefined, value: object, text: string) => void;

async function atDesk<T>(options: ConsentOptions, act: (membership: Membership, study: Digest) => Promise<T>): Promise<T> {
  const config = await readConfig(options.config);
  const study = await studyDigestOf(options.study ?? config.study);
  const membership = await openMembership(config);
  using ledger = membership.ledger;
  return await act({ ...membership, ledger }, study);
}

/** Adds `consent grant | withdraw`. */
export function addConsentCommands(program: Command, print: Print): void {
  const consent = program.command('consent').description('record and withdraw consents of the persons in the data file, by pseudonym');
  const add = (usage: string, description: string): Command =>
    consent
      .command(usage)
      .description(description)
      .requiredOption('--config <file>', 'configuration, YAML')
      .option('--study <study>', 'digest or file; the configuration\'s study when left out')
      .option('--json', 'JSON on stdout');

  add('grant', 'record that all persons of the data file permit the study\'s purpose and classes')
    .addHelpText('before', 'Example:\n  $ fl-worker consent grant --config worker.yaml --study sha256:…\n')
    .action((options: ConsentOptions) =>
      atDesk(options, async (membership, study) => {
        const done = await grantConsents(membership, study, (length) => new Uint8Array(randomBytes(length)), Date.now());
        print(options.json, done, `${done.rows} rows: ${done.granted} consents recorded now, ${done.withdrawn} withdrawn, the others in force before`);
      }),
    );
  add('withdraw <row>', 'withdraw the consent of one row\'s person; it stops the next round')
    .addHelpText('before', 'Example:\n  $ fl-worker consent withdraw 017 --config worker.yaml\n')
    .action((row: string, options: ConsentOptions) =>
      atDesk(options, async (membership, study) => {
        const done = await withdrawConsent(membership, study, row, Date.now());
        print(options.json, done, `consent ${done.consentId} withdrawn`);
      }),
    );
}
