//! Users and the owner on L1: deposits of every kind, and changes of the system configuration.

use crate::{
    l2_traffic::LOGGER,
    rig::{OPEN, Rig, operator},
};
use alloy_primitives::{Address, Bytes, U256, bytes};
use alloy_sol_types::SolCall;
use tributary_contracts::{
    OpenToken::approveCall,
    SystemConfig::{
        setDAFootprintGasScalarCall, setEIP1559ParamsCall, setGasConfigEcotoneCall, setGasLimitCall, setMinBaseFeeCall,
        setOperatorFeeScalarsCall, setUnsafeBlockSignerCall,
    },
    TributaryPortal::{depositERC20TransactionCall, depositTransactionCall},
};
use tributary_l1::{L1Sender, TxRequest};

/// The L2 gas limit that the owner sets.
pub(crate) const NEW_GAS_LIMIT: u64 = 900_000_000;

/// EIP-1559 denominator and elasticity that the owner sets.
pub(crate) const NEW_EIP1559: (u32, u32) = (100, 3);

/// Fee scalars of the L1 data fee that the owner sets.
pub(crate) const NEW_SCALARS: (u32, u32) = (2000, 900_000);

/// What the owner has L2 charge for itself: scalar and constant.
pub(crate) const NEW_OPERATOR_FEE: (u32, u64) = (7_000_000, 11);

/// Minimum base fee and DA footprint gas scalar that the owner sets where there is Jovian.
pub(crate) const NEW_JOVIAN: (u64, u16) = (1_234_567_890, 321);

/// INVALID.
const FAILING: Bytes = bytes!("fe");

/// Init code of a contract that, while it is created, calls `to` with `input`: a deposit of a contract, whose address is aliased.
fn caller_of(to: Address, input: &[u8]) -> Bytes {
    let size = (input.len() as u16).to_be_bytes();
    // PUSH2 size, PUSH2 offset, PUSH0, CODECOPY; PUSH0 ×2, PUSH2 size, PUSH0 ×2, PUSH20 to, GAS, CALL; PUSH1 offset, JUMPI, PUSH0, PUSH0, REVERT;
    // JUMPDEST, PUSH0, PUSH0, RETURN.
    let mut code = [&[0x61], &size[..], &[0x61, 0, 48, 0x5f, 0x39, 0x5f, 0x5f, 0x61], &size, &[0x5f, 0x5f, 0x73], to.as_slice()].concat();
    code.extend([0x5a, 0xf1, 0x60, 44, 0x57, 0x5f, 0x5f, 0xfd, 0x5b, 0x5f, 0x5f, 0xf3]);
    assert_eq!((code[44], code.len()), (0x5b, 48));
    [&code, input].concat().into()
}

struct L1<'a> {
    rig: &'a Rig,
    user: L1Sender,
    owner: L1Sender,
}

impl L1<'_> {
    fn deposit(&self, call: impl SolCall) -> TxRequest {
        TxRequest::call(self.rig.configured("deposit_contract_address"), call.abi_encode())
    }

    fn config(&self, call: impl SolCall) -> TxRequest {
        TxRequest::call(self.rig.configured("l1_system_config_address"), call.abi_encode())
    }

    /// Sends these at once; the number of the last L1 block that holds one of them.
    async fn all<const N: usize>(&self, requests: [(&L1Sender, TxRequest); N]) -> u64 {
        let sent = requests.map(|(sender, request)| sender.execute(request));
        let mut newest = 0;
        // Each future sends when it is first polled, so they must be polled together.
        for receipt in join(sent).await {
            newest = newest.max(receipt.unwrap().block_number.unwrap());
        }
        newest
    }
}

/// Polls all futures until all are done.
async fn join<F: Future, const N: usize>(futures: [F; N]) -> [F::Output; N] {
    let mut futures = futures.map(|future| (Box::pin(future), None));
    std::future::poll_fn(|context| {
        for (future, output) in futures.iter_mut().filter(|(_, output)| output.is_none()) {
            if let std::task::Poll::Ready(ready) = future.as_mut().poll(context) {
                *output = Some(ready);
            }
        }
        if futures.iter().all(|(_, output)| output.is_some()) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    futures.map(|(_, output)| output.unwrap())
}

/// Returns the number of the last L1 block that matters to L2.
pub(crate) async fn run(rig: &Rig) -> u64 {
    let l1 = L1 { rig, user: rig.sender(rig.users[1].clone()).await, owner: rig.sender(operator(0)).await };
    let (user, owner) = (&l1.user, &l1.owner);
    let to = Address::repeat_byte(0x77);
    let data = Bytes::new();
    let portal = rig.configured("deposit_contract_address");
    let approve = TxRequest::call(rig.open_token, approveCall { spender: portal, value: U256::MAX }.abi_encode());
    l1.all([(user, approve)]).await;

    let transfer = depositERC20TransactionCall { to, mint: OPEN, value: U256::from(1), gasLimit: 100_000, isCreation: false, data };
    let creation = depositERC20TransactionCall { to: Address::ZERO, isCreation: true, gasLimit: 300_000, data: LOGGER, ..transfer.clone() };
    let failing = depositERC20TransactionCall { data: FAILING, ..creation.clone() };
    l1.all([
        (user, l1.deposit(transfer.clone())),
        (owner, l1.config(setGasConfigEcotoneCall { newBasefeeScalar: NEW_SCALARS.0, newBlobbasefeeScalar: NEW_SCALARS.1 })),
        (user, l1.deposit(creation)),
        (user, l1.deposit(failing)),
    ])
    .await;

    let penniless =
        depositTransactionCall { to, value: OPEN * U256::from(1_000_000), gasLimit: 50_000, isCreation: false, data: Bytes::new() };
    let aliased = depositTransactionCall { value: U256::ZERO, data: Bytes::from_static(b"alias"), ..penniless.clone() };
    let (denominator, elasticity) = NEW_EIP1559;
    l1.all([
        (owner, l1.config(setEIP1559ParamsCall { denominator, elasticity })),
        (user, l1.deposit(penniless)),
        (user, TxRequest::deploy(caller_of(portal, &aliased.abi_encode()))),
        (owner, l1.config(setUnsafeBlockSignerCall { newSigner: to })),
    ])
    .await;

    let (new_scalar, new_constant) = NEW_OPERATOR_FEE;
    let newest = l1
        .all([
            (owner, l1.config(setGasLimitCall { newGasLimit: NEW_GAS_LIMIT })),
            (owner, l1.config(setOperatorFeeScalarsCall { newScalar: new_scalar, newConstant: new_constant })),
            (user, l1.deposit(transfer)),
        ])
        .await;
    if rig.config["jovian_time"].is_null() {
        return newest;
    }
    let (new_min_base_fee, new_scalar) = NEW_JOVIAN;
    l1.all([
        (owner, l1.config(setMinBaseFeeCall { newMinBaseFee: new_min_base_fee })),
        (owner, l1.config(setDAFootprintGasScalarCall { newScalar: new_scalar })),
    ])
    .await
}
