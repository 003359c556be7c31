// ethers against any Ethereum JSON-RPC node with the development accounts: `node ethers.mjs [URL]`.
import assert from 'node:assert/strict'
import {
  Contract,
  ContractFactory,
  HDNodeWallet,
  JsonRpcProvider,
  NonceManager,
  WebSocketProvider,
  Wallet,
  ZeroAddress,
  isError,
  parseEther,
} from 'ethers'
import { MNEMONIC, RPC_URL, WS_URL, artifact, check, checkWithRestart, finish, sealed, soon, thrown, until } from './checks.mjs'

const { abi, bytecode } = artifact('OpenToken')
const SUPPLY = 1_000_000n
const wallet = (index) => HDNodeWallet.fromPhrase(MNEMONIC, undefined, `m/44'/60'/0'/0/${index}`)

// No cache: checks that follow each other within a quarter of a second must not see each other's answers.
const provider = new JsonRpcProvider(RPC_URL, undefined, { cacheTimeout: -1, pollingInterval: 100 })
const socket = new WebSocketProvider(WS_URL, undefined, { cacheTimeout: -1 })
const signer = wallet(3).connect(provider)
const friend = wallet(4).address

const token = await check('ethers deploys a contract', async () => {
  const contract = await new ContractFactory(abi, bytecode, signer).deploy(signer.address, SUPPLY)
  await contract.waitForDeployment()
  assert.ok((await provider.getCode(await contract.getAddress())).length > 100)
  return contract
})

await check('ethers calls a contract', async () => {
  assert.equal(await token.symbol(), 'OPEN')
  assert.equal(await token.balanceOf(signer.address), SUPPLY)
})

const sent = await check('ethers sends a transaction', async () => {
  assert.equal(await token.transfer.staticCall(friend, 7n), true)
  const receipt = await (await token.transfer(friend, 7n)).wait()
  assert.equal(receipt.status, 1)
  assert.equal(await token.balanceOf(friend), 7n)
  await sealed(receipt.blockNumber, () => provider.getBlockNumber())
  return receipt
})

await check('ethers reads logs by block range and by argument', async () => {
  const all = await token.queryFilter('Transfer', 0)
  assert.deepEqual(
    all.map((log) => log.args.value),
    [SUPPLY, 7n],
  )
  const toFriend = await token.queryFilter(token.filters.Transfer(null, friend), sent.blockNumber, sent.blockNumber)
  assert.deepEqual(
    toFriend.map((log) => log.transactionHash),
    [sent.hash],
  )
})

await check('ethers sees new heads over WebSocket, one number after the other', async () => {
  const numbers = []
  await soon(
    new Promise((resolve) => {
      socket.on('block', (number) => {
        if (numbers.push(number) === 3) resolve()
      })
    }),
  )
  await socket.off('block')
  assert.deepEqual(numbers, [numbers[0], numbers[0] + 1, numbers[0] + 2])
})

await check('ethers sees a log over WebSocket', async () => {
  const listening = new Contract(await token.getAddress(), abi, socket)
  const seen = new Promise((resolve) =>
    listening.on('Transfer', (from, to, value, event) => resolve({ to, value, hash: event.log.transactionHash })),
  )
  // The subscription is a message on the same socket; an answer to a later one says that it arrived.
  await listening.listenerCount('Transfer')
  await socket.send('eth_blockNumber', [])
  const { hash } = await token.transfer(friend, 2n)
  assert.deepEqual(await soon(seen), { to: friend, value: 2n, hash })
  await listening.removeAllListeners()
})

await check('ethers names the custom error of a revert, with its arguments', async () => {
  const error = await thrown(() => token.transfer.staticCall(friend, SUPPLY * 2n))
  assert.equal(error.revert.name, 'ERC20InsufficientBalance')
  assert.deepEqual([...error.revert.args], [signer.address, SUPPLY - 9n, SUPPLY * 2n])
})

await check('ethers names the custom error when estimating gas', async () => {
  const error = await thrown(() => token.transfer.estimateGas(friend, SUPPLY * 2n))
  assert.equal(token.interface.parseError(error.data).name, 'ERC20InsufficientBalance')
})

await check('ethers throws for a transaction that reverted', async () => {
  const response = await token.transfer(friend, SUPPLY * 2n, { gasLimit: 100_000n })
  const error = await thrown(() => response.wait())
  assert.ok(isError(error, 'CALL_EXCEPTION'), error.message)
  assert.equal(error.receipt.status, 0)
})

