//! What a rollup's transaction costs beside its gas: who cannot pay is told so at once, and whoever asks what it costs can send everything.

use crate::node::Node;
use alloy_consensus::TxLegacy;
use alloy_primitives::{Address, Bytes, TxKind, U256, address, hex};
use alloy_sol_types::SolCall;
use serde_json::{Value, json};
use std::{thread, time::Duration};
use tributary_contracts::{GasPriceOracle, SystemConfig, predeploys::GAS_PRICE_ORACLE};
use tributary_tests::{
    rpc::{Rpc, number},
    wallet::{Signed, Wallet},
};

const SINK: Address = address!("00000000000000000000000000000000005111c5");
const GAS: u64 = 21_000;

/// Where a call pretends that there is code which tells the sink's balance.
const BALANCE_OF_SINK: Address = address!("0000000000000000000000000000000000ba1a2c");

/// 1 OPEN.
const ENOUGH: u64 = 1_000_000_000_000_000_000;

fn view<C: SolCall<Return = U256>>(node: &mut Node, call: &C) -> U256 {
    let data = hex::encode_prefixed(call.abi_encode());
    let returned = node.ask("eth_call", json!([{ "to": GAS_PRICE_ORACLE, "data": data }, "pending"]));
    C::abi_decode_returns(&hex::decode(returned.as_str().unwrap()).unwrap()).unwrap()
}

fn balance(node: &mut Node, of: Address, block: &str) -> U256 {
    U256::from(node.quantity("eth_getBalance", json!([of, block])))
}

fn payment(wallet: &Wallet, gas_price: u128, value: U256) -> TxLegacy {
    let chain_id = Some(wallet.chain_id);
    TxLegacy { chain_id, nonce: wallet.nonce, gas_price, gas_limit: GAS, to: TxKind::Call(SINK), value, input: Bytes::new() }
}

/// What a wallet does to empty an account: asks for its balance, the gas price, the L1 data fee of the unsigned transaction and the operator fee, and
/// sends the rest.
fn everything(node: &mut Node, wallet: &Wallet) -> (Signed, Signed) {
    let gas_price = node.quantity("eth_gasPrice", json!([]));
    let has = balance(node, wallet.address(), "pending");
    let mut unsigned = Vec::new();
    alloy_consensus::SignableTransaction::encode_for_signing(&payment(wallet, gas_price, has), &mut unsigned);
    let l1_fee = view(node, &GasPriceOracle::getL1FeeCall { data: unsigned.into() });
    let operator_fee = view(node, &GasPriceOracle::getOperatorFeeCall { gasUsed: U256::from(GAS) });
    let rest = has - U256::from(gas_price) * U256::from(GAS) - l1_fee - operator_fee;
    let sign = |value| wallet.sign(payment(wallet, gas_price, value));
    (sign(rest), sign(rest + U256::ONE))
}

/// Nobody pays for a simulated call, so that nobody is given anything back for the gas that it leaves.
fn simulated_calls_leave_the_fee_alone(node: &mut Node) {
    let call = json!({ "from": SINK, "to": Address::repeat_byte(0x77), "gas": "0x2faf080" });
    let changed =
        node.ask("debug_traceCall", json!([call, "latest", { "tracer": "prestateTracer", "tracerConfig": { "diffMode": true } }]));
    assert!(changed["post"].as_object().unwrap().values().all(|account| account.get("balance").is_none()), "{changed}");
    let (has, asks) = (balance(node, SINK, "latest"), json!({ "from": Address::ZERO, "to": BALANCE_OF_SINK }));
    let code = hex::encode_prefixed([hex!("73").as_slice(), SINK.as_slice(), &hex!("315f5260205ff3")].concat());
    let answers =
        node.ask("eth_callMany", json!([[{ "transactions": [call, asks] }], {}, { BALANCE_OF_SINK.to_string(): { "code": code } }]));
    assert_eq!(answers[0][1]["value"], json!(format!("0x{has:064x}")), "{answers}");
}

/// Empties an account while the clock stands still, so that what was asked for still holds when it is paid.
fn empties(node: &mut Node, wallet: &Wallet) -> Value {
    node.ask("evm_setAutomine", json!([false]));
    // Between two blocks `pending` is the newest sealed one, and the next may have another origin, where L1 data costs another fee.
    node.wait("the next block is open", |node| {
        let pending = node.ask("eth_getBlockByNumber", json!(["pending", false]));
        number(&pending["number"]) > node.head()
    });
    let (all, more) = everything(node, wallet);
    let has = balance(node, wallet.address(), "pending");
    let (code, words) = node.refuse(&more);
    assert_eq!(words, format!("insufficient funds for gas * price + value: balance {has}, tx cost {}, overshot 1", has + U256::ONE));
    assert_eq!(code, -32000);
    node.ask("eth_sendRawTransaction", json!([all.json()]));
    assert_eq!(balance(node, wallet.address(), "pending"), U256::ZERO, "to the wei");
    node.ask("evm_setAutomine", json!([true]));
    let mut receipt = Value::Null;
    node.wait("the receipt", |node| {
        receipt = node.ask("eth_getTransactionReceipt", json!([all.hash]));
        receipt.is_object()
    });
    assert_eq!(receipt["status"], json!("0x1"), "{receipt}");
    receipt
}

fn fund(node: &mut Node, rich: &mut Wallet, to: &Wallet) {
    let transfer = rich.transfer(to.address(), ENOUGH);
    assert_eq!(node.include(&transfer)["status"], json!("0x1"));
}

