/** The Status of ETSI GS QKD 014 V1.1.1, section 6.1, with what an emulated link can tell beyond it. */
import type { KmeLink } from './kme-link.js';
import { KEY_BITS, type Limits, MIN_KEY_BITS } from './limits.js';
import type { LinkStatus } from './link-status.js';

/** Our members of `status_extension`. Absent ones are not known yet. */
const extensionOf = (status: LinkStatus): object => ({
  epione_link: status.name,
  epione_state: status.state,
  epione_health: status.reason !== undefined ? 'failed' : status.storedKeys > 0 ? 'ok' : 'empty',
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
    key_size: KEY_BITS,
    stored_key_count: status === undefined ? count : status.reason === undefined ? Math.min(status.storedKeys, count) : 0,
    max_key_count: count,
    max_key_per_request: limits.maxKeysPerRequest,
    max_key_size: limits.maxKeyBits,
    min_key_size: MIN_KEY_BITS,
    max_SAE_ID_count: limits.maxAdditionalSaeIds,
    status_extension: status === undefined ? { epione_state: 'idle', epione_health: 'ok' } : extensionOf(status),
  };
};
