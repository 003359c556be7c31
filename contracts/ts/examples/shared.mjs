// What the examples share: a wallet with the actions, for a key in `KEY` or a development account.
import { createWalletClient, defineChain, http, publicActions } from 'viem'
import { mnemonicToAccount, privateKeyToAccount } from 'viem/accounts'
import { tributaryActions } from 'tributary-contracts'

const RPC = process.env.RPC ?? 'http://127.0.0.1:8545'
const MNEMONIC = 'test test test test test test test test test test test junk'

/** A wallet of `KEY`, or of the development account of this index. */
export async function wallet(addressIndex) {
  const account = process.env.KEY ? privateKeyToAccount(process.env.KEY) : mnemonicToAccount(MNEMONIC, { addressIndex })
  const id = await createWalletClient({ account, transport: http(RPC) }).extend(publicActions).getChainId()
  const nativeCurrency = { name: 'Open', symbol: 'OPEN', decimals: 18 }
  const chain = defineChain({ id, name: 'Tributary', nativeCurrency, rpcUrls: { default: { http: [RPC] } } })
  return createWalletClient({ account, chain, transport: http(), pollingInterval: 250 }).extend(publicActions).extend(tributaryActions)
}
