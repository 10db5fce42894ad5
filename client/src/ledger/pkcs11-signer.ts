/** Signs Fabric messages with a private key that never leaves its token (HSM). */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Signer } from '@hyperledger/fabric-gateway';
import { UsageError } from './faults.js';
import { CK, codeOf, labelOf, loadPkcs11, type Handle, type Pkcs11 } from './pkcs11.js';
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

function slotOf(module: Pkcs11, label: string): Handle {
  const slots = module.C_GetSlotList(true).map((slot) => ({ slot, name: labelOf(module, slot) }));
  const found = slots.find(({ name }) => name === label);
  if (found !== undefined) return found.slot;
  const names = slots.map(({ name }) => name).filter((name) => name !== '');
  throw new UsageError(`there is no token ${label}; the module shows ${names.length === 0 ? 'none' : names.join(', ')}`);
}

function logIn(module: Pkcs11, session: Handle, { tokenLabel, pinFile }: Pkcs11Key): void {
  let pin: string;
  try {
    pin = readFileSync(pinFile, 'utf8').replace(/\r?\n$/, '');
  } catch (cause) {
    throw new UsageError(`cannot read the PIN file ${pinFile}`, { cause });
  }
  try {
    module.C_Login(session, CK.user, pin);
  } catch (cause) {
    const code = codeOf(cause);
    // Sessions of one process share their log-in.
    if (code === CK.alreadyLoggedIn) return;
    if (code === CK.pinIncorrect) throw new UsageError(`the PIN in ${pinFile} is not that of token ${tokenLabel}`, { cause });
    if (code === CK.pinLocked) throw new UsageError(`the PIN of token ${tokenLabel} is locked`, { cause });
    throw cause;
  }
}

function keyIn(module: Pkcs11, handle: Handle, { tokenLabel, keyLabel, keyId }: Pkcs11Key): Omit<Session, 'handle'> {
  const name = [keyLabel, keyId].filter((part) => part !== undefined).join(' ');
  module.C_FindObjectsInit(handle, [
    { type: CK.class, value: CK.privateKey },
    { type: CK.keyType, value: CK.ec },
    ...(keyLabel === undefined ? [] : [{ type: CK.label, value: keyLabel }]),
    ...(keyId === undefined ? [] : [{ type: CK.id, value: Buffer.from(keyId, 'hex') }]),
  ]);
  const [key, ...others] = module.C_FindObjects(handle, 2);
  module.C_FindObjectsFinal(handle);
  if (key === undefined) throw new UsageError(`token ${tokenLabel} holds no elliptic-curve private key ${name}`);
  if (others.length > 0) throw new UsageError(`token ${tokenLabel} holds several keys ${name}: name one by keyId`);
  const curve = curves[module.C_GetAttributeValue(handle, key, [{ type: CK.ecParams }])[0]?.value.toString('hex') ?? ''];
  if (curve === undefined) throw new UsageError(`the key ${name} is neither P-256 nor P-384`);
  return { key, curve };
}

function open(module: Pkcs11, wanted: Pkcs11Key): Session {
  const handle = module.C_OpenSession(slotOf(module, wanted.tokenLabel), CK.serialSession);
  try {
    logIn(module, handle, wanted);
    return { handle, ...keyIn(module, handle, wanted) };
  } catch (error) {
    module.C_CloseSession(handle);
    throw error;
  }
}

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
    close: () => {
      try {
        module.C_CloseSession(session.handle);
      } catch (error) {
        if (!CK.lost.includes(codeOf(error))) throw error;
      }
    },
  };
}
