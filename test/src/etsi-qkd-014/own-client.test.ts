// Our client and doctor against two real sites, and the page that explains them: its example is run, its table is the doctor's.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EtsiQkd014Client, examine, readTlsIdentity, watchPool, type ExamineOptions } from '@epione/client/etsi-qkd-014';
import { expect } from 'chai';
import { repository } from '../study/command.js';
import { startKeySites, type KeySites, type SaeId } from './key-sites.js';

const page = readFileSync(join(repository, 'docs', 'etsi-qkd-014.md'), 'utf8');

describe('ETSI GS QKD 014 at real sites', function () {
  this.timeout(300_000);
  let sites: KeySites | undefined;
  const access = (sae: SaeId): KeySites['access'][SaeId] => sites!.access[sae];

  before(async () => {
    sites = await startKeySites();
  });
  after(async () => {
    await sites?.[Symbol.asyncDispose]();
  });

  const examined = async (): Promise<ExamineOptions> => {
    const [a, b, c] = await Promise.all((['sae-a', 'sae-b', 'sae-c'] as const).map(async (sae) => ({ url: access(sae).url, tls: await readTlsIdentity(access(sae)) })));
    return { ...a!, kmeId: 'kme-a', slave: 'sae-b', slaveSae: b!, thirdSae: c! };
  };

  it('the server conforms in everything', async () => {
    await sites!.stored(60);
    const { findings, connection } = await examine(await examined());
    expect(findings.filter(({ verdict }) => verdict !== 'conforms')).deep.equal([]);
    expect(connection?.group).equal('X25519MLKEM768');
    const rows = findings.map(({ name, clause, expectation }) => `| ${name} | ${clause} | ${expectation} |`);
    expect(page).contain(`| probe | clause | expectation |\n|---|---|---|\n${rows.join('\n')}\n`);
  });

  it('the example of the page does what the page says', async () => {
    const [, code = ''] = /```ts\n([^]+?)```/.exec(page)!;
    const [, said = ''] = /```\n(keys of 256[^]+?)```/.exec(page)!;
    const folder = join(repository, 'test', '.state');
    mkdirSync(folder, { recursive: true });
    const file = join(folder, `example-${process.pid}.ts`);
    writeFileSync(file, code.replace('https://kme-a.example:8443', access('sae-a').url).replace('https://kme-b.example:8443', access('sae-b').url));
    try {
      const child = spawn(process.execPath, [file], { cwd: sites!.folder, stdio: ['ignore', 'pipe', 'inherit'] });
      const out: Buffer[] = [];
      child.stdout.on('data', (part: Buffer) => out.push(part));
      expect((await once(child, 'close'))[0]).equal(0);
      expect(Buffer.concat(out).toString()).equal(said);
    } finally {
      rmSync(file);
    }
  });

  it('tells a pool that runs low, and one that is empty', async () => {
    using client = await EtsiQkd014Client.open({ ...access('sae-a'), attempts: 1 });
    const { max_key_per_request: most, max_key_size: size } = await client.status('sae-b');
    const codes: unknown[] = [];
    while (codes.length === 0) await client.getKey('sae-b', { number: most, size }).then((keys) => { keys[Symbol.dispose](); }, (error: unknown) => codes.push((error as { code: unknown }).code));
    expect(codes[0]).oneOf(['EXHAUSTED', 'UNAVAILABLE']);
    for await (const { level, status } of watchPool(client, 'sae-b', { lowWater: 1_000_000 })) {
      expect(level).equal('low');
      expect(status?.slave_SAE_ID).equal('sae-b');
      break;
    }
  });
});
