/** What a study run found out: the one document behind the table, the plot and `--json`. */
import type { Verdict } from '@epione/client';
import { linePlot, table, type Metrics } from '@epione/fl-worker';

/** A quantum link between two sites. */
export interface LinkOutcome {
  readonly name: string;
  readonly state: string;
  /** Why it does not deliver keys. */
  readonly reason?: string;
  /** Of the last block, 0 to 1. */
  readonly qber?: number;
  readonly secretBits: number;
  readonly usedBits: number;
}

/** One round; times are those of the slowest site, in ms. */
export interface RoundOutcome {
  readonly round: number;
  readonly outcome: string;
  readonly model?: string;
  /** Why it has no model, as the ledger says. */
  readonly reason?: string;
  /** From its opening to its end, by the ledger's clock. */
  readonly seconds: number;
  readonly trainingMs: number;
  readonly keysMs: number;
  readonly sealingMs: number;
  readonly ledgerMs: number;
  readonly aggregationMs: number;
  /** AUC of the round's model on the held-out set. */
  readonly auc?: number;
}

/** Values by model: each hospital alone, all data in one place, and the federated model once there is one. */
export interface Comparison {
  readonly pooled: number;
  readonly federated?: number;
  readonly local: Readonly<Record<string, number>>;
}

export interface StudyOutcome {
  readonly study: { readonly digest: string; readonly name: string };
  readonly outcome: 'complete' | 'refused';
  /** Digest of the final model. */
  readonly model?: string;
  readonly auc: Comparison;
  readonly accuracy: Comparison;
  readonly logLoss: Comparison;
  /** Rows by hospital, and held out. */
  readonly examples: Readonly<Record<string, number>>;
  readonly links: readonly LinkOutcome[];
  readonly ledger: { readonly channel: string; readonly genesis: string; readonly height: number };
  readonly rounds: readonly RoundOutcome[];
  readonly verify: Verdict;
  readonly seconds: number;
}

/** Metrics by model as three comparisons. */
export function compare(pooled: Metrics, local: Readonly<Record<string, Metrics>>, federated?: Metrics): Pick<StudyOutcome, 'auc' | 'accuracy' | 'logLoss'> {
  const by = (name: 'auc' | 'accuracy' | 'logLoss'): Comparison => ({
    pooled: pooled[name] ?? Number.NaN,
    ...(federated?.[name] === undefined ? {} : { federated: federated[name] }),
    local: Object.fromEntries(Object.entries(local).map(([site, metrics]) => [site, metrics[name] ?? Number.NaN])),
  });
  return { auc: by('auc'), accuracy: by('accuracy'), logLoss: by('logLoss') };
}

const fixed = (value: number | undefined, digits: number): string => value?.toFixed(digits) ?? '-';

function modelTable({ auc, accuracy, logLoss, examples }: StudyOutcome): string {
  const sites = Object.keys(auc.local);
  const rows = sites.map((site) => [`${site} alone`, String(examples[site] ?? '-'), fixed(auc.local[site], 4), fixed(accuracy.local[site], 4), fixed(logLoss.local[site], 4)]);
  const total = sites.reduce((sum, site) => sum + (examples[site] ?? 0), 0);
  const row = (name: string, kind: 'federated' | 'pooled'): string[] => [name, String(total), fixed(auc[kind], 4), fixed(accuracy[kind], 4), fixed(logLoss[kind], 4)];
  return table(['model', 'rows', 'AUC', 'accuracy', 'log loss'], [...rows, row('federated', 'federated'), row('pooled', 'pooled')]);
}

function roundTable(rounds: readonly RoundOutcome[]): string {
  const ms = (value: number): string => value.toFixed(0);
  return table(
    ['round', 'outcome', 's', 'training ms', 'keys ms', 'sealing ms', 'ledger ms', 'aggregation ms', 'AUC'],
    rounds.map((round) => [
      round.round, round.reason === undefined ? round.outcome : `${round.outcome}: ${round.reason}`, round.seconds.toFixed(1),
      ms(round.trainingMs), ms(round.keysMs), ms(round.sealingMs), ms(round.ledgerMs), ms(round.aggregationMs), fixed(round.auc, 4),
    ]),
  );
}

const linkTable = (links: readonly LinkOutcome[]): string =>
  table(['link', 'state', 'QBER', 'secret bits', 'used bits'], links.map((link) => [link.name, link.reason === undefined ? link.state : `${link.state}: ${link.reason}`, fixed(link.qber, 4), link.secretBits, link.usedBits]));

/** The outcome for people. */
export function outcomeText(outcome: StudyOutcome): string {
  const { ledger, verify } = outcome;
  const failed = verify.checks.filter((check) => check.result === 'fail');
  const count = (result: string): number => verify.checks.filter((check) => check.result === result).length;
  return [
    `On ${outcome.examples['heldOut'] ?? 0} held-out rows that no one trained on:`, '', modelTable(outcome), '',
    'Rounds (times of the slowest site):', '', roundTable(outcome.rounds), '',
    'Quantum links (emulated):', '', linkTable(outcome.links), '',
    `Ledger: channel ${ledger.channel}, height ${ledger.height}, ${ledger.genesis}`,
    `Study: ${outcome.study.name}, ${outcome.study.digest}, ${outcome.outcome}`,
    `Verification: ${verify.verdict} (${count('pass')} checks passed, ${count('absent')} have no evidence yet, ${failed.length} failed)`,
    ...failed.map((check) => `  ${check.name}: ${check.message ?? ''} ${check.object ?? ''}`),
  ].join('\n');
}

/** The federated model's way over the rounds, against what it is compared with; undefined without a model. */
export function outcomePlot({ rounds, auc }: StudyOutcome): string | undefined {
  const values = rounds.flatMap((round) => (round.auc === undefined ? [] : [round.auc]));
  if (values.length === 0) return undefined;
  const local = Object.entries(auc.local).map(([site, value]) => ({ name: `${site} alone`, values: [value] }));
  return linePlot('AUC on the held-out set, by round', 'AUC', [{ name: 'federated', values }, { name: 'pooled', values: [auc.pooled] }, ...local]);
}
