// Layered normalised min-sum decoding of quasi-cyclic LDPC codes in eight bits, sixteen checks a vector.
// Reference: qkd-sim/src/distillation/ldpc/plain-decoder.ts. A column's 512 values lie in a buffer rotated as its last
// check row left them, with the first 16 repeated behind, so that any other rotation is read by unaligned loads; a row writes
// to fresh buffers and then exchanges them for the old ones.

/** Bits of a column, checks of a row. */
const LIFT: usize = 512;
const MAX_COLUMNS: usize = 128;
const MAX_DEGREE: usize = 128;
/** A column's buffer and its rotation, 4 bytes each; behind the columns' buffers those that are free. */
const BUFFERS: usize = 0;
const ROTATIONS: usize = 0x400;
/** What a row needs of each of its edges: source, offset, target, messages. */
const WORK: usize = 0x800;
/** First edge of each row, 4 bytes; of each edge its column and its rotation, 2 bytes each. */
export const ROWS: usize = 0x1000;
export const EDGES: usize = 0x1400;
/** A frame's bits, and parities of checks, bit i of bytes being bit i mod 8 of byte i / 8. */
export const FRAME: usize = 0x4000;
export const CHECKS: usize = 0x6000;
/** The buffers. */
const VALUES: usize = 0x8000;
const BUFFER_BYTES: usize = 528;
/** One byte a check: 255 for an odd parity. */
const SYNDROME: usize = 0x2a000;
/** Messages from rows to columns, a byte each. */
export const MESSAGES: usize = 0x4a000;

@inline function buffer(index: usize): usize { return <usize>load<u32>(BUFFERS + 4 * index); }

/** Takes the values at VALUES, one buffer after the other, for those of the columns without rotation. */
function begin(): void {
  for (let i: usize = 0; i < MAX_COLUMNS + MAX_DEGREE; i++) {
    const at = VALUES + BUFFER_BYTES * i;
    store<u32>(BUFFERS + 4 * i, <u32>at);
    v128.store(at, v128.load(at), LIFT);
  }
  memory.fill(ROTATIONS, 0, 4 * MAX_COLUMNS);
}

/** Sixteen bits as bytes 0 and 255. */
@inline function spread(bits: u16): v128 {
  const place = i64x2.splat(<i64>0x8040201008040201);
  return i8x16.eq(v128.and(v128.shuffle<u8>(i16x8.splat(<i16>bits), i16x8.splat(0), 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1), place), place);
}

/** Where the values of an edge's column lie for its row, rotated. */
@inline function offset(edge: usize): usize { return (<usize>load<u16>(edge, 2) - <usize>load<u32>(ROTATIONS + 4 * <usize>load<u16>(edge))) & (LIFT - 1); }

/** XOR of the values that 16 checks of a row are over: its sign is the parity of the decisions. */
@inline function parity(row: usize, z: usize): v128 {
  const first = <usize>load<u32>(ROWS + 4 * row), end = <usize>load<u32>(ROWS + 4 * row, 4);
  let sum = i8x16.splat(0);
  for (let e = first; e < end; e++) {
    const edge = EDGES + 4 * e;
    sum = v128.xor(sum, v128.load(buffer(<usize>load<u16>(edge)) + ((z + offset(edge)) & (LIFT - 1))));
  }
  return sum;
}

/** From the bits at FRAME to the parities of the first checks, a multiple of 16, at CHECKS. */
export function syndrome(columns: usize, checks: usize): void {
  for (let at: usize = 0; at < columns * LIFT; at += 16) v128.store(VALUES + BUFFER_BYTES * (at / LIFT) + (at & (LIFT - 1)), spread(load<u16>(FRAME + at / 8)));
  begin();
  for (let at: usize = 0; at < checks; at += 16) store<u16>(CHECKS + at / 8, <u16>i8x16.bitmask(parity(at / LIFT, at & (LIFT - 1))));
}

/** Whether the decisions give the syndrome; far from it, the first checks tell. */
function settled(checks: usize): bool {
  for (let at: usize = 0; at < checks; at += 16) {
    if (i8x16.bitmask(v128.xor(parity(at / LIFT, at & (LIFT - 1)), v128.load(SYNDROME + at)))) return false;
  }
  return true;
}

