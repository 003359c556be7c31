// Founds a datanet and commits a folder of text files to it, so that nobody sees a line before its order is settled:
// `node contribute.mjs FILE…`.
import { readFileSync } from 'node:fs'
import { wallet } from './shared.mjs'

const files = process.argv.slice(2)
if (files.length === 0) throw new Error('usage: node contribute.mjs FILE…')

const me = await wallet(3)
const { datanetId } = await me.found({ name: 'My files', purpose: 'An example', policy: { committed: true } })
const folder = await me.commitFolder({ datanetId, documents: files.map((file) => new Uint8Array(readFileSync(file))) })
console.log(`datanet ${datanetId}, commitment ${folder.commitmentId}: ${files.length} documents under ${folder.root}`)

// From here on all could be done later, and by steps: whoever has the folder and its salt goes on where it ended.
await me.reveal(folder)
await me.submit(folder)
const { appended } = await me.append(folder)
const { releaseId, release } = await me.release({ datanetId, note: 'the first release' })
console.log(`${appended} documents were handed in, ${release.rows} are rows; cite them as ${datanetId}@${releaseId}`)
