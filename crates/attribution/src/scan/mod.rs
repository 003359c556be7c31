//! The rules over stored sketches, as the node applies them: rows are read where they lie, in the
//! order in which they lie, by the [`kernels`](crate::kernels), and only what is asked for is kept.
//!
//! Tests hold them against plain forms for rows that are given one by one.

mod datainf;
mod influence;
mod nearest;
mod radix;
mod shapley;

pub use datainf::datainf;
pub use influence::{ByContributor, Influence, influence, influence_by_contributor};
pub use nearest::nearest;
pub use shapley::{Scratch, ShapleyQuery, knn_shapley, knn_shapley_by_contributor};

use crate::{Error, contributors::Contributors, kernels::Query, rows::Rows};

/// A query in the form of the kernels, of the rows' dimension.
fn query_for(rows: &Rows<'_>, values: &[i8]) -> Result<Query, Error> {
    check_length(rows, values)?;
    Query::new(values)
}

fn check_length(rows: &Rows<'_>, values: &[i8]) -> Result<(), Error> {
    if values.len() == rows.layout().dim() {
        return Ok(());
    }
    Err(Error::QueryLength { found: values.len(), expected: rows.layout().dim() })
}

fn check_contributors(rows: &Rows<'_>, contributors: &Contributors) -> Result<(), Error> {
    if rows.len() <= contributors.rows() {
        return Ok(());
    }
    Err(Error::UnknownContributor { row: contributors.rows() })
}
