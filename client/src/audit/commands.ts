/** The commands of `fl-audit`, their options and their help. */
import { Command, Option } from 'commander';
import { writeEvidence } from '../evidence/evidence.js';
import { UsageError } from '../ledger/faults.js';
import { readReveals } from '../verify/masked.js';
import { readContentKeys } from '../verify/recompute.js';
import type { Verdict } from '../verify/report.js';
import { verify } from '../verify/verify.js';
import { readText } from './anchor-actions.js';
import { anchorCommand } from './anchor-commands.js';
import { command, type Output } from './command.js';
import { readHistory, type History } from './history.js';
import { printLog, printMembers, printRounds, printStudies, printVerdict } from './print.js';
import { openSource, type Source, type SourceOptions } from './source.js';
import { showLog, showMembers, showRounds, showStudies } from './views.js';
import { watchCommand } from './watch-command.js';

interface VerifyFlags extends SourceOptions {
  readonly blobs?: readonly string[];
  readonly contentKeys?: readonly string[];
  readonly reveals?: readonly string[];
  readonly checkpoints?: readonly string[];
}

const study = new Option('--study <digest>', 'one study only');

/** Prints what a view shows of the history. */
function viewing<T>(output: Output, key: string, show: (history: History, source: Source, options: SourceOptions) => T, print: (value: T) => string) {
  return async (options: SourceOptions): Promise<void> => {
    const source = await openSource(options);
    const history = readHistory(source);
    if (!history.verified) output.note('not verified: no --trust-root was given');
    const value = show(history, source, options);
    output.out(options.json === true ? JSON.stringify({ verified: history.verified, height: source.evidence.blocks.length, [key]: value }, undefined, 2) : print(value));
  };
}

async function verifying(options: VerifyFlags, output: Output): Promise<Verdict['verdict']> {
  const { evidence, trustRoot, chaincode } = await openSource(options);
  if (trustRoot === undefined) throw new UsageError('verify needs --trust-root FILE');
  const contentKeys = options.contentKeys === undefined ? undefined : await readContentKeys(...options.contentKeys);
  const reveals = options.reveals === undefined ? undefined : await readReveals(...options.reveals);
  const verdict = await verify(evidence, trustRoot, {
    chaincode,
    blobFolders: options.blobs ?? [],
    checkpoints: await Promise.all((options.checkpoints ?? []).map(readText)),
    ...(options.study === undefined ? {} : { study: options.study }),
    ...(contentKeys === undefined ? {} : { contentKeys }),
    ...(reveals === undefined ? {} : { reveals }),
  });
  output.out(options.json === true ? JSON.stringify(verdict, undefined, 2) : printVerdict(verdict));
  return verdict.verdict;
}

async function exporting(options: SourceOptions & { readonly out: string }, output: Output): Promise<void> {
  const { evidence } = await openSource(options);
  await writeEvidence(options.out, evidence);
  const summary = { folder: options.out, blocks: evidence.blocks.length, heads: evidence.heads.map((head) => head.mspId) };
  output.out(options.json === true ? JSON.stringify(summary) : `${summary.blocks} blocks, head signed by ${summary.heads.join(', ')}: ${options.out}`);
}

/**
 * The whole command line. Errors leave as exceptions; commander's own, and its help, as `CommanderError`.
 * @param decided told how a verification ended.
 */
export function auditCommand(output: Output, decided: (verdict: Verdict['verdict']) => void): Command {
  const studies = viewing(output, 'studies', (history, _source, options) => showStudies(history, options.study), printStudies);
  const rounds = viewing(output, 'rounds', (history, _source, options) => showRounds(history, options.study), printRounds);
  const members = viewing(output, 'members', showMembers, printMembers);
  const log = viewing(output, 'log', (history, { chaincode }) => showLog(history, chaincode), printLog);
  const program = new Command('fl-audit')
    .description('Who did what, when, under which consent; checked without trusting anyone.')
    .addHelpText('before', 'Example: fl-audit verify --evidence evidence --trust-root trust-root.json --blobs blobs\n')
    .addCommand(command('study', 'studies, who approved them and how far they are', 'fl-audit study --profile HospitalA.json').addOption(study).action(studies))
    .addCommand(command('rounds', 'rounds, who submitted and who attested what', 'fl-audit rounds --profile HospitalA.json --study sha256:…').addOption(study).action(rounds))
    .addCommand(command('members', 'whose keys, from when to when; revocations, and who let whom back in', 'fl-audit members --profile HospitalA.json').action(members))
    .addCommand(command('log', 'every transaction, the refused ones too', 'fl-audit log --evidence evidence --trust-root trust-root.json --json').action(log))
    .addCommand(
      command('verify', 'all checks in their order; exit 0 valid, 1 invalid', 'fl-audit verify --evidence evidence --trust-root trust-root.json --blobs hospital-a/blobs regulator/blobs')
        .addOption(study)
        .option('--blobs <dirs...>', 'folders with sealed updates and models')
        .option('--checkpoints <files...>', 'cosigned checkpoints that were kept elsewhere: the chain must be theirs')
        .option('--content-keys <files...>', 'content keys handed over by aggregators, to recompute the models; where committees recompute, those of several')
        .option('--reveals <files...>', 'reveals of masked rounds, handed over with the content keys')
        .action(async (options: VerifyFlags) => { decided(await verifying(options, output)); }),
    )
    .addCommand(
      command('export', 'write the channel\'s evidence into a folder', 'fl-audit export --profile Regulator.json --out evidence')
        .requiredOption('--out <dir>', 'folder to write')
        .action((options: SourceOptions & { readonly out: string }) => exporting(options, output)),
    )
    .addCommand(watchCommand(output, (alarm) => { decided(alarm ? 'invalid' : 'valid'); }))
    .addCommand(anchorCommand(output, decided));
  const writing = { writeOut: (text: string) => { output.out(text.trimEnd()); }, writeErr: (text: string) => { output.note(text.trimEnd()); } };
  for (const each of [program, ...program.commands, ...program.commands.flatMap((group) => group.commands)]) each.exitOverride().configureOutput(writing);
  return program;
}
