// What everybody may rely on once a transaction has its receipt, asked by JSON-RPC alone, whichever client carries the requests.
import assert from 'node:assert/strict'
import { fromRlp, keccak256, toRlp, trim } from 'viem'
import { check } from './checks.mjs'

const number = (quantity) => BigInt(quantity)
const quantity = (value) => `0x${BigInt(value).toString(16)}`
const HASH = /^0x(?!0{64})[0-9a-f]{64}$/

/**
 * Checks all that a receipt promises. `request(method, params)` asks the node; `hash` is a transaction with at least one log that was
 * waited for, if there is one. `name` begins each sentence.
 */
export async function checkTruth(name, request, hash) {
  // The check that should have sent it has failed.
  if (!hash) return
  const asked = { request, hash }
  const receipt = await check(`${name}: a receipt names its block`, async () => {
    const receipt = await request('eth_getTransactionReceipt', [hash])
    assert.match(receipt.blockHash, HASH)
    assert.ok(number(await request('eth_blockNumber', [])) >= number(receipt.blockNumber), 'the head is behind the receipt')
    return receipt
  })
  if (!receipt) return
  Object.assign(asked, { receipt, at: receipt.blockNumber, before: quantity(number(receipt.blockNumber) - 1n) })
  for (const [sentence, body] of Object.entries(PROMISES)) await check(`${name}: ${sentence}`, () => body(asked))
}

