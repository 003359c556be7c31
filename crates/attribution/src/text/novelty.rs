//! Novelty: what an append would find.

use super::{
    index::TextIndex,
    origin::{Origin, decide},
    work::{Host, Work},
};
use std::collections::BTreeMap;

/// How much of a document is somebody's already. Weights are in 1/256 bits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Novelty {
    /// Weight of the tokens that would keep an earlier origin.
    pub inherited: u64,
    /// Weight of the tokens that would be closed: the author's own, in passages that are not.
    pub closed: u64,
    /// Weight of all tokens; what is neither inherited nor closed is free to earn.
    pub total: u64,
    /// The rows where inherited tokens were first contributed, and the weight from each; by row, no
    /// weight 0. They sum to `inherited`.
    pub rows: Vec<(u64, u64)>,
}

/// What [`super::append`] would find in the rows of a version, without appending.
///
/// # Examples
/// ```
/// use tributary_attribution::{Error, text::{MemoryIndex, Unmetered, novelty}};
///
/// let river = "The river Oder rises in Moravia, crosses Silesia and meets the sea at Stettin.";
/// let mut set = MemoryIndex::new();
/// set.append(river, 1, &mut Unmetered)?;
/// set.append(&(0..500).map(|word| format!("w{word} ")).collect::<String>(), 2, &mut Unmetered)?;
///
/// // A passage of somebody else's whose words are rare enough keeps its origin …
/// let copied = novelty(&set, 3, &river.repeat(2), &mut Unmetered)?;
/// assert_eq!((copied.inherited, copied.closed), (copied.total, 0));
/// assert_eq!(copied.rows, [(0, copied.total)]);
/// // … and what nobody has written is free to earn.
/// let own = novelty(&set, 3, "Winter barley ripens weeks before wheat.", &mut Unmetered)?;
/// assert_eq!((own.inherited, own.closed), (0, 0));
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// Those of the host, [`crate::Error::UnknownVersion`] and [`crate::Error::TextTooLong`] among them,
/// and those of the index in the host's terms.
pub fn novelty<I, H>(index: &I, version: u64, document: &str, host: &mut H) -> Result<Novelty, H::Error>
where
    I: TextIndex,
    H: Host<Error: From<I::Error>>,
{
    let found = decide(index, version, document, host)?;
    let mut novelty = Novelty { total: found.query.total(), ..Novelty::default() };
    let mut rows = BTreeMap::new();
    for (token, origin) in (0..).zip(&found.of) {
        let weight = found.query.weight_of(token..token + 1);
        match origin {
            Origin::Own => {}
            Origin::Closed => novelty.closed += weight,
            Origin::From(place) => {
                novelty.inherited += weight;
                *rows.entry(place.row).or_insert(0) += weight;
            }
        }
    }
    rows.retain(|_, weight| *weight > 0);
    host.charge(Work::Elements(rows.len() as u64))?;
    novelty.rows = rows.into_iter().collect();
    Ok(novelty)
}
