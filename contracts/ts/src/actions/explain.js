// Why settlements paid whom: what the node says of them, with quantities as numbers and the answers' bytes as text.
import { hexToBytes, numberToHex } from 'viem'
import { indexed, listed } from '../transact.js'

/** Fields that are amounts, as bigints; others as they are. */
function amounts(row, names) {
  return { ...row, ...Object.fromEntries(names.filter((name) => name in row).map((name) => [name, BigInt(row[name])])) }
}

/** The same for numbers that are small. */
function numbers(row, names) {
  return { ...row, ...Object.fromEntries(names.map((name) => [name, Number(row[name])])) }
}

const sharesOf = (shares) => amounts(shares, Object.keys(shares))
const payeeOf = (payee) => numbers(amounts(payee, ['settlementId', 'datanetId', 'amount', 'weight', 'blockNumber']), ['number'])

/** A session's settlements, with all their parts and the contributors that were paid until now. */
export async function settlementsOf(client, { sessionId }) {
  await indexed(client)
  const settlements = await listed(client, 'tributary_settlements', numberToHex(sessionId))
  return Promise.all(
    settlements.map(async (settlement) => ({
      ...numbers(amounts(settlement, ['id', 'sessionId', 'amount', 'carried', 'blockNumber']), ['first', 'count']),
      shares: sharesOf(settlement.shares),
      attributions: settlement.attributions.map((each) =>
        numbers(amounts(each, ['datanetId', 'pool', 'paid', 'explained', 'withheld', 'total']), ['releaseId']),
      ),
      parts: settlement.parts.map((part) => amounts(part, ['datanetId', 'amount'])),
      payees: (await listed(client, 'tributary_payees', settlement.id)).map(payeeOf),
    })),
  )
}

/**
 * Why a settlement paid whom: its answers with their spans, and all contributors, those that are paid later too. Nothing where there is no such settlement.
 * `receipt` is the node's own answer, with its proof: `tributary verify` checks it without the node. `at` names a block whose output root is to stand for it on
 * L1; `whole` says whether the datanets' texts are in the proof, so that weights can be computed again.
 */
export async function explain(client, { settlementId, at, whole }) {
  await indexed(client)
  const options = { ...(at === undefined ? {} : { at: typeof at === 'bigint' ? numberToHex(at) : at }), ...(whole === undefined ? {} : { whole }) }
  const receipt = await client.request({ method: 'tributary_explain', params: [numberToHex(settlementId), options] })
  if (!receipt) return undefined
  const explained = receipt.explanation
  const sources = explained.sources.map(sourceOf)
  return {
    ...numbers(amounts(explained, ['settlementId', 'sessionId', 'blockNumber', 'blockTime', 'modelId', 'amount']), ['version', 'first']),
    shares: sharesOf(explained.shares),
    sources,
    answers: explained.answers.map((answer) => answerOf(answer, sources)),
    payees: explained.payees.map(payeeOf),
    receipt,
  }
}

function sourceOf(source) {
  return numbers(amounts(source, ['datanetId', 'setId', 'version', 'pool', 'paid']), ['releaseId', 'weightBps', 'fullAtBps', 'maxContributorBps'])
}

/** An answer as text; its spans, and how much of it each source explains. */
function answerOf({ traces, ...answer }, sources) {
  const bytes = hexToBytes(answer.output)
  const placed = traces.map((trace) => ({ trace, source: sources[Number(trace.source)] }))
  return {
    ...numbers(amounts(answer, ['amount']), ['index']),
    output: textOf(bytes),
    sources: placed.map(({ trace: { spans, source: index, ...sums }, source }) => ({ ...source, ...amounts(sums, Object.keys(sums)) })),
    spans: placed.flatMap(({ trace, source }) => trace.spans.map((span) => spanOf(span, source, bytes))),
  }
}

function spanOf(span, { datanetId, releaseId }, bytes) {
  const placed = numbers(span, ['outputStart', 'outputEnd', 'rowStart', 'rowEnd', 'originStart', 'originEnd', 'contributor'])
  const text = textOf(bytes.slice(placed.outputStart, placed.outputEnd))
  return { datanetId, releaseId, ...amounts(placed, ['row', 'origin', 'weight', 'wei']), text }
}

const textOf = (bytes) => new TextDecoder().decode(bytes)
