/** The door of protocol: what all sides agree on. No I/O and no clock behind it. */
export * from './error.js';
export * from './digest.js';
export * from './canonical-json.js';
export * from './statement.js';
