// Compiles contracts/*.sol, what the clients are tried with, into one JSON file `{ abi, bytecode }` for each contract:
// `SOLC=folder-of-npm's-solc node compile.mjs TARGET`.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const solc = createRequire(import.meta.url)(process.env.SOLC ?? 'solc')
const [target] = process.argv.slice(2)
const folder = fileURLToPath(new URL('contracts', import.meta.url))

const names = readdirSync(folder).filter((name) => name.endsWith('.sol'))
const sources = Object.fromEntries(names.map((name) => [name, { content: readFileSync(join(folder, name), 'utf8') }]))
const settings = { evmVersion: 'prague', optimizer: { enabled: true }, outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } } }
const { contracts = {}, errors = [] } = JSON.parse(solc.compile(JSON.stringify({ language: 'Solidity', sources, settings })))

for (const { formattedMessage } of errors) process.stderr.write(formattedMessage)
if (errors.some(({ severity }) => severity === 'error')) process.exit(1)

mkdirSync(target, { recursive: true })
for (const [name, { abi, evm }] of Object.values(contracts).flatMap(Object.entries)) {
  writeFileSync(join(target, `${name}.json`), JSON.stringify({ contractName: name, abi, bytecode: `0x${evm.bytecode.object}` }))
}
