//! `ISketchAttribution`: influence and DataInf over sketches.

use super::{
    call::{self, Call, Step, Stop, fail},
    content::{Content, IndexCache},
    rank,
    sets::{ActivityBit, Kind, SET_SLOTS, SLOT_GAS, Set},
};
use alloy_evm::precompiles::PrecompileInput;
use alloy_primitives::{I256, U256};
use alloy_sol_types::SolCall;
use revm::precompile::PrecompileResult;
use std::collections::BTreeMap;
use std::sync::Arc;
use tributary_attribution::{
    Error,
    sketch::{SketchRow, datainf, influence as influence_of},
};
use tributary_contracts::{
    IAttributionErrors::{self as errors, InvalidArguments, InvalidBatch, UnequalExponents, WrongLength},
    ISketchAttribution::{self, ISketchAttributionCalls as Function},
};

pub(super) use tributary_contracts::predeploys::SKETCH_ATTRIBUTION as ADDRESS;

/// Bytes that are scored for one gas.
const LINE: u64 = 64;
/// Queries after the first of a batch cost a quarter.
const BATCH_DISCOUNT: u64 = 4;
/// Most queries that are scored together.
const BATCH: usize = 8;
/// Each row counted: deciding whether it is active, ranking its score, returning it.
pub(super) const ROW_GAS: u64 = 60;
/// Each line of rows in DataInf, whose sums are 128 bits wide.
const DATAINF_LINE_GAS: u64 = 64;
/// Call data of a batch that could be valid, with room for padding.
const MAX_BATCH_INPUT: usize = 4 + 32 * 4 + BATCH * (2 * 32 + 4096);

pub(super) fn run(input: PrecompileInput<'_>, contents: &IndexCache) -> PrecompileResult {
    call::run(input, |call| {
        call.charge_input()?;
        // Entries of an ABI array may share bytes: decoding costs up to the square of the length.
        let batch = ISketchAttribution::influenceByContributorCall::SELECTOR;
        if call.selector() == batch && call.data().len() > MAX_BATCH_INPUT {
            return fail(InvalidArguments {});
        }
        match call.decode()? {
            Function::influence(args) => influence(call, args, contents),
            Function::influenceByContributor(args) => influence_by_contributor(call, args, contents),
            Function::dataInf(args) => data_inf(call, args, contents),
        }
    })
}

/// A scan over the first rows of a set of sketches.
pub(super) struct Scan {
    pub(super) set: Set,
    counted: usize,
    content: Arc<Content>,
}

impl Scan {
    /// Finds the set and its content. Its price covers the set's slots; building is paid by `append`.
    pub(super) fn open(call: &mut Call<'_>, id: U256, up_to: u64, contents: &IndexCache) -> Step<Self> {
        call.charge_each(SLOT_GAS, SET_SLOTS)?;
        let set = Set::load_kind(call, id, Kind::Sketch)?;
        let counted = set.counted(up_to)?;
        let content = contents.open(call, &set, counted)?;
        Ok(Self { set, counted: counted as usize, content })
    }

    pub(super) fn counted(&self) -> usize {
        self.counted
    }

    pub(super) fn content(&self) -> &Content {
        &self.content
    }

    /// A query of the set's dimension.
    pub(super) fn query(&self, bytes: &[u8]) -> Step<Vec<i8>> {
        if bytes.len() != usize::from(self.set.dim) {
            return fail(WrongLength { length: U256::from(bytes.len()), expected: U256::from(self.set.dim) });
        }
        Ok(bytes.iter().map(|&byte| byte as i8).collect())
    }

    fn lines(&self) -> u64 {
        (self.counted as u64 * u64::from(self.set.dim)).div_ceil(LINE)
    }

    /// The price of scoring, ranking and returning the rows for a batch of queries.
    pub(super) fn charge_query(&self, call: &mut Call<'_>, queries: u64) -> Step<()> {
        let more = queries.saturating_sub(1) * self.lines().div_ceil(BATCH_DISCOUNT);
        call.charge(self.lines() + more)?;
        call.charge_each(ROW_GAS, self.counted as u64)
    }

    /// Which rows count.
    pub(super) fn activity(&self, call: &mut Call<'_>) -> Step<Vec<bool>> {
        let mut active = Vec::with_capacity(self.counted);
        let mut word = U256::ZERO;
        for row in 0..self.counted as u64 {
            let bit = ActivityBit::of(row);
            if row == 0 || bit.word != ActivityBit::of(row - 1).word {
                call.charge(SLOT_GAS)?;
                word = bit.load(call, self.set.id)?;
            }
            active.push(bit.is_active(word));
        }
        Ok(active)
    }

