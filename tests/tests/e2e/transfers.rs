use crate::node::{Node, without_hash};
use alloy_primitives::Address;
use serde_json::{Value, json};
use tributary_tests::{rpc::number, token};

const FRIEND: Address = Address::repeat_byte(0x5e);

#[test]
fn the_chain_has_its_id_and_its_accounts_have_ten_thousand_open() {
    let mut node = Node::start();
    assert_eq!(node.quantity("eth_chainId", json!([])), 630_925);
    assert_eq!(node.ask("net_version", json!([])), json!("630925"));
    for index in 0..10 {
        let wallet = node.wallet(index);
        assert_eq!(wallet.nonce, 0);
        assert_eq!(node.quantity("eth_getBalance", json!([wallet.address(), "latest"])), 10_000 * 10u128.pow(18));
    }
}

#[test]
fn a_transfer_costs_its_value_its_gas_and_its_l1_data_fee_to_the_wei() {
    let mut node = Node::start();
    let mut wallet = node.wallet(0);
    let before = node.quantity("eth_getBalance", json!([wallet.address(), "latest"]));
    let transfer = wallet.transfer(FRIEND, 12_345);
    let receipt = node.include(&transfer);
    assert_eq!(receipt["status"], json!("0x1"));
    assert_eq!(receipt["transactionHash"], json!(transfer.hash));
    let [gas, price, l1_fee] = ["gasUsed", "effectiveGasPrice", "l1Fee"].map(|field| number(&receipt[field]));
    assert_eq!(gas, 21_000);
    assert!(l1_fee > 0 && number(&receipt["l1GasPrice"]) > 0, "{receipt}");
    let after = node.quantity("eth_getBalance", json!([wallet.address(), "latest"]));
    assert_eq!(before - after, 12_345 + gas * price + l1_fee);
    assert_eq!(node.quantity("eth_getBalance", json!([FRIEND, "latest"])), 12_345);
}

#[test]
fn an_acknowledged_transaction_is_visible_everywhere_at_once() {
    let mut node = Node::start();
    let mut wallet = node.wallet(1);
    for nonce in 0..20u64 {
        let transfer = wallet.transfer(FRIEND, 1);
        node.include_early(&transfer);
        assert_eq!(node.ask_early("eth_getTransactionReceipt", json!([transfer.hash]))["status"], json!("0x1"));
        assert_eq!(number(&node.ask("eth_getTransactionByHash", json!([transfer.hash]))["nonce"]), u128::from(nonce));
        assert_eq!(node.quantity("eth_getTransactionCount", json!([wallet.address(), "pending"])), u128::from(nonce) + 1);
        assert_eq!(node.quantity("eth_getBalance", json!([FRIEND, "pending"])), u128::from(nonce) + 1);
        assert_eq!(number(&node.ask_early("eth_getBalance", json!([FRIEND, "latest"]))), u128::from(nonce) + 1);
    }
}

#[test]
fn a_receipt_is_the_same_before_and_after_its_block_is_sealed() {
    let mut node = Node::start();
    let mut wallet = node.wallet(2);
    let (creation, address) = wallet.create(token::creation(wallet.address(), 1_000));
    let transactions = [creation, wallet.call(address, token::transfer(FRIEND, 5), token::TRANSFER_GAS), wallet.transfer(FRIEND, 1)];
    let early: Vec<Value> = transactions.iter().map(|transaction| node.include_early(transaction)).collect();
    assert_eq!(early[1]["logs"].as_array().map(Vec::len), Some(1), "{}", early[1]);
    node.wait_for_block(number(&early[2]["blockNumber"]));
    for (transaction, early) in transactions.iter().zip(early) {
        let late = node.ask("eth_getTransactionReceipt", json!([transaction.hash]));
        let block = node.ask("eth_getBlockByNumber", json!([late["blockNumber"], false]));
        assert_eq!(late["blockHash"], block["hash"]);
        assert_eq!(block["transactions"][number(&late["transactionIndex"]) as usize], json!(transaction.hash));
        assert_eq!(without_hash(early), without_hash(late));
    }
}

