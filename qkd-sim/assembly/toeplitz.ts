// Products of long polynomials over GF(2) by the additive transform over GF(2^16), sixteen elements a vector.
// Reference: qkd-sim/src/distillation/additive-fft.ts and bit-products.ts. What differs:
// - An element is two bytes over GF(256), low + β8 · high, in planes of their own, and a byte is two nibbles over GF(16),
//   low + β4 · high. Multiplying by a constant is a sum of look-ups of nibbles; its six tables are linear in the constant,
//   so that those of any twiddle are the XOR of two. Other products go down to GF(16) and its logarithms.
// - The change of basis only adds coefficients, so it is made on the input's bytes, before they become field elements.
// - The last five stages of 32 neighbours stay in registers: interleaving the two vectors rotates the five bits of the
//   place, so that the pairs of the next stage are again the two vectors. Bits above the pair then lie in the lane.

/** Tables of a twiddle's low eight and high seven bits, 128 bytes each, see `product`. */
export const TWIDDLES_LOW: usize = 0;
export const TWIDDLES_HIGH: usize = 0x8000;
/** From a byte's two nibbles to both planes. */
export const EMBED: usize = 0xc000;
/** From an element's four nibbles to the coefficients of its 16 powers. */
export const EXTRACT: usize = 0xc040;
/** Vector b is 255 where bit b of the lane is set. */
export const LANE_BITS: usize = 0xc0c0;
/** Of GF(16): logarithms, with 64 for zero; powers; β3 times the powers. */
export const LOGARITHMS: usize = 0xc100;
export const POWERS: usize = 0xc110;
export const POWERS_BETA3: usize = 0xc120;
/** Bytes that go in or come out, and as many of scratch. */
export const BYTES: usize = 0x10000;
/** Spectra: of the bytes at even places low and high plane, of those at odd places low and high plane. */
export const SLOTS: usize = 0x50000;
export const SLOT_BYTES: usize = 0x40000;

const PLANE: usize = 0x10000;
const POINTS: usize = 0x10000;
/** β7, as twiddle. */
const BETA7: usize = TWIDDLES_LOW + (128 << 6);

@inline function low(x: v128): v128 { return v128.and(x, i8x16.splat(15)); }
@inline function high(x: v128): v128 { return v128.and(i16x8.shr_u(x, 4), i8x16.splat(15)); }
/** A table's entries at nibbles; an index of 16 or more would not be defined. */
@inline function look(table: v128, nibbles: v128): v128 { return i8x16.relaxed_swizzle(table, nibbles); }
@inline function look2(t0: v128, t1: v128, n0: v128, n1: v128): v128 { return v128.xor(look(t0, n0), look(t1, n1)); }
@inline function lookAt(table: usize, n0: v128, n1: v128): v128 { return look2(v128.load(table), v128.load(table, 16), n0, n1); }

/** dst ^= src over bytes, a multiple of 16, from the end: src may lie above dst and overlap it. */
@inline function addDown(dst: usize, src: usize, bytes: usize): void {
  for (let at = bytes; at > 0; at -= 16) v128.store(dst + at - 16, v128.xor(v128.load(dst + at - 16), v128.load(src + at - 16)));
}
@inline function addUp(dst: usize, src: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) v128.store(dst + at, v128.xor(v128.load(dst + at), v128.load(src + at)));
}

/** `size` coefficients of `bytes` bytes each over x^m + x. */
function expand(a: usize, bytes: usize, size: usize, m: usize, inverse: bool): void {
  if (size <= m) return;
  const half = size >> 1;
  if (inverse) {
    expand(a, bytes, half, m, true);
    expand(a + half * bytes, bytes, half, m, true);
    addUp(a + (half / m) * bytes, a + half * bytes, half * bytes);
  } else {
    addDown(a + (half / m) * bytes, a + half * bytes, half * bytes);
    expand(a, bytes, half, m, false);
    expand(a + half * bytes, bytes, half, m, false);
  }
}

