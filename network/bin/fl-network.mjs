#!/usr/bin/env node
// Starts the fl-network command line.
import "../dist/main.js";
