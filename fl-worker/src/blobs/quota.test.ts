// A store keeps to its quota, also after a new start, and says so.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { WorkerError } from '../error.js';
import { BlobStore } from './blob-store.js';

describe('quota of blobs', () => {
  it('refuses what does not fit, keeps what is there, counts it at the next start, and has room again when something is removed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'epione-quota-'));
    const store = new BlobStore(folder, 2_000_000);
    const first = await store.put(new Uint8Array(1_500_000));
    for (const each of [store, new BlobStore(folder, 2_000_000)]) {
      const refused: unknown = await each.put(new Uint8Array(1_000_000).fill(1)).catch((error: unknown) => error);
      expect(refused).to.be.instanceOf(WorkerError).with.property('code', 'DISK_QUOTA');
      expect((refused as WorkerError).message).to.match(/take 2 MB, and 2 MB are allowed$/);
    }
    expect(await store.get(first)).to.have.length(1_500_000);
    expect(readdirSync(folder), 'no draft is left').to.have.length(1);
    store.remove(first);
    const second = await store.put(new Uint8Array(1_000_000).fill(1));
    expect(store.list()).to.deep.equal([{ digest: second, bytes: 1_000_000 }]);
    store.remove(first);
    store.remove(second);
    expect(await new BlobStore(folder, 4_000_000).put(new Uint8Array(1_000_000).fill(1))).to.match(/^sha256:/);
    rmSync(folder, { recursive: true });
  });
});
