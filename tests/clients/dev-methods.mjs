// What development nodes can do, through viem's test client (in anvil's and in Hardhat's manner) and ethers' JSON-RPC signer, as they come.
import assert from 'node:assert/strict'
import { JsonRpcProvider, parseEther as ether, verifyTypedData } from 'ethers'
import { createTestClient, defineChain, http, numberToHex, parseEther, parseGwei, publicActions, walletActions } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { RPC_URL, check, finish } from './checks.mjs'

const provider = new JsonRpcProvider(RPC_URL)
const id = Number((await provider.getNetwork()).chainId)
const nativeCurrency = { name: 'Ether', symbol: 'ETH', decimals: 18 }
const chain = defineChain({ id, name: 'under test', nativeCurrency, rpcUrls: { default: { http: [RPC_URL] } } })
const client = (mode) => createTestClient({ mode, chain, transport: http() }).extend(publicActions).extend(walletActions)
const stranger = '0x00000000000000000000000000000000000be1a7'
const DAY = 86_400
const height = (node) => node.getBlockNumber({ cacheTime: 0 })
const random = () => privateKeyToAccount(generatePrivateKey()).address

for (const mode of ['anvil', 'hardhat']) {
  const node = client(mode)
  const [account] = await node.getAddresses()
  const pay = (more = {}) => node.sendTransaction({ account, to: stranger, value: 1n, ...more })
  const paid = async (more) => node.waitForTransactionReceipt({ hash: await pay(more) })
  const timeOf = async (receipt) => (await node.getBlock({ blockHash: receipt.blockHash })).timestamp

  await check(`${mode}: balances, nonces, code and storage are set and read back at once`, async () => {
    await node.setBalance({ address: stranger, value: parseEther('7') })
    assert.equal(await node.getBalance({ address: stranger }), parseEther('7'))
    await node.setNonce({ address: stranger, nonce: mode === 'anvil' ? 5 : 50 })
    assert.equal(await node.getTransactionCount({ address: stranger }), mode === 'anvil' ? 5 : 50)
    // Returns the word at slot 1.
    await node.setCode({ address: stranger, bytecode: '0x60015460005260206000f3' })
    const value = `0x${'ab'.repeat(32)}`
    await node.setStorageAt({ address: stranger, index: 1, value })
    assert.equal(await node.getStorageAt({ address: stranger, slot: '0x1' }), value)
    assert.equal((await node.call({ to: stranger })).data, value)
    await node.setCode({ address: stranger, bytecode: '0x' })
  })

  await check(`${mode}: an impersonated account sends without a key`, async () => {
    await node.impersonateAccount({ address: stranger })
    const hash = await node.sendTransaction({ account: stranger, to: random(), value: 1n })
    const receipt = await node.waitForTransactionReceipt({ hash })
    assert.deepEqual([receipt.status, receipt.from], ['success', stranger])
    assert.ok((await node.getBlock({ blockHash: receipt.blockHash })).transactions.includes(hash))
    await node.stopImpersonatingAccount({ address: stranger })
    await assert.rejects(node.sendTransaction({ account: stranger, to: stranger, value: 1n }))
  })

  await check(`${mode}: blocks on demand`, async () => {
    const before = await height(node)
    await node.mine({ blocks: 3 })
    assert.ok((await height(node)) >= before + 3n)
    await node.mine({ blocks: 200 })
    assert.ok((await height(node)) >= before + 203n)
  })

  for (const [words, seconds] of [
    ['2 minutes', 120],
    ['30 days', 30 * DAY],
    ['4 years', 4 * 365 * DAY],
  ]) {
    await check(`${mode}: the time moves by ${words}, and the chain goes on`, async () => {
      const before = await node.getBlock()
      await node.increaseTime({ seconds })
      await node.mine({ blocks: 1 })
      const later = await node.getBlock()
      const moved = later.timestamp - before.timestamp
      assert.ok(moved >= BigInt(seconds) && moved < BigInt(seconds) + 60n, `${moved} s`)
      assert.ok(later.number - before.number < 60n, `${later.number - before.number} blocks`)
      assert.ok((await timeOf(await paid())) >= later.timestamp)
    })
  }

  await check(`${mode}: the next block has the time that it was given, mined or sent into`, async () => {
    const first = (await node.getBlock()).timestamp + 12_345n
    await node.setNextBlockTimestamp({ timestamp: first })
    await node.mine({ blocks: 1 })
    assert.equal((await node.getBlock()).timestamp, first)
    const second = first + 10n * BigInt(DAY)
    await node.setNextBlockTimestamp({ timestamp: second })
    assert.equal(await timeOf(await paid()), second)
    await assert.rejects(node.setNextBlockTimestamp({ timestamp: first }))
  })

  await check(`${mode}: a snapshot takes back what came after it, time and logs too`, async () => {
    const balance = await node.getBalance({ address: account })
    const before = await node.getBlock()
    const snapshot = await node.snapshot()
    const { transactionHash: hash, blockHash } = await paid({ value: parseEther('1') })
    await node.increaseTime({ seconds: DAY })
    await node.mine({ blocks: 2 })
    assert.ok((await node.getBalance({ address: account })) < balance)
    await node.revert({ id: snapshot })
    assert.equal(await node.getBalance({ address: account }), balance)
    await assert.rejects(node.getTransactionReceipt({ hash }))
    await assert.rejects(node.getBlock({ blockHash }))
    assert.equal((await node.getBlock({ blockNumber: before.number })).hash, before.hash)
    assert.equal((await paid()).status, 'success')
    assert.ok((await node.getBlock()).timestamp < before.timestamp + 3600n)
  })

  await check(`${mode}: without automining transactions wait, and one block takes them all`, async () => {
    await node.setAutomine(false)
    try {
      await node.mine({ blocks: 1 })
      const before = await height(node)
      const hashes = [await pay(), await pay(), await pay()]
      await new Promise((resolve) => setTimeout(resolve, 2500))
      assert.equal(await height(node), before)
      for (const hash of hashes) await assert.rejects(node.getTransactionReceipt({ hash }))
      const nonces = ['latest', 'pending'].map((blockTag) => node.getTransactionCount({ address: account, blockTag }))
      const [latest, pending] = await Promise.all(nonces)
      assert.equal(pending, latest + 3)
      await node.mine({ blocks: 1 })
      const receipts = await Promise.all(hashes.map((hash) => node.getTransactionReceipt({ hash })))
      assert.deepEqual(new Set(receipts.map(({ blockNumber }) => blockNumber)), new Set([before + 1n]))
      assert.equal(await height(node), before + 1n)
    } finally {
      await node.setAutomine(true)
    }
    assert.equal((await paid()).status, 'success')
  })
}

