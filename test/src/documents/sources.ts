/** What the sources of the product say in code, comments left out: words and imports of each file. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import { repository } from '../study/command.js';

/** A source file of a package or a script, tests and what serves them left out. */
export interface Source {
  /** From the repository's root. */
  readonly file: string;
  /** Identifiers and texts, each once. */
  readonly words: ReadonlySet<string>;
  /** Names that are imported as values, by module; what is called without an import under its own name. */
  readonly imports: ReadonlyMap<string, ReadonlySet<string>>;
}

const packages = ['protocol', 'chaincode', 'client', 'qkd-sim', 'fl-worker', 'network'];

/** Bench and study of the test package open no door of the product; lint rules name what they forbid. */
const isProduct = (file: string): boolean => /\.(ts|mjs)$/.test(file) && !/(\.test\.ts|\.fuzz\.ts|\.d\.ts|\/testing\/.*|\/lint\/.*)$/.test(file);

function read(path: string): Source {
  const words = new Set<string>();
  const imports = new Map<string, Set<string>>();
  const tree = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest);
  const note = (node: ts.ImportDeclaration): void => {
    const { importClause: clause } = node;
    if (clause === undefined || clause.phaseModifier === ts.SyntaxKind.TypeKeyword || !ts.isStringLiteral(node.moduleSpecifier)) return;
    const { namedBindings } = clause;
    const named = namedBindings !== undefined && ts.isNamedImports(namedBindings) ? namedBindings.elements.filter(({ isTypeOnly }) => !isTypeOnly) : [];
    const names = [...named.map(({ propertyName, name }) => (propertyName ?? name).text), ...(clause.name === undefined ? [] : ['default']), ...(namedBindings !== undefined && ts.isNamespaceImport(namedBindings) ? ['*'] : [])];
    imports.set(node.moduleSpecifier.text, new Set(names));
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) note(node);
    if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'fetch') imports.set('fetch', new Set(['fetch']));
    if (ts.isIdentifier(node) || ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) words.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return { file: relative(repository, path), words, imports };
}

/** All sources of the product. */
export const readSources = (): Source[] =>
  [...packages.map((name) => join(repository, name, 'src')), join(repository, 'scripts')].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)).filter(isProduct).map(read));
