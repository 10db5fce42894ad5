/** The translation between SKIP and ETSI GS QKD 014, row by row. */
import { expect } from 'chai';
import type { Answer } from '../kme/http.js';
import { SkipApi, isSkipPath } from './skip-api.js';

describe('SKIP', () => {
  const asked: [string, string, string, string][] = [];
  let next: Answer = { status: 200, body: { keys: [{ key_ID: '00112233-4455-4677-8899-aabbccddeeff', key: Buffer.from('0a0b', 'hex').toString('base64') }] } };
  let healthy = true;
  const api = new SkipApi({
    keys: async (action, sae, query, caller) => { asked.push([action, sae, query.toString(), caller]); return Promise.resolve(next); },
    remoteIds: () => ['sae-b', 'sae-c'], random: (bytes) => (healthy ? new Uint8Array(bytes).fill(7) : undefined),
  });
  const get = async (path: string, query = '', caller = 'sae-a'): Promise<Answer> => api.answer({ path, query: new URLSearchParams(query), caller });

  it('knows its paths', () => {
    for (const path of ['/capabilities', '/entropy', '/key', '/key/', '/key/00']) expect(isSkipPath(path)).equal(true);
    for (const path of ['/', '/api/v1/keys/x/status', '/key/a/b', '/keys']) expect(isSkipPath(path)).equal(false);
  });

  it('tells its capabilities', async () => {
    expect(await get('/capabilities')).deep.equal({ status: 200, body: { entropy: true, key: true, algorithm: 'QKD', localSystemID: 'sae-a', remoteSystemID: ['sae-b', 'sae-c'] } });
  });

  it('gives a new key, of the default size or of the size asked', async () => {
    expect(await get('/key', 'remoteSystemID=sae-b')).deep.equal({ status: 200, body: { keyId: '00112233445546778899aabbccddeeff', key: '0a0b' } });
    await get('/key', 'remoteSystemID=sae-b&size=128');
    expect(asked.splice(0)).deep.equal([['enc_keys', 'sae-b', '', 'sae-a'], ['enc_keys', 'sae-b', 'size=128', 'sae-a']]);
  });

  it('gives the same key by its keyId', async () => {
    expect((await get('/key/00112233445546778899AABBCCDDEEFF', 'remoteSystemID=sae-c')).status).equal(200);
    expect(asked.splice(0)).deep.equal([['dec_keys', 'sae-c', 'key_ID=00112233-4455-4677-8899-aabbccddeeff', 'sae-a']]);
  });

  it('passes on what the key server refuses', async () => {
    const before = next;
    next = { status: 503, body: { message: 'empty' } };
    expect(await get('/key', 'remoteSystemID=sae-b')).deep.equal(next);
    next = before;
    asked.splice(0);
  });

  it('gives entropy, and none from a source that has failed', async () => {
    expect(await get('/entropy')).deep.equal({ status: 200, body: { randomStr: '07'.repeat(32), minentropy: 256 } });
    expect((await get('/entropy', 'minentropy=12')).body).deep.equal({ randomStr: '0707', minentropy: 16 });
    healthy = false;
    expect((await get('/entropy')).status).equal(503);
    healthy = true;
  });

  it('refuses by the statuses of the draft', async () => {
    for (const [path, query] of [
      ['/key', ''], ['/key', 'remoteSystemID=nobody'], ['/key/xyz', 'remoteSystemID=sae-b'], ['/entropy', 'minentropy=0'], ['/entropy', 'minentropy=x'], ['/entropy', 'minentropy=999999'],
    ] as const) expect((await get(path, query)).status, `${path} ${query}`).equal(400);
    expect(asked).deep.equal([]);
  });
});
