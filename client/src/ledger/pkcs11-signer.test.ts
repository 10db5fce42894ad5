/** Keys in a real token (SoftHSM 2): found, used by many at once, never seen; and what is said when something is missing. */
import 'reflect-metadata';
import { KeyObject, verify, webcrypto } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { X509CertificateGenerator } from '@peculiar/x509';
import type { CodedError } from '@epione/protocol';
import { expect } from 'chai';
import { startSoftHsm, type SoftHsm } from '../testing/soft-hsm.js';
import { connect } from './connect.js';
import { UsageError } from './faults.js';
import { loadPkcs11 } from './pkcs11.js';
import { tokenDecrypt, tokenEncrypt } from './pkcs11-cipher.js';
import { pkcs11Signer, type TokenSigner } from './pkcs11-signer.js';
import type { ConnectionProfile, Pkcs11Key } from './profile.js';

const halfOrder = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n / 2n;
const secp256k1 = '06052b8104000a';

/** s of a DER signature. */
function sOf(der: Uint8Array): bigint {
  const at = 4 + (der[3] ?? 0);
  return BigInt(`0x${Buffer.from(der.subarray(at + 2)).toString('hex')}`);
}

/** A certificate for a public key, by an authority that nobody needs to know. */
async function certificateFor(publicKey: KeyObject): Promise<string> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const authority = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const key = await webcrypto.subtle.importKey('spki', publicKey.export({ type: 'spki', format: 'der' }), algorithm, true, ['verify']);
  return `${(await X509CertificateGenerator.create({ subject: 'CN=worker', issuer: 'CN=ca', publicKey: key, signingKey: authority.privateKey, signingAlgorithm: algorithm }, webcrypto)).toString('pem')}\n`;
}

