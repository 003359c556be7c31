// What ethers makes of a node's refusals: each kind of failure, by a real request, has the error code that ethers has for it.
// `node errors-ethers.mjs [URL]`.
import assert from 'node:assert/strict'
import {
  Contract,
  ContractFactory,
  FetchRequest,
  HDNodeWallet,
  JsonRpcProvider,
  Wallet,
  WebSocketProvider,
  ZeroAddress,
  ZeroHash,
  isError,
  parseEther,
  parseUnits,
} from 'ethers'
import { MNEMONIC, RPC_URL, WS_URL, artifact, check, finish, thrown } from './checks.mjs'

const { abi, bytecode } = artifact('Counter')
const LIMIT = 100n

const provider = new JsonRpcProvider(RPC_URL)
const giver = HDNodeWallet.fromPhrase(MNEMONIC, undefined, "m/44'/60'/0'/0/3").connect(provider)
const signer = Wallet.createRandom().connect(provider)
const poor = Wallet.createRandom().connect(provider)

const fees = { maxFeePerGas: parseUnits('2', 'gwei'), maxPriorityFeePerGas: 1n }
const toNobody = { to: ZeroAddress, value: 1n, gasLimit: 30_000n, ...fees }

/** One kind: the error that `body` throws has ethers' code. `also` gets the error. */
async function kind(situation, code, body, also = () => {}) {
  await check(`ethers: ${situation}: ${code}`, async () => {
    const error = await thrown(body)
    assert.ok(isError(error, code), error)
    await also(error)
  })
}

const counter = await check('ethers: a contract to fail with', async () => {
  await (await giver.sendTransaction({ to: signer.address, value: parseEther('50') })).wait()
  const contract = await new ContractFactory(abi, bytecode, signer).deploy(LIMIT)
  return contract.waitForDeployment()
})
const deployed = await counter.getAddress()
// Asked past ethers' cache, which keeps answers for a quarter of a second.
const nonceOf = async () => Number(await provider.send('eth_getTransactionCount', [signer.address, 'latest']))

/** Signs whatever the transaction says. */
const raw = async (transaction) =>
  provider.broadcastTransaction(
    await signer.signTransaction({
      chainId: (await provider.getNetwork()).chainId,
      nonce: await nonceOf(),
      type: 2,
      ...toNobody,
      ...transaction,
    }),
  )
/** What the node said to ethers, for the kinds that ethers has no code of its own for. */
const nodeSaid = (words) => (error) => assert.match(JSON.stringify(error.error ?? error.info), words)

// Transactions that are refused.

await kind('a nonce that was used', 'NONCE_EXPIRED', () => raw({ nonce: 0 }))
await kind('more than the account has', 'INSUFFICIENT_FUNDS', () => poor.sendTransaction(toNobody))
await kind('an estimate of more than the account has', 'INSUFFICIENT_FUNDS', () => poor.sendTransaction({ to: ZeroAddress, value: 1n }))
await kind('less gas than any transaction costs', 'UNKNOWN_ERROR', () => raw({ gasLimit: 20_999n }), nodeSaid(/intrinsic gas too low/))
await kind('another chain', 'UNKNOWN_ERROR', () => raw({ chainId: 1n }), nodeSaid(/invalid chain id for signer/))
await kind(
  'more gas than a block has',
  'UNKNOWN_ERROR',
  () => raw({ gasLimit: 2n ** 40n, maxFeePerGas: 1n, maxPriorityFeePerGas: 0n }),
  nodeSaid(/gas limit/),
)
await kind(
  'init code that is too large',
  'UNKNOWN_ERROR',
  () => raw({ to: null, data: `0x${'00'.repeat(49_153)}`, gasLimit: 5_000_000n }),
  nodeSaid(/max initcode size exceeded/),
)

await check('ethers: the same transaction twice, and another in its place that pays no more: REPLACEMENT_UNDERPRICED', async () => {
  // A gap before it keeps the transaction waiting.
  const nonce = (await nonceOf()) + 1
  const waiting = await raw({ nonce })
  try {
    nodeSaid(/already (known|imported)/)(await thrown(() => raw({ nonce })))
    const error = await thrown(() => raw({ nonce, value: 2n }))
    assert.ok(isError(error, 'REPLACEMENT_UNDERPRICED'), error)
  } finally {
    await raw({ nonce: nonce - 1 })
    await waiting.wait()
  }
})

