/** Reads exact numbers of bytes from a stream, with a deadline. */
import type { Readable } from 'node:stream';
import { QkdError } from '../error.js';

/** One read that is waiting. */
interface Waiting {
  readonly length: number;
  readonly resolve: (bytes: Buffer) => void;
  readonly reject: (error: Error) => void;
}

export class FrameReader {
  readonly #stream: Readable;
  readonly #name: string;
  #chunks: Buffer[] = [];
  #buffered = 0;
  #waiting: Waiting | undefined;
  #failure: Error | undefined;

  /** @param name what to call the stream in errors */
  constructor(stream: Readable, name: string) {
    this.#stream = stream;
    this.#name = name;
    stream.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#buffered += chunk.length;
      this.#serve();
    });
    stream.on('error', (cause) => { this.#fail(cause); });
    stream.on('close', () => { this.#fail(); });
    stream.on('end', () => { this.#fail(); });
  }

  /**
   * The next `length` bytes; one read at a time.
   * @param timeoutMs after which the stream is given up; 0 waits for ever
   * @throws QkdError CHANNEL when the stream ends, fails or stays silent
   */
  async read(length: number, timeoutMs: number): Promise<Buffer> {
    // What came before the end is there to be read: it may say why the stream ended.
    if (this.#failure !== undefined && this.#buffered < length) throw this.#failure;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<Buffer>((resolve, reject) => {
        this.#waiting = { length, resolve, reject };
        if (timeoutMs > 0) {
          timer = setTimeout(() => {
            this.#fail(new Error(`silent for ${timeoutMs} ms`));
            this.#stream.destroy();
          }, timeoutMs);
        }
        this.#serve();
      });
    } finally {
      clearTimeout(timer);
    }
  }

  #serve(): void {
    const waiting = this.#waiting;
    if (waiting === undefined || this.#buffered < waiting.length) return;
    const all = this.#chunks.length === 1 ? (this.#chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#chunks);
    this.#waiting = undefined;
    this.#chunks = [all.subarray(waiting.length)];
    this.#buffered -= waiting.length;
    // A copy of its own: later stages read it as words, which must be aligned.
    waiting.resolve(Buffer.from(Uint8Array.from(all.subarray(0, waiting.length)).buffer));
  }

  #fail(cause?: Error): void {
    this.#failure ??= new QkdError('CHANNEL', `the ${this.#name} is closed${cause === undefined ? '' : `: ${cause.message}`}`, { cause });
    this.#waiting?.reject(this.#failure);
    this.#waiting = undefined;
  }
}
