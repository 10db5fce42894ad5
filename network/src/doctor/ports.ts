/** Ports of processes that do not run: free, or taken by somebody else? */
import { findBinaries } from '../nodes/fabric-binaries.js';
import { processOf } from '../nodes/node-process.js';
import { nodesOf } from '../nodes/nodes.js';
import { runningPid } from '../nodes/process.js';
import { isFree } from '../ports.js';
import { fault, unlessAny, type Check, type Examined, type Remark } from './finding.js';

export const ports: Check<Examined> = {
  name: 'ports',
  examine: async ({ network }) => {
    const troubles: Remark[] = [];
    let free = 0;
    const binaries = findBinaries();
    for (const node of nodesOf(network)) {
      if (runningPid(network, node.name) !== undefined) continue;
      for (const [use, port] of Object.entries(processOf(network, node, binaries).ports)) {
        if (await isFree(port)) free += 1;
        else troubles.push(fault(`port ${port} (ports.${use} of ${node.name}) is in use by another program`, 'Stop that program, or set another port in the topology file and start with a new --state folder.'));
      }
    }
    return unlessAny(troubles, free > 0 ? `${free} ports of stopped processes are free` : 'all ports are held by the network');
  },
};
