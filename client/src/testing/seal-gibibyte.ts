/** Program of a child process: seals 1 GiB into a file, opens it into another, and tells how far its memory rose. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { argv } from 'node:process';
import { sealStream } from '@epione/protocol';
import { openSealedFile } from '../sealed/sealed-file.js';
import { writeWhole } from '../sealed/write-whole.js';
import { contentKey, sealing } from './sealing.js';

/** What the program prints. */
export interface Told {
  /** Bytes of resident memory above those at the start, at most. */
  readonly rise: number;
  readonly sealedBytes: number;
  readonly plaintext: string;
  readonly opened: string;
}

const bytes = 2 ** 30;
const folder = argv[2] ?? '.';
const resident = (): number => process.memoryUsage.rss();
const plaintext = createHash('sha256');

/** Half a mebibyte at a time, each another. */
function* pieces(): Generator<Uint8Array, void, undefined> {
  const piece = new Uint8Array(2 ** 19);
  for (let at = 0; at < bytes; at += piece.length) {
    piece.fill(at / piece.length);
    plaintext.update(piece);
    yield piece;
  }
}

const start = resident();
let peak = start;
const watch = setInterval(() => { peak = Math.max(peak, resident()); }, 5);
const sealed = await writeWhole(folder, sealStream(sealing, { bytes, pieces: pieces() }), () => 'sealed');
const opened = await openSealedFile(join(folder, 'sealed'), contentKey, join(folder, 'opened'));
clearInterval(watch);
const told: Told = { rise: peak - start, sealedBytes: sealed.bytes, plaintext: `sha256:${plaintext.digest('hex')}`, opened: opened.digest };
console.log(JSON.stringify(told));
