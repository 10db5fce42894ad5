/** Who a certificate names, and SAEs told by a URI over real TLS. */
import { expect } from 'chai';
import { KeyServers, startKme } from '../testing/key-servers.js';
import { uriOf } from './sae.js';

describe('SAE identity', function () {
  this.timeout(120_000);

  it('is the one URI among alternative names', () => {
    expect(uriOf('DNS:localhost, URI:urn:sae:a, IP Address:127.0.0.1')).equal('urn:sae:a');
    expect(uriOf('URI:"spiffe://hospital/a,b"')).equal('spiffe://hospital/a,b');
    for (const names of ['', 'DNS:localhost', 'URI:urn:sae:a, URI:urn:sae:b', 'DNS:"x, URI:urn:sae:a"']) expect(uriOf(names), names).equal('');
  });

  it('may come from a URI, and an SAE may be its own peer, where the site says so', async () => {
    const servers = new KeyServers();
    await servers.write({ a: ['urn:sae:a', 'urn:sae:b'], z: ['urn:sae:z'] }, { sae: { idFrom: 'uri', allowSelfPeer: true } });
    servers.deposit(2);
    const kme = await startKme(servers.config('a'));
    try {
      const [one, other] = [await servers.sae('one', 'urn:sae:a'), await servers.sae('urn:sae:a')];
      const made = await one.call(servers.url('a', 'urn:sae:a', 'enc_keys'));
      expect(made.status).equal(200);
      expect((await one.call(`${servers.url('a', 'urn:sae:a', 'dec_keys')}?key_ID=${made.body.keys![0]!.key_ID}`)).body).deep.equal(made.body);
      expect((await other.call(servers.url('a', 'urn:sae:b', 'enc_keys'))).status).equal(401);
      // The other site is not there: no key is taken for it.
      expect((await one.call(servers.url('a', 'urn:sae:z', 'enc_keys'))).body).deep.equal({ message: 'the key server kme-z does not answer' });
    } finally {
      await kme.stop();
      servers.remove();
    }
  });
});
