// viem, as it comes, against any Ethereum JSON-RPC node with the development accounts: `node viem.mjs [URL]`.
import assert from 'node:assert/strict'
import {
  createPublicClient,
  createWalletClient,
  defineChain,
  encodeFunctionData,
  http,
  nonceManager,
  parseEther,
  parseEventLogs,
  webSocket,
  zeroAddress,
} from 'viem'
import { generatePrivateKey, mnemonicToAccount, privateKeyToAccount } from 'viem/accounts'
import { MNEMONIC, RPC_URL, WS_URL, artifact, check, checkWithRestart, finish, soon, until } from './checks.mjs'
import { checkTruth } from './truth.mjs'

const { abi, bytecode } = artifact('Token')
const account = mnemonicToAccount(MNEMONIC, { addressIndex: 1 })
const friend = mnemonicToAccount(MNEMONIC, { addressIndex: 2 })
const SUPPLY = 1_000_000n

const id = await createPublicClient({ transport: http(RPC_URL) }).getChainId()
const chain = defineChain({
  id,
  name: 'under test',
  nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
  rpcUrls: { default: { http: [RPC_URL], webSocket: [WS_URL] } },
})
const client = createPublicClient({ chain, transport: http() })
const wallet = createWalletClient({ chain, transport: http(), account })
const socket = createPublicClient({ chain, transport: webSocket() })
const receiptOf = (hash) => client.waitForTransactionReceipt({ hash })
const random = () => privateKeyToAccount(generatePrivateKey())

const token = await check('viem deploys a contract, and its code is there', async () => {
  const receipt = await receiptOf(await wallet.deployContract({ abi, bytecode, args: [SUPPLY] }))
  assert.equal(receipt.status, 'success')
  assert.ok((await client.getCode({ address: receipt.contractAddress })).length > 100)
  assert.equal(await client.getCode({ address: receipt.contractAddress, blockNumber: receipt.blockNumber - 1n }), undefined)
  return { address: receipt.contractAddress, abi }
})
const balanceOf = (holder, options = {}) => client.readContract({ ...token, functionName: 'balanceOf', args: [holder], ...options })
const transfer = (amount, options = {}) => wallet.writeContract({ ...token, functionName: 'transfer', args: [friend.address, amount], ...options })

await check('viem calls a contract', async () => {
  assert.equal(await client.readContract({ ...token, functionName: 'symbol' }), 'TEST')
  assert.equal(await balanceOf(account.address), SUPPLY)
})

const sent = await check('viem sends a transaction that it simulated', async () => {
  const { request, result } = await client.simulateContract({ ...token, functionName: 'transfer', args: [friend.address, 7n], account })
  assert.equal(result, true)
  const receipt = await receiptOf(await wallet.writeContract(request))
  assert.equal(receipt.status, 'success')
  assert.equal(await balanceOf(friend.address), 7n)
  return receipt
})
await checkTruth('viem', (method, params) => client.request({ method, params }), sent?.transactionHash)

await check("viem gets the receipt's block by hash and by number", async () => {
  const byHash = await client.getBlock({ blockHash: sent.blockHash, includeTransactions: true })
  assert.deepEqual(byHash, await client.getBlock({ blockNumber: sent.blockNumber, includeTransactions: true }))
  const inside = byHash.transactions[sent.transactionIndex]
  assert.deepEqual(inside, await client.getTransaction({ hash: sent.transactionHash }))
  assert.deepEqual(inside, await client.getTransaction({ blockHash: sent.blockHash, index: sent.transactionIndex }))
  assert.deepEqual(await client.getTransactionReceipt({ hash: sent.transactionHash }), sent)
  assert.ok((await client.getTransactionConfirmations({ hash: sent.transactionHash })) >= 1n)
})

await check('viem reads the state before a block and at it', async () => {
  const [before, at] = [sent.blockNumber - 1n, sent.blockNumber]
  assert.deepEqual([await balanceOf(friend.address, { blockNumber: before }), await balanceOf(friend.address, { blockNumber: at })], [0n, 7n])
  const nonce = (blockNumber) => client.getTransactionCount({ address: account.address, blockNumber })
  assert.equal(await nonce(at), (await nonce(before)) + 1)
  const { value } = (await client.getProof({ ...token, storageKeys: [`0x${'0'.repeat(64)}`], blockNumber: at })).storageProof[0]
  assert.equal(value, 0n)
})

