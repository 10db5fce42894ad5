/** A connection to one peer under one identity, with the signer that Node's OpenSSL gives. */
import { createPrivateKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Client, credentials } from '@grpc/grpc-js';
import { connect, hash, type Gateway, type Signer } from '@hyperledger/fabric-gateway';
import type { IssuedCertificate } from '../identities/certificate-authority.js';
import { derInteger, derSequence } from './der.js';
import { readCredential, type UserName } from '../identities/identities.js';
import { credential, type Network, type Organization } from '../state.js';

/** A gateway with its gRPC client and signer; `close` ends both connections. */
export interface PeerConnection {
  readonly organization: Organization;
  readonly gateway: Gateway;
  readonly client: Client;
  readonly sign: Signer;
  readonly close: () => void;
}

// Order of the P-256 group (FIPS 186-5, appendix on recommended curves).
const curveOrder = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** Signs messages with P-256 and SHA-256. Fabric takes DER with the lower of the two possible s only. */
function nativeSigner(privateKeyPem: string): Signer {
  const key = createPrivateKey(privateKeyPem);
  return (message) => {
    const raw = sign('sha256', message, { key, dsaEncoding: 'ieee-p1363' }).toString('hex');
    const [r, s] = [BigInt(`0x${raw.slice(0, 64)}`), BigInt(`0x${raw.slice(64)}`)];
    return Promise.resolve(derSequence(derInteger(r), derInteger(s > curveOrder / 2n ? curveOrder - s : s)));
  };
}

/** A gRPC client to a node over TLS, with a client certificate where one is given. The short back-off makes waiting for a start quick. */
export function tlsClient(port: number, tlsRoots: Buffer, own?: IssuedCertificate): Client {
  const channel = own ? credentials.createSsl(tlsRoots, Buffer.from(own.privateKey), Buffer.from(own.certificate)) : credentials.createSsl(tlsRoots);
  return new Client(`localhost:${port}`, channel, {
    'grpc.initial_reconnect_backoff_ms': 50,
    'grpc.max_reconnect_backoff_ms': 500,
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
  });
}

/** Connects to an organization's peer as one of its users, or under another identity of the same MSP ID. */
export function connectPeer(organization: Organization, user: UserName | IssuedCertificate): PeerConnection {
  const identity = typeof user === 'string' ? readCredential(credential(organization, 'users', user)) : user;
  const client = tlsClient(organization.ports.peer, readFileSync(credential(organization, 'authorities', 'tls').certificateFile));
  const signer = nativeSigner(identity.privateKey);
  const within = (ms: number) => (): { deadline: number } => ({ deadline: Date.now() + ms });
  const gateway = connect({
    client,
    identity: { mspId: organization.mspId, credentials: Buffer.from(identity.certificate) },
    signer,
    // The signer hashes by itself.
    hash: hash.none,
    evaluateOptions: within(10_000),
    endorseOptions: within(30_000),
    submitOptions: within(10_000),
    commitStatusOptions: within(30_000),
  });
  const close = (): void => {
    gateway.close();
    client.close();
  };
  return { organization, gateway, client, sign: signer, close };
}

/** Runs work on one connection to each organization's peer, and closes them all. */
export async function withPeers<T>(network: Network, user: UserName, work: (peers: readonly PeerConnection[]) => Promise<T>): Promise<T> {
  const peers = network.organizations.map((organization) => connectPeer(organization, user));
  try {
    return await work(peers);
  } finally {
    for (const peer of peers) peer.close();
  }
}
