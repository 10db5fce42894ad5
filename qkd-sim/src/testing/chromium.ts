/** A real browser for tests, obtained where it is not installed. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** The browser's program: CHROMIUM_BIN, else one on PATH, else Debian's, installed now. */
export const chromium = (): string => {
  const find = (): string | undefined => process.env['CHROMIUM_BIN'] ?? names.find((name) => spawnSync(name, ['--version']).status === 0);
  const found = find();
  if (found !== undefined) return found;
  const apt = (...args: string[]) => spawnSync('apt-get', args, { encoding: 'utf8', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
  const install = (): ReturnType<typeof apt> => apt('install', '-y', '--no-install-recommends', 'chromium');
  // A bare machine has no lists of packages yet.
  const { stderr } = install().status === 0 ? { stderr: '' } : (apt('update'), install());
  const now = find();
  if (now === undefined) throw new Error(`Chromium is not installed and apt does not give it (${stderr.trim().split('\n').at(-1) ?? ''}). Install it, or name it in CHROMIUM_BIN.`);
  return now;
};

/** The document of a page after its scripts have run for a while of the page's own time. @param size of the window, pixels */
export const renderedPage = async (url: string, pageMs: number, size = '900,700'): Promise<string> => {
  const profile = mkdtempSync(join(tmpdir(), 'epione-chromium-'));
  try {
    const child = spawn(chromium(), [
      '--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', `--user-data-dir=${profile}`, `--window-size=${size}`, `--virtual-time-budget=${pageMs}`, '--dump-dom', url,
    ], { stdio: ['ignore', 'pipe', 'ignore'] });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(child, 'close');
    return Buffer.concat(chunks).toString();
  } finally {
    rmSync(profile, { recursive: true, force: true });
  }
};