/** Sixteen coefficients of two bytes, four a word: the same steps with shifts. */
function convert16(a: usize): void {
  let w0 = load<u64>(a), w1 = load<u64>(a, 8), w2 = load<u64>(a, 16), w3 = load<u64>(a, 24);
  w2 ^= w3 >> 32;
  w1 ^= (w2 >> 32) | (w3 << 32);
  w0 ^= w2 << 32;
  w1 ^= w1 >> 48;
  w0 ^= w1 << 16;
  w3 ^= w3 >> 48;
  w2 ^= w3 << 16;
  w2 ^= w3;
  w1 ^= w2;
  store<u64>(a, convert4(w0));
  store<u64>(a, convert4(w1), 8);
  store<u64>(a, convert4(w2), 16);
  store<u64>(a, convert4(w3), 24);
}
@inline function convert4(w: u64): u64 {
  w ^= (w >> 16) & 0x0000ffff00000000;
  return w ^ ((w >> 16) & 0x00000000ffff0000);
}

function revert16(a: usize): void {
  let w0 = revert4(load<u64>(a)), w1 = revert4(load<u64>(a, 8)), w2 = revert4(load<u64>(a, 16)), w3 = revert4(load<u64>(a, 24));
  w1 ^= w2;
  w2 ^= w3;
  w2 ^= w3 << 16;
  w3 ^= w3 >> 48;
  w0 ^= w1 << 16;
  w1 ^= w1 >> 48;
  w0 ^= w2 << 32;
  w1 ^= (w2 >> 32) | (w3 << 32);
  w2 ^= w3 >> 32;
  store<u64>(a, w0);
  store<u64>(a, w1, 8);
  store<u64>(a, w2, 16);
  store<u64>(a, w3, 24);
}
@inline function revert4(w: u64): u64 {
  w ^= (w >> 16) & 0x00000000ffff0000;
  return w ^ ((w >> 16) & 0x0000ffff00000000);
}

/** Between powers of x and the novel basis: 2^bits coefficients of `bytes` bytes. Columns are larger coefficients. */
function convert(a: usize, bytes: usize, bits: usize, inverse: bool): void {
  if (bits == 4 && bytes == 2) {
    if (inverse) revert16(a);
    else convert16(a);
    return;
  }
  if (bits == 2) {
    if (inverse) addUp(a + bytes, a + 2 * bytes, bytes);
    addUp(a + 2 * bytes, a + 3 * bytes, bytes);
    if (!inverse) addUp(a + bytes, a + 2 * bytes, bytes);
    return;
  }
  const half = bits >> 1;
  const m: usize = 1 << half;
  if (!inverse) expand(a, bytes, 1 << bits, m, false);
  for (let row: usize = 0; row < m; row++) convert(a + row * m * bytes, bytes, half, inverse);
  convert(a, bytes * m, half, inverse);
  if (inverse) expand(a, bytes, 1 << bits, m, true);
}

/** Stage k ≥ 8 of the groups from `group` to `end`: all twiddles are in GF(256). */
function subfieldStage(p: usize, k: usize, group: usize, end: usize, inverse: bool): void {
  const half: usize = 1 << k;
  for (; group < end; group++) {
    const t0 = v128.load(TWIDDLES_LOW + (group << 7)), t1 = v128.load(TWIDDLES_LOW + (group << 7), 16);
    const start = p + 2 * group * half;
    for (let at = start; at < start + half; at += 16) {
      for (let plane: usize = 0; plane < 2 * PLANE; plane += PLANE) {
        let a = v128.load(at + plane), b = v128.load(at + plane + half);
        if (inverse) b = v128.xor(a, b);
        a = v128.xor(a, look2(t0, t1, low(b), high(b)));
        if (!inverse) b = v128.xor(a, b);
        v128.store(at + plane, a);
        v128.store(at + plane + half, b);
      }
    }
  }
}

/**
 * Stage k from 7 to 5. With twiddle c + d β8 and element x + y β8 the product is (cx + β7 dy) + ((c + d)(x + y) + cx) β8:
 * tables 0 and 1 are c's, 2 and 3 those of β7 d, 4 and 5 those of c + d.
 */
