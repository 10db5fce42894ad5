/** The Status of ETSI GS QKD 014 V1.1.1, section 6.1, with what an emulated link can tell beyond it. */
import { padBytes } from '../relay/hop-cover.js';
import type { KmeLink } from './kme-link.js';
import { KEY_BITS, type Limits, MIN_KEY_BITS } from './limits.js';
import type { LinkStatus } from './link-status.js';

/** Our members of `status_extension`. Absent ones are not known yet. */
const extensionOf = (status: LinkStatus): object => ({
  epione_link: status.name,
  epione_state: status.state,
  epione_health: status.health,
  epione_reason: status.reason,
  epione_qber: status.qber,
  epione_chsh: status.chsh,
  epione_secret_key_rate_bps: status.keyRateBps,
  epione_running_epsilon: status.epsilon,
  epione_blocks: status.blocks,
  epione_sifted_bits: status.siftedBits,
  epione_disclosed_bits: status.disclosedBits,
  epione_secret_bits: status.secretBits,
  epione_used_bits: status.usedBits,
  epione_burnt_bits: status.burntBits,
  epione_aborts: status.aborts,
});

/** The members that are the same for every slave. */
const sizesOf = (limits: Limits): object => ({
  key_size: KEY_BITS,
  max_key_per_request: limits.maxKeysPerRequest,
  max_key_size: limits.maxKeyBits,
  min_key_size: MIN_KEY_BITS,
  max_SAE_ID_count: limits.maxAdditionalSaeIds,
});

const BYTES_PER_RELAYED_KEY = padBytes(KEY_BITS / 8);

/** The status of the keys for a slave beyond trusted nodes: what the first link of each of its paths can carry. Of the links after it this server knows nothing. */
export const relayedStatusOf = (kmeId: string, master: string, slave: string, targetKmeId: string, firstLinks: readonly KmeLink[], limits: Limits): object => {
  const keysOf = (link: KmeLink, keys: number): number => Math.floor((keys * KEY_BITS) / 8 / BYTES_PER_RELAYED_KEY / firstLinks.filter((other) => other === link).length);
  const failed = firstLinks.map((link) => link.status().reason).find((reason) => reason !== undefined);
  const stored = failed === undefined ? Math.min(...firstLinks.map((link) => keysOf(link, link.status().storedKeys))) : 0;
  const most = Math.min(...firstLinks.map((link) => keysOf(link, link.maxKeys)));
  return {
    source_KME_ID: kmeId,
    target_KME_ID: targetKmeId,
    master_SAE_ID: master,
    slave_SAE_ID: slave,
    ...sizesOf(limits),
    stored_key_count: Math.min(stored, most),
    max_key_count: most,
    status_extension: { epione_state: 'relayed', epione_health: failed !== undefined ? 'failed' : stored > 0 ? 'ok' : 'empty', epione_reason: failed, epione_paths: firstLinks.length },
  };
};

/**
 * The status of the keys for a slave.
 * @param link the link that leads to it; undefined for an SAE of the same site, whose keys are made when asked for
 */
export const statusOf = (kmeId: string, master: string, slave: string, link: KmeLink | undefined, limits: Limits): object => {
  const status = link?.status();
  const count = link?.maxKeys ?? limits.maxKeysPerRequest;
  return {
    source_KME_ID: kmeId,
    target_KME_ID: status?.peerKmeId ?? kmeId,
    master_SAE_ID: master,
    slave_SAE_ID: slave,
    ...sizesOf(limits),
    stored_key_count: status === undefined ? count : status.reason === undefined ? Math.min(status.storedKeys, count) : 0,
    max_key_count: count,
    status_extension: status === undefined ? { epione_state: 'idle', epione_health: 'ok' } : extensionOf(status),
  };
};
