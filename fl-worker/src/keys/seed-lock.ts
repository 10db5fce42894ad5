/** What encrypts a site's seeds on its disk: a passphrase, the bytes of a key file, or an AES key in a token (decision 0027). */
import { createCipheriv, createDecipheriv, hkdfSync, scryptSync } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { tokenDecrypt, tokenEncrypt, type Pkcs11Key } from '@epione/client';
import { CodedError, frame, fromHex, toHex } from '@epione/protocol';
import type { WorkerConfig } from '../config.js';
import { WorkerError } from '../error.js';

/** Bytes from a cryptographic source. */
export type RandomBytes = (length: number) => Uint8Array;

/** An encrypted seed: AES-256-GCM, byte strings in hex. */
export interface LockedSeed {
  readonly lock: 'passphrase' | 'keyFile' | 'pkcs11';
  /** 16 bytes from which, with passphrase or key file, the key comes; none with a token. */
  readonly salt?: string | undefined;
  /** 12 random bytes. */
  readonly iv: string;
  /** Ciphertext and tag (16 bytes). */
  readonly box: string;
}

/** Encrypts and decrypts seeds; disposing wipes what it holds. */
export interface SeedLock extends Disposable {
  readonly kind: LockedSeed['lock'];
  /** @param name of the seed, bound. */
  lock(seed: Uint8Array, name: string, random: RandomBytes): LockedSeed;
  /** @throws CodedError UNOPENABLE for another lock or name and any changed byte. */
  unlock(locked: LockedSeed, name: string): Uint8Array;
}

const tagBytes = 16;
const purposeOf = (name: string): Uint8Array => frame('epione/v1/seed', name);

/** Group and others must not have any right. */
export const isPrivate = (mode: number): boolean => (mode & 0o077) === 0;

/** Under a key of this process's own making. */
class DerivedLock implements SeedLock {
  readonly kind;
  readonly #secret: Uint8Array;
  readonly #derive: (secret: Uint8Array, salt: Uint8Array) => Uint8Array;
  /** By salt, because deriving from a passphrase is slow on purpose. */
  readonly #keys = new Map<string, Uint8Array>();

  constructor(kind: 'passphrase' | 'keyFile', secret: Uint8Array, derive: (secret: Uint8Array, salt: Uint8Array) => Uint8Array) {
    this.kind = kind;
    this.#secret = secret;
    this.#derive = derive;
  }

  #key(salt: string): Uint8Array {
    const key = this.#keys.get(salt) ?? this.#derive(this.#secret, fromHex(salt));
    this.#keys.set(salt, key);
    return key;
  }

  lock(seed: Uint8Array, name: string, random: RandomBytes): LockedSeed {
    const iv = random(12);
    const [salt = toHex(random(16))] = this.#keys.keys();
    const cipher = createCipheriv('aes-256-gcm', this.#key(salt), iv, { authTagLength: tagBytes });
    cipher.setAAD(purposeOf(name));
    return { lock: this.kind, salt, iv: toHex(iv), box: toHex(Buffer.concat([cipher.update(seed), cipher.final(), cipher.getAuthTag()])) };
  }

  unlock({ salt = '', iv, box }: LockedSeed, name: string): Uint8Array {
    const bytes = fromHex(box);
    const decipher = createDecipheriv('aes-256-gcm', this.#key(salt), fromHex(iv), { authTagLength: tagBytes });
    decipher.setAAD(purposeOf(name));
    decipher.setAuthTag(bytes.subarray(-tagBytes));
    const seed = decipher.update(bytes.subarray(0, -tagBytes));
    try {
      decipher.final();
      return Uint8Array.from(seed);
    } catch (cause) {
      throw new CodedError('UNOPENABLE', 'the seed does not open', { cause });
    } finally {
      seed.fill(0);
    }
  }

  [Symbol.dispose](): void {
    for (const bytes of [this.#secret, ...this.#keys.values()]) bytes.fill(0);
  }
}

/** Under a key that stays in its token. */
class TokenLock implements SeedLock {
  readonly kind = 'pkcs11';
  readonly #key: Pkcs11Key;

  constructor(key: Pkcs11Key) {
    this.#key = key;
  }

  lock(seed: Uint8Array, name: string, random: RandomBytes): LockedSeed {
    const iv = random(12);
    return { lock: this.kind, iv: toHex(iv), box: toHex(tokenEncrypt(this.#key, seed, iv, purposeOf(name))) };
  }

  unlock({ iv, box }: LockedSeed, name: string): Uint8Array {
    return tokenDecrypt(this.#key, fromHex(box), fromHex(iv), purposeOf(name));
  }

  [Symbol.dispose](): void {
    // Nothing of the key is here.
  }
}

/** scrypt (RFC 7914) with 128 MiB: what a guess costs a thief too. */
const fromPassphrase = (secret: Uint8Array, salt: Uint8Array): Uint8Array => new Uint8Array(scryptSync(secret, salt, 32, { N: 2 ** 17, r: 8, p: 1, maxmem: 2 ** 28 }));
const fromKeyFile = (secret: Uint8Array, salt: Uint8Array): Uint8Array => new Uint8Array(hkdfSync('sha512', secret, salt, 'epione/v1/seed-lock', 32));

/** Least bytes of a passphrase and of a key file. */
const least = { passphrase: 16, keyFile: 32 } as const;

async function secretIn(path: string, what: keyof typeof least): Promise<Uint8Array> {
  const { mode } = await stat(path).catch((cause: unknown) => { throw new WorkerError('CONFIG_INVALID', `cannot read the ${what} of keyProtection, ${path}`, { cause }); });
  if (!isPrivate(mode)) throw new WorkerError('KEY_FILE_INVALID', `${path} can be read by others`, { remedy: `chmod 600 ${path}` });
  const bytes = await readFile(path);
  const end = what === 'passphrase' ? bytes.findLastIndex((byte) => byte !== 0x0a && byte !== 0x0d) + 1 : bytes.length;
  if (end < least[what]) throw new WorkerError('CONFIG_INVALID', `${path} holds fewer than ${least[what]} bytes`, { remedy: 'Make one: openssl rand -base64 33' });
  return bytes.subarray(0, end);
}

/**
 * The lock that a configuration names; undefined where seeds are kept as they are.
 * @throws WorkerError CONFIG_INVALID, KEY_FILE_INVALID for a file that is missing, too short or open to others.
 */
export async function openLock(protection: WorkerConfig['keyProtection']): Promise<SeedLock | undefined> {
  if (protection === undefined) return undefined;
  if ('pkcs11' in protection) return new TokenLock(protection.pkcs11);
  if ('keyFile' in protection) return new DerivedLock('keyFile', await secretIn(protection.keyFile, 'keyFile'), fromKeyFile);
  return new DerivedLock('passphrase', await secretIn(protection.passphraseFile, 'passphrase'), fromPassphrase);
}
