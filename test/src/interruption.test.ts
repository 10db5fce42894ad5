/** Tests that were interrupted have not passed, whoever was interrupted and whatever the tests do with the signal. */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { repository } from './study/command.js';

/** A checkout with one package, whose only test writes its pid and then runs until it is ended. */
function endless(handler: string): string {
  const root = mkdtempSync(join(tmpdir(), 'epione-interrupted-'));
  cpSync(join(repository, 'scripts'), join(root, 'scripts'), { recursive: true });
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'));
  mkdirSync(join(root, 'slow', 'dist'), { recursive: true });
  writeFileSync(join(root, 'package.json'), JSON.stringify({ type: 'module', workspaces: ['slow'] }));
  const pidFile = JSON.stringify(join(root, 'pid'));
  writeFileSync(join(root, 'slow', 'dist', 'slow.test.js'), [
    "import { writeFileSync } from 'node:fs';",
    `it('goes on', (done) => { ${handler}; setTimeout(done, 10_000); writeFileSync(${pidFile}, String(process.pid)); });`,
  ].join('\n'));
  return root;
}

async function pidOf(root: string): Promise<number> {
  const file = join(root, 'pid');
  for (;;) {
    const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
    // The file may be there and still empty.
    if (pid > 0) return pid;
    await sleep(50);
  }
}

describe('interrupted tests', function () {
  this.timeout(600_000);
  const cases = [
    { who: 'the script', handler: '' },
    { who: 'the script, while a test takes the signal for itself', handler: "process.on('SIGINT', () => setTimeout(() => process.exit(0), 100))" },
    { who: 'mocha alone', handler: '' },
  ];
  for (const { who, handler } of cases) {
    it(`have not passed: ${who}`, async () => {
      const root = endless(handler);
      try {
        const script = spawn(process.execPath, [join(root, 'scripts', 'test.mjs')], { stdio: 'ignore' });
        const ended = new Promise<number | null>((done) => script.on('close', done));
        const mocha = await pidOf(root);
        process.kill(who === 'mocha alone' ? mocha : script.pid!, 'SIGINT');
        expect(await ended).to.be.greaterThan(0);
      } finally {
        rmSync(root, { recursive: true });
      }
    });
  }
});
