// The page: what an application does with the wallet, and with the node itself. browser.mjs runs each of `window.deeds` by its sentence.
import { BrowserProvider, ContractFactory, JsonRpcProvider, WebSocketProvider, verifyMessage } from 'ethers'
import { createPublicClient, createWalletClient, custom, defineChain, http, numberToHex, verifyMessage as verifies, webSocket } from 'viem'
import { Wallet, announce, ask } from './wallet.js'

const { rpc, ws, token } = JSON.parse(document.querySelector('#settings').textContent)
announce(new Wallet(rpc, ws))

function equal(left, right) {
  const show = (value) => JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? `${inner}n` : inner))
  if (show(left) !== show(right)) throw new Error(`${show(left)} is not ${show(right)}`)
}

/** Resolves once something is so. */
async function until(condition) {
  const late = Date.now() + 20_000
  while (!condition()) {
    if (Date.now() > late) throw new Error(`not so within 20 s: ${condition}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** The wallet, found as wagmi finds it. */
const found = await new Promise((resolve) => {
  window.addEventListener('eip6963:announceProvider', ({ detail }) => resolve(detail.provider))
  window.dispatchEvent(new Event('eip6963:requestProvider'))
})
const id = Number(await found.request({ method: 'eth_chainId' }))
const nativeCurrency = { name: 'Ether', symbol: 'ETH', decimals: 18 }
const chain = defineChain({ id, name: 'under test', nativeCurrency, rpcUrls: { default: { http: [rpc], webSocket: [ws] } } })
const client = createPublicClient({ chain, transport: custom(found) })
const [account, friend] = (await createWalletClient({ chain, transport: custom(found) }).requestAddresses()).slice(-2)
const wallet = createWalletClient({ chain, account, transport: custom(found) })

let deployed
/** The token of this page, deployed once. */
async function contract() {
  deployed ??= client.waitForTransactionReceipt({ hash: await wallet.deployContract({ ...token, args: [1_000n] }) })
  return { address: (await deployed).contractAddress, abi: token.abi }
}

async function withHeaders(headers) {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] })
  const response = await fetch(rpc, { method: 'POST', headers, body })
  return [response.type, Number((await response.json()).result)]
}

window.deeds = {
  async 'a page adds and switches to the chain, and another chain is refused'() {
    await wallet.addChain({ chain })
    await wallet.switchChain({ id })
    const other = { ...chain, id: id + 1 }
    const error = await wallet.addChain({ chain: other }).then(
      () => undefined,
      (refused) => refused,
    )
    if (!/different chain id/.test(error?.message)) throw new Error(`${error}`)
    equal(await found.request({ method: 'net_version' }), String(id))
  },

  async 'a page sends through the wallet, waits, and finds the block and its logs (viem)'() {
    const { address, abi } = await contract()
    const hash = await wallet.writeContract({ address, abi, functionName: 'transfer', args: [friend, 7n] })
    const receipt = await client.waitForTransactionReceipt({ hash })
    const [byHash, byNumber] = await Promise.all([
      client.getBlock({ blockHash: receipt.blockHash }),
      client.getBlock({ blockNumber: receipt.blockNumber }),
    ])
    equal(byHash, byNumber)
    equal(byHash.transactions[receipt.transactionIndex], hash)
    const logs = await client.getContractEvents({ address, abi, blockHash: receipt.blockHash })
    equal([logs.length, logs[0].transactionHash, logs[0].args.value], [1, hash, 7n])
    const held = (blockNumber) => client.readContract({ address, abi, functionName: 'balanceOf', args: [friend], blockNumber })
    equal([await held(receipt.blockNumber - 1n), await held(receipt.blockNumber)], [0n, 7n])
    const history = await client.getFeeHistory({ blockCount: 1, blockNumber: receipt.blockNumber, rewardPercentiles: [50] })
    equal(history.baseFeePerGas[0], byHash.baseFeePerGas)
    return hash
  },

  async 'a page sends one transaction after the other, and many at once (viem)'() {
    const hashes = []
    for (let i = 0; i < 10; i += 1) hashes.push(await wallet.sendTransaction({ to: friend, value: 1n }))
    // Wallets count nonces themselves.
    const next = await client.getTransactionCount({ address: account, blockTag: 'pending' })
    const many = Array.from({ length: 10 }, (_, index) => wallet.sendTransaction({ to: friend, value: 1n, nonce: next + index }))
    hashes.push(...(await Promise.all(many)))
    const receipts = await Promise.all(hashes.map((hash) => client.waitForTransactionReceipt({ hash })))
    equal(
      receipts.filter(({ status }) => status === 'success').length,
      hashes.length,
    )
    for (const { blockHash, transactionHash } of receipts) {
      const { transactions } = await client.getBlock({ blockHash })
      equal(transactions.includes(transactionHash), true)
    }
  },

  async 'a page signs messages and typed data through the wallet (viem, ethers)'() {
    const signature = await wallet.signMessage({ message: 'hello' })
    equal(await verifies({ address: account, message: 'hello', signature }), true)
    const signer = await new BrowserProvider(found).getSigner(account)
    equal(verifyMessage('hello', await signer.signMessage('hello')), signer.address)
    const types = { Share: [{ name: 'amount', type: 'uint256' }] }
    equal((await signer.signTypedData({ name: 'Test', chainId: id }, types, { amount: 7n })).length, 132)
  },

  async 'a page sends through the wallet and waits (ethers BrowserProvider)'() {
    const provider = new BrowserProvider(found)
    const signer = await provider.getSigner(account)
    const deployment = await new ContractFactory(token.abi, token.bytecode, signer).deploy(500n)
    await deployment.waitForDeployment()
    const receipt = await (await deployment.transfer(friend, 5n)).wait()
    equal((await receipt.getBlock()).hash, receipt.blockHash)
    equal(await deployment.balanceOf(friend, { blockTag: receipt.blockNumber - 1 }), 0n)
    equal(await deployment.balanceOf(friend, { blockTag: receipt.blockNumber }), 5n)
    equal((await provider.getLogs({ blockHash: receipt.blockHash, address: await deployment.getAddress() })).length, 1)
  },

  async 'a page is told why a call reverts (viem, ethers)'() {
    const { address, abi } = await contract()
    const call = { address, abi, functionName: 'transfer', args: [friend, 10n ** 9n], account }
    const refused = async (promise) => {
      const error = await promise.then(
        () => undefined,
        (thrown) => thrown,
      )
      if (!error) throw new Error('it did not fail')
      return error
    }
    const error = await refused(client.simulateContract(call))
    equal(error.walk((cause) => cause.data?.errorName)?.data.errorName, 'ERC20InsufficientBalance')
    const raw = await refused(found.request({ method: 'eth_estimateGas', params: [{ from: account, to: address, data: '0xdeadbeef' }] }))
    equal([raw.code, raw.message], [3, 'execution reverted'])
  },

  async 'a page asks the node itself by HTTP, one by one and in batches, from another origin (viem, ethers)'() {
    equal(location.origin === new URL(rpc).origin, false)
    const direct = createPublicClient({ chain, transport: http(rpc, { batch: true }) })
    const balances = await Promise.all(Array.from({ length: 20 }, (_, index) => direct.getBalance({ address: numberToHex(index + 10 ** 9, { size: 20 }) })))
    equal(new Set(balances).size, 1)
    const provider = new JsonRpcProvider(rpc)
    equal(Number((await provider.getNetwork()).chainId), id)
    provider.destroy()
  },

  async 'a page may set headers of its own'() {
    equal(await withHeaders({ 'content-type': 'application/json', 'x-client': 'page' }), ['cors', id])
  },

  // `*` allows all headers but this one, which providers with keys want.
  async 'a page may set the header authorization'() {
    equal(await withHeaders({ 'content-type': 'application/json', authorization: 'Bearer nobody' }), ['cors', id])
  },

  async 'a page can read why a body is refused'() {
    const response = await fetch(rpc, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' })
    equal([response.type, (await response.text()).length > 0], ['cors', true])
  },

  async 'a page asks the node as localhost'() {
    const local = new URL(rpc)
    local.hostname = 'localhost'
    equal(Number(await ask(local.href, 'eth_chainId')), id)
  },

  async 'a page hears of heads and logs through the wallet (EIP-1193 messages)'() {
    const { address, abi } = await contract()
    const heard = []
    const listen = ({ data }) => heard.push(data)
    found.on('message', listen)
    const heads = await found.request({ method: 'eth_subscribe', params: ['newHeads'] })
    const logs = await found.request({ method: 'eth_subscribe', params: ['logs', { address }] })
    const hash = await wallet.writeContract({ address, abi, functionName: 'transfer', args: [friend, 1n] })
    const receipt = await client.waitForTransactionReceipt({ hash })
    await until(() => heard.some(({ subscription, result }) => subscription === heads && result.hash === receipt.blockHash))
    await until(() => heard.some(({ subscription, result }) => subscription === logs && result.transactionHash === hash && result.blockHash === receipt.blockHash))
    for (const subscription of [heads, logs]) equal(await found.request({ method: 'eth_unsubscribe', params: [subscription] }), true)
    found.removeListener('message', listen)
  },

  async 'a page hears of heads, logs and pending transactions over its own WebSocket (viem, ethers)'() {
    const { address, abi } = await contract()
    const socket = createPublicClient({ chain, transport: webSocket(ws) })
    const [heads, events, pending, numbers] = [[], [], [], []]
    const stops = [
      socket.watchBlocks({ onBlock: (block) => heads.push(block.hash) }),
      socket.watchContractEvent({ address, abi, eventName: 'Transfer', onLogs: (logs) => events.push(...logs) }),
      socket.watchPendingTransactions({ onTransactions: (hashes) => pending.push(...hashes) }),
    ]
    const provider = new WebSocketProvider(ws)
    await provider.on('block', (number) => numbers.push(BigInt(number)))
    await Promise.all([socket.getBlockNumber({ cacheTime: 0 }), provider.send('eth_blockNumber', [])])
    const hash = await wallet.writeContract({ address, abi, functionName: 'transfer', args: [friend, 1n] })
    const receipt = await client.waitForTransactionReceipt({ hash })
    await until(() => heads.includes(receipt.blockHash) && numbers.includes(receipt.blockNumber) && pending.includes(hash))
    await until(() => events.some((log) => log.transactionHash === hash && log.blockHash === receipt.blockHash))
    for (const stop of stops) stop()
    await provider.destroy()
  },
}
document.title = 'ready'
