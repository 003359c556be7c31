//! What an instruction would have cost that could not be paid, as geth tells it: its fixed price when that alone is too much, or else with the rest. The
//! prices are those since Berlin.

use revm::bytecode::opcode as op;

/// What the price depends on beside the stack.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Priced {
    /// Items of the stack before the instruction, from its top.
    pub(crate) top: [u64; 7],
    /// Bytes of memory before it.
    pub(crate) memory: usize,
    /// The account or slot that it touches was not touched before.
    pub(crate) cold: bool,
    /// The account that it calls does not exist.
    pub(crate) absent: bool,
    /// It sends something.
    pub(crate) pays: bool,
    /// The slot before the transaction, now, and after the instruction.
    pub(crate) slot: [bool; 3],
    /// Bytes of an exponent.
    pub(crate) exponent: u64,
}

/// The price of instruction `what` with `left` gas.
pub(crate) fn price(what: u8, left: u64, of: &Priced) -> u64 {
    let fixed = fixed(what);
    if fixed > left { fixed } else { fixed.saturating_add(variable(what, of)) }
}

/// What an instruction costs whatever it is applied to.
pub(crate) const fn fixed(what: u8) -> u64 {
    match what {
        op::STOP | op::SLOAD | op::SSTORE | op::EXP | op::LOG0..=op::LOG4 | op::RETURN | op::REVERT => 0,
        op::MUL | op::DIV | op::SDIV | op::MOD | op::SMOD | op::SIGNEXTEND | op::SELFBALANCE | op::CLZ => 5,
        op::ADDMOD | op::MULMOD | op::JUMP => 8,
        op::JUMPI => 10,
        op::JUMPDEST => 1,
        op::KECCAK256 => 30,
        op::BLOCKHASH => 20,
        op::ADDRESS | op::ORIGIN | op::CALLER | op::CALLVALUE | op::CALLDATASIZE | op::CODESIZE | op::GASPRICE | op::RETURNDATASIZE => 2,
        op::COINBASE..=op::CHAINID | op::BASEFEE | op::BLOBBASEFEE | op::POP | op::PC | op::MSIZE | op::GAS | op::PUSH0 => 2,
        op::BALANCE | op::EXTCODESIZE | op::EXTCODECOPY | op::EXTCODEHASH | op::TLOAD | op::TSTORE => 100,
        op::CALL | op::CALLCODE | op::DELEGATECALL | op::STATICCALL => 100,
        op::CREATE | op::CREATE2 => 32_000,
        op::SELFDESTRUCT => 5_000,
        _ => 3,
    }
}

fn variable(what: u8, of: &Priced) -> u64 {
    let top = &of.top;
    let memory = |offset: usize, length: usize| grow(of.memory, top[offset], top[length]);
    let words = |length: usize| top[length].div_ceil(32);
    let cold = |price| if of.cold { price } else { 0 };
    match what {
        op::EXP => 10 + 50 * of.exponent,
        op::MLOAD | op::MSTORE => grow(of.memory, top[0], 32),
        op::MSTORE8 => grow(of.memory, top[0], 1),
        op::KECCAK256 => memory(0, 1).saturating_add(6 * words(1)),
        op::CALLDATACOPY | op::CODECOPY | op::RETURNDATACOPY => memory(0, 2).saturating_add(3 * words(2)),
        op::EXTCODECOPY => memory(1, 3).saturating_add(3 * words(3)).saturating_add(cold(2_500)),
        op::MCOPY => grow(of.memory, top[0].max(top[1]), top[2]).saturating_add(3 * words(2)),
        op::RETURN | op::REVERT => memory(0, 1),
        op::LOG0..=op::LOG4 => memory(0, 1).saturating_add(375 * (1 + u64::from(what - op::LOG0))).saturating_add(top[1].saturating_mul(8)),
        op::BALANCE | op::EXTCODESIZE | op::EXTCODEHASH => cold(2_500),
        op::SLOAD => {
            if of.cold {
                2_100
            } else {
                100
            }
        }
        op::SSTORE => cold(2_100) + store(of.slot),
        op::CALL => {
            let new = if of.pays && of.absent { 25_000 } else { 0 };
            let sends = if of.pays { 9_000 } else { 0 };
            memory(3, 4).max(memory(5, 6)).saturating_add(cold(2_500) + sends + new)
        }
        op::CALLCODE => memory(3, 4).max(memory(5, 6)).saturating_add(cold(2_500) + if of.pays { 9_000 } else { 0 }),
        op::DELEGATECALL | op::STATICCALL => memory(2, 3).max(memory(4, 5)).saturating_add(cold(2_500)),
        op::CREATE => memory(1, 2).saturating_add(2 * words(2)),
        op::CREATE2 => memory(1, 2).saturating_add(8 * words(2)),
        op::SELFDESTRUCT => cold(2_600) + if of.pays && of.absent { 25_000 } else { 0 },
        _ => 0,
    }
}

/// EIP-2200 as of Berlin, without the price of a cold slot: whether it was zero before the transaction and is now, and whether it changes.
const fn store([clean, was_zero, changes]: [bool; 3]) -> u64 {
    match (changes, clean, was_zero) {
        (true, true, true) => 20_000,
        (true, true, false) => 2_900,
        _ => 100,
    }
}

/// The price of memory up to `offset + length` where there are `size` bytes already.
fn grow(size: usize, offset: u64, length: u64) -> u64 {
    if length == 0 {
        return 0;
    }
    let price = |words: u64| words.saturating_mul(3).saturating_add(words.saturating_mul(words) / 512);
    let before = (size as u64).div_ceil(32);
    let after = offset.saturating_add(length).div_ceil(32);
    price(after.max(before)) - price(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_those_of_the_yellow_paper() {
        let at = |top: &[u64]| {
            let mut all = [0; 7];
            all[..top.len()].copy_from_slice(top);
            Priced { top: all, ..Default::default() }
        };
        assert_eq!(price(op::CREATE, 100, &at(&[0, 0, 64])), 32_000, "the fixed price is too much already");
        assert_eq!(price(op::CREATE, 32_000, &at(&[0, 0, 64])), 32_000 + 6 + 4);
        assert_eq!(price(op::MSTORE, 10, &at(&[0])), 6);
        assert_eq!(price(op::SLOAD, 10, &Priced { cold: true, ..at(&[0]) }), 2_100);
        assert_eq!(price(op::SSTORE, 3_000, &Priced { cold: true, slot: [true, true, true], ..at(&[0, 1]) }), 22_100);
        assert_eq!(price(op::LOG0 + 2, 10, &at(&[0, 32])), 375 * 3 + 3 + 256);
        assert_eq!(price(op::CALL, 200, &Priced { cold: true, pays: true, absent: true, ..at(&[0; 7]) }), 100 + 2_500 + 9_000 + 25_000);
    }
}
