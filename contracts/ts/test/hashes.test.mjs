// Leaves, proofs and digests against values that were not made with this package: written out from the contracts' formulas with plain Keccak-256, or
// by hand from the words that are hashed.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { concat, hashTypedData, keccak256, numberToHex, pad, stringToHex, toHex } from 'viem'
import { NO_ROW, addresses, answerOf, chainOf, commitFolder, isProved, leafOf, proofOf, receiptData, rootOf, treeOf, voucherData } from '../src/index.js'
import { batches } from '../src/actions/datanets.js'

/** Computed from the contracts' formulas in Python, with a Keccak-256 and an ABI encoding of its own. */
const vectors = JSON.parse(readFileSync(new URL('vectors.json', import.meta.url), 'utf8'))

/** Words of 32 bytes, as `abi.encode` writes numbers, addresses and hashes. */
const words = (...values) => concat(values.map((value) => (typeof value === 'string' ? pad(value) : numberToHex(value, { size: 32 }))))

test('a leaf binds chain, contract, datanet, author, salt and place to the document', () => {
  for (const { leaf, ...place } of vectors.leaves) assert.equal(leafOf({ ...place, datanetId: BigInt(place.datanetId) }), leaf)
})

test('a root is that of the vectors, and so is each proof', () => {
  for (const { leaves, root, proofs } of vectors.trees) {
    const levels = treeOf(leaves)
    assert.equal(rootOf(levels), root)
    assert.deepEqual(leaves.map((_, index) => proofOf(levels, index)), proofs)
  }
})

test('a leaf is proved in its tree, and another is not', () => {
  for (let count = 1; count < 40; count += 1) {
    const leaves = Array.from({ length: count }, (_, index) => keccak256(toHex(`leaf ${index}`)))
    const levels = treeOf(leaves)
    leaves.forEach((leaf, index) => {
      const proof = proofOf(levels, index)
      assert.ok(isProved({ root: rootOf(levels), leaf, proof }))
      assert.ok(!isProved({ root: rootOf(levels), leaf: keccak256(leaf), proof }))
    })
  }
  assert.throws(() => treeOf([]))
})

test('a voucher is hashed as the contract hashes it', () => {
  const [sessionId, count, amount, answers] = [7n, 3, 10n ** 18n, keccak256('0x01')]
  for (const chainId of [1, 901, 2 ** 40]) {
    const type = keccak256(stringToHex('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)'))
    const [name, version] = [keccak256(stringToHex('Tributary Inference')), keccak256(stringToHex('1'))]
    const separator = keccak256(words(type, name, version, chainId, addresses.inference))
    const voucher = keccak256(stringToHex('Voucher(uint256 session,uint32 count,uint256 amount,bytes32 answers)'))
    const digest = keccak256(concat(['0x1901', separator, keccak256(words(voucher, sessionId, count, amount, answers))]))
    assert.equal(hashTypedData(voucherData({ chainId, sessionId, count, amount, answers })), digest)
    const receipt = keccak256(stringToHex('Receipt(uint256 session,uint32 index,bytes32 promptHash)'))
    const promised = keccak256(concat(['0x1901', separator, keccak256(words(receipt, sessionId, count, answers))]))
    assert.equal(hashTypedData(receiptData({ chainId, sessionId, index: count, promptHash: answers })), promised)
  }
})

test('answers are chained as the contract chains them', () => {
  const [prompt, head] = ['Who goes there?', keccak256('0x02')]
  const answers = [
    { prompt, amount: 5n, output: 'Nobody.' },
    { promptHash: keccak256('0x03'), amount: 6n, output: new Uint8Array([255, 0]), query: new Uint8Array([1, 128]) },
  ]
  const link = (before, index, promptHash, output, query, amount) => keccak256(words(before, index, promptHash, keccak256(output), keccak256(query), amount))
  const first = link(head, 4, keccak256(stringToHex(prompt)), stringToHex('Nobody.'), '0x', 5n)
  const second = link(first, 5, keccak256('0x03'), '0xff00', '0x0180', 6n)
  assert.deepEqual(chainOf({ head, first: 4, answers }), { head: second, amount: 11n })
})

test('text that looks like hexadecimal is text', () => {
  assert.equal(answerOf({ prompt: '0x12', amount: 0n, output: '0x12' }).output, stringToHex('0x12'))
  assert.equal(NO_ROW, BigInt(`0x${'f'.repeat(16)}`))
})

test('a batch of documents fits into a transaction, and what does not is alone', () => {
  const sizes = (lists) => lists.map((list) => list.map((item) => (item.length - 2) / 2))
  const document = (size) => `0x${'00'.repeat(size)}`
  const documents = [50_000, 40_000, 1, 120_000, 10].map(document)
  assert.deepEqual(sizes(batches(documents, (item) => item)), [[50_000, 40_000], [1], [120_000], [10]])
  assert.deepEqual(batches([], (item) => item), [])
})

test('a folder with a document that cannot be revealed is refused before anything is sent', async () => {
  const client = { request: () => Promise.reject(new Error('asked')) }
  for (const document of ['', 'x'.repeat(120 * 1024 + 1)]) {
    await assert.rejects(commitFolder(client, { datanetId: 1n, documents: ['fine', document] }), /document 1 has \d+ bytes/)
  }
  await assert.rejects(commitFolder(client, { datanetId: 1n, documents: ['fine', 'x'.repeat(120 * 1024)] }), /asked/)
})
