/** Fuzz target: keys at rest open as they were sealed, or not at all. */
import { QkdError } from '../error.js';
import { Vault } from './vault.js';

const vault = new Vault(new Uint8Array(32).fill(7));
const place = 'key 1';

export const targets = [{
  name: 'key at rest', weight: 10, changed: 'refused', samples: () => [0, 32, 1000].map((length) => vault.seal(new Uint8Array(length), place)),
  read: (input: Uint8Array) => vault.open(input, place), isRefusal: (error: unknown) => error instanceof QkdError && error.code === 'STORE',
}];
