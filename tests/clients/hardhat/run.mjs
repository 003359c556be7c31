// Hardhat with its plugins for viem and ethers, on the node as one of its networks (hardhat.config.js):
// `SOLC=folder-of-npm's-solc hardhat run run.mjs`.
import { finish } from '../checks.mjs'

await import('./viem.mjs')
await import('./matchers.mjs')
finish()
