// The project that run.mjs runs in. The compiler is npm's solc, which `SOLC` names; nothing is downloaded.
import ethers from '@nomicfoundation/hardhat-ethers'
import matchers from '@nomicfoundation/hardhat-ethers-chai-matchers'
import networkHelpers from '@nomicfoundation/hardhat-network-helpers'
import viem from '@nomicfoundation/hardhat-viem'
import viemAssertions from '@nomicfoundation/hardhat-viem-assertions'
import { cpSync } from 'node:fs'
import { createRequire } from 'node:module'
import { MNEMONIC, RPC_URL } from '../checks.mjs'

// Hardhat takes no sources from outside of its project.
cpSync(new URL('../contracts', import.meta.url), new URL('contracts', import.meta.url), { recursive: true })

const compiler = createRequire(import.meta.url).resolve(`${process.env.SOLC ?? 'solc'}/soljson.js`)

export default {
  plugins: [viem, viemAssertions, ethers, matchers, networkHelpers],
  paths: { sources: 'contracts', artifacts: 'artifacts', cache: 'cache' },
  solidity: { version: '0.8.30', path: compiler, settings: { evmVersion: 'prague', optimizer: { enabled: true } } },
  networks: {
    // The node signs, as Hardhat has it for `localhost`.
    remote: { type: 'http', url: RPC_URL },
    // Hardhat signs.
    own: { type: 'http', url: RPC_URL, accounts: { mnemonic: MNEMONIC, initialIndex: 0, count: 1 } },
    rollup: { type: 'http', chainType: 'op', url: RPC_URL },
  },
}
