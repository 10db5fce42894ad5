// MLflow itself reads the file store that `fl-worker metrics export` writes, and takes it over into its database; it is installed from PyPI for this.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { repository } from './study/command.js';

const packages = ['mlflow-skinny==3.17.2', 'sqlalchemy==2.1.9', 'alembic==1.20.1', 'sqlparse==0.6.1'];
/** What a worker exports, as fl-worker's own test holds it against the code. */
const exported = JSON.parse(readFileSync(join(repository, 'fl-worker', 'fixtures', 'export', 'mlruns.json'), 'utf8')) as Record<string, string>;

const program = `
import json, sys
from mlflow import MlflowClient
client = MlflowClient(sys.argv[1])
runs = client.search_runs([each.experiment_id for each in client.search_experiments() if each.name != 'Default'])
print(json.dumps([{
    'name': run.info.run_name, 'status': run.info.status, 'params': run.data.params, 'metrics': sorted(run.data.metrics),
    'training': [[point.step, point.value] for point in client.get_metric_history(run.info.run_id, 'time/training_ms')],
} for run in runs]))
`;

describe('MLflow 3.17', function () {
  this.timeout(600_000);
  const folder = mkdtempSync(join(tmpdir(), 'epione-mlflow-'));
  const store = join(folder, 'mlruns');
  const bin = join(folder, 'venv', 'bin');

  const run = (command: string, ...args: string[]): string => {
    const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', env: { ...process.env, MLFLOW_ALLOW_FILE_STORE: 'true' } });
    if (status !== 0) throw new Error(error?.message ?? `${command} ${args.join(' ')}: ${stderr.trim().split('\n').slice(-3).join('\n')}`);
    return stdout;
  };
  const read = (uri: string): unknown => JSON.parse(run(join(bin, 'python'), '-c', program, uri));
  const study = `sha256:${'ab'.repeat(32)}`;
  const metrics = ['privacy/epsilon', 'qkd/bits', 'round/final', 'round/seconds', 'time/aggregation_ms', 'time/keys_ms', 'time/ledger_ms', 'time/sealing_ms', 'time/training_ms'];
  const expected = [{ name: 'HospitalA', status: 'RUNNING', params: { study, organization: 'HospitalA' }, metrics, training: [[1, 80], [2, 81]] }];

  before(() => {
    run('python3', '-m', 'venv', join(folder, 'venv'));
    run(join(bin, 'python'), '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages);
    for (const [name, content] of Object.entries(exported)) {
      mkdirSync(dirname(join(store, name)), { recursive: true });
      writeFileSync(join(store, name), content);
      if (name.endsWith('/tags/mlflow.user')) mkdirSync(join(store, name, '..', '..', 'artifacts'));
    }
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('reads an exported run', () => {
    expect(read(store)).to.deep.equal(expected);
  });

  it('takes it over into its database', () => {
    const database = `sqlite:///${join(folder, 'mlflow.db')}`;
    run(join(bin, 'mlflow'), 'migrate-filestore', '--source', store, '--target', database);
    expect(read(database)).to.deep.equal(expected);
  });
});
