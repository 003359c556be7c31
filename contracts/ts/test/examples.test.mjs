// The examples, as they are, one after the other.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const only = { skip: process.env.RPC ? false : 'no node: RPC=URL' }
const path = (name) => fileURLToPath(new URL(name, import.meta.url))

async function example(name, ...options) {
  const { stdout } = await promisify(execFile)('node', [path(`../examples/${name}.mjs`), ...options])
  return stdout
}

test('the examples contribute a folder, ask about it, and explain the answer', only, async () => {
  const contributed = await example('contribute', path('../README.md'), path('../examples/shared.mjs'))
  const [, datanet, release] = contributed.match(/cite them as (\d+)@(\d+)/)
  assert.match(contributed, /2 documents were handed in, 2 are rows/)
  const asked = await example('ask', datanet, release)
  const [, session] = asked.match(/session (\d+) is settled/)
  const explained = await example('explain', session)
  assert.match(explained, new RegExp(`of ${datanet}@${release}: 100.0 % of its words' weight`))
  assert.match(explained, new RegExp(`OPEN to 0x[0-9a-f]{40} for row 0 of datanet ${datanet}`, 'i'))
})
