/** A sealing for one recipient, for tests of files. */
import { encapsulate, newKemKeys, type Sealing } from '@epione/protocol';

const bytes = (from: number, length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => from + at);

/** The recipient's keys, and the content key. */
export const recipientKeys = newKemKeys('mlkem768', bytes(1, 64));
export const contentKey = bytes(0x40, 32);

const { ciphertext, sharedSecret } = encapsulate('mlkem768', recipientKeys.encapsulationKey, (length) => bytes(5, length));

/** From HospitalA to HospitalB. */
export const sealing: Sealing = {
  study: `sha256:${'1'.repeat(64)}`, epoch: 1, round: 7, purpose: 'update', from: 'HospitalA', fromRecord: `sha256:${'2'.repeat(64)}`, contentKey, salt: bytes(9, 24),
  recipients: [{ context: { suite: 'seal-mlkem768', to: 'HospitalB', toRecord: `sha256:${'4'.repeat(64)}`, encapsulationKey: recipientKeys.encapsulationKey, ciphertext }, sharedSecret }],
};
