#!/usr/bin/env node
// Starts the fl-worker command line. Its compiled code is kept between starts, in the owner's cache folder and never in a shared one: who writes there runs code here.
import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";

enableCompileCache(join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "epione", "compiled"));
await import("../dist/main.js");
