/** The native PKCS#11 binding, as much of it as is used: loaded when a token is asked for, because most sites have none. */
import { createRequire } from 'node:module';
import { UsageError } from './faults.js';

/** What a token answers with refers to its own memory. */
export type Handle = Buffer;
export type Template = { readonly type: number; readonly value?: Buffer | number | string | boolean }[];

/** What is to be done, and with which parameters. */
export interface Mechanism {
  readonly mechanism: number;
  readonly parameter?: { readonly type: number; readonly iv: Buffer; readonly aad: Buffer; readonly ivBits: number; readonly tagBits: number };
}

/** A loaded module (PKCS#11 v2.40). */
export interface Pkcs11 {
  load(library: string): void;
  C_Initialize(): void;
  C_GetSlotList(tokenPresent: boolean): Handle[];
  C_GetTokenInfo(slot: Handle): { label: string };
  C_OpenSession(slot: Handle, flags: number): Handle;
  C_CloseSession(session: Handle): void;
  C_CloseAllSessions(slot: Handle): void;
  C_Login(session: Handle, userType: number, pin: string): void;
  C_Logout(session: Handle): void;
  C_FindObjectsInit(session: Handle, template: Template): void;
  C_FindObjects(session: Handle, most: number): Handle[];
  C_FindObjectsFinal(session: Handle): void;
  C_GetAttributeValue(session: Handle, object: Handle, template: Template): { readonly value: Buffer }[];
  C_SignInit(session: Handle, mechanism: Mechanism, key: Handle): void;
  C_SignAsync(session: Handle, data: Buffer, room: Buffer): Promise<Buffer>;
  C_EncryptInit(session: Handle, mechanism: Mechanism, key: Handle): void;
  C_Encrypt(session: Handle, data: Buffer, room: Buffer): Buffer;
  C_DecryptInit(session: Handle, mechanism: Mechanism, key: Handle): void;
  C_Decrypt(session: Handle, data: Buffer, room: Buffer): Buffer;
  C_InitToken(slot: Handle, pin: string, label: string): void;
  C_InitPIN(session: Handle, pin: string): void;
  C_GenerateKey(session: Handle, mechanism: Mechanism, key: Template): Handle;
  C_GenerateKeyPair(session: Handle, mechanism: Mechanism, publicKey: Template, privateKey: Template): { readonly publicKey: Handle; readonly privateKey: Handle };
  C_CreateObject(session: Handle, template: Template): Handle;
}

/** Numbers of PKCS#11 v2.40 (pkcs11t.h). */
export const CK = {
  serialSession: 0x4, rwSession: 0x2, so: 0, user: 1, privateKey: 3, ec: 3, secretKey: 4, aes: 0x1f,
  class: 0x0, token: 0x1, label: 0x3, keyType: 0x100, id: 0x102, sensitive: 0x103, encrypt: 0x104, decrypt: 0x105, sign: 0x108, value: 0x11, valueLength: 0x161, extractable: 0x162, ecParams: 0x180, ecPoint: 0x181,
  ecKeyPair: 0x1040, ecdsa: 0x1041, aesKeyGen: 0x1080, aesGcm: 0x1087,
  /** How the binding writes CK_GCM_PARAMS, with the length of the IV in bits. */
  gcmParameters: 7,
  alreadyInitialized: 0x191, alreadyLoggedIn: 0x100, pinIncorrect: 0xa0, pinLocked: 0xa4,
  /** The session or its log-in is gone: a token was taken out, a device began anew. */
  lost: [0x30, 0x32, 0xb0, 0xb3, 0x101] as readonly number[],
} as const;

/** The return value (CKR_…) behind an error of the binding. */
export const codeOf = (error: unknown): number => (error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : -1);

/** A token's label, without the padding: blanks by the standard, zeros by some. */
export const labelOf = (module: Pkcs11, slot: Handle): string => module.C_GetTokenInfo(slot).label.replace(/[\0 ]+$/, '');

/** The gateway library's own optional dependency is taken, so that there is one copy and one version. */
const binding = (): unknown => {
  const require = createRequire(import.meta.url);
  return createRequire(require.resolve('@hyperledger/fabric-gateway'))('pkcs11js');
};

/** A module may be initialized once a process. */
const loaded = new Map<string, Pkcs11>();

/**
 * Loads a token's library.
 * @throws UsageError when the binding is not built or the library cannot be loaded, with the remedy.
 */
export function loadPkcs11(library: string, load: () => unknown = binding): Pkcs11 {
  const known = loaded.get(library);
  if (known !== undefined) return known;
  let module: Pkcs11;
  try {
    const { PKCS11 } = load() as { PKCS11: new () => Pkcs11 };
    module = new PKCS11();
  } catch (cause) {
    throw new UsageError('keys in a token need the native module pkcs11js, which is not built: run "npm rebuild pkcs11js" (it needs a C++ compiler, make and Python 3)', { cause });
  }
  try {
    module.load(library);
    module.C_Initialize();
  } catch (cause) {
    if (codeOf(cause) !== CK.alreadyInitialized) throw new UsageError(`cannot use the PKCS#11 module ${library}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  loaded.set(library, module);
  return module;
}
