// The whole loop as a stranger would write it, against a running development node: `RPC=http://127.0.0.1:8545 node --test`. The accounts are new ones,
// which the development account of `MNEMONIC` pays for.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BaseError, ContractFunctionRevertedError, createWalletClient, defineChain, hashTypedData, http, keccak256, parseEther, publicActions, stringToHex } from 'viem'
import { generatePrivateKey, mnemonicToAccount, privateKeyToAccount } from 'viem/accounts'
import { addresses, chainOf, datanetsAbi, divisionAbi, inferenceAbi, leafOf, textAttributionAbi, tributaryActions, voucherData } from '../src/index.js'

const { RPC, MNEMONIC = 'test test test test test test test test test test test junk' } = process.env
const only = { skip: RPC ? false : 'no node: RPC=URL' }

const HARBOUR = 'Before the ebb turned, the harbour pilot chalked the depth of every sandbar on a slate beside the lantern room.'
const ORCHARD = 'Quinces from the terraced orchard keep until March when each one is wrapped in waxed paper and laid stalk upwards in straw.'
const GLACIER = 'Meltwater under the glacier carries rock flour so fine that the lake below stays turquoise long after the first snowfall.'
/** Documents that nobody committed to before: whoever did would be their author, in whichever datanet they are. */
const FOLDER = [
  'The bellfounder listens for a wolf tone before the casting is lifted out of its pit and scoured with sand.',
  'A kiln of green oak logs burns for nine days, and nobody who tends it sleeps until the smoke runs blue.',
  'Saltpans lie shallow on purpose: the sun has to reach the clay, or no crust will form before the autumn rain.',
].map((text) => `${text} ${generatePrivateKey()}`)
const PROMPT = 'How did they know the depth, and why is the lake turquoise?'
const PRICE = parseEther('1')

/** More than one settlement pays at once. */
const CROWD = 131

const datanets = { address: addresses.datanets, abi: datanetsAbi }

let people, funder

/** A wallet with the actions, of a new account that has `value`. */
async function person(chain, funder, value) {
  const account = privateKeyToAccount(generatePrivateKey())
  const wallet = createWalletClient({ account, chain, transport: http(), pollingInterval: 100 }).extend(publicActions).extend(tributaryActions)
  const hash = await funder.sendTransaction({ to: account.address, value })
  await funder.waitForTransactionReceipt({ hash })
  return wallet
}

/** Wallets of `CROWD` new accounts. */
async function crowd(chain) {
  const accounts = Array.from({ length: CROWD }, () => privateKeyToAccount(generatePrivateKey()))
  let nonce = await funder.getTransactionCount({ address: funder.account.address })
  const hashes = await Promise.all(accounts.map(({ address }) => funder.sendTransaction({ to: address, value: parseEther('0.1'), nonce: nonce++ })))
  await Promise.all(hashes.map((hash) => funder.waitForTransactionReceipt({ hash })))
  return accounts.map((account) => createWalletClient({ account, chain, transport: http(), pollingInterval: 100 }).extend(tributaryActions))
}

/** Words that no other text has. */
const phrase = () => generatePrivateKey().slice(2).match(/.{8}/g).join(' ')

/** The name of the custom error that a promise is refused with. */
async function refusal(promise) {
  const error = await promise.then(() => undefined, (thrown) => thrown)
  assert.ok(error instanceof BaseError, `not refused: ${error}`)
  return error.walk((cause) => cause instanceof ContractFunctionRevertedError)?.data?.errorName
}

test('people have accounts', only, async () => {
  const account = mnemonicToAccount(MNEMONIC, { addressIndex: 7 })
  const probe = createWalletClient({ account, transport: http(RPC) }).extend(publicActions)
  const chain = defineChain({
    id: await probe.getChainId(),
    name: 'under test',
    nativeCurrency: { name: 'Open', symbol: 'OPEN', decimals: 18 },
    rpcUrls: { default: { http: [RPC] } },
  })
  funder = createWalletClient({ account, chain, transport: http(), pollingInterval: 100 }).extend(publicActions)
  const sums = { curator: '2', pilot: '2', geologist: '2', author: '2', maker: '350', payer: '10' }
  people = {}
  for (const [name, sum] of Object.entries(sums)) people[name] = await person(chain, funder, parseEther(sum))
})

