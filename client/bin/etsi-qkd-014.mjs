#!/usr/bin/env node
// Starts the etsi-qkd-014 command line.
import "../dist/etsi-qkd-014/cli/main.js";
