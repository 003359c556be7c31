//! Trace: whose words an output is made of (rule 5).

use super::{
    chains::{Chain, Chosen, Rule, chains},
    cover::{Piece, cover},
    index::{Place, RowFacts, TextIndex},
    origin::{Origin, origins},
    query::Query,
    status::Status,
    work::{Host, Work},
};
use crate::Error;
use alloy_primitives::map::HashMap;
use std::collections::BTreeMap;

/// What one row earned by words of one origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Credit {
    /// The row that the words were found in.
    pub row: u64,
    /// The row that first contributed them: the one that is paid.
    pub origin: u64,
    /// Weight of the output tokens, in 1/256 bits; never 0.
    pub weight: u64,
}

/// The result of a trace; weights in 1/256 bits. The credits and `withheld` sum to `explained`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    /// By row, then by origin.
    pub credits: Vec<Credit>,
    /// Weight of the output tokens that were found in rows.
    pub explained: u64,
    /// The part of it that nobody is credited for: the row of its origin was withdrawn, or it is
    /// closed there and that row was not accepted as a refinement.
    pub withheld: u64,
    /// Weight of all output tokens.
    pub total: u64,
}

/// Traces an output to the rows of a version.
///
/// What it says never changes: nothing that happens to the set after `version` has a part in it.
///
/// # Examples
/// ```
/// use tributary_attribution::{Error, text::{Credit, MemoryIndex, Status, Unmetered, trace}};
///
/// let mut set = MemoryIndex::new();
/// set.append("Winter barley is sown in autumn; it ripens weeks before any summer wheat.", 1, &mut Unmetered)?;
/// set.append("The river Oder rises in Moravia, crosses Silesia and meets the sea.", 2, &mut Unmetered)?;
/// let output = "As is known, winter barley is sown in autumn.";
/// let found = trace(&set, 3, output, &mut Unmetered)?;
/// assert_eq!(found.credits, [Credit { row: 0, origin: 0, weight: found.explained }]);
///
/// // What comes later does not change what is said of a version.
/// let version = set.set_status(0, Status::Withdrawn)?;
/// assert_eq!(trace(&set, 3, output, &mut Unmetered)?, found);
/// assert!(trace(&set, version, output, &mut Unmetered)?.credits.is_empty());
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// Those of the host, at once; [`Error::UnknownVersion`] (0, or one that is yet to come) and
/// [`Error::TextTooLong`] among them, and those of the index in the host's terms.
pub fn trace<I, H>(index: &I, version: u64, output: &str, host: &mut H) -> Result<Trace, H::Error>
where
    I: TextIndex,
    H: Host<Error: From<I::Error>>,
{
    let traced = Traced::new(index, version, output, host)?;
    let mut trace = Trace { total: traced.query.total(), ..Trace::default() };
    let mut credits = BTreeMap::new();
    for found in &traced.found {
        let weight = traced.weight(found);
        trace.explained += weight;
        if found.withheld {
            trace.withheld += weight;
        } else if weight > 0 {
            *credits.entry((found.row, found.origin.row)).or_insert(0) += weight;
        }
    }
    host.charge(Work::Elements(credits.len() as u64))?;
    trace.credits = credits.into_iter().map(|((row, origin), weight)| Credit { row, origin, weight }).collect();
    Ok(trace)
}

/// The chains of an output that score at least `floor`, in paying order. A trace pays those of at
/// least 1.5 `log2 N`.
///
/// # Errors
/// As [`trace`].
pub fn output_chains<I, H>(index: &I, version: u64, output: &str, floor: i64, host: &mut H) -> Result<Vec<Chain>, H::Error>
where
    I: TextIndex,
    H: Host<Error: From<I::Error>>,
{
    let query = Query::new(index, version, output, host)?;
    chains(index, &query, rule(version, &query, floor), host)
}

fn rule(version: u64, query: &Query, floor: i64) -> Rule<impl Fn(&RowFacts) -> bool> {
    let counts = move |row: &RowFacts| row.changes.at(version) != Status::Withdrawn;
    Rule { counts, shift: query.log_n, floor, wanted: Chosen::All }
}

