//! What a script's process and the node tell each other: lines of JSON. The host greets, the node gives the job, then the host asks and the node answers
//! until the host is done.

use super::Calls;
use alloy_consensus::Header;
use alloy_genesis::Genesis;
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_rpc_types_eth::{BlockOverrides, state::StateOverride};
use alloy_rpc_types_trace::geth::GethDebugTracingOptions;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tributary_primitives::{Account, ChainKind, ChainSpec, Eip1559Params};

/// The host's first line.
pub(super) const GREETING: &str = "tributary script host 1";
/// Longest line before the greeting, bytes.
pub(super) const MAX_GREETING: u64 = 4096;

/// What there is to do, and within which bounds.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Job {
    pub(super) chain: Chain,
    pub(super) options: GethDebugTracingOptions,
    pub(super) work: Work,
    /// Most address space, bytes.
    pub(super) memory: u64,
    /// Most processor time.
    pub(super) seconds: u64,
}

/// A chain's rules; its first accounts are nobody's business here.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Chain {
    genesis: Genesis,
    rollup: Option<Rollup>,
    development: bool,
}

/// What a rollup's rules are beside its genesis.
#[derive(Debug, Serialize, Deserialize)]
struct Rollup {
    eip1559: Eip1559Params,
    jovian: bool,
}

impl Chain {
    pub(super) fn of(spec: &ChainSpec) -> Self {
        let genesis = Genesis { alloc: Default::default(), ..spec.genesis.clone() };
        let rollup = match spec.kind {
            ChainKind::Ethereum => None,
            ChainKind::Rollup { eip1559, jovian } => Some(Rollup { eip1559, jovian }),
        };
        Self { genesis, rollup, development: spec.development }
    }

    pub(super) fn spec(self) -> ChainSpec {
        let spec = match self.rollup {
            None => ChainSpec::ethereum(self.genesis),
            Some(Rollup { eip1559, jovian }) => {
                let spec = ChainSpec::rollup(self.genesis, eip1559);
                if jovian { spec.with_jovian() } else { spec }
            }
        };
        if self.development { spec.for_development() } else { spec }
    }
}

/// What to trace.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Work {
    /// Transactions of a block, on the state before it.
    Block {
        /// Not in RLP, which has no form for a header that is not complete, as the open block's.
        header: Box<Header>,
        /// EIP-2718.
        transactions: Vec<Bytes>,
        hash: B256,
        senders: Vec<Address>,
        /// One transaction, or all.
        index: Option<usize>,
    },
    /// Calls, on a state.
    Calls {
        /// The block that they believe to be in.
        header: Box<Header>,
        state: Option<StateOverride>,
        block: Option<Box<BlockOverrides>>,
        gas_cap: u64,
        calls: Calls,
    },
}

/// What the host says.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Question {
    Account(Address),
    Storage(Address, U256),
    HasStorage(Address),
    Code(B256),
    BlockHash(u64),
    /// The last line: the answer to the client.
    Done(Box<RawValue>),
    /// The last line: why there is none.
    Failed(String),
}

/// What the node answers.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    Account(Option<Fields>),
    Word(U256),
    Flag(bool),
    Code(Bytes),
    Hash(B256),
    Failed(String),
}

/// An account.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Fields {
    nonce: u64,
    balance: U256,
    code_hash: B256,
}

impl From<Account> for Fields {
    fn from(Account { nonce, balance, code_hash }: Account) -> Self {
        Self { nonce, balance, code_hash }
    }
}

impl From<Fields> for Account {
    fn from(Fields { nonce, balance, code_hash }: Fields) -> Self {
        Self { nonce, balance, code_hash }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_job_survives_its_line() {
        let genesis: Genesis = serde_json::from_value(
            json!({ "config": { "chainId": 7, "londonBlock": 5 }, "gasLimit": "0x5", "difficulty": "0x0", "alloc": {} }),
        )
        .unwrap();
        let spec = ChainSpec::rollup(genesis, Eip1559Params { denominator: 250, elasticity: 6 }).with_jovian().for_development();
        let options: GethDebugTracingOptions = serde_json::from_value(
            json!({ "tracer": "{ result: 1 }", "tracerConfig": { "a": [1] }, "timeout": "1s", "enableMemory": true }),
        )
        .unwrap();
        let header = Header { number: 3, excess_blob_gas: Some(0), ..Default::default() };
        let transactions = vec![Bytes::from_static(&[1, 2])];
        let work = Work::Block {
            header: Box::new(header.clone()),
            transactions,
            hash: B256::repeat_byte(3),
            senders: vec![Address::ZERO],
            index: Some(0),
        };
        let line = serde_json::to_string(&Job { chain: Chain::of(&spec), options: options.clone(), work, memory: 1, seconds: 2 }).unwrap();
        assert!(!line.contains('\n'));
        let job: Job = serde_json::from_str(&line).unwrap();
        assert_eq!(job.options, options);
        let Work::Block { index: Some(0), header: again, senders, .. } = job.work else { panic!("{line}") };
        assert_eq!((*again, &senders[..]), (header, &[Address::ZERO][..]));
        let back = job.chain.spec();
        assert_eq!((back.chain_id, back.kind, back.development), (7, spec.kind, true));
    }
}
