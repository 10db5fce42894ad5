/** Sealing and opening an update of 100 MB in pieces, beside OpenSSL's AES-256-GCM over the same bytes as one stream. */
import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto';
import { establish, inMemory, newKemKeys, openStored, readStored, sealStream, sealUpdate, toBase64Url, type Sealing } from '@epione/protocol';
import { figure, type Figure } from '../figure.js';

const bytes = 100_000_000;
/** Node is fastest with pieces of this size, ours too. */
const pieceBytes = 256 * 1024;
const [contentKey, salt, iv] = [new Uint8Array(32).fill(1), new Uint8Array(24).fill(2), new Uint8Array(12).fill(3)];

function newSealing(): Sealing {
  const { encapsulationKey } = newKemKeys('mlkem768', new Uint8Array(64));
  const { context, sharedSecret } = establish('seal-mlkem768', { kemSuite: 'mlkem768', encapsulationKey: toBase64Url(encapsulationKey) });
  const shared = { study: `sha256:${'1'.repeat(64)}`, epoch: 1, round: 7, purpose: 'update', from: 'HospitalA', fromRecord: `sha256:${'2'.repeat(64)}` } as const;
  return { ...shared, contentKey, salt, recipients: [{ context: { ...context, to: 'HospitalB', toRecord: `sha256:${'4'.repeat(64)}` }, sharedSecret }] };
}

/** Gigabytes a second of CPU time, so that a second core counts as it costs. */
async function gigabytes(run: () => void | Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return bytes / 1000 / (user + system);
}

/** Takes all pieces and keeps none, as a disk of no cost would. */
async function drain(pieces: AsyncIterable<Uint8Array>): Promise<void> {
  let taken = 0;
  for await (const piece of pieces) taken += piece.length;
  if (taken < bytes) throw new Error(`${taken} bytes are not all`);
}

/** One message in one stream; the memory of each piece is given back at once, as ours is. */
function stream(cipher: { update(piece: Uint8Array): Uint8Array<ArrayBuffer> }, message: Uint8Array): void {
  for (let at = 0; at < bytes; at += pieceBytes) cipher.update(message.subarray(at, at + pieceBytes)).buffer.transfer(0);
}

/** Both directions from memory to nowhere: neither disk nor digest is in the figures. Opening verifies every byte that it gives, the stream none before its end. */
export async function sealingFigures(runs: number): Promise<Figure[]> {
  const sealing = newSealing();
  const payload = Uint8Array.from({ length: bytes }, (_, at) => at * 31);
  const blob = await readStored(inMemory(sealUpdate({ ...sealing, payload })));
  const key = createSecretKey(contentKey);
  const options = { authTagLength: 16 };
  const seal = (): Promise<void> => drain(sealStream(sealing, { bytes, pieces: [payload] }));
  const open = async (): Promise<void> => drain((await openStored(blob, contentKey)).pieces());
  const sealOne = (): void => { stream(createCipheriv('aes-256-gcm', key, iv, options), payload); };
  const openOne = (): void => { stream(createDecipheriv('aes-256-gcm', key, iv, options), payload); };
  const [sealed, opened, sealedOne, openedOne]: [number[], number[], number[], number[]] = [[], [], [], []];
  for (const run of [seal, open, sealOne, openOne]) await gigabytes(run);
  for (let run = 0; run < runs; run++) {
    sealed.push(await gigabytes(seal));
    sealedOne.push(await gigabytes(sealOne));
    opened.push(await gigabytes(open));
    openedOne.push(await gigabytes(openOne));
  }
  const beside = `OpenSSL ${process.versions.openssl}, one stream`;
  return [figure('crypto.seal.100MB', 'GB/s', sealed, beside, sealedOne), figure('crypto.open.100MB', 'GB/s', opened, beside, openedOne)];
}
