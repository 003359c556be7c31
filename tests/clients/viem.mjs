// viem against any Ethereum JSON-RPC node with the development accounts: `node viem.mjs [URL]`.
import assert from 'node:assert/strict'
import {
  BaseError,
  ContractFunctionRevertedError,
  InsufficientFundsError,
  NonceTooLowError,
  createPublicClient,
  createWalletClient,
  defineChain,
  encodeFunctionData,
  http,
  nonceManager,
  parseEther,
  parseEventLogs,
  parseGwei,
  webSocket,
  zeroAddress,
} from 'viem'
import { generatePrivateKey, mnemonicToAccount, privateKeyToAccount } from 'viem/accounts'
import { MNEMONIC, RPC_URL, WS_URL, artifact, check, checkWithRestart, finish, sealed, soon, thrown, until } from './checks.mjs'

const { abi, bytecode } = artifact('OpenToken')
const account = mnemonicToAccount(MNEMONIC, { addressIndex: 1 })
const friend = mnemonicToAccount(MNEMONIC, { addressIndex: 2 })
const SUPPLY = 1_000_000n

const id = await createPublicClient({ transport: http(RPC_URL) }).getChainId()
const chain = defineChain({
  id,
  name: 'under test',
  nativeCurrency: { name: 'Open', symbol: 'OPEN', decimals: 18 },
  rpcUrls: { default: { http: [RPC_URL], webSocket: [WS_URL] } },
})
const client = createPublicClient({ chain, transport: http(), pollingInterval: 100 })
const wallet = createWalletClient({ chain, transport: http(), account })
const socket = createPublicClient({ chain, transport: webSocket() })

/** The receipt of a transaction in a sealed block. */
async function included(hash) {
  const { blockNumber } = await client.waitForTransactionReceipt({ hash })
  await sealed(blockNumber, () => client.getBlockNumber({ cacheTime: 0 }))
  return client.getTransactionReceipt({ hash })
}

const token = await check('viem deploys a contract', async () => {
  const hash = await wallet.deployContract({ abi, bytecode, args: [account.address, SUPPLY] })
  const receipt = await included(hash)
  assert.equal(receipt.status, 'success')
  assert.ok((await client.getCode({ address: receipt.contractAddress })).length > 100)
  return { address: receipt.contractAddress, abi }
})
const balanceOf = (holder, options = {}) => client.readContract({ ...token, functionName: 'balanceOf', args: [holder], ...options })
const transfer = (amount) => wallet.writeContract({ ...token, functionName: 'transfer', args: [friend.address, amount] })

await check('viem calls a contract', async () => {
  assert.equal(await client.readContract({ ...token, functionName: 'symbol' }), 'OPEN')
  assert.equal(await balanceOf(account.address), SUPPLY)
})

const sent = await check('viem sends a transaction that it simulated', async () => {
  const { request, result } = await client.simulateContract({ ...token, functionName: 'transfer', args: [friend.address, 7n], account })
  assert.equal(result, true)
  const receipt = await included(await wallet.writeContract(request))
  assert.equal(receipt.status, 'success')
  assert.equal(await balanceOf(friend.address), 7n)
  return receipt
})

await check('viem reads the state before a block', async () => {
  assert.equal(await balanceOf(friend.address, { blockNumber: sent.blockNumber - 1n }), 0n)
})

await check('viem reads logs by block range, by argument and from the receipt', async () => {
  const [inReceipt] = parseEventLogs({ abi, logs: sent.logs, eventName: 'Transfer' })
  assert.deepEqual(inReceipt.args, { from: account.address, to: friend.address, value: 7n })
  const events = { ...token, eventName: 'Transfer', fromBlock: 0n }
  const [all, toFriend] = [
    await client.getContractEvents(events),
    await client.getContractEvents({ ...events, args: { to: friend.address } }),
  ]
  assert.deepEqual(
    all.map((log) => log.args.value),
    [SUPPLY, 7n],
  )
  assert.deepEqual(
    toFriend.map((log) => log.transactionHash),
    [sent.transactionHash],
  )
})

await check('viem polls a filter', async () => {
  const filter = await client.createContractEventFilter({ ...token, eventName: 'Transfer' })
  const receipt = await included(await transfer(1n))
  const changes = await client.getFilterChanges({ filter })
  assert.deepEqual(
    changes.map((log) => log.transactionHash),
    [receipt.transactionHash],
  )
  assert.equal(await client.uninstallFilter({ filter }), true)
})

await check('viem sees new heads over WebSocket, each the child of the one before', async () => {
  const heads = []
  await soon(
    new Promise((resolve, reject) => {
      const stop = socket.watchBlocks({
        onBlock: (block) => {
          heads.push(block)
          if (heads.length === 3) resolve(stop())
        },
        onError: reject,
      })
    }),
  )
  assert.equal(heads[1].parentHash, heads[0].hash)
  assert.equal(heads[2].parentHash, heads[1].hash)
})

