import type { Account, Address, Chain, Client, Hex, TransactionReceipt, Transport } from 'viem'

export * from './abis/index.js'
export { addresses } from './addresses.js'

/** A viem client with an account, which signs and pays. */
export type Signer = Client<Transport, Chain | undefined, Account>
/** A viem client that only asks. */
export type Reader = Client<Transport, Chain | undefined, Account | undefined>
/** Text, or bytes. A string is UTF-8 text, whatever it looks like. */
export type Document = string | Uint8Array
export type Sent = { receipt: TransactionReceipt }

// ---- Datanets

export type Licence = { mayTrain: boolean; commercial: boolean; shareAlike: boolean; minContributorBps: number; maxRoyaltyBps: number; text: Hex }
export type Policy = { jurors: number; committed: boolean; minNoveltyBps: number; fee: bigint; bond: bigint }
export type Settings = {
  name: string
  purpose?: string
  licence?: Partial<Licence>
  policy?: Partial<Policy>
  curatorBps?: number
  fullAtBps?: number
  maxContributorBps?: number
}
export type Revelation = { document: Hex; parent: bigint; proof: Hex[] }
/** A folder that was committed to. Keep it until its documents are rows: without the salt nothing can be revealed. */
export type Folder = { commitmentId: bigint; datanetId: bigint; root: Hex; salt: Hex; revelations: Revelation[]; revealUntil: bigint }
export type Release = {
  setId: bigint
  version: bigint
  rows: bigint
  contributors: number
  releasedAt: bigint
  size: bigint
  root: Hex
  licence: Licence
  fullAtBps: number
  maxContributorBps: number
  curatorBps: number
}
/** `IDatanetRecords.CommitmentInfo`. */
export type CommitmentInfo = {
  author: Address
  datanetId: bigint
  root: Hex
  stage: number
  count: number
  revealed: number
  appended: number
  committedAt: bigint
  revealUntil: bigint
  queueUntil: bigint
  decidedAt: bigint
  jurors: number
  minNoveltyBps: number
  bond: bigint
  caseId: bigint
  contents: Hex
}

/** The row that a document refines, where it refines none. */
export declare const NO_ROW: bigint
export declare function found(client: Signer, settings: Settings): Promise<Sent & { datanetId: bigint; setId: bigint }>
export type Contribution = { datanetId: bigint; document: Document; parent?: bigint }
export declare function contribute(client: Signer, options: Contribution): Promise<Sent & { row: bigint; contributor: number; version: bigint }>
export type FolderOptions = { datanetId: bigint; documents: readonly (Document | { document: Document; parent?: bigint })[]; salt?: Hex }
export declare function commitFolder(client: Signer, options: FolderOptions): Promise<Sent & Folder>
export declare function reveal(client: Signer, folder: Pick<Folder, 'commitmentId' | 'salt' | 'revelations'>): Promise<{ receipts: TransactionReceipt[] }>
export declare function submit(client: Signer, folder: Pick<Folder, 'commitmentId'>): Promise<Sent & { caseId: bigint; cost: bigint }>
export type Appended = CommitmentInfo & { receipts: TransactionReceipt[] }
export declare function append(client: Signer, folder: Pick<Folder, 'commitmentId' | 'revelations'>): Promise<Appended>
export declare function release(client: Signer, options: { datanetId: bigint; note?: string }): Promise<Sent & { releaseId: number; release: Release }>

// ---- Models

export type Parent = { modelId: bigint; version: number; royaltyBps: number; relation: number }
export type Source = { datanetId: bigint; releaseId: number; weightBps: number }
/** `IModelRegistry.Registration`; what is left out forbids nothing. */
export type Registration = {
  modelId: bigint
  parents?: readonly Parent[]
  sources?: readonly Source[]
  licence?: Partial<Licence>
  weightsHash: Hex
  manifestHash: Hex
  metricsHash: Hex
  uri?: string
  operator?: Address
  price?: bigint
  contributorBps?: number
  lineageBps?: number
  royaltyBps?: number
  sketchBps?: number
  answerSeconds?: number
  deterministic?: boolean
  sketchSetId?: bigint
  seed?: Hex
  whiteningHash?: Hex
}
export declare function createModel(client: Signer, options: { name: string; metadata?: string }): Promise<Sent & { modelId: bigint }>
export declare function registerVersion(client: Signer, registration: Registration): Promise<Sent & { version: number; bond: bigint }>

// ---- Inference

