/** What a study run found out: the one document behind the table, the plot and `--json`. */
import type { Verdict } from '@epione/client';
import { linePlot, stacked, table, type Metrics } from '@epione/fl-worker';

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
  /** Epsilon spent up to this round, by hospital. */
  readonly epsilon?: Readonly<Record<string, number>>;
}

/** A study's privacy budget and what each hospital has spent of it. */
export interface PrivacyOutcome {
  /** Whose data are hidden. */
  readonly unit: 'patient' | 'site';
  readonly noiseMultiplier: number;
  readonly accountant: string;
  /** The budget. */
  readonly epsilon: number;
  readonly delta: number;
  /** Epsilon by hospital. */
  readonly spent: Readonly<Record<string, number>>;
}

/** Why a study has no model. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
}

/** Values by model: each hospital alone, all data in one place, and the federated model once there is one. */
export interface Comparison {
  readonly pooled: number;
  readonly federated?: number;
  readonly local: Readonly<Record<string, number>>;
}

export interface StudyOutcome {
  readonly study: { readonly digest: string; readonly name: string };
  /** Whether aggregators see each update, or only their sum under masks. */
  readonly aggregation: 'visible' | 'masked';
  /** Absent without a budget. */
  readonly privacy?: PrivacyOutcome;
  readonly outcome: 'complete' | 'refused';
  /** Only when refused. */
  readonly refusal?: Refusal;
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

function modelTable({ auc, accuracy, logLoss, examples, privacy }: StudyOutcome): string {
  const sites = Object.keys(auc.local);
  const rows = sites.map((site) => [`${site} alone`, String(examples[site] ?? '-'), fixed(auc.local[site], 4), fixed(accuracy.local[site], 4), fixed(logLoss.local[site], 4), '-']);
  const total = sites.reduce((sum, site) => sum + (examples[site] ?? 0), 0);
  const row = (name: string, kind: 'federated' | 'pooled'): string[] => [name, String(total), fixed(auc[kind], 4), fixed(accuracy[kind], 4), fixed(logLoss[kind], 4), kind === 'federated' && privacy !== undefined ? fixed(Math.max(...Object.values(privacy.spent)), 4) : '-'];
  const without = (cells: string[]): string[] => (privacy === undefined ? cells.slice(0, -1) : cells);
  return table(without(['model', 'rows', 'AUC', 'accuracy', 'log loss', 'epsilon']), [...rows, row('federated', 'federated'), row('pooled', 'pooled')].map(without));
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

/** What a study promises its patients, and the epsilon that each hospital has spent after each round. */
function privacyLines({ privacy, rounds, examples }: StudyOutcome): string[] {
  if (privacy === undefined) return ['Privacy: no budget; nothing hides a patient from whoever sees updates or models.'];
  const sites = Object.keys(privacy.spent).filter((site) => site in examples);
  const rows = rounds.filter((round) => round.epsilon !== undefined).map((round) => [round.round, ...sites.map((site) => fixed(round.epsilon?.[site], 4)), fixed(privacy.epsilon - Math.max(...Object.values(round.epsilon ?? {})), 4)]);
  return [
    `Privacy: one ${privacy.unit} hidden at delta ${privacy.delta}, noise ${privacy.noiseMultiplier}, accountant ${privacy.accountant}; epsilon spent, of ${privacy.epsilon}:`,
    ...(rows.length === 0 ? ['', 'none'] : ['', table(['round', ...sites, 'left'], rows)]),
  ];
}

/** The outcome for people. */
export function outcomeText(outcome: StudyOutcome): string {
  const { ledger, verify } = outcome;
  const failed = verify.checks.filter((check) => check.result === 'fail');
  const count = (result: string): number => verify.checks.filter((check) => check.result === result).length;
  return [
    ...(outcome.refusal === undefined ? [] : [`Refused: ${outcome.refusal.code}: ${outcome.refusal.message}.`, '']),
    `On ${outcome.examples['heldOut'] ?? 0} held-out rows that no one trained on:`, '', modelTable(outcome), '',
    ...(outcome.rounds.length === 0 ? [] : ['Rounds (times of the slowest site):', '', roundTable(outcome.rounds), '']),
    ...privacyLines(outcome), '',
    'Quantum links (emulated):', '', linkTable(outcome.links), '',
    `Ledger: channel ${ledger.channel}, height ${ledger.height}, ${ledger.genesis}`,
    `Study: ${outcome.study.name}, ${outcome.study.digest}, ${outcome.aggregation} aggregation, ${outcome.outcome}`,
    `Verification: ${verify.verdict} (${count('pass')} checks passed, ${count('absent')} have no evidence yet, ${failed.length} failed)`,
    ...failed.map((check) => `  ${check.name}: ${check.message ?? ''} ${check.object ?? ''}`),
  ].join('\n');
}

/** The federated model's way over the rounds, against what it is compared with, and below it the epsilon spent; undefined without a model. */
export function outcomePlot({ rounds, auc, privacy }: StudyOutcome): string | undefined {
  const values = rounds.flatMap((round) => (round.auc === undefined ? [] : [round.auc]));
  if (values.length === 0) return undefined;
  const local = Object.entries(auc.local).map(([site, value]) => ({ name: `${site} alone`, values: [value] }));
  const quality = linePlot('AUC on the held-out set, by round', 'AUC', [{ name: 'federated', values }, { name: 'pooled', values: [auc.pooled] }, ...local]);
  if (privacy === undefined) return quality;
  const spent = rounds.flatMap(({ epsilon }) => (epsilon === undefined ? [] : [Math.max(...Object.values(epsilon))]));
  return stacked([quality, linePlot(`Epsilon spent at delta ${privacy.delta}, by round`, 'epsilon', [{ name: 'spent', values: spent }, { name: 'budget', values: [privacy.epsilon] }])]);
}
