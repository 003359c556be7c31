import { createWalletClient, createPublicClient, http, parseEther, publicActions } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { addresses, datanetsAbi, tributaryActions, explain, inferenceAbi, voucherData } from '../src/index.js'
const account = privateKeyToAccount('0x01')
const client = createWalletClient({ account, transport: http('') }).extend(tributaryActions)
const { datanetId } = await client.found({ name: 'x' })
const n: bigint = datanetId
await client.contribute({ datanetId, document: 'x' })
const folder = await client.commitFolder({ datanetId, documents: ['a', new Uint8Array()] })
await client.reveal(folder); await client.submit(folder); const done = await client.append(folder)
const k: number = done.appended
const s = await client.ask({ modelId: 1n, prompt: 'x' })
const answers = [{ prompt: 'x', amount: parseEther('1'), output: 'y' }]
await client.settle({ answers, ...(await client.voucher({ sessionId: s.sessionId, answers })) })
const pub = createPublicClient({ transport: http('') })
const info = await pub.readContract({ address: addresses.datanets, abi: datanetsAbi, functionName: 'datanetInfo', args: [1n] })
const c: `0x${string}` = info.curator
const ses = await pub.readContract({ address: addresses.inference, abi: inferenceAbi, functionName: 'sessionInfo', args: [1n] })
const rules: number = ses.rules.protocolBps
const e = await explain(pub, { settlementId: 1n, at: 'safe', whole: true }); const wei: bigint = e?.answers[0].spans[0].wei ?? 0n
const [paid] = await client.settlementsOf({ sessionId: 1n }); const left: bigint = paid.carried
await client.signTypedData({ account, ...voucherData({ chainId: 1, sessionId: 1n, count: 1, amount: 1n, answers: '0x' }) })
await client.claim(); await client.earnings()
// @ts-expect-error no such function
await pub.readContract({ address: addresses.datanets, abi: datanetsAbi, functionName: 'nothing', args: [1n] })
// @ts-expect-error no such purpose
await client.stake({ purpose: 'nobody', amount: 1n })
