/** The combiner: from an ML-KEM secret and a QKD key to the key that wraps a content key, transcript included. */
import { deriveKek, kemSuites, type WrapContext } from '@epione/protocol';
import { against, type Figure } from '../figure.js';
import { millisecondsEach } from './cpu-time.js';

const digest = (digit: string): `sha256:${string}` => `sha256:${digit.repeat(64)}`;

/** Milliseconds of CPU time for one derivation in the default suite. */
export async function combinerFigures(runs: number): Promise<Figure[]> {
  const { encapsulationKey, ciphertext } = kemSuites.mlkem768;
  const context: WrapContext = {
    suite: 'seal-mlkem768-qkd', study: digest('1'), epoch: 1, round: 7, purpose: 'update', from: 'HospitalA', fromRecord: digest('2'), to: 'HospitalB', toRecord: digest('4'),
    encapsulationKey: new Uint8Array(encapsulationKey), ciphertext: new Uint8Array(ciphertext), masterSae: 'sae-a', slaveSae: 'sae-b', keyIds: ['00000000-0000-4000-8000-000000000001'],
  };
  const [sharedSecret, qkdKey] = [new Uint8Array(32), new Uint8Array(32)];
  const values = Array.from({ length: runs }, () => millisecondsEach(2000, () => { deriveKek(context, sharedSecret, qkdKey); }));
  return Promise.resolve([against('crypto.combine', 'ms', values, 0.3)]);
}