await check('viem reads logs by block hash, by range, by argument and from the receipt', async () => {
  const [inReceipt] = parseEventLogs({ abi, logs: sent.logs, eventName: 'Transfer' })
  assert.deepEqual(inReceipt.args, { from: account.address, to: friend.address, value: 7n })
  const events = { ...token, eventName: 'Transfer' }
  const all = await client.getContractEvents({ ...events, fromBlock: 0n })
  assert.deepEqual(
    all.map((log) => log.args.value),
    [SUPPLY, 7n],
  )
  const found = [
    await client.getContractEvents({ ...events, fromBlock: 0n, args: { to: friend.address } }),
    await client.getContractEvents({ ...events, fromBlock: sent.blockNumber, toBlock: sent.blockNumber }),
    await client.getContractEvents({ ...events, blockHash: sent.blockHash }),
  ]
  for (const logs of found) assert.deepEqual([logs.length, logs[0].transactionHash, logs[0].blockHash], [1, sent.transactionHash, sent.blockHash])
})

await check('viem polls filters of logs, blocks and pending transactions', async () => {
  const logs = await client.createContractEventFilter({ ...token, eventName: 'Transfer' })
  const blocks = await client.createBlockFilter()
  const receipt = await receiptOf(await transfer(1n))
  const changes = await client.getFilterChanges({ filter: logs })
  assert.deepEqual(
    changes.map((log) => [log.transactionHash, log.blockHash]),
    [[receipt.transactionHash, receipt.blockHash]],
  )
  assert.ok((await client.getFilterChanges({ filter: blocks })).includes(receipt.blockHash))
  assert.deepEqual(await client.getFilterChanges({ filter: logs }), [])
  for (const filter of [logs, blocks]) assert.equal(await client.uninstallFilter({ filter }), true)
})

await check('viem sees the blocks of its transactions over WebSocket, each the child of the one before', async () => {
  const heads = []
  const stop = socket.watchBlocks({ onBlock: (block) => heads.push(block), onError: () => {} })
  await socket.getBlockNumber({ cacheTime: 0 })
  const receipts = []
  for (let i = 0; i < 3; i += 1) receipts.push(await receiptOf(await transfer(1n)))
  await until(() => receipts.every(({ blockHash }) => heads.some(({ hash }) => hash === blockHash)))
  stop()
  // viem asks for the block of each head, and answers may overtake each other.
  heads.sort((a, b) => Number(a.number - b.number))
  for (const [index, head] of heads.entries()) if (index > 0) assert.equal(head.parentHash, heads[index - 1].hash)
  for (const { blockHash } of receipts) assert.ok(heads.some(({ hash }) => hash === blockHash))
})

await check('viem sees a log over WebSocket, as the receipt has it', async () => {
  let stop
  const seen = new Promise((resolve, reject) => {
    stop = socket.watchContractEvent({ ...token, eventName: 'Transfer', onLogs: resolve, onError: reject })
  })
  // The subscription is a message on the same socket; an answer to a later one says that it arrived.
  await socket.getBlockNumber({ cacheTime: 0 })
  const receipt = await receiptOf(await transfer(2n))
  const [log] = await soon(seen)
  stop()
  assert.deepEqual([log.transactionHash, log.args.value, log.blockHash, log.logIndex], [receipt.transactionHash, 2n, receipt.blockHash, receipt.logs[0].logIndex])
})

await check('viem watches events by polling', async () => {
  const seen = []
  const stop = client.watchContractEvent({ ...token, eventName: 'Transfer', onLogs: (logs) => seen.push(...logs), poll: true, pollingInterval: 100 })
  // The filter is made at the first poll.
  await new Promise((resolve) => setTimeout(resolve, 500))
  const { transactionHash } = await receiptOf(await transfer(1n))
  await until(() => seen.some((log) => log.transactionHash === transactionHash))
  stop()
})

await check('viem sends one transaction after the other without waiting', async () => {
  const to = random().address
  const hashes = []
  for (let i = 0; i < 20; i += 1) hashes.push(await wallet.sendTransaction({ to, value: 1n }))
  const receipts = await Promise.all(hashes.map(receiptOf))
  const places = receipts.map(({ blockNumber, transactionIndex }) => [Number(blockNumber), transactionIndex])
  assert.deepEqual(
    places,
    places.toSorted(([a, b], [c, d]) => a - c || b - d),
  )
  assert.equal(await client.getBalance({ address: to }), 20n)
})

await check('viem sends one transaction after the other and waits for each', async () => {
  const to = random().address
  for (let i = 1n; i <= 20n; i += 1n) {
    const { blockNumber } = await receiptOf(await wallet.sendTransaction({ to, value: 1n }))
    assert.equal(await client.getBalance({ address: to, blockNumber }), i)
    assert.equal(await client.getBalance({ address: to, blockNumber: blockNumber - 1n }), i - 1n)
    assert.equal(await client.getBalance({ address: to }), i)
  }
})

