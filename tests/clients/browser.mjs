// A page in headless Chromium that has a wallet (EIP-1193) and asks the node from another origin: `node browser.mjs [URL]`.
// `CHROMIUM=path` names the browser; it is looked for where Debian puts it, too.
import { build } from 'esbuild'
import { chromium } from 'playwright-core'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RPC_URL, WS_URL, artifact, check, finish, skip } from './checks.mjs'
import { checkTruth } from './truth.mjs'

const SENTENCE = 'a page in a browser deals with the node'
const ARGS = '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync'
const found = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => path && existsSync(path))

/** Serves the page on a free port; its address. */
async function serve() {
  const entryPoints = [join(import.meta.dirname, 'browser', 'page.js')]
  const { outputFiles } = await build({ entryPoints, bundle: true, format: 'esm', target: 'es2022', write: false, logLevel: 'warning' })
  const settings = JSON.stringify({ rpc: RPC_URL, ws: WS_URL, token: artifact('Token') })
  const html = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script type="application/json" id="settings">${settings}</script>
<script type="module" src="/page.js"></script>`
  const server = createServer(({ url }, response) => {
    const script = url === '/page.js'
    response.setHeader('content-type', script ? 'text/javascript' : 'text/html')
    response.end(script ? outputFiles[0].text : html)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${server.address().port}/`
}

async function run(profile) {
  const context = await chromium.launchPersistentContext(profile, { executablePath: found, args: ARGS.split(' '), timeout: 60_000 })
  try {
    const page = await check('a page loads, with its wallet', async () => {
      const page = await context.newPage()
      const faults = []
      page.on('pageerror', (error) => faults.push(error))
      page.on('console', (message) => message.type() === 'error' && faults.push(message.text()))
      await page.goto(await serve())
      await page.waitForFunction(() => document.title === 'ready', null, { timeout: 30_000 }).catch((error) => {
        throw new Error(`${error.message}\n${faults.join('\n')}`)
      })
      return page
    })
    if (!page) return
    const sentences = await page.evaluate(() => Object.keys(window.deeds))
    let hash
    for (const sentence of sentences) {
      const told = await check(sentence, () => page.evaluate((deed) => window.deeds[deed](), sentence))
      hash ??= told
    }
    const request = (method, params) => page.evaluate(([method, params]) => window.ethereum.request({ method, params }), [method, params])
    if (hash) await checkTruth('a page', request, hash)
  } finally {
    await context.close()
  }
}

if (!found) skip(SENTENCE, 'no Chromium on this machine (CHROMIUM=path)')
else {
  const profile = mkdtempSync(join(tmpdir(), 'clients-browser-'))
  try {
    await run(profile)
  } finally {
    rmSync(profile, { recursive: true, force: true })
  }
}
finish()
