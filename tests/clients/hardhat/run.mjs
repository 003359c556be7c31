// Hardhat with its viem plugin, on the node as one of its networks (hardhat.config.js):
// `SOLC=folder-of-npm's-solc hardhat run run.mjs --network rollup`.
import { artifacts, network } from 'hardhat'
import assert from 'node:assert/strict'
import {
  BaseError,
  ContractFunctionRevertedError,
  InsufficientFundsError,
  NonceTooLowError,
  encodeFunctionData,
  nonceManager,
  pad,
  parseEther,
  parseGwei,
  zeroAddress,
} from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { check, checkWithRestart, finish, sealed, thrown, until } from '../checks.mjs'

const LIMIT = 1_000n
const { viem, provider, networkName, networkHelpers: node } = await network.connect()
const client = await viem.getPublicClient({ pollingInterval: 100, cacheTime: 0 })
const [wallet] = await viem.getWalletClients()
const owner = wallet.account.address

/** The receipt of a transaction in a sealed block. */
async function included(hash) {
  const { blockNumber } = await client.waitForTransactionReceipt({ hash })
  await sealed(blockNumber, () => client.getBlockNumber())
  return client.getTransactionReceipt({ hash })
}

const counter = await check('hardhat compiles and deploys a contract', async () => {
  const contract = await viem.deployContract('Counter', [LIMIT])
  const { deployedBytecode } = await artifacts.readArtifact('Counter')
  const code = await client.getCode({ address: contract.address })
  // They differ in one word, the immutable variable.
  assert.equal(code.length, deployedBytecode.length)
  assert.equal(networkName, 'rollup')
  return contract
})

const sent = await check('hardhat uses a contract', async () => {
  assert.equal(await counter.read.limit(), LIMIT)
  const receipt = await included(await counter.write.count([7n, 'from hardhat']))
  assert.equal(receipt.status, 'success')
  assert.deepEqual([await counter.read.total(), await counter.read.counted([owner])], [7n, 7n])
  return receipt
})

await check('hardhat finds a contract again and reads its events', async () => {
  const again = await viem.getContractAt('Counter', counter.address)
  const [event] = await again.getEvents.Counted({}, { fromBlock: sent.blockNumber })
  assert.deepEqual([event.args.amount, event.args.note, event.transactionHash], [7n, 'from hardhat', sent.transactionHash])
  assert.deepEqual(await again.getEvents.Counted({ who: zeroAddress }, { fromBlock: 0n }), [])
})

