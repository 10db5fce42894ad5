/** The verification: evidence, one trust root, and the checks in their order; offline, trusting no peer's answer (PROTOCOL section 11). */
import { committeeSize } from '@epione/protocol';
import type { Evidence } from '../evidence/evidence.js';
import type { TrustRoot } from '../evidence/trust-root.js';
import { checkAnchors } from './anchors.js';
import { Blobs, checkDigests, checkHeaders } from './blobs.js';
import { checkBudgets } from './budgets.js';
import { verifyChain, type Chain } from './chain/chain.js';
import type { Reveals } from './masked.js';
import { checkAggregates, type ContentKeys } from './recompute.js';
import { repeatHistory } from './replay/history.js';
import type { Registry, StudyBook } from './replay/registry.js';
import { Broken, Report, type Verdict } from './report.js';
import { checkConsent, checkEquivocation, checkKeys, checkQuorums, checkSuspects, deriveRounds, type RoundFound } from './rounds.js';

/** What to verify and with what beside the ledger. */
export interface VerifyOptions {
  /** Digest of a study; all studies of the channel when absent. */
  readonly study?: string;
  /** Name of the chaincode that holds the studies. */
  readonly chaincode: string;
  /** Folders with blobs, by digest. */
  readonly blobFolders: readonly string[];
  /** Handed over by an aggregator; without them no update is opened. */
  readonly contentKeys?: ContentKeys;
  /** Of masked rounds, handed over by an aggregator. */
  readonly reveals?: Reveals;
  /** Notes of checkpoints that were kept elsewhere: the chain must be theirs. */
  readonly checkpoints?: readonly string[];
}

type Counts = Verdict['counts'];
interface StudyFound {
  readonly book: StudyBook;
  readonly rounds: readonly RoundFound[];
}

/** Check `beacon.chain`: links, beacons and committees were checked with the submissions and attestations that they stand in. */
function checkBeacons(ledger: Registry, report: Report): void {
  const committees = [...ledger.studies.values()].filter(({ study }) => committeeSize(study) !== undefined);
  const links = committees.flatMap(({ rounds }) => [...rounds.values()].flatMap(({ submitted }) => submitted));
  if (committees.length === 0) report.absent('beacon.chain', 'no study has a committee');
  else report.pass('beacon.chain', `${links.length} links`);
}

function pickStudies(ledger: Registry, wanted: string | undefined, report: Report): StudyBook[] {
  const books = [...ledger.studies.values()];
  if (wanted === undefined) return books;
  if (!ledger.studies.has(wanted)) report.broken('study.digest', wanted, 'STUDY_UNKNOWN: the ledger holds no such study');
  return books.filter((book) => book.digest === wanted);
}

/** Checks that hold for the channel as a whole. */
function checkLedger(chain: Chain, chaincode: string, ledger: Registry, report: Report): void {
  for (const name of ['study.digest', 'study.approved', 'record.possession', 'record.chain', 'round.opened', 'submission.signature', 'suite.allowed', 'attestation.signature'] as const) report.pass(name);
  const epochs = [...ledger.studies.values()].reduce((sum, { course }) => sum + (course?.epochs.length ?? 0), 0);
  report.pass('course.epochs', `${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}, ${[...ledger.studies.values()].reduce((sum, { setups }) => sum + setups.size, 0)} set-ups`);
  checkBeacons(ledger, report);
  checkBudgets([...ledger.studies.values()], report);
  checkSuspects(ledger, report);
  checkEquivocation(chain, chaincode, ledger, report);
  checkKeys(ledger, report);
}

async function checkStudies(chain: Chain, ledger: Registry, options: VerifyOptions, blobs: Blobs, report: Report): Promise<StudyFound[]> {
  const latest = Math.max(0, ...chain.valid.map((transaction) => transaction.time));
  const studies = pickStudies(ledger, options.study, report).map((book) => ({ book, rounds: deriveRounds(book, latest, report) }));
  const rounds = studies.flatMap((entry) => entry.rounds);
  report.pass('round.sealed');
  for (const { book } of studies) checkConsent(book, chain, ledger, report);
  checkQuorums(rounds, report);
  if (options.blobFolders.length === 0) {
    report.absent('blob.digest', 'no blob folder was given');
    report.absent('blob.header', 'no blob folder was given');
  } else {
    await checkDigests(blobs, rounds, report);
    await checkHeaders(blobs, rounds, report);
  }
  const { contentKeys, reveals = [] } = options;
  const handed = contentKeys && { contentKeys, reveals };
  for (const entry of studies) await checkAggregates(entry.book, entry.rounds, blobs, handed, ledger, report);
  if (!studies.some(({ book }) => book.study.aggregation.mode === 'masked')) report.absent('mask.reveals', 'no study is masked');
  else if (reveals.length === 0) report.absent('mask.reveals', 'EVIDENCE_INCOMPLETE: reveals of an aggregator');
  else report.pass('mask.reveals', `${reveals.length} reveals`);
  return studies;
}

const count = (chain: Chain | undefined, evidence: Evidence, studies: readonly StudyFound[], blobs: Blobs): Counts => {
  const rounds = studies.flatMap((entry) => entry.rounds);
  return {
    blocks: evidence.blocks.length,
    transactions: chain?.valid.length ?? 0,
    studies: studies.length,
    rounds: rounds.length,
    submissions: rounds.reduce((sum, { round }) => sum + round.submitted.length, 0),
    blobs: blobs.digests.length,
  };
};

/**
 * Verifies a channel's evidence. Nothing is fetched, and nothing that a peer says is believed without a reason in the blocks.
 * The first failing check in the list is the verdict; a stage that fails ends those that stand on it.
 * @throws UsageError for a blob folder that cannot be read.
 */
export async function verify(evidence: Evidence, trustRoot: TrustRoot, options: VerifyOptions): Promise<Verdict> {
  const report = new Report(trustRoot.genesis);
  const blobs = await Blobs.in(options.blobFolders);
  let chain: Chain | undefined;
  let studies: readonly StudyFound[] = [];
  try {
    chain = verifyChain(evidence, trustRoot, report);
    const ledger = repeatHistory(chain, options.chaincode, report);
    checkAnchors(chain, ledger, trustRoot, options.checkpoints ?? [], report);
    checkLedger(chain, options.chaincode, ledger, report);
    studies = await checkStudies(chain, ledger, options, blobs, report);
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
  }
  return { verdict: report.verdict, checks: report.checks(), counts: count(chain, evidence, studies, blobs) };
}
