/** The description of the interface is the one that is committed, and every example in it is what it says. */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { parse } from 'yaml';
import { ETSI_METHODS } from './etsi-api.js';
import { openApi, schemas } from './openapi.js';

type Json = Record<string, unknown>;

describe('OpenAPI description', () => {
  const description = JSON.parse(JSON.stringify(openApi())) as Json;

  it('is docs/qkd-openapi.yaml, as qkd-sim openapi prints it', () => {
    expect(parse(readFileSync(new URL('../../../docs/qkd-openapi.yaml', import.meta.url), 'utf8'))).deep.equal(description);
  });

  it('has valid examples, for every schema', () => {
    const checked = new Set<string>();
    const visit = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      const { schema, examples } = value as { schema?: { $ref?: string }; examples?: Record<string, { value: unknown }> };
      const name = schema?.$ref?.replace('#/components/schemas/', '') as keyof typeof schemas | undefined;
      if (name !== undefined) {
        expect(Object.keys(examples ?? {}), name).not.empty;
        for (const [title, example] of Object.entries(examples ?? {})) expect(schemas[name].safeParse(example.value).error?.message, `${name} ${title}`).equal(undefined);
        checked.add(name);
      }
      for (const inner of Object.values(value)) visit(inner);
    };
    visit(description['paths']);
    expect([...checked].sort()).deep.equal(Object.keys(schemas).sort());
  });

  it('has the paths and methods that are served, and no others', () => {
    const served = Object.entries(ETSI_METHODS).map(([action, methods]) => [`/api/v1/keys/{${action === 'dec_keys' ? 'master' : 'slave'}_SAE_ID}/${action}`, methods.map((method) => method.toLowerCase())]);
    const described = Object.entries(description['paths'] as Json).map(([path, methods]) => [path, Object.keys(methods as Json)]);
    expect(described).deep.equal([...served, ['/openapi.json', ['get']]]);
  });
});
