/** README and docs say what is true: their commands exist, their options are known, their links lead somewhere. */
import { spawnSync } from 'node:child_process';
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

const asked = new Map<string, string>();

/** What a command says of itself. */
function help(script: string, ...words: string[]): string {
  const key = [script, ...words].join(' ');
  const text = asked.get(key) ?? spawnSync(process.execPath, [script, ...words, '--help'], { encoding: 'utf8' }).stdout;
  asked.set(key, text);
  return text;
}

const optionsIn = (words: readonly string[]): string[] => words.filter((word) => word.startsWith('--')).map((word) => word.replace(/[^-a-z].*$/, ''));
const verbsIn = (words: readonly string[]): string[] => words.filter((word) => /^[a-z][a-z:-]*$/.test(word));

/** Commands of npm's own that the pages name. */
const ofNpm = ['rebuild', 'install'];

/** Scripts whose options a page may name, and the program behind each. */
const scripted: Readonly<Record<string, string[]>> = {
  start: ['test', 'dist', 'study', 'main.js'], 'bench:ledger': ['test', 'dist', 'bench', 'main.js'], 'bench:qkd': ['test', 'dist', 'bench', 'qkd', 'main.js'], 'bench:crypto': ['test', 'dist', 'bench', 'crypto', 'main.js'], 'bench:fl': ['test', 'dist', 'bench', 'fl', 'main.js'],
  fuzz: ['test', 'dist', 'fuzz', 'main.js'], vectors: ['protocol', 'dist', 'testing', 'vectors', 'main.js'],
};

/** Scripts and options of npm that do not exist. */
function npmFaults(words: readonly string[]): string[] {
  const [first = '', second = ''] = verbsIn(words);
  const script = first === 'run' ? second : first;
  if (ofNpm.includes(script)) return [];
  if (!(script in scripts)) return [`no script ${script}`];
  const program = scripted[script];
  const known = program === undefined ? undefined : help(join(repository, ...program));
  return known === undefined ? [] : optionsIn(words).filter((option) => !known.includes(option));
}

/** Commands and options of our own programs that do not exist. */
function programFaults(program: ProgramName, words: readonly string[]): string[] {
  // The help is that of the command that the words lead to; further words are its arguments.
  const text = help(programs[program], ...verbsIn(words));
  return text === '' ? ['no such command'] : optionsIn(words).filter((option) => !text.includes(option));
}

describe('README and docs', function () {
  this.timeout(120_000);

  it('opens with the two commands', () => {
    const text = readFileSync(join(repository, 'README.md'), 'utf8');
    expect([...text.matchAll(/```\n(npm [^\n]+)\n```/g)].map((match) => match[1])).to.deep.equal(['npm start', 'npm test']);
  });

  it('names only commands and options that exist', () => {
    const faults = pages.flatMap((page) =>
      commandsIn(readFileSync(page, 'utf8')).flatMap(alone).flatMap((line) => {
        const [program = '', ...words] = line.split(/\s+/).filter((word) => word !== '--');
        const missing = program === 'npm' ? npmFaults(words) : programFaults(program as ProgramName, words);
        return missing.map((fault) => `${relative(repository, page)}: ${line}: ${fault}`);
      }),
    );
    expect(faults).to.deep.equal([]);
  });

  it('links to files that are there', () => {
    const broken = pages.flatMap((page) =>
      [...readFileSync(page, 'utf8').matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map((match) => match[1]!).filter((target) => !existsSync(join(dirname(page), target))).map((target) => `${relative(repository, page)}: ${target}`),
    );
    expect(broken).to.deep.equal([]);
  });
});
