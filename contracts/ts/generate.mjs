// Writes src/abis and src/addresses from what the compiler left in contracts/artifacts: `node generate.mjs`; with `--check` nothing is
// written, and what is not up to date is named.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseAbi } from 'viem'

const here = fileURLToPath(new URL('.', import.meta.url))
const contracts = process.env.ARTIFACTS ? dirname(process.env.ARTIFACTS) : join(here, '..')
const NOTE = '// Written by generate.mjs from contracts/artifacts; change nothing here.\n'

/** Contracts by the name that this package gives them: their artifacts, of which the second is code that runs on the first one's storage. */
export const CONTRACTS = {
  datanets: ['Datanets', 'DatanetReview'],
  inference: ['Inference'],
  division: ['Division'],
  payouts: ['Payouts'],
  juries: ['Juries'],
  models: ['Models', 'ModelDisputes'],
  commons: ['Commons'],
  stakes: ['Stakes'],
  parameters: ['Parameters'],
  feeDistributor: ['FeeDistributor'],
  votingOpen: ['VotingOpen'],
  governor: ['TributaryGovernor'],
  timelock: ['TributaryTimelock'],
  wrappedOpen: ['WrappedOpen'],
}

/** Precompiles have no artifact: their ABI is the text of their interface. */
export const PRECOMPILES = {
  attributionStore: 'IAttributionStore',
  textAttribution: 'ITextAttribution',
}

/** What `internalType` says is for Solidity alone. */
function stripped(value) {
  if (Array.isArray(value)) return value.map(stripped)
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value).filter(([key]) => key !== 'internalType')
  return Object.fromEntries(entries.map(([key, each]) => [key, stripped(each)]))
}

/** Items of several ABIs, each once. */
function union(abis) {
  const items = abis.flat().map((item) => JSON.stringify(stripped(item)))
  return [...new Set(items)].map((item) => JSON.parse(item))
}

export const artifact = (name) => JSON.parse(readFileSync(join(contracts, 'artifacts', `${name}.json`), 'utf8'))

/** The ABI of an interface whose declarations have a line each. */
export function interfaceAbi(name) {
  const lines = ['IAttributionErrors', name].flatMap((file) => readFileSync(join(contracts, 'src', 'interfaces', `${file}.sol`), 'utf8').split('\n'))
  const declarations = lines.map((line) => line.trim()).filter((line) => /^(struct|function|event|error) /.test(line))
  return parseAbi(declarations.map((line) => (line.startsWith('struct') ? line : line.replace(/;$/, ''))))
}

/** A type whose only value this is. */
function typeOf(value) {
  if (Array.isArray(value)) return `readonly [${value.map(typeOf).join(', ')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  return `{ ${Object.entries(value).map(([key, each]) => `readonly ${key}: ${typeOf(each)}`).join('; ')} }`
}

function abiFiles(name, abi) {
  const lines = (write) => abi.map((item) => `  ${write(item)},\n`).join('')
  return {
    [`abis/${name}.js`]: `${NOTE}export const ${name}Abi = [\n${lines(JSON.stringify)}]\n`,
    [`abis/${name}.d.ts`]: `${NOTE}export declare const ${name}Abi: readonly [\n${lines(typeOf)}]\n`,
  }
}

function files() {
  const abis = Object.fromEntries([
    ...Object.entries(CONTRACTS).map(([name, artifacts]) => [name, union(artifacts.map((each) => artifact(each).abi))]),
    ...Object.entries(PRECOMPILES).map(([name, each]) => [name, union([interfaceAbi(each)])]),
  ])
  // A call passes on what the contracts that it calls refuse: whoever decodes wants the errors of all.
  abis.errors = union(Object.values(abis).map((abi) => abi.filter(({ type }) => type === 'error')))
  const predeploys = Object.entries(artifact('l2-predeploys'))
  const addressOf = (contract) => predeploys.find(([, { name }]) => name === contract)[0]
  const named = [...Object.entries(CONTRACTS).map(([name, [first]]) => [name, first]), ...Object.entries(PRECOMPILES)]
  const addresses = Object.fromEntries(named.map(([name, contract]) => [name, addressOf(contract)]))
  const exported = Object.keys(abis).map((name) => `export { ${name}Abi } from './${name}.js'\n`)
  return {
    ...Object.assign({}, ...Object.entries(abis).map(([name, abi]) => abiFiles(name, abi))),
    'abis/index.js': NOTE + exported.join(''),
    'abis/index.d.ts': NOTE + exported.join(''),
    'addresses.js': `${NOTE}export const addresses = ${JSON.stringify(addresses, null, 2)}\n`,
    'addresses.d.ts': `${NOTE}export declare const addresses: ${typeOf(addresses)}\n`,
  }
}

/** Names of files that are not what they should be. */
export function stale() {
  const wanted = files()
  const read = (name) => (existsSync(join(here, 'src', name)) ? readFileSync(join(here, 'src', name), 'utf8') : undefined)
  const extra = readdirSync(join(here, 'src', 'abis')).map((name) => `abis/${name}`).filter((name) => !(name in wanted))
  return [...Object.keys(wanted).filter((name) => read(name) !== wanted[name]), ...extra]
}

function write() {
  rmSync(join(here, 'src', 'abis'), { recursive: true, force: true })
  mkdirSync(join(here, 'src', 'abis'), { recursive: true })
  for (const [name, text] of Object.entries(files())) writeFileSync(join(here, 'src', name), text)
}

if (process.argv[1] && basename(process.argv[1]) === 'generate.mjs') {
  if (process.argv.includes('--check')) {
    const names = stale()
    for (const name of names) console.error(`src/${name} is not what contracts/artifacts gives: run \`node generate.mjs\``)
    process.exitCode = names.length === 0 ? 0 : 1
  } else write()
}
