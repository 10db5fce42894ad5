/** Processes: those that should run do and serve, and no others do. */
import { availableParallelism, loadavg } from 'node:os';
import { leftovers } from '../nodes/leftovers.js';
import { isWanted } from '../nodes/start.js';
import { fault, unlessAny, type Check, type Examined, type Remark } from './finding.js';

// On a machine with this many ready programs for each processor an answer can take seconds.
const heavyLoad = 4;

function slowness(): string {
  const [load = 0] = loadavg();
  return load < heavyLoad * availableParallelism() ? '' : `; or it is only slow: the load is ${Math.round(load)} on ${availableParallelism()} processors`;
}

export const processes: Check<Examined> = {
  name: 'processes',
  examine: ({ network, status }) => {
    const wanted = isWanted(network);
    const left = leftovers(network).map(({ pid, command }) => fault(`pid ${pid} belongs to this state but is on no record: ${command.slice(0, 80)}`, `kill ${pid}`));
    const troubles = status.processes.flatMap(({ name, health, pid }): Remark[] => {
      if (!wanted && pid !== undefined) return [fault(`${name} (pid ${pid}) runs although the network was taken down`, 'fl-network down')];
      if (wanted && health === 'stopped') return [fault(`${name} has stopped`, `fl-network up; its last words: fl-network logs ${name}`)];
      if (health === 'not serving') return [fault(`${name} (pid ${pid ?? 0}) runs but does not serve`, `fl-network logs ${name}${slowness()}`)];
      return [];
    });
    return unlessAny([...left, ...troubles], wanted ? `${status.processes.length} processes serve` : 'none runs, as wanted');
  },
};
