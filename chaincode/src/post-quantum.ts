/** Lets the process of the chaincode speak TLS with a post-quantum key exchange only: the library takes no groups, it uses the process's. */
import { Shim } from 'fabric-shim';
// eslint-disable-next-line chaincode/no-surroundings -- set once for the process, before there is a transaction
import tls from 'node:tls';

const group = 'X25519MLKEM768';

/**
 * To be called once, before the chaincode is served. A Node that does not know the group (OpenSSL before 3.5, as in older images of
 * Fabric) serves its peer with what it has, and says so: a chaincode that does not start would stop the organization.
 */
export function refuseClassicalTls(): void {
  try {
    tls.createSecureContext({ ecdhCurve: group });
  } catch {
    Shim.newLogger('epione').warn(`This Node has no ${group}: the connection to the peer has a classical key exchange. Use Node 24.16 or later.`);
    return;
  }
  tls.DEFAULT_ECDH_CURVE = group;
}
