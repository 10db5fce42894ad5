/** The command `fl-worker contribution`: what each hospital's updates added to a study's model, recomputed from what this organization opened. */
import { readFile } from 'node:fs/promises';
import { digestOf, type Digest } from '@epione/protocol';
import { Option, type Command } from 'commander';
import { contributionDigest, contributionOf, utilities, type Contribution, type TestRows, type UtilityName } from '../contribution/contribution.js';
import { keptRounds } from '../contribution/kept-rounds.js';
import { contributionText, keepContribution } from '../contribution/told.js';
import { readCsv } from '../data/csv.js';
import { toDataset } from '../data/dataset.js';
import { WorkerError } from '../error.js';
import { readStudyView, type StudyInForce } from '../round/course.js';
import { openSite, type Membership } from '../site/membership.js';
import type { Site } from '../site/site.js';
import { studyDigestOf } from '../site/study-desk.js';
import { readState } from '../state/database.js';
import { Outbox } from '../state/outbox.js';
import { memberCommand, withMembership, type Print, type SiteOptions } from './member-command.js';
import { surroundings } from './surroundings.js';

interface ContributionCommandOptions extends SiteOptions {
  readonly test: string;
  readonly study?: string;
  readonly utility?: UtilityName;
  readonly method?: 'exact' | 'gtg';
  readonly out?: string;
}

/** The option that both commands with contributions have. */
export const utilityOption = (): Option => new Option('--utility <metric>', 'what a model is worth: auc (concordance of a Cox model) unless another is named').choices(utilities);

/** Computes it at an opened site. @throws WorkerError DATA_MISSING without a state of the study, and as `contributionOf` and `keptRounds`. */
export async function contributionAt(site: Site, digest: Digest, testFile: string, { utility, method }: Pick<ContributionCommandOptions, 'utility' | 'method'>): Promise<Contribution> {
  const { document, course } = await readStudyView(site.ledger, digest);
  if (course === undefined) throw new WorkerError('STUDY_NOT_OPEN', 'the study has no rounds yet');
  const study: StudyInForce = { digest, document, course };
  const bytes = await readFile(testFile).catch((cause: unknown) => {
    throw new WorkerError('DATA_MISSING', `cannot read the test rows ${testFile}`, { cause });
  });
  const test: TestRows = { data: toDataset(readCsv(bytes.toString('utf8')), document), digest: digestOf(bytes) };
  using database = readState(site.config.state, digest);
  if (database === undefined) throw new WorkerError('DATA_MISSING', `${site.config.state} holds nothing of this study`, { remedy: 'Contributions are computed where a worker has aggregated the study.' });
  const onRound: Parameters<typeof contributionOf>[0]['onRound'] = ({ round, before, after, evaluations }) => { site.report('contribution', { round, before, after, evaluations }); };
  return await contributionOf({ study: document, test, utility, method, onRound }, keptRounds(site, study, new Outbox(database)));
}

async function run(membership: Membership, options: ContributionCommandOptions, print: Print): Promise<void> {
  const { config } = membership;
  const site = await openSite(membership, surroundings(config, options.json ?? false));
  const contribution = await contributionAt(site, await studyDigestOf(options.study ?? config.study), options.test, options);
  if (options.out !== undefined) await keepContribution(options.out, contribution);
  print(options.json, { digest: contributionDigest(contribution), ...contribution }, contributionText(contribution));
}

/** Adds `contribution`. */
export function addContributionCommand(program: Command, print: Print): void {
  memberCommand(program, 'contribution', 'what each hospital\'s updates added to a study\'s model (Shapley values), from the updates that this organization opened; the same digest at every organization with the same test rows')
    .requiredOption('--test <file>', 'CSV with the rows to judge models by; the same file at every organization that recomputes')
    .option('--study <study>', 'digest or file of the study; the configuration\'s when left out')
    .addOption(utilityOption())
    .addOption(new Option('--method <method>', 'exact up to 8 sites and GTG-Shapley above, unless one is named').choices(['exact', 'gtg']))
    .option('--out <folder>', 'write contribution.json and contribution.svg')
    .addHelpText('before', 'Example:\n  $ fl-worker contribution --config worker.yaml --test held-out.csv --out contribution\n')
    .action((options: ContributionCommandOptions) => withMembership(options, (membership) => run(membership, options, print)));
}
