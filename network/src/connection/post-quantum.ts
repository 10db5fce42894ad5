/** The TLS that this side speaks: what is recorded today stays closed to a later quantum computer, or there is no connection. */

/** The one key exchange. A server that does not know it (Fabric before 2.5.13 or 3.1.0) is refused in the handshake. */
export const postQuantumGroup = 'X25519MLKEM768';

/** To be spread into the options of a TLS client or server. */
export const postQuantumOnly = { ecdhCurve: postQuantumGroup, minVersion: 'TLSv1.3' } as const;

/** What to do about a server that did not agree on a key; undefined for any other trouble, as its words tell. */
export const remedyOfRefusal = (words: string): string | undefined =>
  /handshake failure/i.test(words) ? `It does not know the key exchange ${postQuantumGroup}: upgrade it to Fabric 2.5.13, 3.1.0 or later.` : undefined;
