// Who was paid for a session's answers, and for which words: `node explain.mjs SESSION`.
import { formatEther } from 'viem'
import { wallet } from './shared.mjs'

const me = await wallet(6)
const sessionId = BigInt(process.argv[2] ?? 1)
const settlements = await me.settlementsOf({ sessionId })
if (settlements.length === 0) console.log(`session ${sessionId} has no settlement yet`)

for (const { id, signed, amount, shares, payees, carried } of settlements) {
  const { modelId, payer, answers } = await me.explain({ settlementId: id })
  const parts = Object.entries(shares).map(([name, wei]) => `${name} ${formatEther(wei)}`)
  console.log(`settlement ${id}: ${formatEther(amount)} OPEN of ${payer} for answers of model ${modelId}${signed ? '' : ', not signed for'}`)
  console.log(`  ${parts.join(', ')}`)
  for (const payee of payees) console.log(`  ${payee.account} ${formatEther(payee.amount)}`)
  if (carried > 0n) console.log(`  ${formatEther(carried)} is still to be paid, by \`carry\``)
  answers.forEach(show)
}

function show({ index, output, amount, sources, spans }) {
  console.log(`\nanswer ${index}, ${formatEther(amount)} OPEN\n${output}`)
  for (const { datanetId, releaseId, explained, withheld, total } of sources) {
    const part = (weight) => `${(Number((weight * 1_000n) / (total || 1n)) / 10).toFixed(1)} %`
    console.log(`  of ${datanetId}@${releaseId}: ${part(explained)} of its words' weight, of which ${part(withheld)} earn nobody anything`)
  }
  for (const { datanetId, origin, author, text, wei } of spans) {
    console.log(`  ${formatEther(wei)} OPEN to ${author} for row ${origin} of datanet ${datanetId}: “${text}”`)
  }
}
