/** Probes of "Get status" (clauses 5.2 and 6.1). */
import { statusSchema, type KmeStatus } from '../messages.js';
import type { Bench } from './bench.js';
import { conforms, deviates, told, unclear, type Outcome, type Probe } from './probe.js';

const depth = 'status';

/** Whether a key of the default size can be asked for at all. */
export const saneLimits = ({ key_size: size, min_key_size: min, max_key_size: max, max_key_per_request: perRequest }: KmeStatus): boolean =>
  min <= size && size <= max && size > 0 && perRequest > 0;

export const statusProbes: readonly Probe[] = [
  {
    name: 'status answers', clause: '5.2', expectation: '200 with application/json', depth,
    run: async (bench: Bench): Promise<Outcome> => {
      const reply = await bench.statusReply();
      if (reply.status === 503) return unclear(told(reply));
      const found = `${told(reply)}, ${reply.contentType ?? 'no Content-Type'}`;
      return reply.status === 200 && /^application\/json\b/i.test(reply.contentType ?? '') ? conforms(found) : deviates(found);
    },
  },
  {
    name: 'status members', clause: '6.1', expectation: 'eleven mandatory members of the right types', depth,
    run: async (bench: Bench): Promise<Outcome> => {
      const { status, json } = await bench.statusReply();
      if (status !== 200) return unclear('no status');
      const { error } = statusSchema.safeParse(json);
      if (error !== undefined) return deviates(`missing or of another type: ${[...new Set(error.issues.map(({ path }) => path.join('.') || 'the whole'))].join(', ')}`);
      const more = Object.keys(json as object).filter((member) => !(member in statusSchema.shape));
      return conforms(more.length === 0 ? 'all there' : `all there, and ${more.join(', ')}`);
    },
  },
  {
    name: 'status names', clause: '6.1', expectation: 'master_SAE_ID is the caller, slave_SAE_ID the SAE in the path', depth,
    run: async (bench: Bench): Promise<Outcome> => {
      const status = await bench.status();
      if (status === undefined) return unclear('no status');
      const found = `master ${status.master_SAE_ID}, slave ${status.slave_SAE_ID}`;
      if (status.slave_SAE_ID !== bench.slaveId) return deviates(found);
      // How an SAE ID stands in a certificate is the operator's choice (clause 5.1).
      return bench.masterNames.includes(status.master_SAE_ID) ? conforms(found) : unclear(`${found}; the certificate names ${bench.masterNames.join(', ')}`);
    },
  },
  {
    name: 'status limits', clause: '6.1', expectation: 'min_key_size <= key_size <= max_key_size, at least one key a request, stored_key_count <= max_key_count', depth,
    run: async (bench: Bench): Promise<Outcome> => {
      const status = await bench.status();
      if (status === undefined) return unclear('no status');
      const { key_size: size, min_key_size: min, max_key_size: max, max_key_per_request: perRequest, stored_key_count: stored, max_key_count: most } = status;
      const found = `${min} <= ${size} <= ${max} bits, ${perRequest} a request, ${stored} of ${most} stored`;
      return saneLimits(status) && stored <= most ? conforms(found) : deviates(found);
    },
  },
  {
    name: 'encoded SAE ID', clause: '5.2', expectation: 'an SAE ID in percent-encoding is the same SAE', depth,
    run: async (bench: Bench): Promise<Outcome> => {
      const sae = [...Buffer.from(bench.slaveId)].map((byte) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`).join('');
      const reply = await bench.ask({ sae, action: 'status', encoded: true });
      if (reply.status === 503) return unclear(told(reply));
      return reply.status === 200 ? conforms('200') : deviates(told(reply));
    },
  },
];
