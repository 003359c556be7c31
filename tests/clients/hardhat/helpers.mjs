// Hardhat's network helpers: time, blocks, snapshots, accounts. A program of its own (`hardhat run helpers.mjs`), because it changes the time.
import { expect } from 'chai'
import { network } from 'hardhat'
import assert from 'node:assert/strict'
import { check, finish, thrown } from '../checks.mjs'

const DAY = 86_400
const { ethers, provider, networkHelpers: node } = await network.connect('remote')
const { time } = node
const [owner, friend] = await ethers.getSigners()
const stranger = '0x00000000000000000000000000000000000be1a7'
const latest = () => ethers.provider.getBlock('latest')

await check("hardhat's network helpers mine", async () => {
  const before = await latest()
  await node.mine()
  assert.ok((await time.latestBlock()) >= before.number + 1)
  const height = await time.latestBlock()
  await node.mine(10)
  assert.ok((await time.latestBlock()) >= height + 10)
  await node.mineUpTo((await time.latestBlock()) + 20)
  const { number, parentHash } = await latest()
  assert.equal((await ethers.provider.getBlock(number - 1)).hash, parentHash)
})

await check("hardhat's network helpers move the time by 30 days, to a second", async () => {
  const before = await time.latest()
  const later = await time.increase(30 * DAY)
  assert.equal(later, before + 30 * DAY)
  await time.increaseTo(later + 30 * DAY)
  assert.equal(await time.latest(), later + 30 * DAY)
  // A transaction after it is in a block of that time, not of the wall clock.
  const receipt = await (await owner.sendTransaction({ to: friend.address, value: 1n })).wait()
  const block = await receipt.getBlock()
  assert.ok(block.timestamp >= later + 30 * DAY && block.timestamp < later + 31 * DAY)
})

await check("hardhat's network helpers open a vault when its time has come", async () => {
  const vault = await ethers.deployContract('Vault', [365 * DAY], { value: 1_000n })
  await expect(vault.open()).to.be.revertedWithCustomError(vault, 'StillClosed')
  await time.increaseTo((await vault.opens()) - 100n)
  await expect(vault.open()).to.be.revertedWithCustomError(vault, 'StillClosed')
  await time.increaseTo(await vault.opens())
  await expect(vault.open()).to.emit(vault, 'Opened')
  assert.equal(await ethers.provider.getBalance(await vault.getAddress()), 0n)
})

await check("hardhat's network helpers name the next block's time", async () => {
  const at = (await time.latest()) + 5_000
  await time.setNextBlockTimestamp(at)
  const receipt = await (await owner.sendTransaction({ to: friend.address, value: 1n })).wait()
  assert.equal((await receipt.getBlock()).timestamp, at)
})

await check("hardhat's network helpers refuse to go back in time", async () => {
  const error = await thrown(async () => time.increaseTo((await time.latest()) - 1_000))
  assert.match(error.message, /lower|earlier|before|backwards|smaller|less|greater/i)
})

await check("hardhat's network helpers write accounts", async () => {
  await node.setBalance(stranger, 2n * 10n ** 18n)
  await node.setNonce(stranger, 9)
  await node.setCode(stranger, '0x6001')
  // Padded to 32 bytes by the helper, with leading zeros.
  await node.setStorageAt(stranger, 5, 7)
  const state = [ethers.provider.getBalance(stranger), ethers.provider.getTransactionCount(stranger), ethers.provider.getCode(stranger)]
  assert.deepEqual(await Promise.all(state), [2n * 10n ** 18n, 9, '0x6001'])
  assert.equal(BigInt(await node.getStorageAt(stranger, 5)), 7n)
})

await check("hardhat's network helpers let a contract send", async () => {
  const vault = await ethers.deployContract('Vault', [DAY])
  const address = await vault.getAddress()
  await node.setBalance(address, 10n ** 18n)
  await node.impersonateAccount(address)
  const contract = await ethers.getSigner(address)
  const receipt = await (await contract.sendTransaction({ to: friend.address, value: 1n })).wait()
  assert.deepEqual([receipt.from, receipt.status], [address, 1])
  assert.equal((await receipt.getBlock()).hash, receipt.blockHash)
  await node.stopImpersonatingAccount(address)
  await assert.rejects(provider.request({ method: 'eth_sendTransaction', params: [{ from: address, to: stranger, value: '0x1' }] }))
})

