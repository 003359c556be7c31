//! L2 blocks to L1 bytes and back, in the OP-Stack format with every fork through Isthmus active, or through Jovian. Pure: no clock, no I/O.
//!
//! ```text
//! Encoder:  blocks → batches → channel → frames → blobs or calldata → L1
//! Deriver:  L1 → blobs or calldata → frames → channel → batches → attributes → execution
//! ```
//!
//! [`Encoder`] and [`Deriver`] are the machines; every format has a module with both of its directions. [`next_attributes`] is where sequencer
//! and deriver start a block, so both read L1 the same way. The specification is <https://specs.optimism.io>; «specs: a/b» names a page of it.

mod attributes;
mod batch;
mod batch_rules;
mod blob;
mod channel;
mod deposits;
mod deriver;
mod encoder;
mod error;
mod frame;
mod l1_block;
mod l1_source;
mod payload;
mod span_batch;
mod span_transactions;
mod system_config;
mod wire;

pub use attributes::{L2Head, next_attributes};
pub use batch::{Batch, BatchBlock, SingularBatch};
pub use blob::{MAX_BLOB_DATA, decode_blob, encode_blob};
pub use channel::{ChannelReader, Compression, MAX_RLP_BYTES_PER_CHANNEL};
pub use deposits::{TRANSACTION_DEPOSITED, l1_info, l2_block_ref, user_deposits};
pub use deriver::{DerivedBlock, Deriver, ResetReason, Start, Step};
pub use encoder::{BLOB_FRAME_CAPACITY, BatchKind, Confirmation, Encoder, EncoderConfig, Payload, PayloadId};
pub use error::Error;
pub use frame::{BATCHER_DATA_VERSION, ChannelId, FRAME_OVERHEAD, Frame, MAX_FRAME_DATA, decode_frames, encode_frames};
pub use l1_block::{BatcherData, BatcherTransaction, L1Block, L1Header, L1Log, TIME_JUMP};
pub use payload::{DataAvailability, verify};
pub use span_batch::{MAX_SPAN_BATCH_ELEMENT_COUNT, SpanBatch, SpanBlock};
pub use system_config::{CONFIG_UPDATE, apply_config_updates, system_config_of};