#[test]
fn an_account_sends_everything_to_the_wei_with_and_without_an_operator_fee() {
    let mut node = Node::start();
    let mut rich = node.wallet(0);
    let [first, second] = [1, 2].map(|seed| Wallet::poor(seed, rich.chain_id));
    fund(&mut node, &mut rich, &first);
    let receipt = empties(&mut node, &first);
    assert!(number(&receipt["l1Fee"]) > 0 && receipt["operatorFeeScalar"].as_str().is_none_or(|scalar| scalar == "0x0"), "{receipt}");

    charge_operator_fee(&node);
    node.wait("the operator fee reaches L2", |node| !view(node, &GasPriceOracle::getOperatorFeeCall { gasUsed: U256::ZERO }).is_zero());
    let charged = view(&mut node, &GasPriceOracle::getOperatorFeeCall { gasUsed: U256::from(GAS) });
    assert_eq!(charged, U256::from(7_000_000u64 * 100 * GAS + 11), "Jovian's formula");
    fund(&mut node, &mut rich, &second);
    let receipt = empties(&mut node, &second);
    assert_eq!((number(&receipt["operatorFeeScalar"]), number(&receipt["operatorFeeConstant"])), (7_000_000, 11));
    simulated_calls_leave_the_fee_alone(&mut node);
    let (scalar, footprint) = (number(&receipt["daFootprintGasScalar"]), number(&receipt["blobGasUsed"]));
    assert_eq!((scalar, footprint), (400, 400 * 100), "the smallest size that is estimated");
    let block = node.ask("eth_getBlockByHash", json!([receipt["blockHash"], false]));
    assert!(number(&block["blobGasUsed"]) >= footprint && number(&block["baseFeePerGas"]) == 1_000_000_000, "{block}");
    assert_eq!(block["extraData"], json!("0x01000000fa00000002000000003b9aca00"));
}

/// The owner of the system configuration makes L2 charge 0.7 gwei (7,000,000 × 100 wei) for each gas and 11 wei for each transaction.
fn charge_operator_fee(node: &Node) {
    configure(node, &SystemConfig::setOperatorFeeScalarsCall { newScalar: 7_000_000, newConstant: 11 });
}

/// The owner of the system configuration changes it on L1.
pub(crate) fn configure(node: &Node, call: &impl SolCall) {
    let banner = &node.process.banner;
    let mut l1 = Rpc::connect(&banner.l1_url).unwrap();
    let config: Address = banner.contracts["SystemConfig"].parse().unwrap();
    let mut ask = |method: &str, params: Value| l1.call(method, params).unwrap_or_else(|error| panic!("{method}: {error}"));
    let data = |call: Vec<u8>| hex::encode_prefixed(call);
    let owner = ask("eth_call", json!([{ "to": config, "data": data(SystemConfig::ownerCall {}.abi_encode()) }, "latest"]));
    let owner = Address::from_slice(&hex::decode(owner.as_str().unwrap()).unwrap()[12..]);
    ask("anvil_impersonateAccount", json!([owner]));
    let hash = ask("eth_sendTransaction", json!([{ "from": owner, "to": config, "data": data(call.abi_encode()) }]));
    for _ in 0..600 {
        let receipt = ask("eth_getTransactionReceipt", json!([hash]));
        if receipt.is_object() {
            assert_eq!(receipt["status"], json!("0x1"), "{receipt}");
            return;
        }
        thread::sleep(Duration::from_millis(100));
    }
    panic!("never included: {hash}");
}

#[test]
fn who_cannot_pay_for_l1_data_is_told_at_once_wherever_the_transaction_would_go() {
    let mut node = Node::start();
    let mut rich = node.wallet(0);
    let poor = Wallet::poor(3, rich.chain_id);
    fund(&mut node, &mut rich, &poor);
    node.ask("evm_setAutomine", json!([false]));
    let has = balance(&mut node, poor.address(), "pending");
    let gas_price = node.quantity("eth_gasPrice", json!([]));
    // Gas and value are all it has: nothing is left for the data.
    let value = has - U256::from(gas_price) * U256::from(GAS);
    for nonce in [0, 1] {
        let signed = poor.sign(TxLegacy { nonce, ..payment(&poor, gas_price, value) });
        let (code, words) = node.refuse(&signed);
        let overshot = words.strip_prefix(&format!("insufficient funds for gas * price + value: balance {has}, tx cost "));
        let (cost, overshot) = overshot.and_then(|rest| rest.split_once(", overshot ")).unwrap_or_else(|| panic!("{words}"));
        assert_eq!(cost.parse::<U256>().unwrap() - has, overshot.parse::<U256>().unwrap());
        assert!(overshot != "0" && code == -32000, "{words}");
        assert_eq!(node.ask("eth_getTransactionByHash", json!([signed.hash])), Value::Null);
    }
    // What waits and what comes are paid for together, with the data of both.
    let half = value / U256::from(2);
    let waiting = poor.sign(TxLegacy { nonce: 1, ..payment(&poor, gas_price, half) });
    node.ask("eth_sendRawTransaction", json!([waiting.json()]));
    let (_, words) = node.refuse(&poor.sign(TxLegacy { nonce: 2, ..payment(&poor, gas_price, half) }));
    assert!(words.contains(", queued cost ") && words.contains(", overshot "), "{words}");
    node.ask("evm_setAutomine", json!([true]));
}
