/** The scheme of each expansion, by its name. */
import type { MaskSuite } from '../crypto/suites.js';
import type { MaskScheme } from './mask-scheme.js';
import { padScheme } from './pad-scheme.js';
import { seedScheme } from './seed-scheme.js';

const schemes: Readonly<Record<MaskSuite, MaskScheme>> = { 'mask-aes256ctr': seedScheme, 'mask-otp': padScheme };

/** The scheme of a roster's study. */
export const schemeOf = ({ expansion }: { readonly expansion: MaskSuite }): MaskScheme => schemes[expansion];
