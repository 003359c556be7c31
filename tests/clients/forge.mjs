// Foundry's forge against any Ethereum JSON-RPC node with the development accounts: `CAST=path FORGE=path FORGE_SOLC=path node forge.mjs [URL]`.
// It works on the project in this folder (foundry.toml).
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { promisify } from 'node:util'
import { MNEMONIC, RPC_URL, check, checkWithRestart, finish, thrown, until } from './checks.mjs'

const { CAST = 'cast', FORGE = 'forge', FORGE_SOLC } = process.env
const COUNTER = 'contracts/Counter.sol:Counter'
const LIMIT = 1_000

/** Runs a program on the node; its output, as text. */
async function run(program, args, more = {}) {
  const env = { ...process.env, ETH_RPC_URL: RPC_URL, NO_COLOR: '1', FOUNDRY_DISABLE_NIGHTLY_WARNING: '1', ...more }
  const { stdout } = await promisify(execFile)(program, args, { env, cwd: import.meta.dirname, maxBuffer: 64 << 20 })
  return stdout.trim()
}
const cast = (...args) => run(CAST, args)
const compiler = FORGE_SOLC ? ['--use', FORGE_SOLC] : []
const forge = (command, ...args) => run(FORGE, [command, ...compiler, ...args])

/** forge may print other lines before its JSON. */
const json = (output) => JSON.parse(output.slice(output.indexOf('{')))
const read = async (counter, signature, ...args) => (await cast('call', counter, signature, ...args)).split(' ')[0]

rmSync(new URL('foundry-broadcast', import.meta.url), { recursive: true, force: true })
const key = await cast('wallet', 'private-key', '--mnemonic', MNEMONIC, '--mnemonic-index', '6')
const owner = await cast('wallet', 'address', '--private-key', key)
const signer = ['--private-key', key]

const counter = await check('forge create deploys a contract', async () => {
  const created = json(await forge('create', COUNTER, '--broadcast', '--json', ...signer, '--constructor-args', String(LIMIT)))
  const receipt = JSON.parse(await cast('receipt', created.transactionHash, '--json'))
  assert.deepEqual([receipt.status, receipt.contractAddress.toLowerCase()], ['0x1', created.deployedTo.toLowerCase()])
  assert.equal(await read(created.deployedTo, 'limit()(uint256)'), String(LIMIT))
  return created.deployedTo
})

await check('forge create says why a constructor reverts', async () => {
  const error = await thrown(() => forge('create', COUNTER, '--broadcast', ...signer, '--constructor-args', '0'))
  assert.match(error.stderr, /execution reverted|Closed/)
})

const counted = await check('cast uses what forge created', async () => {
  const receipt = JSON.parse(await cast('send', ...signer, counter, 'count(uint256,string)', '12', 'from cast', '--json'))
  return Number(receipt.blockNumber)
})

await check('forge test --fork-url sees the state, the logs and the history of the node', async () => {
  const env = { COUNTER: counter, OWNER: owner, TOTAL: '12', BLOCK: String(counted), CHAIN_ID: await cast('chain-id') }
  const output = await run(FORGE, ['test', ...compiler, '--fork-url', RPC_URL, '--json'], env)
  const [{ test_results: results }] = Object.values(json(output))
  const failed = Object.entries(results).filter(([, { status }]) => status !== 'Success')
  assert.deepEqual([failed, Object.keys(results).length], [[], 6])
})

/** Runs the script that counts so often. */
const script = (times, ...args) =>
  forge('script', 'foundry/Count.s.sol', '--sig', 'run(uint256)', String(times), '--rpc-url', RPC_URL, ...signer, ...args)

/** What forge wrote down of the last script. */
async function broadcast(what = 'transactions') {
  const log = new URL(`foundry-broadcast/Count.s.sol/${await cast('chain-id')}/run-latest.json`, import.meta.url)
  return JSON.parse(readFileSync(log, 'utf8'))[what]
}

/** What the last script must have done: everything, once, in order. */
async function assertCounted(times) {
  const transactions = await broadcast()
  assert.equal(transactions.length, times + 1)
  const nonces = transactions.map(({ transaction }) => Number(transaction.nonce))
  assert.deepEqual(
    nonces,
    nonces.map((_, index) => nonces[0] + index),
  )
  assert.equal(await read(transactions[0].contractAddress, 'counted(address)(uint256)', owner), String(times))
}

await check('forge script simulates and sends nothing', async () => {
  const nonce = await cast('nonce', owner)
  await script(3)
  assert.equal(await cast('nonce', owner), nonce)
})

await check('forge script --broadcast deploys and sends 100 transactions, many at once', async () => {
  await script(100, '--broadcast')
  await assertCounted(100)
})

await check('forge script --broadcast --slow waits for each transaction', async () => {
  await script(10, '--broadcast', '--slow')
  await assertCounted(10)
})

await check('forge script --broadcast lets the node sign (--unlocked)', async () => {
  const args = ['--sig', 'run(uint256)', '5', '--rpc-url', RPC_URL, '--broadcast', '--unlocked', '--sender', owner]
  await forge('script', 'foundry/Count.s.sol', ...args)
  await assertCounted(5)
})

await check('forge script reads its receipts back', async () => {
  for (const { blockHash, blockNumber, transactionHash } of await broadcast('receipts')) {
    const block = JSON.parse(await cast('block', blockHash, '--json'))
    assert.deepEqual([block.number, block.transactions.includes(transactionHash)], [blockNumber, true])
  }
})

await check('forge script names the custom error of a revert', async () => {
  const args = ['--sig', 'tooMuch(address)', counter, '--rpc-url', RPC_URL, '--broadcast', ...signer]
  const error = await thrown(() => forge('script', 'foundry/Count.s.sol', ...args))
  assert.match(`${error.stdout}${error.stderr}`, /LimitExceeded/)
})

await checkWithRestart('forge script is interrupted by a restart of the node, loses nothing, and goes on', async (restart) => {
  const nonce = async () => Number(await cast('nonce', owner))
  const before = await nonce()
  // One after the other, so that the node is killed between two of them.
  const running = script(12, '--broadcast', '--slow').catch((error) => error)
  await until(async () => (await nonce()) > before + 2)
  await restart()
  if ((await running) instanceof Error) {
    // Where the answer to a transaction was lost, forge makes another of the same nonce, and gives up when that is refused.
    await script(12, '--broadcast', '--slow', '--resume').catch(({ stderr }) => assert.match(stderr, /nonce too low|already known/))
  }
  const [{ contractAddress }] = await broadcast()
  assert.equal(await read(contractAddress, 'counted(address)(uint256)', owner), String((await nonce()) - before - 1))
  await script(12, '--broadcast')
  await assertCounted(12)
})

finish()
