//! The economy in the `tributary` namespace: who, what, why, from the index. Each answer names the block after which it holds, also that there is nothing.

use crate::{
    api::{Api, Module, heavy_after},
    args::{Args, without_type_names},
    chain::IndexView,
    error::RpcError,
};
use alloy_eips::BlockNumHash;
use alloy_primitives::{Address, B256, U64, U256};
use jsonrpsee::server::RegisterMethodError;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tributary_index::{Page, Paging, Reader};

pub(crate) fn register(module: &mut Module) -> Result<(), RegisterMethodError> {
    money(module)?;
    datanets(module)?;
    models(module)?;
    inference(module)?;
    juries(module)?;
    governance(module)
}

fn money(module: &mut Module) -> Result<(), RegisterMethodError> {
    one(module, "tributary_account", |reader, account: Address| reader.account(account).map(Some))?;
    one(module, "tributary_stakes", |reader, account: Address| reader.stakes(account).map(Some))?;
    list(module, "tributary_earnings", |reader, account: Address, paging| reader.earnings(account, paging))?;
    list(module, "tributary_claims", |reader, account: Address, paging| reader.claims(account, paging))
}

fn datanets(module: &mut Module) -> Result<(), RegisterMethodError> {
    one(module, "tributary_datanet", |reader, id: U256| reader.datanet(id))?;
    all(module, "tributary_datanets", |reader, paging| reader.datanets(paging))?;
    list(module, "tributary_releases", |reader, datanet: U256, paging| reader.releases(datanet, paging))?;
    indexed(module, "tributary_contribution", |api, args| {
        let (datanet, row) = (args.required::<U256>()?, args.required::<U64>()?);
        let (block, reader) = reader(api, options(args)?.at)?;
        Ok(about(block, Found { result: reader.contribution(datanet, row.to()).map_err(failed)? }))
    })?;
    list(module, "tributary_contributions", |reader, datanet: U256, paging| reader.contributions(datanet, paging))?;
    list(module, "tributary_contributionsOf", |reader, account: Address, paging| reader.contributions_of(account, paging))?;
    list(module, "tributary_rowsOfDocument", |reader, document: B256, paging| reader.rows_of_document(document, paging))?;
    one(module, "tributary_commitment", |reader, id: U256| reader.commitment(id))?;
    all(module, "tributary_commitments", |reader, paging| reader.commitments(paging))?;
    list(module, "tributary_commitmentsOf", |reader, account: Address, paging| reader.commitments_of(account, paging))?;
    list(module, "tributary_commitmentsTo", |reader, datanet: U256, paging| reader.commitments_to(datanet, paging))?;
    list(module, "tributary_revealed", |reader, commitment: U256, paging| reader.revealed(commitment, paging))?;
    one(module, "tributary_matter", |reader, case: U256| reader.matter(case))
}

fn models(module: &mut Module) -> Result<(), RegisterMethodError> {
    one(module, "tributary_model", |reader, id: U256| reader.model(id))?;
    all(module, "tributary_models", |reader, paging| reader.models(paging))?;
    list(module, "tributary_modelsOf", |reader, account: Address, paging| reader.models_of(account, paging))?;
    list(module, "tributary_modelsOn", |reader, datanet: U256, paging| reader.models_on(datanet, paging))?;
    list(module, "tributary_modelVersions", |reader, model: U256, paging| reader.model_versions(model, paging))?;
    list(module, "tributary_children", |reader, model: U256, paging| reader.children(model, paging))
}

fn inference(module: &mut Module) -> Result<(), RegisterMethodError> {
    one(module, "tributary_session", |reader, id: U256| reader.session(id))?;
    all(module, "tributary_sessions", |reader, paging| reader.sessions(paging))?;
    list(module, "tributary_sessionsOf", |reader, account: Address, paging| reader.sessions_of(account, paging))?;
    list(module, "tributary_sessionsOfModel", |reader, model: U256, paging| reader.sessions_of_model(model, paging))?;
    list(module, "tributary_answers", |reader, session: U256, paging| reader.answers(session, paging))?;
    one(module, "tributary_settlement", |reader, id: U256| reader.settlement(id))?;
    list(module, "tributary_settlements", |reader, session: U256, paging| reader.settlements(session, paging))?;
    list(module, "tributary_payees", |reader, settlement: U256, paging| reader.payees(settlement, paging))
}

fn juries(module: &mut Module) -> Result<(), RegisterMethodError> {
    one(module, "tributary_case", |reader, id: U256| reader.case(id))?;
    all(module, "tributary_cases", |reader, paging| reader.cases(paging))?;
    list(module, "tributary_casesOf", |reader, account: Address, paging| reader.cases_of(account, paging))?;
    all(module, "tributary_validators", |reader, paging| reader.validators(paging))
}

fn governance(module: &mut Module) -> Result<(), RegisterMethodError> {
    one(module, "tributary_proposal", |reader, id: U256| reader.proposal(id))?;
    all(module, "tributary_proposals", |reader, paging| reader.proposals(paging))?;
    list(module, "tributary_ballots", |reader, proposal: U256, paging| reader.ballots(proposal, paging))
}

/// After which block.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Head {
    #[default]
    Latest,
    Safe,
    Finalized,
}

/// The last parameter of every question: which rows, and after which block.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Options {
    at: Head,
    cursor: Option<String>,
    limit: Option<usize>,
    newest: bool,
    filter: BTreeMap<String, Value>,
}

impl Options {
    fn paging(self) -> Paging {
        Paging { cursor: self.cursor, limit: self.limit, newest: self.newest, filter: self.filter }
    }
}

