// What is not as the operator made it in a kit is named, file by file.
import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { WorkerError } from '../error.js';
import { TestAuthority } from '../testing/certificate.js';
import { checkKit } from './kit.js';

describe('kit check', () => {
  const folder = mkdtempSync(join(tmpdir(), 'epione-kit-'));
  const at = (name: string): string => join(folder, name);
  const authority = new TestAuthority();
  const tls = { certificate: 'site.pem', privateKey: 'site.key', ca: 'ca.pem' };
  const { certificate, privateKey } = authority.issue('sae-hospitala', 90 * 24 * 3600 * 1000);
  const files: Record<string, string> = {
    'ca.pem': authority.certificate, 'site.pem': certificate, 'site.key': privateKey,
    'worker.yaml': JSON.stringify({ mspId: 'HospitalA', profile: 'profile.json', state: 'state', seed: 's', blobServer: { port: 1, publicUrl: 'https://localhost:1', ...tls } }),
    'profile.json': JSON.stringify({ channel: 'epione', chaincode: 'epione', genesis: `sha256:${'0'.repeat(64)}`, mspId: 'HospitalA', peers: [{ mspId: 'HospitalA', endpoint: 'localhost:1', tlsCaFile: 'ca.pem' }], identities: { worker: { certificateFile: 'site.pem', privateKeyFile: 'site.key' } } }),
  };
  beforeEach(() => {
    for (const [name, text] of Object.entries(files)) writeFileSync(at(name), text, { mode: 0o600 });
    writeFileSync(at('SHA256SUMS'), Object.entries(files).map(([name, text]) => `${createHash('sha256').update(text).digest('hex')}  ${name}\n`).join(''));
  });
  after(() => { rmSync(folder, { recursive: true }); });
  const faults = async (): Promise<string[]> => (await checkKit(folder, Date.now)).findings.filter(({ level }) => level !== 'ok').map(({ code, sentence }) => `${code ?? ''} ${sentence}`);

  it('finds a whole kit good, and tells the digest that the operator tells too', async () => {
    expect(await faults()).to.deep.equal([]);
    expect((await checkKit(folder, Date.now)).digest).to.equal(createHash('sha256').update(readFileSync(at('SHA256SUMS'))).digest('hex'));
  });

  it('names a file that was changed, that is missing, that is not of the kit, and a key that others can read', async () => {
    writeFileSync(at('ca.pem'), new TestAuthority('another').certificate);
    expect((await faults())[0]).to.equal('KIT_FILE_CHANGED ca.pem is not as the operator made it');
    writeFileSync(at('ca.pem'), authority.certificate);
    rmSync(at('site.pem'));
    expect((await faults())[0]).to.equal('KIT_FILE_MISSING site.pem is missing');
    writeFileSync(at('site.pem'), certificate);
    writeFileSync(at('run-me.sh'), '');
    expect(await faults()).to.deep.equal(['KIT_FILE_STRANGE run-me.sh is not of this kit']);
    rmSync(at('run-me.sh'));
    chmodSync(at('site.key'), 0o644);
    expect((await faults())[0]).to.equal('SECRET_READABLE site.key can be read by others');
    chmodSync(at('site.key'), 0o600);
  });

  it('takes no sums that lead out of the folder, and nothing that is no kit', async () => {
    for (const text of [`${'0'.repeat(64)}  ../ca.pem\n`, `${'0'.repeat(64)}  /etc/passwd\n`, 'x\n']) {
      writeFileSync(at('SHA256SUMS'), text);
      expect(await checkKit(folder, Date.now).catch((error: unknown) => error), text).to.be.instanceOf(WorkerError);
    }
    rmSync(at('SHA256SUMS'));
    expect(await checkKit(folder, Date.now).catch((error: unknown) => error)).to.be.instanceOf(WorkerError).with.property('message').that.includes('is no start-up kit');
  });
});
