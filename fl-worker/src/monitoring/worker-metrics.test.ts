/** A worker's metrics over a whole study of four sites, asked over HTTP while it runs and afterwards. */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { takePart } from '../run.js';
import { organizations, smallTemplate, TestConsortium } from '../testing/consortium.js';
import { TestLedger } from '../testing/round-ledger.js';
import { serveMetrics } from './metrics-server.js';
import { WorkerMetrics } from './worker-metrics.js';

const valueOf = (page: string, sample: string): number | undefined => {
  const line = page.split('\n').find((text) => text.startsWith(`${sample} `));
  return line === undefined ? undefined : Number(line.slice(sample.length + 1));
};

describe('metrics of a worker', function () {
  this.timeout(120_000);

  it('counts rounds, stages, keys, events and faults', async () => {
    const begun = Date.now();
    await using house = await TestConsortium.found(smallTemplate);
    const ledger = new TestLedger(house.study, [...house.records.values()], Date.now);
    const metrics = new WorkerMetrics(house.of('HospitalA').config, Date.now);
    await using server = await serveMetrics(0, async () => metrics.page());
    const ask = async (): Promise<string> => (await fetch(`http://127.0.0.1:${server.port}/metrics`)).text();
    expect(valueOf(await ask(), 'epione_worker_round')).to.equal(0);

    const during: Promise<string>[] = [];
    await Promise.all(organizations.map(async (mspId) => {
      const site = await house.site(mspId, ledger, (event, facts) => {
        if (mspId !== 'HospitalA') return;
        metrics.observe(event, facts);
        if (event === 'submitted') during.push(ask());
      });
      return takePart(site, house.digest, { signal: new AbortController().signal, stopOnAbort: false });
    }));
    expect(during).to.have.length(2);
    const { submitMs, graceMs, attestMs } = house.study.rounds;
    const due = valueOf(await during[0]!, 'epione_worker_round_due_timestamp_seconds')!;
    expect(1000 * due - submitMs - graceMs - attestMs).to.be.within(begun, Date.now());

    const page = await ask();
    expect(valueOf(page, 'epione_worker_round_due_timestamp_seconds')).to.equal(undefined);
    expect(valueOf(page, 'epione_worker_last_round_end_timestamp_seconds')).to.be.within(begun / 1000, Date.now() / 1000);
    expect(['final', 'failed', 'aborted'].map((outcome) => valueOf(page, `epione_worker_rounds_total{outcome="${outcome}"}`))).to.deep.equal([2, 0, 0]);
    for (const stage of ['training', 'keys', 'sealing', 'ledger', 'aggregation']) expect(valueOf(page, `epione_worker_stage_seconds_total{stage="${stage}"}`), stage).to.be.greaterThan(0);
    // 256 bits for each of the three other aggregators, in both rounds.
    expect(valueOf(page, 'epione_worker_qkd_bits_total')).to.equal(2 * 3 * 256);
    expect(valueOf(page, 'epione_worker_events_total{event="submitted"}')).to.equal(2);

    // Whoever renames a metric renames it in the alerts and on the dashboard too.
    const watched = ['alert-rules.yml', 'dashboard.json'].flatMap((file) => readFileSync(new URL(`../../../network/monitoring/${file}`, import.meta.url), 'utf8').match(/epione_worker_\w+/g) ?? []);
    expect(watched).to.have.length.greaterThan(5);
    for (const name of watched) expect(page).to.contain(`\n# TYPE ${name} `);

    metrics.observe('trouble', { round: 3, code: 'UNAVAILABLE', message: 'of a "peer"' });
    expect(valueOf(await ask(), 'epione_worker_faults_total{code="UNAVAILABLE"}')).to.be.at.least(1);
    expect(await ask()).not.to.contain('of a');
  });

  it('answers nothing else, and names a port that is taken', async () => {
    await using server = await serveMetrics(0, async () => Promise.reject(new Error('no state')));
    const at = (path: string, method = 'GET'): Promise<number> => fetch(`http://127.0.0.1:${server.port}${path}`, { method }).then(({ status }) => status);
    expect([await at('/'), await at('/metrics', 'POST'), await at('/metrics')]).to.deep.equal([404, 404, 500]);
    const error = await serveMetrics(server.port, async () => Promise.resolve('')).catch((thrown: unknown) => thrown);
    expect(error).to.include({ code: 'CONFIG_INVALID', remedy: 'Choose another --metrics-port.' });
  });
});
