/** GHASH, the polynomial hash over GF(2^128) of NIST SP 800-38D, with the bit order of the standard. */

const TABLE_WORDS = 16 * 256 * 4;

/** The products of every byte value at every place of a block with the key, by linearity from the 128 multiples. */
const productTable = (key: Uint8Array): Int32Array => {
  const table = new Int32Array(TABLE_WORDS);
  const view = new DataView(key.buffer, key.byteOffset, 16);
  const v = Int32Array.of(view.getInt32(0), view.getInt32(4), view.getInt32(8), view.getInt32(12));
  for (let bit = 0; bit < 128; bit++) {
    const weight = 0x80 >> (bit & 7);
    const base = (bit >> 3) * 1024;
    table.set(v, base + weight * 4);
    let carry = 0;
    for (let word = 0; word < 4; word++) {
      const value = v[word] ?? 0;
      v[word] = (value >>> 1) | (carry << 31);
      carry = value & 1;
    }
    if (carry === 1) v[0] = (v[0] ?? 0) ^ (0xe1 << 24);
  }
  for (let base = 0; base < TABLE_WORDS; base += 1024) {
    for (let byte = 3; byte < 256; byte++) {
      const low = byte & -byte;
      if (low === byte) continue;
      for (let word = 0; word < 4; word++) {
        table[base + byte * 4 + word] = (table[base + (byte ^ low) * 4 + word] ?? 0) ^ (table[base + low * 4 + word] ?? 0);
      }
    }
  }
  return table;
};

/**
 * A running GHASH. For a uniform secret key two different inputs of at most L bits collide with probability at most
 * (L/128 + 1) · 2^−128.
 */
export abstract class Ghash {
  #bytes = 0;

  /** Absorbs bytes, filled up with zeros to whole blocks of 16. */
  update(bytes: Uint8Array): this {
    const whole = bytes.length & ~15;
    this.absorb(bytes.subarray(0, whole));
    if (whole < bytes.length) {
      const last = new Uint8Array(16);
      last.set(bytes.subarray(whole));
      this.absorb(last);
    }
    this.#bytes += bytes.length;
    return this;
  }

  /** The 16 bytes after the block of lengths: that of SP 800-38D with no additional data, when there was one update. */
  digest(): Uint8Array {
    const lengths = new Uint8Array(16);
    new DataView(lengths.buffer).setBigUint64(8, BigInt(this.#bytes) * 8n);
    this.absorb(lengths);
    return this.state();
  }

  /** Takes whole blocks into the state. */
  protected abstract absorb(blocks: Uint8Array): void;
  /** The 16 bytes of the state. */
  protected abstract state(): Uint8Array;
}

/** The readable implementation: the reference of the one in vectors. */
export class PlainGhash extends Ghash {
  readonly #table: Int32Array;
  readonly #state = new Int32Array(4);

  /** @param key 16 bytes, the hash key H */
  constructor(key: Uint8Array) {
    super();
    this.#table = productTable(key);
  }

  protected state(): Uint8Array {
    const out = new Uint8Array(16);
    const view = new DataView(out.buffer);
    this.#state.forEach((word, index) => { view.setInt32(index * 4, word); });
    return out;
  }

  protected absorb(bytes: Uint8Array): void {
    const table = this.#table;
    const state = this.#state;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at < bytes.length; at += 16) {
      let w = 0;
      let x = 0;
      let y = 0;
      let z = 0;
      for (let word = 0; word < 4; word++) {
        const value = (state[word] ?? 0) ^ view.getInt32(at + 4 * word);
        for (let place = 0; place < 4; place++) {
          const entry = (word << 12) | (place << 10) | (((value >>> (24 - 8 * place)) & 255) << 2);
          w ^= table[entry] ?? 0;
          x ^= table[entry + 1] ?? 0;
          y ^= table[entry + 2] ?? 0;
          z ^= table[entry + 3] ?? 0;
        }
      }
      state[0] = w;
      state[1] = x;
      state[2] = y;
      state[3] = z;
    }
  }
}
