/** The published variants of Cascade as rows: the block sizes of each pass for an error rate and a frame length. */

/** A variant: block sizes of its passes, in bits. */
export interface CascadeVariant {
  readonly name: string;
  blockSizes(qber: number, frameBits: number): number[];
}

const clamp = (size: number, frameBits: number): number => Math.max(2, Math.min(Math.ceil(size), Math.ceil(frameBits / 2)));

/** Brassard and Salvail 1993: 0.73/Q, doubled in each of four passes. */
export const original: CascadeVariant = {
  name: 'original',
  blockSizes: (qber, frameBits) => [1, 2, 4, 8].map((factor) => clamp(Math.ceil(0.73 / qber) * factor, frameBits)),
};

/** Option 3 of Martinez-Mateo et al., arXiv:1407.3257: 1/Q, 2/Q, then halves of the frame; 16 passes. */
export const option3: CascadeVariant = {
  name: 'option3',
  blockSizes: (qber, frameBits) => [1 / qber, 2 / qber, ...new Array<number>(14).fill(frameBits)].map((size) => clamp(size, frameBits)),
};