for (const [reason, instead] of [
  ['repriced', {}],
  ['cancelled', { to: signer.address, value: 0n }],
  ['replaced', { value: 5n }],
]) {
  await check(`ethers: a transaction that was ${reason}: TRANSACTION_REPLACED`, async () => {
    const nonce = (await nonceOf()) + 1
    const first = await signer.sendTransaction({ ...toNobody, nonce })
    const waiting = thrown(() => first.wait(1, 30_000))
    const more = { maxFeePerGas: parseUnits('4', 'gwei'), maxPriorityFeePerGas: 2n }
    const second = await signer.sendTransaction({ ...toNobody, ...more, ...instead, nonce })
    await signer.sendTransaction({ ...toNobody, nonce: nonce - 1 })
    const error = await waiting
    assert.ok(isError(error, 'TRANSACTION_REPLACED'), error)
    assert.deepEqual([error.reason, error.cancelled, error.replacement.hash], [reason, reason !== 'repriced', second.hash])
  })
}

await kind('waiting for a transaction that does not come', 'TIMEOUT', async () => {
  const nonce = (await nonceOf()) + 1
  const waiting = await signer.sendTransaction({ ...toNobody, nonce })
  try {
    await waiting.wait(1, 1_000)
  } finally {
    await signer.sendTransaction({ ...toNobody, nonce: nonce - 1 })
  }
})

await kind(
  'a transaction that reverts',
  'CALL_EXCEPTION',
  async () => {
    const response = await counter.failWithError.send({ gasLimit: 100_000n, nonce: await nonceOf() })
    await response.wait()
  },
  (error) => assert.equal(error.receipt.status, 0),
)

// Contracts that fail.

const call =
  (name, ...args) =>
  () =>
    counter[name].staticCall(...args)
await kind('a reason in words', 'CALL_EXCEPTION', call('failWithReason'), (error) => {
  assert.deepEqual([error.reason, error.revert.name, [...error.revert.args]], ['no such luck', 'Error', ['no such luck']])
})
await kind('no words', 'CALL_EXCEPTION', call('failWithoutWords'), (error) => assert.deepEqual([error.data, error.revert], ['0x', null]))
await kind('a custom error', 'CALL_EXCEPTION', call('failWithError'), (error) => assert.equal(error.revert.name, 'Closed'))
await kind('a custom error with arguments', 'CALL_EXCEPTION', call('count', LIMIT + 1n, ''), ({ revert }) => {
  assert.deepEqual([revert.name, ...revert.args], ['LimitExceeded', signer.address, LIMIT, LIMIT + 1n])
})
await kind(
  'a custom error when gas is estimated',
  'CALL_EXCEPTION',
  () => counter.count.estimateGas(LIMIT + 1n, ''),
  (error) => {
    assert.deepEqual([error.action, counter.interface.parseError(error.data).name], ['estimateGas', 'LimitExceeded'])
  },
)
await kind(
  'a custom error before anything is sent',
  'CALL_EXCEPTION',
  () => counter.count(LIMIT + 1n, ''),
  (error) => assert.equal(error.action, 'estimateGas'),
)
await kind(
  'a custom error that the ABI does not have',
  'CALL_EXCEPTION',
  () => new Contract(deployed, ['function failWithError()'], provider).failWithError.staticCall(),
  (error) => {
    assert.deepEqual([error.revert, error.data], [null, counter.interface.getError('Closed').selector])
  },
)
const PANICS = [
  ['failByAssertion', 0x01],
  ['failByOverflow', 0x11, 1n],
  ['failByDivision', 0x12, 0n],
  ['failByEnum', 0x21, 2n],
  ['failByPop', 0x31],
  ['failByIndex', 0x32, 0n],
  ['failByMemory', 0x41, 2n ** 64n],
  ['failByPointer', 0x51],
]
const panicked =
  (code) =>
  ({ revert }) =>
    assert.deepEqual([revert.name, ...revert.args], ['Panic', code])
for (const [name, code, ...args] of PANICS) {
  await kind(`panic 0x${code.toString(16)} (${name})`, 'CALL_EXCEPTION', call(name, ...args), panicked(code))
}

// The same, sent: refused before it is, when its gas is estimated; in a block when it comes with gas of its own.

const decoded =
  (name, ...args) =>
  (error) => {
    const custom = counter.interface.parseError(error.data)
    assert.deepEqual([custom.name, ...custom.args], [name, ...args])
  }
