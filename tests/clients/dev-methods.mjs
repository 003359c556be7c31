// Development-node methods through viem's test client (in anvil's and in Hardhat's manner) and ethers' JSON-RPC signer, all unmodified.
import assert from 'node:assert/strict'
import { JsonRpcProvider, parseEther as ether, verifyTypedData } from 'ethers'
import { createTestClient, defineChain, http, parseEther, parseGwei, publicActions, walletActions } from 'viem'
import { RPC_URL, check, finish } from './checks.mjs'

const provider = new JsonRpcProvider(RPC_URL, undefined, { cacheTimeout: -1 })
const id = Number((await provider.getNetwork()).chainId)
const chain = defineChain({ id, name: 'Tributary', nativeCurrency: { name: 'OPEN', symbol: 'OPEN', decimals: 18 }, rpcUrls: { default: { http: [RPC_URL] } } })
const client = (mode) => createTestClient({ mode, chain, transport: http(RPC_URL), pollingInterval: 50 }).extend(publicActions).extend(walletActions)
const stranger = '0x00000000000000000000000000000000000be1a7'

for (const mode of ['anvil', 'hardhat']) {
  const node = client(mode)

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
  })

  await check(`${mode}: an impersonated account sends without a key, a contract's too`, async () => {
    await node.impersonateAccount({ address: stranger })
    const hash = await node.sendTransaction({ account: stranger, to: '0x000000000000000000000000000000000000dEaD', value: 1n })
    const receipt = await node.waitForTransactionReceipt({ hash })
    assert.equal(receipt.status, 'success')
    assert.equal(receipt.from, stranger)
    await node.stopImpersonatingAccount({ address: stranger })
    await assert.rejects(node.sendTransaction({ account: stranger, to: stranger, value: 1n }), /unknown account/)
  })

  await check(`${mode}: blocks on demand, and time as users say`, async () => {
    const before = await node.getBlock()
    await node.mine({ blocks: 3 })
    assert.ok((await node.getBlockNumber({ cacheTime: 0 })) >= before.number + 3n)
    await node.increaseTime({ seconds: 120 })
    await node.mine({ blocks: 1 })
    const later = await node.getBlock()
    assert.ok(later.timestamp >= before.timestamp + 120n)
    await node.setNextBlockTimestamp({ timestamp: later.timestamp + 60n })
    await node.mine({ blocks: 1 })
    assert.ok((await node.getBlock()).timestamp >= later.timestamp + 60n)
  })

  await check(`${mode}: a snapshot takes back what came after it`, async () => {
    const [account] = await node.getAddresses()
    const balance = await node.getBalance({ address: account })
    const snapshot = await node.snapshot()
    const hash = await node.sendTransaction({ account, to: stranger, value: parseEther('1') })
    await node.waitForTransactionReceipt({ hash })
    assert.ok((await node.getBalance({ address: account })) < balance)
    await node.revert({ id: snapshot })
    assert.equal(await node.getBalance({ address: account }), balance)
    await assert.rejects(node.getTransactionReceipt({ hash }))
  })
}

await check('anvil: without automining a block comes only when it is asked for', async () => {
  const node = client('anvil')
  await node.setAutomine(false)
  assert.equal(await node.getAutomine(), false)
  await node.mine({ blocks: 1 })
  const before = await node.getBlockNumber({ cacheTime: 0 })
  await new Promise((resolve) => setTimeout(resolve, 2500))
  assert.equal(await node.getBlockNumber({ cacheTime: 0 }), before)
  await node.mine({ blocks: 1 })
  assert.equal(await node.getBlockNumber({ cacheTime: 0 }), before + 1n)
  await node.setAutomine(true)
})

await check('viem: the pending block has the roots that it is sealed with', async () => {
  const node = client('anvil')
  await node.setAutomine(false)
  const [account] = await node.getAddresses()
  await node.sendTransaction({ account, to: stranger, value: 1n })
  const open = await node.getBlock({ blockTag: 'pending' })
  await node.mine({ blocks: 1 })
  const sealed = await node.getBlock({ blockNumber: open.number })
  await node.setAutomine(true)
  assert.ok(open.transactions.length > 1)
  for (const field of ['stateRoot', 'transactionsRoot', 'receiptsRoot', 'withdrawalsRoot', 'logsBloom', 'gasUsed', 'size', 'transactions']) {
    assert.deepEqual(open[field], sealed[field], field)
  }
})

await check('anvil: the node tells of its snapshots', async () => {
  const node = client('anvil')
  const snapshot = await node.snapshot()
  const told = async () => Object.keys((await node.request({ method: 'anvil_metadata' })).snapshots)
  assert.ok((await told()).includes(snapshot))
  await node.revert({ id: snapshot })
  assert.ok(!(await told()).includes(snapshot))
})

await check('ethers: the node signs for its own accounts', async () => {
  const signer = await provider.getSigner(0)
  const sent = await signer.sendTransaction({ to: stranger, value: ether('0.5') })
  const receipt = await sent.wait()
  assert.equal(receipt.from, await signer.getAddress())
  const signature = await signer.signMessage('data has makers')
  assert.equal(signature.length, 132)
})

await check('ethers: the node signs typed data, and its signature is of the account', async () => {
  const signer = await provider.getSigner(1)
  const domain = { name: 'Tributary', chainId: id }
  const types = { Share: [{ name: 'who', type: 'address' }, { name: 'amount', type: 'uint256' }] }
  const share = { who: stranger, amount: 7n }
  assert.equal(verifyTypedData(domain, types, share, await signer.signTypedData(domain, types, share)), await signer.getAddress())
})

await check('ethers: what a receipt tells before the seal can be read at its block', async () => {
  const signer = await provider.getSigner(1)
  const before = await provider.getBalance(stranger)
  const { blockNumber } = await (await signer.sendTransaction({ to: stranger, value: 1n })).wait()
  assert.equal(await provider.getBalance(stranger, blockNumber), before + 1n)
})

await check('anvil: a transaction that waits is dropped', async () => {
  const node = client('anvil')
  const [account] = await node.getAddresses()
  const nonce = await node.getTransactionCount({ address: account, blockTag: 'pending' })
  const fees = { gas: 21_000n, maxFeePerGas: parseGwei('1'), maxPriorityFeePerGas: 1n }
  const hash = await node.sendTransaction({ account, to: stranger, value: 1n, nonce: nonce + 1, ...fees })
  assert.equal((await node.getTransaction({ hash })).blockNumber, null)
  await node.dropTransaction({ hash })
  await assert.rejects(node.getTransaction({ hash }), /could not be found/)
})

finish()