/// Consecutive output tokens that were found at consecutive tokens of a row, whose origins are
/// consecutive tokens of one row, too.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub(super) output: u32,
    pub(super) length: u32,
    pub(super) row: u64,
    /// First token in the row.
    pub(super) token: u32,
    /// Origin of the first token.
    pub(super) origin: Place,
    pub(super) withheld: bool,
}

/// An output and all that was found of it, in paying order.
pub(super) struct Traced {
    pub(super) query: Query,
    pub(super) found: Vec<Found>,
}

impl Traced {
    pub(super) fn new<I, H>(index: &I, version: u64, output: &str, host: &mut H) -> Result<Self, H::Error>
    where
        I: TextIndex,
        H: Host<Error: From<I::Error>>,
    {
        let query = Query::new(index, version, output, host)?;
        let floor = 3 * query.log_n / 2;
        let chains = chains(index, &query, Rule { wanted: Chosen::Best, ..rule(version, &query, floor) }, host)?;
        let mut homes = Homes { index, version, statuses: HashMap::default() };
        let mut found = Vec::new();
        for piece in cover(&chains, query.len()) {
            homes.of_piece(piece, &mut found, host)?;
        }
        Ok(Self { query, found })
    }

    /// Weight of the output tokens, in 1/256 bits.
    pub(super) fn weight(&self, found: &Found) -> u64 {
        self.query.weight_of(found.output..found.output + found.length)
    }
}

/// The rows where words were first contributed.
struct Homes<'a, I> {
    index: &'a I,
    version: u64,
    /// By row. Looked up, never iterated.
    statuses: HashMap<u64, Status>,
}

impl<I: TextIndex> Homes<'_, I> {
    /// Splits a piece where its origin is no longer consecutive, or is withheld no longer.
    fn of_piece<H: Host<Error: From<I::Error>>>(&mut self, piece: Piece, found: &mut Vec<Found>, host: &mut H) -> Result<(), H::Error> {
        let part = piece.part;
        let first = found.len();
        let mut done = 0;
        for known in origins(self.index, piece.row, part.row..part.row + part.length, host)? {
            let mut origin = Place { row: piece.row, token: part.row + done };
            let mut at_home = vec![known];
            if let Origin::From(place) = known.origin {
                let end = place.token.checked_add(known.length).ok_or(Error::Damaged { row: piece.row })?;
                at_home = origins(self.index, place.row, place.token..end, host)?;
                origin = place;
            }
            let status = self.status(origin.row, host)?;
            for home in at_home {
                let closed = match home.origin {
                    Origin::Own => false,
                    Origin::Closed => true,
                    Origin::From(_) => return Err(Error::Damaged { row: origin.row }.into()),
                };
                let withheld = status == Status::Withdrawn || closed && status != Status::Refinement;
                let (output, token) = (part.output + done, part.row + done);
                join(found, first, Found { output, length: home.length, row: piece.row, token, origin, withheld });
                origin.token += home.length;
                done += home.length;
            }
        }
        Ok(())
    }

    fn status<H: Host<Error: From<I::Error>>>(&mut self, row: u64, host: &mut H) -> Result<Status, H::Error> {
        if let Some(&status) = self.statuses.get(&row) {
            return Ok(status);
        }
        host.charge(Work::Rows(1))?;
        let status = self.index.facts(row)?.changes.at(self.version);
        self.statuses.insert(row, status);
        Ok(status)
    }
}

/// Adds to what was found of a piece, as part of the last one where that goes on.
fn join(found: &mut Vec<Found>, first: usize, next: Found) {
    match found[first..].last_mut() {
        Some(last)
            if last.withheld == next.withheld
                && last.origin.row == next.origin.row
                && last.origin.token.checked_add(last.length) == Some(next.origin.token) =>
        {
            last.length += next.length;
        }
        _ => found.push(next),
    }
}
