//! `IShapleyAttribution`: exact values of a nearest-neighbour model.

use super::{
    cache::IndexCache,
    call::{self, Call, Step, fail},
    sketch::{Scan, columns},
};
use alloy_evm::precompiles::PrecompileInput;
use alloy_sol_types::SolCall;
use revm::precompile::PrecompileResult;
use tributary_attribution::scan::{ShapleyQuery, knn_shapley, knn_shapley_by_contributor};
use tributary_contracts::{
    IAttributionErrors::NotLabelled,
    IShapleyAttribution::{self, IShapleyAttributionCalls as Function},
};

pub(super) use tributary_contracts::predeploys::SHAPLEY_ATTRIBUTION as ADDRESS;

pub(super) fn run(input: PrecompileInput<'_>, cache: &IndexCache) -> PrecompileResult {
    call::run(input, |call| {
        call.charge_input()?;
        match call.decode()? {
            Function::knnShapley(args) => Scan::open(call, cache, (args.setId, args.version), |call, scan| {
                let values = prepare(call, scan, &args.query)?;
                let query = ShapleyQuery { values: &values, label: args.label, neighbours: args.k };
                let best = scan.counting(call, |rows| cache.rank(|scratch| knn_shapley(rows, query, args.topK, scratch)))?;
                let (rows, values) = columns(best);
                Ok(IShapleyAttribution::knnShapleyCall::abi_encode_returns(&IShapleyAttribution::knnShapleyReturn { rows, values }))
            }),
            Function::knnShapleyByContributor(args) => Scan::open(call, cache, (args.setId, args.version), |call, scan| {
                let values = prepare(call, scan, &args.query)?;
                let query = ShapleyQuery { values: &values, label: args.label, neighbours: args.k };
                let named = scan.contributors(call)?;
                let best =
                    scan.counting(call, |rows| cache.rank(|scratch| knn_shapley_by_contributor(rows, query, &named, args.topK, scratch)))?;
                let (contributors, values) = columns(best);
                let result = IShapleyAttribution::knnShapleyByContributorReturn { contributors, values };
                Ok(IShapleyAttribution::knnShapleyByContributorCall::abi_encode_returns(&result))
            }),
        }
    })
}

/// The query's values; the scan is paid for.
fn prepare(call: &mut Call<'_>, scan: &Scan<'_>, query: &[u8]) -> Step<Vec<i8>> {
    if !scan.set.terms.labelled {
        return fail(NotLabelled { setId: scan.set.id });
    }
    let values = scan.query(query)?;
    scan.charge_query(call, 1)?;
    Ok(values)
}
