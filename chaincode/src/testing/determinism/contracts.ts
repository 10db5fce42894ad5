/** Loaded beside the recorder: our contracts tell the names of their transactions, and the clients' signatures, which are random, are the same in both runs. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { contracts } from '../../index.js';
import { Consortium } from '../consortium.js';
import { named } from './record.js';

for (const contract of contracts) named(contract);

/** File in which the second run finds the first one's signatures. */
const { EPIONE_SIGNATURES: file = '' } = process.env;
const signatures = new Map<string, string>(existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as [string, string][]) : []);

interface Signing {
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

/** Signs each message once in both runs. */
function once<T extends Signing>(own: T): T {
  const sign = (message: Uint8Array): Uint8Array => {
    const name = createHash('sha256').update(own.publicKey).update(message).digest('hex');
    const signature = signatures.get(name) ?? Buffer.from(own.sign(message)).toString('base64');
    signatures.set(name, signature);
    return new Uint8Array(Buffer.from(signature, 'base64'));
  };
  return { ...own, sign };
}

// eslint-disable-next-line @typescript-eslint/unbound-method -- called on their consortium below
const { signer, witness } = Consortium.prototype;
Consortium.prototype.signer = function (...of) {
  return once(signer.apply(this, of));
};
Consortium.prototype.witness = function (...of) {
  return once(witness.apply(this, of));
};

after(() => {
  writeFileSync(file, JSON.stringify([...signatures]));
});
