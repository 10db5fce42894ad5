/** What an organization does with quantum digital signatures: its part as signer, receiver or arbiter, and approvals of high value. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KeyBook, OneTimeKeys, openBook, signDocument, type QuantumParty } from '@epione/client';
import { EtsiQkd014Client } from '@epione/client/etsi-qkd-014';
import { encodeCanonical, type QuantumSignature } from '@epione/protocol';
import type { WorkerConfig } from '../config.js';
import { WorkerError } from '../error.js';
import type { ReadyApproval } from './study-desk.js';

/** Who else takes part in a signature, by SAE ID. */
export interface SigningOptions {
  readonly receiver: string;
  readonly arbiter: string;
}

/**
 * Acts as one of the three, with the keys of the organization's key management entity, booked in its state folder.
 * @throws WorkerError CONFIG_INVALID for an organization without one; QuantumError as the act.
 */
export async function asParty<T>({ state, kme }: Pick<WorkerConfig, 'state' | 'kme'>, act: (party: QuantumParty) => Promise<T>): Promise<T> {
  if (kme === undefined) throw new WorkerError('CONFIG_INVALID', 'kme: a quantum signature needs the keys of a key management entity', { remedy: 'Name the site\'s key management entity in the configuration.' });
  await mkdir(state, { recursive: true, mode: 0o700 });
  using database = openBook(join(state, 'quantum.db'));
  using client = await EtsiQkd014Client.open({ url: kme.url, certificateFile: kme.certificate, privateKeyFile: kme.privateKey, caFile: kme.ca });
  return await act({ own: kme.saeId, keys: new OneTimeKeys(client, new KeyBook(database, Date.now)) });
}

/** What is signed beside an approval: the approval and the whole text it is given to, so that no hash stands between them. */
export const approvalDocument = (ready: ReadyApproval): Uint8Array => encodeCanonical({ approval: ready.approval, subject: ready.subject });

/** Writes a message for another party. */
export const writeMessage = (file: string, message: object): Promise<void> => writeFile(file, `${JSON.stringify(message)}\n`, { mode: 0o600 });

/** Signs an approval before the ledger has it; undefined where no quantum signature is asked for. @throws WorkerError CONFIG_INVALID unless both others are named. */
export function quantumWitness(config: WorkerConfig, { quantum, receiver, arbiter }: Partial<SigningOptions> & { readonly quantum?: string }): ((ready: ReadyApproval) => Promise<void>) | undefined {
  if (quantum === undefined && receiver === undefined && arbiter === undefined) return undefined;
  if (quantum === undefined || receiver === undefined || arbiter === undefined) throw new WorkerError('CONFIG_INVALID', '--quantum, --receiver and --arbiter belong together');
  return async (ready) => {
    const signed: QuantumSignature = await asParty(config, (party) => signDocument(party, { receiver, arbiter }, approvalDocument(ready)));
    await writeMessage(quantum, signed);
  };
}