const PROMISES = {
  "a receipt's block is there by hash and by number, with the transaction in its place": async ({ request, receipt, hash, at }) => {
    const [byHash, byNumber] = await Promise.all([
      request('eth_getBlockByHash', [receipt.blockHash, false]),
      request('eth_getBlockByNumber', [at, false]),
    ])
    assert.deepEqual(byHash, byNumber)
    assert.deepEqual([byHash.hash, byHash.transactions[number(receipt.transactionIndex)]], [receipt.blockHash, hash])
    const counts = [request('eth_getBlockTransactionCountByHash', [receipt.blockHash]), request('eth_getBlockTransactionCountByNumber', [at])]
    for (const count of await Promise.all(counts)) assert.equal(Number(count), byHash.transactions.length)
    const parent = await request('eth_getBlockByNumber', [quantity(number(at) - 1n), false])
    assert.deepEqual([parent.hash, parent.timestamp <= byHash.timestamp], [byHash.parentHash, true])
  },

  'a transaction is the same by hash and by its place in the block': async ({ request, receipt, hash, at }) => {
    const [byHash, inBlock, inNumber, whole] = await Promise.all([
      request('eth_getTransactionByHash', [hash]),
      request('eth_getTransactionByBlockHashAndIndex', [receipt.blockHash, receipt.transactionIndex]),
      request('eth_getTransactionByBlockNumberAndIndex', [at, receipt.transactionIndex]),
      request('eth_getBlockByHash', [receipt.blockHash, true]),
    ])
    for (const other of [inBlock, inNumber, whole.transactions[number(receipt.transactionIndex)]]) assert.deepEqual(other, byHash)
    assert.deepEqual([byHash.blockHash, byHash.blockNumber], [receipt.blockHash, at])
  },

  'logs by block hash and by number are those of the receipt': async ({ request, receipt, hash, at }) => {
    assert.ok(receipt.logs.length > 0)
    const filters = [{ blockHash: receipt.blockHash }, { fromBlock: at, toBlock: at }, { fromBlock: at }]
    for (const filter of filters) {
      const logs = await request('eth_getLogs', [filter])
      assert.deepEqual(
        logs.filter(({ transactionHash }) => transactionHash === hash),
        receipt.logs,
      )
    }
    for (const log of receipt.logs) assert.deepEqual([log.blockHash, log.removed], [receipt.blockHash, false])
  },

  'the receipts of a block, by hash and by number, have the receipt': async ({ request, receipt, at }) => {
    for (const block of [receipt.blockHash, at, { blockHash: receipt.blockHash }]) {
      const receipts = await request('eth_getBlockReceipts', [block])
      assert.deepEqual(receipts[number(receipt.transactionIndex)], receipt)
    }
  },

  'state before the block and at it differ by the transaction': async ({ request, receipt, at, before, hash }) => {
    const { nonce, value } = await request('eth_getTransactionByHash', [hash])
    const ask = async (method, block) => number(await request(method, [receipt.from, block]))
    assert.ok((await ask('eth_getTransactionCount', before)) <= number(nonce))
    assert.ok((await ask('eth_getTransactionCount', at)) > number(nonce))
    const spent = (await ask('eth_getBalance', before)) - (await ask('eth_getBalance', at))
    assert.ok(spent >= number(value) + number(receipt.gasUsed) * number(receipt.effectiveGasPrice), `${spent} wei`)
  },

  'state by number and by block hash (EIP-1898) is the same': async ({ request, receipt, at }) => {
    for (const method of ['eth_getBalance', 'eth_getTransactionCount', 'eth_getCode']) {
      const state = await Promise.all([at, { blockHash: receipt.blockHash }, { blockNumber: at }].map((block) => request(method, [receipt.from, block])))
      assert.equal(new Set(state).size, 1)
    }
  },

  'fees go up to the block of the receipt': async ({ request, at, receipt }) => {
    const block = await request('eth_getBlockByHash', [receipt.blockHash, false])
    const history = await request('eth_feeHistory', ['0x2', at, [0, 50, 100]])
    assert.deepEqual([history.baseFeePerGas.length, history.gasUsedRatio.length, history.reward.length], [3, 2, 2])
    assert.deepEqual([history.oldestBlock, history.baseFeePerGas[1]], [quantity(number(at) - 1n), block.baseFeePerGas])
    const ratio = Number(block.gasUsed) / Number(block.gasLimit)
    assert.ok(Math.abs(history.gasUsedRatio[1] - ratio) < 1e-9, `${history.gasUsedRatio[1]} is not ${ratio}`)
    assert.equal(history.reward[1].length, 3)
  },

  'a proof of the sender at the block leads to its state root': async ({ request, receipt, at }) => {
    const { stateRoot } = await request('eth_getBlockByHash', [receipt.blockHash, false])
    for (const block of [at, receipt.blockHash]) {
      const proof = await request('eth_getProof', [receipt.from, [], block])
      const leaf = prove(stateRoot, receipt.from, proof.accountProof)
      const account = [proof.nonce, proof.balance].map((value) => (number(value) === 0n ? '0x' : trim(value.length % 2 ? `0x0${value.slice(2)}` : value)))
      assert.equal(leaf, toRlp([...account, proof.storageHash, proof.codeHash]))
      assert.equal(number(proof.balance), number(await request('eth_getBalance', [receipt.from, at])))
    }
  },

  'the raw transaction has its hash': async ({ request, hash }) => {
    for (const method of ['eth_getRawTransactionByHash', 'debug_getRawTransaction']) assert.equal(keccak256(await request(method, [hash])), hash)
  },

  'geth traces the transaction, and its block by hash and by number': async ({ request, receipt, hash, at }) => {
    const tracer = { tracer: 'callTracer' }
    const trace = await request('debug_traceTransaction', [hash, tracer])
    assert.deepEqual([trace.from, number(trace.gasUsed)], [receipt.from, number(receipt.gasUsed)])
    for (const [method, block] of [
      ['debug_traceBlockByHash', receipt.blockHash],
      ['debug_traceBlockByNumber', at],
    ]) {
      const traces = await request(method, [block, tracer])
      assert.deepEqual(traces[number(receipt.transactionIndex)], { txHash: hash, result: trace })
    }
    const steps = await request('debug_traceTransaction', [hash, {}])
    assert.deepEqual([steps.failed, steps.gas], [receipt.status === '0x0', Number(receipt.gasUsed)])
  },

  'OpenEthereum traces the transaction, its block and a range': async ({ request, receipt, hash, at }) => {
    const own = await request('trace_transaction', [hash])
    assert.deepEqual([own[0].blockHash, number(own[0].blockNumber), own[0].action.from], [receipt.blockHash, number(at), receipt.from])
    const filtered = { fromBlock: at, toBlock: at, fromAddress: [receipt.from] }
    for (const traces of [await request('trace_block', [at]), await request('trace_filter', [filtered])]) {
      assert.deepEqual(
        traces.filter(({ transactionHash }) => transactionHash === hash),
        own,
      )
    }
  },

  'Otterscan finds the block and the transaction': async ({ request, receipt, hash, at }) => {
    const details = await request('ots_getBlockDetails', [at])
    assert.equal(details.block.hash, receipt.blockHash)
    const { nonce } = await request('eth_getTransactionByHash', [hash])
    assert.equal(await request('ots_getTransactionBySenderAndNonce', [receipt.from, Number(nonce)]), hash)
    const page = await request('ots_getBlockTransactions', [Number(at), 0, 25])
    assert.ok(page.fullblock.transactions.some((transaction) => transaction.hash === hash))
    assert.ok((await request('ots_traceTransaction', [hash])).length > 0)
  },

  'latest is a sealed block, and pending is not behind it': async ({ request, receipt }) => {
    const latest = await request('eth_getBlockByNumber', ['latest', false])
    assert.match(latest.hash, HASH)
    const pending = await request('eth_getBlockByNumber', ['pending', false])
    assert.ok(number(pending.number) >= number(latest.number))
    const counts = ['latest', 'pending'].map((tag) => request('eth_getTransactionCount', [receipt.from, tag]))
    const [sealed, open] = await Promise.all(counts)
    assert.ok(number(open) >= number(sealed))
  },
}

/** The value that a Merkle proof gives for a key; fails unless every node is the one that the node above it names. */
function prove(root, key, nodes) {
  const path = keccak256(key).slice(2)
  let [expected, at] = [root, 0]
  for (const node of nodes) {
    assert.equal(keccak256(node), expected, 'a node of the proof does not fit')
    const items = fromRlp(node)
    if (items.length === 17) {
      expected = items[parseInt(path[at], 16)]
      at += 1
      continue
    }
    const [flagged, value] = items
    const odd = parseInt(flagged[2], 16) & 1
    const nibbles = flagged.slice(odd ? 3 : 4)
    assert.equal(nibbles, path.slice(at, at + nibbles.length), 'the proof leads elsewhere')
    at += nibbles.length
    if (parseInt(flagged[2], 16) & 2) return value
    expected = value
  }
  throw new Error('the proof has no leaf')
}
