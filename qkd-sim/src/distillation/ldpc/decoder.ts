/** What a decoder of one code does: the door to two implementations, and the readable one. */
import { type BaseGraph, type Edge, LIFT, disclosedRows } from './base-graph.js';

/** Size of the starting value of a bit, and the largest message, in steps of eight bits: chosen by decoding. */
export const PRIOR = 16;
export const CLIP = 45;
/** Iterations after which a frame counts as not decoded; those that converge need 20 to 35. */
export const MAX_ITERATIONS = 40;

/** A decoder of the code of one base graph. Bit i of bytes is bit i mod 8 of byte i / 8; check c is check c mod 512 of row c / 512 in the order of `disclosedRows`. */
export interface Decoder {
  /** The parities of the first checks, a multiple of 16, over a frame of at most 512 bits a column. */
  syndrome(frame: Uint8Array, checks: number): Uint8Array;
  /**
   * Finds the likeliest errors with a syndrome.
   * @param syndrome of the first checks, a multiple of 16
   * @param frameBytes length of the frame; what the code has beyond it is known to have no errors
   * @returns undefined when there is no answer after `MAX_ITERATIONS`
   */
  errors(syndrome: Uint8Array, frameBytes: number): Uint8Array | undefined;
}

const bit = (bytes: Uint8Array, index: number): number => ((bytes[index >> 3] ?? 0) >> (index & 7)) & 1;

/** Bytes of bits given by their places. */
const bytesOf = (bits: number, at: (place: number) => boolean): Uint8Array => {
  const bytes = new Uint8Array(bits / 8);
  for (let place = 0; place < bits; place++) if (at(place)) bytes[place >> 3] = (bytes[place >> 3] ?? 0) | (1 << (place & 7));
  return bytes;
};

const saturated = (value: number): number => Math.max(-128, Math.min(127, value));

/** Layered normalised min-sum in numbers of eight bits: the reference of the one in vectors. */
export class PlainDecoder implements Decoder {
  readonly #graph: BaseGraph;
  readonly #rows: readonly (readonly Edge[])[];

  constructor(graph: BaseGraph) {
    this.#graph = graph;
    this.#rows = disclosedRows(graph);
  }

  syndrome(frame: Uint8Array, checks: number): Uint8Array {
    return bytesOf(checks, (at) => this.#places(at).reduce((parity, place) => parity ^ bit(frame, place), 0) === 1);
  }

  errors(syndrome: Uint8Array, frameBytes: number): Uint8Array | undefined {
    const values = new Int8Array(this.#graph.columns * LIFT).fill(PRIOR).fill(127, 8 * frameBytes);
    const checks = this.#checks(syndrome).map(({ at, odd }) => ({ odd, places: this.#places(at), messages: new Int8Array(this.#places(at).length) }));
    for (let iteration = 0; iteration < MAX_ITERATIONS; iteration++) {
      for (const { odd, places, messages } of checks) {
        const sent = check(places.map((place, edge) => saturated((values[place] ?? 0) - (messages[edge] ?? 0))), odd);
        sent.forEach(({ value, message }, edge) => {
          messages[edge] = message;
          values[places[edge] ?? 0] = saturated(value + message);
        });
      }
      const errors = bytesOf(values.length, (place) => (values[place] ?? 0) < 0);
      if (Buffer.compare(this.syndrome(errors, 8 * syndrome.length), syndrome) === 0) return errors.subarray(0, frameBytes);
    }
    return undefined;
  }

  /** The checks to decode with: where the first row of a pair is known, both rows of it stand for their sum. */
  #checks(syndrome: Uint8Array): { at: number; odd: boolean }[] {
    const { rows, pairs } = this.#graph;
    const single = rows.length - 2 * pairs;
    const firsts = (single + pairs) * LIFT;
    const checks = Array.from({ length: single * LIFT }, (_, at) => ({ at, odd: bit(syndrome, at) === 1 }));
    for (let pair = 0; pair < pairs * LIFT; pair++) {
      const sum = bit(syndrome, single * LIFT + pair);
      const first = bit(syndrome, firsts + pair);
      if (firsts + pair >= 8 * syndrome.length) checks.push({ at: single * LIFT + pair, odd: sum === 1 });
      else checks.push({ at: firsts + pair, odd: first === 1 }, { at: firsts + pairs * LIFT + pair, odd: (sum ^ first) === 1 });
    }
    return checks;
  }

  /** The bits that a check is over. */
  #places(at: number): number[] {
    return (this.#rows[Math.floor(at / LIFT)] ?? []).map(({ column, shift }) => column * LIFT + ((at + shift) & (LIFT - 1)));
  }
}

/** What a check tells each bit: the sign that makes the parity, three quarters of the least of the others' sizes. */
const check = (values: readonly number[], odd: boolean): { readonly value: number; readonly message: number }[] => {
  const sizes = values.map(Math.abs);
  const [least = 127, second = 127] = [...sizes, 127, 127].toSorted((a, b) => a - b);
  const negative = values.filter((value) => value < 0).length % 2 === 1;
  return values.map((value, edge) => {
    const size = sizes[edge] === least ? second : least;
    const scaled = Math.min(size - (size >> 2), CLIP);
    return { value, message: (negative !== odd) !== value < 0 ? -scaled : scaled };
  });
};
