// The tree over the documents of a commitment: leaves as `IDatanetReview.leafOf`, nodes as OpenZeppelin's MerkleProof hashes them.
import { concat, encodeAbiParameters, keccak256, toHex } from 'viem'
import { addresses } from './addresses.js'

const PLACE = ['uint256', 'address', 'uint256', 'address', 'bytes32', 'uint256'].map((type) => ({ type }))

/** A document's bytes as hex; a string is UTF-8 text, whatever it looks like. */
export const bytesOf = (document) => toHex(document)

/** The leaf of document `index`: it binds the chain, the datanet, the author and the place, so that a root that is copied proves nothing. */
export function leafOf({ chainId, datanetId, author, salt, index, document }) {
  const place = keccak256(encodeAbiParameters(PLACE, [BigInt(chainId), addresses.datanets, datanetId, author, salt, BigInt(index)]))
  // Hashed twice: no leaf is an inner node, whose two halves have 64 bytes.
  return keccak256(keccak256(concat([place, bytesOf(document)])))
}

/** A node: the hash of its halves, the smaller first. */
function parentOf(left, right) {
  return keccak256(concat(BigInt(left) <= BigInt(right) ? [left, right] : [right, left]))
}

/** All levels of the tree over at least one leaf, leaves first. A node without a neighbour goes up as it is. */
export function treeOf(leaves) {
  if (leaves.length === 0) throw new Error('a tree has at least one leaf')
  const levels = [leaves]
  while (levels.at(-1).length > 1) {
    const below = levels.at(-1)
    const pairs = Array.from({ length: Math.ceil(below.length / 2) }, (_, pair) => below.slice(2 * pair, 2 * pair + 2))
    levels.push(pairs.map(([left, right]) => (right === undefined ? left : parentOf(left, right))))
  }
  return levels
}

export const rootOf = (levels) => levels.at(-1)[0]

/** The siblings on the way from a leaf to the root. */
export function proofOf(levels, index) {
  return levels.map((level, height) => level[(index >> height) ^ 1]).filter((sibling) => sibling !== undefined)
}

/** Whether a proof leads from a leaf to a root. */
export const isProved = ({ root, leaf, proof }) => proof.reduce(parentOf, leaf) === root
