#!/usr/bin/env node
// The `tollhouse` command: `tollhouse help` lists what it does.

const { native } = require("../dist/native.js");

process.exitCode = native().command(process.argv.slice(2));
