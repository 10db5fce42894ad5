/** Progress of long commands: one line a step with its elapsed time. */

/** What a step tells while it runs and when it ends. `elapsedMs` is absent at its start. */
export interface Step {
  readonly step: string;
  readonly elapsedMs?: number;
}
export type Report = (step: Step) => void;

/** For callers that want no progress. */
export const silent: Report = () => undefined;

/** Runs one step and reports its start and its end. */
export async function timed<T>(report: Report, step: string, work: () => Promise<T> | T): Promise<T> {
  const started = performance.now();
  report({ step });
  const result = await work();
  report({ step, elapsedMs: Math.round(performance.now() - started) });
  return result;
}

/** Lines on stderr: JSON lines with `json`, the running step overwritten in place on a terminal, one line a finished step elsewhere. */
export function reportOnStderr(json: boolean): Report {
  const terminal = process.stderr.isTTY;
  return ({ step, elapsedMs }) => {
    if (json) process.stderr.write(`${JSON.stringify({ event: 'step', step, elapsedMs })}\n`);
    else if (elapsedMs !== undefined) process.stderr.write(`${terminal ? '\r\u001b[K' : ''}${step}: ${(elapsedMs / 1000).toFixed(1)} s\n`);
    else if (terminal) process.stderr.write(`\r\u001b[K${step} ...`);
  };
}
