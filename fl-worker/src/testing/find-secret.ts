/** Looks for secrets in files and texts as a thief would: as bytes, in hex, in both kinds of base64. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Base64 of bytes that may begin anywhere in a longer text: what of it does not depend on its neighbours. */
function base64Forms(secret: Uint8Array): string[] {
  return [0, 1, 2].map((shift) => Buffer.concat([Buffer.alloc(shift), secret]).toString('base64').slice(shift === 0 ? 0 : 4).replace(/..=*$/, ''));
}

/** All spellings of a secret. */
function formsOf(secret: Uint8Array): Buffer[] {
  const [bytes, hex] = [Buffer.from(secret), Buffer.from(secret).toString('hex')];
  const base64 = base64Forms(secret).flatMap((text) => [text, text.replaceAll('+', '-').replaceAll('/', '_')]);
  return [bytes, ...[hex, hex.toUpperCase(), ...base64].map((text) => Buffer.from(text))];
}

/** Names of the secrets that some bytes hold. */
export function secretsIn(bytes: Uint8Array, secrets: ReadonlyMap<string, Uint8Array>): string[] {
  const hay = Buffer.from(bytes);
  return [...secrets].filter(([, secret]) => formsOf(secret).some((form) => hay.includes(form))).map(([name]) => name);
}

/** Files below a folder, with the secrets that each holds. */
export function secretsBelow(folder: string, secrets: ReadonlyMap<string, Uint8Array>): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name)).isFile())
    .flatMap((name) => secretsIn(readFileSync(join(folder, name)), secrets).map((found) => `${name}: ${found}`))
    .sort();
}
