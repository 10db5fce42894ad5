/** Rates, numbers and sizes that one SAE may not exceed, and callers that are too slow. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:tls';
import { expect } from 'chai';
import fc from 'fast-check';
import { KeyServers, type RunningKme, startKme } from '../testing/key-servers.js';
import { KEY_EXCHANGE } from './http.js';
import { Gate, limitsConfig } from './limits.js';

describe('limits of an SAE', function () {
  this.timeout(120_000);

  it('are a burst, then a rate', () => {
    const gate = new Gate(limitsConfig.parse({ requestsPerSecond: 2, burst: 3 }));
    expect([0, 0, 0, 0].map((now) => gate.enter('a', now))).deep.equal([undefined, undefined, undefined, 1]);
    expect(gate.enter('b', 0)).equal(undefined);
    expect([499, 500, 501, 1000].map((now) => gate.enter('a', now))).deep.equal([1, undefined, 1, undefined]);
  });

  it('never let in more than the burst and the rate allow, whenever requests come', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 2000 }), { maxLength: 200 }), (pauses) => {
      const gate = new Gate(limitsConfig.parse({ requestsPerSecond: 5, burst: 10 }));
      let [now, entered] = [0, 0];
      for (const pause of pauses) {
        now += pause;
        if (gate.enter('a', now) !== undefined) continue;
        entered++;
        gate.leave('a');
      }
      expect(entered).most(10 + (5 * now) / 1000);
    }));
  });

  it('are a number of open requests', () => {
    const gate = new Gate(limitsConfig.parse({ concurrentRequests: 2 }));
    expect([0, 0, 0].map((now) => gate.enter('a', now))).deep.equal([undefined, undefined, 1]);
    gate.leave('a');
    expect(gate.enter('a', 0)).equal(undefined);
  });

  describe('over the wire', () => {
    const servers = new KeyServers();
    let kme: RunningKme;

    before(async () => {
      await servers.write({ a: ['sae-a', 'sae-a2'], b: ['sae-b'] }, { limits: { requestsPerSecond: 1, burst: 4, maxBodyBytes: 1000, maxKeysPerRequest: 2, maxKeyBits: 512, requestTimeoutMs: 1500, connections: 8 } });
      servers.deposit(2);
      kme = await startKme(servers.config('a'));
    });
    after(async () => { await kme.stop(); servers.remove(); });

    it('answer 503 with Retry-After', async () => {
      const sae = await servers.sae('sae-a');
      const replies = [];
      for (let n = 0; n < 6; n++) replies.push(await sae.call(servers.url('a', 'sae-a2', 'status')));
      const late = replies.filter(({ status }) => status === 503);
      expect(late.length).within(1, 2);
      expect([late[0]!.headers['retry-after'], late[0]!.body]).deep.equal(['1', { message: 'too many requests of this SAE' }]);
    });

    it('hold for keys, sizes and bodies, and show in the status', async () => {
      const sae = await servers.sae('sae-a2');
      const ask = async (body: unknown): Promise<unknown> => {
        const { status, body: { message } } = await sae.call(servers.url('a', 'sae-a', 'enc_keys'), body);
        return [status, message];
      };
      expect(await ask({ number: 3, size: 1024 })).deep.equal([400, 'size: must be 64 to 512; number: must be 1 to 2']);
      expect(await ask(`{"x":"${'x'.repeat(2000)}"}`)).deep.equal([400, 'bad request format: the body is longer than 1000 bytes']);
      expect((await sae.call(servers.url('a', 'sae-a', 'status'))).body).deep.include({ max_key_per_request: 2, max_key_size: 512 });
    });

    it('cut off a caller that sends its headers or its body too slowly', async () => {
      const { certificateFile, privateKeyFile, caFile } = await servers.authority.issue('sae-a');
      const { port } = servers.config('a').listen;
      for (const start of ['GET /api/v1/keys/sae-a2/status HTTP/1.1\r\nHost: x\r\nX-Slow: ', 'POST /api/v1/keys/sae-a2/enc_keys HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{']) {
        const socket = connect({ port, host: 'localhost', cert: readFileSync(certificateFile), key: readFileSync(privateKeyFile), ca: readFileSync(caFile), ecdhCurve: KEY_EXCHANGE });
        await once(socket, 'secureConnect');
        socket.write(start);
        const drip = setInterval(() => { socket.write('x'); }, 200);
        socket.on('error', () => undefined);
        socket.resume();
        await once(socket, 'close');
        clearInterval(drip);
      }
    });
  });
});
