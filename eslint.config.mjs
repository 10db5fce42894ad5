// Lint rules: typescript-eslint strict with type information, and the house's own restrictions.
import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';
// Our own rules for chaincode, compiled: build before you lint.
import chaincode from './chaincode/dist/lint/index.js';

const clockAndChance = [
  { object: 'Date', property: 'now', message: 'Time comes in as an argument.' },
  { object: 'Math', property: 'random', message: 'Randomness comes in as an argument.' },
];

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '**/.state/**', 'network/fabric/bin/**', 'qkd-sim/assembly/**'] },
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      complexity: ['error', 16],
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
    },
  },
  {
    // The rules on the ledger and the formats must give the same result on every machine.
    files: ['protocol/src/**/*.ts', 'chaincode/src/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: { 'no-restricted-properties': ['error', ...clockAndChance] },
  },
  {
    files: ['chaincode/src/*.ts'],
    ignores: ['**/*.test.ts'],
    extends: [chaincode.recommended],
    settings: {
      // The wrappers of chaincode/src/ledger.ts: where a call names its key, and which calls query, publish or check.
      chaincode: {
        reads: { get: [1] },
        writes: { put: [2], putOwned: [3] },
        scans: ['list', 'page', 'history'],
        publishes: ['put', 'putOwned', 'announce', 'refuseUnless'],
        checks: ['readSigned', 'question'],
        conceals: ['digestOf'],
      },
    },
  },
  {
    files: ['**/*.test.ts', 'test/src/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unused-expressions': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      'max-lines': 'off',
    },
  },
  {
    // No program imports these: the runner checks their form.
    files: ['**/*.fuzz.ts'],
    rules: { '@typescript-eslint/explicit-module-boundary-types': 'off' },
  },
  {
    files: ['**/*.cjs'],
    languageOptions: { sourceType: 'commonjs', globals: { process: 'readonly', require: 'readonly', module: 'writable' } },
  },
  {
    // Runs in browsers.
    files: ['qkd-sim/view/*.js'],
    languageOptions: { globals: { document: 'readonly', HTMLElement: 'readonly', customElements: 'readonly', fetch: 'readonly', setInterval: 'readonly', clearInterval: 'readonly' } },
  },
  {
    files: ['**/*.mjs'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly', Buffer: 'readonly', setInterval: 'readonly', clearInterval: 'readonly' } },
  },
);
