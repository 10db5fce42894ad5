#!/usr/bin/env node
// Starts the fl-worker command line.
import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";

if (process.argv[2] === "run") {
  // A worker lives for weeks beside a hospital's other programs: V8 looks for garbage sooner, and keeps less room for young objects.
  setFlagsFromString("--memory-saver-mode");
} else {
  // Short commands keep their compiled code between starts, in the owner's cache folder and never in a shared one: who writes there runs code here.
  // A worker does not, because Node holds what it read of it until the end.
  enableCompileCache(join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "epione", "compiled"));
}
await import("../dist/main.js");