#[test]
fn a_receipt_of_the_ordinary_endpoint_leads_to_its_block_at_once() {
    let mut node = Node::start();
    let mut wallet = node.wallet(8);
    for _ in 0..3 {
        let transfer = wallet.transfer(FRIEND, 7);
        let receipt = node.include(&transfer);
        for by in [
            node.ask("eth_getBlockByHash", json!([receipt["blockHash"], false])),
            node.ask("eth_getBlockByNumber", json!([receipt["blockNumber"], false])),
        ] {
            assert_eq!((&by["hash"], &by["number"]), (&receipt["blockHash"], &receipt["blockNumber"]));
        }
        let before = format!("{:#x}", number(&receipt["blockNumber"]) - 1);
        let [before, after] =
            [json!(before), receipt["blockNumber"].clone()].map(|at| node.quantity("eth_getBalance", json!([FRIEND, at])));
        assert_eq!(after - before, 7);
        assert_eq!(node.ask("eth_feeHistory", json!(["0x1", receipt["blockNumber"], []]))["oldestBlock"], receipt["blockNumber"]);
        assert_eq!(node.ask("debug_traceTransaction", json!([transfer.hash, { "tracer": "callTracer" }]))["value"], json!("0x7"));
        assert_eq!(node.ask("eth_getTransactionReceipt", json!([transfer.hash])), receipt, "never amended");
    }
}

#[test]
fn transactions_stand_in_the_order_in_which_they_came() {
    let mut node = Node::start();
    let mut wallets = [3, 4, 5].map(|index| node.wallet(index));
    let mut positions = Vec::new();
    for turn in 0..30 {
        let wallet = &mut wallets[turn % 3];
        // A higher tip buys no earlier place.
        let mut draft = wallet.draft();
        draft.max_priority_fee_per_gas = 1_000_000 * (turn as u128 % 5 + 1);
        let receipt = node.include_early(&wallet.sign(draft));
        wallet.nonce += 1;
        positions.push((number(&receipt["blockNumber"]), number(&receipt["transactionIndex"])));
    }
    assert!(positions.is_sorted_by(|one, next| one < next), "{positions:?}");
}

#[test]
fn a_transaction_that_waits_for_an_earlier_nonce_is_included_after_it() {
    let mut node = Node::start();
    let mut wallet = node.wallet(6);
    let (first, second) = (wallet.transfer(FRIEND, 1), wallet.transfer(FRIEND, 2));
    node.ask("eth_sendRawTransaction", json!([second.json()]));
    assert_eq!(node.ask("eth_getTransactionReceipt", json!([second.hash])), Value::Null);
    assert_eq!(node.ask("txpool_status", json!([]))["queued"], json!("0x1"));
    node.include(&first);
    node.wait("the second receipt", |node| !node.ask("eth_getTransactionReceipt", json!([second.hash])).is_null());
}

#[test]
fn a_call_that_reverts_gives_code_three_and_the_contracts_data() {
    let mut node = Node::start();
    let mut wallet = node.wallet(7);
    let (creation, address) = wallet.create(token::creation(FRIEND, 1_000));
    node.include(&creation);
    let call = json!({ "from": wallet.address(), "to": address, "input": token::transfer(FRIEND, 5) });
    for method in ["eth_call", "eth_estimateGas"] {
        match node.rpc.call(method, json!([call, "latest"])) {
            Err(tributary_tests::rpc::RpcError::Refused { code, message, data }) => {
                assert_eq!((code, message.as_str()), (3, "execution reverted"));
                // ERC20InsufficientBalance(address,uint256,uint256)
                assert!(data.as_str().unwrap().starts_with("0xe450d38c"), "{data}");
            }
            other => panic!("{method}: {other:?}"),
        }
    }
    let held = node.ask("eth_call", json!([{ "to": address, "input": token::balance_of(FRIEND) }, "latest"]));
    assert_eq!(number(&json!(format!("0x{}", held.as_str().unwrap()[2..].trim_start_matches('0')))), 1_000);
}
