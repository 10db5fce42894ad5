/**
 * Cascade for one frame in plain terms: one byte a bit, no trees, both parties in one place. It is the readable
 * definition of what `Cascade` does for 32 frames at once, and its cross-check: same corrections, same parities asked.
 */
import type { CascadeVariant } from './cascade-variant.js';
import { firstPosition, publicPermutation } from './parity-pass.js';

/** A part of a permuted frame: node `index` of `count` that divide its `positions` evenly. */
interface Block {
  readonly pass: number;
  readonly order: Uint16Array;
  readonly positions: number;
  readonly index: number;
  readonly count: number;
}

/** Reconciles one frame. Bob's bits become Alice's, with a small probability but for a few. @returns parities asked */
export const reconcileFrame = (alice: Uint8Array, bob: Uint8Array, qber: number, variant: CascadeVariant): number => {
  const frameBits = alice.length;
  let asked = 0;
  /** The blocks whose parity is known, by pass; with reuse, searches replace a block by its halves. */
  const known: Block[][] = [];

  const differs = ({ order, positions, index, count }: Block): boolean => {
    let parity = 0;
    for (let at = firstPosition(positions, index, count); at < firstPosition(positions, index + 1, count); at++) {
      parity ^= (alice[order[at] ?? 0] ?? 0) ^ (bob[order[at] ?? 0] ?? 0);
    }
    return parity === 1;
  };
  const length = ({ positions, index, count }: Block): number => firstPosition(positions, index + 1, count) - firstPosition(positions, index, count);

  /** Halves an odd block until one bit is left, and corrects it. */
  const search = (odd: Block): void => {
    let block = odd;
    while (length(block) > 1) {
      const [count, index] = [2 * block.count, 2 * block.index];
      const [left, right] = [{ ...block, index, count }, { ...block, index: index + 1, count }];
      if (length(left) > 0 && length(right) > 0) {
        asked++;
        if (variant.reusesParts) known[block.pass]?.splice(known[block.pass]?.indexOf(block) ?? 0, 1, left, right);
        block = differs(left) ? left : right;
      } else {
        block = length(left) > 0 ? left : right;
      }
    }
    const bit = block.order[firstPosition(block.positions, block.index, block.count)] ?? 0;
    bob[bit] = (bob[bit] ?? 0) ^ 1;
  };

  for (const [pass, size] of variant.blockSizes(qber, frameBits).entries()) {
    const count = Math.ceil(frameBits / size);
    const order = publicPermutation(frameBits, pass);
    known.push(Array.from({ length: count }, (_, index) => ({ pass, order, positions: frameBits, index, count })));
    asked += pass === 0 ? count : count - 1;
    for (;;) {
      const odd = known.map((blocks) => blocks.filter(differs)).find((blocks) => blocks.length > 0);
      if (odd === undefined) break;
      const turn = odd.filter(({ pass: earlier, index }) => earlier === 0 || index % variant.turns === 0);
      (turn.length > 0 ? turn : odd).forEach(search);
    }
  }

  for (let pass = known.length, agreed = 0; agreed < variant.cleanHalves; pass++) {
    const half: Block = { pass, order: publicPermutation(frameBits, pass), positions: frameBits >> 1, index: 0, count: 1 };
    asked++;
    agreed++;
    if (differs(half)) {
      agreed = 0;
      search(half);
    }
  }
  return asked;
};
