// Hardhat's viem plugin: contracts, their events, its assertions.
import { artifacts, network } from 'hardhat'
import assert from 'node:assert/strict'
import {
  BaseError,
  ContractFunctionRevertedError,
  InsufficientFundsError,
  NonceTooLowError,
  encodeFunctionData,
  getAddress,
  nonceManager,
  parseEther,
  parseGwei,
  zeroAddress,
} from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { check, checkWithRestart, skip, thrown, until } from '../checks.mjs'
import { checkTruth } from '../truth.mjs'

const LIMIT = 1_000n
const { viem, provider } = await network.connect('own')
const remote = await network.connect('remote')
const client = await viem.getPublicClient()
const [wallet] = await viem.getWalletClients()
const owner = wallet.account.address
const receiptOf = (hash) => client.waitForTransactionReceipt({ hash })

const counter = await check('hardhat compiles and deploys a contract', async () => {
  const contract = await viem.deployContract('Counter', [LIMIT])
  const { deployedBytecode } = await artifacts.readArtifact('Counter')
  const code = await client.getCode({ address: contract.address })
  // They differ in one word, the immutable variable.
  assert.equal(code.length, deployedBytecode.length)
  return contract
})

const sent = await check('hardhat uses a contract', async () => {
  assert.equal(await counter.read.limit(), LIMIT)
  const receipt = await receiptOf(await counter.write.count([7n, 'from hardhat']))
  assert.equal(receipt.status, 'success')
  assert.deepEqual([await counter.read.total(), await counter.read.counted([owner])], [7n, 7n])
  assert.equal(await counter.read.total({ blockNumber: receipt.blockNumber - 1n }), 0n)
  assert.equal((await client.getBlock({ blockHash: receipt.blockHash })).number, receipt.blockNumber)
  return receipt
})
await checkTruth('hardhat', (method, params) => provider.request({ method, params }), sent?.transactionHash)

await check('hardhat finds a contract again and reads its events', async () => {
  const again = await viem.getContractAt('Counter', counter.address)
  const [event] = await again.getEvents.Counted({}, { fromBlock: sent.blockNumber })
  assert.deepEqual([event.args.amount, event.args.note, event.transactionHash], [7n, 'from hardhat', sent.transactionHash])
  assert.deepEqual(await again.getEvents.Counted({ who: zeroAddress }, { fromBlock: 0n }), [])
})

await check('hardhat simulates', async () => {
  assert.equal((await counter.simulate.count([5n, ''], { account: owner })).result, 12n)
  const calls = [5n, 6n].map((amount) => ({ to: counter.address, abi: counter.abi, functionName: 'count', args: [amount, ''] }))
  const { results } = await client.simulateCalls({ account: owner, calls })
  assert.deepEqual(
    results.map(({ result }) => result),
    [12n, 18n],
  )
  assert.ok((await counter.estimateGas.count([5n, ''], { account: owner })) > 21_000n)
})

await check('hardhat traces', async () => {
  const trace = await provider.request({ method: 'debug_traceTransaction', params: [sent.transactionHash, { tracer: 'callTracer' }] })
  assert.deepEqual([trace.type, BigInt(trace.gasUsed), trace.from], ['CALL', sent.gasUsed, owner.toLowerCase()])
})

await check('hardhat tells reasons, panics and custom errors apart', async () => {
  const cause = async (body) => (await thrown(body)).walk((error) => error instanceof ContractFunctionRevertedError)
  assert.equal((await cause(() => counter.read.failWithReason())).reason, 'no such luck')
  const panic = await cause(() => counter.read.failByDivision([0n]))
  assert.deepEqual([panic.data.errorName, panic.data.args], ['Panic', [0x12n]])
  const limited = await cause(() => counter.simulate.count([LIMIT, ''], { account: owner }))
  assert.deepEqual([limited.data.errorName, limited.data.args[2]], ['LimitExceeded', LIMIT + 7n])
  // Nothing is sent when the estimate reverts.
  assert.match((await thrown(() => counter.write.count([LIMIT, '']))).message, /LimitExceeded/)
  assert.equal((await receiptOf(await counter.write.failWithError({ gas: 100_000n }))).status, 'reverted')
})

await check("hardhat's viem assertions: emit and revert", async () => {
  const { assertions } = viem
  await assertions.emit(counter.write.count([1n, 'told']), counter, 'Counted')
  await assertions.emitWithArgs(counter.write.count([2n, 'told']), counter, 'Counted', [getAddress(owner), 2n, 'told'])
  await assertions.revert(counter.read.failWithoutWords())
  await assertions.revertWith(counter.read.failWithReason(), 'no such luck')
  await assertions.revertWithCustomError(counter.write.failWithError(), counter, 'Closed')
  const total = await counter.read.total()
  await assertions.revertWithCustomErrorWithArgs(counter.write.count([LIMIT, '']), counter, 'LimitExceeded', [getAddress(owner), LIMIT, total + LIMIT])
})

