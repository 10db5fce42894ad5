/** The decoder in WebAssembly (assembly/ldpc.ts): a base graph put into its memory, and frames in and out. */
import { type WasmMemory, type WasmPlace, instantiate, reserve } from '../wasm.js';
import { type BaseGraph, LIFT, disclosedRows } from './base-graph.js';
import { CLIP, type Decoder, MAX_ITERATIONS, PRIOR } from './decoder.js';

interface Module {
  readonly memory: WasmMemory;
  readonly syndrome: (columns: number, checks: number) => void;
  readonly decode: (columns: number, single: number, pairs: number, checks: number, known: number, prior: number, clip: number, most: number) => number;
  readonly ROWS: WasmPlace;
  readonly EDGES: WasmPlace;
  readonly FRAME: WasmPlace;
  readonly CHECKS: WasmPlace;
  readonly MESSAGES: WasmPlace;
}

/** The decoder for real frames. */
export class VectorDecoder implements Decoder {
  readonly #module = instantiate('ldpc') as Module;
  readonly #graph: BaseGraph;

  constructor(graph: BaseGraph) {
    const { memory, ROWS, EDGES, MESSAGES } = this.#module;
    this.#graph = graph;
    const rows = disclosedRows(graph);
    const edges = rows.flat();
    reserve(memory, MESSAGES.value + LIFT * edges.length);
    const starts = new Uint32Array(memory.buffer, ROWS.value, rows.length + 1);
    rows.forEach((row, index) => { starts[index + 1] = (starts[index] ?? 0) + row.length; });
    const table = new Uint16Array(memory.buffer, EDGES.value, 2 * edges.length);
    edges.forEach(({ column, shift }, index) => { table.set([column, shift], 2 * index); });
  }

  syndrome(frame: Uint8Array, checks: number): Uint8Array {
    const { CHECKS, FRAME, syndrome } = this.#module;
    const whole = this.#bytes(FRAME, (this.#graph.columns * LIFT) / 8);
    whole.set(frame);
    whole.fill(0, frame.length);
    syndrome(this.#graph.columns, checks);
    return this.#bytes(CHECKS, checks / 8).slice();
  }

  errors(syndrome: Uint8Array, frameBytes: number): Uint8Array | undefined {
    const { CHECKS, FRAME, decode } = this.#module;
    this.#bytes(CHECKS, syndrome.length).set(syndrome);
    const { columns, rows, pairs } = this.#graph;
    const iterations = decode(columns, rows.length - 2 * pairs, pairs, 8 * syndrome.length, 8 * frameBytes, PRIOR, CLIP, MAX_ITERATIONS);
    return iterations === 0 ? undefined : this.#bytes(FRAME, frameBytes).slice();
  }

  #bytes(place: WasmPlace, length: number): Uint8Array {
    return new Uint8Array(this.#module.memory.buffer, place.value, length);
  }
}
