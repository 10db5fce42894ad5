// The configuration: all faults together, unknown options refused, file names made absolute.
import { expect } from 'chai';
import { parseConfig } from './config.js';

const valid = `
mspId: HospitalA
profile: profile.json
state: state
study: study.yaml
data: { train: rows.csv, idColumn: id }
kme: { url: "https://kme:8443", saeId: sae-a, certificate: c.pem, privateKey: c.key, ca: ca.pem }
blobServer: { port: 7443, publicUrl: "https://a:7443", certificate: s.pem, privateKey: s.key, ca: members.pem }
seed: one
`;

describe('configuration', () => {
  it('is read with its defaults and absolute file names', () => {
    const config = parseConfig(valid, '/etc/epione');
    expect(config.profile).to.equal('/etc/epione/profile.json');
    expect(config.study).to.equal('/etc/epione/study.yaml');
    expect(config.data?.train).to.equal('/etc/epione/rows.csv');
    expect(config.kme?.ca).to.equal('/etc/epione/ca.pem');
    expect(config.blobServer.host).to.equal('localhost');
    expect(config).to.include({ keepContentKeys: false, pollMs: 1000 });
    expect(config.suites).to.deep.equal({ signature: 'mldsa65', kem: 'mlkem768', x25519: false });
    const digest = `sha256:${'0'.repeat(64)}`;
    expect(parseConfig(valid.replace('study.yaml', digest), '/').study).to.equal(digest);
  });

  it('reports all faults together, unknown options too', () => {
    const broken = valid.replace('port: 7443', 'port: 70000, prot: 1').replace('https://kme', 'http://kme').replace('seed: one', 'sead: one');
    const error = (() => { try { parseConfig(broken, '/'); } catch (cause) { return cause as { code: string; message: string }; } return undefined; })();
    expect(error?.code).to.equal('CONFIG_INVALID');
    for (const name of ['blobServer.port', 'prot', 'kme.url', 'seed', 'sead']) expect(error?.message).to.contain(name);
  });

  it('takes test rows, and refuses fine-tuning that nobody could judge', () => {
    expect(parseConfig(valid.replace('idColumn: id', 'test: test.csv, fineTuneEpochs: 3'), '/etc/epione').data).to.deep.equal({ train: '/etc/epione/rows.csv', test: '/etc/epione/test.csv', fineTuneEpochs: 3 });
    expect(() => parseConfig(valid.replace('idColumn: id', 'fineTuneEpochs: 3'), '/')).to.throw('data.test: fineTuneEpochs needs rows to evaluate on');
  });

  it('refuses what is no YAML', () => {
    expect(() => parseConfig('a: [', '/')).to.throw('not YAML');
    expect(() => parseConfig('', '/')).to.throw('configuration');
  });
});