let datanetId
test('a stranger founds a datanet, and others contribute to it', only, async () => {
  const { curator, pilot, geologist } = people
  const licence = { mayTrain: true, commercial: true, minContributorBps: 3_000 }
  const founded = await curator.found({ name: 'Trades', purpose: 'How things are done', licence, curatorBps: 500, maxContributorBps: 9_000 })
  datanetId = founded.datanetId
  assert.equal((await pilot.contribute({ datanetId, document: HARBOUR })).row, 0n)
  assert.equal((await geologist.contribute({ datanetId, document: new TextEncoder().encode(GLACIER) })).row, 1n)
  assert.equal(await refusal(geologist.contribute({ datanetId, document: HARBOUR })), 'Duplicate')
})

test('a row may refine another', only, async () => {
  const { geologist, pilot } = people
  const { row } = await geologist.contribute({ datanetId, document: `${HARBOUR} ${ORCHARD}`, parent: 0n })
  const { parent, account } = await pilot.readContract({ ...datanets, functionName: 'rowInfo', args: [datanetId, row] })
  assert.deepEqual([parent, account], [0n, geologist.account.address])
})

test('a folder is committed to, revealed and appended in its order', only, async () => {
  const { author, curator } = people
  const policy = { committed: true, minNoveltyBps: 1_000, fee: 1_000n, bond: parseEther('0.5') }
  const { datanetId: slow } = await curator.found({ name: 'Slow trades', policy })
  assert.equal(await refusal(author.contribute({ datanetId: slow, document: FOLDER[0] })), 'CommitFirst')
  const folder = await author.commitFolder({ datanetId: slow, documents: FOLDER })
  assert.equal(await refusal(author.reveal({ ...folder, salt: keccak256('0x') })), 'WrongProof')
  await author.reveal(folder)
  assert.equal((await author.reveal(folder)).receipts.length, 0)
  assert.equal((await author.submit(folder)).caseId, 0n)
  // Anyone may append what was accepted.
  const done = await curator.append(folder)
  assert.deepEqual([done.stage, done.appended], [6, 3])
  const rows = await Promise.all(FOLDER.map((_, row) => author.readContract({ ...datanets, functionName: 'rowInfo', args: [slow, BigInt(row)] })))
  assert.deepEqual(rows.map(({ account }) => account), FOLDER.map(() => author.account.address))
  assert.deepEqual(rows.map(({ documentHash }) => documentHash), FOLDER.map((text) => keccak256(stringToHex(text))))
  // The bond is theirs again.
  assert.equal((await author.earnings()).earned.bond, policy.bond)
})

test("a folder that somebody else hands in again is its first author's", only, async () => {
  const { author, pilot } = people
  const { datanetId: copies } = await pilot.found({ name: 'Copied trades', policy: { committed: true } })
  const folder = await pilot.commitFolder({ datanetId: copies, documents: FOLDER })
  await pilot.reveal(folder)
  await pilot.submit(folder)
  assert.equal((await pilot.append(folder)).appended, 3)
  const { account } = await pilot.readContract({ ...datanets, functionName: 'rowInfo', args: [copies, 0n] })
  assert.equal(account, author.account.address)
})

test('a leaf is the one that the contract computes', only, async () => {
  const { author } = people
  const place = { datanetId: 5n, author: author.account.address, salt: keccak256('0x05'), index: 77 }
  const args = [place.datanetId, place.author, place.salt, place.index, stringToHex(FOLDER[0])]
  const leaf = await author.readContract({ ...datanets, functionName: 'leafOf', args })
  assert.equal(leafOf({ ...place, chainId: author.chain.id, document: FOLDER[0] }), leaf)
})

