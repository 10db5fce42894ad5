/** Compiled code is on the disk before the process that made it is killed. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const files = (dir: string): string[] => readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map(({ name }) => name);

describe('keep-compiled', () => {
  const dir = mkdtempSync(join(tmpdir(), 'compiled-'));
  after(() => {
    rmSync(dir, { recursive: true });
  });

  it('writes the code of a process that never ends by itself', async () => {
    const script = join(dir, 'server.cjs');
    writeFileSync(script, 'setInterval(() => undefined, 1000);');
    const kept = join(dir, 'kept');
    const child = spawn(process.execPath, ['--import', fileURLToPath(new URL('keep-compiled.js', import.meta.url)), script], { env: { NODE_COMPILE_CACHE: kept }, stdio: 'ignore' });
    try {
      while (child.exitCode === null && !readdirSync(dir).includes('kept')) await sleep(50);
      while (child.exitCode === null && files(kept).length === 0) await sleep(50);
      expect(child.exitCode).to.equal(null);
    } finally {
      child.kill('SIGKILL');
    }
    expect(files(kept)).to.not.have.length(0);
  });
});
