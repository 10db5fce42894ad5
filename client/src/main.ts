/** `fl-audit` as a process. */
import process from 'node:process';
import { runAudit } from './audit/run.js';

process.exitCode = await runAudit(process.argv.slice(2), {
  out: (text) => process.stdout.write(`${text}\n`),
  note: (text) => process.stderr.write(`${text}\n`),
});