function stage(p: usize, k: usize, group: usize, end: usize, inverse: bool): void {
  const half: usize = 1 << k;
  for (; group < end; group++) {
    const one = TWIDDLES_LOW + ((group & 255) << 7), other = TWIDDLES_HIGH + ((group >> 8) << 7);
    const t0 = sumTable(one, other), t1 = sumTable(one + 16, other + 16), t2 = sumTable(one + 32, other + 32);
    const t3 = sumTable(one + 48, other + 48), t4 = sumTable(one + 64, other + 64), t5 = sumTable(one + 80, other + 80);
    const start = p + 2 * group * half;
    for (let at = start; at < start + half; at += 16) {
      let a = v128.load(at), b = v128.load(at + half), ah = v128.load(at + PLANE), bh = v128.load(at + PLANE + half);
      if (inverse) {
        b = v128.xor(a, b);
        bh = v128.xor(ah, bh);
      }
      const n0 = low(b), n1 = high(b), n2 = low(bh), n3 = high(bh);
      const cx = look2(t0, t1, n0, n1);
      a = v128.xor(a, v128.xor(cx, look2(t2, t3, n2, n3)));
      ah = v128.xor(ah, v128.xor(cx, look2(t4, t5, v128.xor(n0, n2), v128.xor(n1, n3))));
      if (!inverse) {
        b = v128.xor(a, b);
        bh = v128.xor(ah, bh);
      }
      v128.store(at, a);
      v128.store(at + half, b);
      v128.store(at + PLANE, ah);
      v128.store(at + PLANE + half, bh);
    }
  }
}

/** A table that is the sum of two. */
@inline function sumTable(one: usize, other: usize): v128 { return v128.xor(v128.load(one), v128.load(other)); }

@inline function firstHalves(a: v128, b: v128): v128 { return v128.shuffle<u8>(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23); }
@inline function secondHalves(a: v128, b: v128): v128 { return v128.shuffle<u8>(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31); }
@inline function evens(a: v128, b: v128): v128 { return v128.shuffle<u8>(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30); }
@inline function odds(a: v128, b: v128): v128 { return v128.shuffle<u8>(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31); }

/** Stages 4 to 0 of the blocks of 32 from `block` to `end`. */
function lastStages(p: usize, block: usize, end: usize, inverse: bool): void {
  for (; block < end; block++) {
    const at = p + 32 * block;
    let a = v128.load(at), b = v128.load(at, 16), ah = v128.load(at + PLANE), bh = v128.load(at + PLANE, 16);
    for (let step: usize = 0; step < 5; step++) {
      const turn: usize = inverse ? <usize>4 - step : step;
      if (inverse) {
        const x = evens(a, b), xh = evens(ah, bh);
        b = v128.xor(x, odds(a, b));
        bh = v128.xor(xh, odds(ah, bh));
        a = x;
        ah = xh;
      }
      const group = block << turn;
      const one = TWIDDLES_LOW + ((group & 255) << 7), other = TWIDDLES_HIGH + ((group >> 8) << 7);
      const n0 = low(b), n1 = high(b), n2 = low(bh), n3 = high(bh);
      const cx = look2(sumTable(one, other), sumTable(one + 16, other + 16), n0, n1);
      a = v128.xor(a, v128.xor(cx, look2(sumTable(one + 32, other + 32), sumTable(one + 48, other + 48), n2, n3)));
      ah = v128.xor(ah, v128.xor(cx, look2(sumTable(one + 64, other + 64), sumTable(one + 80, other + 80), v128.xor(n0, n2), v128.xor(n1, n3))));
      for (let bit: usize = 0; bit < turn; bit++) {
        const table = TWIDDLES_LOW + ((<usize>128) << bit);
        const lanes = v128.load(LANE_BITS + 16 * bit);
        a = v128.xor(a, v128.and(lanes, lookAt(table, n0, n1)));
        ah = v128.xor(ah, v128.and(lanes, lookAt(table, n2, n3)));
      }
      if (!inverse) {
        b = v128.xor(a, b);
        bh = v128.xor(ah, bh);
        const x = firstHalves(a, b), xh = firstHalves(ah, bh);
        b = secondHalves(a, b);
        bh = secondHalves(ah, bh);
        a = x;
        ah = xh;
      }
    }
    v128.store(at, a);
    v128.store(at, b, 16);
    v128.store(at + PLANE, ah);
    v128.store(at + PLANE, bh, 16);
  }
}

