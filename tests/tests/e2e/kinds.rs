//! Every kind of transaction that a user of Ethereum sends, and what the pool does with them, up to the derivation from L1.

use crate::node::Node;
use alloy_consensus::{SignableTransaction, TxEip1559, TxEip2930, TxEip7702, TxEnvelope, TxLegacy};
use alloy_eips::{
    Encodable2718,
    eip2930::{AccessList, AccessListItem},
    eip7702::Authorization,
};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, address, b256, hex, keccak256};
use serde_json::{Value, json};
use tributary_tests::{
    rpc::{RpcError, number},
    wallet::{FEE_CAP, Signed, Wallet},
};

/// The deterministic deployment proxy: its signer without a key, its transaction without a chain, its address on every chain. Here it is there from
/// the beginning.
const DEPLOYER: Address = address!("3fab184622dc19b6109349b94811493bf2a45362");
const PROXY: Address = address!("4e59b44847b379578588920ca78fbf26c0b4956c");
const PROXY_RAW: &[u8] = &hex!(
    "f8a58085174876e800830186a08080b853604580600e600039806000f350fe7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
    "e03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf31ba02222222222222222222222222222222222222222222222222222222222222222"
    "a02222222222222222222222222222222222222222222222222222222222222222"
);
const PROXY_CODE: &str = "0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3";
/// Deploys code that returns 42.
const FORTY_TWO: [u8; 22] = hex!("69602a60005260206000f3600052600a6016f3000000");

/// A transaction without EIP-155 protection that anybody may send and nobody could have signed, and its sender.
fn keyless(init_code: impl Into<Bytes>) -> (Signed, Address) {
    let digits = U256::from_be_bytes([0x22; 32]);
    let draft = TxLegacy {
        chain_id: None,
        nonce: 0,
        gas_price: 100_000_000_000,
        gas_limit: 200_000,
        to: TxKind::Create,
        value: U256::ZERO,
        input: init_code.into(),
    };
    let signed = draft.into_signed(Signature::new(digits, digits, false));
    let sender = signed.recover_signer().unwrap();
    (Signed::of(TxEnvelope::from(signed).encoded_2718()), sender)
}

/// Waits until the verifier has derived the block of a receipt from L1, to the same hash.
fn wait_until_derived(node: &mut Node, receipt: &Value) {
    let block = number(&receipt["blockNumber"]);
    node.wait("the block is safe", |node| number(&node.ask("eth_getBlockByNumber", json!(["safe", false]))["number"]) >= block);
    let derived = node.ask("tributary_verifierBlock", json!([receipt["blockNumber"]]));
    assert_eq!(derived["hash"], node.ask("eth_getBlockByNumber", json!([receipt["blockNumber"], false]))["hash"]);
}

#[test]
fn a_keyless_deployer_puts_its_contract_at_the_address_that_it_has_everywhere() {
    let mut node = Node::start();
    let mut wallet = node.wallet(0);
    let deployment = Signed::of(PROXY_RAW.to_vec());
    let (code, message) = node.refuse(&deployment);
    assert!(code == -32000 && message.contains("insufficient funds"), "{message}");
    let funding = wallet.transfer(DEPLOYER, 10u64.pow(17));
    node.include(&funding);
    let receipt = node.include(&deployment);
    assert_eq!((&receipt["status"], &receipt["from"]), (&json!("0x0"), &json!(DEPLOYER)), "the address is taken");
    assert_eq!(node.ask("eth_getCode", json!([PROXY, "latest"])), json!(PROXY_CODE));
    let sent = node.ask("eth_getTransactionByHash", json!([deployment.hash]));
    assert_eq!((sent.get("chainId"), &sent["v"]), (None, &json!("0x1b")));

    // Another contract by the same method: a signature that nobody made, and the account that it belongs to.
    let (raw, deployer) = keyless(FORTY_TWO);
    let funding = wallet.transfer(deployer, 10u64.pow(17));
    node.include(&funding);
    let receipt = node.include(&raw);
    assert_eq!((&receipt["status"], &receipt["from"]), (&json!("0x1"), &json!(deployer)));
    assert_eq!(receipt["contractAddress"], json!(deployer.create(0)));
    assert_eq!(node.ask("eth_call", json!([{ "to": deployer.create(0) }])), json!(B256::with_last_byte(42)));

    let salt = B256::repeat_byte(7);
    let target = PROXY.create2(salt, keccak256(FORTY_TWO));
    let through = wallet.call(PROXY, [&salt[..], &FORTY_TWO].concat(), 200_000);
    let receipt = node.include(&through);
    assert_eq!(receipt["status"], json!("0x1"));
    assert_eq!(node.ask("eth_call", json!([{ "to": target }])), json!(B256::with_last_byte(42)));
    wait_until_derived(&mut node, &receipt);
}

