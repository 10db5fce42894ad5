/** What the commands of `fl-audit anchor` do. */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CodedError, cosign, cosignerKey, cosignerName, newCosigner, isConsistent, newNoteKey, newSigner, readGrowthProof, sha256, writeGrowthProof, anchorSuites, noteAlgorithms, signatureSuites, toHex, verifierKey, witnessKeyOf, anchorSuite, type AnchorSuite, type Checkpoint, type MerkleLog, type NoteKeyAlgorithm,
} from '@epione/protocol';
import { logOf } from '../anchor/block-log.js';
import { checkpointsIn, type CheckpointShown } from '../anchor/checkpoints.js';
import { cosignLedger } from '../anchor/cosign.js';
import { cosignersOf, judgeNote, type Cosigners, type JudgedNote } from '../anchor/cosigners.js';
import { readSeed, writeSeed } from '../anchor/seed-file.js';
import { checkTransactionProof, proveTransaction, type ProvenTransaction } from '../anchor/transaction-proof.js';
import { splitViews, standingOf, type SplitView } from '../anchor/views.js';
import { readTrustRoot, type TrustRoot } from '../evidence/trust-root.js';
import { connect } from '../ledger/connect.js';
import { UsageError } from '../ledger/faults.js';
import { readProfile } from '../ledger/profile.js';
import { readHistory, type History } from './history.js';
import { openSource, type SourceOptions } from './source.js';

/** Text of a file that a command was given. @throws UsageError. */
export const readText = async (file: string): Promise<string> => readFile(file, 'utf8').catch((cause: unknown) => {
  throw new UsageError(`cannot read ${file}`, { cause });
});

const incomplete = (sentence: string): never => {
  throw new CodedError('EVIDENCE_INCOMPLETE', sentence);
};

interface Checked extends History {
  readonly trustRoot: TrustRoot;
  readonly log: MerkleLog;
  readonly cosigners: Cosigners;
}

/** The source's chain, checked against the trust root. @throws UsageError without one; CodedError EVIDENCE_INCOMPLETE. */
async function readChecked(options: SourceOptions): Promise<Checked> {
  const source = await openSource(options);
  if (source.trustRoot === undefined) throw new UsageError('give --trust-root FILE');
  const history = readHistory(source);
  return { ...history, trustRoot: source.trustRoot, log: logOf(history.chain.blocks), cosigners: cosignersOf(source.trustRoot, history.ledger) };
}

export interface CosignFlags extends SourceOptions {
  readonly key: string;
  readonly witnessKey?: string;
  readonly memory: string;
}

/** @returns the size that is cosigned now; undefined where nothing has grown. */
export async function cosignNext({ profile: path, trustRoot: pinned, identity, allowClassicalTls = false, chaincode, key, witnessKey, memory }: CosignFlags): Promise<{ size: number; txId: string } | undefined> {
  if (path === undefined || pinned === undefined) throw new UsageError('give --profile FILE and --trust-root FILE');
  const [profile, trustRoot] = [await readProfile(path), await readTrustRoot(pinned)];
  using ledger = await connect(profile, { identity, allowClassicalTls });
  const suite = (await ledger.getParticipant(ledger.mspId)).record?.statement.signatureSuite ?? 'mldsa65';
  const signer = newSigner(suite, await readSeed(key, signatureSuites[suite].seed));
  const witness = witnessKey === undefined ? {} : { witness: newNoteKey('mldsa44', await readSeed(witnessKey, noteAlgorithms.mldsa44.seed)) };
  return await cosignLedger(ledger, { trustRoot, chaincode: chaincode ?? profile.chaincode, signer, ...witness, memory, time: Math.floor(Date.now() / 1000) });
}

/** A checkpoint on the ledger, and whether it is of this chain. */
export interface CheckpointStatus extends Omit<CheckpointShown, 'note'> {
  readonly standing: ReturnType<typeof standingOf>;
  /** As many cosigners that count as are needed. */
  readonly anchored: boolean;
}

export async function readStatus(options: SourceOptions): Promise<{ height: number; minimum: number; pinned: boolean; checkpoints: CheckpointStatus[] }> {
  const { log, ledger, cosigners } = await readChecked(options);
  const checkpoints = checkpointsIn(ledger.cosignatures).map(({ note, ...shown }) => {
    const { checkpoint, signers } = judgeNote(note, cosigners);
    return { ...shown, standing: standingOf(checkpoint, log), anchored: signers.length >= cosigners.minimum };
  });
  return { height: log.size, minimum: cosigners.minimum, pinned: cosigners.pinned, checkpoints };
}

