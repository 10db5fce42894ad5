/** The commands `fl-worker study propose …`, `proposals` and `open-epoch`: how an open study changes. */
import type { Command } from 'commander';
import type { Digest, Proposal } from '@epione/protocol';
import { memberCommand, withMembership, type Print, type SiteOptions } from './member-command.js';
import { reasonOption, revocationOf, sinceText } from './revoke-command.js';
import type { RosterChange } from '../round/changes.js';
import { listProposals, openNextEpoch, propose, type Change } from '../site/proposal-desk.js';
import { studyDigestOf } from '../site/study-desk.js';

interface ProposalOptions extends SiteOptions, RosterChange {
  readonly note?: string;
  readonly round?: string;
  readonly proposal?: string;
  readonly organization?: string;
  readonly record?: string;
  readonly reason?: string;
  readonly since?: string;
}

/** What a proposal would do, in one line. */
function described(statement: Proposal): string {
  if (statement.kind === 'roster') return `roster: ${statement.participants.join(', ')} train; ${statement.aggregators.join(', ')} recompute, ${statement.quorum} must agree`;
  if (statement.kind === 'revoke') return `revoke ${statement.revokes} of ${statement.mspId}: ${statement.reason}${statement.since === undefined ? '' : ` since ${new Date(statement.since).toISOString()}`}`;
  if (statement.kind === 'admit') return `admit ${statement.mspId} with ${statement.admits}, which it must have told you itself`;
  return statement.kind === 'abort' ? `abort round ${statement.round}` : 'end the study';
}

/** Adds them to the group `study`. */
export function addProposalCommands(study: Command, print: Print): void {
  const group = study.command('propose').description('propose a change of an open study');
  const proposing = (usage: string, description: string, wanted: (options: ProposalOptions) => Change): Command =>
    memberCommand(group, usage, `${description}; its members decide with \`study approve\``)
      .option('--note <text>', 'why, for those who decide')
      .action((name: string, options: ProposalOptions) =>
        withMembership(options, async (membership) => {
          const { digest } = await propose(membership, await studyDigestOf(name), wanted(options), options.note);
          print(options.json, { proposal: digest }, digest);
        }),
      );

  proposing('roster <study>', 'who takes part from a later round on', (options) => ({ kind: 'roster', change: options }))
    .option('--add <mspIds...>', 'organizations that train and recompute from then on')
    .option('--remove <mspIds...>', 'organizations that leave')
    .option('--participants <mspIds...>', 'all who train, instead of the present ones')
    .option('--aggregators <mspIds...>', 'all who recompute, instead of the present ones');
  proposing('abort <study>', 'abort a round before its deadline', ({ round }) => ({ kind: 'abort', round: Number(round) }))
    .requiredOption('--round <number>', 'the round');
  proposing('revoke <study>', 'revoke the record of a member whose keys are stolen or lost, or who shall go', (options) => ({ kind: 'revoke', mspId: options.organization ?? '', ...revocationOf(options) }))
    .requiredOption('--organization <mspId>', 'the member')
    .addOption(reasonOption())
    .option('--since <time>', sinceText);
  proposing('admit <study>', 'let a member come back with a new record', ({ organization = '', record }) => ({ kind: 'admit', mspId: organization, admits: record as Digest }))
    .requiredOption('--organization <mspId>', 'the member')
    .requiredOption('--record <digest>', 'the record, as `fl-worker init` told it to the member: have it read to you, by telephone or in person');
  proposing('end <study>', 'end the study after the running round', () => ({ kind: 'end' }));

  memberCommand(study, 'proposals <study>', 'the proposals of a study and who approved them')
    .action((name: string, options: SiteOptions) =>
      withMembership(options, async (membership) => {
        const proposals = await listProposals(membership, await studyDigestOf(name));
        const lines = proposals.map(({ proposal, statement, approvedBy, carried }) => `${proposal}  ${described(statement)}  approved by ${approvedBy.join(', ') || 'nobody'}${carried ? ', carried' : ''}`);
        print(options.json, { proposals }, lines.join('\n'));
      }),
    );
  memberCommand(study, 'open-epoch <study>', 'write the next epoch now, as workers do once a roster is approved')
    .option('--proposal <digest>', 'the approved roster; without it the present roster gets its members\' present records')
    .action((name: string, options: ProposalOptions) =>
      withMembership(options, async (membership) => {
        const { digest, epoch } = await openNextEpoch(membership, await studyDigestOf(name), options.proposal as Digest | undefined);
        print(options.json, { statement: digest, epoch: epoch.epoch, from: epoch.from }, `epoch ${epoch.epoch} from round ${epoch.from} on`);
      }),
    );
}
