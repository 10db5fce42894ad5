/** The door to the ledger: a profile and an identity become a typed, connected ledger. */
import { readFile } from 'node:fs/promises';
import { openChannel } from './channel.js';
import { UsageError } from './faults.js';
import { defaultTimeouts, Gateways, type Timeouts } from './gateways.js';
import { Ledger } from './ledger.js';
import type { ConnectionProfile, IdentityName } from './profile.js';
import { nativeSigner } from './signer.js';

export interface ConnectOptions {
  /** Which of the profile's identities signs. */
  readonly identity: IdentityName;
  /** Bounds on the steps of a transaction; the others keep their defaults. */
  readonly timeouts?: Partial<Timeouts>;
  /** Accept peers that cannot do a post-quantum key exchange. */
  readonly allowClassicalTls?: boolean;
  /** Milliseconds since 1970 UTC; the machine's clock by default. */
  readonly now?: () => number;
  /** 0 <= x < 1, for jitter. */
  readonly random?: () => number;
}

const known: ReadonlySet<string> = new Set(['identity', 'timeouts', 'allowClassicalTls', 'now', 'random'] satisfies (keyof ConnectOptions)[]);

async function read(path: string, what: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new UsageError(`cannot read the ${what} ${path}`, { cause });
  }
}

/**
 * Connects to the channel of a profile. Dispose of the ledger (`using`) to close its connections.
 * No call is made yet: whether peers answer shows with the first one.
 * @throws UsageError for an unknown option, an identity that the profile lacks, a file that cannot be read.
 */
export async function connect(profile: ConnectionProfile, options: ConnectOptions): Promise<Ledger> {
  const strange = Object.keys(options).filter((name) => !known.has(name));
  if (strange.length > 0) throw new UsageError(`unknown option ${strange.join(', ')}`);
  const files = profile.identities[options.identity];
  if (files === undefined) throw new UsageError(`the profile of ${profile.mspId} has no identity ${options.identity}`);
  const certificatePem = await read(files.certificateFile, 'certificate');
  const signer = nativeSigner(await read(files.privateKeyFile, 'private key'));
  const { now = Date.now, random = Math.random, allowClassicalTls = false } = options;
  const timeouts = { ...defaultTimeouts, ...options.timeouts };
  const identity = { mspId: profile.mspId, certificatePem, signer };
  const gateways = new Gateways(profile.peers, identity, timeouts, (peer) => openChannel(peer, allowClassicalTls), now);
  return new Ledger({ gateways, identity, channel: profile.channel, chaincode: profile.chaincode, timeouts, now, random });
}