export interface ExportFlags extends SourceOptions {
  readonly out: string;
  readonly transactions?: readonly string[];
  /** File of an older checkpoint. */
  readonly since?: string;
}

/** Writes the latest anchored checkpoint, proofs of transactions, and the cosigners' keys as C2SP software reads them. */
export async function exportAnchors({ out, transactions = [], since, ...options }: ExportFlags): Promise<{ size: number; cosigners: readonly string[]; files: string[] }> {
  const { chain, log, ledger, cosigners } = await readChecked(options);
  const anchored = checkpointsIn(ledger.cosignatures).map((shown) => ({ ...shown, ...judgeNote(shown.note, cosigners) }))
    .filter(({ checkpoint, signers }) => signers.length >= cosigners.minimum && standingOf(checkpoint, log) === 'stands');
  const { note, size, signers } = anchored.at(-1) ?? incomplete(`no checkpoint has ${cosigners.minimum} cosignatures`);
  const old = since === undefined ? undefined : judgeNote(await readText(since), cosigners).checkpoint;
  if (old !== undefined && (old.size > size || standingOf(old, log) !== 'stands')) incomplete(`the checkpoint of ${old.size} blocks is no beginning of that of ${size}`);
  const growth = old === undefined ? [] : [[`${old.size}-${size}.tlog-growth`, writeGrowthProof({ oldSize: old.size, proof: log.consistency(old.size, size), note })] as const];
  const keys = ledger.cosignatures.flatMap((statement) => {
    const record = ledger.records.get(statement.record)?.statement;
    return [record === undefined ? undefined : cosignerKey(record), witnessKeyOf(statement)].filter((key) => key !== undefined).map(verifierKey);
  });
  const files = new Map([
    ['checkpoint.note', note], ['verifier-keys.txt', [...new Set(keys)].map((key) => `${key}\n`).join('')],
    ...growth,
    ...transactions.map((txId) => [`${txId}.tlog-proof`, proveTransaction(chain.blocks, txId, note, size)] as const),
  ]);
  await mkdir(out, { recursive: true });
  for (const [name, text] of files) await writeFile(join(out, name), text);
  return { size, cosigners: signers, files: [...files.keys()] };
}

/** What a file of `anchor verify` turned out to be. */
export interface FileJudged {
  readonly file: string;
  readonly good: boolean;
  readonly size?: number;
  readonly cosigners?: readonly string[];
  readonly transaction?: Pick<ProvenTransaction, 'txId' | 'block' | 'code'> & { readonly name: string };
  /** Blocks of the checkpoint that this one's log begins with. */
  readonly grownFrom?: number;
  readonly reason?: string;
}

const pinnedOnly = (trustRoot: TrustRoot): Cosigners => {
  if (trustRoot.anchors === undefined) throw new UsageError('the trust root pins no cosigners: fl-audit anchor pin writes one that does, or give --evidence or --profile');
  return cosignersOf(trustRoot);
};

/** Checks checkpoints (.note), proofs of transactions (.tlog-proof) and of growth (.tlog-growth) by themselves, and with a chain that they are of it. @returns also the pairs of checkpoints that contradict each other. */
export async function judgeFiles(files: readonly string[], options: SourceOptions): Promise<{ files: FileJudged[]; splits: SplitView[] }> {
  const history = options.profile === undefined && options.evidence === undefined ? undefined : await readChecked(options);
  const cosigners = history?.cosigners ?? pinnedOnly(await readTrustRoot(options.trustRoot ?? ''));
  const notes: JudgedNote[] = [];
  /** A proof of growth stands on the checkpoint that it grows from. */
  const judgeGrowth = (text: string): Omit<FileJudged, 'file'> => {
    const { oldSize, proof, note } = readGrowthProof(text);
    const { checkpoint, signers } = judgeNote(note, cosigners);
    const old = notes.find((one) => one.checkpoint.size === oldSize && one.checkpoint.origin === checkpoint.origin)?.checkpoint ?? incomplete(`give the checkpoint of ${oldSize} blocks with it`);
    if (!isConsistent(sha256, old, checkpoint, proof)) throw new CodedError('EQUIVOCATION', `the log of ${checkpoint.size} blocks does not begin with that of ${oldSize}`);
    if (signers.length < cosigners.minimum) incomplete(`${signers.length} of the cosigners signed it, ${cosigners.minimum} are needed`);
    return { good: true, size: checkpoint.size, cosigners: signers, grownFrom: oldSize };
  };
  const judgeOne = async (file: string): Promise<FileJudged> => {
    const text = await readText(file);
    try {
      if (text.startsWith('c2sp.org/tlog-proof@')) {
        const { txId, block, code, size, signers, arguments: [name] } = checkTransactionProof(text, cosigners);
        return { file, good: true, size, cosigners: signers, transaction: { txId, block, code, name: Buffer.from(name ?? []).toString() } };
      }
      if (text.startsWith('old ')) return { file, ...judgeGrowth(text) };
      const judged = judgeNote(text, cosigners);
      notes.push(judged);
      const { checkpoint, signers } = judged;
      const standing = history === undefined ? 'stands' : standingOf(checkpoint, history.log);
      const enough = signers.length >= cosigners.minimum;
      const reason = standing !== 'stands' ? `it is not of this chain of ${history?.log.size ?? 0} blocks` : enough ? undefined : `${signers.length} of the cosigners signed it, ${cosigners.minimum} are needed`;
      return { file, good: reason === undefined, size: checkpoint.size, cosigners: signers, ...(reason === undefined ? {} : { reason }) };
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      return { file, good: false, reason: `${String(error.code)}: ${error.message}` };
    }
  };
  const isGrowth = (file: string): boolean => file.endsWith('.tlog-growth');
  const judged: FileJudged[] = [];
  for (const file of [...files.filter((one) => !isGrowth(one)), ...files.filter(isGrowth)]) judged.push(await judgeOne(file));
  return { files: judged, splits: splitViews(notes, history?.log) };
}

