//! Blocks: building, sealing, checking and executing them again.

pub(crate) mod builder;
pub(crate) mod consensus;
pub(crate) mod dao;
pub(crate) mod difficulty;
pub(crate) mod draft;
pub(crate) mod import;
pub(crate) mod pending;
pub(crate) mod rejection;
pub(crate) mod replay;
pub(crate) mod replayed;
pub(crate) mod seal;
pub(crate) mod versions;
