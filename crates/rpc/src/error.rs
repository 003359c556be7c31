//! Every error that a client can see: codes and words in one place, geth's where geth has them.
//!
//! A failure that trying again does not cure is never −32603, because libraries try again on that one.

use alloy_primitives::{B256, Bytes};
use jsonrpsee::types::{ErrorObject, ErrorObjectOwned};

/// JSON-RPC error codes (JSON-RPC 2.0, EIP-1474, EIP-7966, geth).
pub mod code {
    /// A contract reverted; the data are in the error's `data`.
    pub const REVERTED: i32 = 3;
    /// EIP-7966: the transaction was accepted but not executed in time; its hash is in `data`.
    pub const SYNC_TIMEOUT: i32 = 4;
    /// geth's code for everything that has none of its own.
    pub const SERVER_ERROR: i32 = -32000;
    /// A limit of this node is exceeded, or it is too busy.
    pub const LIMIT_EXCEEDED: i32 = -32005;
    /// The bytes are no JSON.
    pub const PARSE: i32 = -32700;
    /// The JSON is no call.
    pub const INVALID_REQUEST: i32 = -32600;
    /// There is no such method, or not on this kind of connection.
    pub const METHOD_NOT_FOUND: i32 = -32601;
    /// There is such a method, and not on a chain like this one (EIP-1474).
    pub const METHOD_NOT_SUPPORTED: i32 = -32004;
    /// The answer is larger than the node sends (geth).
    pub const RESPONSE_TOO_LARGE: i32 = -32003;
    /// The parameters are malformed.
    pub const INVALID_PARAMS: i32 = -32602;
    /// The node itself failed.
    pub const INTERNAL: i32 = -32603;
}

/// Why the server could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// The address.
        address: std::net::SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// An allowed host or origin is not one.
    #[error("invalid host or origin {0:?}")]
    InvalidHost(String),
    /// Two methods have the same name: a fault of this program.
    #[error("method registered twice: {0}")]
    Method(#[from] jsonrpsee::server::RegisterMethodError),
}

/// An error as the client sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RpcError {
    pub(crate) code: i32,
    pub(crate) message: String,
    pub(crate) data: Option<String>,
}

impl RpcError {
    /// geth's plain error.
    pub(crate) fn server(message: impl ToString) -> Self {
        Self { code: code::SERVER_ERROR, message: message.to_string(), data: None }
    }

    pub(crate) fn params(message: impl ToString) -> Self {
        Self { code: code::INVALID_PARAMS, message: message.to_string(), data: None }
    }

    pub(crate) fn limit(message: impl ToString) -> Self {
        Self { code: code::LIMIT_EXCEEDED, message: message.to_string(), data: None }
    }

    /// A method that other nodes have, and why this one has it not.
    pub(crate) fn unsupported(name: &str, why: &str) -> Self {
        Self { code: code::METHOD_NOT_SUPPORTED, message: format!("{name} is not supported: {why}"), data: None }
    }

    /// The state of a block that is not there.
    pub(crate) fn header_not_found() -> Self {
        Self::server("header not found")
    }

    /// The same, where the block was named by its hash.
    pub(crate) fn hash_not_found() -> Self {
        Self::server("header for hash not found")
    }

    /// A reverted call: code 3, the reason in words where it is Solidity's `Error(string)` or `Panic(uint256)`, the data in hex.
    pub(crate) fn reverted(data: &Bytes) -> Self {
        let message = match revert_reason(data) {
            Some(reason) => format!("execution reverted: {reason}"),
            None => "execution reverted".to_owned(),
        };
        Self { code: code::REVERTED, message, data: Some(data.to_string()) }
    }

    /// A trace whose time is over.
    pub(crate) fn execution_timeout() -> Self {
        Self::server("execution timeout")
    }

    /// EIP-7966: accepted, not executed in time.
    pub(crate) fn sync_timeout(hash: B256) -> Self {
        let message = "The transaction was added to the mempool but wasn't processed in time".to_owned();
        Self { code: code::SYNC_TIMEOUT, message, data: Some(hash.to_string()) }
    }

    /// The node failed. The details go to the log, not to the client.
    pub(crate) fn internal(error: &dyn std::error::Error) -> Self {
        tracing::error!(target: "rpc", %error, "request failed");
        Self { code: code::INTERNAL, message: "internal error".to_owned(), data: None }
    }
}

impl From<RpcError> for ErrorObjectOwned {
    fn from(error: RpcError) -> Self {
        ErrorObject::owned(error.code, error.message, error.data)
    }
}

impl From<tributary_storage::Error> for RpcError {
    fn from(error: tributary_storage::Error) -> Self {
        match error {
            tributary_storage::Error::UnknownBlock(_) => Self::header_not_found(),
            other => Self::internal(&other),
        }
    }
}

impl From<tributary_primitives::StateError> for RpcError {
    fn from(error: tributary_primitives::StateError) -> Self {
        match error {
            tributary_primitives::StateError::Missing(what) => Self::server(format!("missing {what}: the state is not kept")),
            other => Self::internal(&other),
        }
    }
}

impl From<tributary_trie::Error> for RpcError {
    fn from(error: tributary_trie::Error) -> Self {
        match error {
            tributary_trie::Error::State(state) => state.into(),
            other => Self::internal(&other),
        }
    }
}

