/** Shapley values of a game whose values are whole numbers: exact, or by GTG-Shapley (Liu et al. 2022, arXiv 2109.02053). Integers and float64 `+ − × ÷` in a fixed order, so that everyone gets the same. */

/** What a coalition is worth, in whole units; asked once for each coalition. @param coalition players 0 to n−1, ascending. */
export type Value = (coalition: readonly number[]) => Promise<number>;

/** Shares are whole thousandths of the unit of values. */
export const finer = 1000n;

/** What each player adds, and what finding it out took. */
export interface Shares {
  readonly shares: readonly bigint[];
  /** Coalitions that were valued. */
  readonly evaluations: number;
  /** Orders of players that were tried; absent for exact values. */
  readonly permutations?: number;
}

/** Nearest integer to a quotient, half away from zero. */
function divided(dividend: bigint, divisor: bigint): bigint {
  const size = (2n * (dividend < 0n ? -dividend : dividend) + divisor) / (2n * divisor);
  return dividend < 0n ? -size : size;
}

const factorial = (n: number): bigint => (n <= 1 ? 1n : BigInt(n) * factorial(n - 1));

/** Most players of exact values: twice as many coalitions with each. */
export const exactLimit = 12;

/**
 * Shapley values by their definition (Shapley 1953): a player's marginal value over all orders of players. 2^n values.
 * @throws RangeError for more than 12 players.
 */
export async function exactShapley(players: number, value: Value): Promise<Shares> {
  if (players > exactLimit) throw new RangeError(`exact values of ${players} players take 2^${players} coalitions`);
  const all = Array.from({ length: players }, (_, player) => player);
  const values: number[] = [];
  for (let mask = 0; mask < 2 ** players; mask++) values.push(await value(all.filter((player) => (mask >> player) % 2 === 1)));
  const sizes = values.map((_, mask) => all.filter((player) => (mask >> player) % 2 === 1).length);
  const weights = all.map((size) => factorial(size) * factorial(players - size - 1));
  const shares = all.map((player) => {
    let total = 0n;
    values.forEach((before, mask) => {
      if ((mask >> player) % 2 === 0) total += (weights[sizes[mask] as number] as bigint) * BigInt((values[mask + 2 ** player] as number) - before);
    });
    return divided(total * finer, factorial(players));
  });
  return { shares, evaluations: values.length };
}

/** When GTG-Shapley stops looking. */
export interface GuidedSampling {
  /** A game whose whole is worth no more than this above or below nothing is not played: between-round truncation. Whole units. */
  readonly between: number;
  /** The rest of an order is not valued once its beginning is this near to the whole: within-round truncation. Whole units. */
  readonly within: number;
  /** Orders of players, at least and at most. */
  readonly least: number;
  readonly most: number;
  /** Mean relative distance of the last ten estimates from the latest at which sampling ends. */
  readonly tolerance: number;
}

const lastEstimates = 10;

/** Whether each of the last estimates is near the latest. */
function settled(estimates: readonly Float64Array[], tolerance: number): boolean {
  const latest = estimates.at(-1);
  if (latest === undefined || estimates.length < lastEstimates) return false;
  return estimates.every((estimate) => {
    let distance = 0;
    for (let k = 0; k < latest.length; k++) distance += Math.abs((estimate[k] as number) - (latest[k] as number)) / (Math.abs(latest[k] as number) + 1e-3);
    return distance / latest.length < tolerance;
  });
}

/**
 * Shapley values by guided sampling of orders: every player leads equally often, and truncation saves the values of what changes little.
 * @param others the other players in the random order number `turn` that `first` leads.
 */
export async function gtgShapley(players: number, value: Value, others: (first: number, turn: number) => readonly number[], { between, within, least, most, tolerance }: GuidedSampling): Promise<Shares> {
  const known = new Map<string, number>();
  const worth = async (coalition: readonly number[]): Promise<number> => {
    const members = [...coalition].sort((a, b) => a - b);
    const found = known.get(members.join()) ?? (await value(members));
    known.set(members.join(), found);
    return found;
  };
  const whole = await worth(Array.from({ length: players }, (_, player) => player));
  const none = await worth([]);
  const sums = new Float64Array(players); // whole numbers far below 2^53
  let estimates: Float64Array[] = [];
  let permutations = 0;
  while (Math.abs(whole - none) > between && permutations < most && (permutations < least || !settled(estimates, tolerance))) {
    const first = permutations % players;
    const order = [first, ...others(first, Math.floor(permutations / players))];
    let before = none;
    for (let at = 0; at < players && Math.abs(whole - before) > within; at++) {
      const after = await worth(order.slice(0, at + 1));
      const player = order[at] as number;
      sums[player] = (sums[player] as number) + after - before;
      before = after;
    }
    permutations += 1;
    const count = permutations;
    estimates = [...estimates.slice(1 - lastEstimates), sums.map((sum) => sum / count)];
  }
  return { shares: Array.from(sums, (sum) => (permutations === 0 ? 0n : divided(BigInt(sum) * finer, BigInt(permutations)))), evaluations: known.size, permutations };
}
