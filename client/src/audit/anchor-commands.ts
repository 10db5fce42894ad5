/** `fl-audit anchor`: cosign the channel's log, see who did, and carry proofs away. */
import { anchorSuites, type NoteKeyAlgorithm } from '@epione/protocol';
import { Command, InvalidArgumentError, Option } from 'commander';
import { equivocatorsIn } from '../anchor/views.js';
import { UsageError } from '../ledger/faults.js';
import type { Verdict } from '../verify/report.js';
import { archive, cosignNext, exportAnchors, judgeFiles, makeKey, pin, readStatus, type ArchiveFlags, type CosignFlags, type ExportFlags, type FileJudged, type PinFlags } from './anchor-actions.js';
import { command, type Output } from './command.js';
import { columns } from './print.js';
import type { SourceOptions } from './source.js';

const names = (list: readonly string[]): string => (list.length === 0 ? 'nobody' : list.join(', '));

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('It must be a whole number from 1.');
  return value;
}

function printFile({ file, good, size, cosigners = [], transaction, grownFrom, reason = '' }: FileJudged): string {
  const signed = size === undefined ? '' : `checkpoint of ${size} blocks, cosigned by ${names(cosigners)}${grownFrom === undefined ? '' : `, that begins with the ${grownFrom}`}`;
  const about = transaction === undefined ? signed : `${transaction.name} ${transaction.txId} stands in block ${transaction.block} with code ${transaction.code}; ${signed}`;
  return `${good ? 'ok  ' : 'FAIL'}  ${file}: ${[about, reason].filter((part) => part !== '').join('; ')}`;
}

