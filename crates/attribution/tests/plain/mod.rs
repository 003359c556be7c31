//! The rules over sketches in their plain form, for rows that are given one by one: what the scans are held against.

pub(crate) mod shapley;
pub(crate) mod sketch;