/** All stages of one polynomial; from stage 11 down in blocks of 4,096 that stay in the nearest cache. */
function transform(p: usize): void {
  for (let k: usize = 15; k >= 12; k--) subfieldStage(p, k, 0, 1 << (15 - k), false);
  for (let block: usize = 0; block < 16; block++) {
    for (let k: usize = 11; k >= 5; k--) {
      if (k >= 8) subfieldStage(p, k, block << (11 - k), (block + 1) << (11 - k), false);
      else stage(p, k, block << (11 - k), (block + 1) << (11 - k), false);
    }
    lastStages(p, block << 7, (block + 1) << 7, false);
  }
}

function inverseTransform(p: usize): void {
  for (let block: usize = 0; block < 16; block++) {
    lastStages(p, block << 7, (block + 1) << 7, true);
    for (let k: usize = 5; k <= 11; k++) {
      if (k >= 8) subfieldStage(p, k, block << (11 - k), (block + 1) << (11 - k), true);
      else stage(p, k, block << (11 - k), (block + 1) << (11 - k), true);
    }
  }
  for (let k: usize = 12; k <= 15; k++) subfieldStage(p, k, 0, 1 << (15 - k), true);
}

/** The spectrum of BYTES (131,072, changed on the way) into a slot. */
export function spectrum(slot: usize): void {
  convert(BYTES, 2, 16, false);
  for (let i: usize = 0; i < POINTS; i += 16) {
    const x = v128.load(BYTES + 2 * i), y = v128.load(BYTES + 2 * i, 16);
    const even = evens(x, y), odd = odds(x, y);
    v128.store(slot + i, lookAt(EMBED, low(even), high(even)));
    v128.store(slot + PLANE + i, lookAt(EMBED + 32, low(even), high(even)));
    v128.store(slot + 2 * PLANE + i, lookAt(EMBED, low(odd), high(odd)));
    v128.store(slot + 3 * PLANE + i, lookAt(EMBED + 32, low(odd), high(odd)));
  }
  transform(slot);
  transform(slot + 2 * PLANE);
}

/** Products in GF(16) as exponents; 16 and more stand for zero, for which a strict swizzle gives zero. */
@inline function exponents(logs: v128, x: v128, y: v128): v128 {
  const sum = i8x16.add(look(logs, x), look(logs, y));
  return i8x16.min_u(sum, i8x16.sub(sum, i8x16.splat(15)));
}

/** Products in GF(256), after Karatsuba: (x0 y0 + β3 x1 y1) + ((x0 + x1)(y0 + y1) + x0 y0) β4. */
@inline function bytes(logs: v128, powers: v128, powersBeta3: v128, x: v128, y: v128): v128 {
  const x0 = low(x), x1 = high(x), y0 = low(y), y1 = high(y);
  const m0 = i8x16.swizzle(powers, exponents(logs, x0, y0));
  const m1 = i8x16.swizzle(powersBeta3, exponents(logs, x1, y1));
  const m2 = i8x16.swizzle(powers, exponents(logs, v128.xor(x0, x1), v128.xor(y0, y1)));
  return v128.xor(v128.xor(m0, m1), i16x8.shl(v128.xor(m2, m0), 4));
}

/** Nibbles times the lane's number as an element of GF(16). */
@inline function timesLane(logs: v128, powers: v128, lanes: v128, x: v128): v128 {
  return v128.xor(i8x16.swizzle(powers, exponents(logs, low(x), lanes)), i16x8.shl(i8x16.swizzle(powers, exponents(logs, high(x), lanes)), 4));
}