    /// The rows counted, in the mathematics' terms.
    pub(super) fn rows<'a>(&'a self, active: &'a [bool]) -> Step<Vec<SketchRow<'a>>> {
        let sketches = self.content.sketches()?;
        let values = sketches.values.chunks_exact(self.set.dim.into());
        let rows = values.zip(&sketches.exponents).zip(self.content.contributors()).zip(active);
        Ok(rows.map(|(((values, &exponent), &contributor), &active)| SketchRow { values, exponent, contributor, active }).collect())
    }
}

/// The custom error for what the mathematics refuses.
pub(super) fn refuse<T>(error: Error) -> Step<T> {
    match error {
        Error::Overflow => fail(errors::Overflow {}),
        Error::ZeroDivisor { row } => fail(errors::ZeroDivisor { row: row as u64 }),
        Error::ZeroNeighbours => fail(errors::ZeroNeighbours {}),
        // The store checked the rows, and the length of the query was compared.
        other => Err(Stop::Fatal(other.to_string())),
    }
}

/// Active rows and their scores.
pub(super) fn numbered(scores: &[Option<i128>]) -> impl Iterator<Item = (u64, i128)> + '_ {
    scores.iter().enumerate().filter_map(|(row, score)| score.map(|score| (row as u64, score)))
}

pub(super) fn wide(scores: Vec<i128>) -> Vec<I256> {
    scores.into_iter().map(widen).collect()
}

fn widen(score: i128) -> I256 {
    I256::try_from(score).expect("invariant: 128 bits fit 256")
}

fn influence(call: &mut Call<'_>, args: ISketchAttribution::influenceCall, contents: &IndexCache) -> Step<Vec<u8>> {
    let scan = Scan::open(call, args.setId, args.upTo, contents)?;
    let query = scan.query(&args.query)?;
    scan.charge_query(call, 1)?;
    let active = scan.activity(call)?;
    let scores = influence_of(&scan.rows(&active)?, &query).or_else(refuse)?.scores;
    let sum = |sign: i128| scores.iter().flatten().filter(|score| score.signum() == sign).sum::<i128>();
    let (positive, negative) = (widen(sum(1)), widen(sum(-1)));
    let (rows, scores) = rank::best(numbered(&scores), args.topK);
    let result = ISketchAttribution::influenceReturn { rows, scores: wide(scores), positive, negative };
    Ok(ISketchAttribution::influenceCall::abi_encode_returns(&result))
}

fn influence_by_contributor(
    call: &mut Call<'_>,
    args: ISketchAttribution::influenceByContributorCall,
    contents: &IndexCache,
) -> Step<Vec<u8>> {
    if args.queries.is_empty() || args.queries.len() > BATCH {
        return fail(InvalidBatch { queries: U256::from(args.queries.len()) });
    }
    let scan = Scan::open(call, args.setId, args.upTo, contents)?;
    let queries: Vec<Vec<i8>> = args.queries.iter().map(|query| scan.query(query)).collect::<Step<_>>()?;
    scan.charge_query(call, queries.len() as u64)?;
    let active = scan.activity(call)?;
    let rows = scan.rows(&active)?;
    let mut sums: BTreeMap<u32, i128> = BTreeMap::new();
    for query in &queries {
        for (contributor, score) in influence_of(&rows, query).or_else(refuse)?.by_contributor {
            *sums.entry(contributor).or_insert(0) += score;
        }
    }
    // The positive part is what is paid, so the others are not returned.
    sums.retain(|_, score| *score > 0);
    let positive = widen(sums.values().sum());
    let (contributors, scores) = rank::best(sums, args.topK);
    let result = ISketchAttribution::influenceByContributorReturn { contributors, scores: wide(scores), positive };
    Ok(ISketchAttribution::influenceByContributorCall::abi_encode_returns(&result))
}

fn data_inf(call: &mut Call<'_>, args: ISketchAttribution::dataInfCall, contents: &IndexCache) -> Step<Vec<u8>> {
    let scan = Scan::open(call, args.setId, args.upTo, contents)?;
    let query = scan.query(&args.query)?;
    scan.charge_query(call, 1)?;
    call.charge_each(DATAINF_LINE_GAS, scan.lines())?;
    let active = scan.activity(call)?;
    let rows = scan.rows(&active)?;
    if let Some(row) = rows.iter().position(|row| row.exponent != rows[0].exponent) {
        return fail(UnequalExponents { row: row as u64 });
    }
    let scores = datainf(&rows, &query, args.lambda).or_else(refuse)?;
    let (rows, scores) = rank::best(numbered(&scores), args.topK);
    let result = ISketchAttribution::dataInfReturn { rows, scores: wide(scores) };
    Ok(ISketchAttribution::dataInfCall::abi_encode_returns(&result))
}
