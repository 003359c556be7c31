// ethers, as it comes, against any Ethereum JSON-RPC node with the development accounts: `node ethers.mjs [URL]`.
//
// ethers keeps answers for a quarter of a second, which is longer than a development node takes: who signs at home counts nonces (as
// `Wallet` with a nonce of its own, or `NonceManager`), and asks for a balance at a block. Nothing here turns that off.
import assert from 'node:assert/strict'
import {
  BrowserProvider,
  Contract,
  ContractFactory,
  HDNodeWallet,
  JsonRpcProvider,
  NonceManager,
  WebSocketProvider,
  Wallet,
  isError,
  parseEther,
  verifyMessage,
} from 'ethers'
import { MNEMONIC, RPC_URL, WS_URL, artifact, check, checkWithRestart, finish, soon, thrown, until } from './checks.mjs'
import { checkTruth } from './truth.mjs'

const { abi, bytecode } = artifact('Token')
const SUPPLY = 1_000_000n

const provider = new JsonRpcProvider(RPC_URL)
const socket = new WebSocketProvider(WS_URL)
// The node signs for its accounts.
const signer = await provider.getSigner(3)
const friend = (await provider.getSigner(4)).address
const someone = () => Wallet.createRandom().address

const token = await check('ethers deploys a contract', async () => {
  const contract = await new ContractFactory(abi, bytecode, signer).deploy(SUPPLY)
  await contract.waitForDeployment()
  assert.ok((await provider.getCode(await contract.getAddress())).length > 100)
  return contract
})
const address = await token.getAddress()

await check('ethers calls a contract', async () => {
  assert.equal(await token.symbol(), 'TEST')
  assert.equal(await token.balanceOf(signer.address), SUPPLY)
})

const sent = await check('ethers sends a transaction and waits for it', async () => {
  assert.equal(await token.transfer.staticCall(friend, 7n), true)
  const receipt = await (await token.transfer(friend, 7n)).wait()
  assert.equal(receipt.status, 1)
  assert.equal(await token.balanceOf(friend, { blockTag: receipt.blockNumber }), 7n)
  return receipt
})
await checkTruth('ethers', (method, params) => provider.send(method, params), sent?.hash)

await check("ethers gets a receipt's block, its transaction and its confirmations", async () => {
  const block = await sent.getBlock()
  assert.deepEqual([block.hash, block.number], [sent.blockHash, sent.blockNumber])
  const [byHash, byNumber] = [await provider.getBlock(sent.blockHash, true), await provider.getBlock(sent.blockNumber, true)]
  assert.deepEqual(byHash.toJSON(), byNumber.toJSON())
  const inside = byHash.prefetchedTransactions[sent.index]
  const own = await sent.getTransaction()
  assert.deepEqual([own.hash, own.blockHash, own.index, own.blockNumber], [inside.hash, sent.blockHash, sent.index, sent.blockNumber])
  assert.deepEqual((await own.getBlock()).hash, sent.blockHash)
  assert.ok((await sent.confirmations()) >= 1 && (await own.isMined()))
})

await check('ethers reads the state before a block and at it', async () => {
  const [before, at] = [sent.blockNumber - 1, sent.blockNumber]
  assert.deepEqual([await token.balanceOf(friend, { blockTag: before }), await token.balanceOf(friend, { blockTag: at })], [0n, 7n])
  assert.equal(await provider.getTransactionCount(signer.address, at), (await provider.getTransactionCount(signer.address, before)) + 1)
  const paid = (await provider.getBalance(signer.address, before)) - (await provider.getBalance(signer.address, at))
  assert.ok(paid >= sent.fee, `${paid}`)
})

await check('ethers reads logs by block hash, by range, by argument and from the receipt', async () => {
  const [inside] = sent.logs.map((log) => token.interface.parseLog(log))
  assert.deepEqual([...inside.args], [signer.address, friend, 7n])
  const all = await token.queryFilter('Transfer', 0)
  assert.deepEqual(
    all.map((log) => log.args.value),
    [SUPPLY, 7n],
  )
  const toFriend = await token.queryFilter(token.filters.Transfer(null, friend), sent.blockNumber, sent.blockNumber)
  const plain = await provider.getLogs({ address, blockHash: sent.blockHash })
  for (const logs of [toFriend, plain]) {
    assert.deepEqual(
      logs.map((log) => [log.transactionHash, log.blockHash, log.index]),
      [[sent.hash, sent.blockHash, sent.logs[0].index]],
    )
  }
  assert.equal((await toFriend[0].getBlock()).hash, sent.blockHash)
  assert.equal((await toFriend[0].getTransactionReceipt()).hash, sent?.hash)
})

await check('ethers knows fees', async () => {
  const fees = await provider.getFeeData()
  assert.ok(fees.maxFeePerGas > 0n && fees.gasPrice > 0n)
  assert.equal(await signer.estimateGas({ to: friend, value: 1n }), 21_000n)
})

