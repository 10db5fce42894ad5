/**
 * The key server's side of the thread of its store. What is asked while a batch is being written becomes the next one:
 * many callers share one wait for the disk, the more the slower it is.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { QkdError, messageOf } from '../error.js';
import type { KeyStore, LinkView } from './key-store.js';
import type { Call, Operation, StoreData, StoreReport } from './store-messages.js';

/** An operation that waits for its outcome. */
interface Waiting extends Call {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class StoreClient {
  readonly #links: readonly string[];
  readonly #thread: Worker;
  readonly #sourceFailed: (reason: string) => void;
  #views: readonly LinkView[] = [];
  #waiting: Waiting[] = [];
  #written: Waiting[] | undefined;
  #dead: Error | undefined;

  private constructor(links: readonly string[], thread: Worker, failed: (error: Error) => void, sourceFailed: (reason: string) => void) {
    this.#sourceFailed = sourceFailed;
    this.#links = links;
    this.#thread = thread;
    thread.on('message', (report: StoreReport) => { this.#take(report); });
    thread.on('error', (thrown) => {
      this.#die(new Error(messageOf(thrown), { cause: thrown }));
      failed(new Error(messageOf(thrown), { cause: thrown }));
    });
  }

  /**
   * Starts the thread; resolves when it is ready.
   * @param failed called when it dies later on
   * @param sourceFailed called when its random source has failed
   * @throws QkdError STORE
   */
  static async start(data: StoreData, failed: (error: Error) => void, sourceFailed: (reason: string) => void = () => undefined): Promise<StoreClient> {
    const thread = new Worker(new URL('./store-thread.js', import.meta.url), { workerData: data });
    const [report] = (await once(thread, 'message').catch((cause: unknown) => {
      throw new QkdError('STORE', `the store ${data.databaseFile} does not open: ${messageOf(cause)}`, { cause });
    })) as [StoreReport];
    const client = new StoreClient(data.links, thread, failed, sourceFailed);
    client.#take(report);
    return client;
  }

  /** Carries out an operation of the store; resolves when its changes are on disk. */
  async call<N extends Operation>(operation: N, ...args: Parameters<KeyStore[N]>): Promise<ReturnType<KeyStore[N]>> {
    return new Promise((resolve, reject) => {
      if (this.#dead !== undefined) {
        reject(this.#dead);
        return;
      }
      this.#waiting.push({ operation, args, resolve: resolve as (result: unknown) => void, reject });
      if (this.#waiting.length === 1 && this.#written === undefined) setImmediate(() => { this.#write(); });
    });
  }

  /** How a link was after the last batch. */
  view(link: string): LinkView {
    const view = this.#views[this.#links.indexOf(link)];
    if (view === undefined) throw new RangeError(`no link ${link}`);
    return view;
  }

  async stop(): Promise<void> {
    this.#die(new Error('the store is closed'));
    await this.#thread.terminate();
  }

  #write(): void {
    if (this.#dead !== undefined) return;
    this.#written = this.#waiting;
    this.#waiting = [];
    this.#thread.postMessage(this.#written.map(({ operation, args }): Call => ({ operation, args })));
  }

  #take({ outcomes, views, sourceFailure }: StoreReport): void {
    this.#views = views;
    if (sourceFailure !== undefined) this.#sourceFailed(sourceFailure);
    const written = this.#written ?? [];
    this.#written = undefined;
    if (this.#waiting.length > 0) this.#write();
    written.forEach(({ resolve, reject }, index) => {
      const outcome = outcomes[index];
      if (outcome !== undefined && 'result' in outcome) resolve(outcome.result);
      else reject(new QkdError('STORE', outcome?.fault ?? 'the store did not answer'));
    });
  }

  #die(error: Error): void {
    this.#dead ??= error;
    for (const { reject } of [...(this.#written ?? []), ...this.#waiting]) reject(error);
    [this.#written, this.#waiting] = [undefined, []];
  }
}