await check("hardhat's viem assertions: balancesHaveChanged for who receives", async () => {
  const friend = privateKeyToAccount(generatePrivateKey()).address
  for (const amount of [3n, 4n]) {
    await viem.assertions.balancesHaveChanged(wallet.sendTransaction({ to: friend, value: amount }), [{ address: friend, amount }])
  }
})

await check("hardhat's viem assertions: balancesHaveChanged for who sends", async () => {
  const changes = [{ address: owner, amount: -3n }]
  await viem.assertions.balancesHaveChanged(wallet.sendTransaction({ to: zeroAddress, value: 3n }), changes)
})

await check('hardhat knows why a transaction is refused', async () => {
  const fees = { gas: 21_000n, maxFeePerGas: parseGwei('2'), maxPriorityFeePerGas: 1n }
  const low = await thrown(() => wallet.sendTransaction({ to: zeroAddress, nonce: 0, ...fees }))
  assert.ok(low instanceof BaseError && low.walk((error) => error instanceof NonceTooLowError), low)
  const much = await thrown(() => wallet.sendTransaction({ to: zeroAddress, value: parseEther('1000000'), ...fees }))
  assert.ok(
    much.walk((error) => error instanceof InsufficientFundsError),
    much,
  )
})

const oracle = '0x420000000000000000000000000000000000000F'
const ofRollup = "hardhat reads a rollup's own fees (op chain type)"
if (await client.getCode({ address: oracle })) {
  await check(ofRollup, async () => {
    const l2 = await (await network.connect('rollup')).viem.getPublicClient()
    assert.ok((await l2.estimateL1Fee({ account: owner, to: zeroAddress, value: 1n, gasPriceOracleAddress: oracle })) > 0n)
    assert.ok((await l2.getTransactionReceipt({ hash: sent.transactionHash })).l1Fee > 0n)
  })
} else skip(ofRollup, 'no rollup of the OP Stack')

await check('hardhat sends 200 transactions at once with a nonce manager', async () => {
  // Hardhat signs for the accounts of its configuration and asks for the nonce each time; viem's manager counts.
  const crowd = privateKeyToAccount(generatePrivateKey(), { nonceManager })
  await receiptOf(await wallet.sendTransaction({ to: crowd.address, value: parseEther('1') }))
  const crowdWallet = await viem.getWalletClient(crowd.address, { account: crowd })
  const hashes = await Promise.all(Array.from({ length: 200 }, () => crowdWallet.sendTransaction({ to: zeroAddress, value: 1n })))
  const receipts = await Promise.all(hashes.map(receiptOf))
  assert.deepEqual(new Set(receipts.map(({ status }) => status)), new Set(['success']))
  assert.equal(await client.getTransactionCount({ address: crowd.address }), 200)
})

await check('hardhat sends one transaction after the other, the node signs', async () => {
  const [first] = await remote.viem.getWalletClients()
  const to = privateKeyToAccount(generatePrivateKey()).address
  const hashes = []
  for (let i = 0; i < 20; i += 1) hashes.push(await first.sendTransaction({ to, value: 1n }))
  for (const receipt of await Promise.all(hashes.map(receiptOf))) assert.equal(receipt.status, 'success')
  assert.equal(await client.getBalance({ address: to }), 20n)
})

await check('hardhat deals with the contract through calldata of its own making', async () => {
  const data = encodeFunctionData({ abi: counter.abi, functionName: 'count', args: [1n, 'raw'] })
  const hash = await provider.request({ method: 'eth_sendTransaction', params: [{ from: owner, to: counter.address, data }] })
  assert.equal((await receiptOf(hash)).status, 'success')
})

await checkWithRestart('hardhat goes on after a restart of the node, and hears of events again', async (restart) => {
  const seen = []
  const { address, abi } = counter
  const stop = client.watchContractEvent({ address, abi, eventName: 'Counted', poll: true, onLogs: (logs) => seen.push(...logs) })
  const count = async (note) => receiptOf(await counter.write.count([0n, note]))
  const heard = ({ transactionHash }) => seen.some((log) => log.transactionHash === transactionHash)
  // viem polls a filter, and makes another when the node does not know the first one any more: what happens in between it does not hear.
  const hears = () => until(async () => heard(await count('heard')))
  await hears()
  const total = await counter.read.total()
  const acknowledged = await receiptOf(await counter.write.count([2n, 'before']))
  await restart()
  assert.deepEqual(await receiptOf(acknowledged.transactionHash), acknowledged)
  assert.equal(await counter.read.total(), total + 2n)
  seen.length = 0
  await hears()
  stop()
})
