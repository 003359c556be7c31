//! Why something failed: in the words of geth, and in those of OpenEthereum, which `trace_*` gives.

use super::gas::fixed;
use alloy_sol_types::{Panic, Revert, SolError};
use revm::{
    bytecode::opcode::{self, OpCode},
    context::result::{HaltReason, OutOfGasError},
    interpreter::InstructionResult,
};
use std::borrow::Cow;

/// geth's words for a failure.
pub(crate) type Words = Cow<'static, str>;

pub(crate) const REVERTED: &str = "execution reverted";
pub(crate) const OUT_OF_GAS: &str = "out of gas";
pub(crate) const CODE_STORE_OUT_OF_GAS: &str = "contract creation code storage out of gas";
pub(crate) const COLLISION: &str = "contract address collision";
pub(crate) const NONCE_OVERFLOW: &str = "nonce uint64 overflow";

/// Items that a stack can hold.
const STACK_LIMIT: usize = 1024;

/// An instruction, and how many items were on the stack and how much gas was left before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct At {
    pub(crate) op: u8,
    pub(crate) stack: usize,
    pub(crate) gas: u64,
}

impl At {
    /// What geth meets first where the machine met `result`: it checks the stack before anything else, and takes the instruction's fixed price before
    /// it asks whether anything may be written.
    pub(crate) fn first_failure(self, result: InstructionResult) -> InstructionResult {
        use InstructionResult as R;
        let is_unknown = matches!(result, R::OpcodeNotFound | R::NotActivated | R::InvalidImmediateEncoding | R::InvalidFEOpcode);
        let Some(known) = OpCode::new(self.op).filter(|_| !result.is_ok() && !is_unknown) else { return result };
        let (taken, given) = (usize::from(known.inputs()), usize::from(known.outputs()));
        match result {
            _ if self.stack < taken => R::StackUnderflow,
            _ if self.stack - taken + given > STACK_LIMIT => R::StackOverflow,
            R::CallNotAllowedInsideStatic | R::StateChangeDuringStaticCall if self.gas < fixed(self.op) => R::OutOfGas,
            _ => result,
        }
    }
}

/// geth's name of an instruction, which for one that does not exist is a sentence.
pub(crate) fn op_name(op: u8) -> Words {
    match OpCode::new(op) {
        Some(op) => op.as_str().into(),
        None => format!("opcode {op:#x} not defined").into(),
    }
}

/// geth's words for what ended a frame; `None` for what is no failure. `at` is the instruction that failed.
pub(crate) fn of_result(result: InstructionResult, at: At) -> Option<Words> {
    use InstructionResult as R;
    Some(match at.first_failure(result) {
        R::Stop | R::Return | R::SelfDestruct => return None,
        R::Revert | R::CreateInitCodeStartingEF00 | R::InvalidEOFInitCode | R::InvalidExtDelegateCallTarget => REVERTED.into(),
        R::CallTooDeep => "max call depth exceeded".into(),
        R::OutOfFunds | R::OverflowPayment => "insufficient balance for transfer".into(),
        R::OutOfGas | R::MemoryOOG | R::MemoryLimitOOG | R::PrecompileOOG => OUT_OF_GAS.into(),
        R::InvalidOperandOOG => "gas uint64 overflow".into(),
        R::ReentrancySentryOOG => "out of gas: not enough gas for reentrancy sentry".into(),
        R::OpcodeNotFound | R::NotActivated | R::InvalidImmediateEncoding | R::InvalidFEOpcode => {
            format!("invalid opcode: {}", op_name(at.op)).into()
        }
        R::CallNotAllowedInsideStatic | R::StateChangeDuringStaticCall => "write protection".into(),
        R::InvalidJump => "invalid jump destination".into(),
        R::StackUnderflow => {
            let required = OpCode::new(at.op).map_or(0, |op| usize::from(op.inputs()));
            format!("stack underflow ({} <=> {required})", at.stack).into()
        }
        R::StackOverflow => format!("stack limit reached {STACK_LIMIT} ({})", STACK_LIMIT - 1).into(),
        R::OutOfOffset => "return data out of bounds".into(),
        R::CreateCollision => COLLISION.into(),
        R::PrecompileError => "precompile failed".into(),
        R::NonceOverflow => NONCE_OVERFLOW.into(),
        R::CreateContractSizeLimit => "max code size exceeded".into(),
        R::CreateContractStartingWithEF => "invalid code: must not begin with 0xef".into(),
        R::CreateInitCodeSizeLimit => "max initcode size exceeded".into(),
        R::FatalExternalError => "the state could not be read".into(),
    })
}

