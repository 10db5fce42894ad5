/** Loaded before a chaincode: writes its compiled code to NODE_COMPILE_CACHE while it serves, because a process that ends by a signal writes none. */
import { flushCompileCache } from 'node:module';

/** By then a chaincode is loaded and has said so to its peer, ms. */
const loadedMs = 3000;

setTimeout(flushCompileCache, loadedMs).unref();
