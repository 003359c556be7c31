// What viem makes of a node's refusals: each kind of failure, by a real request, is the error class that viem has for it.
// `node errors-viem.mjs [URL]`.
import assert from 'node:assert/strict'
import {
  BaseError,
  BlockNotFoundError,
  CallExecutionError,
  ContractFunctionRevertedError,
  ContractFunctionZeroDataError,
  EstimateGasExecutionError,
  ExecutionRevertedError,
  FeeCapTooLowError,
  HttpRequestError,
  InsufficientFundsError,
  IntrinsicGasTooHighError,
  IntrinsicGasTooLowError,
  InvalidInputRpcError,
  InvalidParamsRpcError,
  LimitExceededRpcError,
  MethodNotFoundRpcError,
  NonceMaxValueError,
  NonceTooHighError,
  NonceTooLowError,
  TipAboveFeeCapError,
  TransactionNotFoundError,
  TransactionReceiptNotFoundError,
  WaitForTransactionReceiptTimeoutError,
  concatHex,
  createPublicClient,
  createWalletClient,
  defineChain,
  http,
  keccak256,
  numberToHex,
  parseEther,
  parseGwei,
  toRlp,
  webSocket,
  zeroAddress,
  zeroHash,
} from 'viem'
import { generatePrivateKey, mnemonicToAccount, privateKeyToAccount, sign } from 'viem/accounts'
import { getTransactionError } from 'viem/utils'
import { MNEMONIC, RPC_URL, WS_URL, artifact, check, finish, thrown } from './checks.mjs'

const { abi, bytecode } = artifact('Counter')
const LIMIT = 100n

const id = await createPublicClient({ transport: http(RPC_URL) }).getChainId()
const chain = defineChain({
  id,
  name: 'under test',
  nativeCurrency: { name: 'Open', symbol: 'OPEN', decimals: 18 },
  rpcUrls: { default: { http: [RPC_URL] } },
})
// viem asks again when a limit was met; here the first answer is what counts.
const transport = http(RPC_URL, { retryCount: 0 })
const client = createPublicClient({ chain, transport })
const wallet = (account) => createWalletClient({ chain, transport, account })

const giver = mnemonicToAccount(MNEMONIC, { addressIndex: 1 })
const key = generatePrivateKey()
const account = privateKeyToAccount(key)
const signer = wallet(account)
const poor = privateKeyToAccount(generatePrivateKey())

const fees = { maxFeePerGas: parseGwei('2'), maxPriorityFeePerGas: 1n }
const toNobody = { to: zeroAddress, value: 1n, gas: 30_000n, ...fees }

/** One kind: the error that `body` throws is a `Kind`, or was caused by one. `also` gets that one. */
async function kind(situation, Kind, body, also = () => {}) {
  await check(`viem: ${situation}: ${Kind.name}`, async () => {
    const error = await thrown(body)
    const found = error instanceof BaseError && error.walk((cause) => cause instanceof Kind)
    assert.ok(found, error)
    await also(found)
  })
}

/** An EIP-1559 transaction with any fields at all, signed. viem itself refuses to make some of those that a node must refuse. */
async function signed({
  nonce,
  tip = 1n,
  feeCap = fees.maxFeePerGas,
  gas = 30_000n,
  to = zeroAddress,
  value = 1n,
  data = '0x',
  chainId = id,
}) {
  const bytes = (number) => (BigInt(number) === 0n ? '0x' : numberToHex(number).replace(/^0x(?=(..)*.$)/, '0x0'))
  const fields = [...[chainId, nonce, tip, feeCap, gas].map(bytes), to, bytes(value), data, []]
  const { r, s, yParity } = await sign({ hash: keccak256(concatHex(['0x02', toRlp(fields)])), privateKey: key })
  const signature = [yParity, BigInt(r), BigInt(s)].map(bytes)
  return concatHex(['0x02', toRlp([...fields, ...signature])])
}

/** Sends such a transaction; a refusal goes the way of viem's own transactions. */
async function sendSigned(fields) {
  const serializedTransaction = await signed({ nonce: await client.getTransactionCount({ address: account.address }), ...fields })
  try {
    return await client.sendRawTransaction({ serializedTransaction })
  } catch (error) {
    throw getTransactionError(error, { account })
  }
}

