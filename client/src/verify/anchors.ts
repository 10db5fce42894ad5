/** Check `anchor.checkpoint`: the chain is the one that enough organizations cosigned, whatever has become of ECDSA since. */
import { CodedError, logOrigin, type Digest } from '@epione/protocol';
import { logOf } from '../anchor/block-log.js';
import { checkpointsIn } from '../anchor/checkpoints.js';
import { cosignersOf, judgeNote, type JudgedNote } from '../anchor/cosigners.js';
import { equivocatorsIn, splitViews, standingOf } from '../anchor/views.js';
import type { TrustRoot } from '../evidence/trust-root.js';
import type { Chain } from './chain/chain.js';
import type { Registry } from './replay/registry.js';
import type { Report } from './report.js';

const blocks = (count: number): string => `${count} ${count === 1 ? 'block' : 'blocks'}`;
const sentence = (parts: readonly string[]): string => parts.filter((part) => part !== '').join('; ');

/**
 * @param ledger what the chain's transactions say: cosignatures and the records that follow pinned keys.
 * @param notes checkpoints that were kept elsewhere; each must be of this chain, and of enough cosigners.
 */
export function checkAnchors(chain: Pick<Chain, 'blocks'>, ledger: Registry, trustRoot: TrustRoot, notes: readonly string[], report: Report): void {
  const cosigners = cosignersOf(trustRoot, ledger);
  if (!cosigners.pinned && notes.length + ledger.cosignatures.length === 0) {
    report.absent('anchor.checkpoint', 'the ledger holds no checkpoints');
    return;
  }
  const log = logOf(chain.blocks);
  const fail = (object: string, message: string): void => { report.fail('anchor.checkpoint', object, message); };
  const judge = (note: string): JudgedNote[] => {
    try {
      return [judgeNote(note, cosigners)];
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      fail('checkpoint', `${String(error.code)}: ${error.message}`);
      return [];
    }
  };
  const kept = notes.flatMap(judge);
  const onLedger = checkpointsIn(ledger.cosignatures).flatMap(({ note }) => judge(note));
  const all = [...kept, ...onLedger];
  const twice = equivocatorsIn(splitViews(all, log));
  const named = twice.length === 0 ? '' : `EQUIVOCATION: ${twice.join(', ')} cosigned two histories`;

  for (const { checkpoint, signers } of kept) {
    const object = `checkpoint of ${blocks(checkpoint.size)}`;
    const standing = standingOf(checkpoint, log);
    if (checkpoint.origin !== logOrigin(trustRoot.channel, trustRoot.genesis as Digest)) fail(object, `is of the log ${checkpoint.origin}`);
    else if (signers.length < cosigners.minimum) fail(object, `EVIDENCE_INCOMPLETE: ${signers.length} of the cosigners signed it, ${cosigners.minimum} are needed`);
    else if (standing === 'beyond') fail(object, `EVIDENCE_INCOMPLETE: the evidence ends after ${blocks(log.size)}`);
    else if (standing === 'differs') fail(object, sentence([`the first ${blocks(checkpoint.size)} are not those that ${signers.join(', ')} cosigned`, named]));
  }
  const enough = all.filter(({ signers }) => signers.length >= cosigners.minimum);
  const strange = onLedger.filter(({ checkpoint, signers }) => signers.length > 0 && standingOf(checkpoint, log) !== 'stands');
  const other = strange.find((one) => enough.includes(one));
  if (other !== undefined) fail(`checkpoint of ${blocks(other.checkpoint.size)}`, sentence([`the first ${blocks(other.checkpoint.size)} are not those that ${other.signers.join(', ')} cosigned`, named]));

  const best = enough.filter(({ checkpoint }) => standingOf(checkpoint, log) === 'stands').sort((a, b) => b.checkpoint.size - a.checkpoint.size)[0];
  if (best === undefined) {
    const message = ledger.cosignatures.length === 0 ? 'the ledger holds no checkpoints' : `no checkpoint has ${cosigners.minimum} cosignatures`;
    if (cosigners.pinned) fail(trustRoot.genesis, `EVIDENCE_INCOMPLETE: ${message} of the pinned cosigners`);
    else report.absent('anchor.checkpoint', message);
    return;
  }
  const dissent = strange.map(({ checkpoint, signers }) => `${signers.join(', ')} cosigned another history of ${blocks(checkpoint.size)}`);
  report.pass('anchor.checkpoint', sentence([
    `the first ${best.checkpoint.size} of ${blocks(log.size)}, cosigned by ${best.signers.join(', ')}${cosigners.pinned ? '' : ' under keys that the ledger itself names'}`, ...dissent, named,
  ]));
}
