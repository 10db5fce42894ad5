/** Random numbers of a fuzz run: the same for the same seed, target and case. */

/** FNV-1a over UTF-16 code units: only to tell seeds apart. */
function mixed(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** sfc32 (Doty-Humphrey, PractRand): small, fast, no detectable bias at what a run draws. */
export class Chance {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: string, target: string, index: number) {
    this.#a = mixed(seed);
    this.#b = mixed(target);
    this.#c = index | 0;
    for (let round = 0; round < 12; round++) this.next();
  }

  /** 32 bits, unsigned. */
  next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum | 0;
    return sum >>> 0;
  }

  /** An integer from 0 to below `bound`. */
  below(bound: number): number {
    return bound <= 0 ? 0 : this.next() % bound;
  }

  /** One of a list that is not empty. */
  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.next() & 255);
  }
}