let modelId, releaseId
test('a release answers for a model, whose terms keep to its licence', only, async () => {
  const { curator, maker } = people
  const made = await curator.release({ datanetId, note: 'the first' })
  releaseId = made.releaseId
  assert.deepEqual([releaseId, made.release.rows], [1, 3n])
  modelId = (await maker.createModel({ name: 'Old hand' })).modelId
  const hashes = { weightsHash: keccak256(stringToHex(`weights ${modelId} ${Date.now()}`)), manifestHash: keccak256('0x01'), metricsHash: keccak256('0x02') }
  const version = { modelId, ...hashes, sources: [{ datanetId, releaseId, weightBps: 10_000 }], price: PRICE, contributorBps: 4_000 }
  await maker.stake({ purpose: 'trainer', amount: parseEther('100') })
  assert.equal(await refusal(maker.registerVersion({ ...version, contributorBps: 2_000 })), 'LicenceBroken')
  assert.equal((await maker.registerVersion(version)).version, 1)
})

let sessionId
test('an operator serves, and a payer opens a session under the terms that it saw', only, async () => {
  const { maker, payer } = people
  const quoted = await payer.quote({ modelId })
  assert.deepEqual([quoted.version, quoted.price, quoted.operator], [1, PRICE, maker.account.address])
  assert.equal(await refusal(payer.ask({ modelId, prompt: PROMPT })), 'NotServed')
  await maker.serve({ termsHash: quoted.termsHash })
  // What Stakes refuses is named, too, though it was Inference that was called.
  assert.equal(await refusal(payer.ask({ modelId, prompt: PROMPT })), 'StakeTooSmall')
  await maker.stake({ purpose: 'operator', amount: quoted.stake })
  assert.equal(await refusal(payer.ask({ modelId, prompt: PROMPT, termsHash: keccak256('0x') })), 'WrongTerms')
  const opened = await payer.ask({ modelId, prompt: PROMPT, termsHash: quoted.termsHash, maxAnswers: 2 })
  sessionId = opened.sessionId
  assert.deepEqual([opened.session.left, opened.session.payer], [2n * PRICE, payer.account.address])
})

const answers = [
  { prompt: PROMPT, amount: PRICE, output: 'They say the harbour pilot chalked the depth of every sandbar on a slate.' },
  { prompt: 'And the lake?', amount: PRICE, output: 'It carries rock flour so fine that the lake below stays turquoise long after the first snowfall.' },
]

test('the payer signs what the contract asks for', only, async () => {
  const { payer } = people
  const chain = chainOf({ head: keccak256(stringToHex(PROMPT)), first: 1, answers })
  const signed = await payer.voucher({ sessionId, answers })
  assert.deepEqual([signed.count, signed.amount, signed.head], [2, 2n * PRICE, chain.head])
  const args = [sessionId, signed.count, signed.amount, signed.head]
  const digest = await payer.readContract({ address: addresses.division, abi: divisionAbi, functionName: 'voucherDigest', args })
  const data = voucherData({ chainId: payer.chain.id, sessionId, count: signed.count, amount: signed.amount, answers: signed.head })
  assert.equal(hashTypedData(data), digest)
  const asked = [payer.account.address, digest, signed.signature]
  assert.ok(await payer.readContract({ address: addresses.division, abi: divisionAbi, functionName: 'isSigned', args: asked }))
})

let settlement
test('the operator settles what was signed for, and nothing else', only, async () => {
  const { payer, maker } = people
  const { signature } = await payer.voucher({ sessionId, answers })
  const other = answers.map((answer) => ({ ...answer, output: `${answer.output} Honest!` }))
  assert.equal(await refusal(maker.settle({ sessionId, answers: other, signature })), 'NotSigned')
  assert.equal(await refusal(payer.settle({ sessionId, answers, signature })), 'NotOperator')
  settlement = await maker.settle({ sessionId, answers, signature })
  assert.equal(settlement.amount, 2n * PRICE)
  assert.equal(Object.values(settlement.shares).reduce((sum, share) => sum + share), 2n * PRICE)
  assert.ok(settlement.shares.contributors > 0n)
})

