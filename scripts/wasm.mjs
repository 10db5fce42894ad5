// Compiles each AssemblyScript file of qkd-sim/assembly to a WebAssembly module of the same name in qkd-sim/dist/wasm.
import { mkdirSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const source = fileURLToPath(new URL('../qkd-sim/assembly', import.meta.url));
const target = fileURLToPath(new URL('../qkd-sim/dist/wasm', import.meta.url));
mkdirSync(target, { recursive: true });
for (const file of readdirSync(source).filter((name) => name.endsWith('.ts'))) {
  const outFile = join(target, `${basename(file, '.ts')}.wasm`);
  // No runtime and no imports: a module is given its memory's layout by the TypeScript beside its loader.
  const { error, stderr } = await asc.main([join(source, file), '--outFile', outFile, '-O3', '--enable', 'simd', '--enable', 'relaxed-simd', '--runtime', 'stub', '--use', 'abort=', '--noAssert']);
  if (error) {
    console.error(stderr.toString());
    process.exitCode = 1;
  }
}
