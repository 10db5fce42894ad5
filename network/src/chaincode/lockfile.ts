/** The part of an npm lockfile that one package of a workspace needs, as the lockfile of a folder of its own. */
import { z } from 'zod';
import { NetworkError } from '../error.js';

const entry = z.looseObject({
  link: z.boolean().optional(),
  resolved: z.string().optional(),
  dependencies: z.record(z.string(), z.string()).optional(),
  optionalDependencies: z.record(z.string(), z.string()).optional(),
});

/** What is read of a package-lock.json, version 3. */
const lockfile = z.object({ lockfileVersion: z.literal(3), packages: z.record(z.string(), entry) });

// Where Node finds a package from a folder: in the nearest node_modules above it.
function keyFrom(packages: Readonly<Record<string, unknown>>, location: string, name: string): string | undefined {
  for (let at = location; ; at = at.slice(0, Math.max(at.lastIndexOf('/'), 0))) {
    const key = `${at}${at === '' ? '' : '/'}node_modules/${name}`;
    if (key in packages) return key;
    if (at === '') return undefined;
  }
}

const without = (value: object = {}, ...names: readonly string[]): object => Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));

/**
 * Keeps what the package at `from` needs at run time, with it as the root.
 * @param from its folder in the workspace, as the lockfile has it
 * @param root the package.json of the new folder, whose linked siblings lie beside it under the same names
 * @throws {NetworkError} CHAINCODE_INVALID when the lockfile is another kind, or lacks a dependency
 */
export function lockfileOf(document: unknown, from: string, root: { readonly name: string; readonly version: string } & Readonly<Record<string, unknown>>): object {
  const invalid = (why: string): NetworkError => new NetworkError('CHAINCODE_INVALID', `package-lock.json ${why}.`, 'Run npm install in the repository, then try again.');
  const parsed = lockfile.safeParse(document);
  if (!parsed.success) throw invalid('is not of version 3');
  const { packages } = parsed.data;
  const kept = new Map<string, unknown>();
  const visit = (location: string): void => {
    const { dependencies = {}, optionalDependencies = {} } = packages[location] ?? {};
    for (const name of [...Object.keys(dependencies), ...Object.keys(optionalDependencies)]) {
      const key = keyFrom(packages, location, name);
      if (key === undefined && name in optionalDependencies) continue;
      if (key === undefined) throw invalid(`has no ${name}, which ${location} needs`);
      if (key.startsWith(`${from}/`)) throw invalid(`has ${name} of ${from} in another version than the others have it, which cannot be moved`);
      if (kept.has(key)) continue;
      // What was for development only there is for use here.
      kept.set(key, without(packages[key], 'dev', 'devOptional', 'peer'));
      const { link, resolved } = packages[key] ?? {};
      if (link !== true || resolved === undefined) visit(key);
      else {
        kept.set(resolved, without(packages[resolved], 'devDependencies'));
        visit(resolved);
      }
    }
  };
  visit(from);
  const sorted = [...kept].sort(([one], [other]) => (one < other ? -1 : 1));
  return { name: root.name, version: root.version, lockfileVersion: 3, requires: true, packages: { '': root, ...Object.fromEntries(sorted) } };
}
