// What this package says of the contracts is what the compiler said.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { toEventSelector, toFunctionSelector } from 'viem'
import { CONTRACTS, PRECOMPILES, artifact, stale } from '../generate.mjs'
import * as tributary from '../src/index.js'

const { addresses } = tributary

/** What the EVM knows an item by. */
function selector(item) {
  if (item.type === 'event') return `event ${toEventSelector(item)}`
  if (item.type === 'function' || item.type === 'error') return `${item.type} ${toFunctionSelector({ ...item, type: 'function' })}`
  return item.type
}
const selectors = (abi) => [...new Set(abi.map(selector))].sort()

test('the generated files are what contracts/artifacts gives', () => {
  assert.deepEqual(stale(), [])
})

test('each ABI has the functions, events and errors of its artifacts, and no others', () => {
  for (const [name, artifacts] of Object.entries(CONTRACTS)) {
    const compiled = artifacts.flatMap((each) => artifact(each).abi)
    assert.deepEqual(selectors(tributary[`${name}Abi`]), selectors(compiled), name)
  }
})

test('a function is in one half of a contract that has two, or the same in both', () => {
  for (const name of ['datanets', 'models']) {
    const functions = tributary[`${name}Abi`].filter(({ type }) => type === 'function')
    assert.equal(new Set(functions.map(selector)).size, functions.length, name)
  }
})

test('a contract is where genesis has it', () => {
  const predeploys = artifact('l2-predeploys')
  const named = { ...Object.fromEntries(Object.entries(CONTRACTS).map(([name, [first]]) => [name, first])), ...PRECOMPILES }
  assert.deepEqual(Object.keys(addresses).sort(), Object.keys(named).sort())
  for (const [name, contract] of Object.entries(named)) assert.equal(predeploys[addresses[name]].name, contract)
})

test('what is exported is what is declared', () => {
  const declared = readFileSync(new URL('../src/index.d.ts', import.meta.url), 'utf8')
  const names = [...declared.matchAll(/^export declare (?:function|const) (\w+)/gm)].map(([, name]) => name)
  const abis = Object.keys(tributary).filter((name) => name.endsWith('Abi'))
  assert.deepEqual([...names, ...abis, 'addresses'].sort(), Object.keys(tributary).sort())
  const bound = declared.match(/type Actions = \{\n([^}]*)\}/)[1]
  const actions = [...bound.matchAll(/(\w+): typeof (\w+)/g)].map(([, name]) => name)
  assert.deepEqual(actions.sort(), Object.keys(tributary.tributaryActions({})).sort())
})
