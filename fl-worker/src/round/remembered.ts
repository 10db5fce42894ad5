/** Answers of the ledger that hold until its events tell of a change: asking for them anew in every round costs the peers more than the round's own transactions. */

/** No answer is kept longer, ms: events are hints, and a lost stream tells nothing. */
const holdsMs = 5000;

/** Who hears of changes, see `Bell.roll`. */
export interface News {
  readonly roll: number | undefined;
}

/** Keeps answers by name. */
export class Remembered<T> {
  readonly #news: News;
  readonly #elapsed: () => number;
  readonly #answers = new Map<string, { readonly answer: T; readonly roll: number; readonly at: number }>();

  /** @param elapsed monotonic ms. */
  constructor(news: News, elapsed: () => number) {
    this.#news = news;
    this.#elapsed = elapsed;
  }

  /** The answer as it is remembered, else asked for. What was asked for while something changed, or while nobody heard, is not kept. */
  async get(name: string, ask: () => Promise<T>): Promise<T> {
    const { roll } = this.#news;
    const at = this.#elapsed();
    const known = this.#answers.get(name);
    if (known !== undefined && known.roll === roll && at - known.at < holdsMs) return known.answer;
    const answer = await ask();
    if (roll !== undefined && roll === this.#news.roll) this.#answers.set(name, { answer, roll, at });
    return answer;
  }
}
