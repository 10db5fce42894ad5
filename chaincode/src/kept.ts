/** Results of pure functions, kept by what they were made of: certificates, records, studies and policies come again with every transaction. */
import { createRequire } from 'node:module';

/** How many results of one function are kept: more than the members of a channel and the studies that run at once. */
const most = 256;

/** Keeps an entry, and forgets all others when there are too many. */
function keepIn<V>(results: Map<string, V>, name: string, value: V): V {
  if (results.size >= most) results.clear();
  results.set(name, value);
  return value;
}

/** A pure function of a text that does not work twice for the same text. Its results are shared, so nobody may change them. */
export function kept<V>(make: (text: string) => V): (text: string) => V {
  const results = new Map<string, V>();
  return (text) => results.get(text) ?? keepIn(results, text, make(text));
}

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  Object.freeze(value);
  Object.values(value).forEach(freeze);
}

/** As `kept`, of long bytes under a name. What is kept was made of the same bytes, not only under the same name. Its results are frozen. */
export function keptByName<V>(make: (bytes: Uint8Array) => V): (name: string, bytes: Uint8Array) => V {
  const results = new Map<string, { readonly bytes: Buffer; readonly value: V }>();
  return (name, bytes) => {
    const known = results.get(name);
    if (known?.bytes.equals(bytes)) return known.value;
    const value = make(bytes);
    freeze(value);
    return keepIn(results, name, { bytes: Buffer.from(bytes), value }).value;
  };
}

interface CertificateClass {
  fromPEM: (pem: string) => object;
}

/** Lets Fabric's library read each caller's certificate once: reading it was half of the dispatch of a transaction. */
export function keepCertificates(): void {
  // The reader of certificates belongs to the library and not to this package. What the library makes of a certificate, it only reads.
  const { Certificate } = createRequire(require.resolve('fabric-shim'))('@fidm/x509') as { Certificate: CertificateClass };
  const fromPEM = Certificate.fromPEM.bind(Certificate);
  Certificate.fromPEM = kept(fromPEM);
}
