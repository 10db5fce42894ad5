/** The peers of a profile as gateways: the own organization's first, the others when it is in trouble. */
import { connect, GatewayError, hash, type Gateway, type Signer } from '@hyperledger/fabric-gateway';
import type { Client } from '@grpc/grpc-js';
import { CodedError } from '@epione/protocol';
import { isMismatch, isTrouble, toCodedError } from './faults.js';
import type { GatewayPeer } from './profile.js';

/** Bounds on the steps of a transaction, ms. */
export interface Timeouts {
  /** A query: 5,000 by default. */
  readonly evaluateMs: number;
  /** Collecting endorsements: 15,000 by default. */
  readonly endorseMs: number;
  /** Handing a transaction to the orderers: 5,000 by default. */
  readonly submitMs: number;
  /** Waiting until it is committed: 60,000 by default. */
  readonly commitMs: number;
}

export const defaultTimeouts: Timeouts = { evaluateMs: 5_000, endorseMs: 15_000, submitMs: 5_000, commitMs: 60_000 };

/** One peer, connected. */
export interface GatewayConnection {
  readonly peer: GatewayPeer;
  readonly client: Client;
  readonly gateway: Gateway;
}

/** Who signs: MSP ID, certificate and the key behind it. */
export interface Identity {
  readonly mspId: string;
  readonly certificatePem: Uint8Array;
  /** Over whole messages: ECDSA with SHA-256, DER, low s. */
  readonly signer: Signer;
  /** Lets go of the key, where it is held in a token. */
  readonly close?: () => void;
}

/** How long a gateway that refused is asked last, ms; short, because a restarted peer serves again after about a second. */
const refusedMs = 2_000;
/** The same for one that gave no answer in time: each further question would cost all of that time again. */
const silentMs = 30_000;

/** Whether no answer came within the deadline (grpc/grpc doc/statuscodes.md). */
const isSilence = (error: unknown): boolean => error instanceof GatewayError && error.code === 4;

/** An ordered set of gateways over which work is tried until one has no trouble. */
export class Gateways implements Disposable {
  readonly #connections: readonly GatewayConnection[];
  readonly #lastUntil = new Map<GatewayConnection, number>();
  readonly #now: () => number;
  readonly #identity: Identity;

  constructor(peers: readonly GatewayPeer[], identity: Identity, timeouts: Timeouts, open: (peer: GatewayPeer) => Client, now: () => number) {
    this.#now = now;
    this.#identity = identity;
    const within = (ms: number) => () => ({ deadline: now() + ms });
    this.#connections = peers.map((peer) => {
      const client = open(peer);
      const gateway = connect({
        client,
        identity: { mspId: identity.mspId, credentials: identity.certificatePem },
        signer: identity.signer,
        hash: hash.none,
        evaluateOptions: within(timeouts.evaluateMs),
        endorseOptions: within(timeouts.endorseMs),
        submitOptions: within(timeouts.submitMs),
        commitStatusOptions: within(timeouts.commitMs),
      });
      return { peer, client, gateway };
    });
  }

  /** All connections in the profile's order. */
  get connections(): readonly GatewayConnection[] {
    return this.#connections;
  }

  /** The order in which to ask now: the profile's, with those that failed just now last. */
  order(): readonly GatewayConnection[] {
    const hot = (connection: GatewayConnection): boolean => this.#now() < (this.#lastUntil.get(connection) ?? -Infinity);
    return [...this.#connections.filter((connection) => !hot(connection)), ...this.#connections.filter(hot)];
  }

  /** Notes that a gateway is in trouble. @param error what the gateway library threw, if known. */
  failed(connection: GatewayConnection, error?: unknown): void {
    this.#lastUntil.set(connection, this.#now() + (isSilence(error) ? silentMs : refusedMs));
  }

  /**
   * Does something with the first gateway that is not in trouble.
   * @throws CodedError the ledger's answer as it is, or UNAVAILABLE with what each gateway said.
   */
  async first<T>(work: (connection: GatewayConnection) => Promise<T>): Promise<T> {
    const troubles: CodedError[] = [];
    for (const connection of this.order()) {
      try {
        return await work(connection);
      } catch (error) {
        const coded = toCodedError(error);
        if (!isTrouble(coded)) throw isMismatch(error) ? new CodedError('CONFLICT', `the peer of ${connection.peer.mspId} answered otherwise than others: ${coded.message}`, { cause: error }) : coded;
        this.failed(connection, error);
        troubles.push(coded);
      }
    }
    throw toCodedError(new AggregateError(troubles, 'no gateway can serve'));
  }

  [Symbol.dispose](): void {
    for (const { gateway, client } of this.#connections) {
      gateway.close();
      client.close();
    }
    this.#identity.close?.();
  }
}