await check('viem sends and gets the receipt in one request (EIP-7966)', async () => {
  const receipt = await wallet.sendTransactionSync({ to: friend.address, value: 3n })
  assert.equal(receipt.status, 'success')
  assert.deepEqual([receipt.from, receipt.to], [account.address.toLowerCase(), friend.address.toLowerCase()])
  assert.equal((await client.getBlock({ blockHash: receipt.blockHash })).number, receipt.blockNumber)
})

await check('viem sends legacy, access list and EIP-1559 transactions', async () => {
  for (const [type, extra] of [
    ['legacy', {}],
    ['eip2930', { accessList: [{ address: token.address, storageKeys: [] }] }],
    ['eip1559', {}],
  ]) {
    const receipt = await receiptOf(await wallet.sendTransaction({ to: friend.address, value: 1n, type, ...extra }))
    assert.deepEqual([receipt.status, receipt.type], ['success', type])
  }
})

await check('viem delegates an account to code (EIP-7702)', async () => {
  const delegator = random()
  const authorization = await wallet.signAuthorization({ account: delegator, contractAddress: token.address })
  const hash = await wallet.sendTransaction({ to: delegator.address, authorizationList: [authorization], gas: 200_000n, data: '0x95d89b41' })
  const receipt = await receiptOf(hash)
  assert.deepEqual([receipt.status, receipt.type], ['success', 'eip7702'])
  assert.equal(await client.getCode({ address: delegator.address }), `0xef0100${token.address.slice(2).toLowerCase()}`)
})

const shareOf = (address) => encodeFunctionData({ abi, functionName: 'balanceOf', args: [address] })

await check('viem makes an access list', async () => {
  const { accessList } = await client.createAccessList({ account, to: token.address, data: shareOf(account.address) })
  assert.deepEqual(
    accessList.map((entry) => [entry.address.toLowerCase(), entry.storageKeys.length]),
    [[token.address.toLowerCase(), 1]],
  )
})

await check('viem calls with other state and in another block', async () => {
  // Code that returns 42 whatever it is asked, and code that returns the time.
  assert.equal(await balanceOf(zeroAddress, { stateOverride: [{ address: token.address, code: '0x602a60005260206000f3' }] }), 42n)
  const stateOverride = [{ address: friend.address, code: '0x4260005260206000f3' }]
  const { data } = await client.call({ to: friend.address, stateOverride, blockOverrides: { time: 2n ** 40n } })
  assert.equal(BigInt(data), 2n ** 40n)
})

await check('viem batches requests, and calls by Multicall3', async () => {
  const batching = createPublicClient({ chain, transport: http(RPC_URL, { batch: true }) })
  const balances = await Promise.all(Array.from({ length: 30 }, () => batching.getBalance({ address: random().address })))
  assert.deepEqual(new Set(balances), new Set([0n]))
  // A call without a contract: the code that makes the calls comes with it.
  const many = createPublicClient({ chain, transport: http(), batch: { multicall: { deployless: true } } })
  const contracts = [account.address, friend.address].map((holder) => ({ ...token, functionName: 'balanceOf', args: [holder] }))
  const held = await Promise.all(contracts.map((contract) => many.readContract(contract)))
  assert.equal(held[0] + held[1], SUPPLY)
})

await check('viem estimates fees that are enough', async () => {
  const { maxFeePerGas } = await client.estimateFeesPerGas()
  const block = await client.getBlock()
  assert.ok(maxFeePerGas >= block.baseFeePerGas)
  assert.ok((await client.getGasPrice()) > 0n)
  for (const newest of [{ blockTag: 'latest' }, { blockNumber: sent.blockNumber }]) {
    const history = await client.getFeeHistory({ blockCount: 2, rewardPercentiles: [50], ...newest })
    assert.deepEqual([history.baseFeePerGas.length, history.gasUsedRatio.length], [3, 2])
  }
  const transfer = { account, to: friend.address, value: 1n }
  assert.equal(await client.estimateGas(transfer), 21_000n)
  // As for what is sent before those that come first.
  assert.equal(await client.estimateGas({ ...transfer, nonce: (await client.getTransactionCount({ address: account.address })) + 5 }), 21_000n)
})

