//! How fast a node is through its JSON-RPC, beside anvil on the same machine in the same run.
//!
//! Transactions are signed before the clock starts, once, and sent to every node alike: all have the same chain id, and each measurement has
//! accounts of its own. Senders are threads with one keep-alive connection each.

mod load;
mod machine;
mod measure;
mod node;
mod report;
mod sequential;

pub use measure::{Error, Figures, measure};
pub use node::Contender;
pub use report::render;
pub use sequential::{render_sequential, sequential};
