// Foundry's cast against any Ethereum JSON-RPC node with the development accounts: `CAST=path node cast.mjs [URL]`.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { MNEMONIC, RPC_URL, WS_URL, artifact, check, checkWithRestart, finish, thrown, until } from './checks.mjs'
import { checkTruth } from './truth.mjs'

const CAST = process.env.CAST ?? 'cast'
const SUPPLY = 1_000_000
const signer = ['--mnemonic', MNEMONIC, '--mnemonic-index', '5']

/** Runs cast on the node, with more in its environment; its output, as text. */
async function castIn(more, ...args) {
  const env = { ...process.env, ETH_RPC_URL: RPC_URL, NO_COLOR: '1', ...more }
  const { stdout } = await promisify(execFile)(CAST, args, { env, maxBuffer: 64 << 20 })
  return stdout.trim()
}
const cast = (...args) => castIn({}, ...args)

/** The same as JSON. */
const json = async (...args) => JSON.parse(await cast(...args, '--json'))

/** Sends a transaction; its receipt. */
const send = (...args) => json('send', ...signer, ...args)
const rpc = async (method, ...params) => JSON.parse(await cast('rpc', method, '--raw', JSON.stringify(params)))

const [sender, friend] = await Promise.all(
  ['5', '6'].map((index) => cast('wallet', 'address', '--mnemonic', MNEMONIC, '--mnemonic-index', index)),
)

const token = await check('cast deploys a contract', async () => {
  const receipt = await send('--create', artifact('Token').bytecode, 'constructor(uint256)', String(SUPPLY))
  assert.equal(receipt.status, '0x1')
  return receipt.contractAddress
})

await check('cast calls a contract', async () => {
  assert.equal(await cast('call', token, 'symbol()(string)'), '"TEST"')
  assert.equal(await cast('call', token, 'balanceOf(address)(uint256)', sender), '1000000 [1e6]')
})

const sent = await check('cast sends a transaction', async () => {
  const receipt = await send(token, 'transfer(address,uint256)', friend, '7')
  assert.equal(receipt.status, '0x1')
  assert.equal(await cast('call', token, 'balanceOf(address)(uint256)', friend), '7')
  return receipt
})

await checkTruth('cast', (method, params) => rpc(method, ...params), sent?.transactionHash)

await check('cast reads the transaction and its receipt', async () => {
  const transaction = await json('tx', sent?.transactionHash)
  assert.deepEqual([transaction.from, transaction.to, transaction.blockHash], [sender.toLowerCase(), token.toLowerCase(), sent.blockHash])
  assert.equal((await json('receipt', sent.transactionHash)).blockHash, sent.blockHash)
})

await check('cast reads the block by hash and by number', async () => {
  const byHash = await json('block', sent.blockHash)
  assert.deepEqual(byHash, await json('block', String(Number(sent.blockNumber))))
  assert.ok(byHash.transactions.includes(sent.transactionHash))
  assert.ok((await json('block', sent.blockHash, '--full')).transactions.some(({ hash }) => hash === sent.transactionHash))
  assert.equal(await cast('block', sent.blockHash, '--field', 'number'), String(Number(sent.blockNumber)))
})

await check('cast reads the state before a block and at it', async () => {
  const at = (block) => cast('call', token, 'balanceOf(address)(uint256)', friend, '--block', String(block))
  const number = Number(sent.blockNumber)
  assert.deepEqual([await at(number - 1), await at(number)], ['0', '7'])
  const nonce = async (block) => Number(await cast('nonce', sender, '--block', String(block)))
  assert.equal(await nonce(number), (await nonce(number - 1)) + 1)
})

await check('cast reads logs by range and by block hash', async () => {
  const filter = ['--address', token, 'Transfer(address,address,uint256)']
  const found = [await json('logs', ...filter, '--from-block', sent.blockNumber), await rpc('eth_getLogs', { blockHash: sent.blockHash, address: token })]
  for (const logs of found) assert.deepEqual(logs.map((log) => [log.transactionHash, log.blockHash]), [[sent.transactionHash, sent.blockHash]])
})