export type Quote = {
  version: number
  termsHash: Hex
  operator: Address
  offered: boolean
  deterministic: boolean
  sketches: boolean
  answerSeconds: bigint
  price: bigint
  protocolBps: number
  validatorBps: number
  jurors: number
  contestSeconds: number
  contestBond: bigint
  penalty: bigint
  stake: bigint
  contributors: readonly number[]
}
/** `IInference.Session`. */
export type Session = {
  payer: Address
  deadline: bigint
  maxAnswers: number
  operator: Address
  modelId: bigint
  version: number
  left: bigint
  paid: bigint
  lastAt: bigint
  price: bigint
  answers: number
  settlements: number
  openCases: number
  status: number
  receiptShown: boolean
  termsHash: Hex
  head: Hex
  contributors: readonly number[]
}
/** One answer: its prompt or the prompt's hash, what it costs, and what the payer received. */
export type Answer = { amount: bigint; output: Document; query?: Uint8Array } & ({ prompt: Document; promptHash?: undefined } | { promptHash: Hex; prompt?: undefined })
export type ChainedAnswer = { promptHash: Hex; amount: bigint; output: Hex; query: Hex }
/** `head` is the chain's end that was signed. */
export type Voucher = { sessionId: bigint; count: number; amount: bigint; head: Hex; signature: Hex }
export type Shares = {
  protocol: bigint
  validators: bigint
  lineage: bigint
  curators: bigint
  contributors: bigint
  commons: bigint
  operator: bigint
}
export type Asked = {
  modelId: bigint
  version?: number
  termsHash?: Hex
  prompt?: Document
  promptHash?: Hex
  maxAnswers?: number
  value?: bigint
  deadline?: bigint
}
export declare function quote(client: Reader, options: { modelId: bigint; version?: number }): Promise<Quote>
export declare function serve(client: Signer, options: { termsHash: Hex; on?: boolean }): Promise<Sent>
export declare function ask(client: Signer, options: Asked): Promise<Sent & { sessionId: bigint; session: Session; quote: Quote }>
export declare function voucher(client: Signer, options: { sessionId: bigint; answers: readonly Answer[] }): Promise<Voucher>
export type Settling = { sessionId: bigint; answers: readonly Answer[]; signature: Hex }
export declare function settle(client: Signer, options: Settling): Promise<Sent & { settlementId: bigint; amount: bigint; shares: Shares }>
export declare function carry(client: Signer, options: { settlementId: bigint }): Promise<{ receipts: TransactionReceipt[] }>
export declare function refund(client: Signer, options: { sessionId: bigint }): Promise<Sent & { amount: bigint }>

// ---- Money

export type Purpose = 'validator' | 'operator' | 'trainer'
export type Reason = 'contributor' | 'curator' | 'validator' | 'operator' | 'lineage' | 'protocol' | 'commons' | 'refund' | 'bond' | 'slashing'
/** What an account came to be owed by one log. */
export type Earning = { account: Address; module: Address; reference: Hex; reason: Reason; amount: bigint; blockNumber: bigint; transactionHash: Hex }
export type Earnings = { owed: bigint; claimed: bigint; earned: Partial<Record<Reason, bigint>>; payments: Earning[] }
export declare function stake(client: Signer, options: { purpose: Purpose; amount: bigint }): Promise<Sent>
export declare function earnings(client: Reader, options?: { account?: Address }): Promise<Earnings>
export declare function claim(client: Signer, options?: { to?: Address }): Promise<Sent & { amount: bigint }>
export declare function setPayee(client: Signer, options: { payee: Address }): Promise<Sent & { effective: bigint }>
export declare function payeeOf(client: Reader, options?: { account?: Address }): Promise<{ payee: Address; next: Address; effective: bigint }>

// ---- Explanations

/** Words of an answer that came of one row. Ranges are bytes, ends exclusive: of the answer, of the row, and of the row that had them first. */
export type Span = {
  datanetId: bigint
  releaseId: number
  row: bigint
  origin: bigint
  outputStart: number
  outputEnd: number
  rowStart: number
  rowEnd: number
  originStart: number
  originEnd: number
  /** Keccak-256 of the origin's document. */
  document: Hex
  /** The origin's contributor: its number in the datanet, and its account. */
  contributor: number
  author: Address
  /** In 1/256 bit. */
  weight: bigint
  /** Nobody is credited. */
  withheld: boolean
  text: string
  /** The span's part of what its author was paid, rounded down. */
  wei: bigint
}
/** A release that answers for the model, with what was to be divided by it and what contributors got of that. `licence` is Keccak-256 of its text. */
export type DividedSource = Source & {
  setId: bigint
  version: bigint
  licence: Hex
  fullAtBps: number
  maxContributorBps: number
  pool: bigint
  paid: bigint
}
/** The same with the weights of one answer's words: of those that it explains, of those among them that nobody is credited for, of all. */
export type ExplainedSource = DividedSource & { explained: bigint; withheld: bigint; total: bigint }
/** `sources` and `spans` are empty where the payer did not sign. */
export type ExplainedAnswer = {
  index: number
  promptHash: Hex
  queryHash: Hex
  amount: bigint
  output: string
  sources: ExplainedSource[]
  spans: Span[]
}
export type Payee = { account: Address; datanetId: bigint; number: number; bySketch: boolean; amount: bigint; weight: bigint }
export type Explanation = {
  settlementId: bigint
  sessionId: bigint
  blockNumber: bigint
  blockTime: bigint
  payer: Address
  operator: Address
  modelId: bigint
  version: number
  termsHash: Hex
  /** Whether the payer signed for the answers; what is not signed for is not attributed. */
  signed: boolean
  amount: bigint
  shares: Shares
  /** The end of the session's chain of answers before these, and the number of the first. */
  before: Hex
  first: number
  answers: ExplainedAnswer[]
  sources: DividedSource[]
  payees: Payee[]
  receipt: Receipt
}
/** What `tributary verify` checks without a node. Quantities are hexadecimal, as the node gives them. */
export type Receipt = {
  format: Hex
  rollup: { chainId: Hex; portal: Address }
  explanation: { settlementId: Hex; sessionId: Hex; blockNumber: Hex; amount: Hex; answers: object[]; sources: object[]; payees: object[] } & Record<string, unknown>
  proof: object
  whole: boolean
}
export type Explained = { settlementId: bigint; at?: bigint | 'latest' | 'safe' | 'finalized'; whole?: boolean }
export declare function explain(client: Reader, options: Explained): Promise<Explanation | undefined>