test('everybody can see why they were paid', only, async () => {
  const { payer, maker, pilot, geologist } = people
  const explained = await payer.explain({ settlementId: settlement.settlementId })
  const lower = ({ account }) => account.address.toLowerCase()
  assert.deepEqual([explained.sessionId, explained.payer, explained.operator], [sessionId, lower(payer), lower(maker)])
  assert.deepEqual([explained.signed, explained.amount, explained.first], [true, 2n * PRICE, 1])
  assert.deepEqual(explained.shares, settlement.shares)
  const told = ({ index, amount, output }) => [index, amount, output]
  assert.deepEqual(explained.answers.map(told), answers.map(({ amount, output }, at) => [at + 1, amount, output]))
  const [first, second] = explained.answers.map(({ spans }) => spans)
  for (const [spans, { address }, text] of [[first, pilot.account, HARBOUR], [second, geologist.account, GLACIER]]) {
    assert.ok(spans.length > 0)
    for (const span of spans) {
      assert.equal(span.author.toLowerCase(), address.toLowerCase())
      assert.equal(Buffer.from(text).subarray(span.originStart, span.originEnd).toString(), span.text)
    }
  }
  assert.deepEqual(explained.payees.map(({ account }) => account).toSorted(), [lower(pilot), lower(geologist)].toSorted())
  for (const payee of explained.payees) {
    const spans = explained.answers.flatMap(({ spans }) => spans).filter(({ author }) => author === payee.account)
    const wei = spans.reduce((sum, span) => sum + span.wei, 0n)
    assert.ok(wei <= payee.amount && payee.amount - wei <= BigInt(spans.length), `${wei} of ${payee.amount}`)
  }
  // Anyone can ask the precompile again.
  const { setId, version } = (await payer.readContract({ ...datanets, functionName: 'release', args: [datanetId, releaseId] }))
  const trace = { address: addresses.textAttribution, abi: textAttributionAbi, functionName: 'trace' }
  const [rows, , , ...sums] = await payer.readContract({ ...trace, args: [setId, version, stringToHex(answers[0].output), 0] })
  assert.ok(rows.includes(first[0].row))
  const [source] = explained.answers[0].sources
  assert.deepEqual([source.explained, source.withheld, source.total], sums)
  assert.deepEqual([source.datanetId, source.releaseId, source.weightBps, source.setId, source.version], [datanetId, releaseId, 10_000, setId, version])
})

test('an explanation has the receipt with its proof, as much of it as was asked for', only, async () => {
  const { payer } = people
  const { settlementId } = settlement
  const { receipt, answers: explained } = await payer.explain({ settlementId })
  const spans = receipt.explanation.answers.map(({ traces }) => traces.flatMap(({ spans }) => spans))
  const told = (span) => [span.row, span.origin, span.outputStart, span.outputEnd, span.contributor, span.weight, span.wei].map(BigInt)
  assert.deepEqual(spans.map((each) => each.map(told)), explained.map(({ spans }) => spans.map(told)))
  // A small datanet's texts are in it unasked, and the settlement's block is the one that its output root is to be of.
  assert.ok(receipt.whole && receipt.proof.anchor === null)
  const { receipt: short } = await payer.explain({ settlementId, at: 'latest', whole: false })
  assert.ok(!short.whole && short.proof.state.nodes.length < receipt.proof.state.nodes.length)
  assert.deepEqual(short.explanation, receipt.explanation)
  const later = await payer.getBlockNumber()
  assert.ok((await payer.explain({ settlementId, at: later })).receipt.proof.anchor !== null || later === BigInt(receipt.explanation.blockNumber))
  await assert.rejects(payer.explain({ settlementId, at: 1n }), /it was settled in block/)
  assert.equal(await payer.explain({ settlementId: 77n }), undefined)
})

test("a session's settlements have all their parts", only, async () => {
  const { payer, curator } = people
  const [only, ...others] = await payer.settlementsOf({ sessionId })
  assert.equal(others.length, 0)
  assert.deepEqual([only.id, only.amount, only.count, only.carried], [settlement.settlementId, 2n * PRICE, 2, 0n])
  assert.deepEqual(only.shares, settlement.shares)
  const toCurators = only.parts.filter(({ reason }) => reason === 'curator')
  assert.deepEqual(toCurators.map(({ account, amount }) => [account, amount]), [[curator.account.address.toLowerCase(), settlement.shares.curators]])
  assert.equal(only.payees.reduce((sum, { amount }) => sum + amount, 0n), settlement.shares.contributors)
  assert.deepEqual(await payer.settlementsOf({ sessionId: 0xffffffn }), [])
})

