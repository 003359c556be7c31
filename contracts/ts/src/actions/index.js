// The actions as a decorator, in viem's style: `createWalletClient({ … }).extend(tributaryActions)`.
import * as datanets from './datanets.js'
import * as explanations from './explain.js'
import * as inference from './inference.js'
import * as models from './models.js'
import * as money from './money.js'

const { NO_ROW, batches, ...ofDatanets } = datanets
const { PURPOSES, ...ofMoney } = money
const ACTIONS = { ...ofDatanets, ...models, ...inference, ...ofMoney, ...explanations }

/** All actions, of this client. */
export function tributaryActions(client) {
  return Object.fromEntries(Object.entries(ACTIONS).map(([name, action]) => [name, (options) => action(client, options)]))
}
