// Stakes, and what accounts are owed.
import { eventOf, indexed, listed, read, rowOf, transact } from '../transact.js'

/** `IStakes.Purpose`. */
export const PURPOSES = { validator: 0, operator: 1, trainer: 2 }

/** Puts money at risk for a purpose: `validator`, `operator` or `trainer`. What is not locked comes back after 14 days. */
export async function stake(client, { purpose, amount }) {
  if (!(purpose in PURPOSES)) throw new Error(`no purpose ${purpose}: ${Object.keys(PURPOSES).join(', ')}`)
  return { receipt: await transact(client, 'stakes', 'stake', [PURPOSES[purpose]], amount) }
}

/** What an account was ever owed, by reason and payment by payment, as the node's index has it. */
export async function earnings(client, { account = client.account?.address } = {}) {
  await indexed(client)
  const [sums, items] = await Promise.all([rowOf(client, 'tributary_account', account), listed(client, 'tributary_earnings', account)])
  const earned = Object.fromEntries(Object.entries(sums.earned).map(([reason, amount]) => [reason, BigInt(amount)]))
  const payments = items.map((item) => ({ ...item, amount: BigInt(item.amount), blockNumber: BigInt(item.blockNumber) }))
  return { owed: BigInt(sums.owed), claimed: BigInt(sums.claimed), earned, payments }
}

/** Sends `to` (itself unless said) what the account is owed. */
export async function claim(client, { to = client.account.address } = {}) {
  const receipt = await transact(client, 'payouts', 'claim', [to])
  const { amount } = eventOf(receipt, 'payouts', 'Claimed')
  return { amount, receipt }
}

/** In two days, and for all that is owed then, `payee` claims and the account does no more. */
export async function setPayee(client, { payee }) {
  const receipt = await transact(client, 'payouts', 'setPayee', [payee])
  const { effective } = eventOf(receipt, 'payouts', 'PayeeChanged')
  return { effective, receipt }
}

/** Who claims what an account is owed, and who will from `effective` on. */
export async function payeeOf(client, { account = client.account?.address } = {}) {
  const [payee, next, effective] = await read(client, 'payouts', 'payeeOf', [account])
  return { payee, next, effective }
}
