/** The direction of imports: which package may use which, what each declares, and that no file depends on itself through others. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { builtinModules } from 'node:module';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import ts from 'typescript';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** DESIGN, "The house": chaincode -> protocol <- client <- fl-worker; qkd-sim and network import nobody; test may import all. */
const allowed: Record<string, readonly string[]> = {
  protocol: [],
  chaincode: ['protocol'],
  client: ['protocol'],
  'fl-worker': ['protocol', 'client'],
  'qkd-sim': [],
  network: [],
  test: ['protocol', 'chaincode', 'client', 'fl-worker', 'qkd-sim', 'network'],
};

/** Doors beside `.`, by package: what stands behind one may be used alone, with no more than these modules (decision 0017). */
const sideDoors: Readonly<Record<string, readonly { readonly door: string; readonly needs: readonly string[] }[]>> = {
  client: [{ door: './etsi-qkd-014', needs: ['zod'] }],
};

interface Manifest {
  readonly name: string;
  readonly workspaces?: string[];
  readonly exports?: Record<string, unknown>;
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
}

const manifestOf = (folder: string): Manifest => JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest;

const sourcesOf = (name: string): string[] =>
  readdirSync(join(root, name, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(root, name, 'src', file));

/** Every module a file names: static, re-exported, dynamic or required. */
const importsOf = (file: string): string[] => ts.preProcessFile(readFileSync(file, 'utf8'), true, true).importedFiles.map((entry) => entry.fileName);

/** Every file that a file leads to, itself included, and every module that these name outside of their package. */
function reach(file: string): { readonly files: Set<string>; readonly modules: Set<string> } {
  const [files, modules] = [new Set<string>(), new Set<string>()];
  const follow = (from: string): void => {
    if (files.has(from)) return;
    files.add(from);
    for (const specifier of importsOf(from)) {
      if (specifier.startsWith('.')) follow(resolve(dirname(from), specifier).replace(/\.js$/, '.ts'));
      else modules.add(specifier);
    }
  };
  follow(file);
  return { files, modules };
}

const packageOf = (specifier: string): string => specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/');

/** What may be written to import a package of ours. */
const doorsOf = (used: string): string[] => [used, ...(sideDoors[used.slice('@epione/'.length)] ?? []).map(({ door }) => used + door.slice(1))];

describe('architecture', () => {
  it('has the seven packages of the house', () => {
    expect(manifestOf('.').workspaces?.toSorted()).to.deep.equal(Object.keys(allowed).toSorted());
  });

  for (const [name, others] of Object.entries(allowed)) {
    it(`${name} has its doors and declares what it imports`, () => {
      const manifest = manifestOf(name);
      expect(Object.keys(manifest.exports ?? {})).to.deep.equal(['.', ...(sideDoors[name] ?? []).map(({ door }) => door)]);
      const runtime = new Set(Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies }));
      const atTest = new Set([...Object.keys(manifest.devDependencies ?? {}), ...Object.keys(manifestOf('.').devDependencies ?? {})]);
      // Lint rules are written on what the linter itself brings.
      const linter = new Set(Object.keys(manifestOf('node_modules/typescript-eslint').dependencies ?? {}));
      const undeclared = (file: string, used: string): boolean => {
        if (file.includes('/lint/') && linter.has(used)) return false;
        const forTests = file.endsWith('.test.ts') || file.includes('/testing/') || file.includes('/lint/') || name === 'test';
        const builtin = used.startsWith('node:') || builtinModules.includes(used);
        return !builtin && !runtime.has(used) && !(forTests && atTest.has(used));
      };
      const faults = sourcesOf(name).flatMap((file) =>
        importsOf(file).flatMap((specifier) => {
          const used = packageOf(specifier);
          const shown = `${relative(root, file)} imports ${specifier}`;
          if (specifier.startsWith('.')) return relative(join(root, name, 'src'), resolve(dirname(file), specifier)).startsWith('..') ? [`${shown} from another package`] : [];
          if (used.startsWith('@epione/') && !doorsOf(used).includes(specifier)) return [`${shown}, past the door`];
          return undeclared(file, used) ? [`${shown}, which ${name}/package.json does not declare`] : [];
        }),
      );
      expect(faults).to.deep.equal([]);
    });

    it(`${name} depends on no package of ours but ${others.join(', ') || 'none'}`, () => {
      const manifest = manifestOf(name);
      const ours = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies }).filter((dependency) => dependency.startsWith('@epione/'));
      expect(ours.filter((dependency) => !others.includes(dependency.slice('@epione/'.length)))).to.deep.equal([]);
    });

    it(`${name} has no cycle of imports`, () => {
      const edges = new Map(
        sourcesOf(name).map((file) => [file, importsOf(file).filter((text) => text.startsWith('.')).map((text) => resolve(dirname(file), text).replace(/\.js$/, '.ts'))]),
      );
      const done = new Set<string>();
      const walk = (file: string, path: readonly string[]): void => {
        const at = path.indexOf(file);
        if (at >= 0) throw new Error(`cycle: ${[...path.slice(at), file].map((entry) => relative(root, entry)).join(' -> ')}`);
        if (done.has(file)) return;
        for (const next of edges.get(file) ?? []) walk(next, [...path, file]);
        done.add(file);
      };
      for (const file of edges.keys()) walk(file, []);
    });

    it(`${name} opens every file with one sentence`, () => {
      const bare = sourcesOf(name).filter((file) => !/^(#!.*\n)?(\/\*\*|\/\/)\s/.test(readFileSync(file, 'utf8')));
      expect(bare.map((file) => relative(root, file))).to.deep.equal([]);
    });
  }

  for (const [name, doors] of Object.entries(sideDoors)) {
    for (const { door, needs } of doors) {
      it(`${name} lets ${door} be used alone`, () => {
        const folder = join(root, name, 'src', door);
        const { files, modules } = reach(join(folder, 'index.ts'));
        expect(files.size).to.be.greaterThan(1);
        expect([...files].filter((file) => dirname(file) !== folder && !file.startsWith(`${folder}/`)).map((file) => relative(root, file))).to.deep.equal([]);
        expect([...modules].filter((used) => !used.startsWith('node:')).toSorted()).to.deep.equal(needs);
      });
    }
  }

  it('pins every dependency to one exact version', () => {
    const loose = ['.', ...Object.keys(allowed)].flatMap((folder) => {
      const manifest = manifestOf(folder);
      const all = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies });
      return all.filter(([, version]) => !/^(npm:[a-z0-9@/-]+@)?\d+\.\d+\.\d+$/.test(version)).map(([dependency, version]) => `${folder}: ${dependency} ${version}`);
    });
    expect(loose).to.deep.equal([]);
  });
});
