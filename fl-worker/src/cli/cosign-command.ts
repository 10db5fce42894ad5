/** The command `fl-worker cosign`: the organization's cosignature of the channel's log, under the keys that only its worker can read. */
import { join } from 'node:path';
import { cosignLedger, readTrustRoot } from '@epione/client';
import type { Command } from 'commander';
import { memberCommand, withMembership, type Print, type SiteOptions } from './member-command.js';

/** Adds `cosign`. */
export function addCosignCommand(program: Command, print: Print): void {
  memberCommand(program, 'cosign', 'check the whole chain, and cosign its log of blocks: what is cosigned, nobody rewrites')
    .requiredOption('--trust-root <file>', 'pinned first block, organizations and orderers')
    .action((options: SiteOptions & { readonly trustRoot: string }) =>
      withMembership(options, async ({ ledger, keys, config, profile }) => {
        const trustRoot = await readTrustRoot(options.trustRoot);
        const done = await cosignLedger(ledger, { trustRoot, chaincode: profile.chaincode, signer: keys.signer, memory: join(config.state, 'anchor.json'), time: Math.floor(Date.now() / 1000) });
        print(options.json, done ?? {}, done === undefined ? 'nothing has grown' : `${done.size} blocks cosigned: ${done.txId}`);
      }),
    );
}
