/** Details that an organization keeps to itself and may disclose later: the ledger holds a digest, the organization's own peers the sealed text. */
import { z } from 'zod';
import { openChunks, sealChunks } from '../sealing/chunked-encryption.js';
import { frame } from '../encoding/digest.js';
import { digest, label, mspId } from '../encoding/fields.js';

/** Statement `detail`: an organization keeps something sealed under a random name, and this is the digest of its sealed bytes. */
export const detail = z.strictObject({ channel: z.string(), genesis: digest, mspId, record: digest, id: label, digest });
export type Detail = z.infer<typeof detail>;

/** Statement `erasure` of a detail. */
export const erasure = z.strictObject({ channel: z.string(), genesis: digest, mspId, record: digest, id: label });
export type Erasure = z.infer<typeof erasure>;

/** What `Detail:getDetail` is asked, and `Detail:checkDetail` of another organization's. */
export const detailQuestion = z.strictObject({ mspId, id: label });

/** Sealed bytes of a detail, at most. */
export const detailBytes = 64 * 1024;

/** The private collection that only an organization's own peers hold (Fabric's implicit collections). */
export const ownCollection = (organization: string): string => `_implicit_org_${organization}`;

const context = (organization: string, id: string): Uint8Array => frame('epione/v1/detail', organization, id);

/** A detail as its peers keep it, and the key (32 bytes) that opens it. */
export interface SealedDetail {
  readonly sealed: Uint8Array;
  readonly key: Uint8Array;
}

/**
 * Seals a text for keeping. Fabric's purge leaves old bytes on a peer's disk, so what is kept is ciphertext: whoever destroys
 * the key has erased the text. The salt within makes the public digest of a guessable text unguessable.
 * @param random gives so many fresh random bytes
 */
export function sealDetail(organization: string, id: string, text: string, random: (bytes: number) => Uint8Array): SealedDetail {
  const key = random(32);
  return { key, sealed: sealChunks(key, context(organization, id), new TextEncoder().encode(text), random(24)) };
}

/** Opens a disclosed detail. @throws CodedError UNOPENABLE. */
export const openDetail = (organization: string, id: string, { sealed, key }: SealedDetail): string =>
  new TextDecoder('utf-8', { fatal: true }).decode(openChunks(key, context(organization, id), sealed));
