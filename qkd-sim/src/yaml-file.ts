/** Reading a YAML file against a schema, with all its faults reported together. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { z } from 'zod';
import { QkdError, messageOf } from './error.js';

/** Every fault of a document, one line each. */
export const faultsOf = (error: z.ZodError): string =>
  error.issues.map(({ path, message }) => `  ${path.join('.') || '(document)'}: ${message}`).join('\n');

/** Reads YAML against a schema. @throws QkdError CONFIG naming every fault */
export const readYaml = <T extends z.ZodType>(path: string, schema: T, remedy: string): z.output<T> => {
  let document: unknown;
  try {
    document = parse(readFileSync(path, 'utf8'), { logLevel: 'error' });
  } catch (cause) {
    throw new QkdError('CONFIG', `${path} cannot be read: ${messageOf(cause)}`, { cause });
  }
  const parsed = schema.safeParse(document);
  if (!parsed.success) throw new QkdError('CONFIG', `${path} has faults:\n${faultsOf(parsed.error)}`, { remedy });
  return parsed.data;
};
