/** README and docs say what is true: their commands exist, their options are known, their links lead somewhere. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect } from 'chai';
import { programs, repository } from './study/command.js';

const scripts = (JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { scripts: Record<string, string> }).scripts;
const pages = readdirSync(repository, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.md') && !/(^|\/)(node_modules|\.state|dist)\//.test(file))
  .map((file) => join(repository, file));

/** Commands in fenced blocks and in backticks, without comments. */
const commandsIn = (text: string): string[] => [...text.matchAll(/(?:^|`)((?:npm|fl-network|fl-worker|fl-audit|qkd-sim) [^`\n#]+)/gm)].map((match) => match[1]!.trim());

const help = (script: string, ...words: string[]): string => spawnSync(process.execPath, [script, ...words, '--help'], { encoding: 'utf8' }).stdout;

describe('README and docs', function () {
  this.timeout(120_000);

  it('opens with the two commands', () => {
    const text = readFileSync(join(repository, 'README.md'), 'utf8');
    expect([...text.matchAll(/```\n(npm [^\n]+)\n```/g)].map((match) => match[1])).to.deep.equal(['npm start', 'npm test']);
  });

  it('names only commands and options that exist', () => {
    const helps = new Map<string, string>();
    const faults: string[] = [];
    const ask = (script: string, ...words: string[]): string => {
      const key = [script, ...words].join(' ');
      if (!helps.has(key)) helps.set(key, help(script, ...words));
      return helps.get(key)!;
    };
    for (const page of pages) {
      for (const line of commandsIn(readFileSync(page, 'utf8'))) {
        const [program = '', ...words] = line.split(/\s+/).filter((word) => word !== '--');
        const options = words.filter((word) => word.startsWith('--')).map((word) => word.replace(/[^-a-z].*$/, ''));
        const verbs = words.filter((word) => /^[a-z-]+$/.test(word) && !word.startsWith('-'));
        const where = `${relative(repository, page)}: ${line}`;
        if (program === 'npm') {
          const script = verbs[0] === 'run' ? verbs[1] : verbs[0];
          if (script === undefined || !(script in scripts || ['ci', 'install'].includes(script))) faults.push(where);
          else if (script === 'start') for (const option of options) if (!ask(join(repository, 'test', 'dist', 'study', 'main.js')).includes(option)) faults.push(where);
          continue;
        }
        const script = programs[program as keyof typeof programs];
        const text = verbs[0] === undefined ? ask(script) : ask(script, ...verbs.slice(0, ['study', 'consent'].includes(verbs[0]) && program === 'fl-worker' ? 2 : 1));
        if (text === '') faults.push(where);
        for (const option of options) if (!text.includes(option)) faults.push(`${where}: ${option}`);
      }
    }
    expect(faults).to.deep.equal([]);
  });

  it('links to files that are there', () => {
    const broken = pages.flatMap((page) =>
      [...readFileSync(page, 'utf8').matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map((match) => match[1]!).filter((target) => !existsSync(join(dirname(page), target))).map((target) => `${relative(repository, page)}: ${target}`),
    );
    expect(broken).to.deep.equal([]);
  });
});
