// Paid answers: a payer asks and signs for what it received, an operator serves and settles.
import { encodeAbiParameters, keccak256, zeroHash } from 'viem'
import { getChainId, getLogs, signTypedData } from 'viem/actions'
import { inferenceAbi } from '../abis/inference.js'
import { addresses } from '../addresses.js'
import { bytesOf } from '../merkle.js'
import { eventOf, read, transact } from '../transact.js'
import { answerOf, chainOf, voucherData } from '../vouchers.js'

const carried = inferenceAbi.find(({ type, name }) => type === 'event' && name === 'Carried')

/** What a session would be opened under now; of the model's newest version unless one is named. */
export async function quote(client, { modelId, version }) {
  const named = version ?? (await read(client, 'models', 'latest', [modelId]))[0]
  return { version: named, ...(await read(client, 'division', 'quote', [modelId, named])) }
}

/** The account answers under these terms from now on, or (`on: false`) no longer. It needs stake of purpose `operator`. */
export async function serve(client, { termsHash, on = true }) {
  return { receipt: await transact(client, 'inference', 'serve', [termsHash, on]) }
}

/**
 * Opens a session, with the price of `maxAnswers` in escrow unless `value` says more. `prompt` is there for everybody to read; `promptHash`
 * binds a first prompt that the operator gets elsewhere. `termsHash` is what the payer saw; left out, it is what holds now.
 */
export async function ask(client, { modelId, version, termsHash, prompt, promptHash = zeroHash, maxAnswers = 1, value, deadline = 0n }) {
  const quoted = await quote(client, { modelId, version })
  const opening = { modelId, version: quoted.version, termsHash: termsHash ?? quoted.termsHash, promptHash, maxAnswers, deadline }
  const escrow = value ?? quoted.price * BigInt(maxAnswers)
  const receipt = await transact(client, 'inference', 'open', [opening, prompt === undefined ? '0x' : bytesOf(prompt)], escrow)
  const { sessionId, session } = eventOf(receipt, 'inference', 'SessionOpened')
  return { sessionId, session, quote: quoted, receipt }
}

/** The payer's signature for all that it received: what is settled already, and these answers after it. Signing costs nothing. */
export async function voucher(client, { sessionId, answers }) {
  const [chainId, session] = await Promise.all([getChainId(client), read(client, 'inference', 'sessionInfo', [sessionId])])
  const chain = chainOf({ head: session.head, first: session.answers + 1, answers })
  const [count, amount] = [session.answers + answers.length, session.paid + chain.amount]
  const data = voucherData({ chainId, sessionId, count, amount, answers: chain.head })
  return { sessionId, count, amount, head: chain.head, signature: await signTypedData(client, { account: client.account, ...data }) }
}

/** The operator is paid for these answers, with the payer's signature, and everybody whose words they were made of with it. */
export async function settle(client, { sessionId, answers, signature }) {
  const receipt = await transact(client, 'inference', 'settle', [sessionId, answers.map(answerOf), signature])
  const { settlementId, amount, shares } = eventOf(receipt, 'inference', 'Settled')
  return { settlementId, amount, shares, receipt }
}

/**
 * Pays the contributors of a settlement beyond its first 128, page after page, until nobody waits. Anyone may. The pages are the settlement's `Carried`
 * events; the contract keeps one hash of those that wait, made from the last page to the first.
 */
export async function carry(client, { settlementId }) {
  const logs = await getLogs(client, { address: addresses.inference, event: carried, args: { settlementId }, fromBlock: 0n, strict: true })
  const pages = []
  let hash = zeroHash
  for (const { data } of logs.toReversed()) {
    const rest = hash
    hash = keccak256(encodeAbiParameters([{ type: 'bytes32' }, { type: 'bytes32' }], [keccak256(data), rest]))
    pages.unshift({ data, rest, hash })
  }
  const [, waiting] = await read(client, 'inference', 'carriedOf', [settlementId])
  const next = pages.findIndex((page) => page.hash === waiting)
  const receipts = []
  for (const { data, rest } of next < 0 ? [] : pages.slice(next)) {
    receipts.push(await transact(client, 'inference', 'carry', [settlementId, data, rest]))
  }
  return { receipts }
}

/** Ends a session, and what is left is owed to its payer: by anyone after its deadline, by the operator before it. */
export async function refund(client, { sessionId }) {
  const receipt = await transact(client, 'inference', 'refund', [sessionId])
  const { amount } = eventOf(receipt, 'inference', 'Refunded')
  return { amount, receipt }
}
