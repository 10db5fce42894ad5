/** Sealed updates from file to file: the same bytes as in memory, nothing under a name that is not whole, and little memory for much. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { digestOf, readSealed, sealUpdate, unwrapFor } from '@epione/protocol';
import { expect } from 'chai';
import type { Told } from '../testing/seal-gibibyte.js';
import { contentKey, recipientKeys, sealing } from '../testing/sealing.js';
import { FileSource } from './file-source.js';
import { openSealedFile, sealFile } from './sealed-file.js';
import { draftOwner, writeWhole } from './write-whole.js';

const payload = Uint8Array.from({ length: 700_001 }, (_, at) => (at * 7 + (at >> 8)) & 255);
const codeOf = (promise: Promise<unknown>): Promise<string> => promise.then(() => 'none', (error: unknown) => String((error as { code?: string }).code));

describe('sealed files', () => {
  let folder: string;
  const at = (name: string): string => join(folder, name);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'epione-sealed-'));
    writeFileSync(at('plain'), payload);
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('are the bytes that memory gives, and open to the file that was sealed', async () => {
    const sealed = await sealFile(sealing, at('plain'), at('sealed'));
    const expected = sealUpdate({ ...sealing, payload });
    expect(sealed).to.deep.equal({ digest: digestOf(expected), bytes: expected.length });
    expect(digestOf(readFileSync(at('sealed')))).to.equal(sealed.digest);
    const key = unwrapFor(readSealed(readFileSync(at('sealed'))), 'HospitalB', recipientKeys, undefined);
    expect(await openSealedFile(at('sealed'), key, at('opened'))).to.deep.equal({ digest: digestOf(payload), bytes: payload.length });
    expect(readFileSync(at('opened')).equals(payload)).to.equal(true);
    expect(readdirSync(folder).sort()).to.deep.equal(['opened', 'plain', 'sealed']);
  });

  it('leave nothing when they do not open: no new file, no draft, and the old file as it was', async () => {
    await sealFile(sealing, at('plain'), at('sealed'));
    const good = readFileSync(at('sealed'));
    writeFileSync(at('opened'), 'old');
    const spoil = (where: number): void => {
      writeFileSync(at('sealed'), good);
      const bytes = readFileSync(at('sealed'));
      bytes[where]! ^= 1;
      writeFileSync(at('sealed'), bytes);
    };
    for (const where of [good.length - 1, good.length - 100_000, good.length - 650_000]) {
      spoil(where);
      expect(await codeOf(openSealedFile(at('sealed'), contentKey, at('opened')))).to.equal('UNOPENABLE');
    }
    writeFileSync(at('sealed'), good);
    expect(await codeOf(openSealedFile(at('sealed'), contentKey.map((byte) => byte ^ 1), at('opened')))).to.equal('UNOPENABLE');
    truncateSync(at('sealed'), good.length - 16_400);
    expect(await codeOf(openSealedFile(at('sealed'), contentKey, at('opened')))).to.equal('BAD_FIELD');
    expect(await codeOf(openSealedFile(at('nothing'), contentKey, at('opened')))).to.equal('ENOENT');
    expect(readFileSync(at('opened'), 'utf8')).to.equal('old');
    expect(readdirSync(folder).sort()).to.deep.equal(['opened', 'plain', 'sealed']);
  });

  it('are not there when the file to be sealed shrinks meanwhile, or their name cannot be taken', async () => {
    await using source = await FileSource.open(at('plain'));
    truncateSync(at('plain'), 10);
    expect(await codeOf(writeWhole(folder, source.pieces(), () => 'copy'))).to.equal('UNOPENABLE');
    expect(await codeOf(writeWhole(folder, [payload], () => 'no/such/folder'))).to.equal('ENOENT');
    expect(readdirSync(folder)).to.deep.equal(['plain']);
  });

  it('bear a temporary name that tells the process which writes them', async () => {
    const seen: string[] = [];
    await writeWhole(folder, (function* () { seen.push(...readdirSync(folder)); yield payload; })(), () => 'whole');
    expect(seen.map(draftOwner)).to.have.members([process.pid, undefined]);
    expect(draftOwner('sha256-00')).to.equal(undefined);
  });

  it('need no memory to speak of: 1 GiB sealed and opened within 64 MiB', async () => {
    const program = fileURLToPath(new URL('../testing/seal-gibibyte.js', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [program, folder]);
    const told = JSON.parse(stdout) as Told;
    expect(told.opened).to.equal(told.plaintext);
    expect(told.sealedBytes).to.be.greaterThan(2 ** 30);
    expect(told.rise).to.be.greaterThan(0).and.lessThan(64 * 2 ** 20);
  }).timeout(300_000);
});
