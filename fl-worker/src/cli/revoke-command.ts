/** The command `fl-worker revoke`, and the options that a revocation takes wherever it is asked for. */
import { Option, type Command } from 'commander';
import { sign, type Revocation } from '@epione/protocol';
import { WorkerError } from '../error.js';
import { memberCommand, withMembership, type Print, type SiteOptions } from './member-command.js';
import { currentRecord } from '../round/course.js';

interface RevocationOptions {
  readonly reason?: string;
  readonly since?: string;
}

const reasons: readonly Revocation['reason'][] = ['superseded', 'left', 'compromised'];

/** Why a record is revoked. */
export const reasonOption = (): Option => new Option('--reason <reason>', 'why').choices(reasons).makeOptionMandatory();

export const sinceText = 'with reason compromised: from when on its statements are suspect, such as 2026-11-20T08:00Z';

/** Reason and time as statements have them. @throws WorkerError CONFIG_INVALID for what is no time. */
export function revocationOf({ reason, since }: RevocationOptions): Pick<Revocation, 'reason' | 'since'> {
  const time = since === undefined ? undefined : Date.parse(since);
  if (Number.isNaN(time)) throw new WorkerError('CONFIG_INVALID', `--since: ${since ?? ''} is no time`, { remedy: 'Write it as 2026-11-20T08:00Z.' });
  return { reason: reason as Revocation['reason'], ...(time === undefined ? {} : { since: time }) };
}

/** Adds `revoke`. */
export function addRevokeCommand(program: Command, print: Print): void {
  memberCommand(program, 'revoke', 'revoke this organization\'s own record: nothing is accepted under it from then on')
    .addOption(reasonOption())
    .option('--since <time>', sinceText)
    .action((options: SiteOptions & RevocationOptions) =>
      withMembership(options, async ({ ledger, keys, config: { mspId } }) => {
        const { digest: record } = await currentRecord(ledger, mspId);
        const { digest } = await ledger.revokeParticipant(sign('revocation', { mspId, record, ...revocationOf(options) }, keys.signer));
        print(options.json, { revocation: digest, record }, `revoked ${record} with ${digest}; come back with fl-worker init`);
      }),
    );
}
