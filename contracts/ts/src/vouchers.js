// How answers are chained, and what payers and operators sign (EIP-712): as contracts/src/l2/inference/Vouchers.sol.
import { encodeAbiParameters, keccak256 } from 'viem'
import { addresses } from './addresses.js'
import { bytesOf } from './merkle.js'

const LINK = ['bytes32', 'uint32', 'bytes32', 'bytes32', 'bytes32', 'uint256'].map((type) => ({ type }))

/** Bytes of an answer's sketch that has none. */
const NO_QUERY = '0x'

export const voucherTypes = {
  Voucher: [
    { name: 'session', type: 'uint256' },
    { name: 'count', type: 'uint32' },
    { name: 'amount', type: 'uint256' },
    { name: 'answers', type: 'bytes32' },
  ],
}

export const receiptTypes = {
  Receipt: [
    { name: 'session', type: 'uint256' },
    { name: 'index', type: 'uint32' },
    { name: 'promptHash', type: 'bytes32' },
  ],
}

export const inferenceDomain = (chainId) => ({
  name: 'Tributary Inference',
  version: '1',
  chainId: BigInt(chainId),
  verifyingContract: addresses.inference,
})

/** What a payer signs who received `count` answers that cost `amount`, the last of which is chained as `answers`. */
export function voucherData({ chainId, sessionId, count, amount, answers }) {
  const message = { session: sessionId, count, amount, answers }
  return { domain: inferenceDomain(chainId), types: voucherTypes, primaryType: 'Voucher', message }
}

/** What an operator signs that promises to answer a prompt as the session's `index`-th. */
export function receiptData({ chainId, sessionId, index, promptHash }) {
  const message = { session: sessionId, index, promptHash }
  return { domain: inferenceDomain(chainId), types: receiptTypes, primaryType: 'Receipt', message }
}

/** An answer as the contract takes it, from text or bytes. */
export function answerOf({ prompt, promptHash, amount, output, query }) {
  return {
    promptHash: promptHash ?? keccak256(bytesOf(prompt)),
    amount,
    output: bytesOf(output),
    query: query === undefined ? NO_QUERY : bytesOf(query),
  }
}

/** The chain's end after these answers, the first of which is the session's `first`-th, and what they cost. */
export function chainOf({ head, first, answers }) {
  return answers.map(answerOf).reduce(
    ({ head, amount }, answer, offset) => {
      const link = [head, first + offset, answer.promptHash, keccak256(answer.output), keccak256(answer.query), answer.amount]
      return { head: keccak256(encodeAbiParameters(LINK, link)), amount: amount + answer.amount }
    },
    { head, amount: 0n },
  )
}
