/** `encoding.compression` of a study: how updates of visible mode are made shorter, and what of a study it cannot go with (decision 0030). */
import { z } from 'zod';

import { positiveDecimal } from '../encoding/fields.js';
import { ruleName, settingsOf, updateLength, type AggregationRules } from '../strategy/study-strategy.js';

/** Whether what rounding or choosing left of an update goes on to the site's next one. */
const errorFeedback = z.boolean();

/** Schema of `encoding.compression`. */
export const compression = z.discriminatedUnion('kind', [
  /** One integer of 8 or 4 bits a coordinate, and one scale, a power of two, a tensor. */
  z.strictObject({ kind: z.enum(['int8', 'int4']), errorFeedback }),
  /** The coordinates of largest magnitude: so large a share of them, above 0 and at most 1. */
  z.strictObject({ kind: z.literal('top-k'), share: positiveDecimal, errorFeedback }),
]);
export type Compression = z.infer<typeof compression>;

/** What of a study decides whether its updates may be compressed. */
interface Compressible extends AggregationRules {
  readonly encoding: { readonly compression?: Compression | undefined };
}

/** What a study's compression cannot go with. */
export function compressionFaults(study: Compressible): string[] {
  const { encoding: { compression: chosen }, aggregation, strategy } = study;
  if (chosen === undefined) return [];
  const refused: readonly (readonly [boolean, string])[] = [
    [aggregation.mode === 'masked', 'a masked word has the bits of the encoding whatever it hides, and the places of the largest coordinates would tell of an update'],
    [updateLength(study, 1) > 1, `${strategy.name} sends more than a model’s coordinates`],
    [chosen.kind === 'top-k' && ruleName(study) !== 'mean', `the rule ${ruleName(study)} compares coordinates, and most of top-k are zero`],
    [chosen.kind === 'top-k' && Number(chosen.share) > 1, 'share is at most 1'],
    [settingsOf(study).has('maxNorm'), 'strategy.parameters: maxNorm bounds what was trained, not what rounding or error feedback makes of it'],
  ];
  return refused.flatMap(([is, fault]) => (is ? [`encoding.compression: ${fault}`] : []));
}
