/** The chaincode: deployed whole, and the same as in its folder? */
import { packChaincode } from '../chaincode/chaincode-package.js';
import { readDeployment } from '../nodes/deployment.js';
import { fault, ok, type Check, type Examined } from './finding.js';

export const chaincode: Check<Examined> = {
  name: 'chaincode',
  examine: ({ network }) => {
    const deployment = readDeployment(network);
    if (!deployment) return [ok('none deployed')];
    const { label, inForce, path, version, sequence } = deployment;
    if (!inForce) return [fault(`${label} is deployed half way`, 'fl-network deploy')];
    const present = packChaincode(path, network.topology.chaincode).version;
    return [present === version ? ok(`version ${version}, sequence ${sequence}`) : fault(`${path} is at version ${present}, deployed is ${version}`, 'fl-network deploy')];
  },
};
