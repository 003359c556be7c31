// Hardhat's chai matchers, through its ethers plugin. The node signs.
import { expect } from 'chai'
import { network } from 'hardhat'
import assert from 'node:assert/strict'
import { check, thrown } from '../checks.mjs'

const LIMIT = 1_000n
const { ethers } = await network.connect('remote')
const [owner, friend, other] = await ethers.getSigners()

const counter = await check("hardhat's ethers plugin deploys contracts", () => ethers.deployContract('Counter', [LIMIT]))
const token = await check("hardhat's ethers plugin deploys a token", async () => {
  const contract = await ethers.deployContract('Token', [1_000_000n])
  await contract.waitForDeployment()
  assert.equal((await contract.deploymentTransaction().wait()).contractAddress, await contract.getAddress())
  return contract
})

await check('chai: emit, withArgs, and what was not emitted', async () => {
  await expect(counter.count(3n, 'told')).to.emit(counter, 'Counted').withArgs(owner.address, 3n, 'told')
  await expect(counter.count(0n, '')).to.not.emit(token, 'Transfer')
  await expect(token.approve(friend.address, 9n)).to.emit(token, 'Approval').withArgs(owner.address, friend.address, 9n)
  await expect(token.connect(friend).transferFrom(owner.address, other.address, 4n))
    .to.emit(token, 'Transfer')
    .withArgs(owner.address, other.address, 4n)
  const wrong = await thrown(() => expect(counter.count(1n, 'told')).to.emit(counter, 'Counted').withArgs(owner.address, 2n, 'told'))
  assert.equal(wrong.name, 'AssertionError')
})

await check('chai: revertedWith, revertedWithCustomError, revertedWithPanic, revertedWithoutReason', async () => {
  await expect(counter.failWithReason()).to.be.revertedWith('no such luck')
  await expect(counter.failWithError()).to.be.revertedWithCustomError(counter, 'Closed')
  await expect(counter.count(LIMIT, ''))
    .to.be.revertedWithCustomError(counter, 'LimitExceeded')
    .withArgs(owner.address, LIMIT, (await counter.total()) + LIMIT)
  await expect(counter.failByDivision(0n)).to.be.revertedWithPanic(0x12)
  await expect(counter.failWithoutWords()).to.be.revertedWithoutReason(ethers)
  await expect(counter.count(LIMIT, '')).to.revert(ethers)
  await expect(counter.count(0n, '')).to.not.revert(ethers)
})

await check('chai: a transaction that reverts in its block is reverted, with its words', async () => {
  const options = { gasLimit: 200_000n }
  await expect(counter.failWithReason.send(options)).to.be.revertedWith('no such luck')
  await expect(counter.failWithError.send(options)).to.be.revertedWithCustomError(counter, 'Closed')
  await expect(counter.failByDivision.send(0n, options)).to.be.revertedWithPanic(0x12)
  await expect(counter.count(LIMIT, '', options)).to.revert(ethers)
  await expect(counter.count(LIMIT, '', options)).to.be.revertedWithCustomError(counter, 'LimitExceeded')
})

await check('chai: changeEtherBalance for who receives', async () => {
  await expect(owner.sendTransaction({ to: friend.address, value: 200n })).to.changeEtherBalance(ethers, friend, 200n)
  await expect(() => owner.sendTransaction({ to: friend.address, value: 100n })).to.changeEtherBalance(ethers, friend, 100n)
})

await check('chai: changeEtherBalances for both, without the fee', async () => {
  const sending = owner.sendTransaction({ to: friend.address, value: 200n })
  await expect(sending).to.changeEtherBalances(ethers, [owner, friend, other], [-200n, 200n, 0n])
})

await check('chai: changeTokenBalance and changeTokenBalances', async () => {
  await expect(token.transfer(friend.address, 50n)).to.changeTokenBalance(ethers, token, friend, 50n)
  await expect(token.transfer(friend.address, 50n)).to.changeTokenBalances(ethers, token, [owner, friend, other], [-50n, 50n, 0n])
  await expect(token.transfer(friend.address, 0n)).to.not.changeTokenBalance(ethers, token, friend, 1n)
})

await check("hardhat's ethers plugin: the receipt's block, its logs and the state on both sides", async () => {
  const receipt = await (await token.transfer(friend.address, 5n)).wait()
  const [at, before] = [{ blockTag: receipt.blockNumber }, { blockTag: receipt.blockNumber - 1 }]
  assert.equal((await token.balanceOf(friend.address, at)) - (await token.balanceOf(friend.address, before)), 5n)
  assert.equal((await receipt.getBlock()).hash, receipt.blockHash)
  const [event] = await token.queryFilter('Transfer', receipt.blockNumber, receipt.blockNumber)
  assert.deepEqual([event.transactionHash, event.args.value], [receipt.hash, 5n])
  assert.equal((await ethers.provider.getLogs({ blockHash: receipt.blockHash, address: await token.getAddress() })).length, 1)
})
