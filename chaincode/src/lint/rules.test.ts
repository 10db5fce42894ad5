/** Each rule on good and bad chaincode; what a bad example must be told stands beside it. */
import { RuleTester, type Rule } from 'eslint';
import tseslint from 'typescript-eslint';
import { expect } from 'chai';
import { recommended, rules } from './index.js';

/** Wrappers as in our own chaincode. */
const settings = { chaincode: { reads: { get: [1] }, writes: { put: [2] }, scans: ['list'], publishes: ['put', 'announce'], checks: ['readSigned'], conceals: ['digestOf'] } };

/** The body of a transaction. */
const transaction = (body: string, parameters = 'ctx: Context, argument: string'): string => `class Example extends Contract {\n  @Transaction()\n  async run(${parameters}): Promise<string> {\n    ${body}\n  }\n}`;

interface Examples {
  readonly good: readonly string[];
  /** Code, and the IDs of its messages in order. */
  readonly bad: readonly (readonly [code: string, ...messages: string[]])[];
}

const examples: Record<keyof typeof rules, Examples> = {
  'no-time': {
    good: ['const now = ctx.stub.getDateTimestamp().getTime();', 'const day = new Date(time).toISOString();', 'const hours = time.getUTCHours();', 'ledger.now();'],
    bad: [['const now = Date.now();', 'clock'], ['const now = new Date();', 'clock'], ['const text = Date();', 'clock'], ['performance.now();', 'clock'], ['process.hrtime();', 'clock'], ['setTimeout(run, 5);', 'timer'], ['const h = time.getHours();', 'zone']],
  },
  'no-chance': {
    good: ['const salt = ctx.stub.getTransient().get("salt");', 'await Promise.all(all);', 'const key = createHash("sha256").update(text).digest();'],
    bad: [['Math.random();', 'random'], ['const id = randomUUID();', 'random'], ['crypto.randomBytes(32);', 'random'], ['globalThis.crypto.getRandomValues(bytes);', 'random'], ['await Promise.race([one, other]);', 'race'], ['await Promise.any(all);', 'race']],
  },
  'no-surroundings': {
    good: ["import { createHash, X509Certificate } from 'node:crypto';", "import type { Stats } from 'node:fs';", 'const process = 1; export const next = process + 1;', 'rows.sort((one, other) => (one < other ? -1 : 1));', 'name.toLowerCase();'],
    bad: [
      ["import { readFileSync } from 'node:fs';", 'module'], ["import http from 'http';", 'module'], ["import { readFile } from 'fs/promises';", 'module'], ["const net = require('node:net');", 'module'],
      ['const name = process.env.NAME;', 'global'], ['await fetch(url);', 'global'], ['new Intl.Collator();', 'global'], ['names.sort((a, b) => a.localeCompare(b));', 'language'], ['amount.toLocaleString();', 'language'],
    ],
  },
  'no-state': {
    good: [
      'const limits = { rounds: 10 }; const max = limits.rounds;', 'const codes = new Set(["A"]); function has(code) { return codes.has(code); }',
      'class Example extends Contract { static readonly version = 1; readonly name = "x"; constructor() { super("x"); } }',
      'class Reader { at = 0; next() { this.at += 1; } }', 'function count() { let n = 0; const seen = new Map(); seen.set("a", n++); return seen; }',
    ],
    bad: [
      ['let count = 0;', 'module'], ['export var last;', 'module'], ['const cache = new Map(); function keep(k, v) { cache.set(k, v); }', 'changed'], ['const seen = []; const note = (x) => { seen.push(x); };', 'changed'],
      ['const totals = {}; function add(k) { totals[k] += 1; }', 'changed'], ['class Example extends Contract { count = 0; }', 'field'], ['class Example extends StrictContract { readonly #seen = new Map(); }', 'field'],
      ['class Example extends Contract { async run(ctx) { this.last = ctx; } }', 'assigned'], ['class Example { @Transaction() async run() { this.count++; } }', 'assigned'],
    ],
  },
  'no-floats': {
    good: ['await ctx.stub.putState(key, encode({ millis: 1500 }));', 'await put(ctx, { half: Math.floor(total / 2) }, "k");', 'const share = part / whole; check(share);', 'await put(ctx, { rate: "0.5" }, "k");'],
    bad: [['await ctx.stub.putState(key, encode({ rate: 0.5 }));', 'written'], ['await put(ctx, { mean: sum / count }, "k");', 'written'], ['const mean = sum / count; const value = { mean }; await put(ctx, value, "k"); await put(ctx, mean, "m");', 'written'], ['announce(ctx, { at: parseFloat(text) });', 'written'], ['const decay = Math.exp(-age);', 'approximate']],
  },
  'no-own-writes': {
    good: [
      'async function run(ctx) { const old = await ctx.stub.getState(key); await ctx.stub.putState(key, next(old)); }',
      'async function run(ctx) { await ctx.stub.putState(one, v); return ctx.stub.getState(other); }',
      'async function run(ctx) { await put(ctx, await get(ctx, "k", id), "k", id); }',
      'async function run(ctx) { if (fresh) { await put(ctx, v, "k"); } else { await get(ctx, "k"); } }',
      'async function run(ctx) { if (fresh) { await put(ctx, v, "k"); return v; } return get(ctx, "k"); }',
      'async function write(ctx) { await put(ctx, v, "k"); } async function read(ctx) { return get(ctx, "k"); }',
    ],
    bad: [
      ['async function run(ctx) { await ctx.stub.putState(key, v); return ctx.stub.getState(key); }', 'read'],
      ['async function run(ctx) { await put(ctx, v, "k", id); const seen = await get(ctx, "k", id); }', 'read'],
      ['async function run(ctx) { await ctx.stub.deleteState(key); if ((await ctx.stub.getState(key)).length > 0) throw new Error("there"); }', 'read'],
      ['async function run(ctx) { if (fresh) await put(ctx, v, "k"); return get(ctx, "k"); }', 'read'],
      ['async function run(ctx) { await ctx.stub.putPrivateData(c, k, v); await ctx.stub.getPrivateDataHash(c, k); }', 'read'],
    ],
  },
  'no-phantoms': {
    good: [
      'async function query(ctx) { return list(ctx, "k"); } async function write(ctx) { await put(ctx, v, "k"); }',
      transaction('for (const id of ids) found.push(await get(ctx, "k", id)); await put(ctx, found, "all"); return "";'),
    ],
    bad: [
      [transaction('for await (const row of ctx.stub.getStateByRange("", "")) sum += row.value.length; await ctx.stub.putState("sum", encode(sum)); return "";'), 'query'],
      [transaction('await put(ctx, v, "k"); const all = await list(ctx, "k"); return String(all.length);'), 'query'],
      ['const count = async (ctx) => (await list(ctx, "k")).length;\nasync function close(ctx) { const n = await count(ctx); await put(ctx, { n }, "closing"); }', 'query'],
      ['class Example extends Contract { async run(ctx) { const old = await this.#past(ctx); await put(ctx, old, "k"); } async #past(ctx) { return ctx.stub.getHistoryForKey("k"); } }', 'query'],
      ['async function write(ctx) { await put(ctx, v, "k"); }\nasync function run(ctx) { await ctx.stub.getQueryResult(q); await write(ctx); }', 'query'],
    ],
  },
  'no-disclosure': {
    good: [
      transaction('const value = await ctx.stub.getPrivateData(c, k); return value.length === 0 ? "absent" : "there";'), transaction('const value = ctx.stub.getTransient().get("v"); return answer({ digest: digestOf(value) });'),
      transaction('const salted = ctx.stub.getTransient().get("v"); await ctx.stub.putPrivateData(c, k, salted); return "";'), transaction('return Buffer.from(await ctx.stub.getPrivateDataHash(c, k)).toString("hex");'),
    ],
    bad: [
      [transaction('return (await ctx.stub.getPrivateData(c, k)).toString();'), 'shown'], [transaction('const { name } = JSON.parse(ctx.stub.getTransient().get("v")); throw new Error(`no ${name}`);'), 'shown'],
      [transaction('const value = await ctx.stub.getPrivateData(c, k); const text = value.toString(); announce(ctx, { text }); return "";'), 'shown'], [transaction('const value = ctx.stub.getTransient().get("v"); await put(ctx, { value }, "k"); return "";'), 'shown'],
      [transaction('const value = ctx.stub.getTransient().get("v"); console.log(value); return "";'), 'shown'], [transaction('for await (const row of ctx.stub.getPrivateDataByRange(c, a, b)) ctx.stub.setEvent(row.key, row.value); return "";'), 'shown', 'shown'],
    ],
  },
  'salted-private-data': {
    good: [transaction('const salted = ctx.stub.getTransient().get("salted"); await ctx.stub.putPrivateData(c, k, salted); return "";'), transaction('const given = ctx.stub.getTransient(); const value = given.get("sealed"); await ctx.stub.putPrivateData(c, k, value); return "";')],
    bad: [[transaction('await ctx.stub.putPrivateData(c, k, Buffer.from(argument)); return "";'), 'argument'], [transaction('const { salt, name } = JSON.parse(argument); await ctx.stub.putPrivateData(c, k, salt + name); return "";'), 'argument'], [transaction('await ctx.stub.putPrivateData(c, k, ctx.stub.getTransient().get("diagnosis")); return "";'), 'unsalted']],
  },
  'checked-arguments': {
    good: [transaction('const signed = readSigned("study", study, Buffer.from(argument)); return signed.digest;'), transaction('const asked = schema.parse(JSON.parse(argument)); return asked.id;'), 'class Example { helper(ctx, argument) { return argument; } }', transaction('return other.argument;')],
    bad: [[transaction('return (await ctx.stub.getState(argument)).toString();'), 'unchecked'], [transaction('const { id } = JSON.parse(argument); readSigned("x", schema, argument); return id;'), 'unchecked'], [transaction('await put(ctx, { name, age }, "k"); return "";', 'ctx: Context, name: string, age: number'), 'unchecked', 'unchecked']],
  },
};

describe('the rules for chaincode', () => {
  const tester = new RuleTester({ languageOptions: { parser: tseslint.parser, sourceType: 'module' }, settings });
  for (const [name, { good, bad }] of Object.entries(examples)) {
    tester.run(name, rules[name as keyof typeof rules] as unknown as Rule.RuleModule, {
      valid: [...good],
      invalid: bad.map(([code, ...messages]) => ({ code, errors: messages.map((messageId) => ({ messageId })) })),
    });
  }

  it('are all in the recommended configuration', () => {
    expect(Object.keys(recommended.rules)).to.deep.equal(Object.keys(rules).map((name) => `chaincode/${name}`));
  });
});