/// geth's words for an execution that failed without reverting. `at` is the last instruction that was executed.
pub(crate) fn of_halt(reason: &HaltReason, at: At) -> String {
    match reason {
        HaltReason::PrecompileErrorWithContext(words) => words.clone(),
        // An instruction that returns can only be short of gas for memory.
        HaltReason::OutOfGas(OutOfGasError::Basic) if at.op == opcode::RETURN => CODE_STORE_OUT_OF_GAS.to_owned(),
        reason => of_result(reason.clone().into(), at).unwrap_or_default().into_owned(),
    }
}

/// Whether geth meets the failure while it executes the instruction, whose price is then paid, and not before.
pub(crate) const fn is_while_executing(result: InstructionResult) -> bool {
    use InstructionResult as R;
    matches!(
        result,
        R::Revert
            | R::InvalidFEOpcode
            | R::OpcodeNotFound
            | R::NotActivated
            | R::InvalidJump
            | R::OutOfOffset
            | R::StateChangeDuringStaticCall
            | R::CallNotAllowedInsideStatic
    )
}

/// The words of geth's flatCallTracer when it is asked to convert errors: some stay as they are.
pub(crate) fn converted(words: &str) -> &str {
    match words {
        CODE_STORE_OUT_OF_GAS | OUT_OF_GAS | "gas uint64 overflow" | "max code size exceeded" => "Out of gas",
        "invalid jump destination" => "Bad jump destination",
        REVERTED => "Reverted",
        "return data out of bounds" => "Out of bounds",
        "stack limit reached 1024 (1023)" => "Out of stack",
        "precompile failed" => "Built-in failed",
        _ if words.starts_with("out of gas:") => "Out of gas",
        _ if words.starts_with("invalid opcode:") => "Bad instruction",
        _ if words.starts_with("stack underflow") => "Stack underflow",
        _ => words,
    }
}

/// OpenEthereum's words.
pub(crate) fn parity(words: &str) -> &str {
    match converted(words) {
        "write protection" => "Mutable Call In Static Context",
        COLLISION | "max initcode size exceeded" => "Out of gas",
        "insufficient balance for transfer" => "Insufficient balance for transfer",
        "max call depth exceeded" => "Call depth exceeded",
        "invalid code: must not begin with 0xef" => "Invalid code",
        other => other,
    }
}