test('contributors see what they earned, and claim it', only, async () => {
  const { pilot, geologist } = people
  for (const contributor of [pilot, geologist]) {
    const { owed, earned, payments } = await contributor.earnings()
    assert.ok(owed > 0n)
    assert.equal(earned.contributor, owed)
    assert.deepEqual(payments.map(({ reason, amount, reference }) => [reason, amount, BigInt(reference)]), [['contributor', owed, settlement.settlementId]])
    const to = privateKeyToAccount(generatePrivateKey()).address
    assert.equal((await contributor.claim({ to })).amount, owed)
    assert.equal(await contributor.getBalance({ address: to }), owed)
    assert.equal(await refusal(contributor.claim()), 'NothingOwed')
    const after = await contributor.earnings()
    assert.deepEqual([after.owed, after.claimed], [0n, owed])
  }
})

test('a payee is named, and claims in two days', only, async () => {
  const { pilot, geologist } = people
  const { effective } = await pilot.setPayee({ payee: geologist.account.address })
  const named = await geologist.payeeOf({ account: pilot.account.address })
  assert.deepEqual(named, { payee: pilot.account.address, next: geologist.account.address, effective })
})

test('contributors beyond the first page are paid by whoever carries it', only, async () => {
  const { curator, maker, payer, pilot } = people
  const { datanetId: crowded } = await curator.found({ name: 'A crowd' })
  const phrases = Array.from({ length: CROWD }, phrase)
  await Promise.all((await crowd(pilot.chain)).map((each, index) => each.contribute({ datanetId: crowded, document: phrases[index] })))
  const { releaseId: all } = await curator.release({ datanetId: crowded })
  const { modelId: quoting } = await maker.createModel({ name: 'Quotes everybody' })
  await maker.stake({ purpose: 'trainer', amount: parseEther('100') })
  const hashes = { weightsHash: keccak256(stringToHex(phrase())), manifestHash: keccak256('0x01'), metricsHash: keccak256('0x02') }
  await maker.registerVersion({ modelId: quoting, ...hashes, sources: [{ datanetId: crowded, releaseId: all, weightBps: 10_000 }], price: PRICE, contributorBps: 5_000 })
  await maker.serve({ termsHash: (await maker.quote({ modelId: quoting })).termsHash })
  const { sessionId: quoted } = await payer.ask({ modelId: quoting })
  const whole = [{ prompt: PROMPT, amount: PRICE, output: phrases.join('. ') }]
  const { signature } = await payer.voucher({ sessionId: quoted, answers: whole })
  const { settlementId, shares } = await maker.settle({ sessionId: quoted, answers: whole, signature })
  const payees = async () => (await payer.settlementsOf({ sessionId: quoted }))[0].payees
  assert.equal((await payees()).length, 128)
  // Who waits is explained, too.
  assert.equal((await payer.explain({ settlementId })).payees.length, CROWD)
  assert.equal((await pilot.carry({ settlementId })).receipts.length, 1)
  assert.equal((await payees()).length, CROWD)
  assert.equal((await payees()).reduce((sum, { amount }) => sum + amount, 0n), shares.contributors)
  assert.equal((await pilot.carry({ settlementId })).receipts.length, 0)
})

test('what the index has nothing of is told with the block that it has read', only, async () => {
  const answer = await funder.request({ method: 'tributary_session', params: ['0xffffff'] })
  assert.deepEqual([Object.keys(answer).sort(), answer.result], [['blockHash', 'blockNumber', 'result'], null])
  const nobody = await people.payer.earnings({ account: privateKeyToAccount(generatePrivateKey()).address })
  assert.deepEqual(nobody, { owed: 0n, claimed: 0n, earned: {}, payments: [] })
})

test('what a session did not use goes back when the operator ends it', only, async () => {
  const { payer, maker } = people
  const before = (await payer.earnings()).owed
  const { sessionId: unused } = await payer.ask({ modelId, promptHash: keccak256(stringToHex(PROMPT)), maxAnswers: 3 })
  assert.equal(await refusal(payer.refund({ sessionId: unused })), 'TooEarly')
  assert.equal((await maker.refund({ sessionId: unused })).amount, 3n * PRICE)
  assert.equal((await payer.earnings()).owed, before + 3n * PRICE)
})