const counter = await check('viem: a contract to fail with', async () => {
  await client.waitForTransactionReceipt({ hash: await wallet(giver).sendTransaction({ to: account.address, value: parseEther('50') }) })
  const hash = await signer.deployContract({ abi, bytecode, args: [LIMIT] })
  const { contractAddress } = await client.waitForTransactionReceipt({ hash })
  return { address: contractAddress, abi }
})
const read = (functionName, ...args) => client.readContract({ ...counter, functionName, args })
const simulate = (functionName, ...args) => client.simulateContract({ ...counter, functionName, args, account })
const says =
  (...words) =>
  (error) =>
    words.forEach((word) => assert.match(error.message, word))

// Transactions that are refused.

await kind('a nonce that was used', NonceTooLowError, () => signer.sendTransaction({ ...toNobody, nonce: 0 }))
await kind('the largest nonce there is', NonceMaxValueError, () => sendSigned({ nonce: 2n ** 64n - 1n }))
await kind('more than the account has', InsufficientFundsError, () => wallet(poor).sendTransaction(toNobody))
await kind('less gas than any transaction costs', IntrinsicGasTooLowError, () => signer.sendTransaction({ ...toNobody, gas: 20_999n }))
await kind('less gas than the data cost', IntrinsicGasTooLowError, () =>
  signer.sendTransaction({ ...toNobody, data: `0x${'01'.repeat(1000)}`, gas: 21_001n }),
)
await kind('a tip above the fee cap', TipAboveFeeCapError, () => sendSigned({ tip: parseGwei('3') }))
await kind('another chain', InvalidInputRpcError, () => sendSigned({ chainId: id + 1 }), says(/invalid chain id for signer/))
await kind(
  'bytes that are no transaction',
  InvalidInputRpcError,
  () => client.sendRawTransaction({ serializedTransaction: '0x02c0' }),
  says(/rlp/),
)
await kind(
  'a type that does not exist',
  InvalidInputRpcError,
  () => client.sendRawTransaction({ serializedTransaction: '0x6fc0' }),
  says(/transaction type not supported/),
)
await kind('more gas than a block has', InvalidInputRpcError, () => sendSigned({ gas: 2n ** 40n, feeCap: 1n, tip: 0n }), says(/gas limit/))
await kind('a fee that the account cannot pay', InsufficientFundsError, () =>
  sendSigned({ gas: 10_000_000n, feeCap: parseGwei('1000000') }),
)
await kind(
  'init code that is too large',
  InvalidInputRpcError,
  () => sendSigned({ to: '0x', data: `0x${'00'.repeat(49_153)}`, gas: 5_000_000n }),
  says(/max initcode size exceeded/),
)
await kind(
  'more bytes than the pool takes',
  InvalidInputRpcError,
  () => sendSigned({ data: `0x${'00'.repeat(140_000)}`, gas: 5_000_000n }),
  says(/oversized data/),
)
await kind(
  'blobs where there are none',
  InvalidInputRpcError,
  () => {
    return signer.sendTransaction({ ...toNobody, type: 'eip4844', blobVersionedHashes: [`0x01${'00'.repeat(31)}`], maxFeePerBlobGas: 1n })
  },
  says(/transaction type not supported/),
)

await check('viem: the same transaction twice, and another in its place that pays no more', async () => {
  // A gap before it keeps the transaction waiting.
  const nonce = (await client.getTransactionCount({ address: account.address })) + 1
  const serializedTransaction = await account.signTransaction({ ...toNobody, chainId: id, nonce })
  const hash = await client.sendRawTransaction({ serializedTransaction })
  try {
    const again = await thrown(() => client.sendRawTransaction({ serializedTransaction }))
    assert.ok(
      getTransactionError(again, { account }).walk((cause) => cause instanceof NonceTooLowError),
      again,
    )
    const instead = await thrown(() => signer.sendTransaction({ ...toNobody, value: 2n, nonce }))
    assert.match(instead.message, /replacement transaction underpriced/)
  } finally {
    await signer.sendTransaction({ ...toNobody, nonce: nonce - 1 })
    await client.waitForTransactionReceipt({ hash })
  }
})

