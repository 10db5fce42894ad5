/** Probes of "Get key with key IDs" (clauses 5.4, 6.4), and of what must hold between both ends. */
import { PRESCRIBED } from '../messages.js';
import { keysOf, type Bench, type Delivered, type Reply, type Role } from './bench.js';
import { conforms, deviates, judge400, told, unclear, worst, type Outcome, type Probe } from './probe.js';

/** A probe that takes keys first, and works with a second party. */
const withKeys = (number: number, role: Role | undefined, run: (bench: Bench, keys: readonly Delivered[], ids: readonly string[]) => Promise<Outcome>) => async (bench: Bench): Promise<Outcome> => {
  if (role !== undefined && bench.idOf(role) === undefined) return unclear(`needs the certificate of ${role === 'slave' ? 'the slave SAE' : 'a third SAE'}`);
  const keys = await bench.take({ number });
  return keys?.length === number ? run(bench, keys, keys.map(({ id }) => id)) : unclear(`no ${number} keys to work with`);
};

/** Whether a reply holds exactly these keys. */
function judgeSame(reply: Reply, keys: readonly Delivered[]): Outcome {
  if (reply.status === 503) return unclear(told(reply));
  if (reply.status !== 200) return deviates(told(reply));
  const found = keysOf(reply);
  const same = found.size === keys.length && keys.every(({ id, key }) => found.get(id.toLowerCase()) === key);
  return same ? conforms(`the same ${keys.length === 1 ? 'key' : 'keys'}`) : deviates('other keys, or keys under other key_IDs');
}

/** Whether a caller who was not named is turned away. */
function judge401(reply: Reply): Outcome {
  if (reply.status === 503) return unclear(told(reply));
  return reply.status === 401 ? conforms(told(reply)) : deviates(reply.status === 200 ? '200: delivered' : told(reply));
}

const faulty: readonly Probe[] = [
  {
    name: 'unknown key_ID', clause: '5.4', expectation: `400 "${PRESCRIBED.notFound}"`, depth: 'requests',
    run: async (bench) => judge400(await bench.ask({ sae: bench.slaveId, action: 'dec_keys', body: { key_IDs: [{ key_ID: bench.uuid() }] } }), PRESCRIBED.notFound),
  },
  {
    name: 'faulty key IDs', clause: '5.4, 6.4', expectation: '400 for a key_ID that is no UUID, an empty list, no list, and no body', depth: 'requests',
    run: async (bench) => {
      const outcomes: [string, Outcome][] = [];
      for (const body of [{ key_IDs: [{ key_ID: 'no-uuid' }] }, { key_IDs: [] }, {}, undefined]) {
        outcomes.push([body === undefined ? 'no body' : JSON.stringify(body), judge400(await bench.ask({ sae: bench.slaveId, action: 'dec_keys', method: 'POST', body }))]);
      }
      return worst(outcomes);
    },
  },
];

const between: readonly Probe[] = [
  {
    name: 'master asks for its own key', clause: '5.4', expectation: '401 (or 400): the caller was not named as a slave', depth: 'keys',
    run: withKeys(1, undefined, async (bench, _, ids) => {
      const reply = await bench.fetch('master', ids);
      return reply.status === 400 ? conforms(told(reply)) : judge401(reply);
    }),
  },
  {
    name: 'both ends, POST form', clause: '5.4', expectation: 'the slave gets the same keys by their key_IDs', depth: 'keys',
    run: withKeys(2, 'slave', async (bench, keys, ids) => judgeSame(await bench.fetch('slave', ids.toReversed()), keys)),
  },
  {
    name: 'both ends, GET form', clause: '5.4', expectation: 'the slave gets the same key by its key_ID', depth: 'keys',
    run: withKeys(1, 'slave', async (bench, keys, ids) => judgeSame(await bench.fetch('slave', ids, 'GET'), keys)),
  },
  {
    name: 'delivered once', clause: '5.4', expectation: `the second time 400 "${PRESCRIBED.notFound}"`, depth: 'keys',
    run: withKeys(1, 'slave', async (bench, _, ids) => {
      const first = await bench.fetch('slave', ids);
      return first.status === 200 ? judge400(await bench.fetch('slave', ids), PRESCRIBED.notFound) : unclear(`the first time ${told(first)}`);
    }),
  },
  {
    name: 'third SAE', clause: '5.4', expectation: '401 for an SAE that was not named; the slave still gets the key', depth: 'keys',
    run: withKeys(1, 'third', async (bench, keys, ids) => {
      const turnedAway = judge401(await bench.fetch('third', ids));
      if (bench.idOf('slave') === undefined) return turnedAway;
      return worst([['third', turnedAway], ['slave', judgeSame(await bench.fetch('slave', ids), keys)]]);
    }),
  },
  {
    name: 'multicast', clause: '5.3, 5.4', expectation: 'slave and additional slave get the same key', depth: 'keys',
    run: async (bench) => {
      const [slave, third] = [bench.idOf('slave'), bench.idOf('third')];
      if (((await bench.status())?.max_SAE_ID_count ?? 0) === 0) return unclear('max_SAE_ID_count is 0: no multicast here');
      if (slave === undefined || third === undefined) return unclear('needs the certificates of the slave SAE and of a third SAE');
      const keys = await bench.take({ additional_slave_SAE_IDs: [third] });
      if (keys === undefined) return deviates(`no key for ${slave} and ${third} together`);
      const ids = keys.map(({ id }) => id);
      return worst([[slave, judgeSame(await bench.fetch('slave', ids), keys)], [third, judgeSame(await bench.fetch('third', ids), keys)]]);
    },
  },
];

export const getKeyWithIdsProbes: readonly Probe[] = [...faulty, ...between];
