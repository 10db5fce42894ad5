#!/usr/bin/env node
// Starts the fl-audit command line.
import "../dist/main.js";