describe('pkcs11Signer', function () {
  // The first run on a machine builds the binding and takes SoftHSM from the package server.
  this.timeout(240_000);
  let folder = '';
  let hsm: SoftHsm;
  let publicKey: KeyObject;
  let key: Pkcs11Key;
  const open: TokenSigner[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'token-'));
    hsm = startSoftHsm(folder, 'hospital-a', '2468');
    publicKey = hsm.newKey('worker', '01');
    key = { module: hsm.library, tokenLabel: 'hospital-a', keyLabel: 'worker', pinFile: hsm.pinFile };
  });
  afterEach(() => { for (const { close } of open.splice(0)) close(); });
  after(async () => { await rm(folder, { recursive: true }); });

  const signer = (change: Partial<Pkcs11Key> = {}): TokenSigner => {
    const made = pkcs11Signer({ ...key, ...change });
    open.push(made);
    return made;
  };
  const refusal = (change: Partial<Pkcs11Key>): string => {
    try {
      signer(change);
    } catch (error) {
      if (error instanceof UsageError) return error.message;
      throw error;
    }
    return 'nothing was refused';
  };

  it('signs for many at once, always with the lower s', async () => {
    const { sign } = signer();
    const messages = Array.from({ length: 60 }, (_, n) => Buffer.from(`message ${n}`));
    const signatures = await Promise.all(messages.map((message) => sign(message)));
    signatures.forEach((signature, n) => {
      expect(verify('sha256', messages[n] as Buffer, publicKey, signature)).to.equal(true);
      expect(sOf(signature) <= halfOrder).to.equal(true);
    });
  });

  it('signs with P-384 and SHA-256', async () => {
    const other = hsm.newKey('large', '02', '06052b81040022');
    const message = Buffer.from('message');
    expect(verify('sha256', message, other, await signer({ keyLabel: 'large' }).sign(message))).to.equal(true);
  });

  it('finds a key by its ID, and will not choose between two of one label', async () => {
    const second = hsm.newKey('worker', '03');
    expect(refusal({})).to.equal('token hospital-a holds several keys worker: name one by keyId');
    const message = Buffer.from('message');
    expect(verify('sha256', message, second, await signer({ keyId: '03' }).sign(message))).to.equal(true);
    expect(verify('sha256', message, publicKey, await signer({ keyId: '01' }).sign(message))).to.equal(true);
  });

  it('goes on after the device began anew, and after its session was closed', async () => {
    const { sign, close } = signer({ keyId: '01' });
    const message = Buffer.from('message');
    hsm.restart();
    const both = await Promise.all([sign(message), sign(message)]);
    for (const signature of both) expect(verify('sha256', message, publicKey, signature)).to.equal(true);
    hsm.restart();
    close();
  });

  it('says what is missing', async () => {
    expect(refusal({ tokenLabel: 'hospital-b' })).to.equal('there is no token hospital-b; the module shows hospital-a');
    expect(refusal({ keyLabel: 'auditor' })).to.equal('token hospital-a holds no elliptic-curve private key auditor');
    expect(refusal({ pinFile: join(folder, 'none') })).to.include('cannot read the PIN file');
    expect(refusal({ module: join(folder, 'none.so') })).to.match(/^cannot use the PKCS#11 module .*none\.so/);
    hsm.newKey('odd', '04', secp256k1);
    expect(refusal({ keyLabel: 'odd' })).to.equal('the key odd is neither P-256 nor P-384');
    await writeFile(join(folder, 'wrong'), '1357');
    hsm.restart();
    expect(refusal({ pinFile: join(folder, 'wrong') })).to.match(/wrong is not that of token hospital-a$/);
  });

  it('encrypts small secrets with an AES key, bound to what they are for', () => {
    hsm.newAesKey('seeds');
    const aes = { ...key, keyLabel: 'seeds' };
    const [plain, iv, aad] = [32, 12, 5].map((length) => Uint8Array.from({ length }, (_, at) => at)) as [Uint8Array, Uint8Array, Uint8Array];
    const box = tokenEncrypt(aes, plain, iv, aad);
    expect(box).to.have.length(48);
    expect(tokenDecrypt(aes, box, iv, aad)).to.deep.equal(plain);
    const opens = (...[found, nonce, purpose, from = aes]: [Uint8Array, Uint8Array, Uint8Array, Pkcs11Key?]): string => {
      try {
        tokenDecrypt(from, found, nonce, purpose);
      } catch (error) {
        return (error as CodedError).code;
      }
      return 'opened';
    };
    const changed = (bytes: Uint8Array, at = 0): Uint8Array => bytes.map((byte, place) => (place === at ? byte ^ 1 : byte));
    hsm.newAesKey('others');
    expect([opens(changed(box), iv, aad), opens(changed(box, 47), iv, aad), opens(box, changed(iv), aad), opens(box, iv, changed(aad)), opens(box.subarray(0, 20), iv, aad), opens(box.subarray(0, 9), iv, aad), opens(box, iv, aad, { ...aes, keyLabel: 'others' })]).to.deep.equal(Array(7).fill('UNOPENABLE'));
    hsm.newAesKey('small', 16);
    for (const [keyLabel, words] of [['none', 'holds no AES key none'], ['small', 'has 128 bits, not 256'], ['worker', 'holds no AES key worker']] as const) expect(() => tokenEncrypt({ ...aes, keyLabel }, plain, iv, aad)).to.throw(UsageError, words);
  });

  it('names the remedy where the binding is not built', () => {
    const absent = (): never => { throw new Error('Cannot find module ./build/Release/pkcs11.node'); };
    expect(() => loadPkcs11('/other.so', absent)).to.throw(UsageError, 'npm rebuild pkcs11js');
  });

  it('is what a profile names, if it is the key of the certificate', async () => {
    const certificateFile = join(folder, 'worker.pem');
    await writeFile(certificateFile, await certificateFor(publicKey));
    const tlsCaFile = certificateFile;
    const profile = (keyId: string): ConnectionProfile => ({
      channel: 'epione', chaincode: 'epione', genesis: `sha256:${'0'.repeat(64)}`, mspId: 'HospitalA', peers: [{ mspId: 'HospitalA', endpoint: 'localhost:1', tlsCaFile }],
      identities: { worker: { certificateFile, pkcs11: { ...key, keyId } } },
    });
    using ledger = await connect(profile('01'), { identity: 'worker' });
    expect(ledger.mspId).to.equal('HospitalA');
    const refused = await connect(profile('03'), { identity: 'worker' }).then(() => 'done', (error: unknown) => (error as Error).message);
    expect(refused).to.equal('the private key is not the one of the certificate');
  });
});