const node = client('anvil')
const [account, second] = await node.getAddresses()

await check('anvil: evm_mine takes a time, or many blocks', async () => {
  const { number, timestamp } = await node.getBlock()
  await node.request({ method: 'evm_mine', params: [Number(timestamp) + 40 * DAY] })
  const mined = await node.getBlock()
  assert.equal(mined.timestamp, timestamp + 40n * BigInt(DAY))
  await node.request({ method: 'evm_mine', params: [{ timestamp: null, blocks: 5 }] })
  assert.ok((await height(node)) >= number + 6n)
})

await check('anvil: hardhat_mine leaves intervals between blocks', async () => {
  const before = await node.getBlock()
  await node.request({ method: 'hardhat_mine', params: [numberToHex(10), numberToHex(DAY)] })
  const later = await node.getBlock()
  assert.ok(later.number >= before.number + 10n)
  assert.ok(later.timestamp - before.timestamp >= 9n * BigInt(DAY), `${later.timestamp - before.timestamp} s`)
  const [last, before2] = [later, await node.getBlock({ blockNumber: later.number - 1n })]
  assert.equal(last.timestamp - before2.timestamp, BigInt(DAY))
})

await check('anvil: blocks come by interval, and automining again', async () => {
  await node.setIntervalMining({ interval: 1 })
  try {
    const before = await height(node)
    await new Promise((resolve) => setTimeout(resolve, 3500))
    assert.ok((await height(node)) >= before + 2n)
  } finally {
    await node.setIntervalMining({ interval: 0 })
    await node.setAutomine(true)
  }
  const hash = await node.sendTransaction({ account, to: stranger, value: 1n })
  assert.equal((await node.waitForTransactionReceipt({ hash, timeout: 10_000 })).status, 'success')
})

