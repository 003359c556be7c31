//! `ISketchAttribution`: influence and DataInf over sketches.

use super::{
    cache::IndexCache,
    call::{self, Call, Step, Stop, fail},
    changes, gas,
    index::SetIndex,
    sets::{Kind, SET_SLOTS, Set},
};
use alloy_evm::precompiles::PrecompileInput;
use alloy_primitives::{I256, U256};
use alloy_sol_types::SolCall;
use revm::precompile::PrecompileResult;
use std::borrow::Cow;
use tributary_attribution::{
    Error,
    contributors::Contributors,
    kernels::BATCH,
    rows::{Layout, MAX_DIM, Rows},
    scan,
    text::Status,
};
use tributary_contracts::{
    IAttributionErrors::{self as errors, InvalidArguments, InvalidBatch, WrongLength},
    ISketchAttribution::{self, ISketchAttributionCalls as Function},
};

pub(super) use tributary_contracts::predeploys::SKETCH_ATTRIBUTION as ADDRESS;

/// Call data of the longest batch: selector, four words, the number of queries, and each one's place, length and values.
const MAX_BATCH_INPUT: usize = 4 + 32 * 5 + BATCH * (2 * 32 + MAX_DIM);

pub(super) fn run(input: PrecompileInput<'_>, cache: &IndexCache) -> PrecompileResult {
    call::run(input, |call| {
        call.charge_input()?;
        // Entries of an ABI array may share bytes: decoding costs up to the square of the length.
        let batch = ISketchAttribution::influenceByContributorCall::SELECTOR;
        if call.selector() == batch && call.data().len() > MAX_BATCH_INPUT {
            return fail(InvalidArguments {});
        }
        match call.decode()? {
            Function::influence(args) => {
                Scan::open(call, cache, (args.setId, args.version), |call, scan| influence(call, scan, &args.query, args.topK))
            }
            Function::influenceByContributor(args) => {
                if args.queries.is_empty() || args.queries.len() > BATCH {
                    return fail(InvalidBatch { queries: U256::from(args.queries.len()) });
                }
                Scan::open(call, cache, (args.setId, args.version), |call, scan| influence_by_contributor(call, scan, &args))
            }
            Function::dataInf(args) => Scan::open(call, cache, (args.setId, args.version), |call, scan| data_inf(call, scan, &args)),
        }
    })
}

/// A scan over the rows of a version of a set of sketches.
pub(super) struct Scan<'i> {
    pub(super) set: Set,
    pub(super) rows: u64,
    version: u64,
    layout: Layout,
    index: &'i SetIndex,
}

impl Scan<'_> {
    /// Finds the set, the version and its rows. Building the index is paid by `append`.
    pub(super) fn open<R>(
        call: &mut Call<'_>,
        cache: &IndexCache,
        (id, version): (U256, u64),
        scan: impl FnOnce(&mut Call<'_>, &Scan<'_>) -> Step<R>,
    ) -> Step<R> {
        call.charge_each(gas::SLOT, SET_SLOTS)?;
        let set = Set::load_kind(call, id, Kind::Sketch)?;
        let version = set.at(version)?;
        let Some(layout) = set.terms.layout() else { return Err(Stop::Fatal(format!("the rows of set {id} have no such dimension"))) };
        cache.with(call, &set, |call, index| scan(call, &Scan { set, rows: index.rows_at(&set, version), version, layout, index }))
    }

    /// A query of the set's dimension.
    pub(super) fn query(&self, bytes: &[u8]) -> Step<Vec<i8>> {
        if bytes.len() != self.layout.dim() {
            return fail(WrongLength { length: U256::from(bytes.len()), expected: U256::from(self.layout.dim()) });
        }
        Ok(bytes.iter().map(|&byte| byte as i8).collect())
    }

    fn lines(&self) -> u64 {
        self.rows.saturating_mul(self.layout.row_length() as u64).div_ceil(gas::LINE)
    }

    /// The price of scoring, ranking and returning the rows for a batch of queries.
    pub(super) fn charge_query(&self, call: &mut Call<'_>, queries: u64) -> Step<()> {
        let more = queries.saturating_sub(1).saturating_mul(self.lines().div_ceil(gas::BATCH_DISCOUNT));
        call.charge(self.lines().saturating_add(more))?;
        call.charge_each(gas::ROW, self.rows)
    }

    /// The rows that are withdrawn at the version, ascending; and who is paid, when that is asked.
    ///
    /// Costs a slot for each eight rows that were ever changed, and one for each of them and each thing that is asked of it.
    fn withdrawn(&self, call: &mut Call<'_>) -> Step<Vec<u64>> {
        let changed = self.changed(call)?;
        call.charge_each(gas::SLOT, changed.len() as u64)?;
        let mut withdrawn = Vec::new();
        for row in changed {
            if changes::statuses(call, self.set.id, row)?.at(self.version) == Status::Withdrawn {
                withdrawn.push(row);
            }
        }
        withdrawn.sort_unstable();
        Ok(withdrawn)
    }

    /// Who is paid for the rows.
    pub(super) fn contributors(&self, call: &mut Call<'_>) -> Step<Cow<'_, Contributors>> {
        let changed = self.changed(call)?;
        call.charge_each(gas::SLOT, changed.len() as u64)?;
        let mut contributors = Cow::Borrowed(self.index.contributors());
        for row in changed {
            if let Some(contributor) = changes::contributor(call, self.set.id, row)? {
                contributors.to_mut().reassign(row, contributor);
            }
        }
        Ok(contributors)
    }

    /// The rows of the version that were ever changed.
    fn changed(&self, call: &mut Call<'_>) -> Step<Vec<u64>> {
        call.charge_each(gas::SLOT, self.set.changed.div_ceil(8).into())?;
        let mut changed = self.set.changed_rows(call)?;
        changed.retain(|&row| row < self.rows);
        Ok(changed)
    }

    /// All rows of the version, in the mathematics' terms.
    pub(super) fn all<'r>(&'r self, withdrawn: &'r [u64]) -> Step<Rows<'r>> {
        let pieces = self.index.sketches(self.rows as usize * self.layout.row_length())?;
        Rows::new(self.layout, pieces, withdrawn).or_else(refuse)
    }

    /// Lets `score` score the rows that count, and gives a custom error to what it refuses.
    pub(super) fn counting<R>(&self, call: &mut Call<'_>, score: impl FnOnce(&Rows<'_>) -> Result<R, Error>) -> Step<R> {
        let withdrawn = self.withdrawn(call)?;
        score(&self.all(&withdrawn)?).or_else(refuse)
    }
}