impl From<tributary_execution::Error> for RpcError {
    fn from(error: tributary_execution::Error) -> Self {
        use tributary_execution::Error as E;
        match error {
            E::Trace(words) => Self::server(words),
            E::Aborted => Self::execution_timeout(),
            E::State(state) => state.into(),
            other => Self::internal(&other),
        }
    }
}

impl From<tributary_pool::PoolError> for RpcError {
    fn from(error: tributary_pool::PoolError) -> Self {
        // As geth: a bad transaction has no code of its own. (Bytes that are not even hex never get here.)
        Self::server(error)
    }
}

impl From<tributary_chain::Refusal> for RpcError {
    fn from(refusal: tributary_chain::Refusal) -> Self {
        use tributary_chain::Refusal as R;
        match refusal {
            R::Invalid(error) => error.into(),
            R::Rejected(rejection) => Self::server(rejection),
            R::NotTaken => Self::limit("this node does not accept transactions"),
            R::Busy => Self::limit("server is busy, try again later"),
            R::Unreadable => Self::limit("the sender's account cannot be read, try again later"),
            R::Stopping => Self::limit("server is stopping"),
            R::Elsewhere { code, words } => Self { code: code.try_into().unwrap_or(code::SERVER_ERROR), message: words, data: None },
            R::Unreachable => Self::limit("the sequencer does not answer, try again later"),
        }
    }
}

impl From<tributary_chain::OrderRefusal> for RpcError {
    fn from(refusal: tributary_chain::OrderRefusal) -> Self {
        use tributary_chain::OrderRefusal as R;
        Self::params(match refusal {
            R::JumpTooFar { last } => format!("time cannot jump beyond {last}"),
            R::TooManyJumps { most, block_time } => format!(
                "at most {most} blocks can be mined at another interval than the chain's block time, {block_time} s: each is a jump in time"
            ),
            R::TooManyBlocks { most } => format!("at most {most} blocks can be mined at once"),
            R::TimeNotAfterHead { time, newest } => {
                format!("Timestamp {time} is lower than or equal to previous block's timestamp {newest}")
            }
            R::SnapshotTooOld { behind, most } => format!("the snapshot is {behind} blocks old; the chain can be set back by {most}"),
            R::ReorgTooDeep { depth, most } => format!("depth {depth} is more than the {most} newest L1 blocks that are not final"),
            R::Final { to } => format!("the chain cannot be set back to block {to}: a later one is final"),
            R::Stopping => return Self::limit("server is stopping"),
        })
    }
}

/// The words in a revert's data: Solidity's `Error(string)`, or geth's words for `Panic(uint256)`.
fn revert_reason(data: &[u8]) -> Option<String> {
    let (selector, body) = data.split_at_checked(4)?;
    match selector {
        [0x08, 0xc3, 0x79, 0xa0] => error_string(body),
        [0x4e, 0x48, 0x7b, 0x71] => Some(panic_words(body.get(..32)?)),
        _ => None,
    }
}

/// ABI: offset word, then at the offset a length word and the bytes.
fn error_string(body: &[u8]) -> Option<String> {
    let number = |at: usize| -> Option<usize> {
        let word = body.get(at..at.checked_add(32)?)?;
        let (zeros, low) = word.split_at(24);
        zeros.iter().all(|byte| *byte == 0).then(|| u64::from_be_bytes(low.try_into().expect("8 bytes")))?.try_into().ok()
    };
    let offset = number(0)?;
    let length = number(offset)?;
    let start = offset.checked_add(32)?;
    let bytes = body.get(start..start.checked_add(length)?)?;
    String::from_utf8(bytes.to_vec()).ok()
}

fn panic_words(word: &[u8]) -> String {
    let code = alloy_primitives::U256::from_be_slice(word);
    let words = match code.saturating_to::<u64>() {
        0x00 => "generic panic",
        0x01 => "assert(false)",
        0x11 => "arithmetic underflow or overflow",
        0x12 => "division or modulo by zero",
        0x21 => "enum overflow",
        0x22 => "invalid encoded storage byte array accessed",
        0x31 => "out-of-bounds array access; popping on an empty array",
        0x32 => "out-of-bounds access of an array or bytesN",
        0x41 => "out of memory",
        0x51 => "uninitialized function",
        _ => return format!("unknown panic code: {code:#x}"),
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::hex;

    #[test]
    fn a_revert_tells_its_reason_and_keeps_its_data() {
        let data = Bytes::from(hex!(
            "08c379a0"
            "0000000000000000000000000000000000000000000000000000000000000020"
            "0000000000000000000000000000000000000000000000000000000000000003"
            "6e6f740000000000000000000000000000000000000000000000000000000000"
        ));
        let error = RpcError::reverted(&data);
        assert_eq!((error.code, error.message.as_str()), (3, "execution reverted: not"));
        assert_eq!(error.data, Some(data.to_string()));
    }

    #[test]
    fn a_panic_is_told_in_geths_words() {
        let mut data = hex!("4e487b71").to_vec();
        data.extend([0; 31]);
        data.push(0x11);
        assert_eq!(RpcError::reverted(&data.into()).message, "execution reverted: arithmetic underflow or overflow");
    }

    #[test]
    fn data_that_only_look_like_a_reason_give_none() {
        for data in [vec![], hex!("08c379a0").to_vec(), [&hex!("08c379a0")[..], &[0xff; 64]].concat(), vec![1, 2, 3, 4, 5]] {
            assert_eq!(RpcError::reverted(&data.into()).message, "execution reverted");
        }
    }
}
