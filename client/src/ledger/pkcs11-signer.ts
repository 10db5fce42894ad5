/** Signs Fabric messages with a private key that never leaves its token (HSM). */
import { createHash } from 'node:crypto';
import type { Signer } from '@hyperledger/fabric-gateway';
import { UsageError } from './faults.js';
import { CK, codeOf, loadPkcs11, type Handle, type Pkcs11 } from './pkcs11.js';
import { closeSession, nameOf, oneKey, openSession } from './pkcs11-session.js';
import type { Pkcs11Key } from './profile.js';
import { lowS, orders, type Curve } from './signer.js';

/** DER of the curves' object identifiers (RFC 5480, section 2.1.1.1), as CKA_EC_PARAMS holds them. */
const curves: Readonly<Record<string, Curve>> = { '06082a8648ce3d030107': 'prime256v1', '06052b81040022': 'secp384r1' };
const signatureBytes: Readonly<Record<Curve, number>> = { prime256v1: 64, secp384r1: 96 };

/** A log-in to a token and the key found there. */
interface Session {
  readonly handle: Handle;
  readonly key: Handle;
  readonly curve: Curve;
}

/** A signer that holds a session of a token until it is closed. */
export interface TokenSigner {
  readonly sign: Signer;
  readonly close: () => void;
}

function keyIn(module: Pkcs11, handle: Handle, wanted: Pkcs11Key): Omit<Session, 'handle'> {
  const key = oneKey(module, handle, wanted, 'elliptic-curve private key', [{ type: CK.class, value: CK.privateKey }, { type: CK.keyType, value: CK.ec }]);
  const curve = curves[module.C_GetAttributeValue(handle, key, [{ type: CK.ecParams }])[0]?.value.toString('hex') ?? ''];
  if (curve === undefined) throw new UsageError(`the key ${nameOf(wanted)} is neither P-256 nor P-384`);
  return { key, curve };
}

const open = (module: Pkcs11, wanted: Pkcs11Key): Session => openSession(module, wanted, (handle) => ({ handle, ...keyIn(module, handle, wanted) }));

/**
 * A signer over whole messages (to be used with `hash.none`), ECDSA over SHA-256 with a low s, as Fabric wants it. A lost
 * session, as of a device that began anew, is opened again once a signature.
 * @throws UsageError for a missing binding, module, token or key, and a wrong PIN.
 */
export function pkcs11Signer(wanted: Pkcs11Key): TokenSigner {
  const module = loadPkcs11(wanted.module);
  let session = open(module, wanted);
  const signOnce = async (digest: Buffer): Promise<Uint8Array> => {
    const { handle, key, curve } = session;
    module.C_SignInit(handle, { mechanism: CK.ecdsa }, key);
    return lowS(await module.C_SignAsync(handle, digest, Buffer.alloc(signatureBytes[curve])), orders[curve]);
  };
  const sign = async (message: Uint8Array): Promise<Uint8Array> => {
    const digest = createHash('sha256').update(message).digest();
    try {
      return await signOnce(digest);
    } catch (error) {
      if (!CK.lost.includes(codeOf(error))) throw error;
      session = open(module, wanted);
      return signOnce(digest);
    }
  };
  // A session does one thing at a time, and beginning a signature is a call of its own: transactions in flight wait here.
  let last: Promise<unknown> = Promise.resolve();
  return {
    sign: (message) => {
      const signature = last.then(() => sign(message));
      last = signature.catch(() => undefined);
      return signature;
    },
    close: () => { closeSession(module, session.handle); },
  };
}
