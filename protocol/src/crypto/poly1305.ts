/** Poly1305 (RFC 8439, section 2.5) under a key used once, in time that depends on the message's length alone: runtimes offer it inside ChaCha20 only. */

/** Bytes of the one-time key: r ‖ s. */
const keyBytes = 32;
const blockBytes = 16;
/** 130 bits in ten limbs of 13, so that sums of products stay far below 2^53. */
const limbs = 10;
const limbBits = 13;
const mask = (1 << limbBits) - 1;

/** 16 bytes and a bit above them, as limbs. */
function limbsOf(bytes: Uint8Array, top: number): Float64Array {
  const out = new Float64Array(limbs);
  for (let limb = 0; limb < limbs; limb++) {
    const bit = limb * limbBits;
    const at = bit >> 3;
    const byte = (place: number): number => (place < blockBytes ? (bytes[place] ?? 0) : place === blockBytes ? top : 0);
    out[limb] = ((byte(at) | (byte(at + 1) << 8) | (byte(at + 2) << 16)) >>> (bit & 7)) & mask;
  }
  return out;
}

/** Hands what is above 13 bits to the next limb; what leaves the last comes back five times, because 2^130 = 5 mod 2^130 - 5. */
function carry(h: Float64Array): void {
  let over = 0;
  for (let limb = 0; limb < limbs; limb++) {
    const value = (h[limb] ?? 0) + over;
    over = Math.floor(value / (mask + 1));
    h[limb] = value - over * (mask + 1);
  }
  h[0] = (h[0] ?? 0) + 5 * over;
}

/** h · r mod 2^130 - 5, almost reduced. */
function times(h: Float64Array, r: Float64Array): Float64Array {
  const product = new Float64Array(limbs);
  for (let i = 0; i < limbs; i++) {
    for (let j = 0; j < limbs; j++) {
      const at = (i + j) % limbs;
      product[at] = (product[at] ?? 0) + (h[i] ?? 0) * (r[j] ?? 0) * (i + j < limbs ? 1 : 5);
    }
  }
  carry(product);
  carry(product);
  return product;
}

/** The least residue: h, or h - p where h is p or more, chosen without a branch. */
function reduced(h: Float64Array): Float64Array {
  for (let round = 0; round < 3; round++) carry(h);
  const less = h.slice();
  less[0] = (less[0] ?? 0) + 5;
  let over = 0;
  for (let limb = 0; limb < limbs; limb++) {
    const value = (less[limb] ?? 0) + over;
    over = Math.floor(value / (mask + 1));
    less[limb] = value - over * (mask + 1);
  }
  return h.map((limb, at) => limb * (1 - over) + (less[at] ?? 0) * over);
}

/**
 * The tag of a message.
 * @param key r ‖ s, 32 bytes, never for a second message.
 * @returns 16 bytes.
 */
export function poly1305(key: Uint8Array, message: Uint8Array): Uint8Array {
  if (key.length !== keyBytes) throw new RangeError(`a one-time key has ${keyBytes} bytes`);
  const clamped = key.slice(0, blockBytes);
  for (const at of [3, 7, 11, 15]) clamped[at] = (clamped[at] ?? 0) & 15;
  for (const at of [4, 8, 12]) clamped[at] = (clamped[at] ?? 0) & 252;
  const r = limbsOf(clamped, 0);
  let h: Float64Array = new Float64Array(limbs);
  for (let at = 0; at < message.length; at += blockBytes) {
    const block = new Uint8Array(blockBytes + 1);
    const part = message.subarray(at, at + blockBytes);
    block.set(part);
    block[part.length] = 1;
    const added = limbsOf(block, block[blockBytes] ?? 0);
    h = times(h.map((limb, place) => limb + (added[place] ?? 0)), r);
  }
  return plus(reduced(h), key.subarray(blockBytes));
}

/** (h + s) mod 2^128, little-endian. */
function plus(h: Float64Array, s: Uint8Array): Uint8Array {
  const tag = new Uint8Array(blockBytes);
  let over = 0;
  for (let at = 0; at < blockBytes; at++) {
    const bit = at * 8;
    const limb = Math.floor(bit / limbBits);
    const two = (h[limb] ?? 0) + (h[limb + 1] ?? 0) * (mask + 1);
    over += (Math.floor(two / 2 ** (bit % limbBits)) & 255) + (s[at] ?? 0);
    tag[at] = over & 255;
    over >>= 8;
  }
  return tag;
}
