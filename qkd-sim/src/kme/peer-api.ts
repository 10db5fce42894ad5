/** The side of a key server that other key servers see. */
import type { SiteConfig } from '../config.js';
import { type Answer, refusal } from './http.js';
import type { Reservation } from '../store/key-store.js';
import type { KmeLink } from './kme-link.js';
import { markRequest, matchRequest, reserveRequest } from './peer-messages.js';

/** The link of a name, if the caller is at its other end. */
type FindLink = (name: string) => KmeLink | undefined;

const done: Answer = { status: 200, body: {} };
const stranger = refusal(401, 'not a link of the caller');

const match = async (body: unknown, find: FindLink): Promise<Answer> => {
  const { link, blocks } = matchRequest.parse(body);
  const offers = blocks.map(({ confirmation, ...offer }) => ({ ...offer, confirmation: Buffer.from(confirmation, 'hex') }));
  const same = await find(link)?.compare(offers);
  return same === undefined ? stranger : { status: 200, body: { same } };
};

const mark = async (body: unknown, find: FindLink): Promise<Answer> => {
  const request = markRequest.parse(body);
  const link = find(request.link);
  await link?.takeMark(request.mark, request.wantedBytes);
  return link === undefined ? stranger : done;
};

const reserve = async (body: unknown, find: FindLink, { kmeId, saeIds }: SiteConfig): Promise<Answer> => {
  const { link: name, keys } = reserveRequest.parse(body);
  const link = find(name);
  if (link === undefined) return stranger;
  // Key servers are each other's SAEs when they relay: their pads are keys like others.
  const foreign = keys.some(({ master, slaves }) => slaves.some((slave) => ![kmeId, ...saeIds].includes(slave)) || ![link.config.peerKmeId, ...link.config.peerSaeIds].includes(master));
  const reservations = keys.map(({ masked, ...key }): Reservation => ({ ...key, ...(masked !== undefined && { masked: Uint8Array.from(Buffer.from(masked, 'hex')) }) }));
  const refused = foreign ? 'SAE IDs of other sites' : await link.reserve(reservations);
  return refused === undefined ? done : refusal(400, refused);
};

/**
 * Answers another key server.
 * @throws z.ZodError when the body is not what the action takes
 */
export const answerPeer = async (action: string, body: unknown, find: FindLink, site: SiteConfig): Promise<Answer> => {
  if (action === 'match') return match(body, find);
  if (action === 'mark') return mark(body, find);
  if (action === 'reserve') return reserve(body, find, site);
  return refusal(400, 'no such action');
};
