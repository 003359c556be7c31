// Who was paid for a session's answers, and for which words: `node explain.mjs SESSION`.
import { formatEther } from 'viem'
import { wallet } from './shared.mjs'

const me = await wallet(6)
const { session, answers, settlements } = await me.explain({ sessionId: BigInt(process.argv[2] ?? 1) })
console.log(`session ${session.id} of model ${session.modelId}: ${formatEther(session.paid)} OPEN paid by ${session.payer}`)

for (const { index, output, amount, sources, spans } of answers) {
  console.log(`\nanswer ${index}, ${formatEther(amount)} OPEN\n${output}`)
  for (const { datanetId, releaseId, explained, withheld, total } of sources) {
    const part = (weight) => `${(Number((weight * 1_000n) / (total || 1n)) / 10).toFixed(1)} %`
    console.log(`  of ${datanetId}@${releaseId}: ${part(explained)} of its words' weight, of which ${part(withheld)} earn nobody anything`)
  }
  for (const { datanetId, origin, author, text, wei } of spans) {
    console.log(`  ${formatEther(wei)} OPEN to ${author} for row ${origin} of datanet ${datanetId}: “${text}”`)
  }
}

for (const { id, signed, shares, payees, carried } of settlements) {
  const parts = Object.entries(shares).map(([name, wei]) => `${name} ${formatEther(wei)}`)
  console.log(`\nsettlement ${id}${signed ? '' : ', not signed for'}: ${parts.join(', ')}`)
  for (const { account, amount } of payees) console.log(`  ${account} ${formatEther(amount)}`)
  if (carried > 0n) console.log(`  ${formatEther(carried)} is still to be paid, by \`carry\``)
}