for (const [name, told, ...args] of [
  ['failWithReason', (error) => assert.equal(error.reason, 'no such luck')],
  ['failWithoutWords', (error) => assert.deepEqual([error.data, error.revert], ['0x', null])],
  ['failWithError', decoded('Closed')],
  ['count', decoded('LimitExceeded', signer.address, LIMIT, LIMIT + 1n), LIMIT + 1n, ''],
  ['failByInvalidOpcode', nodeSaid(/invalid opcode/)],
  ['spin', nodeSaid(/gas required exceeds allowance/)],
  ...PANICS.map(([name, code, ...args]) => [name, panicked(code), ...args]),
]) {
  const send = (options) => counter[name].send(...args, options)
  await kind(
    `a transaction that fails (${name})`,
    'CALL_EXCEPTION',
    () => send({}),
    (error) => {
      assert.equal(error.action, 'estimateGas')
      told(error)
    },
  )
  await kind(
    `a transaction that fails in its block (${name})`,
    'CALL_EXCEPTION',
    async () => (await send({ gasLimit: 200_000n, nonce: await nonceOf() })).wait(),
    (error) => assert.equal(error.receipt.status, 0),
  )
}
await kind('an opcode that does not exist', 'CALL_EXCEPTION', call('failByInvalidOpcode'), nodeSaid(/invalid opcode/))
await kind('a call that never ends', 'CALL_EXCEPTION', call('spin'), nodeSaid(/out of gas/))
await kind('an estimate of what never ends', 'CALL_EXCEPTION', () => counter.spin.estimateGas(), nodeSaid(/gas required exceeds allowance/))
await kind(
  'a constructor that reverts',
  'CALL_EXCEPTION',
  () => new ContractFactory(abi, bytecode, signer).deploy(0n),
  (error) => {
    assert.equal(error.data, counter.interface.getError('Closed').selector)
  },
)
await kind(
  'a contract that is not there',
  'BAD_DATA',
  () => new Contract(poor.address, abi, provider).total(),
  (error) => assert.equal(error.value, '0x'),
)
await kind(
  'a plain call that reverts',
  'CALL_EXCEPTION',
  () => provider.call({ to: deployed, data: '0xdeadbeef' }),
  (error) => assert.equal(error.data, '0x'),
)
await kind(
  'a call with too little gas',
  'CALL_EXCEPTION',
  () => provider.call({ to: ZeroAddress, gasLimit: 20_000n }),
  nodeSaid(/intrinsic gas too low/),
)

// What is not there, and what is asked wrongly.

await check('ethers: transactions, receipts and blocks that do not exist are null', async () => {
  const asked = [
    provider.getTransaction(ZeroHash),
    provider.getTransactionReceipt(ZeroHash),
    provider.getBlock(2 ** 40),
    provider.getBlock(ZeroHash),
  ]
  assert.deepEqual(await Promise.all(asked), [null, null, null, null])
})
await kind('a method that does not exist', 'UNSUPPORTED_OPERATION', () => provider.send('eth_mistype', []))
await kind('a parameter of the wrong type', 'UNKNOWN_ERROR', () => provider.send('eth_getBalance', [5, 'latest']), nodeSaid(/-32602/))
await kind(
  'a parameter too few',
  'UNKNOWN_ERROR',
  () => provider.send('eth_getTransactionByHash', []),
  nodeSaid(/missing value for required argument 0/),
)
await kind(
  'the state of a block from the future',
  'UNKNOWN_ERROR',
  () => provider.getBalance(signer.address, 2 ** 40),
  nodeSaid(/header not found/),
)
await kind(
  'a filter that does not exist',
  'UNKNOWN_ERROR',
  () => provider.send('eth_getFilterChanges', ['0x123456']),
  nodeSaid(/filter not found/),
)
await kind(
  'a body that is no JSON',
  'SERVER_ERROR',
  async () => {
    const broken = new FetchRequest(RPC_URL)
    broken.body = '{'
    broken.setHeader('content-type', 'text/plain')
    const response = await broken.send()
    response.assertOk()
  },
  (error) => assert.equal(error.response.statusCode, 415),
)
await kind('a subscription to nothing', 'UNKNOWN_ERROR', async () => {
  const socket = new WebSocketProvider(WS_URL)
  try {
    await socket.send('eth_subscribe', ['nothing'])
  } finally {
    await socket.destroy()
  }
})

finish()
