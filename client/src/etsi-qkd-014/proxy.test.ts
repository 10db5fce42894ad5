// Which addresses go through a proxy, and that key delivery through one stays sealed to it.
import { expect } from 'chai';
import { startProxy } from '../testing/connect-proxy.js';
import { startKeyServer, testAuthority } from '../testing/key-server.js';
import { EtsiQkd014Client } from './client.js';
import { EtsiQkd014Error } from './error.js';
import { proxyFor } from './proxy.js';

const status = {
  source_KME_ID: 'kme-a', target_KME_ID: 'kme-b', master_SAE_ID: 'sae-a', slave_SAE_ID: 'sae-b', key_size: 256, stored_key_count: 10,
  max_key_count: 100, max_key_per_request: 8, max_key_size: 1024, min_key_size: 64, max_SAE_ID_count: 0,
};

describe('proxyFor', () => {
  const through = (address: string, none = ''): boolean => proxyFor(new URL(`https://${address}`), { HTTPS_PROXY: 'http://proxy:3128', NO_PROXY: none }) !== undefined;

  it('takes exceptions as curl and Go do: names with all below them, addresses, networks, ports', () => {
    for (const [none, exempt, others] of [
      ['hospital-b.example', ['hospital-b.example', 'peer.Hospital-B.example:7051'], ['nothospital-b.example', 'hospital-b.example.org']],
      ['.hospital-b.example, *.c.example', ['peer.hospital-b.example', 'kme.c.example'], ['xc.example']],
      ['10.1.0.0/16,192.0.2.7,2001:db8::/32', ['10.1.2.3:8443', '192.0.2.7', '[2001:db8::5]:443'], ['10.2.0.1', '192.0.2.70', '[2001:db9::5]']],
      ['kme.example:8443,[2001:db8::5]:443', ['kme.example:8443', '[2001:db8::5]'], ['kme.example:9443', 'kme.example', '[2001:db8::5]:444']],
      ['*', ['anywhere.example'], []],
      ['', ['localhost:7051', 'worker.localhost', '127.0.0.9', '[::1]:1'], ['localhost.example', '128.0.0.1']],
      ['10.0.0.0/99,:,', [], ['10.0.0.1', 'a.example']],
    ] as const) {
      for (const address of exempt) expect(through(address, none), `${address} of ${none}`).to.equal(false);
      for (const address of others) expect(through(address, none), `${address} not of ${none}`).to.equal(true);
    }
  });

  it('reads the variables in both cases, the lower one first, and a proxy without a scheme', () => {
    const url = new URL('https://a.example');
    expect(proxyFor(url, {})).to.equal(undefined);
    expect(proxyFor(url, { HTTPS_PROXY: '' })).to.equal(undefined);
    expect(proxyFor(url, { HTTPS_PROXY: 'http://one', https_proxy: 'two:3128' })?.host).to.equal('two:3128');
    expect(proxyFor(url, { HTTPS_PROXY: 'http://one', NO_PROXY: '', no_proxy: 'a.example' })).to.equal(undefined);
  });

  it('refuses another kind of proxy without repeating what may be a password', () => {
    for (const given of ['https://u:hunter2@p', 'socks5://u:hunter2@p:1080', 'http://u:hunter2@p:99999', 'http://']) {
      expect(() => proxyFor(new URL('https://a.example'), { HTTPS_PROXY: given }), given).to.throw(EtsiQkd014Error, /^(?!.*hunter2).*HTTPS_PROXY must be http/s);
    }
  });
});

describe('ETSI GS QKD 014 client behind a proxy', () => {
  it('is tunnelled with its credentials, post-quantum end to end, and knows whether a lost request had reached the server', async () => {
    const issue = await testAuthority();
    await using proxy = await startProxy('p@ss:word');
    let cut = false;
    await using server = await startKeyServer(await issue('kme.hospital-b.example'), () => (cut ? 'cut' : { status: 200, body: status }));
    const { port } = new URL(server.url);
    const open = (user: string): EtsiQkd014Client => new EtsiQkd014Client({ url: `https://kme.hospital-b.example:${port}`, tls, attempts: 1, deadlineMs: 5000, proxyEnv: { HTTPS_PROXY: `http://${user}127.0.0.1:${proxy.port}` } });
    const tls = await issue('sae-a');
    const codeOf = async (call: Promise<unknown>): Promise<string> => call.then(() => 'none', (error: unknown) => (error as EtsiQkd014Error).code);
    proxy.manners = 'ask';
    using stranger = open('');
    const refused: unknown = await stranger.status('sae-b').catch((error: unknown) => error);
    expect(refused).to.include({ code: 'UNAVAILABLE' }).and.have.property('message').that.matches(/407 Proxy Authentication Required/).and.not.match(/p@ss|p%40ss/);
    using client = open('worker:p%40ss%3Aword@');
    expect(await client.status('sae-b')).to.deep.equal(status);
    expect(client.connection).to.deep.equal({ protocol: 'TLSv1.3', group: 'X25519MLKEM768', postQuantum: true });
    expect(proxy.tunnels).to.deep.equal([`kme.hospital-b.example:${port}`]);
    expect(Buffer.concat(proxy.seen).includes('sae-b'), 'the request is not readable on the way').to.equal(false);
    cut = true;
    using unlucky = open('worker:p%40ss%3Aword@');
    expect(await codeOf(unlucky.getKey('sae-b')), 'the server may have delivered').to.equal('KEYS_MAY_BE_LOST');
    proxy.manners = 'refuse';
    using last = open('');
    expect(await codeOf(last.getKey('sae-b')), 'nothing was reached').to.equal('UNAVAILABLE');
  });
});
