/** The vectors that stand in the repository: composite signatures of the IETF draft, roots of RFC 6962's tree. */
import { newCompositeSigner, verifyComposite } from '../../crypto/composite.js';
import { sha256, toHex } from '../../encoding/digest.js';
import type { SignatureBackend } from '../../crypto/ml-dsa.js';
import { rootFromPath, treePath, treeRoot } from '../../tlog/merkle.js';
import type { Case, VectorSet } from './case.js';
import { hex, kept, same } from './files.js';

interface Composite {
  readonly m: string;
  readonly ctx: string;
  readonly tests: readonly { readonly pk: string; readonly sk: string; readonly s: string; readonly sWithContext: string }[];
}

const from64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));

/** OpenSSL's ECDSA beside either ML-DSA. */
function* composite(): Iterable<Case> {
  const { m, ctx, tests } = (kept('composite_mldsa65_ecdsa_p256.json') as Composite);
  const [message, context, none] = [from64(m), from64(ctx), new Uint8Array()];
  for (const { pk, sk, s, sWithContext } of tests) {
    const both = (act: (backend: SignatureBackend) => boolean): Case['run'] => ({ native: () => act('native'), javascript: () => act('noble') });
    const verified = (signature: string, bound: Uint8Array): Case['run'] => both((backend) => verifyComposite(from64(pk), message, from64(signature), bound, backend));
    yield { id: 'key', valid: true, run: both((backend) => same(newCompositeSigner(from64(sk), backend).publicKey, from64(pk))) };
    yield { id: 'signature', valid: true, run: verified(s, none) };
    yield { id: 'signature with context', valid: true, run: verified(sWithContext, context) };
    yield { id: 'signature in a context', valid: false, run: verified(s, context) };
    yield { id: 'signature out of its context', valid: false, run: verified(sWithContext, none) };
  }
}

/** Leaves and first bytes of roots as in RFC 6962's reference implementation. */
const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map(hex);
const roots = ['e3b0c442', '6e340b9c', 'fac54203', 'aeb6bcfe', 'd37ee418', '4e3bbb1f', '76e67dad', 'ddb89be4', '5dc9da79'];

function* merkle(): Iterable<Case> {
  for (const [size, root] of roots.entries()) {
    const some = leaves.slice(0, size);
    yield { id: `root of ${size}`, valid: true, run: { javascript: () => toHex(treeRoot(sha256, some)).startsWith(root) } };
    for (const [index, leaf] of some.entries()) {
      const proven = (at: number): boolean => toHex(rootFromPath(sha256, leaf, at, size, treePath(sha256, some, index)) ?? new Uint8Array()).startsWith(root);
      yield { id: `path ${index} of ${size}`, valid: true, run: { javascript: () => proven(index) } };
      yield { id: `path ${index} of ${size} for ${index + 1}`, valid: false, run: { javascript: () => proven(index + 1) } };
    }
  }
}

/** All sets. */
export const keptSets: readonly VectorSet[] = [
  { name: 'IETF composite ML-DSA-65 ECDSA-P256', cases: composite },
  { name: 'RFC 6962 roots and paths', cases: merkle },
];
