use crate::Error;
use rayon::prelude::*;

/// From how many changes on work is spread over threads. Below it, starting threads costs more than hashing the nodes.
pub(crate) const PARALLEL: usize = 64;

/// Maps `items` in order, on all threads when `parallel`. Of several errors the first in order is returned, whichever thread was faster.
pub(crate) fn map<T: Send, U: Send>(
    parallel: bool,
    items: Vec<T>,
    f: impl Fn(T) -> Result<U, Error> + Sync + Send,
) -> Result<Vec<U>, Error> {
    if !parallel || items.len() < 2 {
        return items.into_iter().map(f).collect();
    }
    let results: Vec<Result<U, Error>> = items.into_par_iter().map(f).collect();
    results.into_iter().collect()
}
