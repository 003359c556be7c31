// Datanets: founding one, and bringing documents in.
import { bytesToHex } from 'viem'
import { getChainId } from 'viem/actions'
import { bytesOf, leafOf, proofOf, rootOf, treeOf } from '../merkle.js'
import { eventOf, read, transact } from '../transact.js'

/** The row that a document refines, where it refines none. */
export const NO_ROW = 2n ** 64n - 1n

/** Most bytes of documents that one transaction carries, if there is more than one: nodes take no transaction above 128 KiB. */
const BATCH_BYTES = 90_000

const NO_TEXT = `0x${'00'.repeat(32)}`
const LICENCE = { mayTrain: true, commercial: true, shareAlike: false, minContributorBps: 0, maxRoyaltyBps: 10_000, text: NO_TEXT }
const POLICY = { jurors: 0, committed: false, minNoveltyBps: 0, fee: 0n, bond: 0n }

/**
 * Most bytes of a document of a folder. The contract takes 128 KiB (`Datanets.limits`), but more than the document is in a transaction, and nodes
 * take none above 128 KiB.
 */
const DOCUMENT_BYTES = 120 * 1024

/** Founds a datanet, whose curator is the account. What is left out forbids nothing, and asks for nothing. */
export async function found(client, { name, purpose = '', licence, policy, curatorBps = 0, fullAtBps = 0, maxContributorBps = 0 }) {
  const terms = { licence: { ...LICENCE, ...licence }, policy: { ...POLICY, ...policy } }
  const receipt = await transact(client, 'datanets', 'create', [{ name, purpose, ...terms, curatorBps, fullAtBps, maxContributorBps }])
  const { datanetId, setId } = eventOf(receipt, 'datanets', 'DatanetCreated')
  return { datanetId, setId, receipt }
}

/** Makes a document a row of an open datanet, which may refine another (`parent`). Its fee is paid with it. */
export async function contribute(client, { datanetId, document, parent }) {
  const [, policy] = await read(client, 'datanets', 'termsOf', [datanetId])
  const bytes = bytesOf(document)
  const receipt = await (parent === undefined
    ? transact(client, 'datanets', 'contribute', [datanetId, bytes], policy.fee)
    : transact(client, 'datanets', 'refine', [datanetId, parent, bytes], policy.fee))
  const { row, contributor, version } = eventOf(receipt, 'datanets', 'Contributed')
  return { row, contributor, version, receipt }
}

/**
 * Commits to a folder of documents, of which nobody sees more than a root. Each is text, bytes, or `{ document, parent }`. What comes back is
 * to be kept until they are rows: without the salt nothing can be revealed.
 */
export async function commitFolder(client, { datanetId, documents, salt = bytesToHex(crypto.getRandomValues(new Uint8Array(32))) }) {
  const entries = documents.map((each) => (typeof each === 'string' || each instanceof Uint8Array ? { document: each } : each))
  // What cannot be revealed would keep all after it from being, when the fee is paid.
  entries.forEach(({ document }, index) => checkSize(document, index))
  const [chainId, [, policy]] = await Promise.all([getChainId(client), read(client, 'datanets', 'termsOf', [datanetId])])
  const author = client.account.address
  const leaves = entries.map(({ document }, index) => leafOf({ chainId, datanetId, author, salt, index, document }))
  const levels = treeOf(leaves)
  const revelations = entries.map(({ document, parent = NO_ROW }, index) => ({ document: bytesOf(document), parent, proof: proofOf(levels, index) }))
  const value = policy.fee * BigInt(entries.length) + policy.bond
  const receipt = await transact(client, 'datanets', 'commit', [datanetId, rootOf(levels), entries.length], value)
  const { commitmentId, revealUntil } = eventOf(receipt, 'datanets', 'Committed')
  return { commitmentId, datanetId, root: rootOf(levels), salt, revelations, revealUntil, receipt }
}

/** Shows what of a folder is not shown yet, in as many transactions as it takes. */
export async function reveal(client, { commitmentId, salt, revelations }) {
  const { revealed } = await read(client, 'datanets', 'commitmentInfo', [commitmentId])
  const receipts = []
  for (const batch of batches(revelations.slice(revealed), ({ document }) => document)) {
    receipts.push(await transact(client, 'datanets', 'reveal', [commitmentId, salt, batch]))
  }
  return { receipts }
}

/** Hands in what was revealed, with what a jury costs where the datanet has reviews. */
export async function submit(client, { commitmentId }) {
  const cost = await read(client, 'datanets', 'reviewCost', [commitmentId])
  const receipt = await transact(client, 'datanets', 'submit', [commitmentId], cost)
  const { caseId } = eventOf(receipt, 'datanets', 'Submitted')
  return { caseId, cost, receipt }
}

/** Makes what of an accepted folder is not appended yet rows of the datanet. Anyone may. */
export async function append(client, { commitmentId, revelations }) {
  let { appended, revealed } = await read(client, 'datanets', 'commitmentInfo', [commitmentId])
  const receipts = []
  const documents = revelations.slice(appended, revealed).map(({ document }) => document)
  for (const batch of batches(documents, (document) => document)) {
    receipts.push(await transact(client, 'datanets', 'append', [commitmentId, appended, batch]))
    appended += batch.length
  }
  return { receipts, ...(await read(client, 'datanets', 'commitmentInfo', [commitmentId])) }
}

/** Names the newest version of a datanet, by its curator, so that models can be built on it and it is citable for ever. */
export async function release(client, { datanetId, note = '' }) {
  const receipt = await transact(client, 'datanets', 'publish', [datanetId, note])
  const { releaseId, release: made } = eventOf(receipt, 'datanets', 'Released')
  return { releaseId, release: made, receipt }
}

function checkSize(document, index) {
  const size = (bytesOf(document).length - 2) / 2
  if (size === 0 || size > DOCUMENT_BYTES) throw new Error(`document ${index} has ${size} bytes: a document that a transaction carries has 1 to ${DOCUMENT_BYTES}`)
}

/** Parts of a list that fit into one transaction each; one that does not is alone. */
export function batches(items, bytesIn) {
  const all = []
  let room = 0
  for (const item of items) {
    const size = (bytesIn(item).length - 2) / 2
    if (all.length === 0 || size > room) {
      all.push([])
      room = BATCH_BYTES
    }
    all.at(-1).push(item)
    room -= size
  }
  return all
}