/// The custom error for what the mathematics refuses.
pub(super) fn refuse<T>(error: Error) -> Step<T> {
    match error {
        Error::Overflow => fail(errors::Overflow {}),
        Error::ZeroDivisor { row } => fail(errors::ZeroDivisor { row: row as u64 }),
        Error::ZeroNeighbours => fail(errors::ZeroNeighbours {}),
        Error::UnequalExponents { row } => fail(errors::UnequalExponents { row }),
        // The index checked the rows, and the length of the query was compared.
        other => Err(Stop::Fatal(other.to_string())),
    }
}

/// Indexes and their scores in two lists, as they are returned.
pub(super) fn columns<I>(best: Vec<(I, i128)>) -> (Vec<I>, Vec<I256>) {
    best.into_iter().map(|(index, score)| (index, widen(score))).unzip()
}

fn widen(score: i128) -> I256 {
    I256::try_from(score).expect("invariant: 128 bits fit 256")
}

fn influence(call: &mut Call<'_>, scan: &Scan<'_>, query: &[u8], top: u16) -> Step<Vec<u8>> {
    let query = scan.query(query)?;
    scan.charge_query(call, 1)?;
    let found = scan.counting(call, |rows| scan::influence(rows, &query, top))?;
    let (rows, scores) = columns(found.best);
    let result = ISketchAttribution::influenceReturn { rows, scores, positive: widen(found.positive), negative: widen(found.negative) };
    Ok(ISketchAttribution::influenceCall::abi_encode_returns(&result))
}

fn influence_by_contributor(call: &mut Call<'_>, scan: &Scan<'_>, args: &ISketchAttribution::influenceByContributorCall) -> Step<Vec<u8>> {
    let queries: Vec<Vec<i8>> = args.queries.iter().map(|query| scan.query(query)).collect::<Step<_>>()?;
    scan.charge_query(call, queries.len() as u64)?;
    let contributors = scan.contributors(call)?;
    let queries: Vec<&[i8]> = queries.iter().map(Vec::as_slice).collect();
    let found = scan.counting(call, |rows| scan::influence_by_contributor(rows, &queries, &contributors, args.topK))?;
    let (contributors, scores) = columns(found.best);
    let result = ISketchAttribution::influenceByContributorReturn { contributors, scores, positive: widen(found.positive) };
    Ok(ISketchAttribution::influenceByContributorCall::abi_encode_returns(&result))
}

fn data_inf(call: &mut Call<'_>, scan: &Scan<'_>, args: &ISketchAttribution::dataInfCall) -> Step<Vec<u8>> {
    let query = scan.query(&args.query)?;
    scan.charge_query(call, 1)?;
    call.charge_each(gas::DATAINF_LINE, scan.lines())?;
    let (rows, scores) = columns(scan.counting(call, |rows| scan::datainf(rows, &query, args.lambda, args.topK))?);
    Ok(ISketchAttribution::dataInfCall::abi_encode_returns(&ISketchAttribution::dataInfReturn { rows, scores }))
}
