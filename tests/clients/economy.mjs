// The tests of contracts/ts, the package that dApp developers use, against a development node: `RPC_URL=… PACKAGE=folder node economy.mjs`.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { run } from 'node:test'
import { RPC_URL, check, finish, skip } from './checks.mjs'

process.env.RPC = RPC_URL
const folder = join(process.env.PACKAGE, 'test')
const files = readdirSync(folder).filter((name) => name.endsWith('.test.mjs')).sort()

// One file after the other: several send transactions of the same development accounts.
for await (const { type, data } of run({ files: files.map((name) => join(folder, name)), concurrency: false })) {
  if (type !== 'test:pass' && type !== 'test:fail') continue
  if (data.skip !== undefined) skip(data.name, data.skip)
  else {
    await check(data.name, () => {
      if (type === 'test:fail') throw data.details.error.cause ?? data.details.error
    })
  }
}

finish()
