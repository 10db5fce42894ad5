/** The names of the cryptographic suites (PROTOCOL section 2, "Suites"): in every statement, header and derivation; unknown ones are refused. */
import { z } from 'zod';

/** ML-DSA (FIPS 204), pure, empty context. */
export const signatureSuite = z.enum(['mldsa65', 'mldsa87']);
/** ML-KEM (FIPS 203). */
export const kemSuite = z.enum(['mlkem768', 'mlkem1024']);
/** How a content key is wrapped; `-qkd` suites need a QKD key beside the ML-KEM secret. */
export const sealingSuite = z.enum(['seal-mlkem768-qkd', 'seal-mlkem1024-qkd', 'seal-mlkem768', 'seal-mlkem1024']);

/** Tells whether a sealing suite takes a QKD key. */
export const needsQkd = (suite: z.infer<typeof sealingSuite>): boolean => suite.endsWith('-qkd');
