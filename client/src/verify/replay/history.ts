/** All accepted transactions of the chaincode, one after the other, each repeated on the state before it. */
import {
  access, approval, attestation, closing, CodedError, consent, encodeCanonical, ending, nextEpoch, opening, participantRecord, proposal, readSigned, retraction, revocation, study, submission, withdrawal, type Json, type StatementName,
} from '@epione/protocol';
import type { Chain } from '../chain/chain.js';
import type { ValidTransaction } from '../chain/validity.js';
import type { Report } from '../report.js';
import { appendAccess, grantConsent, withdrawConsent } from './consents.js';
import { registerParticipant, revokeParticipant } from './participants.js';
import { endStudy, openEpoch, propose } from './proposals.js';
import { Registry } from './registry.js';
import { attest, close, retract, submit } from './rounds.js';
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
  ['Round:submit', repeat('submission', submission, submit)],
  ['Round:retract', repeat('retraction', retraction, retract)],
  ['Round:closeRound', repeat('closing', closing, close('close'))],
  ['Round:abortRound', repeat('closing', closing, close('abort'))],
  ['Round:attest', repeat('attestation', attestation, attest)],
  ['Consent:grantConsent', repeat('consent', consent, grantConsent)],
  ['Consent:withdrawConsent', repeat('withdrawal', withdrawal, withdrawConsent)],
  ['Access:appendAccess', repeat('access', access, appendAccess)],
]);

/** A composite key as Fabric's shim builds it. */
const stateKey = (kind: string, parts: readonly string[]): string => `\u0000${[kind, ...parts].map((part) => `${part}\u0000`).join('')}`;

/** The one spelling of a set of writes. */
const spell = (writes: readonly (readonly [key: string, value: Uint8Array | undefined])[]): string =>
  writes.map(([key, value]) => `${JSON.stringify(key)} ${value === undefined ? 'deleted' : Buffer.from(value).toString('base64')}`).sort().join('\n');

function repeatOne(transaction: ValidTransaction, ledger: Registry, report: Report): void {
  const written = transaction.sets.filter(({ writes, metadataKeys }) => writes.length + metadataKeys.length > 0);
  if (written.length === 0) return;
  const fail = (message: string): void => { report.fail('encoding.canonical', `transaction ${transaction.txId}`, message); };
  ledger.blocks.set(transaction.txId, transaction.block);
  const [name, argument, ...more] = transaction.args;
  const known = transactions.get(Buffer.from(name ?? []).toString());
  if (known === undefined || argument === undefined || more.length > 0) {
    fail(`${Buffer.from(name ?? []).toString()} is no transaction of the protocol with one argument`);
    return;
  }
  const foreign = written.some(({ namespace, collection, metadataKeys }) => namespace !== transaction.chaincode || collection !== '' || metadataKeys.length > 0);
  try {
    const wanted = known(argument, { transaction, ledger, report }).map(({ kind, parts, value }) => [stateKey(kind, parts), encodeCanonical(value as Json)] as const);
    const found = written.flatMap(({ writes }) => writes.map(({ key, value }) => [key, value] as const));
    if (foreign || spell(wanted) !== spell(found)) fail('wrote something else than its statement says');
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