await check('cast traces a transaction with callTracer', async () => {
  const trace = JSON.parse(await cast('rpc', 'debug_traceTransaction', sent.transactionHash, '{"tracer":"callTracer"}'))
  assert.deepEqual([trace.type, trace.from, trace.to], ['CALL', sender.toLowerCase(), token.toLowerCase()])
  assert.equal(trace.gasUsed, sent.gasUsed)
  assert.equal(BigInt(trace.output), 1n)
})

await check('cast traces a transaction with prestateTracer', async () => {
  const state = JSON.parse(await cast('rpc', 'debug_traceTransaction', sent.transactionHash, '{"tracer":"prestateTracer"}'))
  const slots = Object.keys(state[token.toLowerCase()].storage)
  assert.equal(slots.length, 2)
})

await check('cast traces a transaction step by step', async () => {
  const trace = JSON.parse(await cast('rpc', 'debug_traceTransaction', sent.transactionHash, '{}'))
  assert.equal(trace.failed, false)
  assert.ok(trace.structLogs.some((step) => step.op === 'LOG3'), 'no LOG3')
  assert.equal(trace.structLogs.at(-1).op, 'RETURN')
})

for (const [words, network] of [
  ['', {}],
  [', told that it may be a rollup of the OP Stack', { FOUNDRY_NETWORK: 'optimism' }],
]) {
  await check(`cast runs a transaction again and comes to the same gas${words}`, async () => {
    const run = await castIn(network, 'run', sent?.transactionHash)
    assert.match(run, /Transaction successfully executed/)
    assert.match(run, new RegExp(`Gas used: ${Number(sent.gasUsed)}`))
  })
}

await check('cast says why a call reverts', async () => {
  const error = await thrown(() => cast('call', token, 'transfer(address,uint256)', friend, String(SUPPLY), '--from', sender))
  // The custom error's selector with the arguments.
  assert.match(error.stderr, /0xe450d38c/)
})

await check('cast estimates gas that is enough', async () => {
  const estimate = await cast('estimate', token, 'transfer(address,uint256)', friend, '1', '--from', sender)
  const receipt = await send('--gas-limit', estimate, token, 'transfer(address,uint256)', friend, '1')
  assert.equal(receipt.status, '0x1')
})

await check('cast gets a storage proof', async () => {
  const proof = await json('proof', token, '0')
  assert.equal(proof.address, token.toLowerCase())
  assert.ok(proof.accountProof.length > 0)
})

await check('cast reads balance, nonce, storage, age and fees', async () => {
  assert.ok(BigInt(await cast('balance', sender)) > 0n)
  assert.ok(Number(await cast('nonce', sender)) >= 3)
  assert.match(await cast('storage', token, '0'), /^0x[0-9a-f]{64}$/)
  assert.ok((await cast('age', sent.blockHash)).length > 10)
  assert.ok(BigInt(await cast('gas-price')) > 0n && BigInt(await cast('base-fee')) > 0n)
})

await check('cast says why a constructor reverts, before anything is sent', async () => {
  const data = artifact('Counter').bytecode + '0'.repeat(64)
  const error = await thrown(() => cast('estimate', '--create', data))
  // Closed().
  assert.match(error.stderr, /execution reverted.*0x1cdde67b/)
})

await check('cast makes an access list and sends it', async () => {
  const receipt = await send(token, 'transfer(address,uint256)', friend, '1', '--access-list')
  const transaction = await json('tx', receipt.transactionHash)
  assert.ok(transaction.accessList.some(({ storageKeys }) => storageKeys.length === 2))
})

