//! The contracts of others that every OP Stack chain has from its genesis, each doing what it is for.

use crate::node::Node;
use alloy_consensus::TxEip1559;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, address, hex, keccak256};
use alloy_sol_types::{Eip712Domain, SolCall, SolEvent, SolValue, eip712_domain, sol};
use serde_json::{Value, json};
use tributary_contracts::{
    IMulticall3,
    preinstalls::{
        CODE_HASHES, CREATE_X, CREATE2_DEPLOYER, DETERMINISTIC_DEPLOYMENT_PROXY, ENTRY_POINT_V06, ENTRY_POINT_V07, MULTI_SEND,
        MULTI_SEND_CALL_ONLY, MULTICALL3, PERMIT2, SAFE, SAFE_L2, SAFE_SINGLETON_FACTORY,
    },
};
use tributary_tests::wallet::Wallet;

sol! {
    interface ICreateX {
        event ContractCreation(address indexed newContract);
        function deployCreate2(bytes32 salt, bytes initCode) external payable returns (address newContract);
        function deployCreate3(bytes32 salt, bytes initCode) external payable returns (address newContract);
        function computeCreate2Address(bytes32 salt, bytes32 initCodeHash) external view returns (address);
        function computeCreate3Address(bytes32 salt) external view returns (address);
    }
    interface ICreate2Deployer {
        function deploy(uint256 value, bytes32 salt, bytes code) external;
        function computeAddress(bytes32 salt, bytes32 codeHash) external view returns (address);
    }
    interface ISafe {
        event ExecutionSuccess(bytes32 txHash, uint256 payment);
        function setup(address[] owners, uint256 threshold, address to, bytes data, address fallbackHandler, address paymentToken, uint256 payment, address paymentReceiver) external;
        function nonce() external view returns (uint256);
        function getTransactionHash(address to, uint256 value, bytes data, uint8 operation, uint256 safeTxGas, uint256 baseGas, uint256 gasPrice, address gasToken, address refundReceiver, uint256 nonce) external view returns (bytes32);
        function execTransaction(address to, uint256 value, bytes data, uint8 operation, uint256 safeTxGas, uint256 baseGas, uint256 gasPrice, address gasToken, address refundReceiver, bytes signatures) external payable returns (bool);
    }
    interface IMultiSend {
        function multiSend(bytes transactions) external payable;
    }
    interface IPermit2 {
        function DOMAIN_SEPARATOR() external view returns (bytes32);
        function approve(address token, address spender, uint160 amount, uint48 expiration) external;
        function allowance(address owner, address token, address spender) external view returns (uint160 amount, uint48 expiration, uint48 nonce);
    }
    interface IMulticall3Views {
        function getChainId() external view returns (uint256);
        function getEthBalance(address account) external view returns (uint256);
    }
    event UserOperationEvent(bytes32 indexed userOpHash, address indexed sender, address indexed paymaster, uint256 nonce, bool success, uint256 actualGasCost, uint256 actualGasUsed);
    interface IEntryPoint06 {
        struct UserOperation { address sender; uint256 nonce; bytes initCode; bytes callData; uint256 callGasLimit; uint256 verificationGasLimit; uint256 preVerificationGas; uint256 maxFeePerGas; uint256 maxPriorityFeePerGas; bytes paymasterAndData; bytes signature; }
        function getUserOpHash(UserOperation op) external view returns (bytes32);
        function handleOps(UserOperation[] ops, address beneficiary) external;
    }
    interface IEntryPoint07 {
        struct PackedUserOperation { address sender; uint256 nonce; bytes initCode; bytes callData; bytes32 accountGasLimits; uint256 preVerificationGas; bytes32 gasFees; bytes paymasterAndData; bytes signature; }
        function getUserOpHash(PackedUserOperation op) external view returns (bytes32);
        function handleOps(PackedUserOperation[] ops, address beneficiary) external;
    }
}

/// Init code of a contract that logs each call and returns 0, which to an entry point means that it accepts: PUSH10 (PUSH0 PUSH0 LOG0, PUSH0 PUSH0
/// MSTORE, PUSH1 32, PUSH0, RETURN) PUSH0 MSTORE, PUSH1 10, PUSH1 22, RETURN.
const AGREEABLE: [u8; 18] = hex!("695f5fa05f5f5260205ff35f52600a6016f3");
const AGREEABLE_CODE: [u8; 10] = hex!("5f5fa05f5f5260205ff3");

const FRIEND: Address = address!("00000000000000000000000000000000000f41e9");
const GAS: u64 = 3_000_000;

fn view<C: SolCall>(node: &mut Node, to: Address, call: &C) -> C::Return {
    let data = node.ask("eth_call", json!([{ "to": to, "data": hex::encode_prefixed(call.abi_encode()) }, "pending"]));
    C::abi_decode_returns(&hex::decode(data.as_str().unwrap()).unwrap()).unwrap()
}

