//! `IShapleyAttribution`: exact values of a nearest-neighbour model.

use super::{
    call::{self, Call, Step, fail},
    content::IndexCache,
    rank,
    sketch::{self, Scan, numbered, wide},
};
use alloy_evm::precompiles::PrecompileInput;
use alloy_primitives::{Bytes, U256};
use alloy_sol_types::SolCall;
use revm::precompile::PrecompileResult;
use tributary_attribution::shapley::{LabelledQuery, LabelledRow, knn_shapley};
use tributary_contracts::{
    IAttributionErrors::NotLabelled,
    IShapleyAttribution::{self, IShapleyAttributionCalls as Function},
};

pub(super) use tributary_contracts::predeploys::SHAPLEY_ATTRIBUTION as ADDRESS;

pub(super) fn run(input: PrecompileInput<'_>, contents: &IndexCache) -> PrecompileResult {
    call::run(input, |call| {
        call.charge_input()?;
        match call.decode()? {
            Function::knnShapley(args) => {
                let scan = Scan::open(call, args.setId, args.upTo, contents)?;
                let values = values(call, &scan, &args.query, (args.label, args.k))?;
                let (rows, values) = rank::best(numbered(&values), args.topK);
                let result = IShapleyAttribution::knnShapleyReturn { rows, values: wide(values) };
                Ok(IShapleyAttribution::knnShapleyCall::abi_encode_returns(&result))
            }
            Function::knnShapleyByContributor(args) => {
                let scan = Scan::open(call, args.setId, args.upTo, contents)?;
                let values = values(call, &scan, &args.query, (args.label, args.k))?;
                let sums = rank::by_contributor(numbered(&values), scan.content().contributors());
                let (contributors, values) = rank::best(sums, args.topK);
                let result = IShapleyAttribution::knnShapleyByContributorReturn { contributors, values: wide(values) };
                Ok(IShapleyAttribution::knnShapleyByContributorCall::abi_encode_returns(&result))
            }
        }
    })
}

/// Values by row; a query's label and number of neighbours come in this order.
fn values(call: &mut Call<'_>, scan: &Scan, query: &Bytes, (label, neighbours): (u16, u16)) -> Step<Vec<Option<i128>>> {
    if !scan.set.labelled {
        return fail(NotLabelled { setId: U256::from(scan.set.id) });
    }
    let query = scan.query(query)?;
    scan.charge_query(call, 1)?;
    let active = scan.activity(call)?;
    let sketches = scan.content().sketches()?;
    let labels = sketches.labels.iter();
    let rows = sketches.values.chunks_exact(scan.set.dim.into()).zip(labels).zip(&active);
    let rows: Vec<LabelledRow<'_>> = rows.map(|((values, &label), &active)| LabelledRow { values, label, active }).collect();
    knn_shapley(&rows, LabelledQuery { values: &query, label, neighbours }).or_else(sketch::refuse)
}