export interface ArchiveFlags extends SourceOptions {
  readonly key: string;
  readonly algorithm: AnchorSuite;
  readonly member: string;
  readonly out: string;
}

/** Adds an organization's SLH-DSA signature to a checkpoint of this chain. */
export async function archive(file: string, { key, algorithm, member, out, ...options }: ArchiveFlags): Promise<Checkpoint> {
  const { log, cosigners, trustRoot } = await readChecked(options);
  const note = await readText(file);
  const { checkpoint, signers } = judgeNote(note, cosigners);
  if (standingOf(checkpoint, log) !== 'stands') throw new CodedError('EQUIVOCATION', 'the checkpoint is not of this chain');
  if (signers.length < cosigners.minimum) incomplete(`${signers.length} of the cosigners signed the checkpoint, ${cosigners.minimum} are needed`);
  const cosigner = newCosigner(cosignerName(trustRoot.channel, member), algorithm, await readSeed(key, anchorSuites[algorithm].seed));
  await writeFile(out, `${note}${cosign(cosigner, checkpoint, Math.floor(Date.now() / 1000))}\n`);
  return checkpoint;
}

export interface PinFlags extends SourceOptions {
  readonly minimum: number;
  readonly archiveKeys?: readonly string[];
  readonly out: string;
}

/** Writes the trust root with the ledger's present cosigners pinned. @throws UsageError for an archive key in another form. */
export async function pin({ minimum, archiveKeys = [], out, ...options }: PinFlags): Promise<string[]> {
  const { trustRoot, ledger } = await readChecked(options);
  const archives = new Map(archiveKeys.map((text): [string, { suite: AnchorSuite; publicKey: string }] => {
    const [, mspId = '', name, publicKey = ''] = /^([^=]+)=([a-z0-9]+):([0-9a-f]+)$/.exec(text) ?? [];
    const suite = anchorSuite.safeParse(name).data;
    if (suite === undefined || publicKey.length !== 2 * anchorSuites[suite].publicKey) throw new UsageError(`${text} is not MSP=SUITE:KEY with an SLH-DSA key in hex`);
    return [mspId, { suite, publicKey }];
  }));
  const cosigners = [...ledger.participants].filter(([, { status }]) => status === 'current').sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([mspId, { record }]) => {
    const found = ledger.records.get(record)?.statement;
    const kept = archives.get(mspId);
    return found === undefined ? [] : [{ mspId, signatureSuite: found.signatureSuite, signingKey: found.signingKey, ...(kept === undefined ? {} : { archive: kept }) }];
  });
  if (cosigners.length < minimum) throw new UsageError(`the ledger has ${cosigners.length} members with current records, fewer than ${minimum}`);
  await writeFile(out, `${JSON.stringify({ ...trustRoot, anchors: { minimum, cosigners } }, undefined, 2)}\n`);
  return cosigners.map(({ mspId }) => mspId);
}

/** Makes a key for notes. @returns its public half in hex. */
export async function makeKey(algorithm: NoteKeyAlgorithm, out: string): Promise<string> {
  const seed = new Uint8Array(randomBytes(noteAlgorithms[algorithm].seed));
  await writeSeed(out, seed);
  return toHex(newNoteKey(algorithm, seed).publicKey);
}
