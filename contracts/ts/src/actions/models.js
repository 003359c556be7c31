// Models: registering one, and the version that takes requests.
import { eventOf, transact } from '../transact.js'

const ZERO = `0x${'00'.repeat(32)}`
const LICENCE = { mayTrain: true, commercial: true, shareAlike: false, minContributorBps: 0, maxRoyaltyBps: 10_000, text: ZERO }

/** What a registration says of what it leaves out: nothing is forbidden, there is no parent, and nothing is attributed by sketches. */
const REGISTRATION = {
  parents: [],
  sources: [],
  uri: '',
  price: 0n,
  contributorBps: 0,
  lineageBps: 0,
  royaltyBps: 0,
  sketchBps: 0,
  answerSeconds: 3_600,
  deterministic: false,
  sketchSetId: 0n,
  seed: ZERO,
  whiteningHash: ZERO,
}

/** A model of the account's, still without a version. */
export async function createModel(client, { name, metadata = '' }) {
  const receipt = await transact(client, 'models', 'create', [name, metadata])
  const { modelId } = eventOf(receipt, 'models', 'ModelCreated')
  return { modelId, receipt }
}

/** The model's next version. The account is bonded for it: it needs free stake for that (`stake`, purpose `trainer`). */
export async function registerVersion(client, { modelId, licence, ...said }) {
  const registration = { ...REGISTRATION, operator: client.account.address, ...said, licence: { ...LICENCE, ...licence } }
  const receipt = await transact(client, 'models', 'registerVersion', [modelId, registration])
  const { version, bond } = eventOf(receipt, 'models', 'VersionRegistered')
  return { version, bond, receipt }
}