/// An answer, and the block after which it holds.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<T> {
    block_number: U64,
    block_hash: B256,
    #[serde(flatten)]
    answer: T,
}

#[derive(Debug, Clone, Serialize)]
struct Found<T> {
    result: Option<T>,
}

/// Longest that a question waits for the index to come to the block that was the newest when it was asked.
const PATIENCE: Duration = Duration::from_secs(1);

/// How many blocks an index that only follows may be behind; one that is still being made is not waited for.
const FOLLOWING: u64 = 512;

/// Registers a method that reads the index: what a client has seen in a block, it finds in the index.
pub(super) fn indexed<T: Serialize + 'static>(
    module: &mut Module,
    name: &'static str,
    method: impl Fn(&Api, &mut Args) -> Result<T, RpcError> + Send + Sync + 'static,
) -> Result<(), RegisterMethodError> {
    heavy_after(module, name, async |api: Arc<Api>| drop(tokio::time::timeout(PATIENCE, caught_up(&api)).await), method)
}

async fn caught_up(api: &Api) {
    let index = api.chain.rollup.as_ref().and_then(|rollup| rollup.index.as_ref());
    let (Some(index), Ok(heads)) = (index, api.chain.store.heads()) else { return };
    let head = heads.unsafe_head;
    let is_there = |reached: &Option<BlockNumHash>| {
        reached.is_some_and(|reached| reached == head || reached.number > head.number || reached.number + FOLLOWING < head.number)
    };
    // Nobody keeps it any more where that ends.
    drop(index.reached.clone().wait_for(is_there).await);
}

/// A method about one thing.
fn one<K, T>(
    module: &mut Module,
    name: &'static str,
    ask: impl Fn(&Reader, K) -> Result<Option<T>, tributary_index::Error> + Send + Sync + 'static,
) -> Result<(), RegisterMethodError>
where
    K: serde::de::DeserializeOwned + 'static,
    T: Serialize + Clone + 'static,
{
    indexed(module, name, move |api, args| {
        let key = args.required::<K>()?;
        let (block, reader) = reader(api, options(args)?.at)?;
        Ok(about(block, Found { result: ask(&reader, key).map_err(failed)? }))
    })
}

/// A method that lists what belongs to something.
fn list<K, T>(
    module: &mut Module,
    name: &'static str,
    ask: impl Fn(&Reader, K, &Paging) -> Result<Page<T>, tributary_index::Error> + Send + Sync + 'static,
) -> Result<(), RegisterMethodError>
where
    K: serde::de::DeserializeOwned + 'static,
    T: Serialize + Clone + 'static,
{
    indexed(module, name, move |api, args| {
        let key = args.required::<K>()?;
        let options = options(args)?;
        let (block, reader) = reader(api, options.at)?;
        Ok(about(block, ask(&reader, key, &options.paging()).map_err(failed)?))
    })
}

/// A method that lists all there are.
fn all<T: Serialize + Clone + 'static>(
    module: &mut Module,
    name: &'static str,
    ask: impl Fn(&Reader, &Paging) -> Result<Page<T>, tributary_index::Error> + Send + Sync + 'static,
) -> Result<(), RegisterMethodError> {
    indexed(module, name, move |api, args| {
        let options = options(args)?;
        let (block, reader) = reader(api, options.at)?;
        Ok(about(block, ask(&reader, &options.paging()).map_err(failed)?))
    })
}

fn options(args: &mut Args) -> Result<Options, RpcError> {
    let given: Option<serde_json::Map<String, Value>> = args.optional()?;
    let options = given.map(|given| Options::deserialize(Value::Object(given))).transpose();
    options
        .map(Option::unwrap_or_default)
        .map_err(|error| RpcError::params(format!("invalid options: {}", without_type_names(&error.to_string()))))
}

fn about<T>(block: BlockNumHash, answer: T) -> Answer<T> {
    Answer { block_number: U64::from(block.number), block_hash: block.hash, answer }
}

fn reader(api: &Api, head: Head) -> Result<(BlockNumHash, Reader), RpcError> {
    let index = api.chain.rollup.as_ref().and_then(|rollup| rollup.index.as_ref());
    let IndexView { index, .. } = index.ok_or_else(|| RpcError::server("this node keeps no index of the economy"))?;
    let at = || -> Result<_, RpcError> {
        let heads = api.chain.store.heads()?;
        Ok(match head {
            Head::Latest => index.latest(),
            Head::Safe => index.at(heads.safe_head.number),
            Head::Finalized => index.at(heads.finalized_head.number),
        })
    };
    // Between the two looks a block may have become final, and what was before it forgotten.
    let reader = match at()? {
        Err(tributary_index::Error::Storage(tributary_storage::Error::Pruned { .. })) => at()?,
        found => found,
    }
    .map_err(failed)?;
    let block = reader.block().ok_or_else(|| RpcError::server("the index of the economy has read no block yet"))?;
    Ok((block, reader))
}

pub(super) fn failed(error: tributary_index::Error) -> RpcError {
    match error {
        tributary_index::Error::Cursor | tributary_index::Error::Limit | tributary_index::Error::Filter { .. } => {
            RpcError::params(error.to_string())
        }
        // So much has happened since that block that nobody waits for the answer.
        tributary_index::Error::Storage(tributary_storage::Error::Pruned { to, .. }) => {
            RpcError::limit(format!("the index of the economy cannot be read as it was at block {to}"))
        }
        tributary_index::Error::Storage(error) => error.into(),
        error => RpcError::internal(&error),
    }
}
