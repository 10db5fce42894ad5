/** All accepted transactions of the chaincode, one after the other, each repeated on the state before it. */
import {
  access, approval, attestation, closing, CodedError, consent, cosignature, detail, digestBytes, encodeCanonical, ending, erasure, nextEpoch, opening, participantRecord, proposal, readSigned, retraction,
  revocation, setup, sha256, study, submission, toHex, withdrawal, type Json, type StatementName,
} from '@epione/protocol';
import type { NamespaceSet } from '../../evidence/read-write-set.js';
import type { Chain } from '../chain/chain.js';
import type { ValidTransaction } from '../chain/validity.js';
import type { Report } from '../report.js';
import { cosign } from './anchors.js';
import { appendAccess, eraseDetail, grantConsent, keepDetail, withdrawConsent } from './consents.js';
import { registerParticipant, revokeParticipant } from './participants.js';
import { endStudy, openEpoch, propose } from './proposals.js';
import { Registry } from './registry.js';
import { attest, close, retract, submit } from './rounds.js';
import { setUp } from './setups.js';
import type { Entry, Step } from './step.js';
import { approve, openStudy, registerStudy } from './studies.js';

type Schema = Parameters<typeof readSigned>[1];
type Output<S extends Schema> = ReturnType<typeof readSigned<S>>['statement'];
type Place = Pick<Step<unknown>, 'transaction' | 'ledger' | 'report'>;

/** Reads a transaction's argument and repeats it. */
type Repeat = (argument: Uint8Array, place: Place) => Entry[];
const repeat = <S extends Schema>(name: StatementName, schema: S, replay: (step: Step<Output<S>>) => Entry[]): Repeat =>
  (argument, place) => replay({ ...place, name, signed: readSigned(name, schema, argument) });

/** Every transaction of the chaincode that writes. */
const transactions = new Map<string, Repeat>([
  ['Participant:registerParticipant', repeat('participant', participantRecord, registerParticipant)],
  ['Participant:revokeParticipant', repeat('revocation', revocation, revokeParticipant)],
  ['Study:registerStudy', repeat('study', study, registerStudy)],
  ['Study:approve', repeat('approval', approval, approve)],
  ['Study:openStudy', repeat('opening', opening, openStudy)],
  ['Proposal:propose', repeat('proposal', proposal, propose)],
  ['Proposal:openEpoch', repeat('epoch', nextEpoch, openEpoch)],
  ['Proposal:endStudy', repeat('ending', ending, endStudy)],
  ['Setup:setup', repeat('setup', setup, setUp)],
  ['Round:submit', repeat('submission', submission, submit)],
  ['Round:retract', repeat('retraction', retraction, retract)],
  ['Round:closeRound', repeat('closing', closing, close('close'))],
  ['Round:abortRound', repeat('closing', closing, close('abort'))],
  ['Round:attest', repeat('attestation', attestation, attest)],
  ['Consent:grantConsent', repeat('consent', consent, grantConsent)],
  ['Consent:withdrawConsent', repeat('withdrawal', withdrawal, withdrawConsent)],
  ['Access:appendAccess', repeat('access', access, appendAccess)],
  ['Detail:keepDetail', repeat('detail', detail, keepDetail)],
  ['Detail:eraseDetail', repeat('erasure', erasure, eraseDetail)],
  ['Anchor:cosign', repeat('cosignature', cosignature, cosign)],
]);

/** A composite key as Fabric's shim builds it. */
const stateKey = (kind: string, parts: readonly string[]): string => `\u0000${[kind, ...parts].map((part) => `${part}\u0000`).join('')}`;

const base64 = (bytes: Uint8Array | undefined): string => (bytes === undefined ? 'none' : Buffer.from(bytes).toString('base64'));
const line = (collection: string, key: string, what: string): string => `${collection} ${JSON.stringify(key)} ${what}`;

/** The one spelling of what a statement should write, a line a write. */
function spellEntry(entry: Entry): string[] {
  const key = stateKey(entry.kind, entry.parts);
  // Of private keys and values the ledger has SHA-256 only.
  if ('collection' in entry) return [line(entry.collection, toHex(sha256(Buffer.from(key))), entry.digest === undefined ? 'deleted' : base64(digestBytes(entry.digest)))];
  const value = line('', key, base64(encodeCanonical(entry.value as Json)));
  return entry.policy === undefined ? [value] : [value, line('', key, `policy ${base64(entry.policy)}`)];
}

/** The same spelling of what was written. */
const spellSet = ({ collection, writes, metadataWrites }: NamespaceSet): string[] => [
  ...writes.map(({ key, value }) => line(collection, key, value === undefined ? 'deleted' : base64(value))),
  ...metadataWrites.map(({ key, policy, others }) => line(collection, key, `policy ${base64(policy)}${others === 0 ? '' : ' and more'}`)),
];

function repeatOne(transaction: ValidTransaction, ledger: Registry, report: Report): void {
  const written = transaction.sets.filter(({ writes, metadataWrites }) => writes.length + metadataWrites.length > 0);
  if (written.length === 0) return;
  const fail = (message: string): void => { report.fail('encoding.canonical', `transaction ${transaction.txId}`, message); };
  ledger.blocks.set(transaction.txId, transaction.block);
  const [name, argument, ...more] = transaction.args;
  const known = transactions.get(Buffer.from(name ?? []).toString());
  if (known === undefined || argument === undefined || more.length > 0) {
    fail(`${Buffer.from(name ?? []).toString()} is no transaction of the protocol with one argument`);
    return;
  }
  const foreign = written.some(({ namespace }) => namespace !== transaction.chaincode);
  try {
    const wanted = known(argument, { transaction, ledger, report }).flatMap(spellEntry);
    const found = written.flatMap(spellSet);
    if (foreign || wanted.sort().join('\n') !== found.sort().join('\n')) fail('wrote something else than its statement says');
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    fail(`${String(error.code)}: ${error.message}`);
  }
}

/** Repeats the transactions of one chaincode; faults go to the report. @returns what the ledger holds at the end. */
export function repeatHistory({ valid }: Chain, chaincode: string, report: Report): Registry {
  const ledger = new Registry();
  for (const transaction of valid.filter((entry) => entry.chaincode === chaincode)) repeatOne(transaction, ledger, report);
  report.pass('encoding.canonical');
  return ledger;
}
