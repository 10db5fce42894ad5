/** What the study run tells people while it works: one line a step with the time it took, rewritten in place on a terminal. */

/** Where to write, and whether lines can be rewritten there. */
export interface Screen {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

export class Progress {
  readonly #screen: Screen;
  readonly #begun = performance.now();
  #note = '';

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  #line(text: string): void {
    this.#screen.write(this.#screen.isTTY === true ? `\r\u001b[K${text}\n` : `${text}\n`);
  }

  /** One line. */
  say(text: string): void {
    this.#line(text);
  }

  /** Changes what the running step says about itself, on a terminal only. */
  note(text: string): void {
    this.#note = text;
  }

  /** Does a step and tells how long it took. */
  async step<T>(title: string, work: () => Promise<T>): Promise<T> {
    const begun = performance.now();
    const seconds = (): string => `${((performance.now() - begun) / 1000).toFixed(1)} s`;
    this.#note = '';
    const live = this.#screen.isTTY === true;
    if (!live) this.#line(`${title} ...`);
    const timer = live ? setInterval(() => this.#screen.write(`\r\u001b[K${title} ... ${this.#note === '' ? '' : `${this.#note}, `}${seconds()}`), 200) : undefined;
    try {
      const result = await work();
      this.#line(`${title}: ${this.#note === '' ? '' : `${this.#note}, `}${seconds()}`);
      return result;
    } finally {
      clearInterval(timer);
    }
  }

  /** Seconds since the start. */
  get seconds(): number {
    return (performance.now() - this.#begun) / 1000;
  }
}