fn send(node: &mut Node, wallet: &mut Wallet, to: Address, value: u64, input: impl Into<Bytes>) -> Value {
    let draft = TxEip1559 { to: TxKind::Call(to), value: U256::from(value), input: input.into(), gas_limit: GAS, ..wallet.draft() };
    let signed = wallet.sign(draft);
    wallet.nonce += 1;
    let receipt = node.include(&signed);
    assert_eq!(receipt["status"], json!("0x1"), "{receipt}");
    receipt
}

fn code(node: &mut Node, address: Address) -> Bytes {
    node.ask("eth_getCode", json!([address, "pending"])).as_str().unwrap().parse().unwrap()
}

fn has_event<E: SolEvent>(receipt: &Value, contract: Address) -> bool {
    let from = json!(contract);
    receipt["logs"].as_array().unwrap().iter().any(|log| log["address"] == from && log["topics"][0] == json!(E::SIGNATURE_HASH))
}

/// A minimal proxy (EIP-1167) to `implementation`, as init code.
fn clone_of(implementation: Address) -> Bytes {
    [&hex!("3d602d80600a3d3981f3363d3d373d3d3d363d73")[..], implementation.as_slice(), &hex!("5af43d82803e903d91602b57fd5bf3")]
        .concat()
        .into()
}

#[test]
fn every_preinstall_has_its_code_and_permit2_that_of_this_chain() {
    let mut node = Node::start();
    let chain_id: u64 = node.quantity("eth_chainId", json!([])).try_into().unwrap();
    for (address, hash) in CODE_HASHES.into_iter().filter(|(address, _)| *address != PERMIT2) {
        assert_eq!(keccak256(code(&mut node, address)), hash, "{address}");
    }
    let domain: Eip712Domain = eip712_domain! { name: "Permit2", chain_id: chain_id, verifying_contract: PERMIT2, };
    assert_eq!(view(&mut node, PERMIT2, &IPermit2::DOMAIN_SEPARATORCall {}), domain.separator());
}

#[test]
fn every_factory_creates_where_it_says_that_it_will() {
    let mut node = Node::start();
    let mut wallet = node.wallet(0);
    let (init, salt) = (Bytes::from_static(&AGREEABLE), B256::repeat_byte(0x5a));
    // The two proxies: salt and init code in, CREATE2.
    for factory in [DETERMINISTIC_DEPLOYMENT_PROXY, SAFE_SINGLETON_FACTORY] {
        send(&mut node, &mut wallet, factory, 0, [salt.as_slice(), &init].concat());
        assert_eq!(code(&mut node, factory.create2(salt, keccak256(&init))), Bytes::from_static(&AGREEABLE_CODE), "{factory}");
    }
    send(
        &mut node,
        &mut wallet,
        CREATE2_DEPLOYER,
        0,
        ICreate2Deployer::deployCall { value: U256::ZERO, salt, code: init.clone() }.abi_encode(),
    );
    let told = view(&mut node, CREATE2_DEPLOYER, &ICreate2Deployer::computeAddressCall { salt, codeHash: keccak256(&init) });
    assert_eq!(told, CREATE2_DEPLOYER.create2(salt, keccak256(&init)));
    assert_eq!(code(&mut node, told), Bytes::from_static(&AGREEABLE_CODE));
    // CreateX hashes a salt that protects nobody.
    let guarded = keccak256(salt);
    let create2 = view(&mut node, CREATE_X, &ICreateX::computeCreate2AddressCall { salt: guarded, initCodeHash: keccak256(&init) });
    let create3 = view(&mut node, CREATE_X, &ICreateX::computeCreate3AddressCall { salt: guarded });
    let receipt = send(&mut node, &mut wallet, CREATE_X, 0, ICreateX::deployCreate2Call { salt, initCode: init.clone() }.abi_encode());
    assert!(receipt.to_string().contains(&format!("{create2:#x}")[2..]), "{receipt}");
    send(&mut node, &mut wallet, CREATE_X, 0, ICreateX::deployCreate3Call { salt, initCode: init }.abi_encode());
    for created in [create2, create3] {
        assert_eq!(code(&mut node, created), Bytes::from_static(&AGREEABLE_CODE));
    }
}

