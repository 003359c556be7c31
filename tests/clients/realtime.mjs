// The realtime endpoint (`/realtime`) beside the ordinary one, with viem as it comes but for the URL: what a transaction did is told when it
// is on disk, before its block is sealed; the ordinary endpoint knows sealed blocks only. Only this node has it: `node realtime.mjs [URL]`.
import assert from 'node:assert/strict'
import { createPublicClient, createTestClient, createWalletClient, defineChain, http, webSocket, zeroHash } from 'viem'
import { generatePrivateKey, mnemonicToAccount, privateKeyToAccount } from 'viem/accounts'
import { MNEMONIC, RPC_URL, WS_URL, artifact, check, finish, soon, until } from './checks.mjs'

const [REALTIME, REALTIME_WS] = [RPC_URL, WS_URL].map((url) => `${url.replace(/\/$/, '')}/realtime`)
const id = await createPublicClient({ transport: http(RPC_URL) }).getChainId()
const nativeCurrency = { name: 'Ether', symbol: 'ETH', decimals: 18 }
const chain = defineChain({ id, name: 'under test', nativeCurrency, rpcUrls: { default: { http: [RPC_URL] } } })
const account = mnemonicToAccount(MNEMONIC, { addressIndex: 2 })
const ordinary = createPublicClient({ chain, transport: http(RPC_URL) })
const realtime = createPublicClient({ chain, transport: http(REALTIME) })
const wallet = createWalletClient({ chain, account, transport: http(REALTIME) })
const node = createTestClient({ mode: 'anvil', chain, transport: http(RPC_URL) })
const random = () => privateKeyToAccount(generatePrivateKey()).address
const height = (client) => client.getBlockNumber({ cacheTime: 0 })

/** Runs a body while no block is sealed but when it is asked for. */
async function held(body) {
  await node.setAutomine(false)
  try {
    await node.mine({ blocks: 1 })
    await body()
  } finally {
    await node.setAutomine(true)
  }
}

await check('realtime: a receipt is there before its block, and is the same but for the hash after', () =>
  held(async () => {
    const to = random()
    const hash = await wallet.sendTransaction({ to, value: 7n })
    const early = await realtime.getTransactionReceipt({ hash })
    assert.deepEqual([early.status, early.blockHash], ['success', zeroHash])
    await assert.rejects(ordinary.getTransactionReceipt({ hash }))
    assert.deepEqual([await realtime.getBalance({ address: to }), await ordinary.getBalance({ address: to })], [7n, 0n])
    assert.equal(await ordinary.getBalance({ address: to, blockTag: 'pending' }), 7n)
    await node.mine({ blocks: 1 })
    const sealed = await ordinary.getTransactionReceipt({ hash })
    assert.notEqual(sealed.blockHash, zeroHash)
    assert.deepEqual({ ...early, blockHash: sealed.blockHash, logs: [] }, { ...sealed, logs: [] })
    assert.deepEqual(await realtime.getTransactionReceipt({ hash }), sealed)
    assert.equal(await ordinary.getBalance({ address: to }), 7n)
  }),
)

await check('realtime: a sync send is answered at once, the ordinary one with its block (EIP-7966)', async () => {
  await held(async () => {
    const receipt = await soon(wallet.sendTransactionSync({ to: random(), value: 1n }), 5_000)
    assert.deepEqual([receipt.status, receipt.blockHash], ['success', zeroHash])
  })
  const receipt = await createWalletClient({ chain, account, transport: http(RPC_URL) }).sendTransactionSync({ to: random(), value: 1n })
  assert.notEqual(receipt.blockHash, zeroHash)
  assert.equal((await ordinary.getBlock({ blockHash: receipt.blockHash })).number, receipt.blockNumber)
})

await check('realtime: nonces count what is in the open block, on the ordinary endpoint only as pending', () =>
  held(async () => {
    const count = (client, blockTag) => client.getTransactionCount({ address: account.address, blockTag })
    const before = await count(ordinary, 'latest')
    for (let i = 0; i < 5; i += 1) await wallet.sendTransaction({ to: random(), value: 1n })
    const counts = [count(realtime, 'latest'), count(realtime, 'pending'), count(ordinary, 'latest'), count(ordinary, 'pending')]
    assert.deepEqual(await Promise.all(counts), [before + 5, before + 5, before, before + 5])
  }),
)

await check('realtime: calls see what contracts did in the open block', () =>
  held(async () => {
    const { abi, bytecode } = artifact('Token')
    const { contractAddress: address } = await realtime.waitForTransactionReceipt({ hash: await wallet.deployContract({ abi, bytecode, args: [5n] }) })
    const balance = (client) => client.readContract({ address, abi, functionName: 'balanceOf', args: [account.address] })
    assert.equal(await balance(realtime), 5n)
    await assert.rejects(balance(ordinary))
  }),
)

await check('realtime: heads and blocks are the same on both endpoints', async () => {
  const [heads, others] = [[], []]
  const sockets = [WS_URL, REALTIME_WS].map((url) => createPublicClient({ chain, transport: webSocket(url) }))
  const stops = sockets.map((socket, index) => socket.watchBlocks({ onBlock: ({ hash }) => [heads, others][index].push(hash) }))
  for (const socket of sockets) await socket.getBlockNumber({ cacheTime: 0 })
  const { blockHash, blockNumber } = await realtime.waitForTransactionReceipt({ hash: await wallet.sendTransaction({ to: random(), value: 1n }), confirmations: 1 })
  await until(async () => (await height(realtime)) >= blockNumber)
  const { hash } = await ordinary.getBlock({ blockNumber })
  assert.ok([hash, zeroHash].includes(blockHash))
  await until(() => heads.includes(hash) && others.includes(hash))
  stops.forEach((stop) => stop())
  assert.deepEqual(await realtime.getBlock({ blockHash: hash }), await ordinary.getBlock({ blockHash: hash }))
})

await check('ordinary: a send is answered after the seal, so that the receipt is there for the first question', async () => {
  const signing = createWalletClient({ chain, account, transport: http(RPC_URL) })
  for (let i = 0; i < 20; i += 1) {
    const hash = await signing.sendTransaction({ to: random(), value: 1n })
    const { blockHash, blockNumber } = await ordinary.getTransactionReceipt({ hash })
    assert.equal((await ordinary.getBlock({ blockHash })).number, blockNumber)
    assert.ok((await height(ordinary)) >= blockNumber)
  }
})

await check('ordinary: many sends at once that the node signs have nonces of their own', async () => {
  const [from] = await ordinary.request({ method: 'eth_accounts' })
  const to = random()
  const send = () => ordinary.request({ method: 'eth_sendTransaction', params: [{ from, to, value: '0x1' }] })
  const hashes = await Promise.all(Array.from({ length: 30 }, send))
  const receipts = await Promise.all(hashes.map((hash) => ordinary.waitForTransactionReceipt({ hash })))
  assert.deepEqual([new Set(hashes).size, new Set(receipts.map(({ status }) => status))], [30, new Set(['success'])])
  assert.equal(await ordinary.getBalance({ address: to }), 30n)
})

await check('realtime: the node tells of both endpoints', async () => {
  const capabilities = await ordinary.request({ method: 'tributary_capabilities' })
  assert.match(JSON.stringify(capabilities), /realtime/i)
})

finish()