await check('hardhat simulates', async () => {
  assert.equal((await counter.simulate.count([5n, ''], { account: owner })).result, 12n)
  const { results } = await client.simulateCalls({
    account: owner,
    calls: [5n, 6n].map((amount) => ({ to: counter.address, abi: counter.abi, functionName: 'count', args: [amount, ''] })),
  })
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
  assert.equal((await included(await counter.write.failWithError({ gas: 100_000n }))).status, 'reverted')
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

await check("hardhat reads the rollup's own fees (op chain type)", async () => {
  assert.ok(
    (await client.estimateL1Fee({
      account: owner,
      to: zeroAddress,
      value: 1n,
      gasPriceOracleAddress: '0x420000000000000000000000000000000000000F',
    })) > 0n,
  )
  assert.ok(sent.l1Fee > 0n)
})

await check('hardhat sends 200 transactions at once with a nonce manager', async () => {
  // Hardhat signs for the accounts of its configuration and asks for the nonce each time; viem's manager counts.
  const crowd = privateKeyToAccount(generatePrivateKey(), { nonceManager })
  await included(await wallet.sendTransaction({ to: crowd.address, value: parseEther('1') }))
  const crowdWallet = await viem.getWalletClient(crowd.address, { account: crowd })
  const hashes = await Promise.all(Array.from({ length: 200 }, () => crowdWallet.sendTransaction({ to: zeroAddress, value: 1n })))
  const receipts = await Promise.all(hashes.map((hash) => client.waitForTransactionReceipt({ hash })))
  assert.deepEqual(new Set(receipts.map(({ status }) => status)), new Set(['success']))
  assert.equal(await client.getTransactionCount({ address: crowd.address }), 200)
})

await checkWithRestart('hardhat goes on after a restart of the node, and misses no event', async (restart) => {
  const seen = []
  const stop = client.watchContractEvent({
    address: counter.address,
    abi: counter.abi,
    eventName: 'Counted',
    poll: true,
    onLogs: (logs) => seen.push(...logs),
  })
  const total = await counter.read.total()
  const acknowledged = await counter.write.count([2n, 'before'])
  await client.waitForTransactionReceipt({ hash: acknowledged })
  await restart()
  assert.equal((await included(acknowledged)).status, 'success')
  const after = await included(await counter.write.count([3n, 'after']))
  assert.equal(await counter.read.total(), total + 5n)
  // viem polls a filter, and makes another when the node does not know the first one any more.
  await until(() => seen.some(({ transactionHash }) => transactionHash === after.transactionHash))
  stop()
  assert.deepEqual(new Set(seen.map(({ transactionHash }) => transactionHash)), new Set([acknowledged, after.transactionHash]))
})

await check('hardhat deals with the contract through calldata of its own making', async () => {
  const data = encodeFunctionData({ abi: counter.abi, functionName: 'count', args: [1n, 'raw'] })
  const hash = await provider.request({ method: 'eth_sendTransaction', params: [{ from: owner, to: counter.address, data }] })
  assert.equal((await included(hash)).status, 'success')
})

// From here on the time is changed.
const stranger = '0x00000000000000000000000000000000000be1a7'

await check("hardhat's network helpers move the time and mine", async () => {
  const before = await node.time.latest()
  assert.ok((await node.time.increase(600)) >= before + 600)
  assert.ok((await node.time.latest()) >= before + 600)
  const target = (await node.time.latest()) + 100
  await node.time.increaseTo(target)
  assert.ok((await node.time.latest()) >= target)
  const height = await node.time.latestBlock()
  await node.mine(5)
  assert.ok((await node.time.latestBlock()) >= height + 5)
})

await check("hardhat's network helpers write accounts", async () => {
  await node.setBalance(stranger, parseEther('2'))
  await node.setNonce(stranger, 9)
  await node.setCode(stranger, '0x6001')
  // Padded to 32 bytes by the helper, with leading zeros.
  await node.setStorageAt(stranger, 5, 7)
  const address = stranger
  assert.deepEqual(
    [
      await client.getBalance({ address }),
      await client.getTransactionCount({ address }),
      await client.getCode({ address }),
      await node.getStorageAt(address, 5),
    ],
    [parseEther('2'), 9, '0x6001', pad('0x7')],
  )
})

await check("hardhat's network helpers let a contract send", async () => {
  await node.setBalance(counter.address, parseEther('1'))
  await node.impersonateAccount(counter.address)
  const remote = await network.connect('remote')
  const params = [{ from: counter.address, to: stranger, value: '0x1' }]
  const hash = await remote.provider.request({ method: 'eth_sendTransaction', params })
  assert.equal((await included(hash)).from, counter.address.toLowerCase())
  await node.stopImpersonatingAccount(counter.address)
})

await check("hardhat's network helpers load a fixture again and again", async () => {
  const fixture = async () => {
    await node.setBalance(stranger, 1n)
    return (await counter.write.count([1n, 'fixture'])).length
  }
  const balance = () => client.getBalance({ address: stranger })
  for (const spent of [2n, 3n, 4n]) {
    assert.equal(await node.loadFixture(fixture), 66)
    assert.equal(await balance(), 1n)
    await node.setBalance(stranger, spent)
  }
  // Nothing becomes final while a snapshot is held: the fixture's is let go with all that are younger.
  const id = BigInt(await provider.request({ method: 'evm_snapshot' }))
  assert.equal(await provider.request({ method: 'evm_revert', params: [`0x${(id - 1n).toString(16)}`] }), true)
})

finish()