#[test]
fn an_access_list_transaction_pays_for_its_list_and_shows_it() {
    let mut node = Node::start();
    let wallet = node.wallet(0);
    let list = AccessList(vec![AccessListItem { address: PROXY, storage_keys: vec![B256::ZERO, B256::with_last_byte(1)] }]);
    let draft = TxEip2930 {
        chain_id: wallet.chain_id,
        nonce: wallet.nonce,
        gas_price: FEE_CAP,
        gas_limit: 40_000,
        to: TxKind::Call(Address::repeat_byte(3)),
        access_list: list.clone(),
        ..TxEip2930::default()
    };
    let signed = wallet.sign(draft);
    let receipt = node.include(&signed);
    assert_eq!((&receipt["status"], &receipt["type"]), (&json!("0x1"), &json!("0x1")));
    assert_eq!(number(&receipt["gasUsed"]), 21_000 + 2_400 + 2 * 1_900);
    assert_eq!(number(&receipt["effectiveGasPrice"]), FEE_CAP);
    assert_eq!(node.ask("eth_getTransactionByHash", json!([signed.hash]))["accessList"], json!(list));
    wait_until_derived(&mut node, &receipt);
}

/// A contract that any account may lend: it logs nothing and returns 42.
fn deploy_forty_two(node: &mut Node, wallet: &mut Wallet) -> Address {
    let (creation, address) = wallet.create(FORTY_TWO);
    assert_eq!(node.include(&creation)["status"], json!("0x1"));
    address
}

/// Has `payer` send the delegation of `account`, whose nonce is given, to the code at `to`.
pub(crate) fn delegate(payer: &mut Wallet, account: &Wallet, to: Address, nonce: u64) -> Signed {
    let authorization = Authorization { chain_id: U256::from(payer.chain_id), address: to, nonce };
    let signature = account.signature(authorization.signature_hash());
    let draft = TxEip7702 {
        chain_id: payer.chain_id,
        nonce: payer.nonce,
        gas_limit: 200_000,
        max_fee_per_gas: FEE_CAP,
        to: account.address(),
        authorization_list: vec![authorization.into_signed(signature)],
        ..TxEip7702::default()
    };
    payer.nonce += 1;
    payer.sign(draft)
}

#[test]
fn a_delegated_account_has_several_transactions_under_way() {
    let mut node = Node::start();
    let mut payer = node.wallet(0);
    let mut account = node.wallet(1);
    let target = deploy_forty_two(&mut node, &mut payer);
    let delegation = delegate(&mut payer, &account, target, account.nonce);
    let receipt = node.include(&delegation);
    assert_eq!((&receipt["status"], &receipt["type"]), (&json!("0x1"), &json!("0x4")));
    account.nonce += 1;
    let code = node.ask("eth_getCode", json!([account.address(), "latest"]));
    assert_eq!(code, json!(Bytes::from([&hex!("ef0100")[..], target.as_slice()].concat())));
    assert_eq!(node.ask("eth_call", json!([{ "to": account.address() }])), json!(B256::with_last_byte(42)));

    // Two in a row at once, in one batch: neither waits for the other's block.
    let pair: Vec<_> = (0..2).map(|_| account.transfer(Address::repeat_byte(8), 1)).collect();
    let call = |(id, signed): (usize, &Signed)| json!({ "jsonrpc": "2.0", "id": id, "method": "eth_sendRawTransaction", "params": [signed.json()] });
    let batch: Value = pair.iter().enumerate().map(call).collect();
    let request = node.rpc.request(&batch.to_string());
    let answers: Value = serde_json::from_slice(&node.rpc.exchange(&request).unwrap()).unwrap();
    for (answer, signed) in answers.as_array().unwrap().iter().zip(&pair) {
        assert_eq!(answer["result"], json!(signed.hash), "{answers}");
    }
    // Several that wait behind a gap, which is filled last.
    let first = account.nonce;
    let waiting: Vec<_> = (0..5).map(|_| account.transfer(Address::repeat_byte(8), 1)).collect();
    for later in &waiting[1..] {
        node.ask("eth_sendRawTransaction", json!([later.json()]));
    }
    assert_eq!(number(&node.ask("txpool_status", json!([]))["queued"]), 4);
    node.include(&waiting[0]);
    let mut last = Value::Null;
    for signed in pair.iter().chain(&waiting) {
        last = node.include(signed);
        assert_eq!(last["status"], json!("0x1"));
    }
    assert_eq!(node.quantity("eth_getTransactionCount", json!([account.address(), "latest"])), u128::from(first + 5));
    // And back to an account without code.
    let undone = delegate(&mut payer, &account, Address::ZERO, account.nonce);
    let receipt = node.include(&undone);
    assert_eq!(node.ask("eth_getCode", json!([account.address(), "latest"])), json!("0x"));
    assert!(number(&last["blockNumber"]) <= number(&receipt["blockNumber"]));
    wait_until_derived(&mut node, &receipt);
}

