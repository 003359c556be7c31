//! Instructions and creations in which Ethereum's rules are not revm's: SSTORE of Constantinople before Petersburg (EIP-1283), and a new contract at
//! an address that has storage (EIP-7610).

use crate::{error::DbError, overlay::Overlay};
use alloy_evm::{eth::EthEvm, precompiles::PrecompilesMap};
use alloy_op_evm::OpEvm;
use alloy_primitives::{Address, Bytes};
use revm::{
    bytecode::opcode,
    context::{ContextTr, JournalTr},
    context_interface::{
        CreateScheme, Host,
        cfg::{GasId, GasParams},
        context::{ContextError, SStoreResult},
    },
    handler::instructions::EthInstructions,
    interpreter::{
        FrameInput, Instruction, InstructionContext, InstructionResult, InterpreterAction, gas,
        instructions::contract,
        interpreter::EthInterpreter,
        interpreter_types::{InputsTr, LoopControl, RuntimeFlag, StackTr},
    },
    primitives::hardfork::SpecId,
};
use tributary_primitives::StateReader;

type Instructions<H> = EthInstructions<EthInterpreter, H>;
type Context<'a, H> = InstructionContext<'a, H, EthInterpreter>;

/// The machine with creations as EIP-7610 has them, and SSTORE as EIP-1283 has it where `eip1283`.
pub(crate) fn for_ethereum<S: StateReader, I>(
    evm: EthEvm<Overlay<S>, I, PrecompilesMap>,
    eip1283: bool,
) -> EthEvm<Overlay<S>, I, PrecompilesMap> {
    let mut inner = evm.into_inner();
    install_create(&mut inner.instruction);
    if eip1283 {
        inner.ctx.cfg.gas_params = eip1283_gas();
        inner.instruction.insert_instruction(opcode::SSTORE, Instruction::new(sstore_eip1283, 0));
    }
    EthEvm::new(inner, true)
}

/// The machine with creations as EIP-7610 has them.
pub(crate) fn for_rollup<S: StateReader, I>(evm: OpEvm<Overlay<S>, I, PrecompilesMap>) -> OpEvm<Overlay<S>, I, PrecompilesMap> {
    let mut inner = evm.into_inner();
    install_create(&mut inner.0.instruction);
    OpEvm::new(inner, true)
}

fn install_create<S: StateReader, H: ContextTr<Db = Overlay<S>> + Host>(instructions: &mut Instructions<H>) {
    instructions.insert_instruction(opcode::CREATE, Instruction::new(create::<S, H, false>, 0));
    instructions.insert_instruction(opcode::CREATE2, Instruction::new(create::<S, H, true>, 0));
}

/// CREATE and CREATE2. Where there is storage at the new address, the init code gives way to one invalid instruction: the creation then ends as any
/// collision does, with the creator's nonce raised, the address warm, all of its gas gone and nothing else changed. A trace shows that instruction.
fn create<S: StateReader, H: ContextTr<Db = Overlay<S>> + Host, const IS_CREATE2: bool>(context: Context<'_, H>) {
    let InstructionContext { interpreter, host } = context;
    contract::create::<EthInterpreter, IS_CREATE2, H>(InstructionContext { interpreter: &mut *interpreter, host: &mut *host });
    let Some(InterpreterAction::NewFrame(FrameInput::Create(inputs))) = interpreter.bytecode.action() else { return };
    match collision(host, inputs.caller(), |nonce| inputs.created_address(nonce)) {
        Ok(None) => {}
        Ok(Some(address)) => {
            inputs.set_scheme(CreateScheme::Custom { address });
            inputs.set_init_code(Bytes::from_static(&[opcode::INVALID]));
        }
        Err(error) => {
            *host.error() = Err(ContextError::Db(error));
            // In place of the creation, which is under way.
            let halt = InterpreterAction::new_halt(InstructionResult::FatalExternalError, interpreter.gas);
            *interpreter.bytecode.action() = Some(halt);
        }
    }
}

/// The address at which `creator` creates now, if it has nothing but storage and perhaps a balance.
fn collision<S: StateReader, H: ContextTr<Db = Overlay<S>>>(
    host: &mut H,
    creator: Address,
    address: impl FnOnce(u64) -> Address,
) -> Result<Option<Address>, DbError> {
    let nonce = host.journal_mut().load_account(creator)?.data.info.nonce;
    let address = address(nonce);
    Ok(host.db_mut().is_storage_alone(address)?.then_some(address))
}

/// The gas table of Petersburg with EIP-1283's prices of SSTORE: 200 for one that changes nothing that was not changed before, 20,000 and 5,000 in all
/// for the first change of a slot, and these less 200 given back for undoing it.
fn eip1283_gas() -> GasParams {
    const NO_CHANGE: u64 = 200;
    const SET: u64 = 20_000 - NO_CHANGE;
    const RESET: u64 = 5_000 - NO_CHANGE;
    let mut params = GasParams::new_spec(SpecId::PETERSBURG);
    params.override_gas([
        (GasId::sstore_static(), NO_CHANGE),
        (GasId::sstore_set_without_load_cost(), SET),
        (GasId::sstore_set_refund(), SET),
        (GasId::sstore_reset_without_cold_load_cost(), RESET),
        (GasId::sstore_reset_refund(), RESET),
    ]);
    params
}