await check('viem sees a log over WebSocket', async () => {
  let stop
  const seen = new Promise((resolve, reject) => {
    stop = socket.watchContractEvent({ ...token, eventName: 'Transfer', onLogs: resolve, onError: reject })
  })
  // The subscription is a message on the same socket; an answer to a later one says that it arrived.
  await socket.getBlockNumber()
  const hash = await transfer(2n)
  const [log] = await soon(seen)
  stop()
  assert.deepEqual([log.transactionHash, log.args.value], [hash, 2n])
})

await check('viem names the custom error of a revert, with its arguments', async () => {
  const call = { ...token, functionName: 'transfer', args: [friend.address, SUPPLY * 2n], account }
  const error = await thrown(() => client.simulateContract(call))
  const revert = error instanceof BaseError && error.walk((cause) => cause instanceof ContractFunctionRevertedError)
  assert.equal(revert.data.errorName, 'ERC20InsufficientBalance')
  assert.deepEqual(revert.data.args, [account.address, SUPPLY - 10n, SUPPLY * 2n])
})

await check('viem gets a receipt that says reverted', async () => {
  const request = { ...token, functionName: 'transfer', args: [friend.address, SUPPLY * 2n], gas: 100_000n }
  assert.equal((await included(await wallet.writeContract(request))).status, 'reverted')
})

await check('viem knows the error for insufficient funds', async () => {
  const poor = privateKeyToAccount(generatePrivateKey())
  const request = { account: poor, to: zeroAddress, value: parseEther('1'), gas: 21_000n }
  const error = await thrown(() => wallet.sendTransaction({ ...request, maxFeePerGas: parseGwei('2'), maxPriorityFeePerGas: 1n }))
  assert.ok(
    error.walk((cause) => cause instanceof InsufficientFundsError),
    error.message,
  )
})

await check('viem knows the error for a nonce that is too low', async () => {
  const error = await thrown(() => wallet.sendTransaction({ to: zeroAddress, value: 1n, nonce: 0, gas: 21_000n }))
  assert.ok(
    error.walk((cause) => cause instanceof NonceTooLowError),
    error.message,
  )
})

await check('viem sends and gets the receipt in one request (EIP-7966)', async () => {
  const receipt = await wallet.sendTransactionSync({ to: friend.address, value: 3n })
  assert.equal(receipt.status, 'success')
  assert.deepEqual([receipt.from, receipt.to], [account.address.toLowerCase(), friend.address.toLowerCase()])
})

await check('viem sends legacy, access list and EIP-1559 transactions', async () => {
  for (const [type, extra] of [
    ['legacy', {}],
    ['eip2930', { accessList: [{ address: token.address, storageKeys: [] }] }],
    ['eip1559', {}],
  ]) {
    const receipt = await included(await wallet.sendTransaction({ to: friend.address, value: 1n, type, ...extra }))
    assert.deepEqual([receipt.status, receipt.type], ['success', type])
  }
})

await check('viem delegates an account to code (EIP-7702)', async () => {
  const delegator = privateKeyToAccount(generatePrivateKey())
  const authorization = await wallet.signAuthorization({ account: delegator, contractAddress: token.address })
  const receipt = await included(
    await wallet.sendTransaction({ to: delegator.address, authorizationList: [authorization], gas: 200_000n, data: '0x95d89b41' }),
  )
  assert.deepEqual([receipt.status, receipt.type], ['success', 'eip7702'])
  assert.equal(await client.getCode({ address: delegator.address }), `0xef0100${token.address.slice(2).toLowerCase()}`)
})

await check('viem makes an access list', async () => {
  const { accessList } = await client.createAccessList({
    account,
    to: token.address,
    data: `0x70a08231${account.address.slice(2).padStart(64, '0')}`,
  })
  assert.deepEqual(
    accessList.map((entry) => [entry.address.toLowerCase(), entry.storageKeys.length]),
    [[token.address.toLowerCase(), 1]],
  )
})

await check('viem calls with other state', async () => {
  // Code that returns 42 whatever it is asked.
  const stateOverride = [{ address: token.address, code: '0x602a60005260206000f3' }]
  assert.equal(await balanceOf(zeroAddress, { stateOverride }), 42n)
})

await check('viem batches requests', async () => {
  const batching = createPublicClient({ chain, transport: http(RPC_URL, { batch: true }) })
  const holders = Array.from({ length: 30 }, () => privateKeyToAccount(generatePrivateKey()).address)
  const balances = await Promise.all(holders.map((address) => batching.getBalance({ address })))
  assert.deepEqual(new Set(balances), new Set([0n]))
})

