/** What the commands of an organization share: its configuration, its membership for the time of one command, and where results go. */
import type { Command } from 'commander';
import { readConfig } from '../config.js';
import { openMembership, type Membership } from '../site/membership.js';

/** What every such command takes. */
export interface SiteOptions {
  readonly config: string;
  readonly json?: boolean;
}

/** Writes a result: JSON, or text for people. */
export type Print = (json: boolean | undefined, value: object, text: string) => void;

/** Declares a command of a group with the options that all have. */
export const memberCommand = (group: Command, usage: string, description: string): Command =>
  group.command(usage).description(description).requiredOption('--config <file>', 'configuration, YAML').option('--json', 'JSON on stdout');

/** Does something in an organization's name. */
export async function withMembership<T>(options: SiteOptions, act: (membership: Membership) => Promise<T>): Promise<T> {
  const membership = await openMembership(await readConfig(options.config));
  using ledger = membership.ledger;
  return await act({ ...membership, ledger });
}