/** The group of commands. @param decided told how a verification ended. */
export function anchorCommand(output: Output, decided: (verdict: Verdict['verdict']) => void): Command {
  const tell = (options: { readonly json?: boolean }, value: unknown, text: string): void => { output.out(options.json === true ? JSON.stringify(value) : text); };
  const keyFile = (what: string): Option => new Option('--key <file>', what).makeOptionMandatory();
  const out = (what: string): Option => new Option('--out <path>', what).makeOptionMandatory();

  const cosigning = command('cosign', 'check the chain, and cosign its log', 'fl-audit anchor cosign --profile HospitalA.json --trust-root trust-root.json --key hospital-a/keys/signing.seed --memory hospital-a/anchor.json', 'worker')
    .addOption(keyFile('seed of the signing key of the organization\'s record'))
    .option('--witness-key <file>', 'ML-DSA-44 seed, for a cosignature that C2SP software reads too')
    .requiredOption('--memory <file>', 'what the organization cosigned last; keep it')
    .action(async (options: CosignFlags) => {
      const done = await cosignNext(options);
      tell(options, done ?? {}, done === undefined ? 'nothing has grown' : `${done.size} blocks cosigned: ${done.txId}`);
    });
  const status = command('status', 'checkpoints on the ledger, and who cosigned them', 'fl-audit anchor status --profile HospitalA.json --trust-root trust-root.json')
    .action(async (options: SourceOptions) => {
      const found = await readStatus(options);
      const rows = found.checkpoints.map(({ size, root, cosigners, standing, anchored }) => [String(size), root.slice(0, 16), standing, anchored ? 'yes' : 'no', names(cosigners)]);
      tell(options, found, `${columns([['blocks', 'root', 'chain', 'anchored', 'cosigned by'], ...rows])}\n\n${found.height} blocks, ${found.minimum} cosigners are needed${found.pinned ? '' : '; no cosigner is pinned'}`);
    });
  const exporting = command('export', 'write the latest anchored checkpoint and proofs of transactions', 'fl-audit anchor export --evidence evidence --trust-root trust-root.json --out anchors')
    .addOption(out('folder to write'))
    .option('--transactions <ids...>', 'transactions of which a proof is wanted')
    .option('--since <file>', 'older checkpoint, from which growth is to be proven')
    .action(async (options: ExportFlags) => {
      const done = await exportAnchors(options);
      tell(options, done, `checkpoint of ${done.size} blocks, cosigned by ${names(done.cosigners)}: ${done.files.join(', ')}`);
    });
  const verifying = command('verify', 'check checkpoints and proofs by themselves, or against a chain; exit 0 valid, 1 invalid', 'fl-audit anchor verify anchors/checkpoint.note --trust-root trust-root.json')
    .argument('<files...>', 'checkpoints (.note), proofs of transactions (.tlog-proof) and of growth (.tlog-growth)')
    .action(async (files: string[], options: SourceOptions) => {
      if (options.trustRoot === undefined) throw new UsageError('give --trust-root FILE');
      const { files: judged, splits } = await judgeFiles(files, options);
      const twice = equivocatorsIn(splits);
      const isValid = judged.every(({ good }) => good) && splits.length === 0;
      const split = splits.length === 0 ? [] : [`FAIL  EQUIVOCATION: two histories are cosigned; ${names(twice)} cosigned both`];
      tell(options, { verdict: isValid ? 'valid' : 'invalid', files: judged, splitViews: splits.length, equivocators: twice }, [...judged.map(printFile), ...split].join('\n'));
      decided(isValid ? 'valid' : 'invalid');
    });
  const archiving = command('archive', 'add an SLH-DSA signature to a checkpoint, for the long term', 'fl-audit anchor archive anchors/checkpoint.note --evidence evidence --trust-root trust-root.json --key archive.seed --member Regulator --out 2026.note')
    .argument('<file>', 'checkpoint of this chain')
    .addOption(keyFile('SLH-DSA seed'))
    .addOption(new Option('--algorithm <name>', 'of the key').choices(Object.keys(anchorSuites)).default('slhdsa256s'))
    .requiredOption('--member <mspId>', 'whose key it is')
    .addOption(out('checkpoint to write'))
    .action(async (file: string, options: ArchiveFlags) => {
      const { size } = await archive(file, options);
      tell(options, { size, out: options.out }, `checkpoint of ${size} blocks, signed for the archive by ${options.member}: ${options.out}`);
    });
  const pinning = command('pin', 'write a trust root that pins the members\' keys as cosigners', 'fl-audit anchor pin --profile Regulator.json --trust-root trust-root.json --minimum 3 --out pinned.json')
    .requiredOption('--minimum <n>', 'cosigners that a checkpoint needs', positive)
    .option('--archive-keys <keys...>', 'SLH-DSA keys, each MSP=SUITE:HEX')
    .addOption(out('trust root to write'))
    .action(async (options: PinFlags) => {
      const cosigners = await pin(options);
      tell(options, { minimum: options.minimum, cosigners, out: options.out }, `${options.minimum} of ${names(cosigners)}: ${options.out}`);
    });
  const keys = new Command('key')
    .description('make a key for checkpoints: ML-DSA-44 for C2SP software, SLH-DSA for the archive')
    .addHelpText('before', 'Example: fl-audit anchor key --algorithm slhdsa256s --out archive.seed\n')
    .addOption(new Option('--algorithm <name>', 'of the key').choices(['mldsa44', ...Object.keys(anchorSuites)]).makeOptionMandatory())
    .addOption(out('new file for the seed'))
    .option('--json', 'print one JSON document')
    .action(async (options: { readonly algorithm: NoteKeyAlgorithm; readonly out: string; readonly json?: boolean }) => {
      const publicKey = await makeKey(options.algorithm, options.out);
      tell(options, { algorithm: options.algorithm, publicKey, out: options.out }, publicKey);
    });

  const group = new Command('anchor').description('cosigned checkpoints of the channel\'s log of blocks').addHelpText('before', 'Example: fl-audit anchor status --profile HospitalA.json --trust-root trust-root.json\n');
  for (const each of [cosigning, status, exporting, verifying, archiving, pinning, keys]) group.addCommand(each);
  return group;
}
