//! Evidence: which bytes of an output were paid to which bytes of which rows.

use super::{
    index::TextIndex,
    tokenize::tokenize,
    trace::Traced,
    work::{Host, Work},
};
use crate::Error;
use std::collections::BTreeMap;

/// Words that stand in an output, in a row, and where they were first contributed.
///
/// One item for each run of consecutive output tokens that one match of one chain was paid for,
/// whose origins are consecutive tokens of one row: the three ranges hold the same tokens. Items
/// stand in the order of payment: chains by score, then from left to right. Runs of weight 0 are
/// left out. The weights of a row's and an origin's items that are not withheld sum to their credit,
/// the others to what the trace withholds. Ranges are byte offsets into the documents as they were
/// appended; a word that was inherited from nowhere has its row as its origin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Evidence {
    /// The row that the words were found in.
    pub row: u64,
    /// The row that first contributed them.
    pub origin: u64,
    /// First byte in the output.
    pub output_start: u32,
    /// One past the last byte in the output.
    pub output_end: u32,
    /// First byte in the row's document.
    pub row_start: u32,
    /// One past the last byte in the row's document.
    pub row_end: u32,
    /// First byte in the origin's document.
    pub origin_start: u32,
    /// One past the last byte in the origin's document.
    pub origin_end: u32,
    /// Weight of the words, in 1/256 bits; never 0.
    pub weight: u64,
    /// Whether nobody is credited for them.
    pub withheld: bool,
}

/// A range of tokens of a document that one item needs as bytes.
struct Wanted {
    item: usize,
    of_origin: bool,
    first: u32,
    last: u32,
}

/// The evidence of a trace: its first `most` items (0: all).
///
/// Reads and tokenises the document of each row and origin that the items name.
///
/// # Examples
/// ```
/// use tributary_attribution::{Error, text::{MemoryIndex, Unmetered, evidence}};
///
/// let grain = "Winter barley is sown in autumn; it ripens weeks before any summer wheat.";
/// let mut set = MemoryIndex::new();
/// set.append(grain, 1, &mut Unmetered)?;
/// let output = "As is known, WINTER BARLEY is sown in autumn.";
/// let found = evidence(&set, 2, output, 0, &mut Unmetered)?;
/// let item = found[0];
/// assert_eq!(&output[item.output_start as usize..item.output_end as usize], "WINTER BARLEY is sown in autumn");
/// assert_eq!(&grain[item.row_start as usize..item.row_end as usize], "Winter barley is sown in autumn");
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// As [`super::trace`], and [`Error::Damaged`] when a document has not the tokens of its row.
pub fn evidence<I, H>(index: &I, version: u64, output: &str, most: usize, host: &mut H) -> Result<Vec<Evidence>, H::Error>
where
    I: TextIndex,
    H: Host<Error: From<I::Error>>,
{
    let traced = Traced::new(index, version, output, host)?;
    let most = if most == 0 { usize::MAX } else { most };
    let mut items = Vec::new();
    let mut wanted: BTreeMap<u64, Vec<Wanted>> = BTreeMap::new();
    for found in traced.found.iter().filter(|found| traced.weight(found) > 0).take(most) {
        host.charge(Work::Elements(1))?;
        let item = items.len();
        let mut want = |row: u64, first: u32, of_origin| {
            wanted.entry(row).or_default().push(Wanted { item, of_origin, first, last: first + (found.length - 1) });
        };
        want(found.row, found.token, false);
        want(found.origin.row, found.origin.token, true);
        let (output_start, output_end) =
            traced.query.tokens.bytes(found.output, found.output + (found.length - 1)).ok_or(Error::Damaged { row: found.row })?;
        let (row, origin, weight, withheld) = (found.row, found.origin.row, traced.weight(found), found.withheld);
        items.push(Evidence { row, origin, output_start, output_end, weight, withheld, ..Evidence::default() });
    }
    for (row, wanted) in wanted {
        locate(index, row, &wanted, &mut items, host)?;
    }
    Ok(items)
}

/// Fills in the byte ranges of one document.
fn locate<I, H>(index: &I, row: u64, wanted: &[Wanted], items: &mut [Evidence], host: &mut H) -> Result<(), H::Error>
where
    I: TextIndex,
    H: Host<Error: From<I::Error>>,
{
    host.charge(Work::Rows(1))?;
    let facts = index.facts(row)?;
    host.charge(Work::Bytes(facts.bytes.into()))?;
    let document = index.document(row)?;
    let tokens = tokenize(&document)?;
    if document.len() != facts.bytes as usize || tokens.len() != facts.tokens as usize {
        return Err(Error::Damaged { row }.into());
    }
    for want in wanted {
        let (start, end) = tokens.bytes(want.first, want.last).ok_or(Error::Damaged { row })?;
        let item = &mut items[want.item];
        if want.of_origin {
            (item.origin_start, item.origin_end) = (start, end);
        } else {
            (item.row_start, item.row_end) = (start, end);
        }
    }
    Ok(())
}