await check('viem: a transaction that another replaced: the reason is told', async () => {
  const nonce = await client.getTransactionCount({ address: account.address })
  const more = { maxFeePerGas: parseGwei('4'), maxPriorityFeePerGas: 2n }
  for (const [index, [reason, instead]] of Object.entries([
    ['repriced', { ...toNobody, ...more }],
    ['cancelled', { ...toNobody, ...more, to: account.address, value: 0n }],
    ['replaced', { ...toNobody, ...more, value: 5n }],
  ])) {
    const [gap, at] = [nonce + 2 * index, nonce + 2 * index + 1]
    const hash = await signer.sendTransaction({ ...toNobody, nonce: at })
    const replacement = new Promise((resolve, reject) => {
      client.waitForTransactionReceipt({ hash, onReplaced: resolve, timeout: 30_000 }).catch(reject)
    })
    // viem remembers what it waits for when it sees it pending.
    await new Promise((resolve) => setTimeout(resolve, 500))
    const second = await signer.sendTransaction({ ...instead, nonce: at })
    await signer.sendTransaction({ ...toNobody, nonce: gap })
    const told = await replacement
    assert.deepEqual([told.reason, told.transaction.hash], [reason, second])
  }
})

// Calls that are refused.

const lowCap = { account, to: zeroAddress, maxFeePerGas: 1n, maxPriorityFeePerGas: 0n, gas: 21_000n }
await kind('a call with a fee cap below the base fee', FeeCapTooLowError, () => client.call(lowCap))
await kind('an estimate with a fee cap below the base fee', FeeCapTooLowError, () => client.estimateGas(lowCap))
await kind('an estimate that the account cannot pay', InsufficientFundsError, () =>
  client.estimateGas({ account: poor, to: zeroAddress, value: 1n }),
)
await kind('a call that the account cannot pay', InsufficientFundsError, () => client.call({ account: poor, to: zeroAddress, value: 1n }))
await kind('a call with too little gas', IntrinsicGasTooLowError, () => client.call({ account, to: zeroAddress, gas: 20_000n }))
await kind(
  'an estimate of what never ends',
  ExecutionRevertedError,
  () => client.estimateContractGas({ ...counter, functionName: 'spin', account }),
  says(/gas required exceeds allowance/),
)
await kind('a call of what never ends', InvalidInputRpcError, () => simulate('spin'), says(/out of gas/))

// Nobody can be named who would run the code.
const delegation = await account.signAuthorization({ contractAddress: counter.address, chainId: id, nonce: 0 })
const nowhere = { account, authorizationList: [delegation], data: '0x00' }
await kind('a call with an authorization list and no recipient', CallExecutionError, () => client.call(nowhere))
await kind('an estimate with an authorization list and no recipient', EstimateGasExecutionError, () => client.estimateGas(nowhere))

const block = (call, blockOverrides) =>
  client.simulateBlocks({ validation: true, blocks: [{ calls: [{ ...toNobody, account, ...call }], blockOverrides }] })
await kind('a simulated block with a nonce that was used', NonceTooLowError, () => block({ nonce: 0 }))
await kind('a simulated block with a nonce from the future', NonceTooHighError, () => block({ nonce: 1_000_000 }))
await kind('a simulated block with a sender that cannot pay', InsufficientFundsError, () => block({ account: poor }))
await kind('a simulated block with a transaction of too little gas', IntrinsicGasTooLowError, () => block({ gas: 20_999n }))
await kind('a simulated block with a fee cap below the base fee', FeeCapTooLowError, () =>
  block({ maxFeePerGas: 1n, maxPriorityFeePerGas: 0n }),
)
await kind('a simulated block with more gas than it has', IntrinsicGasTooHighError, () => block({ gas: 200_000n }, { gasLimit: 100_000n }))

// Contracts that fail.

const reverted =
  (name, args) =>
  ({ data }) =>
    assert.deepEqual([data.errorName, data.args ?? []], [name, args])
