/** The programs that everything runs on: new enough for a post-quantum key exchange? */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { findBinaries } from '../nodes/fabric-binaries.js';
import { goVersion } from './go-build-info.js';
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

/** Fabric's programs: there, and built with a Go that is new enough. */
export const programs: Check<string> = {
  name: 'programs',
  examine: () => {
    const binaries = findBinaries();
    const versions = Object.values(binaries).map((file) => ({ file, version: goVersion(readFileSync(file)) }));
    const troubles = versions.flatMap(({ file, version }) => goRemark(file, version) ?? []);
    return unlessAny(troubles, `Fabric's programs are in ${dirname(binaries.peer)}, built with Go ${[...new Set(versions.map(({ version }) => version))].join(', ')}`);
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
