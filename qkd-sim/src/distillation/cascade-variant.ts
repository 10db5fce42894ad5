/** The published variants of Cascade as rows: Brassard and Salvail 1993, and Martinez-Mateo et al., arXiv:1407.3257. */

/** The names of all variants. */
export const cascadeVariantNames = ['original', 'biconf', 'option2', 'option3', 'option4', 'option7', 'option8'] as const;
export type CascadeVariantName = (typeof cascadeVariantNames)[number];

/** How a variant goes about a frame. */
export interface CascadeVariant {
  readonly name: CascadeVariantName;
  /** Whether the parts into which searches have cut a block count as blocks afterwards: later searches are shorter. */
  readonly reusesParts: boolean;
  /**
   * 1 or 2. With 2 the odd blocks of later passes are searched in two halves, those of even number first: what the first
   * half corrects often makes one of the second even. It saves 0.6 % of the parities and costs twice the round trips.
   */
  readonly turns: number;
  /** BICONF after the passes: random halves of the frame are compared until this many in a row agree; 0 is without. */
  readonly cleanHalves: number;
  /** Block sizes of the passes, in bits, for an error rate above 0 and below 1/2. */
  blockSizes(qber: number, frameBits: number): number[];
}

const powerOfTwo = (exponent: number): number => 2 ** Math.ceil(exponent);
/** Passes over halves of the frame. */
const halves = (passes: number): number[] => new Array<number>(passes).fill(Infinity);

/** Sizes as published, from the error rate alone; what is longer than half a frame is half a frame. */
const sizes: Readonly<Record<CascadeVariantName, (qber: number) => number[]>> = {
  original: (qber) => [1, 2, 4, 8].map((factor) => factor * Math.ceil(0.73 / qber)),
  biconf: (qber) => [1, 3].map((factor) => factor * Math.ceil(0.92 / qber)),
  option2: (qber) => [1, 5].map((factor) => factor * Math.ceil(0.8 / qber)).concat(halves(8)),
  option3: (qber) => [1, 2].map((factor) => factor * Math.ceil(1 / qber)).concat(halves(14)),
  option4: (qber) => [1, 2].map((factor) => factor * Math.ceil(1 / qber)).concat(halves(14)),
  option7: (qber) => [1, 4].map((factor) => factor * powerOfTwo(-Math.log2(qber))).concat(halves(12)),
  option8: (qber) => {
    const alpha = -Math.log2(qber) - 0.5;
    return [powerOfTwo(alpha), powerOfTwo((alpha + 12) / 2), 4096, ...halves(11)];
  },
};

const variant = (name: CascadeVariantName): CascadeVariant => ({
  name,
  reusesParts: ['option4', 'option7', 'option8'].includes(name),
  turns: ['biconf', 'option2'].includes(name) ? 2 : 1,
  cleanHalves: name === 'biconf' ? 10 : 0,
  blockSizes: (qber, frameBits) => sizes[name](qber).map((size) => Math.max(2, Math.min(size, Math.ceil(frameBits / 2)))),
});

/** The variants by name. */
export const cascadeVariants: Readonly<Record<CascadeVariantName, CascadeVariant>> = {
  original: variant('original'), biconf: variant('biconf'), option2: variant('option2'), option3: variant('option3'),
  option4: variant('option4'), option7: variant('option7'), option8: variant('option8'),
};