await check('viem: the pending block has the roots that it is sealed with', async () => {
  await node.setAutomine(false)
  try {
    await node.sendTransaction({ account, to: stranger, value: 1n })
    const open = await node.getBlock({ blockTag: 'pending' })
    await node.mine({ blocks: 1 })
    const sealed = await node.getBlock({ blockNumber: open.number })
    assert.ok(open.transactions.length > 0)
    for (const field of ['stateRoot', 'transactionsRoot', 'receiptsRoot', 'withdrawalsRoot', 'logsBloom', 'gasUsed', 'size', 'transactions']) {
      assert.deepEqual(open[field], sealed[field], field)
    }
  } finally {
    await node.setAutomine(true)
  }
})

await check('anvil: the node tells of its snapshots', async () => {
  const snapshot = await node.snapshot()
  const told = async () => Object.keys((await node.request({ method: 'anvil_metadata' })).snapshots)
  assert.ok((await told()).includes(snapshot))
  await node.revert({ id: snapshot })
  assert.ok(!(await told()).includes(snapshot))
})

await check('ethers: the node signs for its own accounts', async () => {
  const signer = await provider.getSigner(0)
  const receipt = await (await signer.sendTransaction({ to: stranger, value: ether('0.5') })).wait()
  assert.equal(receipt.from, await signer.getAddress())
  assert.equal((await signer.signMessage('data has makers')).length, 132)
})

await check('ethers: the node signs typed data, and its signature is of the account', async () => {
  const signer = await provider.getSigner(1)
  const domain = { name: 'Test', chainId: id }
  const types = { Share: [{ name: 'who', type: 'address' }, { name: 'amount', type: 'uint256' }] }
  const share = { who: stranger, amount: 7n }
  assert.equal(verifyTypedData(domain, types, share, await signer.signTypedData(domain, types, share)), await signer.getAddress())
})

await check('anvil: a transaction that waits is dropped', async () => {
  const nonce = await node.getTransactionCount({ address: second, blockTag: 'pending' })
  const fees = { gas: 21_000n, maxFeePerGas: parseGwei('2'), maxPriorityFeePerGas: 1n }
  const hash = await node.sendTransaction({ account: second, to: stranger, value: 1n, nonce: nonce + 1, ...fees })
  assert.equal((await node.getTransaction({ hash })).blockNumber, null)
  assert.equal(Number((await node.getTxpoolStatus()).queued), 1)
  await node.dropTransaction({ hash })
  await assert.rejects(node.getTransaction({ hash }), /could not be found/)
})

/** Each has its effect, or says in a sentence why it has none here. `effect` gets what the call answered. */
const EFFECTS = {
  setBlockTimestampInterval: [
    () => node.setBlockTimestampInterval({ interval: 100 }),
    async () => {
      await node.mine({ blocks: 1 })
      const { number, timestamp } = await node.getBlock()
      await node.mine({ blocks: 1 })
      assert.equal((await node.getBlock({ blockNumber: number + 1n })).timestamp, timestamp + 100n)
      await node.removeBlockTimestampInterval()
    },
  ],
  dumpState: [() => node.dumpState(), async (state) => assert.match(state, /^0x[0-9a-f]+$/)],
  loadState: [
    async () => node.loadState({ state: await node.dumpState() }),
    async () => assert.ok((await node.getBalance({ address: account })) > 0n),
  ],
  rollback: [
    async () => {
      await node.mine({ blocks: 2 })
      const before = await height(node)
      await node.request({ method: 'anvil_rollback', params: [1] })
      return before
    },
    async (before) => assert.ok((await height(node)) < before),
  ],
  setChainId: [
    () => node.request({ method: 'anvil_setChainId', params: [id] }),
    async () => assert.equal(await node.getChainId(), id),
  ],
  setMinGasPrice: [() => node.setMinGasPrice({ gasPrice: 1n }), async () => {}],
  setLoggingEnabled: [() => node.setLoggingEnabled(true), async () => {}],
  setRpcUrl: [() => node.setRpcUrl('http://127.0.0.1:1'), async () => {}],
  reset: [() => node.request({ method: 'anvil_reset', params: [] }), async () => assert.ok((await height(node)) < 10n)],
}
for (const [name, [call, effect]] of Object.entries(EFFECTS)) {
  await check(`anvil: ${name} has its effect, or says why not`, async () => {
    let answer
    try {
      answer = await call()
    } catch (error) {
      assert.ok(error.details?.length > 20, error)
      assert.ok(!/internal|does not exist|not found/i.test(`${error.shortMessage} ${error.details}`), error)
      return
    }
    await effect(answer)
  })
}

finish()