#[test]
fn many_calls_are_made_in_one() {
    let mut node = Node::start();
    let call = |call: Vec<u8>, fails| IMulticall3::Call3 { target: MULTICALL3, allowFailure: fails, callData: call.into() };
    let owner = node.wallet(0).address();
    let calls = vec![
        call(IMulticall3Views::getChainIdCall {}.abi_encode(), false),
        call(IMulticall3Views::getEthBalanceCall { account: owner }.abi_encode(), false),
        call(vec![1, 2, 3, 4], true),
    ];
    let returned = view(&mut node, MULTICALL3, &IMulticall3::aggregate3Call { calls });
    let balance = U256::from(node.quantity("eth_getBalance", json!([owner, "pending"])));
    assert_eq!(returned[0].returnData, Bytes::from(U256::from(630_925).abi_encode()));
    assert_eq!(returned[1].returnData, Bytes::from(balance.abi_encode()));
    assert_eq!(returned.iter().map(|result| result.success).collect::<Vec<_>>(), [true, true, false]);
}

#[test]
fn permit2_keeps_allowances() {
    let mut node = Node::start();
    let mut wallet = node.wallet(0);
    let (owner, token, spender) = (wallet.address(), Address::repeat_byte(7), FRIEND);
    let approve = IPermit2::approveCall { token, spender, amount: "77".parse().unwrap(), expiration: "4000000000".parse().unwrap() };
    send(&mut node, &mut wallet, PERMIT2, 0, approve.abi_encode());
    let allowance = view(&mut node, PERMIT2, &IPermit2::allowanceCall { owner, token, spender });
    assert_eq!((allowance.amount.to_string(), allowance.expiration.to_string()), ("77".to_owned(), "4000000000".to_owned()));
}

/// A Safe's transaction, signed by its one owner.
fn execute(node: &mut Node, wallet: &mut Wallet, safe: Address, (to, value, data, operation): (Address, u64, Vec<u8>, u8)) -> Value {
    let (value, data, zero) = (U256::from(value), Bytes::from(data), Address::ZERO);
    let nonce = view(node, safe, &ISafe::nonceCall {});
    let call = ISafe::getTransactionHashCall {
        to,
        value,
        data: data.clone(),
        operation,
        safeTxGas: U256::ZERO,
        baseGas: U256::ZERO,
        gasPrice: U256::ZERO,
        gasToken: zero,
        refundReceiver: zero,
        nonce,
    };
    let signatures = wallet.signature(view(node, safe, &call)).as_bytes().to_vec().into();
    let call = ISafe::execTransactionCall {
        to,
        value,
        data,
        operation,
        safeTxGas: U256::ZERO,
        baseGas: U256::ZERO,
        gasPrice: U256::ZERO,
        gasToken: zero,
        refundReceiver: zero,
        signatures,
    };
    let receipt = send(node, wallet, safe, 0, call.abi_encode());
    assert!(has_event::<ISafe::ExecutionSuccess>(&receipt, safe), "{receipt}");
    receipt
}

/// One payment in the encoding of `multiSend`: operation, recipient, value, length of data, data.
fn payment(to: Address, value: u64) -> Vec<u8> {
    [&[0][..], to.as_slice(), &U256::from(value).to_be_bytes::<32>(), &[0; 32]].concat()
}

#[test]
fn a_safe_made_by_safes_factory_pays_alone_and_in_batches() {
    let mut node = Node::start();
    let mut wallet = node.wallet(0);
    for (singleton, salt) in [(SAFE, B256::repeat_byte(1)), (SAFE_L2, B256::repeat_byte(2))] {
        let init = clone_of(singleton);
        let safe = SAFE_SINGLETON_FACTORY.create2(salt, keccak256(&init));
        send(&mut node, &mut wallet, SAFE_SINGLETON_FACTORY, 0, [salt.as_slice(), &init].concat());
        let setup = ISafe::setupCall {
            owners: vec![wallet.address()],
            threshold: U256::ONE,
            to: Address::ZERO,
            data: Bytes::new(),
            fallbackHandler: Address::ZERO,
            paymentToken: Address::ZERO,
            payment: U256::ZERO,
            paymentReceiver: Address::ZERO,
        };
        send(&mut node, &mut wallet, safe, 0, setup.abi_encode());
        send(&mut node, &mut wallet, safe, 1_000, Bytes::new());
        let before = node.quantity("eth_getBalance", json!([FRIEND, "pending"]));
        execute(&mut node, &mut wallet, safe, (FRIEND, 100, Vec::new(), 0));
        for batch in [MULTI_SEND, MULTI_SEND_CALL_ONLY] {
            let transactions = [payment(FRIEND, 10), payment(FRIEND, 1)].concat().into();
            execute(&mut node, &mut wallet, safe, (batch, 0, IMultiSend::multiSendCall { transactions }.abi_encode(), 1));
        }
        assert_eq!(node.quantity("eth_getBalance", json!([FRIEND, "pending"])) - before, 122);
        assert_eq!(node.quantity("eth_getBalance", json!([safe, "pending"])), 878);
    }
}

