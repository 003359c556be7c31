// Sends transactions one after the other with viem at its default settings, waits for each receipt, and prints how many milliseconds all of them took:
//   node sequential.mjs URL COUNT
import { createPublicClient, createWalletClient, defineChain, http } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'

const [url, count] = [process.argv[2], Number(process.argv[3])]
const account = mnemonicToAccount('test test test test test test test test test test test junk')
const id = await createPublicClient({ transport: http(url) }).getChainId()
const nativeCurrency = { name: 'Coin', symbol: 'COIN', decimals: 18 }
const chain = defineChain({ id, name: 'development', nativeCurrency, rpcUrls: { default: { http: [url] } } })
const wallet = createWalletClient({ account, chain, transport: http() })
const node = createPublicClient({ chain, transport: http() })

async function send(count) {
  const began = performance.now()
  for (let turn = 0; turn < count; turn++) {
    const hash = await wallet.sendTransaction({ to: '0x00000000000000000000000000000000000000aa', value: 1n })
    const receipt = await node.waitForTransactionReceipt({ hash })
    if (receipt.status !== 'success') throw new Error(`${hash}: ${receipt.status}`)
  }
  return performance.now() - began
}

// Connections, code and caches are warm then.
await send(20)
console.log(Math.round(await send(count)))
