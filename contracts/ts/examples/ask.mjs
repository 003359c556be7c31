// A model that answers from a datanet's release, one paid answer, and who was paid for it: `node ask.mjs DATANET RELEASE`. Operator and payer
// are two accounts of a development node. The model is the simplest there is: it quotes the datanet's first row.
import { hexToString, keccak256, parseEther, stringToHex } from 'viem'
import { addresses, attributionStoreAbi, datanetsAbi } from 'tributary-contracts'
import { wallet } from './shared.mjs'

const [datanetId, releaseId] = [BigInt(process.argv[2] ?? 1), Number(process.argv[3] ?? 1)]
const [operator, payer] = await Promise.all([wallet(4), wallet(5)])

// The operator registers what it runs, and agrees to answer under its terms.
const { modelId } = await operator.createModel({ name: 'Quotes the first row' })
await operator.stake({ purpose: 'trainer', amount: parseEther('100') })
await operator.registerVersion({
  modelId,
  sources: [{ datanetId, releaseId, weightBps: 10_000 }],
  weightsHash: keccak256(stringToHex(`no weights, model ${modelId}`)),
  manifestHash: keccak256(stringToHex('not trained')),
  metricsHash: keccak256(stringToHex('not measured')),
  price: parseEther('1'),
  contributorBps: 5_000,
})
const { termsHash, stake, price } = await operator.quote({ modelId })
await operator.serve({ termsHash })
await operator.stake({ purpose: 'operator', amount: stake })

// The payer puts the price in escrow, under terms that it looked at.
const prompt = 'What is the first thing that you know?'
const { sessionId } = await payer.ask({ modelId, termsHash, prompt })

// The answer goes to the payer by any way; here it is the first 400 characters of the row.
const { setId } = await operator.readContract({ address: addresses.datanets, abi: datanetsAbi, functionName: 'datanetInfo', args: [datanetId] })
const first = { address: addresses.attributionStore, abi: attributionStoreAbi, functionName: 'row', args: [setId, 0n] }
const [, , , data] = await operator.readContract(first)
const answers = [{ prompt, amount: price, output: hexToString(data).slice(0, 400) }]

// Who received it signs, which costs nothing; the operator settles with that.
const { signature } = await payer.voucher({ sessionId, answers })
const { shares } = await operator.settle({ sessionId, answers, signature })
console.log(`session ${sessionId} is settled, in wei:`, shares)
