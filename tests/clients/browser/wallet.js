// A wallet as a page meets it: an EIP-1193 provider that is announced by EIP-6963. Its keys are the node's; all else is as wallets do it.

/** Asks a node by fetch, across origins. */
export async function ask(url, method, params = []) {
  const body = JSON.stringify({ jsonrpc: '2.0', id: Math.floor(Math.random() * 1e9), method, params })
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  const { result, error } = await response.json()
  if (error) throw Object.assign(new Error(error.message), error)
  return result
}

const rejected = (code, message) => Object.assign(new Error(message), { code })

export class Wallet {
  #url
  #socket
  #listeners = new Map()

  constructor(url, socketUrl) {
    this.#url = url
    this.#socket = new WebSocket(socketUrl)
    this.#socket.addEventListener('message', ({ data }) => {
      const { method, params } = JSON.parse(data)
      if (method === 'eth_subscription') this.#emit('message', { type: method, data: params })
    })
  }

  async request({ method, params = [] }) {
    switch (method) {
      case 'eth_requestAccounts':
        return this.request({ method: 'eth_accounts' })
      case 'wallet_switchEthereumChain': {
        if (params[0].chainId !== (await ask(this.#url, 'eth_chainId'))) throw rejected(4902, 'unrecognized chain')
        this.#emit('chainChanged', params[0].chainId)
        return null
      }
      case 'wallet_addEthereumChain': {
        const [{ chainId, rpcUrls }] = params
        const said = await ask(rpcUrls[0], 'eth_chainId')
        if (said !== chainId) throw rejected(-32602, `the endpoint returned a different chain id: ${said}`)
        return null
      }
      case 'eth_subscribe':
      case 'eth_unsubscribe':
        return this.#onSocket(method, params)
      default:
        return ask(this.#url, method, params)
    }
  }

  on(event, listener) {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener])
  }

  removeListener(event, listener) {
    this.#listeners.set(
      event,
      (this.#listeners.get(event) ?? []).filter((other) => other !== listener),
    )
  }

  #emit(event, value) {
    for (const listener of this.#listeners.get(event) ?? []) listener(value)
  }

  async #onSocket(method, params) {
    const socket = this.#socket
    if (socket.readyState === WebSocket.CONNECTING) await new Promise((resolve) => socket.addEventListener('open', resolve, { once: true }))
    const id = Math.floor(Math.random() * 1e9)
    const answer = new Promise((resolve, reject) => {
      const hear = ({ data }) => {
        const message = JSON.parse(data)
        if (message.id !== id) return
        socket.removeEventListener('message', hear)
        if (message.error) reject(rejected(message.error.code, message.error.message))
        else resolve(message.result)
      }
      socket.addEventListener('message', hear)
    })
    socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
    return answer
  }
}

/** Puts the wallet where pages look for one. */
export function announce(provider) {
  window.ethereum = provider
  const info = { uuid: crypto.randomUUID(), name: 'Test wallet', icon: 'data:,', rdns: 'test.wallet' }
  const tell = () => window.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail: Object.freeze({ info, provider }) }))
  window.addEventListener('eip6963:requestProvider', tell)
  tell()
}