/// Init code of a user operation, which creates the account through CreateX, and the account's address.
fn account(node: &mut Node, salt: u8) -> (Bytes, Address) {
    let salt = B256::repeat_byte(salt);
    let create = ICreateX::deployCreate2Call { salt, initCode: Bytes::from_static(&AGREEABLE) }.abi_encode();
    let at = ICreateX::computeCreate2AddressCall { salt: keccak256(salt), initCodeHash: keccak256(AGREEABLE) };
    ([CREATE_X.as_slice(), &create].concat().into(), view(node, CREATE_X, &at))
}

/// The event of the one operation: that it succeeded, and that the account was asked and then called.
fn assert_handled(node: &mut Node, receipt: &Value, entry_point: Address, (sender, hash): (Address, B256)) {
    assert!(has_event::<UserOperationEvent>(receipt, entry_point), "{receipt}");
    let logs = receipt["logs"].as_array().unwrap();
    let event = logs.iter().find(|log| log["topics"][0] == json!(UserOperationEvent::SIGNATURE_HASH)).unwrap();
    assert_eq!((&event["topics"][1], &event["topics"][2]), (&json!(hash), &json!(sender.into_word())));
    let data: Bytes = event["data"].as_str().unwrap().parse().unwrap();
    assert_eq!(U256::from_be_slice(&data[32..64]), U256::ONE, "success");
    assert_eq!(logs.iter().filter(|log| log["address"] == json!(sender)).count(), 2, "{receipt}");
    assert_eq!(code(node, sender), Bytes::from_static(&AGREEABLE_CODE));
}

#[test]
fn the_entry_point_of_version_0_6_creates_an_account_and_runs_its_operation() {
    let mut node = Node::start();
    let mut wallet = node.wallet(0);
    let (init_code, sender) = account(&mut node, 0x66);
    let op = IEntryPoint06::UserOperation {
        sender,
        nonce: U256::ZERO,
        initCode: init_code,
        callData: Bytes::from_static(&[1]),
        callGasLimit: U256::from(100_000),
        verificationGasLimit: U256::from(500_000),
        preVerificationGas: U256::ZERO,
        maxFeePerGas: U256::ZERO,
        maxPriorityFeePerGas: U256::ZERO,
        paymasterAndData: Bytes::new(),
        signature: Bytes::new(),
    };
    let packed = (
        (op.sender, op.nonce, keccak256(&op.initCode), keccak256(&op.callData), op.callGasLimit),
        (op.verificationGasLimit, op.preVerificationGas, op.maxFeePerGas, op.maxPriorityFeePerGas, keccak256(&op.paymasterAndData)),
    );
    let hash = keccak256((keccak256(packed.abi_encode()), ENTRY_POINT_V06, U256::from(wallet.chain_id)).abi_encode());
    assert_eq!(view(&mut node, ENTRY_POINT_V06, &IEntryPoint06::getUserOpHashCall { op: op.clone() }), hash);
    let handle = IEntryPoint06::handleOpsCall { ops: vec![op], beneficiary: FRIEND };
    let receipt = send(&mut node, &mut wallet, ENTRY_POINT_V06, 0, handle.abi_encode());
    assert_handled(&mut node, &receipt, ENTRY_POINT_V06, (sender, hash));
}

#[test]
fn the_entry_point_of_version_0_7_creates_an_account_and_runs_its_operation() {
    let mut node = Node::start();
    let mut wallet = node.wallet(0);
    let (init_code, sender) = account(&mut node, 0x77);
    let limits: U256 = (U256::from(500_000) << 128) | U256::from(100_000);
    let op = IEntryPoint07::PackedUserOperation {
        sender,
        nonce: U256::ZERO,
        initCode: init_code,
        callData: Bytes::from_static(&[1]),
        accountGasLimits: limits.into(),
        preVerificationGas: U256::ZERO,
        gasFees: B256::ZERO,
        paymasterAndData: Bytes::new(),
        signature: Bytes::new(),
    };
    let packed = (
        (op.sender, op.nonce, keccak256(&op.initCode), keccak256(&op.callData)),
        (op.accountGasLimits, op.preVerificationGas, op.gasFees, keccak256(&op.paymasterAndData)),
    );
    let hash = keccak256((keccak256(packed.abi_encode()), ENTRY_POINT_V07, U256::from(wallet.chain_id)).abi_encode());
    assert_eq!(view(&mut node, ENTRY_POINT_V07, &IEntryPoint07::getUserOpHashCall { op: op.clone() }), hash);
    let handle = IEntryPoint07::handleOpsCall { ops: vec![op], beneficiary: FRIEND };
    let receipt = send(&mut node, &mut wallet, ENTRY_POINT_V07, 0, handle.abi_encode());
    assert_handled(&mut node, &receipt, ENTRY_POINT_V07, (sender, hash));
}
