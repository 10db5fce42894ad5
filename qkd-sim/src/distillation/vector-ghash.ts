/** GHASH in WebAssembly (assembly/ghash.ts): one instance, in whose memory the hash that is at work has its table. */
import { Ghash } from './ghash.js';
import { type WasmMemory, type WasmPlace, instantiate, reserve } from './wasm.js';

interface Module {
  readonly memory: WasmMemory;
  readonly begin: () => void;
  readonly absorb: (bytes: number) => void;
  readonly KEY: WasmPlace;
  readonly STATE: WasmPlace;
  readonly BLOCKS: WasmPlace;
  readonly BLOCKS_BYTES: WasmPlace;
}

/** The module and its memory, made at the first use. */
let shared: { readonly module: Module; readonly memory: Uint8Array } | undefined;
/** The key, by identity, whose table the memory holds. */
let loaded: Uint8Array | undefined;

const instance = (): NonNullable<typeof shared> => {
  if (shared === undefined) {
    const module = instantiate('ghash') as Module;
    reserve(module.memory, module.BLOCKS.value + module.BLOCKS_BYTES.value);
    shared = { module, memory: new Uint8Array(module.memory.buffer) };
  }
  return shared;
};

/** The implementation for real messages. */
export class VectorGhash extends Ghash {
  readonly #key: Uint8Array;
  readonly #state = new Uint8Array(16);

  /** @param key 16 bytes, the hash key H */
  constructor(key: Uint8Array) {
    super();
    this.#key = key.slice();
  }

  protected absorb(blocks: Uint8Array): void {
    const { module: { begin, absorb, KEY, STATE, BLOCKS, BLOCKS_BYTES }, memory } = instance();
    if (loaded !== this.#key) {
      memory.set(this.#key, KEY.value);
      begin();
      loaded = this.#key;
    }
    memory.set(this.#state, STATE.value);
    for (let at = 0; at < blocks.length; at += BLOCKS_BYTES.value) {
      const piece = blocks.subarray(at, at + BLOCKS_BYTES.value);
      memory.set(piece, BLOCKS.value);
      absorb(piece.length);
    }
    this.#state.set(memory.subarray(STATE.value, STATE.value + 16));
  }

  protected state(): Uint8Array {
    return this.#state.slice();
  }
}