await check('viem estimates fees that are enough', async () => {
  const { maxFeePerGas } = await client.estimateFeesPerGas()
  const block = await client.getBlock()
  assert.ok(maxFeePerGas >= block.baseFeePerGas)
  const history = await client.getFeeHistory({ blockCount: 2, rewardPercentiles: [50] })
  assert.equal(history.baseFeePerGas.length, 3)
})

await check('viem simulates blocks of calls that build on each other', async () => {
  const call = (functionName, ...args) => ({ to: token.address, abi, functionName, args })
  const [held] = [await balanceOf(account.address)]
  const { results, assetChanges } = await client.simulateCalls({
    account: account.address,
    calls: [
      call('transfer', zeroAddress.replace(/0$/, '1'), 5n),
      call('balanceOf', account.address),
      call('transfer', friend.address, SUPPLY * 2n),
    ],
    traceAssetChanges: false,
  })
  assert.deepEqual(
    results.map(({ status }) => status),
    ['success', 'success', 'failure'],
  )
  assert.deepEqual([results[0].result, results[1].result, results[0].logs.length, assetChanges], [true, held - 5n, 1, []])
  const error = results[2].error.walk((cause) => cause instanceof ContractFunctionRevertedError)
  assert.equal(error.data.errorName, 'ERC20InsufficientBalance')
  const blocks = await client.simulateBlocks({
    blocks: [
      {
        blockOverrides: { time: 2n ** 40n },
        stateOverrides: [{ address: friend.address, balance: 9n }],
        calls: [{ account: friend.address, to: zeroAddress, value: 4n }],
      },
      { calls: [{ ...call('balanceOf', friend.address) }] },
    ],
  })
  assert.deepEqual(
    [blocks[0].timestamp, blocks[0].calls[0].status, blocks[1].calls[0].result],
    [2n ** 40n, 'success', await balanceOf(friend.address)],
  )
})

await check('viem traces a transaction and a call', async () => {
  const trace = await client.request({
    method: 'debug_traceTransaction',
    params: [sent.transactionHash, { tracer: 'callTracer', tracerConfig: { withLog: true } }],
  })
  assert.deepEqual([trace.type, trace.from, trace.to, BigInt(trace.gasUsed)], ['CALL', sent.from, sent.to, sent.gasUsed])
  assert.deepEqual(
    trace.logs.map((log) => log.data),
    sent.logs.map((log) => log.data),
  )
  const data = encodeFunctionData({ abi, functionName: 'transfer', args: [friend.address, SUPPLY * 2n] })
  const failed = await client.request({
    method: 'debug_traceCall',
    params: [{ from: account.address, to: token.address, data }, 'latest', { tracer: 'callTracer' }],
  })
  assert.deepEqual([failed.error, failed.output.slice(0, 10)], ['execution reverted', '0xe450d38c'])
})

await check('viem sends 200 transactions at once with its nonce manager', async () => {
  const crowd = privateKeyToAccount(generatePrivateKey(), { nonceManager })
  await included(await wallet.sendTransaction({ to: crowd.address, value: parseEther('1') }))
  const crowdWallet = createWalletClient({ chain, transport: http(), account: crowd })
  const before = await client.getBalance({ address: friend.address })
  const hashes = await Promise.all(Array.from({ length: 200 }, () => crowdWallet.sendTransaction({ to: friend.address, value: 1n })))
  const receipts = await Promise.all(hashes.map((hash) => client.waitForTransactionReceipt({ hash })))
  assert.deepEqual(new Set(receipts.map(({ status }) => status)), new Set(['success']))
  assert.deepEqual([new Set(hashes).size, await client.getTransactionCount({ address: crowd.address })], [200, 200])
  assert.equal(await client.getBalance({ address: friend.address }), before + 200n)
})

await checkWithRestart('viem goes on after a restart of the node, and so do its subscriptions', async (restart) => {
  const [heads, logs] = [[], []]
  const stops = [
    // They may be told that the connection broke; viem makes another, and the same subscriptions on it.
    socket.watchBlocks({ onBlock: (block) => heads.push(block), onError: () => {} }),
    socket.watchContractEvent({ ...token, eventName: 'Transfer', onLogs: (some) => logs.push(...some), onError: () => {} }),
  ]
  await until(() => heads.length > 1)
  const held = await balanceOf(friend.address)
  const acknowledged = await client.waitForTransactionReceipt({ hash: await transfer(3n) })
  await restart()
  assert.equal((await included(acknowledged.transactionHash)).status, 'success')
  assert.equal(await balanceOf(friend.address), held + 3n)
  heads.length = 0
  await until(() => heads.length > 1)
  assert.equal(heads[1].parentHash, heads[0].hash)
  const after = await included(await transfer(4n))
  await until(() => logs.some((log) => log.transactionHash === after.transactionHash))
  stops.forEach((stop) => stop())
  assert.equal(await balanceOf(friend.address), held + 7n)
})

finish()
