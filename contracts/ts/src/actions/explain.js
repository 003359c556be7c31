// Why a session's payments went where they went: the node's index, the answers' bytes from its logs, and the precompile's evidence for them, joined.
// Everything is read as of the block of the settlement, so that what became of a row afterwards changes no explanation.
import { BaseError, ContractFunctionRevertedError, hexToBytes, numberToHex } from 'viem'
import { getLogs } from 'viem/actions'
import { inferenceAbi } from '../abis/inference.js'
import { addresses } from '../addresses.js'
import { indexed, listed, read, rowOf } from '../transact.js'

const BPS = 10_000n
/** As in contracts/src/l2/inference/Attribution.sol: an answer's words share `amount << SCALE`. */
const SCALE = 32n

/** What `traceByContributor` says of what is made of nobody's words. */
const NOTHING = [[], [], 0n, 0n, 0n]

const answered = inferenceAbi.find(({ type, name }) => type === 'event' && name === 'Answered')

/** Fields that are amounts, as bigints; others as they are. */
function amounts(row, names) {
  return { ...row, ...Object.fromEntries(names.filter((name) => name in row).map((name) => [name, BigInt(row[name])])) }
}

/** An explanation of a session: its answers with their spans, and its settlements with all their parts. */
export async function explain(client, { sessionId }) {
  const id = numberToHex(sessionId)
  await indexed(client)
  const session = await rowOf(client, 'tributary_session', id)
  if (session === undefined) throw new Error(`the index has no session ${sessionId}`)
  const [terms, answers, settlements] = await Promise.all([
    read(client, 'models', 'terms', [BigInt(session.modelId), Number(session.version)]),
    listed(client, 'tributary_answers', id),
    listed(client, 'tributary_settlements', id),
  ])
  const sources = await Promise.all(terms[1].map((source) => sourceOf(client, source)))
  const paid = await Promise.all(settlements.map((settlement) => settlementOf(client, settlement)))
  const found = await Promise.all(answers.map((answer) => answerOf(client, answer, sources, paid)))
  return {
    session: amounts(session, ['id', 'modelId', 'escrow', 'paid', 'refunded']),
    terms: terms[0],
    answers: found,
    settlements: paid,
  }
}

/**
 * The node's receipt for a settlement, which `tributary verify` checks without the node; nothing where there is no such settlement. `at` names a block whose
 * output root is to stand for it on L1; `whole` says whether the datanets' texts are in the proof, so that weights can be computed again.
 */
export async function receiptOf(client, { settlementId, at, whole }) {
  await indexed(client)
  const options = { ...(at === undefined ? {} : { at: typeof at === 'bigint' ? numberToHex(at) : at }), ...(whole === undefined ? {} : { whole }) }
  return (await client.request({ method: 'tributary_explain', params: [numberToHex(settlementId), options] })) ?? undefined
}

/** A release that answers for the model, as it was pinned. */
async function sourceOf(client, { datanetId, releaseId, weightBps }) {
  return { datanetId, releaseId, weightBps, release: await read(client, 'datanets', 'release', [datanetId, releaseId]) }
}

async function settlementOf(client, settlement) {
  const payees = await listed(client, 'tributary_payees', settlement.id)
  return {
    ...amounts(settlement, ['id', 'sessionId', 'amount', 'carried', 'blockNumber']),
    shares: amounts(settlement.shares, Object.keys(settlement.shares)),
    attributions: settlement.attributions.map((each) => amounts(each, ['datanetId', 'releaseId', 'pool', 'paid', 'explained', 'withheld', 'total'])),
    parts: settlement.parts.map((part) => amounts(part, ['datanetId', 'amount'])),
    payees: payees.map((payee) => amounts(payee, ['settlementId', 'datanetId', 'number', 'amount', 'weight'])),
  }
}

