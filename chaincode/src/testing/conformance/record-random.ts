/** Writes the suite's random case: blocks of random transactions from a seed, with the outcome that the stub gives and Fabric must give too. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder, StubDriver, suite, type Scripted } from './stub-driver.js';

/** The case's seed; with another one the recording is another. */
const seed = 20_261_121;
const blocks = 40;

type Operation = readonly unknown[];
interface Expected {
  readonly as: string;
  readonly endorsers: readonly string[];
  readonly transient?: Readonly<Record<string, string>>;
  readonly do: readonly Operation[];
  readonly code: string;
  readonly answers: unknown;
}

/** Mulberry32, a generator of 32 bits of state: enough for examples. */
function generator(state: number): (below: number) => number {
  let at = state;
  return (below) => {
    at = (at + 0x6d2b79f5) | 0;
    let mixed = Math.imul(at ^ (at >>> 15), at | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const below = generator(seed);
const pick = <T>(from: readonly T[]): T => from[below(from.length)] as T;
const some = <T>(from: readonly T[]): T[] => {
  const chosen = from.filter(() => below(3) > 0);
  return chosen.length === 0 ? [pick(from)] : chosen;
};
const key = (): string => `r.${pick(['a', 'b', 'c', 'd', 'e'])}`;

const kinds: readonly (() => Operation)[] = [
  () => ['get', key()], () => ['get', key()], () => ['put', key(), String(below(1000))], () => ['put', key(), String(below(1000))], () => ['del', key()],
  () => ['range', key(), key()], () => ['range', 'r.', 'r.z', 1 + below(3)], () => ['history', key()],
  () => ['setPolicy', key(), { n: 1 + below(2), of: some(suite.organizations) }], () => ['getPolicy', key()],
  () => ['privatePut', 'pair', key(), 'value'], () => ['privateGet', 'pair', key()], () => ['privateHash', 'pair', key()], () => ['privateDel', 'pair', key()],
];

function randomTransaction(): Scripted {
  const operations = Array.from({ length: 1 + below(4) }, () => pick(kinds)());
  const usesPrivate = operations.some(([name]) => String(name).startsWith('private') && name !== 'privateHash');
  // Members endorse what touches their values: how fast others' peers fetch them is not the point here.
  const endorsers = usesPrivate ? ['HospitalA', 'HospitalB', ...(below(2) === 0 ? ['HospitalC'] : [])] : some(suite.organizations);
  const withheld = usesPrivate && operations.some(([name]) => name === 'privateGet');
  return { as: pick(['HospitalA', 'HospitalB']), endorsers: withheld ? endorsers.slice(0, 2) : endorsers, transient: { value: String(below(1000)) }, script: JSON.stringify(operations) };
}

/** The codes and answers of the last of some blocks, its transactions committed as one block or each in its own. */
async function outcomeOf(history: readonly (readonly Scripted[])[], apart: boolean): Promise<{ readonly codes: string[]; readonly answers: string[] }> {
  const driver = new StubDriver();
  let outcome = { codes: [] as string[], answers: [] as string[] };
  for (const block of history) {
    const endorsed = [];
    for (const transaction of block) endorsed.push(await driver.endorse(transaction));
    const codes = apart ? endorsed.flatMap((one) => driver.submit([one])) : driver.submit(endorsed);
    outcome = { codes, answers: endorsed.map(({ answer }) => answer) };
  }
  return outcome;
}

async function record(): Promise<void> {
  const history: (readonly Scripted[])[] = [];
  const steps: { readonly block: Expected[] }[] = [];
  while (steps.length < blocks) {
    const block = Array.from({ length: 2 + below(4) }, randomTransaction);
    const [together, apart] = [await outcomeOf([...history, block], false), await outcomeOf([...history, block], true)];
    // An orderer may cut anywhere: only what comes out the same way is a case.
    if (together.codes.join() !== apart.codes.join()) continue;
    history.push(block);
    steps.push({ block: block.map(({ as, endorsers, transient, script }, index) => ({ as, endorsers, transient, do: JSON.parse(script) as Operation[], code: together.codes[index] ?? '', answers: JSON.parse(together.answers[index] ?? 'null') as unknown })) });
  }
  const lines = steps.map((step) => JSON.stringify(step)).join(',\n');
  writeFileSync(join(folder, 'random-cases.json'), `[{ "name": "${blocks} random blocks of seed ${seed}", "steps": [\n${lines}\n] }]\n`);
}

void record();
