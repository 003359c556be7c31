// A deposit of OPEN and a withdrawal with viem's op-stack actions, unmodified:
// `RPC_URL=… L1_RPC_URL=… PORTAL=… OUTPUTS=… OPEN_TOKEN=… node withdrawal.mjs`.
import assert from 'node:assert/strict'
import { createPublicClient, createWalletClient, defineChain, http, parseEther } from 'viem'
import { generatePrivateKey, mnemonicToAccount, privateKeyToAccount } from 'viem/accounts'
import {
  chainConfig,
  getL2TransactionHashes,
  getWithdrawals,
  publicActionsL1,
  publicActionsL2,
  walletActionsL1,
  walletActionsL2,
} from 'viem/op-stack'
import { MNEMONIC, RPC_URL, artifact, check, finish } from './checks.mjs'

const { L1_RPC_URL, PORTAL, OUTPUTS, OPEN_TOKEN } = process.env
/** A withdrawal waits for proposals and finality. */
const PATIENT = { patience: 300_000 }

const DEPOSIT = parseEther('5')
const WITHDRAWAL = parseEther('2')

const [l1Id, l2Id] = await Promise.all([L1_RPC_URL, RPC_URL].map((url) => createPublicClient({ transport: http(url) }).getChainId()))
const l1Chain = defineChain({
  id: l1Id,
  name: 'L1',
  nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
  rpcUrls: { default: { http: [L1_RPC_URL] } },
  contracts: { multicall3: { address: '0xcA11bde05977b3631167028862bE2a173976CA11' } },
})
const l2Chain = defineChain({
  ...chainConfig,
  id: l2Id,
  name: 'rollup',
  sourceId: l1Id,
  nativeCurrency: { name: 'Open', symbol: 'OPEN', decimals: 18 },
  rpcUrls: { default: { http: [RPC_URL] } },
  contracts: {
    ...chainConfig.contracts,
    portal: { [l1Id]: { address: PORTAL } },
    disputeGameFactory: { [l1Id]: { address: OUTPUTS } },
  },
})

const funded = mnemonicToAccount(MNEMONIC, { addressIndex: 7 })
// An account that nothing else touches, so that balances add up to the wei.
const account = privateKeyToAccount(generatePrivateKey())
const polling = { pollingInterval: 250 }
const l1 = createPublicClient({ chain: l1Chain, transport: http(), ...polling }).extend(publicActionsL1())
const l2 = createPublicClient({ chain: l2Chain, transport: http(), ...polling }).extend(publicActionsL2())
const wallet = (signer, chain) => createWalletClient({ account: signer, chain, transport: http(), ...polling })
const l1Wallet = wallet(account, l1Chain).extend(walletActionsL1())
const l2Wallet = wallet(account, l2Chain).extend(walletActionsL2())

const token = { address: OPEN_TOKEN, abi: artifact('Token').abi }
const portal = { address: PORTAL, abi: artifact('TributaryPortal').abi }
const openOf = (holder) => l1.readContract({ ...token, functionName: 'balanceOf', args: [holder] })

/** Waits for a transaction on L1 and insists that it succeeded. */
async function onL1(hash) {
  const receipt = await l1.waitForTransactionReceipt({ hash: await hash })
  assert.equal(receipt.status, 'success')
  return receipt
}

await check('an account gets OPEN and ETH on the L1', async () => {
  const giver = wallet(funded, l1Chain)
  await onL1(giver.writeContract({ ...token, functionName: 'transfer', args: [account.address, DEPOSIT] }))
  await onL1(giver.sendTransaction({ to: account.address, value: parseEther('1') }))
  assert.equal(await openOf(account.address), DEPOSIT)
})

const deposit = await check('OPEN is deposited through the portal', async () => {
  const held = await openOf(PORTAL)
  await onL1(l1Wallet.writeContract({ ...token, functionName: 'approve', args: [PORTAL, DEPOSIT] }))
  const args = [account.address, DEPOSIT, DEPOSIT, 100_000n, false, '0x']
  const receipt = await onL1(l1Wallet.writeContract({ ...portal, functionName: 'depositERC20Transaction', args }))
  assert.equal(await openOf(PORTAL), held + DEPOSIT)
  return receipt
})

await check('the deposit arrives on L2 as the transaction that viem expects', async () => {
  const [hash] = getL2TransactionHashes(deposit)
  const receipt = await l2.waitForTransactionReceipt({ hash, timeout: 120_000 })
  assert.equal(receipt.status, 'success')
  assert.equal((await l2.getTransaction({ hash })).type, 'deposit')
  assert.equal(await l2.getBalance({ address: account.address }), DEPOSIT)
  assert.equal(await l2.getBalance({ address: account.address, blockNumber: receipt.blockNumber - 1n }), 0n)
  assert.equal((await l2.getBlock({ blockHash: receipt.blockHash })).number, receipt.blockNumber)
}, PATIENT)

await check('an L2 receipt has the L1 fee, and viem estimates it', async () => {
  const request = { account, to: account.address, value: 1n }
  assert.ok((await l2.estimateL1Fee(request)) > 0n)
  const receipt = await l2.waitForTransactionReceipt({ hash: await l2Wallet.sendTransaction(request) })
  const before = await l2.getBalance({ address: account.address, blockNumber: receipt.blockNumber - 1n })
  assert.ok(receipt.l1Fee > 0n && receipt.l1GasPrice > 0n)
  const after = await l2.getBalance({ address: account.address, blockNumber: receipt.blockNumber })
  assert.equal(before - after, receipt.gasUsed * receipt.effectiveGasPrice + receipt.l1Fee)
})

const withdrawal = await check('a withdrawal starts on L2', async () => {
  const request = { to: account.address, value: WITHDRAWAL, gas: 100_000n }
  const hash = await l2Wallet.initiateWithdrawal({ request })
  const receipt = await l2.waitForTransactionReceipt({ hash })
  assert.equal(receipt.status, 'success')
  assert.equal(getWithdrawals(receipt)[0].value, WITHDRAWAL)
  return receipt
})

const status = () => l1.getWithdrawalStatus({ receipt: withdrawal, targetChain: l2Chain })

await check('it waits until its output root is on L1', async () => {
  assert.equal(await status(), 'waiting-to-prove')
})

await check('it is proven against an attested output root', async () => {
  const { game, output, withdrawal: sent } = await l1.waitToProve({ receipt: withdrawal, targetChain: l2Chain })
  assert.equal(await status(), 'ready-to-prove')
  const request = await l2.buildProveWithdrawal({ account, game, output, withdrawal: sent })
  await onL1(l1Wallet.proveWithdrawal(request))
  assert.match(await status(), /^(waiting|ready)-to-finalize$/)
}, PATIENT)

await check('it is finalized after its time, and pays', async () => {
  const [sent] = getWithdrawals(withdrawal)
  await l1.waitToFinalize({ targetChain: l2Chain, withdrawalHash: sent.withdrawalHash })
  while ((await status()) === 'waiting-to-finalize') await new Promise((resolve) => setTimeout(resolve, 500))
  const held = await openOf(PORTAL)
  await onL1(l1Wallet.finalizeWithdrawal({ targetChain: l2Chain, withdrawal: sent }))
  assert.equal(await status(), 'finalized')
  assert.equal(await openOf(account.address), WITHDRAWAL)
  assert.equal(await openOf(PORTAL), held - WITHDRAWAL)
}, PATIENT)

finish()
