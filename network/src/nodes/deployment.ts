/** The record of what is deployed, by which chaincode processes are started. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeJson, type Network } from '../state.js';

/** A deployed chaincode. */
export interface Deployment {
  /** `label:hash`, the identity under which processes register with their peers. */
  readonly packageId: string;
  readonly label: string;
  readonly version: string;
  readonly sequence: number;
  /** Absolute folder of the chaincode's package.json. */
  readonly path: string;
  /** Whether the definition is committed; not yet in the middle of a deployment. */
  readonly inForce: boolean;
}

const deploymentFile = (network: Network): string => join(network.dir, 'chaincode.json');

/** What is deployed, if anything. */
export function readDeployment(network: Network): Deployment | undefined {
  const file = deploymentFile(network);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Deployment) : undefined;
}

/** Records a deployment for every later start. */
export function writeDeployment(network: Network, deployment: Deployment): void {
  writeJson(deploymentFile(network), deployment);
}
