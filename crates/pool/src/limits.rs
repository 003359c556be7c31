//! The numbers that a node's operator may choose, and those that the open block gives.

use alloy_primitives::U256;

/// What this node accepts, beyond what the chain allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TxPolicy {
    /// Most bytes of a transaction's EIP-2718 encoding, without blobs.
    pub max_bytes: usize,
    /// Most gas of a transaction. A block has room for more; but nothing else is executed meanwhile, and this bounds for how long.
    pub max_gas: u64,
    /// Least priority fee, wei per gas.
    pub min_tip: u128,
    /// Most that gas limit × fee cap may be, wei; `None` for no limit.
    pub fee_cap: Option<U256>,
    /// Whether legacy transactions without EIP-155 protection are accepted.
    pub allow_unprotected: bool,
}

impl Default for TxPolicy {
    /// 128 KiB as in geth; 10⁸ gas, for which a processor takes a second or two at worst; no least tip and no fee cap. Without EIP-155 there are keyless
    /// deployers (Nick's method), which put contracts that tools rely on at the same address on every chain; whoever signs like that has left out the
    /// chain on purpose.
    fn default() -> Self {
        Self { max_bytes: 128 * 1024, max_gas: 100_000_000, min_tip: 0, fee_cap: None, allow_unprotected: true }
    }
}

/// Bounds of the pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolLimits {
    /// Most transactions.
    pub transactions: usize,
    /// Most bytes, including blobs.
    pub bytes: usize,
    /// Most transactions of one sender, those behind a nonce gap included.
    pub per_sender: usize,
    /// Most transactions behind nonce gaps, of all senders together. A further one has to pay more than one of them, which leaves.
    pub queued: usize,
    /// How much more a replacement pays, percent.
    pub price_bump: u128,
    /// How much more the replacement of a blob transaction pays, percent.
    pub blob_price_bump: u128,
    /// Blocks after which a transaction that is still behind a nonce gap is dropped.
    pub lifetime_blocks: u64,
}

impl Default for PoolLimits {
    /// geth's where it has them: 10 % and 100 %, three hours (at one block a second). More of one sender than geth's 64, because programs that
    /// count nonces themselves send hundreds at once, which arrive in any order.
    fn default() -> Self {
        Self {
            transactions: 4096,
            bytes: 64 << 20,
            per_sender: 1024,
            queued: 2048,
            price_bump: 10,
            blob_price_bump: 100,
            lifetime_blocks: 3 * 60 * 60,
        }
    }
}

/// What a block charges. A transaction that offers less waits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fees {
    /// Wei per gas.
    pub base_fee: u64,
    /// Wei per blob gas; zero on a chain without blobs.
    pub blob_base_fee: u128,
}

/// What is left in the open block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Gas.
    pub gas: u64,
    /// Blob gas; zero on a chain without blobs.
    pub blob_gas: u64,
    /// DA footprint, in gas; no bound on a chain that knows none.
    pub da_footprint: u64,
}

/// What a rollup's transaction costs and takes beside gas and value; nothing on an Ethereum chain.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extra {
    /// L1 data fee and operator fee, wei.
    pub fee: U256,
    /// What it adds to its block's DA footprint, in gas.
    pub da_footprint: u64,
}

/// A sender's account as the open block sees it, and what the transaction costs and takes beside gas and value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SenderState {
    /// The account's next nonce.
    pub nonce: u64,
    /// Wei.
    pub balance: U256,
    /// Of the transaction in question.
    pub extra: Extra,
}