#[test]
fn the_queue_behind_a_nonce_gap_is_bounded_and_says_so() {
    let mut node = Node::start();
    let wallet = node.wallet(2);
    let draft = |gap: u64| TxEip1559 { nonce: wallet.nonce + gap, ..wallet.draft() };
    let mut refused = None;
    for gap in 1..=1025 {
        let signed = wallet.sign(draft(gap));
        match node.rpc.call("eth_sendRawTransaction", json!([signed.json()])) {
            Ok(_) => assert!(gap <= 1024, "{gap} transactions wait"),
            Err(RpcError::Refused { code, message, .. }) => refused = Some((gap, code, message)),
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(refused, Some((1025, -32000, "account limit exceeded: pooled 1024 txs".to_owned())));
    // What fills the gap is taken all the same, and all of them run.
    let filling = wallet.sign(draft(0));
    assert_eq!(node.include(&filling)["status"], json!("0x1"));
    let all = u128::from(wallet.nonce) + 1025;
    node.wait("all ran", |node| node.quantity("eth_getTransactionCount", json!([wallet.address(), "latest"])) == all);
    assert_eq!(node.ask("txpool_status", json!([])), json!({ "pending": "0x0", "queued": "0x0" }));
}

#[test]
fn a_synchronous_send_that_times_out_names_the_transaction_and_one_that_is_resent_has_its_receipt() {
    let mut node = Node::start_in_time();
    let mut wallet = node.wallet(3);
    let later = wallet.sign(TxEip1559 { nonce: wallet.nonce + 1, ..wallet.draft() });
    match node.rpc.call("eth_sendRawTransactionSync", json!([later.json(), "0x64"])) {
        Err(RpcError::Refused { code: 4, data, .. }) => assert_eq!(data, json!(later.hash)),
        other => panic!("no timeout: {other:?}"),
    }
    let first = wallet.transfer(Address::repeat_byte(4), 1);
    let receipt = node.include_early(&first);
    for _ in 0..2 {
        assert_eq!(crate::node::without_hash(node.include_early(&first)), crate::node::without_hash(receipt.clone()), "sent before");
    }
    assert_eq!(node.include(&later)["status"], json!("0x1"), "it waited, and ran when the gap closed");
    node.wait_for_block(number(&receipt["blockNumber"]));
    let sealed = node.include(&first);
    assert_ne!(sealed["blockHash"], json!(B256::ZERO));
    assert_eq!(crate::node::without_hash(sealed), crate::node::without_hash(receipt));
}

#[test]
fn a_simulation_on_the_open_block_goes_on_from_its_state() {
    let mut node = Node::start_in_time();
    let mut wallet = node.wallet(4);
    let friend = Address::repeat_byte(0xf1);
    let mut given = 0u64;
    // A block may be sealed between the two, so that it takes some luck to see the open one.
    for _ in 0..50 {
        let transfer = wallet.transfer(friend, 5);
        let receipt = node.include_early(&transfer);
        given += 5;
        let payment = json!({ "from": friend, "to": wallet.address(), "value": format!("{given:#x}") });
        let request = json!({ "blockStateCalls": [{ "calls": [payment] }, { "calls": [] }] });
        for tag in ["pending", "latest"] {
            let blocks = node.ask_early("eth_simulateV1", json!([request, tag]));
            assert_eq!(blocks[0]["calls"][0]["status"], json!("0x1"), "the friend has what the open block gave it: {blocks}");
            assert_eq!(blocks[1]["parentHash"], blocks[0]["hash"]);
            if number(&blocks[0]["number"]) == number(&receipt["blockNumber"]) + 1 && blocks[0]["parentHash"] == json!(B256::ZERO) {
                let root = b256!("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421");
                assert_ne!(blocks[0]["stateRoot"], json!(root));
                return;
            }
        }
    }
    panic!("never saw the open block");
}
