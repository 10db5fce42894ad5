/** Products of long polynomials over GF(2) in WebAssembly (assembly/toeplitz.ts): its tables, and its memory as slots. */
import { cantorBasis, exp, multiply, span } from './binary-field.js';
import { type BitProducts, PRODUCT_BYTES } from './bit-products.js';
import { type WasmMemory, type WasmPlace, instantiate, reserve } from './wasm.js';

interface Module {
  readonly memory: WasmMemory;
  readonly spectrum: (slot: number) => void;
  readonly multiplyAdd: (sum: number, a: number, b: number) => void;
  readonly invert: (slot: number) => void;
  readonly TWIDDLES_LOW: WasmPlace;
  readonly TWIDDLES_HIGH: WasmPlace;
  readonly EMBED: WasmPlace;
  readonly EXTRACT: WasmPlace;
  readonly LANE_BITS: WasmPlace;
  readonly LOGARITHMS: WasmPlace;
  readonly POWERS: WasmPlace;
  readonly POWERS_BETA3: WasmPlace;
  readonly BYTES: WasmPlace;
  readonly SLOTS: WasmPlace;
  readonly SLOT_BYTES: WasmPlace;
}

const beta = (i: number): number => cantorBasis[i] ?? 0;

/** Coordinates in a tower of fields: bits 0 to 3 of a nibble are β₀ to β₃, a byte is low + β₄ · high, an element low + β₈ · high. */
const nibble = [beta(0), beta(1), beta(2), beta(3)];
const byte = [...nibble, ...nibble.map((element) => multiply(element, beta(4)))];
const fromTower = span(Uint16Array.from([...byte, ...byte.map((element) => multiply(element, beta(8)))]));
const toTower = new Uint16Array(65_536);
fromTower.forEach((element, tower) => { toTower[element] = tower; });

/** The look-up tables of a linear map of 16 bits: for each byte of the result, one for each nibble of the argument. */
const nibbleTables = (map: (element: number) => number, nibbles: number): Uint8Array => {
  const tables = new Uint8Array(2 * nibbles * 16);
  for (let nibble = 0; nibble < nibbles; nibble++) {
    for (let value = 0; value < 16; value++) {
      const image = map(value << (4 * nibble));
      tables[16 * nibble + value] = image;
      tables[16 * (nibbles + nibble) + value] = image >> 8;
    }
  }
  return tables;
};

/** The product of a constant with elements in coordinates of the tower. */
const times = (constant: number) => (tower: number): number => toTower[multiply(constant, fromTower[tower] ?? 0)] ?? 0;

/** The tables of all sums of some constants, by linearity: six of 16 bytes each, in the order of the module. */
const twiddleTables = (constants: Uint16Array): Uint8Array => {
  const tables = new Uint8Array(128 << constants.length);
  constants.forEach((constant, bit) => {
    const [low, high] = [0, 64].map((from) => nibbleTables(times(constant), 4).subarray(from, from + 64));
    const known = 128 << bit;
    for (let at = 0; at < known; at++) {
      const place = at & 127;
      const own = place < 64 ? (low?.[place] ?? 0) : place < 96 ? (low?.[place - 64] ?? 0) ^ (high?.[place - 64] ?? 0) : 0;
      tables[known + at] = (tables[at] ?? 0) ^ own;
    }
  });
  return tables;
};

/** Powers of a generator of GF(16), and logarithms with 64 for zero: a sum with it is above all others. */
const powers = new Uint8Array(16);
const logarithms = new Uint8Array(16).fill(64);
const generator = exp[65_535 / 15] ?? 0;
for (let power = 0, tower = 1; power < 15; power++, tower = times(generator)(tower)) {
  powers[power] = tower;
  logarithms[tower] = power;
}

/** The implementation for real blocks. */
export class VectorBitProducts implements BitProducts {
  readonly #module = instantiate('toeplitz') as Module;

  constructor() {
    const module = this.#module;
    reserve(module.memory, module.SLOTS.value);
    const put = (at: WasmPlace, table: Uint8Array): void => { new Uint8Array(module.memory.buffer).set(table, at.value); };
    put(module.TWIDDLES_LOW, twiddleTables(cantorBasis.subarray(1, 9)));
    put(module.TWIDDLES_HIGH, twiddleTables(cantorBasis.subarray(9)));
    put(module.EMBED, nibbleTables((value) => toTower[value] ?? 0, 2));
    put(module.EXTRACT, nibbleTables((tower) => fromTower[tower] ?? 0, 4));
    put(module.LANE_BITS, Uint8Array.from({ length: 64 }, (_, i) => ((i & 15) >> (i >> 4)) & 1 ? 255 : 0));
    put(module.LOGARITHMS, logarithms);
    put(module.POWERS, powers);
    put(module.POWERS_BETA3, powers.map(times(beta(3))));
  }

  load(slot: number, bytes: Uint8Array): void {
    const at = this.#at(slot);
    const input = this.#bytes();
    input.set(bytes);
    input.fill(0, bytes.length);
    this.#module.spectrum(at);
  }

  clear(slot: number): void {
    const at = this.#at(slot);
    new Uint8Array(this.#module.memory.buffer, at, this.#module.SLOT_BYTES.value).fill(0);
  }

  multiplyAdd(sum: number, a: number, b: number): void {
    this.#module.multiplyAdd(this.#at(sum), this.#at(a), this.#at(b));
  }

  take(slot: number): Uint8Array {
    this.#module.invert(this.#at(slot));
    return this.#bytes().slice();
  }

  #bytes(): Uint8Array {
    return new Uint8Array(this.#module.memory.buffer, this.#module.BYTES.value, PRODUCT_BYTES);
  }

  /** Where a slot lies; memory grows with the slots in use. */
  #at(slot: number): number {
    const { memory, SLOTS, SLOT_BYTES } = this.#module;
    const at = SLOTS.value + slot * SLOT_BYTES.value;
    reserve(memory, at + SLOT_BYTES.value);
    return at;
  }
}