await check('ethers knows the error for insufficient funds', async () => {
  const poor = Wallet.createRandom().connect(provider)
  const error = await thrown(() => poor.sendTransaction({ to: friend, value: parseEther('1'), gasLimit: 21_000n }))
  assert.ok(isError(error, 'INSUFFICIENT_FUNDS'), error.message)
})

await check('ethers knows the error for a nonce that is too low', async () => {
  const error = await thrown(() => signer.sendTransaction({ to: friend, value: 1n, nonce: 0, gasLimit: 21_000n }))
  assert.ok(isError(error, 'NONCE_EXPIRED'), error.message)
})

await check('ethers reads a block with its transactions', async () => {
  const block = await provider.getBlock(sent.blockNumber, true)
  assert.ok(block.prefetchedTransactions.some((transaction) => transaction.hash === sent.hash))
  assert.equal((await provider.getBlock(block.hash)).number, sent.blockNumber)
})

await check('ethers simulates a block of calls that build on each other', async () => {
  const address = await token.getAddress()
  const call = (name, ...args) => ({ from: signer.address, to: address, input: token.interface.encodeFunctionData(name, args) })
  const calls = [call('transfer', friend, 5n), call('balanceOf', friend), call('transfer', friend, SUPPLY * 2n)]
  const held = await token.balanceOf(friend)
  const [block] = await provider.send('eth_simulateV1', [{ blockStateCalls: [{ calls }] }, 'latest'])
  assert.deepEqual(
    block.calls.map(({ status }) => status),
    ['0x1', '0x1', '0x0'],
  )
  assert.equal(BigInt(block.calls[1].returnData), held + 5n)
  assert.equal(token.interface.parseError(block.calls[2].error.data).name, 'ERC20InsufficientBalance')
})

await check('ethers traces a transaction', async () => {
  const trace = await provider.send('debug_traceTransaction', [sent.hash, { tracer: 'callTracer', tracerConfig: { withLog: true } }])
  assert.deepEqual([trace.type, BigInt(trace.gasUsed), trace.logs.length], ['CALL', sent.gasUsed, 1])
  assert.deepEqual([...token.interface.parseTransaction({ data: trace.input }).args], [friend, 7n])
})

await check('ethers sends 200 transactions at once with its nonce manager', async () => {
  const crowd = Wallet.createRandom().connect(provider)
  await (await signer.sendTransaction({ to: crowd.address, value: parseEther('1') })).wait()
  const manager = new NonceManager(crowd)
  const responses = await Promise.all(Array.from({ length: 200 }, () => manager.sendTransaction({ to: ZeroAddress, value: 1n })))
  const receipts = await Promise.all(responses.map((response) => response.wait()))
  assert.deepEqual(new Set(receipts.map((receipt) => receipt.status)), new Set([1]))
  assert.deepEqual(new Set(responses.map(({ nonce }) => nonce)), new Set(Array.from({ length: 200 }, (_, nonce) => nonce)))
  assert.equal(await provider.getTransactionCount(crowd.address), 200)
})

await checkWithRestart('ethers goes on after a restart of the node, and misses no event', async (restart) => {
  // ethers polls eth_getLogs with this option. Without it, it polls a filter, which no node has any more after a restart.
  const polling = new JsonRpcProvider(RPC_URL, undefined, { polling: true, cacheTimeout: -1, pollingInterval: 100 })
  const [blocks, seen] = [[], []]
  const watched = new Contract(await token.getAddress(), abi, polling)
  await polling.on('block', (number) => blocks.push(number))
  await watched.on('Transfer', (from, to, value, event) => seen.push(event.log.transactionHash))
  await until(() => blocks.length > 1)
  const held = await token.balanceOf(friend)
  const acknowledged = await (await token.transfer(friend, 3n)).wait()
  await restart()
  assert.equal((await provider.getTransactionReceipt(acknowledged.hash)).status, 1)
  assert.equal(await token.balanceOf(friend), held + 3n)
  const after = await (await token.transfer(friend, 4n)).wait()
  await until(() => seen.includes(after.hash))
  assert.deepEqual(seen, [acknowledged.hash, after.hash])
  assert.deepEqual(
    blocks,
    blocks.map((_, index) => blocks[0] + index),
  )
  polling.destroy()
  // A WebSocketProvider ends with its socket; the next one is as good.
  const next = new WebSocketProvider(WS_URL)
  await soon(new Promise((resolve) => next.once('block', resolve)))
  await next.destroy()
})

finish()