/// Why it reverted, from what it returned: the text of `Error(string)`, or the name of a `Panic(uint256)`.
pub(crate) fn revert_reason(output: &[u8]) -> Option<String> {
    let reason = match output.get(..4)? {
        selector if selector == Revert::SELECTOR => Revert::abi_decode(output).ok()?.reason,
        selector if selector == Panic::SELECTOR => Panic::abi_decode(output).ok()?.as_geth_str().into_owned(),
        _ => return None,
    };
    (!reason.is_empty()).then_some(reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{U256, hex};

    #[test]
    fn failures_are_told_as_geth_tells_them() {
        use InstructionResult as R;
        for (result, op, stack, words) in [
            (R::StackUnderflow, 0x01, 0, "stack underflow (0 <=> 2)"),
            (R::StackUnderflow, 0x8f, 3, "stack underflow (3 <=> 16)"),
            (R::StackUnderflow, 0x90, 1, "stack underflow (1 <=> 2)"),
            (R::StackOverflow, 0x5f, 1024, "stack limit reached 1024 (1023)"),
            (R::StackOverflow, 0x81, 0, "stack underflow (0 <=> 2)"),
            (R::StackOverflow, 0x8f, 15, "stack underflow (15 <=> 16)"),
            (R::StackOverflow, 0x80, 1024, "stack limit reached 1024 (1023)"),
            (R::OpcodeNotFound, 0x0c, 0, "invalid opcode: opcode 0xc not defined"),
            (R::OpcodeNotFound, 0xb0, 0, "invalid opcode: opcode 0xb0 not defined"),
            (R::NotActivated, 0x5f, 0, "invalid opcode: PUSH0"),
            (R::InvalidFEOpcode, 0xfe, 0, "invalid opcode: INVALID"),
            (R::InvalidOperandOOG, 0x20, 2, "gas uint64 overflow"),
        ] {
            assert_eq!(of_result(result, At { op, stack, gas: 100_000 }).as_deref(), Some(words));
        }
        assert_eq!(of_result(R::Stop, At::default()), None);
    }

    #[test]
    fn the_stack_is_checked_before_gas_and_gas_before_write_protection() {
        use InstructionResult as R;
        let protected = R::StateChangeDuringStaticCall;
        for (result, op, stack, gas, words) in [
            (protected, opcode::SSTORE, 1, 100_000, "stack underflow (1 <=> 2)"),
            (protected, opcode::SSTORE, 2, 100_000, "write protection"),
            (protected, opcode::TSTORE, 0, 100_000, "stack underflow (0 <=> 2)"),
            (protected, opcode::LOG2, 3, 100_000, "stack underflow (3 <=> 4)"),
            (protected, opcode::CREATE, 2, 100_000, "stack underflow (2 <=> 3)"),
            (protected, opcode::CREATE2, 3, 100_000, "stack underflow (3 <=> 4)"),
            (protected, opcode::CREATE, 3, 31_999, "out of gas"),
            (protected, opcode::CREATE, 3, 32_000, "write protection"),
            (protected, opcode::SELFDESTRUCT, 0, 100_000, "stack underflow (0 <=> 1)"),
            (protected, opcode::SELFDESTRUCT, 1, 4_999, "out of gas"),
            (R::CallNotAllowedInsideStatic, opcode::CALL, 6, 100_000, "stack underflow (6 <=> 7)"),
            (R::CallNotAllowedInsideStatic, opcode::CALL, 7, 100_000, "write protection"),
            (R::OutOfGas, opcode::ADD, 1, 1, "stack underflow (1 <=> 2)"),
            (R::OutOfGas, opcode::STATICCALL, 5, 1, "stack underflow (5 <=> 6)"),
            (R::OutOfGas, opcode::PUSH1, 1024, 1, "stack limit reached 1024 (1023)"),
            (R::OutOfGas, opcode::POP, 1024, 1, "out of gas"),
            (R::NotActivated, opcode::MCOPY, 0, 1, "invalid opcode: MCOPY"),
        ] {
            assert_eq!(of_result(result, At { op, stack, gas }).as_deref(), Some(words), "{result:?} {op:#x} {stack} {gas}");
        }
    }

    #[test]
    fn failures_are_told_as_openethereum_tells_them() {
        for (geth, expected) in [
            ("execution reverted", "Reverted"),
            ("out of gas: not enough gas for reentrancy sentry", "Out of gas"),
            ("stack underflow (0 <=> 2)", "Stack underflow"),
            ("invalid opcode: INVALID", "Bad instruction"),
            ("write protection", "Mutable Call In Static Context"),
        ] {
            assert_eq!(parity(geth), expected);
        }
        assert_eq!(converted("write protection"), "write protection", "geth has no other word for it");
    }

    #[test]
    fn a_reason_is_read_as_solidity_writes_it() {
        assert_eq!(revert_reason(&Revert { reason: "no".into() }.abi_encode()).as_deref(), Some("no"));
        let panic = |code: u64| revert_reason(&Panic { code: U256::from(code) }.abi_encode());
        assert_eq!(panic(0x11).as_deref(), Some("arithmetic underflow or overflow"));
        assert_eq!(panic(0x99).as_deref(), Some("unknown panic code: 0x99"));
        for other in [&hex!("deadbeef")[..], &hex!("08c379a0"), &[]] {
            assert_eq!(revert_reason(other), None);
        }
    }
}
