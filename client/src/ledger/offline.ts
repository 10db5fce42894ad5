/** A transaction whose signatures are made elsewhere: built here, signed where the key is, sent from here. */
import { X509Certificate } from 'node:crypto';
import { CodedError, encodeCanonical, type Json } from '@epione/protocol';
import { signed } from '../evidence/organizations.js';
import { conflicts, isTrouble, statusName, toCodedError, UsageError } from './faults.js';
import { lowSDer } from './signer.js';
import { readSigningRequest, signingRequestFor, type SigningRequest } from './signing-request.js';
import { commitRequest, type Receipt, type Submitter } from './submit.js';

/** For a connection whose key is elsewhere (`connect`'s option `signer`): only the steps below work on it. */
export const noKey = (): Promise<Uint8Array> => Promise.reject(new UsageError('this connection has no key: sign each step elsewhere (Ledger.offline)'));

/**
 * The steps of one transaction. Each gives the request for the next signature; requests are JSON and may wait, be stored and be
 * carried. Endorsers take a proposal within 15 minutes of its making (Fabric's time window).
 */
export class OfflineTransactions {
  readonly #submitter: Submitter;

  constructor(submitter: Submitter) {
    this.#submitter = submitter;
  }

  /** Builds a proposal; nothing is sent. @param transaction `Contract:transaction`. @param argument such as a signed statement. */
  prepare(transaction: string, argument: Json): SigningRequest {
    const { gateways, channel, chaincode } = this.#submitter;
    const [connection] = gateways.connections;
    if (connection === undefined) throw new UsageError('the profile names no peer');
    const proposal = connection.gateway.getNetwork(channel).getContract(chaincode).newProposal(transaction, { arguments: [encodeCanonical(argument)] });
    return signingRequestFor('proposal', proposal.getBytes());
  }

  /** Has a signed proposal endorsed. @throws UsageError for another step or a wrong signature; CodedError as `submit`, of which nothing is kept. */
  async endorse(proposal: SigningRequest, signature: Uint8Array): Promise<SigningRequest> {
    const { bytes, good } = this.#accept('proposal', proposal, signature);
    return this.#submitter.gateways.first(async ({ gateway }) => {
      const transaction = await gateway.newSignedProposal(bytes, good).endorse();
      return signingRequestFor('transaction', transaction.getBytes());
    });
  }

  /**
   * Hands a signed transaction to the orderers. It may be sent again at any time: its ID is committed once at most.
   * @returns the question what became of it, also when no gateway took it, because it may have been ordered all the same.
   */
  async send(transaction: SigningRequest, signature: Uint8Array): Promise<SigningRequest> {
    const { bytes, good, txId } = this.#accept('transaction', transaction, signature);
    await this.#submitter.gateways.first(({ gateway }) => gateway.newSignedTransaction(bytes, good).submit()).catch((error: unknown) => {
      const coded = toCodedError(error);
      if (!isTrouble(coded)) throw coded;
    });
    return signingRequestFor('commit', commitRequest(this.#submitter, txId));
  }

  /**
   * Asks what became of a transaction.
   * @throws CodedError CONFLICT when another writer was first: prepare it anew; UNAVAILABLE while it is not committed: send the same signed transaction again.
   */
  async outcome(question: SigningRequest, signature: Uint8Array): Promise<Omit<Receipt, 'result'>> {
    const { bytes, good, txId } = this.#accept('commit', question, signature);
    const status = await this.#submitter.gateways.first(({ gateway }) => gateway.newSignedCommit(bytes, good).getStatus());
    if (status.successful) return { txId, block: Number(status.blockNumber) };
    throw new CodedError(conflicts.has(status.code) ? 'CONFLICT' : 'UNAVAILABLE', `the ledger refused transaction ${txId}: ${statusName(status.code)}`);
  }

  /** Reads a request strictly and checks the signature by the certificate, before peers only say that access is denied. */
  #accept(step: SigningRequest['step'], request: SigningRequest, signature: Uint8Array): { bytes: Uint8Array; good: Uint8Array; txId: string } {
    const { step: found, bytes, message, txId } = readSigningRequest(request);
    if (found !== step) throw new UsageError(`this is a ${found}, a ${step} is asked for`);
    const { publicKey } = new X509Certificate(this.#submitter.identity.certificatePem);
    if (!signed(publicKey, Buffer.from(message, 'base64'), signature)) throw new UsageError(`the signature is not one over the message by the key of ${this.#submitter.identity.mspId}'s certificate`);
    return { bytes: Buffer.from(bytes, 'base64'), good: lowSDer(signature, publicKey), txId };
  }
}
