/** The commands that switch Eve's attacks on a link on and off. */
import { type Command, Option } from 'commander';
import { readSiteConfig } from '../config.js';
import { type Eve, alterableMessages } from '../optics/eve.js';
import { askAdmin } from '../site/admin.js';
import { command, decibels, fraction, print, printJson } from './command.js';

/** What the attacks are told; each declares its own part. */
interface Options {
  readonly config: string;
  readonly link: string;
  readonly json?: true;
  readonly fraction: number;
  readonly fiberLossDb: number;
  readonly bitsPerPulse: number;
  readonly message: (typeof alterableMessages)[number];
}

/** Declares `qkd-sim eve` with a command for each attack. */
export const eveCommands = (program: Command): void => {
  const exampleOf = (attack: string): string => `qkd-sim eve ${attack} --config sites/north/site.yaml --link north-south`;
  const eve = command(program, 'eve', 'Let Eve attack a link, one way at a time, or let her go.', exampleOf('intercept-resend --fraction 0.5'))
    .requiredOption('--config <file>', 'the configuration of the site where Alice is')
    .requiredOption('--link <name>', 'the link')
    .option('--json', 'print what was set as JSON')
    .helpCommand(false);

  const attack = (name: Eve['attack'], description: string, example: string, asked: (options: Options) => Eve): Command =>
    command(eve, name, description, exampleOf(example)).configureHelp({ showGlobalOptions: true }).action(async (_options: unknown, made: Command) => {
      const options = made.optsWithGlobals<Options>();
      const { config, link, json } = options;
      const set = await askAdmin(readSiteConfig(config), 'eve', { link, eve: asked(options) });
      if (json) printJson(set);
      else print(name === 'off' ? `${link}: Eve is gone` : `${link}: Eve's attack is ${name}`);
    });

  attack(
    'intercept-resend', 'She measures a share of the pulses and sends on what she saw: QBER rises by a quarter of it.', 'intercept-resend --fraction 0.5',
    (options) => ({ attack: 'intercept-resend', fraction: options.fraction }),
  ).requiredOption('--fraction <share>', 'share of the pulses, 0 to 1', fraction);

  attack(
    'photon-number-splitting', 'She keeps one photon of several and blocks single ones; a better fibre hides it.', 'photon-number-splitting',
    (options) => ({ attack: 'photon-number-splitting', fraction: options.fraction, fiberLossDb: options.fiberLossDb }),
  )
    .option('--fraction <share>', 'share of the pulses, 0 to 1', fraction, 1)
    .option('--fiber-loss-db <dB>', 'loss of her fibre', decibels, 0);

  attack('blinding', "She holds Bob's detectors blind and has them click as she likes.", 'blinding', () => ({ attack: 'blinding' }));
  attack(
    'trojan-horse', "She reads Alice's settings from light that she shines into her device.", 'trojan-horse --bits-per-pulse 0.05',
    (options) => ({ attack: 'trojan-horse', bitsPerPulse: options.bitsPerPulse }),
  ).requiredOption('--bits-per-pulse <bits>', "what Alice's monitor of incoming light allows her to have learnt, 0 to 1", fraction);

  const messageOption = (value: Options['message']): Option => new Option('--message <type>', 'the message of the classical channel').choices(alterableMessages).default(value);
  attack('tamper', 'She changes a bit of a message between the ends.', 'tamper --message amplify', ({ message }) => ({ attack: 'tamper', message }))
    .addOption(messageOption('amplify'));
  attack('replay', 'She sends a message of the block before in place of the new one.', 'replay --message tag', ({ message }) => ({ attack: 'replay', message }))
    .addOption(messageOption('tag'));
  attack('off', 'Let her go.', 'off', () => ({ attack: 'off' }));
};
