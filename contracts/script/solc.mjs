#!/usr/bin/env node
// forge calls its compiler as a program. npm's `solc` is the compiler as a JavaScript module, so this
// program answers the two calls that forge makes: `--version` and `--standard-json` (input on stdin).
// forge sends every source inline, which is why no import callback is needed.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..')
const buildDir = process.env.TRIBUTARY_BUILD_DIR ?? join(root, 'build')
const require = createRequire(join(resolve(root, buildDir), 'npm', 'node_modules', 'solc', 'package.json'))

// emscripten registers handlers that swallow the exit code of everything else in the process.
const listeners = process.listeners('uncaughtException')
const solc = require('solc')
process.removeAllListeners('uncaughtException')
for (const listener of listeners) process.on('uncaughtException', listener)

const args = process.argv.slice(2)
if (args.includes('--version')) {
  const version = solc.version().replace('.Emscripten.clang', '')
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${version}.Linux.g++\n`)
} else if (args.includes('--standard-json')) {
  process.stdout.write(solc.compile(readFileSync(0, 'utf8')))
} else {
  process.stderr.write('usage: solc.mjs --version | --standard-json < input.json\n')
  process.exitCode = 1
}
