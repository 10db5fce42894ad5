/** The configuration in force at a place in the chain: whom it admits, and whose endorsement it demands. */
import type { ChannelConfig } from '../../evidence/channel-config.js';
import { assertFollows } from '../../evidence/config-update.js';
import { Organizations, type Member } from '../../evidence/organizations.js';
import { meetsPolicy } from '../../evidence/policy.js';
import type { TrustRoot } from '../../evidence/trust-root.js';

/** Where a channel keeps the policy that chaincodes without one of their own follow. */
export const endorsementPath = '/Channel/Application/Endorsement';

/** Who the endorsing organizations are and how many of them must endorse: what the pinned number was pinned for. */
const endorsersOf = ({ elements, applications }: ChannelConfig): string =>
  [Buffer.from(elements.get(`policy ${endorsementPath}`)?.content ?? []).toString('hex'), ...[...applications.keys()].sort()].join(' ');

/** A configuration that its predecessor's members accepted. */
export class Configuration {
  readonly config: ChannelConfig;
  readonly organizations: Organizations;
  /** Holds as long as the channel's own rule is that of the first block; from a change on, what its members agreed upon holds. */
  readonly #pinned: TrustRoot['endorsement'] | undefined;

  constructor(config: ChannelConfig, pinned?: TrustRoot['endorsement']) {
    this.config = config;
    this.organizations = new Organizations(config.authorities);
    this.#pinned = pinned;
  }

  /** The configuration that a block sets in force. @param bytes serialized `common.ConfigEnvelope`. @throws Error when too few have signed the change, or it is another. */
  next(channel: string, bytes: Uint8Array, config: ChannelConfig): Configuration {
    assertFollows(this.config, this.organizations, channel, bytes, config);
    return new Configuration(config, endorsersOf(config) === endorsersOf(this.config) ? this.#pinned : undefined);
  }

  /** Peers of as many organizations as were pinned; true where the channel has gone on from what was pinned. */
  meetsPinned(peers: readonly Member[]): boolean {
    if (this.#pinned === undefined) return true;
    const { mspIds, minimum } = this.#pinned;
    return new Set(peers.map(({ mspId }) => mspId).filter((mspId) => mspIds.includes(mspId))).size >= minimum;
  }

  /** Whether these peers together speak for the channel. */
  speaksFor(peers: readonly Member[]): boolean {
    return this.meetsPinned(peers) && meetsPolicy(this.config.elements, endorsementPath, peers);
  }
}
