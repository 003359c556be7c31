//! The events that tracers record.

use super::words::Words;
use alloy_primitives::{Address, Bytes, U256};

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FrameKind {
    Call,
    CallCode,
    DelegateCall,
    StaticCall,
    Create,
    Create2,
    SelfDestruct,
}

impl FrameKind {
    /// The instruction that enters such a frame.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Call => "CALL",
            Self::CallCode => "CALLCODE",
            Self::DelegateCall => "DELEGATECALL",
            Self::StaticCall => "STATICCALL",
            Self::Create => "CREATE",
            Self::Create2 => "CREATE2",
            Self::SelfDestruct => "SELFDESTRUCT",
        }
    }

    pub(crate) const fn is_create(self) -> bool {
        matches!(self, Self::Create | Self::Create2)
    }

    pub(crate) const fn is_call(self) -> bool {
        !self.is_create() && !matches!(self, Self::SelfDestruct)
    }
}

/// A frame begins. That of the transaction itself has depth 0.
#[derive(Debug, Clone)]
pub(crate) struct Enter {
    pub(crate) depth: usize,
    pub(crate) kind: FrameKind,
    /// Who executes the instruction.
    pub(crate) from: Address,
    /// Whose code is called; where a contract is made; who gets the balance.
    pub(crate) to: Address,
    pub(crate) input: Bytes,
    pub(crate) gas: u64,
    /// None for what cannot have one.
    pub(crate) value: Option<U256>,
    /// A call to one of the machine's own contracts.
    pub(crate) is_precompile: bool,
}

/// A frame ends.
#[derive(Debug, Clone, Default)]
pub(crate) struct Exit {
    pub(crate) depth: usize,
    pub(crate) output: Bytes,
    pub(crate) gas_used: u64,
    pub(crate) error: Option<Words>,
}

/// What an instruction changed, which whoever looks at the state "before it" must not see.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Undo {
    /// A slot and what it held.
    Slot(Address, U256, U256),
    /// Two accounts and their balances.
    Balances([(Address, U256); 2]),
}

/// An instruction, told once it was executed, with everything as it was before.
#[derive(Debug, Clone, Default)]
pub(crate) struct Step {
    pub(crate) pc: usize,
    pub(crate) op: u8,
    /// Gas left before it.
    pub(crate) gas: u64,
    /// What it costs, gas that it passes on included.
    pub(crate) cost: u64,
    /// The transaction's refund counter.
    pub(crate) refund: u64,
    /// 1 in the transaction's own frame.
    pub(crate) depth: usize,
    /// Why it could not begin.
    pub(crate) error: Option<Words>,
    pub(crate) stack: Vec<U256>,
    /// Only where somebody needs it.
    pub(crate) memory: Vec<u8>,
    /// Another number whenever `memory` may be other than before.
    pub(crate) memory_version: u64,
    pub(crate) memory_size: usize,
    pub(crate) return_data: Bytes,
    /// Whose storage it works on.
    pub(crate) contract: Address,
    pub(crate) caller: Address,
    pub(crate) value: U256,
    /// What an SLOAD found.
    pub(crate) loaded: Option<U256>,
    pub(crate) undo: Option<Undo>,
}

impl Step {
    /// An argument, counted from the top of the stack.
    pub(crate) fn argument(&self, depth: usize) -> Option<U256> {
        self.stack.len().checked_sub(depth + 1).map(|index| self.stack[index])
    }
}
