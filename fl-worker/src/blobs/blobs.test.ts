// Blobs: a name gives the bytes with its digest or nothing, over mutual TLS to members only.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TagSite } from '@epione/client';
import { expect } from 'chai';
import { digestOf } from '@epione/protocol';
import { HttpsClient, readTls, watchTls, type Tls } from '../site/https.js';
import { TestAuthority } from '../testing/certificate.js';
import { serveBlobs, type BlobServer } from './blob-server.js';
import { BlobSource } from './blob-source.js';
import { BlobStore } from './blob-store.js';
import { findTag } from './tags.js';

const authority = new TestAuthority();
const tlsOf = (cn: string, of = authority, validMs?: number): Tls => {
  const { certificate, privateKey } = of.issue(cn, validMs);
  return { cert: certificate, key: privateKey, ca: authority.certificate, minVersion: 'TLSv1.3', ecdhCurve: 'X25519MLKEM768' };
};
const bytes = new TextEncoder().encode('some blob');
const name = digestOf(bytes);

describe('blobs', () => {
  let folder: string;
  let theirs: BlobStore;
  let server: BlobServer;
  const fresh = (): BlobStore => new BlobStore(mkdtempSync(join(folder, 'store-')));
  const url = (): string => `https://localhost:${server.port}`;
  const codeOf = (promise: Promise<unknown>): Promise<string> => promise.then(() => 'none', (error: unknown) => String((error as { code?: string }).code));

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'epione-blobs-'));
    theirs = new BlobStore(join(folder, 'theirs'));
    await theirs.put(bytes);
    server = await serveBlobs(theirs, tlsOf('site-b'), 'localhost', 0, (path) => Promise.resolve(path.endsWith('/slot') ? bytes : undefined));
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  it('are named, fetched and looked through by SHA-512 where a study wants it', async () => {
    const long = await theirs.put(bytes, 'sha512');
    expect(long).to.equal(digestOf(bytes, 'sha512')).and.match(/^sha512:/);
    const { certificate, privateKey } = authority.issue('site-a');
    const source = new BlobSource(fresh(), new HttpsClient({ cert: certificate, key: privateKey, ca: authority.certificate, minVersion: 'TLSv1.3', ecdhCurve: 'X25519MLKEM768' }, 5000));
    expect(await source.get(long, [url()])).to.deep.equal(bytes);
    writeFileSync(join(folder, 'theirs', long.replace(':', '-')), 'other bytes');
    expect(await theirs.get(long)).to.equal(undefined);
    expect(await theirs.get(name)).to.deep.equal(bytes);
  });

  it('serves the messages of a watch, and nothing else of the state folder', async () => {
    const state = join(folder, 'state');
    mkdirSync(join(state, 'tags', 'sae%2Fa-to-sae-b'), { recursive: true });
    for (const file of ['quantum.db', 'tags/sae%2Fa-to-sae-b/0.json', 'tags/sae%2Fa-to-sae-b/0.json.part']) writeFileSync(join(state, file), file);
    await using tags = await serveBlobs(theirs, tlsOf('site-b'), 'localhost', 0, (path) => findTag(state, path));
    const { certificate, privateKey } = authority.issue('sae-b');
    using site = new TagSite(`https://localhost:${tags.port}/site`, { cert: certificate, key: privateKey, ca: authority.certificate });
    expect(await site.get('sae/a', 'sae-b', 0)).to.equal('tags/sae%2Fa-to-sae-b/0.json');
    expect(await site.get('sae/a', 'sae-b', 1)).to.equal(undefined);
    using client = new HttpsClient(tlsOf('site-a'), 2000);
    for (const path of ['tags/sae%252Fa-to-sae-b/0.json.part', 'tags/..%2Fquantum.db', 'tags/x-to-..%2F..%2Fquantum.db/0.json', 'quantum.db']) {
      expect((await client.ask(new URL(`https://localhost:${tags.port}/${path}`), 1000)).status, path).to.equal(404);
    }
  });

  it('fetches by digest, keeps what it fetched, and tries every address', async () => {
    using client = new HttpsClient(tlsOf('site-a'), 2000);
    const own = fresh();
    const source = new BlobSource(own, client);
    expect(await source.get(name, ['https://localhost:1', `${url()}/blobs/`])).to.deep.equal(bytes);
    expect(await own.get(name)).to.deep.equal(bytes);
    expect(await source.get(name, [])).to.deep.equal(bytes);
    expect(await codeOf(source.get(digestOf(new Uint8Array(1)), [url()]))).to.equal('BLOB_MISSING');
    expect(await source.slot(url(), 'a/slot')).to.deep.equal(bytes);
    expect(await codeOf(source.slot(url(), 'another'))).to.equal('BLOB_MISSING');
  });

  it('gives nothing for bytes that were cut or changed', async () => {
    using client = new HttpsClient(tlsOf('site-a'), 2000);
    const store = fresh();
    const source = new BlobSource(store, client);
    const path = join(folder, readdirSync(folder).filter((entry) => entry.startsWith('store-')).sort().at(-1) ?? '');
    for (const spoil of [(file: string) => { truncateSync(file, 3); }, (file: string) => { writeFileSync(file, 'Some blob'); }]) {
      const other = new BlobStore(path);
      await other.put(bytes);
      spoil(join(path, name.replace(':', '-')));
      expect(await other.get(name)).to.equal(undefined);
      expect(await source.get(name, [url()])).to.deep.equal(bytes); // whole again from another member
    }
  });

  it('fetches what is longer than a piece, and keeps nothing of what breaks off', async () => {
    using client = new HttpsClient(tlsOf('site-a'), 2000);
    const long = Uint8Array.from({ length: 3_000_001 }, (_, at) => (at * 31) >> 3);
    const longName = await theirs.put(long);
    const path = mkdtempSync(join(folder, 'own-'));
    const own = new BlobStore(path);
    const source = new BlobSource(own, client);
    {
      await using fetched = await source.open(longName, [url()]);
      expect(fetched.length).to.equal(long.length);
      expect(Buffer.compare(await fetched.all(), long)).to.equal(0);
    }
    rmSync(join(path, longName.replace(':', '-')));
    truncateSync(join(folder, 'theirs', longName.replace(':', '-')), 2_000_000); // served as it lies there
    expect(await codeOf(source.open(longName, [url()]))).to.equal('BLOB_MISSING');
    expect(await codeOf(client.receive(new URL(`${url()}/${longName}`), 1_000_000, async (_, pieces) => own.write(pieces)))).to.not.equal('none');
    expect(await codeOf(own.write([long], name))).to.not.equal('none');
    expect(readdirSync(path)).to.deep.equal([]);
  });

  it('removes the drafts of writers that have ended, and no others', () => {
    const path = mkdtempSync(join(folder, 'crashed-'));
    for (const owner of [process.pid, 2 ** 30, process.ppid]) writeFileSync(join(path, `draft-${owner}-0`), 'half');
    expect(new BlobStore(path)).to.be.instanceOf(BlobStore);
    expect(readdirSync(path)).to.deep.equal([`draft-${process.ppid}-0`]);
  });

  it('serves members only, and nothing but blobs', async () => {
    const foreign = new TestAuthority('another');
    for (const tls of [tlsOf('x', foreign), tlsOf('x', authority, -1000)]) {
      using stranger = new HttpsClient(tls, 2000);
      expect(await codeOf(new BlobSource(fresh(), stranger).get(name, [url()]))).to.equal('BLOB_MISSING');
    }
    using client = new HttpsClient(tlsOf('site-a'), 2000);
    for (const path of ['', '../theirs', '%2e%2e%2fca.pem', `${name}x`, 'sha256:..', '%']) {
      const answer = await client.ask(new URL(`${url()}/${path}`), 1000).catch(() => undefined);
      expect(answer?.status ?? 404, path).to.equal(404);
    }
    expect((await client.ask(new URL(`${url()}/${name}`), 1000, '{}')).status).to.equal(404);
    expect(await codeOf(serveBlobs(theirs, tlsOf('site-b'), 'localhost', server.port, () => Promise.resolve(undefined)))).to.equal('EADDRINUSE');
  });

  it('lets a new member in when the file of authorities names its own, without a new start', async () => {
    const files = { certificate: join(folder, 'site.pem'), privateKey: join(folder, 'site.key'), ca: join(folder, 'ca.pem') };
    const joining = new TestAuthority('joining');
    const { certificate, privateKey } = authority.issue('site-b');
    writeFileSync(files.certificate, certificate);
    writeFileSync(files.privateKey, privateKey);
    writeFileSync(files.ca, authority.certificate);
    await using own = await serveBlobs(theirs, await readTls(files), 'localhost', 0, () => Promise.resolve(undefined));
    await using others = await serveBlobs(theirs, { ...tlsOf('site-d', joining), ca: authority.certificate }, 'localhost', 0, () => Promise.resolve(undefined));
    using client = new HttpsClient(await readTls(files), 2000);
    using member = new HttpsClient({ ...tlsOf('site-d', joining), ca: authority.certificate }, 2000);
    const reports: string[] = [];
    const renew = watchTls(files, [own, client], (event) => { reports.push(event); });
    const reach = (from: HttpsClient, to: BlobServer): Promise<boolean> => from.ask(new URL(`https://localhost:${to.port}/${name}`), 1000).then(({ status }) => status === 200, () => false);
    await renew();
    expect([await reach(member, own), await reach(client, others)]).to.deep.equal([false, false]);
    writeFileSync(files.ca, `${authority.certificate}${joining.certificate}`);
    await renew();
    expect([await reach(member, own), await reach(client, others)]).to.deep.equal([true, true]);
    writeFileSync(files.certificate, 'half a file');
    await renew();
    expect(reports).to.deep.equal(['certificates not renewed']);
    expect(await reach(member, own)).to.equal(true);
  });
});