await kind(
  'a reason in words',
  ContractFunctionRevertedError,
  () => read('failWithReason'),
  (error) => assert.equal(error.reason, 'no such luck'),
)
await kind(
  'no words',
  ContractFunctionRevertedError,
  () => read('failWithoutWords'),
  (error) => assert.equal(error.data, undefined),
)
await kind('a custom error', ContractFunctionRevertedError, () => read('failWithError'), reverted('Closed', []))
await kind(
  'a custom error with arguments',
  ContractFunctionRevertedError,
  () => simulate('count', LIMIT + 1n, ''),
  reverted('LimitExceeded', [account.address, LIMIT, LIMIT + 1n]),
)
await kind(
  'a custom error when gas is estimated',
  ContractFunctionRevertedError,
  () => client.estimateContractGas({ ...counter, functionName: 'count', args: [LIMIT + 1n, ''], account }),
  reverted('LimitExceeded', [account.address, LIMIT, LIMIT + 1n]),
)
await kind(
  'a custom error that the ABI does not have',
  ContractFunctionRevertedError,
  () => {
    return client.readContract({
      address: counter.address,
      abi: abi.filter(({ type }) => type === 'function'),
      functionName: 'failWithError',
    })
  },
  (error) => assert.equal(error.signature, keccak256('0x436c6f7365642829').slice(0, 10)),
)
const PANICS = [
  ['failByAssertion', 0x01n],
  ['failByOverflow', 0x11n, 1n],
  ['failByDivision', 0x12n, 0n],
  ['failByEnum', 0x21n, 2n],
  ['failByPop', 0x31n],
  ['failByIndex', 0x32n, 0n],
  ['failByMemory', 0x41n, 2n ** 64n],
  ['failByPointer', 0x51n],
]
for (const [name, code, ...args] of PANICS) {
  await kind(
    `panic ${numberToHex(code)} (${name})`,
    ContractFunctionRevertedError,
    () => simulate(name, ...args),
    reverted('Panic', [code]),
  )
}

// The same, sent: refused before it is, when its gas is estimated.

const send = (functionName, ...args) => signer.writeContract({ ...counter, functionName, args })
for (const [name, told, ...args] of [
  ['failWithReason', reverted('Error', ['no such luck'])],
  ['failWithoutWords', ({ data }) => assert.equal(data, undefined)],
  ['failWithError', reverted('Closed', [])],
  ['count', reverted('LimitExceeded', [account.address, LIMIT, LIMIT + 1n]), LIMIT + 1n, ''],
  ...PANICS.map(([name, code, ...args]) => [name, reverted('Panic', [code]), ...args]),
]) {
  await kind(`a transaction that fails (${name})`, ContractFunctionRevertedError, () => send(name, ...args), told)
}
await kind('a transaction with an opcode that does not exist', InvalidInputRpcError, () => send('failByInvalidOpcode'), says(/invalid opcode/))
await kind('a transaction that never ends', ExecutionRevertedError, () => send('spin'), says(/gas required exceeds allowance/))

await check('viem: whatever fails, sent with gas of its own, has a receipt that says so', async () => {
  const failing = [['failWithReason'], ['failWithoutWords'], ['failWithError'], ['count', LIMIT + 1n, ''], ['failByInvalidOpcode'], ['spin']]
  failing.push(...PANICS.map(([name, , ...args]) => [name, ...args]))
  const first = await client.getTransactionCount({ address: account.address })
  const sent = failing.map(([functionName, ...args], index) =>
    signer.writeContract({ ...counter, functionName, args, gas: 200_000n, nonce: first + index }),
  )
  const receipts = await Promise.all((await Promise.all(sent)).map((hash) => client.waitForTransactionReceipt({ hash })))
  assert.deepEqual(
    receipts.map(({ status }) => status),
    failing.map(() => 'reverted'),
  )
})

await kind('an opcode that does not exist', InvalidInputRpcError, () => read('failByInvalidOpcode'), says(/invalid opcode/))
await kind('a constructor that reverts', ExecutionRevertedError, () =>
  client.estimateGas({ account, data: `${bytecode}${'00'.repeat(32)}` }),
)
await kind('a contract that is not there', ContractFunctionZeroDataError, () =>
  client.readContract({ ...counter, address: poor.address, functionName: 'total' }),
)
await kind('a plain call that reverts', ExecutionRevertedError, () => client.call({ account, to: counter.address, data: '0xdeadbeef' }))
await kind('a plain call that reverts', CallExecutionError, () => client.call({ account, to: counter.address, data: '0xdeadbeef' }))
await kind('a plain estimate that reverts', EstimateGasExecutionError, () =>
  client.estimateGas({ account, to: counter.address, data: '0xdeadbeef' }),
)