await check("hardhat's network helpers take snapshots and go back, again and again", async () => {
  const token = await ethers.deployContract('Token', [1_000n])
  const snapshot = await node.takeSnapshot()
  const before = await latest()
  for (let round = 0; round < 3; round += 1) {
    const { hash } = await (await token.transfer(friend.address, 7n)).wait()
    await time.increase(DAY)
    assert.equal(await token.balanceOf(friend.address), 7n)
    await snapshot.restore()
    assert.equal(await token.balanceOf(friend.address), 0n)
    assert.equal(await ethers.provider.getTransactionReceipt(hash), null)
    assert.equal((await ethers.provider.getBlock(before.number)).hash, before.hash)
  }
})

await check("hardhat's network helpers load a fixture again and again", async () => {
  async function fixture() {
    const token = await ethers.deployContract('Token', [1_000n])
    await token.transfer(friend.address, 1n)
    return { token, block: await time.latestBlock() }
  }
  for (let round = 0; round < 3; round += 1) {
    const { token } = await node.loadFixture(fixture)
    assert.equal(await token.balanceOf(friend.address), 1n)
    await token.transfer(friend.address, 9n)
    await time.increase(DAY)
  }
  // Nothing becomes final while a snapshot is held: the fixture's is let go with all that are younger.
  node.clearSnapshots()
  const id = BigInt(await provider.request({ method: 'evm_snapshot' }))
  assert.equal(await provider.request({ method: 'evm_revert', params: [`0x${(id - 1n).toString(16)}`] }), true)
})

await check("hardhat's network helpers drop a transaction that waits", async () => {
  const nonce = (await ethers.provider.getTransactionCount(owner.address)) + 1
  const hash = await provider.request({
    method: 'eth_sendTransaction',
    params: [{ from: owner.address, to: stranger, value: '0x1', gas: '0x5208', nonce: `0x${nonce.toString(16)}` }],
  })
  assert.equal((await ethers.provider.getTransaction(hash)).blockNumber, null)
  assert.equal(await node.dropTransaction(hash), true)
  assert.equal(await ethers.provider.getTransaction(hash), null)
})

for (const [name, body] of [
  ['setNextBlockBaseFeePerGas', () => node.setNextBlockBaseFeePerGas(2_000_000_000n)],
  ['setPrevRandao', () => node.setPrevRandao(7n)],
  ['setCoinbase', () => node.setCoinbase(friend.address)],
  ['setBlockGasLimit', () => node.setBlockGasLimit(60_000_000n)],
]) {
  await check(`hardhat's network helpers: ${name} has its effect, or says why not`, async () => {
    try {
      await body()
    } catch (error) {
      // A sentence, and not that there is no such method.
      assert.ok(error.message.length > 20 && !/method not found|does not exist|internal/i.test(error.message), error.message)
      return
    }
    const receipt = await (await owner.sendTransaction({ to: friend.address, value: 1n, maxFeePerGas: 10n ** 11n })).wait()
    const block = await provider.request({ method: 'eth_getBlockByHash', params: [receipt.blockHash, false] })
    const seen = { setNextBlockBaseFeePerGas: block.baseFeePerGas, setPrevRandao: block.mixHash, setCoinbase: block.miner, setBlockGasLimit: block.gasLimit }
    const wanted = { setNextBlockBaseFeePerGas: 2_000_000_000n, setPrevRandao: 7n, setCoinbase: BigInt(friend.address), setBlockGasLimit: 60_000_000n }
    assert.equal(BigInt(seen[name]), wanted[name])
  })
}

await check("hardhat's network helpers mine 50,400 blocks, a week of governance", async () => {
  const height = await time.latestBlock()
  await node.mine(50_400)
  assert.ok((await time.latestBlock()) >= height + 50_400)
  const receipt = await (await owner.sendTransaction({ to: friend.address, value: 1n })).wait()
  assert.ok(receipt.blockNumber > height + 50_400)
}, { patience: 300_000 })

finish()
