// What the scripts share: where the node is, one line for each check, and the closing line.
import { existsSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Longest that one check may take, in milliseconds, unless it says otherwise: a client asks again after four seconds where a receipt is not there at once, each time. */
const PATIENCE = 1_000 * Number(process.env.PATIENCE ?? 180)

/** The phrase that development nodes take their funded accounts from. */
export const MNEMONIC = process.env.MNEMONIC ?? 'test test test test test test test test test test test junk'

/** JSON-RPC of the chain under test, over HTTP and WebSocket on one port. */
export const RPC_URL = process.env.RPC_URL ?? process.argv[2] ?? 'http://127.0.0.1:8545'
export const WS_URL = process.env.WS_URL ?? RPC_URL.replace(/^http/, 'ws')

/** What kind of node that is. Nothing depends on it but which checks it is known to fail: `known-KIND.json`, a reason and the sentences that it is for. */
const KIND = process.env.NODE_KIND ?? 'any'
const listed = fileURLToPath(new URL(`known-${KIND}.json`, import.meta.url))
const reasons = existsSync(listed) ? Object.entries(JSON.parse(readFileSync(listed, 'utf8'))) : []
const known = Object.fromEntries(reasons.flatMap(([reason, sentences]) => sentences.map((sentence) => [sentence, reason])))

/** Where the repository's contracts are, compiled, and those that are only for these scripts (compile.mjs). */
const FOLDERS = [process.env.FIXTURES ?? 'artifacts', process.env.ARTIFACTS ?? fileURLToPath(new URL('../../contracts/artifacts', import.meta.url))]

/** A compiled contract: `{ abi, bytecode }`. */
export function artifact(name) {
  const paths = FOLDERS.map((folder) => join(folder, `${name}.json`))
  return JSON.parse(readFileSync(paths.find(existsSync) ?? paths[0], 'utf8'))
}

const counts = { passed: 0, failed: 0, skipped: 0 }

/**
 * Runs one check and prints its line. Returns what the check returned, nothing when it failed. A check that this kind of node is known to
 * fail is made, too: it counts as skipped when it fails, and as failed when it does not, so that the list stays true.
 */
export async function check(sentence, body, { patience = PATIENCE } = {}) {
  const reason = known[sentence]
  try {
    const result = await soon(body(), reason ? Math.min(patience, 10_000) : patience)
    counts[reason ? 'failed' : 'passed'] += 1
    console.log(reason ? `FAILED  ${sentence}: passes, though ${KIND} is known to fail it` : `ok      ${sentence}`)
    return result
  } catch (error) {
    if (reason) return skip(sentence, `${KIND}: ${reason}`)
    counts.failed += 1
    console.log(`FAILED  ${sentence}: ${error?.stack ?? error}`)
  }
}

/** Prints that a check was not made, or does not count, and why. */
export function skip(sentence, reason) {
  counts.skipped += 1
  console.log(`skipped: ${sentence}: ${reason}`)
}

/**
 * As `check`, for a body that needs the node to be killed and started again. `RESTART=host:port` is somebody who does that for
 * whoever connects, and says so with a line when the node answers again, on the same ports with the same data.
 */
export async function checkWithRestart(sentence, body) {
  if (!process.env.RESTART) return skip(sentence, 'nobody restarts the node (RESTART=host:port)')
  return check(sentence, () => body(restart), { patience: 300_000 })
}

function restart() {
  const [host, port] = process.env.RESTART.split(':')
  return new Promise((resolve, reject) => {
    const said = []
    const socket = connect(Number(port), host)
    socket.on('data', (bytes) => said.push(bytes))
    socket.on('error', reject)
    socket.on('close', () => {
      const line = Buffer.concat(said).toString().trim()
      if (line === 'restarted') resolve()
      else reject(new Error(`the node was not restarted: ${line}`))
    })
  })
}

/** Prints the closing line and ends the process, whatever connections are still open. */
export function finish() {
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
  process.exit(counts.failed === 0 ? 0 : 1)
}

/** The promise's value, or an error when there is none within `milliseconds`. */
export function soon(promise, milliseconds = 30_000) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing within ${milliseconds / 1000} s`)), milliseconds)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/** Waits until something is so. */
export async function until(condition, milliseconds = 60_000) {
  const late = Date.now() + milliseconds
  while (!(await condition())) {
    if (Date.now() > late) throw new Error(`not so within ${milliseconds / 1000} s: ${condition}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** The error that `body` throws; its absence is an error. */
export async function thrown(body) {
  try {
    await body()
  } catch (error) {
    return error
  }
  throw new Error('no error was thrown')
}

process.on('unhandledRejection', (error) => {
  console.log(`FAILED  outside of a check: ${error?.stack ?? error}`)
  counts.failed += 1
})
