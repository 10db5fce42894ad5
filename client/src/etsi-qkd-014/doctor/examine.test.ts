// The doctor before a conforming server, and before each deviation that public servers have.
import { expect } from 'chai';
import { keyPool, type Quirk } from '../../testing/key-pool.js';
import { startKeyServer, testAuthority, type KeyServer } from '../../testing/key-server.js';
import type { TlsIdentity } from '../transport.js';
import { examine, type ExamineOptions, type Report } from './examine.js';
import { printReport } from './print.js';

/** Which probes find which quirk. */
const diagnoses: Readonly<Record<Quirk, readonly string[]>> = {
  'counts are zero': ['status limits'],
  'a count is a string': ['status members'],
  'size is ignored': ['size not in bytes', 'size out of range', 'get key, GET form'],
  'query is ignored': ['get key, GET form'],
  'number is not limited': ['number out of range'],
  'Keys is capitalised': ['get key, empty GET', 'get key, empty POST', 'get key, GET form', 'get key, POST form', 'optional extension', 'multicast'],
  'delivers again': ['delivered once', 'third SAE', 'master asks for its own key'],
  'no 401': ['third SAE', 'master asks for its own key'],
  '404 for unknown keys': ['unknown key_ID', 'delivered once', 'status codes'],
  'detail instead of message': ['size not in bytes', 'mandatory extension', 'unknown key_ID', 'delivered once', 'error format'],
  'details are strings': ['error format'],
  'own words for sizes': ['size not in bytes'],
  'unknown extensions are met': ['mandatory extension'],
  'any extension is refused': ['optional extension'],
  'empty body is refused': ['get key, empty POST'],
  'SAE ID is not decoded': ['encoded SAE ID'],
  'text/plain': ['status answers', 'content type'],
  'crashes on bad JSON': ['body that is no JSON', 'status codes'],
  'same key twice': ['get key, POST form'],
  'no multicast': [],
};

describe('ETSI GS QKD 014 doctor', () => {
  const saes = ['sae-a', 'sae-b', 'sae-c'];
  let [kme, a, b, c] = [] as unknown as [TlsIdentity, TlsIdentity, TlsIdentity, TlsIdentity];

  before(async () => {
    const issue = await testAuthority();
    [kme, a, b, c] = await Promise.all(['kme-1', ...saes].map(issue)) as [TlsIdentity, TlsIdentity, TlsIdentity, TlsIdentity];
  });

  const against = async (quirks: readonly Quirk[], options: Partial<ExamineOptions> = {}, tls = {}): Promise<{ report: Report; server: KeyServer }> => {
    await using server = await startKeyServer(kme, keyPool(saes, new Set(quirks)), tls);
    const { url } = server;
    return { report: await examine({ url, tls: a, slave: 'sae-b', slaveSae: { url, tls: b }, thirdSae: { url, tls: c }, ...options }), server };
  };
  const named = ({ findings }: Report, verdict: string): string[] => findings.filter((finding) => finding.verdict === verdict).map(({ name }) => name).toSorted();

  it('finds that a conforming server conforms in everything', async () => {
    const { report } = await against([]);
    expect(report.findings.filter(({ verdict }) => verdict !== 'conforms')).deep.equal([]);
    expect(report.connection).deep.equal({ protocol: 'TLSv1.3', group: 'X25519MLKEM768', postQuantum: true });
    expect(report.keysTaken).within(15, 30);
    expect(JSON.stringify(report)).not.match(/[A-Za-z0-9+/]{43}=/);
    expect(printReport(report)).match(/^https:\/\/localhost:\d+ to sae-b \(TLSv1\.3, X25519MLKEM768\).*\n.*clause +probe +found\nok +5\.1 +connection /).match(new RegExp(`\\n${report.counts.conforms} conform, 0 deviate, 0 could not be told; ${report.keysTaken} keys taken$`));
  });

  for (const [quirk, probes] of Object.entries(diagnoses) as [Quirk, readonly string[]][]) {
    it(`finds the deviation of a server where ${quirk}`, async () => {
      const { report } = await against([quirk]);
      expect(named(report, 'deviates')).deep.equal(probes.toSorted());
    });
  }

  it('notices a server that accepts strangers', async () => {
    const { report } = await against([], {}, { requestCert: true, rejectUnauthorized: false });
    expect(named(report, 'deviates')).deep.equal(['certificate of nobody', 'no certificate']);
  });

  it('goes no further than it is told, and says what it could not tell', async () => {
    const status = await against([], { depth: 'status' });
    expect(new Set(status.server.asked.map(({ method, url }) => `${method} ${url.split('/').at(-1) ?? ''}`))).deep.equal(new Set(['GET status']));
    expect(status.report.counts.deviates + status.report.keysTaken).equal(0);
    const requests = await against([], { depth: 'requests' });
    expect(requests.report.keysTaken).equal(0);
    expect(requests.report.findings.length).greaterThan(status.report.findings.length);

    await using server = await startKeyServer(kme, keyPool(saes));
    const alone = await examine({ url: server.url, tls: a, slave: 'sae-b' });
    expect(named(alone, 'could not tell')).deep.equal(['both ends, GET form', 'both ends, POST form', 'delivered once', 'multicast', 'third SAE']);
    expect(named((await against(['no multicast'])).report, 'could not tell')).deep.equal(['multicast']);
  });

  it('tells nothing of a server that it does not reach', async () => {
    const report = await examine({ url: 'https://localhost:1', tls: a, slave: 'sae-b', depth: 'status' });
    expect(report).not.have.property('connection');
    expect(report.counts).deep.equal({ conforms: 0, deviates: 0, 'could not tell': report.findings.length });
    expect(printReport(report)).contain('not reached');
  });
});
