/** Fuzz target: a proof that is accepted says of the transaction what the recorded one says. */
import { CodedError } from '@epione/protocol';
import { readTrustRoot } from '../evidence/trust-root.js';
import { recordedEvidence, trustRootFile } from '../testing/anchored-channel.js';
import { checkedHistory } from '../verify/checked-history.js';
import { checkpointsIn } from './checkpoints.js';
import { cosignersOf } from './cosigners.js';
import { checkTransactionProof, proveTransaction } from './transaction-proof.js';

const trustRoot = await readTrustRoot(trustRootFile);
const { chain, ledger } = checkedHistory(await recordedEvidence(), trustRoot, 'epione');
const cosigners = { ...cosignersOf(trustRoot, ledger), minimum: 4 };
const [all] = checkpointsIn(ledger.cosignatures);
if (all === undefined) throw new Error('the recording has no checkpoint');

/** The proofs of some transactions, by their IDs. */
const proofs = new Map(chain.valid.filter(({ block }) => block < all.size).slice(-4).map(({ txId }) => [txId, proveTransaction(chain.blocks, txId, all.note, all.size)]));
const factsOf = (proof: string): string => {
  const { txId, block, code, arguments: args, size } = checkTransactionProof(proof, cosigners);
  return [txId, block, code, size, ...args.map((bytes) => Buffer.from(bytes).toString('base64'))].join(' ');
};
const facts = new Map([...proofs].map(([txId, proof]) => [txId, factsOf(proof)]));

export const targets = [{
  name: 'proof of a transaction', weight: 0.3, changed: 'readable',
  samples: () => [...proofs.values()].map((proof) => new TextEncoder().encode(proof)),
  read: (input: Uint8Array) => {
    const text = Buffer.from(input).toString('utf8');
    const { txId } = checkTransactionProof(text, cosigners);
    if (factsOf(text) !== facts.get(txId)) throw new RangeError('false accept: the proof says something else');
  },
  isRefusal: (error: unknown) => error instanceof CodedError,
}];
