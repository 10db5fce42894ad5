/** What the commands of `fl-audit` have in common. */
import { Command, Option } from 'commander';
import type { IdentityName } from '../ledger/profile.js';

/** Where results and remarks go. */
export interface Output {
  /** Results. */
  readonly out: (text: string) => void;
  /** Remarks and errors. */
  readonly note: (text: string) => void;
}

const identities = ['auditor', 'operator', 'officer', 'worker', 'admin'];

/** A command with the options that all have; its help begins with an example. @param identity of the profile, that asks unless told otherwise. */
export function command(name: string, summary: string, example: string, identity: IdentityName = 'auditor'): Command {
  return new Command(name)
    .description(summary)
    .addHelpText('before', `Example: ${example}\n`)
    .option('--profile <file>', 'connection profile of a running channel')
    .addOption(new Option('--identity <name>', 'which identity of the profile asks').choices(identities).default(identity))
    .option('--allow-classical-tls', 'accept peers without post-quantum key exchange')
    .option('--evidence <dir>', 'folder written by fl-audit export, instead of a channel')
    .option('--trust-root <file>', 'pinned first block, organizations and orderers; without it nothing is verified')
    .option('--chaincode <name>', 'chaincode that holds the studies; the profile\'s, else epione')
    .option('--json', 'print one JSON document');
}
