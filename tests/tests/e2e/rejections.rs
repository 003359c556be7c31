use crate::node::Node;
use alloy_consensus::{TxEip1559, TxEip2930, TxEip4844, TxEip7702, TxEnvelope, TxType};
use alloy_eips::Encodable2718;
use alloy_primitives::{Address, B256, Signature, TxKind, U256};
use serde_json::{Value, json};
use tributary_tests::wallet::{FEE_CAP, Signed, Wallet};

/// Transactions that nobody may send, each with words that geth has for it.
fn bad(wallet: &Wallet, poor: &Wallet) -> Vec<(&'static str, Signed)> {
    let draft = || wallet.draft();
    let forged = Signature::new(U256::ZERO, U256::from(1), false);
    let other_chain = TxEip1559 { chain_id: 1, ..draft() };
    let whole_balance = TxEip1559 { value: U256::from(10).pow(U256::from(22)), ..draft() };
    let blob = TxEip4844 {
        chain_id: wallet.chain_id,
        nonce: wallet.nonce,
        gas_limit: 21_000,
        max_fee_per_gas: FEE_CAP,
        max_fee_per_blob_gas: 1_000_000_000,
        blob_versioned_hashes: vec![B256::with_last_byte(1)],
        ..TxEip4844::default()
    };
    let delegation =
        TxEip7702 { chain_id: wallet.chain_id, nonce: wallet.nonce, gas_limit: 100_000, max_fee_per_gas: FEE_CAP, ..TxEip7702::default() };
    let creation = TxEip1559 { to: TxKind::Create, input: vec![0; 49_153].into(), gas_limit: 10_000_000, ..draft() };
    let unknown_type = Signed::of([&[0x05][..], &wallet.sign(draft()).raw[1..]].concat());
    let trailing = Signed::of([&wallet.sign(draft()).raw[..], &[0]].concat());
    let raw = wallet.sign(draft()).raw;
    vec![
        ("nonce too low", wallet.sign(TxEip1559 { nonce: wallet.nonce - 1, ..draft() })),
        ("insufficient funds for gas * price + value", poor.sign(poor.draft())),
        ("insufficient funds for gas * price + value", wallet.sign(whole_balance)),
        ("intrinsic gas too low", wallet.sign(TxEip1559 { gas_limit: 20_999, ..draft() })),
        ("floor data gas", wallet.sign(TxEip1559 { gas_limit: 41_000, input: vec![1; 1_000].into(), ..draft() })),
        ("exceeds block gas limit", wallet.sign(TxEip1559 { gas_limit: 1_000_000_001, ..draft() })),
        ("invalid chain id", wallet.sign(other_chain.clone())),
        ("invalid chain id", wallet.sign(TxEip2930 { chain_id: 5, gas_limit: 30_000, gas_price: FEE_CAP, ..TxEip2930::default() })),
        ("oversized data", wallet.sign(TxEip1559 { input: vec![0; 200_000].into(), gas_limit: 10_000_000, ..draft() })),
        ("max initcode size exceeded", wallet.sign(creation)),
        (
            "max priority fee per gas higher than max fee per gas",
            wallet.sign(TxEip1559 { max_priority_fee_per_gas: FEE_CAP + 1, ..draft() }),
        ),
        (
            "invalid transaction v, r, s values",
            Signed::of(TxEnvelope::from(alloy_consensus::SignableTransaction::into_signed(draft(), forged)).encoded_2718()),
        ),
        ("transaction type not supported", wallet.sign(blob)),
        ("transaction type not supported", deposit()),
        ("transaction type not supported", unknown_type),
        ("must have at least one authorization", wallet.sign(delegation)),
        ("rlp", trailing),
        ("rlp", Signed::of(raw.slice(..raw.len() - 1))),
        ("typed transaction too short", Signed::of(vec![u8::from(TxType::Eip1559)])),
    ]
}

/// A deposit that nobody made on L1: type 0x7E, well-formed.
fn deposit() -> Signed {
    let mut body = Vec::new();
    let fields: [&dyn alloy_rlp::Encodable; 8] = [
        &B256::repeat_byte(1),
        &Address::repeat_byte(2),
        &Address::repeat_byte(3),
        &U256::from(10).pow(U256::from(20)),
        &U256::ZERO,
        &100_000u64,
        &false,
        &&[][..] as &dyn alloy_rlp::Encodable,
    ];
    fields.iter().for_each(|field| field.encode(&mut body));
    let mut raw = vec![0x7e];
    alloy_rlp::Header { list: true, payload_length: body.len() }.encode(&mut raw);
    raw.extend(body);
    Signed::of(raw)
}