async function answerOf(client, answer, sources, settlements) {
  const [block, settlement] = [BigInt(answer.blockNumber), settlements.find(({ id }) => id === BigInt(answer.settlementId ?? 0n))]
  const args = { sessionId: BigInt(answer.sessionId), index: Number(answer.index) }
  const logs = await getLogs(client, { address: addresses.inference, event: answered, args, fromBlock: block, toBlock: block, strict: true })
  const log = logs.find(({ logIndex }) => logIndex === Number(answer.logIndex)) ?? logs[0]
  if (log === undefined) throw new Error(`block ${block} has no answer ${args.index} of session ${args.sessionId}`)
  const { output } = log.args
  const whole = amounts(answer, ['sessionId', 'amount', 'settlementId'])
  const traced = await Promise.all(sources.map((source) => traceOf(client, { source, output, settlement, amount: whole.amount, block })))
  return {
    ...whole,
    index: args.index,
    output: new TextDecoder().decode(hexToBytes(output)),
    sources: traced.map(({ spans, ...source }) => source),
    spans: traced.flatMap(({ spans }) => spans),
  }
}

/** What a source's precompile says of an answer: how much of it is explained, and by which words of whom. */
async function traceOf(client, { source, output, settlement, amount, block }) {
  const { datanetId, releaseId, release } = source
  const at = { blockNumber: settlement?.blockNumber ?? block }
  const asked = ['traceByContributor', 'evidence'].map((name) => read(client, 'textAttribution', name, [release.setId, release.version, output, 0], at))
  const [sums, evidence] = await Promise.all(asked).catch((error) => {
    // What the payer did not sign for may be no text. Nobody is paid for its words then.
    if (settlement?.signed !== true && isRefused(error)) return [NOTHING, []]
    throw error
  })
  const [numbers, credits, explained, withheld, total] = sums
  const credit = new Map(numbers.map((number, index) => [number, credits[index]]))
  const full = [explained * BPS, total * BigInt(release.fullAtBps)].reduce((a, b) => (a > b ? a : b))
  const authors = await authorsOf(client, datanetId, evidence, at)
  const bytes = hexToBytes(output)
  const spans = evidence.map((span) => {
    const { number, account } = authors.get(span.origin)
    const share = { amount, credited: credit.get(number) ?? 0n, full, most: BigInt(release.maxContributorBps), weight: span.weight }
    const payee = settlement?.payees.find((each) => !each.bySketch && each.datanetId === datanetId && Number(each.number) === number)
    const text = new TextDecoder().decode(bytes.slice(span.outputStart, span.outputEnd))
    return { datanetId, releaseId, ...span, text, author: payee?.account ?? account, wei: span.withheld ? 0n : weiOf(payee, share) }
  })
  return { datanetId, releaseId, weightBps: source.weightBps, licence: release.licence, explained, withheld, total, spans }
}

/** Whether a contract refused, and not a node. */
const isRefused = (error) => error instanceof BaseError && error.walk((cause) => cause instanceof ContractFunctionRevertedError) !== null

/** Who earns by rows: their contributors' numbers, and accounts. */
async function authorsOf(client, datanetId, evidence, at) {
  const rows = [...new Set(evidence.map(({ origin }) => origin))]
  const infos = await Promise.all(rows.map((row) => read(client, 'datanets', 'rowInfo', [datanetId, row], at)))
  return new Map(rows.map((row, index) => [row, { number: infos[index].contributor, account: infos[index].account }]))
}

/**
 * A span's part of what its author was paid: by its weight among the author's words of the answer, and by the answer's among those of the
 * settlement, as the contract summed them. Rounded down, so that spans sum to what was paid or some wei less.
 */
function weiOf(payee, { amount, credited, full, most, weight }) {
  if (payee === undefined || payee.weight === 0n || credited === 0n) return 0n
  const whole = amount << SCALE
  const [counted, cap] = [(whole * credited * BPS) / full, (whole * most) / BPS]
  const ofAnswer = counted < cap ? counted : cap
  return (payee.amount * ofAnswer * weight) / (payee.weight * credited)
}
