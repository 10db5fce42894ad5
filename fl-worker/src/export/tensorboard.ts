/** TensorBoard's event files: TFRecords (length, masked CRC-32C, Event message) of scalar summaries (tensorflow/core/lib/io/record_writer.h, util/event.proto, framework/summary.proto). */
import type { Point } from './series.js';

/** CRC-32C (Castagnoli), RFC 3720 appendix B.4: polynomial 0x1EDC6F41, reflected. */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  return crc;
});

export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] ?? 0);
  return (crc ^ 0xffffffff) >>> 0;
}

/** As TFRecords store it, so that the sum of data that hold sums is not their own. */
function masked(bytes: Uint8Array): Buffer {
  const crc = crc32c(bytes);
  const four = Buffer.alloc(4);
  four.writeUInt32LE((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0);
  return four;
}

function record(data: Uint8Array): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(data.length));
  return Buffer.concat([length, masked(length), data, masked(data)]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.of(...bytes, Number(rest));
}

const bytesField = (field: number, bytes: Uint8Array): Buffer => Buffer.concat([varint((field << 3) | 2), varint(bytes.length), bytes]);
const varintField = (field: number, value: number): Buffer => Buffer.concat([varint(field << 3), varint(value)]);

function doubleField(field: number, value: number): Buffer {
  const eight = Buffer.alloc(8);
  eight.writeDoubleLE(value);
  return Buffer.concat([varint((field << 3) | 1), eight]);
}

function floatField(field: number, value: number): Buffer {
  const four = Buffer.alloc(4);
  four.writeFloatLE(value);
  return Buffer.concat([varint((field << 3) | 5), four]);
}

/** Event: wall_time = 1, step = 2, file_version = 3, summary = 5. Summary: value = 1. Value: tag = 1, simple_value = 2. */
const scalarEvent = ({ name, round, value }: Point, seconds: number): Buffer =>
  Buffer.concat([doubleField(1, seconds), varintField(2, round), bytesField(5, bytesField(1, Buffer.concat([bytesField(1, Buffer.from(name)), floatField(2, value)])))]);

/** An event file of scalars, one step a round. @param timeMs of all events, since 1970 UTC. */
export function eventFile(points: readonly Point[], timeMs: number): Buffer {
  const version = Buffer.concat([doubleField(1, timeMs / 1000), bytesField(3, Buffer.from('brain.Event:2'))]);
  return Buffer.concat([version, ...points.map((point) => scalarEvent(point, timeMs / 1000))].map(record));
}

/** The name that TensorBoard looks for. */
export const eventFileName = (mspId: string, timeMs: number): string => `events.out.tfevents.${String(Math.floor(timeMs / 1000)).padStart(10, '0')}.${mspId}`;
