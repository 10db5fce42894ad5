// The Rust client etsi014-client 0.2.0 (TU Eindhoven) against two real sites; its build takes minutes.
import { expect } from 'chai';
import { startClassicalFront } from './classical-front.js';
import { startKeySites, type KeySites, type SaeId } from './key-sites.js';
import { buildRustClient } from './rust.js';

describe('etsi014-client 0.2.0 (Rust)', function () {
  this.timeout(1_800_000);
  let sites: KeySites | undefined;
  let rust: ReturnType<typeof buildRustClient>;
  const open = new AsyncDisposableStack();

  /** The command line of an SAE. It takes its TLS from the system's OpenSSL, which may be older than X25519MLKEM768. */
  const as = async (sae: SaeId): Promise<(...args: string[]) => Promise<string>> => {
    const { port } = open.use(await startClassicalFront(sites!, sae));
    const { certificateFile, privateKeyFile, caFile } = sites!.access[sae];
    return async (...args) => (await rust('localhost', String(port), certificateFile, privateKeyFile, caFile, ...args)).stdout.trim();
  };
  const failure = async (promise: Promise<string>): Promise<string> => promise.then(() => 'none', (error: unknown) => (error as { stderr: string }).stderr);

  before(async () => {
    rust = buildRustClient();
    sites = await startKeySites();
  });
  after(async () => {
    await open.disposeAsync();
    await sites?.[Symbol.asyncDispose]();
  });

  it('gets the same keys at both ends, and every refusal', async () => {
    const [a, b, c] = [await as('sae-a'), await as('sae-b'), await as('sae-c')];
    expect(await a('status', 'sae-b')).contain('key_size: 256').contain('source_sae_id: "sae-a"');
    // It always sends the member additional_target_sae_ids, which the standard does not have: a server must not refuse it.
    const taken = await a('get', 'sae-b', '512', '3');
    const ids = taken.split('\n').map((line) => line.split(' ')[0]!);
    expect(taken).match(/^([0-9a-f-]{36} [0-9a-f]{128}\n?){3}$/);
    expect(await failure(c('same', 'sae-a', ...ids))).contain('401');
    expect(await b('same', 'sae-a', ...ids)).equal(taken);
    expect(await failure(b('same', 'sae-a', ...ids))).contain('one or more keys specified are not found on KME');
    expect(await failure(a('get', 'sae-b', '257', '1'))).contain('size shall be a multiple of 8');
  });

  it('cannot share a key among several slaves: its list of them goes under a name of its own', async () => {
    const [a, c] = [await as('sae-a'), await as('sae-c')];
    const [id] = (await a('get', 'sae-b', '256', '1', 'sae-c')).split(' ');
    expect(await failure(c('same', 'sae-a', id!))).contain('401');
  });
});
