/** The Python that the rivals run in: one that is named, or an environment of its own that pip fills once, from pinned versions. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repository } from '../../study/command.js';

/** Where the rivals' sources and pinned versions are. */
export const rivalFolder = join(repository, 'test', 'bench', 'fl');
const run = promisify(execFile);

/** What a rival needs: Flower for the totals, PyTorch for training. */
export type Rival = 'flower' | 'pytorch';
const needs = { flower: { file: 'requirements.txt', module: 'flwr' }, pytorch: { file: 'requirements-pytorch.txt', module: 'torch' } } as const;

/** Why there is no rival; the command ends with this sentence. */
export class RivalMissing extends Error {
  constructor(rival: Rival, cause: unknown) {
    super(`${rival} cannot be had: ${cause instanceof Error ? cause.message.trim().split('\n').slice(-2).join(' ') : String(cause)}. Name a Python that has it with --python, or let pip reach its registry.`, { cause });
    this.name = 'RivalMissing';
  }
}

/**
 * A Python that has a rival's modules.
 * @param named by `--python`; otherwise one in the user's cache folder, made and filled on first use.
 * @throws RivalMissing when the named one lacks the module, or pip fails.
 */
export async function rivalPython(rival: Rival, named: string | undefined): Promise<string> {
  const { file, module } = needs[rival];
  try {
    if (named !== undefined) {
      await run(named, ['-c', `import ${module}`]);
      return named;
    }
    const requirements = join(rivalFolder, file);
    const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'epione', 'bench-fl');
    const folder = join(cache, `${rival}-${createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 16)}`);
    const python = join(folder, 'bin', 'python');
    const done = join(folder, 'filled');
    if (existsSync(done)) return python;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(cache, { recursive: true });
    process.stderr.write(`installing ${rival} into ${folder} (once)\n`);
    await run('python3', ['-m', 'venv', folder]);
    await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements], { maxBuffer: 2 ** 26 });
    mkdirSync(done);
    return python;
  } catch (cause) {
    throw new RivalMissing(rival, cause);
  }
}
