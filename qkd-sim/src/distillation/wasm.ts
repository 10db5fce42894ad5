/** The compiled modules of `assembly/`: they have no imports, so that an instance is made from the bytes alone. */
import { readFileSync } from 'node:fs';

// Node's types leave out the standard global.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: object };
};

/** An instance's memory; `buffer` is another one after it has grown. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** A place in an instance's memory, as the module lays it out. */
export interface WasmPlace {
  readonly value: number;
}

const PAGE_BYTES = 65_536;

/** Makes memory at least so large. */
export const reserve = (memory: WasmMemory, bytes: number): void => {
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
};

const bytesOf = (name: string): Uint8Array => {
  const file = new URL(`../wasm/${name}.wasm`, import.meta.url);
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new Error(`${file.pathname} cannot be read: npm run build makes it`, { cause });
  }
};

/** Makes an instance of a module. @throws Error when it is not built */
export const instantiate = (name: string): object => new WebAssembly.Instance(new WebAssembly.Module(bytesOf(name))).exports;
