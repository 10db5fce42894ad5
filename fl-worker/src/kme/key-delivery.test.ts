// The key delivery client against a real HTTPS server with mutual TLS: keys of both ends agree, refusals become codes.
import { EtsiQkd014Client, type TlsIdentity } from '@epione/client/etsi-qkd-014';
import { expect } from 'chai';
import type { Tls } from '../site/https.js';
import { TestAuthority } from '../testing/certificate.js';
import { linkOf, startKeyEntity, type TestKeyEntity } from '../testing/key-entity.js';
import { KeyDelivery } from './key-delivery.js';

const authority = new TestAuthority();
const tlsOf = (cn: string, of = authority, validMs?: number): Tls => {
  const { certificate, privateKey } = of.issue(cn, validMs);
  return { cert: certificate, key: privateKey, ca: authority.certificate, minVersion: 'TLSv1.3', ecdhCurve: 'X25519MLKEM768' };
};
const codeOf = (promise: Promise<unknown>): Promise<string> => promise.then(() => 'none', (error: unknown) => String((error as { code?: string }).code));

describe('key delivery (ETSI GS QKD 014)', () => {
  let entity: TestKeyEntity;
  const clients: EtsiQkd014Client[] = [];
  const sae = ({ cert, key, ca }: Tls, url = entity.url): KeyDelivery => {
    clients.push(new EtsiQkd014Client({ url, tls: { cert, key, ca } as TlsIdentity, timeoutMs: 2000, attempts: 1 }));
    return new KeyDelivery(clients.at(-1)!);
  };
  before(async () => {
    entity = await startKeyEntity(tlsOf('kme'));
  });
  after(async () => {
    for (const client of clients) client[Symbol.dispose]();
    await entity[Symbol.asyncDispose]();
  });

  it('gives both ends the same 256 bits, once', async () => {
    const [a, b] = [sae(tlsOf('sae-a')), sae(tlsOf('sae-b'))];
    expect((await a.status('sae-b')).slave_SAE_ID).to.equal('sae-b');
    const sent = await a.newKey('sae-b');
    expect(sent.key).to.have.length(32);
    expect(await b.sameKey('sae-a', sent.keyIds)).to.deep.equal(sent);
    expect(await codeOf(b.sameKey('sae-a', sent.keyIds))).to.equal('QKD_KEY_NOT_FOUND');
  });

  it('joins 256 bits from smaller keys, in order', async () => {
    const [a, b] = [sae(tlsOf('sae-a')), sae(tlsOf('sae-b'))];
    entity.maxKeySize = 64;
    const sent = await a.newKey('sae-b');
    entity.maxKeySize = 1024;
    expect(sent.keyIds).to.have.length(4);
    expect((await b.sameKey('sae-a', sent.keyIds)).key).to.deep.equal(sent.key);
    const reversed = [...(await a.newKey('sae-b')).keyIds, ...sent.keyIds].toReversed();
    expect(await codeOf(b.sameKey('sae-a', reversed))).to.equal('QKD_KEY_NOT_FOUND');
  });

  it('joins a pad from as few keys as the limits allow, request by request, the same at both ends', async () => {
    const [a, b] = [sae(tlsOf('sae-a')), sae(tlsOf('sae-b'))];
    const request = await a.padRequest('sae-b', 1000);
    expect(request).to.deep.equal({ slave: 'sae-b', number: 8, size: 1000, perRequest: 128 });
    const pad = await a.newPad({ ...request, perRequest: 3 });
    expect([pad.keyIds.length, pad.key.length]).to.deep.equal([8, 1000]);
    const parts = [await b.sameKeys('sae-a', pad.keyIds.slice(0, 5)), await b.sameKeys('sae-a', pad.keyIds.slice(5))];
    expect(Buffer.concat(parts.map(({ key }) => key))).to.deep.equal(Buffer.from(pad.key));
    expect(await codeOf(a.padRequest('sae-b', 1024 * 257 / 8))).to.equal('KME_REFUSED');
    const stock = entity.stock;
    entity.stock = 31;
    expect(await codeOf(a.padRequest('sae-b', 1000))).to.equal('QKD_EXHAUSTED');
    entity.stock = stock;
  });

  it('turns refusals into codes', async () => {
    const [a, third] = [sae(tlsOf('sae-a')), sae(tlsOf('sae-c'))];
    const { keyIds } = await a.newKey('sae-b');
    expect(await codeOf(third.sameKey('sae-a', keyIds))).to.equal('QKD_NOT_ENTITLED');
    expect(await codeOf(third.sameKey('sae-a', ['00000000-0000-4000-8000-000000000000']))).to.equal('QKD_KEY_NOT_FOUND');
    entity.cut.add(linkOf('sae-a', 'sae-b'));
    expect(await codeOf(a.newKey('sae-b'))).to.equal('QKD_UNAVAILABLE');
    entity.cut.clear();
    const stock = entity.stock;
    entity.stock = 0;
    expect(await codeOf(a.newKey('sae-b'))).to.equal('QKD_EXHAUSTED');
    entity.stock = stock;
    entity.maxKeySize = 4;
    expect(await codeOf(a.newKey('sae-b'))).to.equal('KME_REFUSED');
    entity.maxKeySize = 1024;
  });

  it('refuses and is refused without a good certificate, and gives up on a dead entity', async () => {
    const foreign = new TestAuthority('another');
    expect(await codeOf(sae(tlsOf('sae-a', foreign)).status('sae-b'))).to.equal('QKD_UNAVAILABLE');
    expect(await codeOf(sae(tlsOf('sae-a', authority, -1000)).status('sae-b'))).to.equal('QKD_UNAVAILABLE');
    expect(await codeOf(sae({ ...tlsOf('sae-a'), ca: foreign.certificate }).status('sae-b'))).to.equal('QKD_UNAVAILABLE');
    expect(await codeOf(sae(tlsOf('sae-a'), 'https://localhost:1').status('sae-b'))).to.equal('QKD_UNAVAILABLE');
    await using classical = await startKeyEntity({ ...tlsOf('kme'), ecdhCurve: 'X25519' });
    expect(await codeOf(sae(tlsOf('sae-a'), classical.url).status('sae-b'))).to.equal('QKD_UNAVAILABLE');
  });
});
