/** What the key server answers, as schemas: sections 6.1, 6.3 and 6.5 of ETSI GS QKD 014 V1.1.1, with our extensions. */
import { z } from 'zod';

const count = z.int().nonnegative();
const ratio = z.number().min(0).max(1);

/** Section 6.1. Members of `status_extension` are absent while they are not known. */
export const statusBody = z.strictObject({
  source_KME_ID: z.string(),
  target_KME_ID: z.string(),
  master_SAE_ID: z.string(),
  slave_SAE_ID: z.string(),
  key_size: count.meta({ description: 'Bits of a key unless a size is asked for.' }),
  stored_key_count: count,
  max_key_count: count,
  max_key_per_request: count,
  max_key_size: count,
  min_key_size: count,
  max_SAE_ID_count: count.meta({ description: 'Additional slaves allowed; 0: none.' }),
  status_extension: z.strictObject({
    epione_link: z.string().optional(),
    epione_state: z.enum(['idle', 'distilling', 'waiting', 'aborted']),
    epione_health: z.enum(['ok', 'degraded', 'empty', 'failed']).meta({ description: 'failed: the link is aborted, or the random source of the site has failed, and no keys are given out; empty: there are none now; degraded: there are, though the last block failed.' }),
    epione_reason: z.string().optional().meta({ description: 'Why the link is aborted.' }),
    epione_qber: ratio.optional().meta({ description: 'Quantum bit error rate of the last block.' }),
    epione_chsh: z.number().min(-4).max(4).optional().meta({ description: "S of Bell's inequality in the last block of a link with entangled photons; above 2 they are entangled." }),
    epione_secret_key_rate_bps: z.number().nonnegative().optional().meta({ description: 'Secret bits of the last block by the time it took on the emulated link.' }),
    epione_running_epsilon: z.number().nonnegative().optional().meta({ description: 'Epsilons of all blocks so far, summed.' }),
    epione_blocks: count.optional(),
    epione_sifted_bits: count.optional(),
    epione_disclosed_bits: count.optional(),
    epione_secret_bits: count.optional(),
    epione_used_bits: count.optional(),
    epione_burnt_bits: count.optional(),
    epione_aborts: count.optional(),
  }),
});

/** Section 6.3. */
export const keyContainer = z.strictObject({
  keys: z.array(z.strictObject({
    key_ID: z.uuid(),
    key: z.base64(),
    key_extension: z.strictObject({ epione_epsilon: ratio.meta({ description: 'Probability that the key is not secret, over all links that carried it.' }) }),
  })),
  key_container_extension: z.strictObject({ epione_notice: z.string() }).optional(),
});

/** Section 6.5. */
export const errorBody = z.strictObject({
  message: z.string(),
  details: z.array(z.record(z.string(), z.string())).optional().meta({ description: 'All faults, where there are several.' }),
});
