/** The consent set of a round: keyed refs, their tree, and a commitment that hides even their number (PROTOCOL section 10). */
import { concat, frame, sha256, u64, type Digest } from './encoding/digest.js';
import { CodedError } from './error.js';
import { hmacSha256 } from './crypto/hkdf.js';
import { rootFromPath, treePath, treeRoot, type Hash } from './tlog/merkle.js';

/** One leaf of the tree with its place and audit path. */
export interface ConsentLeaf {
  readonly index: number;
  readonly ref: Uint8Array;
  readonly path: readonly Uint8Array[];
}

/** The tree's size (never 0) and the leaves that a statement about one ref rests on. */
export interface ConsentProof {
  readonly size: number;
  /** Inclusion: the ref's own leaf. Non-inclusion: its one or two neighbours, ascending. */
  readonly leaves: readonly ConsentLeaf[];
}

const refBytes = 32;

/**
 * The key of a patient's refs in one study.
 * @param secret the patient's 32 random bytes at this hospital; destroyed on erasure, and with it every link to the ledger.
 */
export const subjectKey = (secret: Uint8Array, study: Digest): Uint8Array => hmacSha256(secret, frame('epione/v1/consent-key', study));

/** The ref of a patient: of the ledger's consent that permits the use, under the subject key (32 bytes). */
export const consentRef = (key: Uint8Array, consentId: string): Uint8Array => hmacSha256(key, frame('epione/v1/consent-ref', consentId));

const compare = (a: Uint8Array, b: Uint8Array): number => Buffer.compare(a, b);

/**
 * The leaves: refs in ascending order.
 * @throws CodedError CONSENT_EMPTY for none; BAD_FIELD for a ref of another length or one that stands twice.
 */
function leavesOf(refs: readonly Uint8Array[]): Uint8Array[] {
  if (refs.length === 0) throw new CodedError('CONSENT_EMPTY', 'no consent is in force for this round');
  const leaves = [...refs].sort(compare);
  if (leaves.some((ref, at) => ref.length !== refBytes || compare(ref, leaves[at - 1] ?? new Uint8Array()) === 0)) throw new CodedError('BAD_FIELD', `consent refs are distinct and have ${refBytes} bytes`);
  return leaves;
}

const commit = (hash: Hash, size: number, root: Uint8Array): Uint8Array => hash(concat(Uint8Array.of(2), u64(size), root));

/**
 * `commitment` of a submission: H(02 ‖ u64(size) ‖ root).
 * @param refs in any order, distinct.
 * @param hash H of the study's profile.
 * @throws CodedError CONSENT_EMPTY, BAD_FIELD.
 */
export function consentCommitment(refs: readonly Uint8Array[], hash: Hash = sha256): Uint8Array {
  const leaves = leavesOf(refs);
  return commit(hash, leaves.length, treeRoot(hash, leaves));
}

/**
 * Proves what the set says of one ref: its leaf when it is in, its neighbours when it is not.
 * @throws CodedError CONSENT_EMPTY, BAD_FIELD.
 */
export function proveConsent(refs: readonly Uint8Array[], ref: Uint8Array, hash: Hash = sha256): ConsentProof {
  const leaves = leavesOf(refs);
  const from = leaves.findIndex((leaf) => compare(leaf, ref) >= 0);
  const at = from < 0 ? leaves.length : from;
  const included = at < leaves.length && compare(leaves[at] as Uint8Array, ref) === 0;
  const places = included ? [at] : [at - 1, at].filter((index) => index >= 0 && index < leaves.length);
  return { size: leaves.length, leaves: places.map((index) => ({ index, ref: leaves[index] as Uint8Array, path: treePath(hash, leaves, index) })) };
}

/** All leaves are in the one tree that the commitment names. */
function proofHolds(commitment: Uint8Array, proof: ConsentProof, hash: Hash): boolean {
  return proof.leaves.length > 0 && proof.leaves.every(({ ref, index, path }) => {
    const root = ref.length === refBytes ? rootFromPath(hash, ref, index, proof.size, path) : undefined;
    return root !== undefined && compare(commit(hash, proof.size, root), commitment) === 0;
  });
}

/** True when the proof shows that `ref` is in the committed set. Never throws on a malformed proof. */
export function provesConsent(commitment: Uint8Array, ref: Uint8Array, proof: ConsentProof, hash: Hash = sha256): boolean {
  const [leaf] = proof.leaves;
  return proof.leaves.length === 1 && leaf !== undefined && compare(leaf.ref, ref) === 0 && proofHolds(commitment, proof, hash);
}

/** True when the proof shows that `ref` is not in the committed set: neighbours by index around it, or the first or last leaf beyond it. */
export function provesNoConsent(commitment: Uint8Array, ref: Uint8Array, proof: ConsentProof, hash: Hash = sha256): boolean {
  const [first, second] = proof.leaves;
  if (first === undefined || proof.leaves.length > 2 || ref.length !== refBytes || !proofHolds(commitment, proof, hash)) return false;
  if (second !== undefined) return second.index === first.index + 1 && compare(first.ref, ref) < 0 && compare(ref, second.ref) < 0;
  return (first.index === 0 && compare(ref, first.ref) < 0) || (first.index === proof.size - 1 && compare(first.ref, ref) < 0);
}