/// SSTORE with net gas metering and without the stipend that EIP-2200 keeps back: what Constantinople had until Petersburg took it out.
fn sstore_eip1283<H: Host>(context: Context<'_, H>) {
    let InstructionContext { interpreter, host } = context;
    if interpreter.runtime_flag.is_static() {
        return interpreter.halt(InstructionResult::StateChangeDuringStaticCall);
    }
    let Some([slot, value]) = StackTr::popn(&mut interpreter.stack) else { return interpreter.halt_underflow() };
    gas!(interpreter, host.gas_params().sstore_static_gas());
    let Some(stored) = host.sstore(interpreter.input.target_address(), slot, value) else { return interpreter.halt_fatal() };
    let stored: SStoreResult = stored.data;
    gas!(interpreter, host.gas_params().sstore_dynamic_gas(true, &stored, false));
    interpreter.gas.record_refund(host.gas_params().sstore_refund(true, &stored));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Abort, CallOutcome, Ending, Executor, Simulation, calls::call::tests::simulation};
    use alloy_consensus::Header;
    use alloy_genesis::{ChainConfig, Genesis};
    use alloy_primitives::{B256, U256, address, hex, keccak256};
    use alloy_rpc_types_eth::{TransactionRequest, state::AccountOverride};
    use std::sync::Arc;
    use tributary_primitives::ChainSpec;

    const RICH: Address = address!("00000000000000000000000000000000000000a1");
    const TARGET: Address = address!("00000000000000000000000000000000000000b1");

    /// The simulation on a state where `who` has no code, this nonce and balance, and `slot` in its first slot.
    fn on(mut simulation: Simulation, who: Address, nonce: u64, balance: u64, slot: u8) -> Simulation {
        let slots = [(B256::ZERO, B256::with_last_byte(slot))].into_iter().collect();
        let account =
            AccountOverride { nonce: Some(nonce), balance: Some(U256::from(balance)), state_diff: Some(slots), ..Default::default() };
        simulation.overrides.state.get_or_insert_default().insert(who, account);
        simulation
    }

    fn call(simulation: &Simulation, request: TransactionRequest) -> CallOutcome {
        let request = TransactionRequest { gas: Some(1_000_000), ..request.from(RICH) };
        simulation.call(&request, &Abort::default()).unwrap()
    }

    #[test]
    fn a_contract_creates_nothing_where_there_is_storage_and_loses_the_gas() {
        // CREATE or CREATE2 without init code, the address returned.
        let create = (&hex!("5f5f5ff05f5260205ff3")[..], TARGET.create(1));
        let create2 = (&hex!("5f5f5f5ff55f5260205ff3")[..], TARGET.create2(B256::ZERO, keccak256([])));
        for (code, address) in [create, create2] {
            let created = |balance, slot| call(&on(simulation(code), address, 0, balance, slot), TransactionRequest::default().to(TARGET));
            let free = Ending::Returned(address.into_word().into());
            let taken = Ending::Returned(B256::ZERO.into());
            assert_eq!([created(0, 0).ending, created(9, 0).ending], [free.clone(), free]);
            for balance in [0, 9] {
                let outcome = created(balance, 7);
                assert_eq!(outcome.ending, taken);
                assert!(outcome.gas_used > 900_000, "{}", outcome.gas_used);
            }
        }
    }

    #[test]
    fn a_transaction_creates_nothing_where_there_is_storage() {
        // The init code returns a byte of code.
        let create = TransactionRequest { input: hex!("60015ff3").to_vec().into(), ..Default::default() };
        let on_slot = |slot| call(&on(simulation(&[]), RICH.create(3), 0, 1, slot), create.clone());
        assert_eq!(on_slot(0).ending, Ending::Returned(hex!("00").into()));
        assert_eq!((on_slot(7).ending, on_slot(7).gas_used), (Ending::Halted("contract address collision".into()), 1_000_000));
    }

    /// The cases of the EIP that are two stores: the values, the slot before, gas used, and the refund.
    #[test]
    fn stores_of_constantinople_cost_what_eip_1283_says() {
        let cases = [
            (0, 0, 0, 412, 0),
            (0, 1, 0, 20_212, 0),
            (1, 0, 0, 20_212, 19_800),
            (1, 2, 0, 20_212, 0),
            (1, 1, 0, 20_212, 0),
            (0, 0, 1, 5_212, 15_000),
            (0, 1, 1, 5_212, 4_800),
            (0, 2, 1, 5_212, 0),
            (2, 0, 1, 5_212, 15_000),
            (2, 3, 1, 5_212, 0),
            (2, 1, 1, 5_212, 4_800),
            (2, 2, 1, 5_212, 0),
            (1, 0, 1, 5_212, 15_000),
            (1, 2, 1, 5_212, 0),
            (1, 1, 1, 412, 0),
        ];
        let config = ChainConfig {
            homestead_block: Some(0),
            eip150_block: Some(0),
            eip155_block: Some(0),
            eip158_block: Some(0),
            byzantium_block: Some(0),
            constantinople_block: Some(0),
            petersburg_block: Some(u64::MAX),
            ..Default::default()
        };
        let constantinople = Executor::new(Arc::new(ChainSpec::ethereum(Genesis { config, ..Default::default() })));
        for (first, second, before, gas, refund) in cases {
            let code = [0x60, first, 0x60, 0, 0x55, 0x60, second, 0x60, 0, 0x55];
            let header = Header { number: 5, gas_limit: 30_000_000, ..Default::default() };
            let simulation = Simulation { executor: constantinople.clone(), header, ..on(simulation(&code), TARGET, 1, 0, before) };
            let used = 21_000 + gas;
            let outcome = call(&simulation, TransactionRequest::default().to(TARGET));
            assert_eq!(
                (outcome.ending, outcome.gas_used),
                (Ending::Returned(Bytes::new()), used - refund.min(used / 2)),
                "{before}: {first}, {second}"
            );
        }
    }
}
