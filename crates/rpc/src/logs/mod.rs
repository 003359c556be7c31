//! Logs: what clients ask of them, and how they are found and told.

pub(crate) mod query;
pub(crate) mod query_json;
pub(crate) mod search;
pub(crate) mod stream;
