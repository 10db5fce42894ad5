// The short examination against a real HTTPS server: what it says of a good one, of a faulty one, and of none.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { TestAuthority } from '../testing/certificate.js';
import { startKeyEntity, type TestKeyEntity } from '../testing/key-entity.js';
import { examineStatus } from './examination.js';

describe('examination of a key management entity', () => {
  const folder = mkdtempSync(join(tmpdir(), 'epione-examination-'));
  const file = (name: string): string => join(folder, name);
  const authority = new TestAuthority();
  let entity: TestKeyEntity;
  const kme = (url = entity.url): Parameters<typeof examineStatus>[0] => ({ url, certificate: file('sae.pem'), privateKey: file('sae.key'), ca: file('ca.pem') });

  before(async () => {
    const [own, server] = [authority.issue('sae-a'), authority.issue('kme')];
    for (const [name, text] of [['sae.pem', own.certificate], ['sae.key', own.privateKey], ['ca.pem', authority.certificate]] as const) writeFileSync(file(name), text);
    entity = await startKeyEntity({ cert: server.certificate, key: server.privateKey, ca: authority.certificate, minVersion: 'TLSv1.3', ecdhCurve: 'X25519MLKEM768' });
  });
  after(async () => {
    await entity[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  it('is content with a good one, and takes no key', async () => {
    expect(await examineStatus(kme(), ['sae-b', 'sae-c'])).to.equal('tells its status as the standard says, for sae-b, sae-c');
    expect(entity.delivered).to.deep.equal([]);
    expect(await examineStatus(kme(), [])).to.equal('no other site has an SAE');
  });

  it('names what deviates, and an entity that is away', async () => {
    entity.maxKeySize = 128;
    const failure = (promise: Promise<string>): Promise<string> => promise.then(() => 'none', (error: unknown) => (error as Error).message);
    expect(await failure(examineStatus(kme(), ['sae-b']))).to.equal('sae-b: status limits (clause 6.1): 8 <= 256 <= 128 bits, 128 a request, 1000 of 1000 stored');
    expect(await failure(examineStatus(kme('https://localhost:1'), ['sae-b']))).to.match(/^sae-b: the key management entity at localhost:1 does not answer/);
  });
});
