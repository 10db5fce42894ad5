// GHASH of NIST SP 800-38D, sixteen look-ups of whole blocks for each block. Reference: qkd-sim/src/distillation/ghash.ts.

/** The products of every byte value at every place of a block with the key. */
const TABLE: usize = 0;
/** The key, the state, and blocks to absorb. */
export const KEY: usize = 0x10000;
export const STATE: usize = 0x10010;
export const BLOCKS: usize = 0x10020;
export const BLOCKS_BYTES: usize = 0xffe0;

/** Builds the table of the key, by linearity from its 128 multiples. */
export function begin(): void {
  let high = bswap<u64>(load<u64>(KEY)), low = bswap<u64>(load<u64>(KEY, 8));
  for (let bit: usize = 0; bit < 128; bit++) {
    const at = TABLE + ((bit >> 3) << 12) + ((<usize>0x80 >> (bit & 7)) << 4);
    store<u64>(at, bswap<u64>(high));
    store<u64>(at, bswap<u64>(low), 8);
    const carry = low & 1;
    low = (low >> 1) | (high << 63);
    high = (high >> 1) ^ (carry ? 0xe100000000000000 : 0);
  }
  for (let place = TABLE; place < TABLE + 0x10000; place += 0x1000) {
    v128.store(place, i8x16.splat(0));
    for (let byte: usize = 3; byte < 256; byte++) {
      const rest = byte & (byte - 1);
      if (rest) v128.store(place + (byte << 4), v128.xor(v128.load(place + (rest << 4)), v128.load(place + ((byte ^ rest) << 4))));
    }
  }
}

@inline function product(place: usize, bytes: u64, shift: u64): v128 {
  return v128.load(TABLE + (place << 12) + (<usize>((bytes >> shift) & 255) << 4));
}
@inline function half(place: usize, bytes: u64): v128 {
  const first = v128.xor(v128.xor(product(place, bytes, 0), product(place + 1, bytes, 8)), v128.xor(product(place + 2, bytes, 16), product(place + 3, bytes, 24)));
  const second = v128.xor(v128.xor(product(place + 4, bytes, 32), product(place + 5, bytes, 40)), v128.xor(product(place + 6, bytes, 48), product(place + 7, bytes, 56)));
  return v128.xor(first, second);
}

/** Takes bytes at BLOCKS, a multiple of 16, into the state. */
export function absorb(bytes: usize): void {
  let state = v128.load(STATE);
  for (let at = BLOCKS; at < BLOCKS + bytes; at += 16) {
    const sum = v128.xor(state, v128.load(at));
    state = v128.xor(half(0, <u64>i64x2.extract_lane(sum, 0)), half(8, <u64>i64x2.extract_lane(sum, 1)));
  }
  v128.store(STATE, state);
}
