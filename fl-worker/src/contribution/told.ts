/** A contribution for people: a table by site, bars, and files. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { barPlot } from '../figures/bar-plot.js';
import { table } from '../figures/table.js';
import { contributionDigest, type Contribution } from './contribution.js';

/** Decimals that people are shown. */
const shown = 6;

/** The document as text, with its digest. */
export function contributionText(contribution: Contribution): string {
  const { utility, test, rounds, values, whole, unattributed } = contribution;
  const used = (participant: string): number => rounds.filter((round) => round.values.some((share) => share.participant === participant)).length;
  return [
    table(['site', 'rounds', utility], values.map(({ participant, value }) => [participant, used(participant), Number(value).toFixed(shown)])),
    '',
    `together ${whole} in ${rounds.length} rounds, ${unattributed} of it unattributed; ${test.rows} test rows ${test.digest}`,
    `contribution ${contributionDigest(contribution)}`,
  ].join('\n');
}

/** Writes contribution.json and contribution.svg. */
export async function keepContribution(folder: string, contribution: Contribution): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'contribution.json'), `${JSON.stringify({ digest: contributionDigest(contribution), ...contribution }, null, 2)}\n`);
  const bars = contribution.values.map(({ participant, value }) => ({ name: participant, value: Number(value) }));
  await writeFile(join(folder, 'contribution.svg'), barPlot(`What each site added: ${contribution.utility}`, bars, shown));
}