/// What a rejected transaction could have changed.
fn footprint(node: &mut Node, wallet: &Wallet) -> Vec<Value> {
    let address = wallet.address();
    let mut seen: Vec<_> = ["latest", "pending"]
        .into_iter()
        .flat_map(|tag| [("eth_getBalance", json!([address, tag])), ("eth_getTransactionCount", json!([address, tag]))])
        .map(|(method, params)| node.ask(method, params))
        .collect();
    seen.push(node.ask("txpool_content", json!([])));
    seen
}

#[test]
fn every_kind_of_bad_transaction_gets_its_error_and_changes_nothing() {
    let mut node = Node::start();
    let mut wallet = node.wallet(0);
    let poor = Wallet::poor(1, wallet.chain_id);
    let first = wallet.transfer(poor.address(), 1);
    let receipt = node.include(&first);
    node.wait_for_block(tributary_tests::rpc::number(&receipt["blockNumber"]));
    let before = [footprint(&mut node, &wallet), footprint(&mut node, &poor)];
    for (words, transaction) in bad(&wallet, &poor) {
        let (code, message) = node.refuse(&transaction);
        assert!(message.contains(words), "expected {words:?}, got {message:?}");
        assert_eq!(code, -32000, "{message}");
        assert_eq!(node.ask("eth_getTransactionByHash", json!([transaction.hash])), Value::Null, "{message}");
        assert_eq!([footprint(&mut node, &wallet), footprint(&mut node, &poor)], before, "{message}");
    }
    // The account goes on as if nothing had been.
    let next = wallet.transfer(poor.address(), 1);
    assert_eq!(node.include(&next)["status"], json!("0x1"));
}

#[test]
fn a_transaction_that_waits_is_known_and_only_replaced_for_a_higher_fee() {
    let mut node = Node::start();
    let wallet = node.wallet(1);
    let draft =
        |fee: u128| TxEip1559 { nonce: wallet.nonce + 3, max_fee_per_gas: fee, max_priority_fee_per_gas: fee / 10, ..wallet.draft() };
    let waiting = wallet.sign(draft(FEE_CAP));
    node.ask("eth_sendRawTransaction", json!([waiting.json()]));
    let before = footprint(&mut node, &wallet);
    assert_eq!(node.refuse(&waiting), (-32000, "already known".to_owned()));
    let cheap = wallet.sign(draft(FEE_CAP + 1));
    assert_eq!(node.refuse(&cheap), (-32000, "replacement transaction underpriced".to_owned()));
    assert_eq!(footprint(&mut node, &wallet), before);
    let dear = wallet.sign(draft(FEE_CAP * 2));
    node.ask("eth_sendRawTransaction", json!([dear.json()]));
    assert_eq!(node.ask("eth_getTransactionByHash", json!([waiting.hash])), Value::Null);
    assert_eq!(node.ask("eth_getTransactionByHash", json!([dear.hash]))["hash"], json!(dear.hash));
}

#[test]
fn an_included_transaction_that_is_sent_again_is_refused() {
    let mut node = Node::start();
    let mut wallet = node.wallet(2);
    let transfer = wallet.transfer(Address::repeat_byte(1), 1);
    let receipt = node.include(&transfer);
    let (_, message) = node.refuse(&transfer);
    assert!(message.contains("already known") || message.contains("nonce too low"), "{message}");
    assert_eq!(node.ask("eth_getTransactionReceipt", json!([transfer.hash]))["transactionIndex"], receipt["transactionIndex"]);
}

#[test]
fn what_is_not_json_rpc_is_answered_with_its_code_and_the_connection_goes_on() {
    let mut node = Node::start();
    let mut code = |body: &str| {
        let request = node.rpc.request(body);
        let answer: Value = serde_json::from_slice(&node.rpc.exchange(&request).unwrap()).unwrap();
        answer["error"]["code"].as_i64()
    };
    assert_eq!(code("{"), Some(-32700));
    assert_eq!(code("[]"), Some(-32600));
    assert_eq!(code(r#"{"jsonrpc":"2.0","id":1,"method":"eth_noSuchMethod","params":[]}"#), Some(-32601));
    assert_eq!(code(r#"{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":["0x12"]}"#), Some(-32602));
    assert_eq!(code(r#"{"jsonrpc":"2.0","id":1,"method":"eth_sendRawTransaction","params":["no hex"]}"#), Some(-32602));
    assert_eq!(code(r#"{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}"#), None);
}
