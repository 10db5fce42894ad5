#!/usr/bin/env node
// Starts the qkd-sim command line.
import "../dist/main.js";
