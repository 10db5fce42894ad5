// Clients of other authors against two real sites: what they do is right, and where they differ from the standard is listed with its reason.
import { expect } from 'chai';
import { EtsiQkd014Client } from '@epione/client/etsi-qkd-014';
import { startClassicalFront } from './classical-front.js';
import { startKeySites, type KeySites, type SaeId } from './key-sites.js';
import { runPython } from './python.js';

/** What `qkdsec doctor` says of a strict server: anything but `pass` is a difference between that client and the standard. */
const expectedOfQkdsec: Readonly<Record<string, readonly [status: string, reason: string]>> = {
  reachability: ['pass', ''],
  status_fields: ['pass', ''],
  enc_keys_get: ['pass', ''],
  enc_keys_post: ['pass', ''],
  enc_keys_caps: ['pass', ''],
  extensions_accepted: ['pass', ''],
  dec_keys_roundtrip: ['fail', 'it asks for the key again under the certificate of the master, who is not a slave of that key (clause 5.4 prescribes 401)'],
  error_contract_404: ['warn', 'it expects 404 for an unknown key_ID; table 8 has 400 only'],
  error_contract_400: ['pass', ''],
  latency: ['pass', ''],
};

describe('foreign clients of ETSI GS QKD 014', function () {
  this.timeout(600_000);
  let sites: KeySites;

  before(async () => {
    sites = await startKeySites();
  });
  after(async () => {
    await (sites as KeySites | undefined)?.[Symbol.asyncDispose]();
  });

  /** Certificate options of a command line. */
  const certificates = (sae: SaeId, [cert, key, ca]: readonly [string, string, string]): string[] => {
    const { certificateFile, privateKeyFile, caFile } = sites.access[sae];
    return [cert, certificateFile, key, privateKeyFile, ca, caFile];
  };

  /** Host and files of every SAE, for a script. @param hosts others than those of the key servers. */
  const whereabouts = (hosts: Partial<Record<string, string>> = {}): object =>
    Object.fromEntries(Object.entries(sites.access).map(([id, { url, certificateFile, privateKeyFile, caFile }]) => [id, { host: hosts[id] ?? new URL(url).host, cert: certificateFile, key: privateKeyFile, ca: caFile }]));

  describe('qkdsec 0.3.0 (PyPI)', () => {
    const options = ['--cert', '--key', '--ca-cert'] as const;

    it('finds what is expected of a strict server', async () => {
      await sites.stored(40);
      const { stdout, stderr } = await runPython('qkdsec', 'doctor', sites.access['sae-a'].url, '--slave-sae-id', 'sae-b', ...certificates('sae-a', options), '--format', 'json', '--samples', '2');
      expect(stderr).equal('');
      const { results } = JSON.parse(stdout) as { results: { name: string; status: string }[] };
      expect(Object.fromEntries(results.map(({ name, status }) => [name, status]))).deep.equal(Object.fromEntries(Object.entries(expectedOfQkdsec).map(([name, [status]]) => [name, status])));
      for (const [status, reason] of Object.values(expectedOfQkdsec)) expect(reason === '').equal(status === 'pass');
    });

    it('takes keys at one end and retrieves them at the other', async () => {
      interface Shown { readonly key_id: string; readonly key_hex: string; readonly size_bits: number }
      for (const method of ['GET', 'POST']) {
        const taken = await runPython('qkdsec', 'keys', 'get', sites.access['sae-a'].url, 'sae-b', '--number', '2', '--size', '128', '--method', method, ...certificates('sae-a', options), '--json');
        const keys = JSON.parse(taken.stdout) as Shown[];
        expect(keys.map(({ size_bits: bits }) => bits)).deep.equal([128, 128]);
        const same = await runPython('qkdsec', 'keys', 'retrieve', sites.access['sae-b'].url, 'sae-a', ...keys.map(({ key_id: id }) => id), ...certificates('sae-b', options), '--json');
        expect(JSON.parse(same.stdout)).deep.equal(keys);
      }
    });
  });

  describe('etsi-qkd-014-client 0.9.0 (PyPI)', () => {
    /** Calls of the library by two SAEs, one line of JSON each; keys leave the process as digests. */
    const script = `
import hashlib, json, sys
from etsi_qkd_014_client import QKD014Client
where = json.loads(sys.argv[1])
def client(sae): return QKD014Client(where[sae]["host"], where[sae]["cert"], where[sae]["key"], where[sae]["ca"])
def show(answer):
    code, data = answer
    if code != 200: return [code, data.message]
    return [code, [[key.key_id, hashlib.sha256(key.key.encode()).hexdigest()] for key in data.keys]]
a, b, c = client("sae-a"), client("sae-b"), client("sae-c")
code, status = a.get_status("sae-b")
out = {"status": [code, status.key_size, status.max_key_per_request]}
plain, three = show(a.get_key("sae-b")), show(a.get_key("sae-b", number=3, size=512))
ids = [key[0] for key in three[1]]
out["plain"], out["three"] = plain, three
out["third"] = show(c.get_key_with_key_IDs("sae-a", ids))
out["same"] = show(b.get_key_with_key_IDs("sae-a", ids))
out["again"] = show(b.get_key_with_key_IDs("sae-a", ids))
out["size"] = show(a.get_key("sae-b", size=257))
out["extension"] = show(a.get_key("sae-b", extension_mandatory=[{"acme_unknown": 1}]))
print(json.dumps(out))
`;

    it('gets status, keys and every refusal as the standard has them', async () => {
      const { stdout, stderr, code } = await runPython('python', '-c', script, JSON.stringify(whereabouts()));
      expect([code, stderr]).deep.equal([0, '']);
      const out = JSON.parse(stdout) as Record<string, [number, unknown]>;
      expect(out['status']).deep.equal([200, 256, 128]);
      expect(out['plain']?.[0]).equal(200);
      expect(out['three']?.[1]).length(3);
      expect(out['same']).deep.equal(out['three']);
      // It parses the body of every refusal: an empty one, which the standard allows with 401, would end it.
      expect(out['third']?.[0]).equal(401);
      expect(out['third']?.[1]).a('string');
      expect(out['again']).deep.equal([400, 'one or more keys specified are not found on KME']);
      expect(out['size']).deep.equal([400, 'size shall be a multiple of 8']);
      expect(out['extension']).deep.equal([400, 'not all extension_mandatory parameters are supported']);
    });
  });

  describe('skip-qkd 1.0.0 (PyPI)', () => {
    /** Calls of an encryptor at each end, by SKIP. A client of this library is good for one request: it keeps the connection that it has closed. */
    const script = `
import hashlib, json, sys
from skip_qkd.skip_qkd import MTLSConfig, SkipQKDClient
where = json.loads(sys.argv[1])
def client(sae): return SkipQKDClient(where[sae]["host"], sae, mtls_config=MTLSConfig(where[sae]["ca"], where[sae]["cert"], where[sae]["key"]))
def show(key): return [key["keyId"], len(key["key"]), hashlib.sha256(key["key"].encode()).hexdigest()]
taken = client("sae-a").request_key("sae-b", 512)
out = {"able": client("sae-a").capabilities(), "taken": show(taken), "entropy": client("sae-a").entropy(512)["minentropy"]}
out["same"] = show(client("sae-b").fetch_key_by_id(taken["keyId"], "sae-a"))
try: client("sae-b").fetch_key_by_id(taken["keyId"], "sae-a")
except RuntimeError as error: out["again"] = str(error)
print(json.dumps(out))
`;

    it('gets the same key at both ends, from the same pools', async () => {
      // It takes its TLS from Python itself, which may be built without X25519MLKEM768.
      await using a = await startClassicalFront(sites, 'sae-a');
      await using b = await startClassicalFront(sites, 'sae-b');
      const { stdout, stderr, code } = await runPython('python', '-c', script, JSON.stringify(whereabouts({ 'sae-a': `localhost:${a.port}`, 'sae-b': `localhost:${b.port}` })));
      expect([code, stderr]).deep.equal([0, '']);
      const out = JSON.parse(stdout) as Record<string, unknown> & { taken: [string, number, string] };
      expect(out['able']).deep.include({ key: true, entropy: true, localSystemID: 'sae-a' });
      expect(out.taken[1]).equal(128);
      expect(out['same']).deep.equal(out.taken);
      expect(out['again']).match(/400/);
      expect(out['entropy']).equal(512);
    });
  });

  it('our client at the other end of a foreign one', async () => {
    const taken = await runPython('qkdsec', 'keys', 'get', sites.access['sae-a'].url, 'sae-b', ...certificates('sae-a', ['--cert', '--key', '--ca-cert']), '--json');
    const [{ key_id: id, key_hex: hex }] = JSON.parse(taken.stdout) as [{ key_id: string; key_hex: string }];
    using client = await EtsiQkd014Client.open(sites.access['sae-b']);
    using container = await client.getKeyWithIds('sae-a', [id]);
    expect(Buffer.from(container.keys[0]!.bytes).toString('hex')).equal(hex);
  });
});