await check('viem: simulated calls that fail are told apart', async () => {
  const call = (functionName, ...args) => ({ ...counter, to: counter.address, functionName, args })
  const calls = [call('failWithReason'), call('failWithError'), call('failByDivision', 0n), call('total')]
  const { results } = await client.simulateCalls({ account, calls })
  assert.deepEqual(
    results.map(({ status }) => status),
    ['failure', 'failure', 'failure', 'success'],
  )
  const causes = results.slice(0, 3).map(({ error }) => error.walk((cause) => cause instanceof ContractFunctionRevertedError))
  assert.deepEqual([causes[0].reason, causes[1].data.errorName, causes[2].data.args], ['no such luck', 'Closed', [0x12n]])
})

await check('viem: a transaction that reverts has a receipt that says so', async () => {
  const hash = await signer.writeContract({ ...counter, functionName: 'failWithError', gas: 100_000n })
  assert.equal((await client.waitForTransactionReceipt({ hash })).status, 'reverted')
})

// What is not there, and what is asked wrongly.

const request = (method, ...params) => client.request({ method, params })
await kind('a transaction that does not exist', TransactionNotFoundError, () => client.getTransaction({ hash: zeroHash }))
await kind('the receipt of a transaction that does not exist', TransactionReceiptNotFoundError, () =>
  client.getTransactionReceipt({ hash: zeroHash }),
)
await kind('waiting for a transaction that does not exist', WaitForTransactionReceiptTimeoutError, () =>
  client.waitForTransactionReceipt({ hash: zeroHash, timeout: 500 }),
)
await kind('a block by a number from the future', BlockNotFoundError, () => client.getBlock({ blockNumber: 2n ** 40n }))
await kind('a block by an unknown hash', BlockNotFoundError, () => client.getBlock({ blockHash: zeroHash }))
await kind(
  'the state of a block from the future',
  InvalidInputRpcError,
  () => client.getBalance({ address: account.address, blockNumber: 2n ** 40n }),
  says(/header not found/),
)
await kind(
  'a filter that does not exist',
  InvalidInputRpcError,
  () => request('eth_getFilterChanges', '0x123456'),
  says(/filter not found/),
)
await kind('logs of a block that does not exist', InvalidInputRpcError, () => client.getLogs({ blockHash: zeroHash }), says(/unknown block/))
await kind('a proof at a block that does not exist', InvalidInputRpcError, () =>
  client.getProof({ address: account.address, storageKeys: [], blockNumber: 2n ** 40n }),
)
await kind('logs of a range that is upside down', InvalidParamsRpcError, () => request('eth_getLogs', { fromBlock: '0x2', toBlock: '0x1' }))
await kind('a method that does not exist', MethodNotFoundRpcError, () => request('eth_mistype'), says(/eth_mistype does not exist/))
await kind('a parameter of the wrong type', InvalidParamsRpcError, () => request('eth_getBalance', 5, 'latest'))
await kind('a parameter too few', InvalidParamsRpcError, () => request('eth_getTransactionByHash'))
await kind('an address that is too short', InvalidParamsRpcError, () => request('eth_getBalance', '0x1234', 'latest'))
await kind('a number that is too large', InvalidParamsRpcError, () => request('eth_getBlockByNumber', `0x${'f'.repeat(70)}`, false))
await kind('a tracer that does not exist', InvalidInputRpcError, () =>
  request('debug_traceCall', { to: zeroAddress }, 'latest', { tracer: 'noTracer' }),
)
await kind('more subscriptions than one connection may have', LimitExceededRpcError, () => {
  const socket = createPublicClient({ chain, transport: webSocket(WS_URL, { retryCount: 0 }) })
  return Promise.all(Array.from({ length: 200 }, () => socket.request({ method: 'eth_subscribe', params: ['newHeads'] })))
})
await kind('a request that is too large', HttpRequestError, () => request('web3_sha3', `0x${'00'.repeat(6 << 20)}`))
await kind('a node that is not there', HttpRequestError, () =>
  createPublicClient({ transport: http('http://127.0.0.1:1', { retryCount: 0 }) }).getBlockNumber(),
)

finish()
