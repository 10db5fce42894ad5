/** A session of a token: found by its label, logged in to, searched for one key, closed. */
import { readFileSync } from 'node:fs';
import { UsageError } from './faults.js';
import { CK, codeOf, labelOf, type Handle, type Pkcs11, type Template } from './pkcs11.js';
import type { Pkcs11Key } from './profile.js';

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

/** What a key is called in words for people. */
export const nameOf = ({ keyLabel, keyId }: Pkcs11Key): string => [keyLabel, keyId].filter((part) => part !== undefined).join(' ');

/**
 * The one key of a kind that is meant.
 * @param kind in words, and `template` in attributes.
 * @throws UsageError when there is none or several.
 */
export function oneKey(module: Pkcs11, handle: Handle, wanted: Pkcs11Key, kind: string, template: Template): Handle {
  const { tokenLabel, keyLabel, keyId } = wanted;
  module.C_FindObjectsInit(handle, [
    ...template,
    ...(keyLabel === undefined ? [] : [{ type: CK.label, value: keyLabel }]),
    ...(keyId === undefined ? [] : [{ type: CK.id, value: Buffer.from(keyId, 'hex') }]),
  ]);
  const [key, ...others] = module.C_FindObjects(handle, 2);
  module.C_FindObjectsFinal(handle);
  if (key === undefined) throw new UsageError(`token ${tokenLabel} holds no ${kind} ${nameOf(wanted)}`);
  if (others.length > 0) throw new UsageError(`token ${tokenLabel} holds several keys ${nameOf(wanted)}: name one by keyId`);
  return key;
}

/** Opens a session and logs in; it is closed again where `begin` fails. @throws UsageError for a missing token and a wrong PIN; what `begin` throws. */
export function openSession<T>(module: Pkcs11, wanted: Pkcs11Key, begin: (session: Handle) => T): T {
  const handle = module.C_OpenSession(slotOf(module, wanted.tokenLabel), CK.serialSession);
  try {
    logIn(module, handle, wanted);
    return begin(handle);
  } catch (error) {
    module.C_CloseSession(handle);
    throw error;
  }
}

/** Closes a session that may be gone already. */
export function closeSession(module: Pkcs11, session: Handle): void {
  try {
    module.C_CloseSession(session);
  } catch (error) {
    if (!CK.lost.includes(codeOf(error))) throw error;
  }
}