await check('ethers hears of blocks, events and its transaction by polling', async () => {
  const polling = new JsonRpcProvider(RPC_URL, undefined, { polling: true, pollingInterval: 100 })
  const listening = token.connect(polling)
  const [blocks, events] = [[], []]
  await polling.on('block', (number) => blocks.push(number))
  await listening.on('Transfer', (from, to, value, { log }) => events.push([value, log.transactionHash]))
  await new Promise((resolve) => setTimeout(resolve, 500))
  const { hash } = await token.transfer(friend, 3n)
  const mined = await soon(new Promise((resolve) => polling.once(hash, resolve)))
  await until(() => events.length > 0 && blocks.includes(mined.blockNumber))
  assert.deepEqual(events, [[3n, hash]])
  polling.destroy()
})

await check('ethers hears of blocks and events by filters', async () => {
  // What ethers does when it is not told to poll: eth_newFilter, eth_newBlockFilter.
  const filtering = new JsonRpcProvider(RPC_URL, undefined, { pollingInterval: 100 })
  const events = []
  await token.connect(filtering).on('Transfer', (from, to, value, { log }) => events.push([value, log.transactionHash]))
  await new Promise((resolve) => setTimeout(resolve, 500))
  const { hash } = await token.transfer(friend, 4n)
  await until(() => events.length > 0)
  assert.deepEqual(events, [[4n, hash]])
  filtering.destroy()
})

await check('ethers sees the blocks of its transactions over WebSocket, one number after the other', async () => {
  const numbers = []
  await socket.on('block', (number) => numbers.push(number))
  await socket.send('eth_blockNumber', [])
  let last
  for (let i = 0; i < 3; i += 1) last = await (await token.transfer(friend, 1n)).wait()
  await until(() => numbers.includes(last.blockNumber))
  await socket.off('block')
  assert.deepEqual(
    numbers,
    numbers.map((_, index) => numbers[0] + index),
  )
})

await check('ethers sees a log over WebSocket, as the receipt has it', async () => {
  const listening = new Contract(address, abi, socket)
  const seen = new Promise((resolve) => listening.on('Transfer', (from, to, value, { log }) => resolve({ to, value, log })))
  // The subscription is a message on the same socket; an answer to a later one says that it arrived.
  await listening.listenerCount('Transfer')
  await socket.send('eth_blockNumber', [])
  const receipt = await (await token.transfer(friend, 2n)).wait()
  const { to, value, log } = await soon(seen)
  assert.deepEqual([to, value, log.transactionHash, log.blockHash, log.index], [friend, 2n, receipt.hash, receipt.blockHash, receipt.logs[0].index])
  await listening.removeAllListeners()
})

await check('ethers sees pending transactions over WebSocket', async () => {
  const seen = []
  await socket.on('pending', (hash) => seen.push(hash))
  await socket.send('eth_blockNumber', [])
  const { hash } = await signer.sendTransaction({ to: friend, value: 1n })
  await until(() => seen.includes(hash))
  await socket.off('pending')
})

await check('ethers names the custom error of a revert, with its arguments', async () => {
  const error = await thrown(() => token.transfer.staticCall(friend, SUPPLY * 2n))
  assert.equal(error.revert.name, 'ERC20InsufficientBalance')
  assert.deepEqual([error.revert.args[0], error.revert.args[2]], [signer.address, SUPPLY * 2n])
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
  assert.equal((await error.receipt.getBlock()).hash, error.receipt.blockHash)
})

await check('ethers lets the node sign transactions of every type', async () => {
  const accessList = [{ address, storageKeys: [] }]
  const { gasPrice } = await provider.getFeeData()
  for (const [type, extra] of [
    [0, { gasPrice }],
    [1, { gasPrice, accessList }],
    [2, {}],
  ]) {
    const receipt = await (await signer.sendTransaction({ to: friend, value: 1n, type, ...extra })).wait()
    assert.deepEqual([receipt.status, receipt.type], [1, type])
  }
})

await check('ethers delegates an account to code (EIP-7702)', async () => {
  const home = HDNodeWallet.fromPhrase(MNEMONIC, undefined, "m/44'/60'/0'/0/4").connect(provider)
  const delegator = Wallet.createRandom().connect(provider)
  const authorization = await delegator.authorize({ address, nonce: 0 })
  const receipt = await (await home.sendTransaction({ type: 4, to: delegator.address, data: '0x95d89b41', authorizationList: [authorization] })).wait()
  assert.deepEqual([receipt.status, receipt.type], [1, 4])
  assert.equal(await provider.getCode(delegator.address), `0xef0100${address.slice(2).toLowerCase()}`)
})

await check("ethers' wallets sign for themselves", async () => {
  const wallet = Wallet.createRandom().connect(provider)
  await (await signer.sendTransaction({ to: wallet.address, value: parseEther('1') })).wait()
  const receipt = await (await wallet.sendTransaction({ to: friend, value: parseEther('0.5') })).wait()
  assert.deepEqual([receipt.from, receipt.status], [wallet.address, 1])
  assert.ok((await provider.getBalance(wallet.address, receipt.blockNumber)) <= parseEther('0.5') - receipt.fee)
  assert.equal(verifyMessage('hello', await signer.signMessage('hello')), signer.address)
})