/** Checks `from` to `end` of a row: all its columns hear from them. */
function layer(row: usize, from: usize, end: usize, clip: v128): void {
  if (from == end) return;
  const first = <usize>load<u32>(ROWS + 4 * row), degree = <usize>load<u32>(ROWS + 4 * row, 4) - first;
  const work = WORK + 16 * degree;
  for (let k: usize = 0; k < degree; k++) {
    const edge = EDGES + 4 * (first + k);
    store<u32>(WORK + 16 * k, <u32>buffer(<usize>load<u16>(edge)));
    store<u32>(WORK + 16 * k, <u32>offset(edge), 4);
    store<u32>(WORK + 16 * k, <u32>buffer(MAX_COLUMNS + k), 8);
    store<u32>(WORK + 16 * k, <u32>(MESSAGES + LIFT * (first + k)), 12);
  }
  for (let z = from; z < end; z += 16) {
    const syndrome = v128.load(SYNDROME + LIFT * row + z);
    let signs = syndrome, least = i8x16.splat(127), second = least;
    for (let w = WORK; w < work; w += 16) {
      const value = i8x16.sub_sat_s(v128.load(<usize>load<u32>(w) + ((z + <usize>load<u32>(w, 4)) & (LIFT - 1))), v128.load(<usize>load<u32>(w, 12) + z));
      v128.store(<usize>load<u32>(w, 8) + z, value);
      const size = i8x16.abs(value);
      second = i8x16.min_u(second, i8x16.max_u(least, size));
      least = i8x16.min_u(least, size);
      signs = v128.xor(signs, value);
    }
    // Three quarters, rounded up.
    const one = i8x16.min_u(i8x16.sub(least, v128.and(i16x8.shr_u(least, 2), i8x16.splat(63))), clip);
    const other = i8x16.min_u(i8x16.sub(second, v128.and(i16x8.shr_u(second, 2), i8x16.splat(63))), clip);
    for (let w = WORK; w < work; w += 16) {
      const at = <usize>load<u32>(w, 8) + z;
      const value = v128.load(at);
      const sign = i8x16.lt_s(v128.xor(signs, value), i8x16.splat(0));
      const size = v128.bitselect(other, one, i8x16.eq(i8x16.abs(value), least));
      const message = i8x16.sub(v128.xor(size, sign), sign);
      v128.store(<usize>load<u32>(w, 12) + z, message);
      v128.store(at, i8x16.add_sat_s(value, message));
    }
  }
  for (let z = end & (LIFT - 1); z != from; z = (z + 16) & (LIFT - 1)) {
    for (let w = WORK; w < work; w += 16) v128.store(<usize>load<u32>(w, 8) + z, v128.load(<usize>load<u32>(w) + ((z + <usize>load<u32>(w, 4)) & (LIFT - 1))));
  }
  for (let k: usize = 0; k < degree; k++) {
    const edge = EDGES + 4 * (first + k);
    const column = <usize>load<u16>(edge);
    const target = buffer(MAX_COLUMNS + k);
    v128.store(target, v128.load(target), LIFT);
    store<u32>(BUFFERS + 4 * (MAX_COLUMNS + k), <u32>buffer(column));
    store<u32>(BUFFERS + 4 * column, <u32>target);
    store<u32>(ROTATIONS + 4 * column, <u32>load<u16>(edge, 2));
  }
}

/**
 * From the parities of the first checks at CHECKS to the errors at FRAME; bits from `known` on have none. Rows lie as they are
 * disclosed: single ones, sums of pairs, first rows of pairs, second ones. Where the first row's check is there, the second's follows.
 * Returns the iterations, or 0 when `most` were in vain.
 */
export function decode(columns: usize, single: usize, pairs: usize, checks: usize, known: usize, prior: i32, clip: i32, most: i32): i32 {
  const limit = i8x16.splat(<i8>clip);
  const first = single + pairs, second = first + pairs;
  for (let column: usize = 0; column < columns; column++) {
    const open = known > column * LIFT ? min(known - column * LIFT, LIFT) : 0;
    memory.fill(VALUES + BUFFER_BYTES * column, <u8>prior, open);
    memory.fill(VALUES + BUFFER_BYTES * column + open, 127, LIFT - open);
  }
  begin();
  for (let at: usize = 0; at < checks; at += 16) v128.store(SYNDROME + at, spread(load<u16>(CHECKS + at / 8)));
  for (let at = first * LIFT; at < checks; at += 16) {
    v128.store(SYNDROME + at + pairs * LIFT, v128.xor(v128.load(SYNDROME + at), v128.load(SYNDROME + at - pairs * LIFT)));
  }
  memory.fill(MESSAGES, 0, LIFT * <usize>load<u32>(ROWS + 4 * (second + pairs)));
  for (let iteration = 1; iteration <= most; iteration++) {
    for (let row: usize = 0; row < single; row++) layer(row, 0, LIFT, limit);
    for (let pair: usize = 0; pair < pairs; pair++) {
      const start = (first + pair) * LIFT;
      const apart = checks > start ? min(checks - start, LIFT) : 0;
      layer(single + pair, apart, LIFT, limit);
      layer(first + pair, 0, apart, limit);
      layer(second + pair, 0, apart, limit);
    }
    if (settled(checks)) {
      for (let at: usize = 0; at < columns * LIFT; at += 16) {
        const column = at / LIFT, place = at - <usize>load<u32>(ROTATIONS + 4 * column);
        store<u16>(FRAME + at / 8, <u16>i8x16.bitmask(v128.load(buffer(column) + (place & (LIFT - 1)))));
      }
      return iteration;
    }
  }
  return 0;
}
