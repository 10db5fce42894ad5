/** A growing list of 32-bit integers that keeps its memory when it is emptied. */
export class IntegerList {
  #items = new Int32Array(64);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The memory of the list, valid until the next `push`. */
  get items(): Int32Array {
    return this.#items;
  }

  push(value: number): void {
    if (this.#length === this.#items.length) {
      const longer = new Int32Array(2 * this.#length);
      longer.set(this.#items);
      this.#items = longer;
    }
    this.#items[this.#length++] = value;
  }

  /** Keeps the first `length` only. */
  truncate(length: number): void {
    this.#length = length;
  }
}
