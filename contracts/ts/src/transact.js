// What the actions share: a call that is tried before it is sent, and waited for.
import { parseEventLogs, zeroAddress } from 'viem'
import { getBlockNumber, readContract, simulateContract, waitForTransactionReceipt, writeContract } from 'viem/actions'
import * as abis from './abis/index.js'
import { addresses } from './addresses.js'

/** A contract by its name here, with the errors of those that it calls. */
export const contract = (name) => ({ address: addresses[name], abi: [...abis[`${name}Abi`], ...abis.errorsAbi] })

/** Calls a function that changes nothing. */
export function read(client, name, functionName, args = [], options = {}) {
  return readContract(client, { ...contract(name), functionName, args, ...options })
}

/** Sends a call, and waits until it is in a block. What it would be refused for is thrown before anything is paid. */
export async function transact(client, name, functionName, args = [], value = 0n) {
  const call = { ...contract(name), functionName, args, value, account: client.account }
  const { request } = await simulateContract(client, call)
  const hash = await writeContract(client, request)
  const receipt = await waitForTransactionReceipt(client, { hash })
  if (receipt.status !== 'success') throw new Error(`${functionName} was refused in block ${receipt.blockNumber}: transaction ${hash}`)
  return receipt
}

/** What the receipt's first event of this name says. */
export function eventOf(receipt, name, eventName) {
  const logs = receipt.logs.filter(({ address }) => address.toLowerCase() === addresses[name])
  const [event] = parseEventLogs({ abi: abis[`${name}Abi`], logs, eventName })
  if (event === undefined) throw new Error(`transaction ${receipt.transactionHash} has no event ${eventName}`)
  return event.args
}

/** Longest that the node's index may be behind its chain, in milliseconds. */
const PATIENCE = 10_000

/** Waits until the node's index has read all blocks of now: whoever asks why it was paid sees what it was paid a moment ago. */
export async function indexed(client) {
  const head = await getBlockNumber(client, { cacheTime: 0 })
  for (const late = Date.now() + PATIENCE; ; ) {
    const { blockNumber } = await client.request({ method: 'tributary_account', params: [zeroAddress] })
    if (BigInt(blockNumber) >= head) return
    if (Date.now() > late) throw new Error(`the node's index is at block ${BigInt(blockNumber)}, its chain at ${head}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** All rows of a list of the node's index. */
export async function listed(client, method, ...keys) {
  const items = []
  for (let cursor; ; ) {
    const page = await client.request({ method, params: [...keys, cursor === undefined ? {} : { cursor }] })
    items.push(...page.items)
    if (page.next === undefined) return items
    cursor = page.next
  }
}

/** One row of the node's index; nothing where there is none. The answer has the block after which it holds beside it. */
export async function rowOf(client, method, ...keys) {
  const { result } = await client.request({ method, params: keys })
  return result ?? undefined
}
