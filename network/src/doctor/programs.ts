/** The programs that everything runs on: new enough for a post-quantum key exchange? */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { findBinaries } from '../nodes/fabric-binaries.js';
import { goVersion, isKeptClassical } from './go-build-info.js';
import { fault, ok, unlessAny, warning, type Check, type Remark } from './finding.js';

// X25519MLKEM768 by default: Node 24.16 has OpenSSL 3.5 and the fixes it needs, Go has it from 1.24.
const leastNode = [24, 16] as const;
const leastOpenSsl = [3, 5] as const;
const leastGo = [1, 24] as const;

/** Whether a version such as 24.16.0 or 1.24rc1 is at least another. */
function reaches(version: string, [major, minor]: readonly [number, number]): boolean {
  const [ownMajor = 0, ownMinor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}

/** What there is to say about the version of a program built with Go. */
export function goRemark(program: string, version: string | undefined): Remark | undefined {
  if (version === undefined) return warning(`${program} does not say which Go built it`, 'Use the binaries that npm run setup builds, or a release of Fabric 3.1.');
  if (reaches(version, leastGo)) return undefined;
  return fault(`${program} was built with Go ${version}, which has no post-quantum key exchange`, `Use binaries built with Go ${leastGo.join('.')} or later: npm run setup builds them.`);
}

/** The first releases of Fabric with a post-quantum key exchange; 2.6 to 3.0 have none. */
const leastFabric: readonly (readonly [major: number, minor: number, patch: number])[] = [[2, 5, 13], [3, 1, 0]];

/** What there is to say about a version as Fabric's programs tell it; a build of one's own says `latest`, and is judged by its Go alone. */
export function fabricRemark(program: string, told: string): Remark | undefined {
  const [, major, minor, patch] = (/Version: v?(\d+)\.(\d+)\.(\d+)/.exec(told) ?? []).map(Number);
  if (major === undefined || minor === undefined || patch === undefined) return undefined;
  const isEnough = leastFabric.some(([a, b, c]) => major === a && minor === b && patch >= c) || major > 3 || (major === 3 && minor > 1);
  if (isEnough) return undefined;
  return fault(`${program} is of Fabric ${major}.${minor}.${patch}, which has no post-quantum key exchange: our clients refuse it`, `Use Fabric ${leastFabric.map((version) => version.join('.')).join(' or ')} or later.`);
}

/** Fabric's programs: there, and built with a Go that is new enough. */
export const programs: Check<string> = {
  name: 'programs',
  examine: () => {
    const binaries = findBinaries();
    const versions = Object.values(binaries).map((file) => {
      const program = readFileSync(file);
      return { file, version: goVersion(program), keptClassical: isKeptClassical(program) };
    });
    const troubles = versions.flatMap(({ file, version, keptClassical }) =>
      goRemark(file, version) ?? (keptClassical ? fault(`${file} is built to keep Go's older key exchange (tlsmlkem=0)`, 'Use binaries of a main module with `go 1.24` or later: npm run setup builds them.') : []));
    const released = [binaries.peer, binaries.orderer].flatMap((file) => fabricRemark(file, execFileSync(file, ['version'], { encoding: 'utf8', timeout: 10_000 })) ?? []);
    return unlessAny([...released, ...troubles], `Fabric's programs are in ${dirname(binaries.peer)}, built with Go ${[...new Set(versions.map(({ version }) => version))].join(', ')}`);
  },
};

/** What there is to say about the versions of a Node. */
export function nodeRemark({ node: version, openssl }: { readonly node: string; readonly openssl: string }): Remark {
  const sentence = `Node ${version} with OpenSSL ${openssl}`;
  if (reaches(version, leastNode) && reaches(openssl, leastOpenSsl)) return ok(sentence);
  return fault(`${sentence} is too old for a post-quantum key exchange`, `Use Node ${leastNode.join('.')} or later with its own OpenSSL ${leastOpenSsl.join('.')}.`);
}

/** The Node that runs this and the chaincode. */
export const node: Check<string> = { name: 'node', examine: () => [nodeRemark(process.versions)] };
