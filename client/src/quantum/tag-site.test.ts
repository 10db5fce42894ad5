// A peer's messages over real HTTPS: found, not there, too long, and not from a server without post-quantum groups.
import { expect } from 'chai';
import { startKeyServer, testAuthority, type Asked, type Reply } from '../testing/key-server.js';
import { TagSite } from './tag-site.js';

const answer = ({ url, caller }: Asked): Reply => {
  if (url === '/site/tags/sae-b-to-sae-a/0.json') return { status: 200, body: 'a message', headers: { 'content-length': '9' } };
  if (url === '/site/tags/sae-b-to-sae-a/1.json') return { status: 200, body: 'x'.repeat(2_000_000), headers: { 'content-length': '2000000' } };
  if (url === '/site/tags/sae%252Fb-to-sae-a/0.json') return { status: 200, body: caller, headers: { 'content-length': String(caller.length) } };
  return { status: 404 };
};

describe('a peer’s messages by HTTPS', () => {
  it('are read under mutual TLS', async () => {
    const issue = await testAuthority();
    await using server = await startKeyServer(await issue('peer'), answer);
    using site = new TagSite(`${server.url}/site`, await issue('sae-a'));
    expect(await site.get('sae-b', 'sae-a', 0)).equal('a message');
    expect(await site.get('sae/b', 'sae-a', 0)).equal('sae-a');
    expect(await site.get('sae-b', 'sae-a', 1)).equal(undefined);
    expect(await site.get('sae-b', 'sae-a', 2)).equal(undefined);
  });

  it('are not read from a server without post-quantum groups, a stranger’s or one that is away', async () => {
    const [issue, other] = [await testAuthority(), await testAuthority('CN=another authority')];
    const own = await issue('sae-a');
    await using classical = await startKeyServer(await issue('peer'), answer, { ecdhCurve: 'X25519' });
    await using stranger = await startKeyServer(await other('peer'), answer);
    for (const url of [classical.url, stranger.url, 'https://localhost:1']) {
      using site = new TagSite(`${url}/site`, own);
      expect(await site.get('sae-b', 'sae-a', 0)).equal(undefined);
    }
    expect([classical.asked, stranger.asked]).deep.equal([[], []]);
  });
});