export type Part = { reason: Reason; datanetId: bigint; account: Address; amount: bigint }
export type Settlement = {
  id: bigint
  sessionId: bigint
  signed: boolean
  first: number
  count: number
  amount: bigint
  /** Still to be paid to contributors, by `carry`. */
  carried: bigint
  blockNumber: bigint
  shares: Shares
  parts: Part[]
  payees: Payee[]
  attributions: { datanetId: bigint; releaseId: number; pool: bigint; paid: bigint; explained: bigint; withheld: bigint; total: bigint }[]
}
export declare function settlementsOf(client: Reader, options: { sessionId: bigint }): Promise<Settlement[]>

// ---- All of them, of one client: `createWalletClient({ … }).extend(tributaryActions)`

type Actions = {
  found: typeof found
  contribute: typeof contribute
  commitFolder: typeof commitFolder
  reveal: typeof reveal
  submit: typeof submit
  append: typeof append
  release: typeof release
  createModel: typeof createModel
  registerVersion: typeof registerVersion
  quote: typeof quote
  serve: typeof serve
  ask: typeof ask
  voucher: typeof voucher
  settle: typeof settle
  carry: typeof carry
  refund: typeof refund
  stake: typeof stake
  earnings: typeof earnings
  claim: typeof claim
  setPayee: typeof setPayee
  payeeOf: typeof payeeOf
  settlementsOf: typeof settlementsOf
  explain: typeof explain
}
type Bound<action> = action extends (client: any, ...options: infer options) => infer result ? (...options: options) => result : never
export type TributaryActions = { [name in keyof Actions]: Bound<Actions[name]> }
export declare function tributaryActions(client: Signer): TributaryActions

// ---- What is hashed and signed

export type Leaf = { chainId: number | bigint; datanetId: bigint; author: Address; salt: Hex; index: number; document: Document }
export declare function leafOf(leaf: Leaf): Hex
/** All levels of the tree over at least one leaf, leaves first. */
export declare function treeOf(leaves: readonly Hex[]): Hex[][]
export declare function rootOf(levels: readonly (readonly Hex[])[]): Hex
export declare function proofOf(levels: readonly (readonly Hex[])[], index: number): Hex[]
export declare function isProved(proved: { root: Hex; leaf: Hex; proof: readonly Hex[] }): boolean

type Domain = { name: string; version: string; chainId: bigint; verifyingContract: Address }
type Field<type extends string> = { name: string; type: type }
export declare const voucherTypes: { Voucher: Field<'uint256' | 'uint32' | 'bytes32'>[] }
export declare const receiptTypes: { Receipt: Field<'uint256' | 'uint32' | 'bytes32'>[] }
export declare function inferenceDomain(chainId: number | bigint): Domain
export declare function voucherData(voucher: { chainId: number | bigint; sessionId: bigint; count: number; amount: bigint; answers: Hex }): {
  domain: Domain
  types: typeof voucherTypes
  primaryType: 'Voucher'
  message: { session: bigint; count: number; amount: bigint; answers: Hex }
}
export declare function receiptData(receipt: { chainId: number | bigint; sessionId: bigint; index: number; promptHash: Hex }): {
  domain: Domain
  types: typeof receiptTypes
  primaryType: 'Receipt'
  message: { session: bigint; index: number; promptHash: Hex }
}
export declare function answerOf(answer: Answer): ChainedAnswer
export declare function chainOf(chain: { head: Hex; first: number; answers: readonly Answer[] }): { head: Hex; amount: bigint }