await check('ethers sends one transaction after the other without waiting', async () => {
  const to = someone()
  const responses = []
  for (let i = 0; i < 20; i += 1) responses.push(await signer.sendTransaction({ to, value: 1n }))
  const receipts = await Promise.all(responses.map((response) => response.wait()))
  assert.deepEqual(
    responses.map(({ nonce }) => nonce),
    responses.map((_, index) => responses[0].nonce + index),
  )
  assert.equal(await provider.getBalance(to, receipts.at(-1).blockNumber), 20n)
})

await check('ethers sends one transaction after the other and waits for each', async () => {
  const to = someone()
  for (let i = 1n; i <= 20n; i += 1n) {
    const { blockNumber, blockHash } = await (await signer.sendTransaction({ to, value: 1n })).wait()
    assert.deepEqual([await provider.getBalance(to, blockNumber - 1), await provider.getBalance(to, blockNumber)], [i - 1n, i])
    assert.equal((await provider.getBlock(blockHash)).number, blockNumber)
  }
})

await check('ethers sends 200 transactions at once with its nonce manager', async () => {
  const crowd = Wallet.createRandom().connect(provider)
  await (await signer.sendTransaction({ to: crowd.address, value: parseEther('1') })).wait()
  const [manager, to] = [new NonceManager(crowd), someone()]
  const responses = await Promise.all(Array.from({ length: 200 }, () => manager.sendTransaction({ to, value: 1n })))
  const receipts = await Promise.all(responses.map((response) => response.wait()))
  assert.deepEqual(new Set(receipts.map((receipt) => receipt.status)), new Set([1]))
  assert.deepEqual(new Set(responses.map(({ nonce }) => nonce)), new Set(Array.from({ length: 200 }, (_, nonce) => nonce)))
  const last = Math.max(...receipts.map(({ blockNumber }) => blockNumber))
  assert.deepEqual([await provider.getTransactionCount(crowd.address, last), await provider.getBalance(to, last)], [200, 200n])
  for (const receipt of receipts.filter((_, index) => index % 20 === 0)) assert.equal((await receipt.getBlock()).hash, receipt.blockHash)
})

await check('ethers over EIP-1193 (BrowserProvider) asks for accounts, signs and sends', async () => {
  const eip1193 = { request: ({ method, params = [] }) => provider.send(method === 'eth_requestAccounts' ? 'eth_accounts' : method, params) }
  const browser = new BrowserProvider(eip1193)
  const own = await browser.getSigner(friend)
  const receipt = await (await own.sendTransaction({ to: signer.address, value: 1n })).wait()
  assert.equal((await receipt.getBlock()).number, receipt.blockNumber)
  assert.equal(verifyMessage('hello', await own.signMessage('hello')), friend)
})

await check('ethers simulates a block of calls that build on each other', async () => {
  const call = (name, ...args) => ({ from: signer.address, to: address, input: token.interface.encodeFunctionData(name, args) })
  const calls = [call('transfer', friend, 5n), call('balanceOf', friend), call('transfer', friend, SUPPLY * 2n)]
  const held = await token.balanceOf(friend)
  const [block] = await provider.send('eth_simulateV1', [{ blockStateCalls: [{ calls }] }, 'latest'])
  assert.deepEqual(
    block.calls.map(({ status }) => status),
    ['0x1', '0x1', '0x0'],
  )
  assert.equal(BigInt(block.calls[1].returnData), held + 5n)
})

await check('ethers traces a transaction', async () => {
  const trace = await provider.send('debug_traceTransaction', [sent.hash, { tracer: 'callTracer', tracerConfig: { withLog: true } }])
  assert.deepEqual([trace.type, BigInt(trace.gasUsed), trace.logs.length], ['CALL', sent.gasUsed, 1])
  assert.deepEqual([...token.interface.parseTransaction({ data: trace.input }).args], [friend, 7n])
})

await checkWithRestart('ethers goes on after a restart of the node, and misses no event', async (restart) => {
  // ethers polls eth_getLogs with this option. Without it, it polls a filter, which no node has any more after a restart.
  const polling = new JsonRpcProvider(RPC_URL, undefined, { polling: true, pollingInterval: 100 })
  const [blocks, seen] = [[], []]
  const watched = new Contract(address, abi, polling)
  await polling.on('block', (number) => blocks.push(number))
  await watched.on('Transfer', (from, to, value, { log }) => seen.push(log.transactionHash))
  await new Promise((resolve) => setTimeout(resolve, 500))
  const acknowledged = await (await token.transfer(friend, 3n)).wait()
  await until(() => seen.includes(acknowledged.hash))
  const receipt = async () => (await provider.getTransactionReceipt(acknowledged.hash)).toJSON()
  const before = await receipt()
  await restart()
  assert.deepEqual(await receipt(), before)
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
  const heard = new Promise((resolve) => next.once('block', resolve))
  await next.send('eth_blockNumber', [])
  await token.transfer(friend, 5n)
  await soon(heard)
  await next.destroy()
})

finish()
