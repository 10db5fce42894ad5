/** The command line fl-network. */
import { Command } from 'commander';
import { deploy } from './deploy.js';
import { clean, down } from './down.js';
import { reportOnStderr } from './progress.js';
import { up } from './up.js';

interface Common {
  state: string;
  topology?: string;
  json?: boolean;
  path?: string;
  confirm?: boolean;
}
const program = new Command('fl-network');
const add = (name: string): Command => program.command(name).option('--state <dir>', '', '.state/network').option('--topology <file>').option('--json');
const base = (o: Common) => ({ stateDir: o.state, report: reportOnStderr(o.json ?? false) });
add('up').action(async (o: Common) => {
  const { network, genesis, started } = await up({ ...base(o), ...(o.topology ? { topology: o.topology } : {}) });
  console.log(JSON.stringify({ state: network.dir, genesis, started }));
});
add('deploy')
  .option('--path <dir>')
  .action(async (o: Common) => {
    console.log(JSON.stringify(await deploy({ ...base(o), ...(o.path ? { path: o.path } : {}) })));
  });
add('down').action(async (o: Common) => {
  console.log(JSON.stringify(await down(base(o))));
});
add('clean').option('--confirm').action(async (o: Common) => {
  await clean({ ...base(o), confirm: o.confirm ?? false });
});
await program.parseAsync();
