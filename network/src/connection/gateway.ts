/** A connection to one peer under one identity, with the signer that Node's OpenSSL gives. */
import { createPrivateKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { Client, credentials } from '@grpc/grpc-js';
import { connect, hash, type Gateway, type Signer } from '@hyperledger/fabric-gateway';
import { NetworkError } from '../error.js';
import type { IssuedCertificate } from '../identities/certificate-authority.js';
import { derInteger, derSequence } from './der.js';
import { readCredential, type UserName } from '../identities/identities.js';
import { postQuantumOnly } from './post-quantum.js';
import { credential, type Network, type Organization } from '../state.js';

/** Where a peer serves. */
export interface PeerAddress {
  readonly mspId: string;
  /** `host:port`. */
  readonly endpoint: string;
  /** PEM certificates of the authorities that may have issued the peer's TLS certificate. */
  readonly tlsRoots: Buffer;
  /** The name in the peer's TLS certificate where the endpoint is another. */
  readonly hostnameOverride?: string;
  /** What is shown to a peer that asks for a client certificate. */
  readonly clientTls?: IssuedCertificate;
}

/** A gateway at a peer with its gRPC client and signer; `close` ends both connections. */
export interface PeerLink {
  readonly mspId: string;
  readonly endpoint: string;
  readonly gateway: Gateway;
  readonly client: Client;
  readonly sign: Signer;
  readonly close: () => void;
}

/** A link to the peer of an organization of a network on this machine. */
export interface PeerConnection extends PeerLink {
  readonly organization: Organization;
}

// Order of the P-256 group (FIPS 186-5, appendix on recommended curves).
const curveOrder = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** Signs messages with P-256 and SHA-256. Fabric takes DER with the lower of the two possible s only. */
function nativeSigner(privateKeyPem: string): Signer {
  const key = createPrivateKey(privateKeyPem);
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new NetworkError('PROFILE_INVALID', 'Only keys on the curve P-256 can sign here.', "Use an identity with such a key, as Fabric's tools make them.");
  return (message) => {
    const raw = sign('sha256', message, { key, dsaEncoding: 'ieee-p1363' }).toString('hex');
    const [r, s] = [BigInt(`0x${raw.slice(0, 64)}`), BigInt(`0x${raw.slice(64)}`)];
    return Promise.resolve(derSequence(derInteger(r), derInteger(s > curveOrder / 2n ? curveOrder - s : s)));
  };
}

/** A gRPC client over post-quantum TLS. The short back-off makes waiting for a start quick. */
function clientTo({ endpoint, tlsRoots, hostnameOverride, clientTls }: Omit<PeerAddress, 'mspId'>): Client {
  const own = clientTls ? { key: clientTls.privateKey, cert: clientTls.certificate } : {};
  const context = createSecureContext({ ca: tlsRoots, ...own, ...postQuantumOnly });
  return new Client(endpoint, credentials.createFromSecureContext(context), {
    'grpc.initial_reconnect_backoff_ms': 50,
    'grpc.max_reconnect_backoff_ms': 500,
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
    // To a proxy of https_proxy, this machine's nodes would be its own machine's.
    ...(endpoint.startsWith('localhost:') ? { 'grpc.enable_http_proxy': 0 } : {}),
    ...(hostnameOverride === undefined ? {} : { 'grpc.ssl_target_name_override': hostnameOverride, 'grpc.default_authority': hostnameOverride }),
  });
}

/** A gRPC client to a node on this machine, with a client certificate where one is given. */
export function tlsClient(port: number, tlsRoots: Buffer, own?: IssuedCertificate): Client {
  return clientTo({ endpoint: `localhost:${port}`, tlsRoots, ...(own ? { clientTls: own } : {}) });
}

/** Opens a gateway at a peer under an identity of the peer's MSP ID. */
export function linkPeer(address: PeerAddress, identity: IssuedCertificate): PeerLink {
  const { mspId, endpoint } = address;
  const signer = nativeSigner(identity.privateKey);
  const client = clientTo(address);
  const within = (ms: number) => (): { deadline: number } => ({ deadline: Date.now() + ms });
  const gateway = connect({
    client,
    identity: { mspId, credentials: Buffer.from(identity.certificate) },
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
  return { mspId, endpoint, gateway, client, sign: signer, close };
}

/** Connects to an organization's peer as one of its users, or under another identity of the same MSP ID. */
export function connectPeer(organization: Organization, user: UserName | IssuedCertificate): PeerConnection {
  const identity = typeof user === 'string' ? readCredential(credential(organization, 'users', user)) : user;
  const tlsRoots = readFileSync(credential(organization, 'authorities', 'tls').certificateFile);
  return { organization, ...linkPeer({ mspId: organization.mspId, endpoint: `localhost:${organization.ports.peer}`, tlsRoots }, identity) };
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
