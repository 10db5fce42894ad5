// Cuts Project Wycheproof's files down to what stands here: node trim.mjs <folder testvectors_v1>
import { readFileSync, writeFileSync } from 'node:fs';

/** File, and how many tests to keep of each kind (all: no limit). */
const files = [
  ['c2sp_chunked_encryption_aes_256_gcm', Infinity],
  ['mldsa_65_verify', 2],
  ['mldsa_87_verify', 1],
  ['mlkem_768', 2],
  ['mlkem_768_encaps', 2],
  ['mlkem_1024', 1],
  ['mlkem_1024_encaps', 1],
];

/** Tests are of one kind when source, result, flags and comment (without its numbers) agree. */
const kind = (group, test) => JSON.stringify([group.source?.name, test.result, test.flags, test.comment?.replace(/-?\d+(-th)?|positive|negative/g, '')]);

/** Ours is pure ML-DSA with empty context. */
const isOurs = (group, test) => group.type !== 'MlDsaVerify' || !test.ctx;

for (const [name, limit] of files) {
  const document = JSON.parse(readFileSync(`${process.argv[2]}/${name}_test.json`, 'utf8'));
  const seen = new Map();
  for (const group of document.testGroups) {
    delete group.publicKeyDer;
    group.tests = group.tests.filter((test) => {
      if (!isOurs(group, test)) return false;
      const count = (seen.get(kind(group, test)) ?? 0) + 1;
      seen.set(kind(group, test), count);
      return count <= limit;
    });
  }
  document.testGroups = document.testGroups.filter((group) => group.tests.length > 0);
  document.numberOfTests = document.testGroups.reduce((sum, group) => sum + group.tests.length, 0);
  writeFileSync(new URL(`${name}.json`, import.meta.url), `${JSON.stringify(document)}\n`);
  console.log(`${name}: ${document.numberOfTests} tests`);
}