await check('viem simulates blocks of calls that build on each other', async () => {
  const call = (functionName, ...args) => ({ to: token.address, abi, functionName, args })
  const held = await balanceOf(account.address)
  const nobody = `0x${'00'.repeat(19)}01`
  const calls = [call('transfer', nobody, 5n), call('balanceOf', account.address), call('transfer', friend.address, SUPPLY * 2n)]
  const { results } = await client.simulateCalls({ account: account.address, calls })
  assert.deepEqual(
    results.map(({ status }) => status),
    ['success', 'success', 'failure'],
  )
  assert.deepEqual([results[0].result, results[1].result, results[0].logs.length], [true, held - 5n, 1])
  const blocks = await client.simulateBlocks({
    blocks: [
      {
        blockOverrides: { time: 2n ** 40n },
        stateOverrides: [{ address: friend.address, balance: 9n }],
        calls: [{ account: friend.address, to: zeroAddress, value: 4n }],
      },
      { calls: [call('balanceOf', friend.address)] },
    ],
  })
  assert.deepEqual(
    [blocks[0].timestamp, blocks[0].calls[0].status, blocks[1].calls[0].result],
    [2n ** 40n, 'success', await balanceOf(friend.address)],
  )
})

await check('viem traces a transaction and a call', async () => {
  const config = { tracer: 'callTracer', tracerConfig: { withLog: true } }
  const trace = await client.request({ method: 'debug_traceTransaction', params: [sent.transactionHash, config] })
  assert.deepEqual([trace.type, trace.from, trace.to, BigInt(trace.gasUsed)], ['CALL', sent.from, sent.to, sent.gasUsed])
  assert.deepEqual(
    trace.logs.map((log) => log.data),
    sent.logs.map((log) => log.data),
  )
  const data = encodeFunctionData({ abi, functionName: 'transfer', args: [friend.address, SUPPLY * 2n] })
  const call = { from: account.address, to: token.address, data }
  const failed = await client.request({ method: 'debug_traceCall', params: [call, 'latest', { tracer: 'callTracer' }] })
  assert.deepEqual([failed.error, failed.output.slice(0, 10)], ['execution reverted', '0xe450d38c'])
})

await check('viem sends 200 transactions at once with its nonce manager', async () => {
  const crowd = privateKeyToAccount(generatePrivateKey(), { nonceManager })
  await receiptOf(await wallet.sendTransaction({ to: crowd.address, value: parseEther('1') }))
  const crowdWallet = createWalletClient({ chain, transport: http(), account: crowd })
  const to = random().address
  const hashes = await Promise.all(Array.from({ length: 200 }, () => crowdWallet.sendTransaction({ to, value: 1n })))
  const receipts = await Promise.all(hashes.map(receiptOf))
  assert.deepEqual(new Set(receipts.map(({ status }) => status)), new Set(['success']))
  assert.deepEqual([new Set(hashes).size, await client.getTransactionCount({ address: crowd.address })], [200, 200])
  assert.equal(await client.getBalance({ address: to }), 200n)
  const blocks = new Map(receipts.map((receipt) => [receipt.blockHash, receipt]))
  for (const [blockHash, { transactionHash }] of blocks) assert.ok((await client.getBlock({ blockHash })).transactions.includes(transactionHash))
})

await check('viem sends 30 transactions of 30 accounts at once', async () => {
  const crowd = Array.from({ length: 30 }, random)
  for (const { address } of crowd) await wallet.sendTransaction({ to: address, value: parseEther('0.1') })
  const sends = crowd.map(async (each) => receiptOf(await wallet.sendTransaction({ account: each, to: friend.address, value: 1n })))
  for (const { status, blockHash, blockNumber } of await Promise.all(sends)) {
    assert.equal(status, 'success')
    assert.equal((await client.getBlock({ blockNumber })).hash, blockHash)
  }
})

await checkWithRestart('viem goes on after a restart of the node, and so do its subscriptions', async (restart) => {
  const [heads, logs] = [[], []]
  const stops = [
    // They may be told that the connection broke; viem makes another, and the same subscriptions on it.
    socket.watchBlocks({ onBlock: (block) => heads.push(block), onError: () => {} }),
    socket.watchContractEvent({ ...token, eventName: 'Transfer', onLogs: (some) => logs.push(...some), onError: () => {} }),
  ]
  await socket.getBlockNumber({ cacheTime: 0 })
  const held = await balanceOf(friend.address)
  const acknowledged = await receiptOf(await transfer(3n))
  await until(() => heads.some(({ hash }) => hash === acknowledged.blockHash))
  await restart()
  assert.deepEqual(await client.getTransactionReceipt({ hash: acknowledged.transactionHash }), acknowledged)
  assert.equal(await balanceOf(friend.address), held + 3n)
  heads.length = 0
  // viem connects again by itself, after a while.
  await until(async () => {
    await receiptOf(await transfer(4n))
    return heads.length > 1
  })
  heads.sort((a, b) => Number(a.number - b.number))
  for (const [index, head] of heads.entries()) if (index > 0) assert.equal(head.parentHash, heads[index - 1].hash)
  const after = await receiptOf(await transfer(5n))
  await until(() => logs.some((log) => log.transactionHash === after.transactionHash))
  stops.forEach((stop) => stop())
})

finish()
