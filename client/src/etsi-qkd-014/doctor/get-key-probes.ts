/** Probes of "Get key" (clauses 5.3, 6.2, 6.3). */
import { PRESCRIBED, containerSchema, type KmeStatus } from '../messages.js';
import type { Bench, Question, Reply } from './bench.js';
import { conforms, deviates, judge400, told, unclear, worst, type Outcome, type Probe } from './probe.js';
import { saneLimits } from './status-probes.js';

/** Whether a reply delivers keys of a number and size. */
function judgeKeys(reply: Reply, number: number, bits: number): Outcome {
  if (reply.status === 503) return unclear(told(reply));
  if (reply.status !== 200) return deviates(told(reply));
  const { data, error } = containerSchema.safeParse(reply.json);
  if (error !== undefined) return deviates(`not a key container: ${error.issues.map(({ path }) => path.join('.')).join(', ')}`);
  const sizes = data.keys.map(({ key }) => Buffer.from(key, 'base64').length * 8);
  const found = `${sizes.length} of ${[...new Set(sizes)].join(', ')} bits`;
  return sizes.length === number && sizes.every((size) => size === bits) ? conforms(found) : deviates(found);
}

/** A probe that needs the limits of the status. */
const withStatus = (run: (bench: Bench, status: KmeStatus) => Promise<Outcome>) => async (bench: Bench): Promise<Outcome> => {
  const status = await bench.status();
  return status !== undefined && saneLimits(status) ? run(bench, status) : unclear('no status to take limits from');
};

const ask = (bench: Bench, question: Omit<Question, 'sae' | 'action'>): Promise<Reply> => bench.ask({ ...question, sae: bench.slaveId, action: 'enc_keys' });

/** Sends each faulty body; all must be refused. */
async function refusals(bench: Bench, bodies: readonly object[], message?: string): Promise<Outcome> {
  const outcomes: [string, Outcome][] = [];
  for (const body of bodies) outcomes.push([JSON.stringify(body), judge400(await ask(bench, { body }), message)]);
  return worst(outcomes);
}

const delivering: readonly Probe[] = [
  {
    name: 'get key, empty GET', clause: '5.3, 6.2', expectation: 'one key of key_size bits', depth: 'keys',
    run: withStatus(async (bench, { key_size: size }) => judgeKeys(await ask(bench, {}), 1, size)),
  },
  {
    name: 'get key, empty POST', clause: '5.3, 6.2', expectation: 'one key of key_size bits, without body and Content-Type', depth: 'keys',
    run: withStatus(async (bench, { key_size: size }) => judgeKeys(await ask(bench, { method: 'POST' }), 1, size)),
  },
  {
    name: 'get key, GET form', clause: '5.3', expectation: 'number and size are taken from the query', depth: 'keys',
    run: withStatus(async (bench, { min_key_size: size, max_key_per_request: most }) => {
      const [number, bits] = [Math.min(2, most), Math.ceil(Math.max(8, size) / 8) * 8];
      return judgeKeys(await ask(bench, { query: { number: String(number), size: String(bits) } }), number, bits);
    }),
  },
  {
    name: 'get key, POST form', clause: '5.3, 6.3', expectation: 'number and size are taken from the body; key_IDs and keys differ', depth: 'keys',
    run: withStatus(async (bench, { max_key_size: max, max_key_per_request: most }) => {
      const [number, bits] = [Math.min(3, most), Math.min(256, Math.floor(max / 8) * 8)];
      const reply = await ask(bench, { body: { number, size: bits } });
      const keys = containerSchema.safeParse(reply.json).data?.keys ?? [];
      const alike = new Set(keys.map(({ key_ID: id }) => id.toLowerCase())).size < keys.length || new Set(keys.map(({ key }) => key)).size < keys.length;
      return alike ? deviates('a key_ID or a key came twice') : judgeKeys(reply, number, bits);
    }),
  },
  {
    name: 'optional extension', clause: '6.2', expectation: 'an unknown extension_optional does not hinder', depth: 'keys',
    run: withStatus(async (bench, { key_size: size }) => judgeKeys(await ask(bench, { body: { extension_optional: [{ epione_unknown_probe: true }] } }), 1, size)),
  },
];

const refusing: readonly Probe[] = [
  {
    name: 'size not in bytes', clause: '5.3', expectation: `400 "${PRESCRIBED.size}"`, depth: 'requests',
    run: withStatus(async (bench, { key_size: size }) => judge400(await ask(bench, { body: { size: size + 1 } }), PRESCRIBED.size)),
  },
  {
    name: 'size out of range', clause: '5.3, 6.1', expectation: '400 for 0, negative, above max_key_size, below min_key_size, and no number', depth: 'requests',
    run: withStatus(async (bench, { max_key_size: max, min_key_size: min }) => {
      const below = Math.ceil(min / 8) * 8 - 8;
      return refusals(bench, [{ size: 0 }, { size: -8 }, { size: (Math.floor(max / 8) + 1) * 8 }, ...(below > 0 ? [{ size: below }] : []), { size: 'abc01' }]);
    }),
  },
  {
    name: 'number out of range', clause: '5.3, 6.1', expectation: '400 for 0, negative, above max_key_per_request, and no number', depth: 'requests',
    run: withStatus(async (bench, { max_key_per_request: most }) => refusals(bench, [{ number: 0 }, { number: -8 }, { number: most + 1 }, { number: 'abc01' }])),
  },
  {
    name: 'mandatory extension', clause: '5.3', expectation: `400 "${PRESCRIBED.unsupported}"`, depth: 'requests',
    run: async (bench) => refusals(bench, [{ extension_mandatory: [{ epione_unknown_probe: true }] }], PRESCRIBED.unsupported),
  },
  {
    name: 'additional slaves out of range', clause: '5.3, 6.2', expectation: '400 for more additional_slave_SAE_IDs than max_SAE_ID_count', depth: 'requests',
    run: withStatus(async (bench, { max_SAE_ID_count: most }) => {
      const ids = Array.from({ length: most + 1 }, (_, index) => `no-such-sae-${index}`);
      return refusals(bench, [{ additional_slave_SAE_IDs: ids }]).then((outcome) => ({ ...outcome, found: outcome.found.replace(/^\{.*?\}: /, `${ids.length}: `) }));
    }),
  },
  {
    name: 'unknown slave', clause: '5.3', expectation: '400 or 401 for an SAE that the server does not know', depth: 'requests',
    run: async (bench) => {
      const reply = await bench.ask({ sae: 'no-such-sae', action: 'enc_keys', body: {} });
      return reply.status === 401 ? conforms(told(reply)) : judge400(reply);
    },
  },
  {
    name: 'body that is no JSON', clause: '5.3', expectation: '400 with an Error', depth: 'requests',
    run: async (bench) => judge400(await ask(bench, { body: '{"number":' })),
  },
];

export const getKeyProbes: readonly Probe[] = [...refusing, ...delivering];