await check('cast delegates an account to code (EIP-7702)', async () => {
  const key = await cast('wallet', 'private-key', '--mnemonic', MNEMONIC, '--mnemonic-index', '5')
  const receipt = await send('--auth', token, friend)
  assert.deepEqual([receipt.type, receipt.status], ['0x4', '0x1'])
  assert.equal(await cast('code', sender), `0xef0100${token.slice(2).toLowerCase()}`)
  // Taken back, so that the account can be paid again.
  const nothing = await cast('wallet', 'sign-auth', `0x${'0'.repeat(40)}`, '--private-key', key, '--self-broadcast')
  await send('--auth', nothing, friend)
  assert.equal(await cast('code', sender), '0x')
})

await check('cast is told that a rollup takes no blobs', async () => {
  const error = await thrown(() => cast('send', ...signer, friend, '--blob', '--path', fileURLToPath(import.meta.url)))
  assert.match(error.stderr, /transaction type not supported/)
})

await check('cast sends and has the receipt in one request (EIP-7966)', async () => {
  assert.equal((await json('send', ...signer, '--sync', friend, '--value', '1')).status, '0x1')
})

await check('cast lets the node sign', async () => {
  assert.equal((await json('send', '--unlocked', '--from', sender, friend, '--value', '1')).status, '0x1')
})

await check('cast finds a transaction by sender and nonce', async () => {
  const { hash, nonce } = await json('tx', sent?.transactionHash)
  assert.equal((await json('tx', '--from', sender, '--nonce', String(Number(nonce)))).hash, hash)
})

await check('cast subscribes to logs', async () => {
  const env = { ...process.env, NO_COLOR: '1' }
  const listening = execFile(CAST, ['logs', '--subscribe', '--rpc-url', WS_URL, '--address', token], { env })
  let heard = ''
  listening.stdout.on('data', (text) => (heard += text))
  // cast does not say when it has subscribed.
  await until(async () => {
    const { transactionHash } = await send(token, 'transfer(address,uint256)', friend, '2')
    return heard.includes(transactionHash)
  })
  listening.kill()
})

await check('cast simulates calls with other state and another block', async () => {
  const code = await cast('call', token, 'symbol()(string)', '--override-code', `${token}:0x602060005260036020526261626360e81b60405260606000f3`)
  assert.equal(code, '"abc"')
  const future = await json('rpc', 'eth_simulateV1', JSON.stringify({ blockStateCalls: [{ blockOverrides: { time: '0x10000000000' }, calls: [] }] }))
  assert.equal(future[0].timestamp, '0x10000000000')
})

await check('cast sends 60 transactions, many at once', async () => {
  // cast has no nonce manager: each is another process.
  const { address, private_key: key } = (await json('wallet', 'new'))[0]
  await send(address, '--value', '1ether')
  const nobody = `0x${'00'.repeat(19)}a5`
  const before = BigInt(await cast('balance', nobody))
  const one = (nonce) => cast('send', '--async', '--private-key', key, '--nonce', String(nonce), '--gas-limit', '21000', nobody, '--value', '1')
  const hashes = []
  // Backwards, so that all of them wait for the first.
  for (let nonces = Array.from({ length: 60 }, (_, nonce) => nonce); nonces.length; ) {
    hashes.push(...(await Promise.all(nonces.splice(-12).map(one))))
  }
  await until(async () => (await cast('nonce', address)) === '60')
  assert.deepEqual([new Set(hashes).size, BigInt(await cast('balance', nobody))], [60, before + 60n])
})

await checkWithRestart('cast goes on after a restart of the node', async (restart) => {
  const held = Number((await cast('call', token, 'balanceOf(address)(uint256)', friend)).split(' ')[0])
  const { transactionHash } = await json('send', ...signer, token, 'transfer(address,uint256)', friend, '3')
  await restart()
  assert.equal((await json('receipt', transactionHash)).status, '0x1')
  await send(token, 'transfer(address,uint256)', friend, '4')
  assert.equal(await cast('call', token, 'balanceOf(address)(uint256)', friend), String(held + 7))
})

finish()
