/** The door to the ledger: a profile and an identity become a typed, connected ledger. */
import { randomBytes, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Signer } from '@hyperledger/fabric-gateway';
import { EtsiQkd014Error, proxyFor, type ProxyEnv } from '../etsi-qkd-014/index.js';
import { signed } from '../evidence/organizations.js';
import { openChannel } from './channel.js';
import { UsageError } from './faults.js';
import { defaultTimeouts, Gateways, type Identity, type Timeouts } from './gateways.js';
import { ledgerOver, type Ledger } from './ledger.js';
import { pkcs11Signer } from './pkcs11-signer.js';
import type { ConnectionProfile, GatewayPeer, IdentityName } from './profile.js';
import { nativeSigner } from './signer.js';

export interface ConnectOptions {
  /** Which of the profile's identities signs. */
  readonly identity: IdentityName;
  /**
   * Signs whole messages in place of the profile's key, which is then not read: ECDSA with SHA-256, DER, s in the lower half.
   * For keys that this package knows no way to; `noKey` where each step is signed elsewhere.
   */
  readonly signer?: Signer;
  /** Bounds on the steps of a transaction; the others keep their defaults. */
  readonly timeouts?: Partial<Timeouts>;
  /** Accept peers that cannot do a post-quantum key exchange. */
  readonly allowClassicalTls?: boolean;
  /** HTTPS_PROXY and NO_PROXY; the process's environment by default. */
  readonly proxyEnv?: ProxyEnv;
  /** Milliseconds since 1970 UTC; the machine's clock by default. */
  readonly now?: () => number;
  /** 0 <= x < 1, for jitter. */
  readonly random?: () => number;
}

const known: ReadonlySet<string> = new Set(['identity', 'signer', 'timeouts', 'allowClassicalTls', 'proxyEnv', 'now', 'random'] satisfies (keyof ConnectOptions)[]);

async function read(path: string, what: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new UsageError(`cannot read the ${what} ${path}`, { cause });
  }
}

/** @throws UsageError for a proxy that cannot be used. */
function proxyOf({ endpoint }: GatewayPeer, env: ProxyEnv): URL | undefined {
  try {
    return proxyFor(new URL(`https://${endpoint}`), env);
  } catch (cause) {
    throw cause instanceof EtsiQkd014Error ? new UsageError(cause.message, { cause }) : cause;
  }
}

type Key = Pick<Identity, 'signer' | 'close'>;

/** The key behind a certificate: the caller's, or in a token, or in a file. */
async function keyOf({ privateKeyFile, pkcs11 }: NonNullable<ConnectionProfile['identities'][IdentityName]>, own: Signer | undefined): Promise<Key> {
  if (own !== undefined) return { signer: own };
  if (pkcs11 !== undefined) {
    const { sign, close } = pkcs11Signer(pkcs11);
    return { signer: sign, close };
  }
  if (privateKeyFile === undefined) throw new UsageError('the profile names no private key for this identity: give its file, its token, or a signer');
  return { signer: nativeSigner(await read(privateKeyFile, 'private key')) };
}

/** A token may hold several keys; the wrong one would show only as a refusal by every peer. */
async function assertBelongs({ signer, close }: Key, certificatePem: Uint8Array): Promise<void> {
  const probe = randomBytes(32);
  if (signed(new X509Certificate(certificatePem).publicKey, probe, await signer(probe))) return;
  close?.();
  throw new UsageError('the private key is not the one of the certificate');
}

/**
 * Connects to the channel of a profile. Dispose of the ledger (`using`) to close its connections.
 * No call is made yet: whether peers answer shows with the first one.
 * @throws UsageError for an unknown option, an identity that the profile lacks, a file that cannot be read, a key that is not the certificate's, a proxy that is no http:// address.
 */
export async function connect(profile: ConnectionProfile, options: ConnectOptions): Promise<Ledger> {
  const strange = Object.keys(options).filter((name) => !known.has(name));
  if (strange.length > 0) throw new UsageError(`unknown option ${strange.join(', ')}`);
  const files = profile.identities[options.identity];
  if (files === undefined) throw new UsageError(`the profile of ${profile.mspId} has no identity ${options.identity}`);
  const certificatePem = await read(files.certificateFile, 'certificate');
  const key = await keyOf(files, options.signer);
  if (options.signer === undefined) await assertBelongs(key, certificatePem);
  const { now = Date.now, random = Math.random, allowClassicalTls = false, proxyEnv = process.env } = options;
  const timeouts = { ...defaultTimeouts, ...options.timeouts };
  const identity = { mspId: profile.mspId, certificatePem, ...key };
  const gateways = new Gateways(profile.peers, identity, timeouts, (peer) => openChannel(peer, allowClassicalTls, proxyOf(peer, proxyEnv)), now);
  return ledgerOver({ gateways, identity, channel: profile.channel, chaincode: profile.chaincode, timeouts, now, random });
}
