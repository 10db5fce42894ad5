/** README and docs say what is true: their commands exist, their options are known, their links lead somewhere. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect } from 'chai';
import { programs, repository, type ProgramName } from './study/command.js';

const scripts = (JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { scripts: Record<string, string> }).scripts;
const pages = readdirSync(repository, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.md') && !/(^|\/)(node_modules|\.state|dist)\//.test(file))
  .map((file) => join(repository, file));

/** Commands in fenced blocks and in backticks, without comments. */
const commandsIn = (text: string): string[] => [...text.matchAll(/(?:^|`)((?:npm|fl-network|fl-worker|fl-audit|qkd-sim|etsi-qkd-014) [^`\n#]+)/gm)].map((match) => match[1]!.trim());

/** The commands of a line, and of alternatives with options of their own the first. */
const alone = (line: string): string[] => line.split(' && ').map((part) => (/--.* \| /.test(part) ? (part.split(' | ')[0] ?? '') : part)).filter((part) => /^(npm|fl-|qkd-|etsi-)/.test(part));

const asked = new Map<string, Promise<string>>();

/** What a command says of itself. */
function help(script: string, ...words: string[]): Promise<string> {
  const key = [script, ...words].join(' ');
  const known = asked.get(key);
  if (known !== undefined) return known;
  const answer = new Promise<string>((resolve) => {
    execFile(process.execPath, [script, ...words, '--help'], { encoding: 'utf8' }, (_, stdout) => {
      resolve(stdout);
    });
  });
  asked.set(key, answer);
  return answer;
}

const optionsIn = (words: readonly string[]): string[] => words.filter((word) => word.startsWith('--')).map((word) => word.replace(/[^-a-z].*$/, ''));
const verbsIn = (words: readonly string[]): string[] => words.filter((word) => /^[a-z][a-z:-]*$/.test(word));

/** Commands of npm's own that the pages name. */
const ofNpm = ['rebuild', 'install', 'pack'];

/** Scripts whose options a page may name, and the program behind each. */
const scripted: Readonly<Record<string, string[]>> = {
  start: ['test', 'dist', 'study', 'main.js'], 'bench:ledger': ['test', 'dist', 'bench', 'main.js'], 'bench:qkd': ['test', 'dist', 'bench', 'qkd', 'main.js'], 'bench:crypto': ['test', 'dist', 'bench', 'crypto', 'main.js'], 'bench:fl': ['test', 'dist', 'bench', 'fl', 'main.js'],
  accuracy: ['test', 'dist', 'accuracy', 'main.js'], fuzz: ['test', 'dist', 'fuzz', 'main.js'], robust: ['test', 'dist', 'robust', 'main.js'], vectors: ['protocol', 'dist', 'testing', 'vectors', 'main.js'],
};

/** Scripts and options of npm that do not exist. */
async function npmFaults(words: readonly string[]): Promise<string[]> {
  const [first = '', second = ''] = verbsIn(words);
  const script = first === 'run' ? second : first;
  if (ofNpm.includes(script)) return [];
  if (!(script in scripts)) return [`no script ${script}`];
  const program = scripted[script];
  const known = program === undefined ? undefined : await help(join(repository, ...program));
  return known === undefined ? [] : optionsIn(words).filter((option) => !known.includes(option));
}

/** Commands and options of our own programs that do not exist. */
async function programFaults(program: ProgramName, words: readonly string[]): Promise<string[]> {
  // The help is that of the command that the words lead to; further words are its arguments.
  const text = await help(programs[program], ...verbsIn(words));
  return text === '' ? ['no such command'] : optionsIn(words).filter((option) => !text.includes(option));
}

describe('README and docs', function () {
  this.timeout(600_000);

  it('opens with the two commands', () => {
    const text = readFileSync(join(repository, 'README.md'), 'utf8');
    expect([...text.matchAll(/```\n(npm [^\n]+)\n```/g)].map((match) => match[1])).to.deep.equal(['npm start', 'npm test']);
  });

  it('names only commands and options that exist', async () => {
    const lines = pages.flatMap((page) => commandsIn(readFileSync(page, 'utf8')).flatMap(alone).map((line) => ({ page, line })));
    const faults: string[] = [];
    const check = async ({ page, line }: (typeof lines)[number]): Promise<void> => {
      const [program = '', ...words] = line.split(/\s+/).filter((word) => word !== '--');
      const missing = program === 'npm' ? await npmFaults(words) : await programFaults(program as ProgramName, words);
      faults.push(...missing.map((fault) => `${relative(repository, page)}: ${line}: ${fault}`));
    };
    // A few at once: a command takes its time to start.
    await Promise.all(Array.from({ length: 4 }, async () => {
      for (let next = lines.pop(); next !== undefined; next = lines.pop()) await check(next);
    }));
    expect(faults).to.deep.equal([]);
  });

  it('links to files that are there', () => {
    const broken = pages.flatMap((page) =>
      [...readFileSync(page, 'utf8').matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map((match) => match[1]!).filter((target) => !existsSync(join(dirname(page), target))).map((target) => `${relative(repository, page)}: ${target}`),
    );
    expect(broken).to.deep.equal([]);
  });
});
