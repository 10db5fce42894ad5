/** The side of a key server that other key servers see. */
import { refusal, type Answer } from './http.js';
import { matchRequest, reserveRequest } from './peer-messages.js';
import type { KmeLink } from './link-pool.js';

/**
 * Answers another key server.
 * @param link the link of a name, if the caller is at its other end
 */
export const answerPeer = (action: string, body: unknown, link: (name: string) => KmeLink | undefined, saeIds: readonly string[]): Answer => {
  if (action === 'match') {
    const parsed = matchRequest.safeParse(body);
    if (!parsed.success) return refusal(400, 'not a list of blocks');
    const pool = link(parsed.data.link);
    if (pool === undefined) return refusal(401, 'not a link of the caller');
    const offers = parsed.data.blocks.map(({ confirmation, ...offer }) => ({ ...offer, confirmation: Buffer.from(confirmation, 'hex') }));
    return { status: 200, body: { same: pool.compare(offers) } };
  }
  if (action === 'reserve') {
    const parsed = reserveRequest.safeParse(body);
    if (!parsed.success) return refusal(400, 'not a list of keys');
    const { link: name, keys } = parsed.data;
    const pool = link(name);
    if (pool === undefined) return refusal(401, 'not a link of the caller');
    const foreign = keys.some(({ master, slave }) => !saeIds.includes(slave) || !pool.config.peerSaeIds.includes(master));
    const refused = foreign ? 'SAE IDs of other sites' : pool.reserve(keys);
    return refused === undefined ? { status: 200, body: {} } : refusal(400, refused);
  }
  return refusal(400, 'no such action');
};
