/**
 * Loss of the proportional hazards model (Cox 1972): the negative partial log-likelihood, ties by Breslow's approximation (1974), over
 * the rows of a batch, divided by their number. A score is the logarithm of the hazard's ratio; whoever is left in the batch at a time is at risk then.
 */

/** Rows by descending time, as groups of equal times: whoever stands in a group or before it is at risk at its time. */
function groupsOf(times: ArrayLike<number>): number[][] {
  const order = Array.from({ length: times.length }, (_, row) => row).sort((a, b) => (times[b] as number) - (times[a] as number));
  const groups: number[][] = [];
  for (const row of order) {
    const group = groups.at(-1);
    if (group !== undefined && times[group[0] as number] === times[row]) group.push(row);
    else groups.push([row]);
  }
  return groups;
}

const sum = (rows: readonly number[], of: (row: number) => number): number => rows.reduce((total, row) => total + of(row), 0);

/** Loss and its gradient by the scores. @param times above 0. @param events 1 where the event was seen at the time, 0 where the row was lost sight of then. */
export function coxLoss(scores: ArrayLike<number>, times: ArrayLike<number>, events: ArrayLike<number>): { readonly loss: number; readonly slope: Float64Array } {
  const rows = scores.length;
  const most = Array.from(scores).reduce((a, b) => Math.max(a, b), -Infinity); // taken out of every exponent, so that none overflows
  const hazards = Float64Array.from(scores, (score) => Math.exp(score - most));
  const groups = groupsOf(times);
  let atRisk = 0;
  let loss = 0;
  const inverse = groups.map((group) => {
    atRisk += sum(group, (row) => hazards[row] as number);
    const deaths = sum(group, (row) => events[row] as number);
    loss += deaths * (Math.log(atRisk) + most) - sum(group, (row) => (events[row] as number) * (scores[row] as number));
    return deaths === 0 ? 0 : deaths / atRisk;
  });
  // A row is at risk at its own time and at all that come before it.
  const slope = new Float64Array(rows);
  let cumulated = 0;
  for (let at = groups.length - 1; at >= 0; at--) {
    cumulated += inverse[at] as number;
    for (const row of groups[at] as number[]) slope[row] = ((hazards[row] as number) * cumulated - (events[row] as number)) / rows;
  }
  return { loss: loss / rows, slope };
}

/**
 * Harrell's C: of the pairs whose order in time is known, the share whose scores have it (the higher score, the earlier event), equal scores counted half.
 * Undefined where there is no such pair. Counts pairs one by one.
 */
export function concordance(scores: ArrayLike<number>, times: ArrayLike<number>, events: ArrayLike<number>): number | undefined {
  let pairs = 0;
  let right = 0;
  for (let first = 0; first < scores.length; first++) {
    if (events[first] !== 1) continue;
    for (let later = 0; later < scores.length; later++) {
      const known = (times[first] as number) < (times[later] as number) || (times[first] === times[later] && events[later] === 0);
      if (!known) continue;
      pairs += 1;
      if (scores[first] === scores[later]) right += 0.5;
      else if ((scores[first] as number) > (scores[later] as number)) right += 1;
    }
  }
  return pairs === 0 ? undefined : right / pairs;
}