/** Adds the product of two spectra to a third: Karatsuba three times, over y with y² = the point, over β8, and over β4. */
export function multiplyAdd(sum: usize, p: usize, q: usize): void {
  const logs = v128.load(LOGARITHMS), powers = v128.load(POWERS), beta3 = v128.load(POWERS_BETA3);
  const s0 = v128.load(BETA7), s1 = v128.load(BETA7, 16);
  const lanes = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  for (let i: usize = 0; i < POINTS; i += 16) {
    const a = v128.load(p + i), b = v128.load(p + PLANE + i), c = v128.load(p + 2 * PLANE + i), d = v128.load(p + 3 * PLANE + i);
    const e = v128.load(q + i), f = v128.load(q + PLANE + i), g = v128.load(q + 2 * PLANE + i), h = v128.load(q + 3 * PLANE + i);
    const ac = v128.xor(a, c), bd = v128.xor(b, d), eg = v128.xor(e, g), fh = v128.xor(f, h);
    const k0 = bytes(logs, powers, beta3, a, e), k1 = bytes(logs, powers, beta3, b, f), k2 = bytes(logs, powers, beta3, v128.xor(a, b), v128.xor(e, f));
    const l0 = bytes(logs, powers, beta3, c, g), l1 = bytes(logs, powers, beta3, d, h), l2 = bytes(logs, powers, beta3, v128.xor(c, d), v128.xor(g, h));
    const m0 = bytes(logs, powers, beta3, ac, eg), m1 = bytes(logs, powers, beta3, bd, fh), m2 = bytes(logs, powers, beta3, v128.xor(ac, bd), v128.xor(eg, fh));
    const k = v128.xor(k0, look2(s0, s1, low(k1), high(k1))), kh = v128.xor(k2, k0);
    const l = v128.xor(l0, look2(s0, s1, low(l1), high(l1))), lh = v128.xor(l2, l0);
    const m = v128.xor(m0, look2(s0, s1, low(m1), high(m1))), mh = v128.xor(m2, m0);
    // The point is the vector's, as a twiddle of 15 bits from β4 on, plus the lane's.
    const group = i >> 1;
    const one = TWIDDLES_LOW + ((group & 255) << 7), other = TWIDDLES_HIGH + ((group >> 8) << 7);
    const n0 = low(l), n1 = high(l), n2 = low(lh), n3 = high(lh);
    const cx = look2(sumTable(one, other), sumTable(one + 16, other + 16), n0, n1);
    const x = v128.xor(cx, look2(sumTable(one + 32, other + 32), sumTable(one + 48, other + 48), n2, n3));
    const y = v128.xor(cx, look2(sumTable(one + 64, other + 64), sumTable(one + 80, other + 80), v128.xor(n0, n2), v128.xor(n1, n3)));
    add(sum + i, v128.xor(v128.xor(k, x), timesLane(logs, powers, lanes, l)));
    add(sum + PLANE + i, v128.xor(v128.xor(kh, y), timesLane(logs, powers, lanes, lh)));
    add(sum + 2 * PLANE + i, v128.xor(m, v128.xor(k, l)));
    add(sum + 3 * PLANE + i, v128.xor(mh, v128.xor(kh, lh)));
  }
}
@inline function add(at: usize, value: v128): void { v128.store(at, v128.xor(v128.load(at), value)); }

function extract(planes: usize, to: usize): void {
  for (let i: usize = 0; i < POINTS; i += 16) {
    const x = v128.load(planes + i), y = v128.load(planes + PLANE + i);
    const n0 = low(x), n1 = high(x), n2 = low(y), n3 = high(y);
    const first = v128.xor(lookAt(EXTRACT, n0, n1), lookAt(EXTRACT + 32, n2, n3));
    const second = v128.xor(lookAt(EXTRACT + 64, n0, n1), lookAt(EXTRACT + 96, n2, n3));
    v128.store(to + 2 * i, firstHalves(first, second));
    v128.store(to + 2 * i, secondHalves(first, second), 16);
  }
}

/** The bytes of a slot's polynomial into BYTES; the slot is used up. */
export function invert(slot: usize): void {
  const odd = BYTES + 2 * POINTS;
  inverseTransform(slot);
  inverseTransform(slot + 2 * PLANE);
  extract(slot, BYTES);
  extract(slot + 2 * PLANE, odd);
  convert(BYTES, 2, 16, true);
  convert(odd, 2, 16, true);
  // Coefficients have 15 bits; those of the odd bytes lie one byte higher, where the first byte has none.
  const first = load<u8>(BYTES);
  for (let at = 2 * POINTS; at > 0; at -= 16) add(BYTES + at - 16, v128.load(odd + at - 17));
  store<u8>(BYTES, first);
}
