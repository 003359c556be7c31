//! Whether a model would be registered, before anything is paid for it.

use super::registration::Version;
use crate::{caller::Caller, chain, error::Error, report, reverts};
use alloy_primitives::{Address, Bytes, U64, U256};
use alloy_sol_types::SolCall;
use serde::Deserialize;
use serde_json::{Value, json};
use tributary_client::{Call, TxFees};
use tributary_contracts::{Models, predeploys::MODELS};

/// How often it is tried anew when somebody else registers a model meanwhile.
const TRIALS: usize = 3;

/// A call of `eth_simulateV1`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Simulated {
    return_data: Bytes,
    status: U64,
    gas_used: U64,
    error: Option<Failure>,
}

#[derive(Debug, Deserialize)]
struct Failure {
    message: String,
    data: Option<Bytes>,
}

/// The two transactions of a registration: the model without a version, and its version. Refuses with what a contract would say to either, and tells their gas.
pub(super) async fn registration(caller: &Caller, create: &Call, version: &Version) -> Result<u64, Error> {
    let account = caller.account().await?.address();
    let registration = version.registration(account)?;
    for _ in 0..TRIALS {
        let model = caller.chain.now(MODELS, &Models::modelCountCall {}).await? + U256::ONE;
        let version = Call::of(MODELS, &Models::registerVersionCall { modelId: model, registration: registration.clone() });
        let [made, versioned] = simulated(caller, account, [create, &version]).await?;
        passed(&made, "registering the model")?;
        if Models::createCall::abi_decode_returns(&made.return_data).is_ok_and(|made| made == model) {
            passed(&versioned, "registering the version")?;
            return Ok((made.gas_used + versioned.gas_used).to());
        }
    }
    Err(Error::Check("others register models as fast as this one is tried; try again".to_owned()))
}

/// Both calls, one after the other on the newest state.
async fn simulated(caller: &Caller, from: Address, calls: [&Call; 2]) -> Result<[Simulated; 2], Error> {
    let calls = calls.map(|call| chain::request(from, call));
    let mut blocks: Vec<Value> =
        caller.chain.client().demand("eth_simulateV1", (json!({ "blockStateCalls": [{ "calls": calls }] }), "latest")).await?;
    let calls = blocks.first_mut().map(|block| block["calls"].take()).unwrap_or_default();
    serde_json::from_value(calls).map_err(|error| Error::Check(format!("the node's answer to eth_simulateV1: {error}")))
}

fn passed(call: &Simulated, what: &'static str) -> Result<(), Error> {
    if call.status == U64::ONE {
        return Ok(());
    }
    let failure = call.error.as_ref();
    let told = failure.and_then(|failure| failure.data.as_ref()).and_then(|data| reverts::words(Some(MODELS), data));
    let why = told.or_else(|| failure.map(|failure| failure.message.clone())).unwrap_or_else(|| "it fails".to_owned());
    Err(Error::Refused { what, why })
}

/// Tells what a registration would cost.
pub(super) async fn tell(caller: &Caller, gas: u64, bond: U256) -> Result<(), Error> {
    let cost = U256::from(TxFees::estimate(caller.chain.client(), &Default::default()).await?.max_fee) * U256::from(gas);
    caller.tell(
        &json!({ "gas": gas, "cost": cost, "bond": bond }),
        &[
            ("it", "would be registered".to_owned()),
            ("gas", gas.to_string()),
            ("cost at today's price", report::open(cost)),
            ("stake that it locks", report::open(bond)),
        ],
    );
    Ok(())
}

/// What the next version of a model would cost in gas.
pub(super) async fn version(caller: &Caller, call: &Call) -> Result<u64, Error> {
    caller.chain.rehearse(caller.account().await?.address(), call, "registering the version").await
}
