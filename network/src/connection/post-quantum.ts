/** The TLS that this side speaks: what is recorded today stays closed to a later quantum computer, or there is no connection. */

/** The one key exchange. A server that does not know it (Fabric before 2.5.13 or 3.1.0) is refused in the handshake. */
export const postQuantumGroup = 'X25519MLKEM768';

/** To be spread into the options of a TLS client or server. */
export const postQuantumOnly = { ecdhCurve: postQuantumGroup, minVersion: 'TLSv1.3' } as const;
