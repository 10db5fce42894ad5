#!/usr/bin/env node
// Starts the fl-worker command line.
import "../dist/main.js";
