/** The checks of all ways out: the peers of the ledger, the key management entity, the other members' blob servers; and the clock, which these tell. */
import { readFile } from 'node:fs/promises';
import { connect, proxyFor } from '@epione/client';
import { readTls } from '../site/https.js';
import { fault, ok, unlessAny, warning, type Check, type Examined, type Remark } from './finding.js';
import { NotReached, reach, type Greeting, type Reached } from './reach.js';

const mostSkewMs = 5000;

/** A server that the worker has to reach, and how. */
interface Way {
  readonly name: string;
  readonly url: URL;
  readonly greeting: () => Promise<Greeting>;
}

async function asSite(files: Parameters<typeof readTls>[0]): Promise<Greeting> {
  const { cert, key, ca } = await readTls(files);
  return { cert, key, ca, http: true };
}

const peerWays = ({ profile }: Examined): Way[] =>
  (profile?.peers ?? []).map(({ mspId, endpoint, tlsCaFile }) => ({ name: `peer of ${mspId}`, url: new URL(`https://${endpoint}`), greeting: async () => ({ ca: await readFile(tlsCaFile), http: false }) }));
const keyServerWays = ({ config: { kme } }: Examined): Way[] => (kme === undefined ? [] : [{ name: 'key management entity', url: new URL(kme.url), greeting: () => asSite(kme) }]);
const memberWays = ({ partners, config }: Examined): Way[] => partners.map(({ mspId, blobUrl }) => ({ name: `blob server of ${mspId}`, url: new URL(blobUrl), greeting: () => asSite(config.blobServer) }));

/** @param needed whether the worker can do nothing without it. */
async function remarkOn({ name, url, greeting }: Way, { proxyEnv }: Examined, needed: boolean): Promise<{ remark: Remark; reached?: Reached; name: string }> {
  try {
    const reached = await reach(url, await greeting(), proxyEnv);
    return { remark: ok(`${name}, ${url.host}${reached.proxy === undefined ? '' : `, through the proxy ${reached.proxy}`}`), reached, name };
  } catch (error) {
    if (!(error instanceof NotReached)) throw error;
    return { remark: (needed ? fault : warning)(error.code, `${name}: ${error.message}`, error.remedy), name };
  }
}

/** One check of several ways. @param needed how many of them, from the first, the worker can do nothing without. */
const wayCheck = (name: string, remedy: string, of: (examined: Examined) => Way[], needed: number, none: string): Check => ({
  name, remedy,
  examine: async (examined) => {
    const ways = of(examined);
    const told = await Promise.all(ways.map((way, at) => remarkOn(way, examined, at < needed)));
    return ways.length === 0 ? [ok(none)] : told.map(({ remark }) => remark);
  },
});

export const peers = wayCheck('peers', 'Correct the TLS authority file of the profile.', peerWays, 1, 'no profile names any');
export const keyServer = wayCheck('key server', 'Correct kme in the configuration.', keyServerWays, 1, 'this site has none');
export const members = wayCheck('members', 'Correct blobServer in the configuration.', memberWays, 0, 'none are known yet');

/** Whether a proxy is set, and for whom; never with its password. */
export const proxy: Check = {
  name: 'proxy', remedy: 'Correct HTTPS_PROXY.',
  examine: ({ proxyEnv }) => {
    const found = proxyFor(new URL('https://anywhere.invalid'), proxyEnv);
    return [ok(found === undefined ? 'none is set' : `${found.host}${found.username === '' ? '' : `, as ${decodeURIComponent(found.username)}`}`)];
  },
};

/** Whether the ledger answers this organization. */
export const ledger: Check = {
  name: 'ledger',
  remedy: 'Start the peer, or correct its endpoint in the profile; one of Fabric before 2.5.13 or 3.1.0 has no post-quantum key exchange and is refused.',
  examine: async ({ profile, proxyEnv }) => {
    if (profile === undefined) return [fault('NO_PROFILE', 'not asked: there is no profile', 'Name the connection profile that the network operator gave you.')];
    using channel = await connect(profile, { identity: 'worker', proxyEnv, timeouts: { evaluateMs: 10_000 } });
    return [ok(`height ${await channel.height()} of channel ${profile.channel}`)];
  },
};

/** The own clock beside those of the servers that tell theirs. */
export const clock: Check = {
  name: 'clock', remedy: 'Let the machine set its clock by NTP.',
  examine: async (examined) => {
    const told = await Promise.all([...keyServerWays(examined), ...memberWays(examined)].map((way) => remarkOn(way, examined, false)));
    const clocks = told.flatMap(({ name, reached }) => (reached?.time === undefined ? [] : [{ name, skewMs: examined.now() - reached.time }]));
    if (clocks.length === 0) return [ok('not checked: nobody tells the time')];
    const off = clocks.filter(({ skewMs }) => Math.abs(skewMs) > mostSkewMs);
    const words = off.map(({ name, skewMs }) => `${(Math.abs(skewMs) / 1000).toFixed(0)} s ${skewMs > 0 ? 'ahead of' : 'behind'} the ${name}'s`).join(', ');
    // When any other clock agrees with ours, it is not ours that is wrong.
    return unlessAny(off.length === 0 ? [] : [(off.length === clocks.length ? fault : warning)('CLOCK_SKEW', `this clock is ${words}`, 'Let the machine set its clock by NTP.')], `agrees with ${clocks.map(({ name }) => name).join(', ')}`);
  },
};
