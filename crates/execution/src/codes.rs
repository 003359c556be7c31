//! Codes that are ready to run: where their jumps may go is found once for each code, not once for each block or call that runs it.

use alloy_primitives::{B256, Bytes, map::B256Map};
use revm::bytecode::{Bytecode, JumpTable};
use std::{
    mem,
    sync::{PoisonError, RwLock},
};
use tributary_primitives::{StateError, StateReader};

/// Memory for codes, bytes: more than a thousand of the largest.
const MEMORY: usize = 32 << 20;

/// What a code takes beside its bytes and its jumps.
const OVERHEAD: usize = 256;

/// First byte of what no EVM runs (EIP-3541): data in the place of code, as the attribution store keeps it.
const DATA: u8 = 0xef;

/// A table without jumps, a bit for each byte of a piece of data.
static NO_JUMPS: [u8; 32 << 10] = [0; 32 << 10];

/// A code ready to run: a delegation designator (EIP-7702) where it is one, legacy code otherwise.
pub(crate) fn bytecode(code: Bytes) -> Bytecode {
    let length = code.len();
    if code.first() != Some(&DATA) || length > NO_JUMPS.len() * 8 {
        return Bytecode::new_legacy(code);
    }
    // What is no designator ends with its first byte, so that there is nothing to find in it.
    let data = |code| Bytecode::new_analyzed(code, length, JumpTable::from_static_slice(&NO_JUMPS, length));
    Bytecode::new_eip7702_raw(code.clone()).unwrap_or_else(|_| data(code))
}

/// Codes that ran lately, by their hash, within a bound of memory.
#[derive(Debug, Default)]
pub(crate) struct Codes(RwLock<Generations>);

/// What was used since the young became too many, and what was used before.
#[derive(Debug, Default)]
struct Generations {
    young: B256Map<Bytecode>,
    old: B256Map<Bytecode>,
    /// What the young take.
    memory: usize,
}

impl Codes {
    /// The code with this hash, of `state` where it is not kept.
    pub(crate) fn get(&self, hash: B256, state: &impl StateReader) -> Result<Bytecode, StateError> {
        let old = {
            // A panic while it is held leaves codes, each under its hash.
            let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(code) = kept.young.get(&hash) {
                return Ok(code.clone());
            }
            kept.old.get(&hash).cloned()
        };
        let code = match old {
            Some(code) => code,
            None => bytecode(state.code(hash)?),
        };
        // Data would drive out what runs, and takes no time to read.
        if code.is_eip7702() || code.original_byte_slice().first() != Some(&DATA) {
            self.0.write().unwrap_or_else(PoisonError::into_inner).keep(hash, code.clone());
        }
        Ok(code)
    }
}

impl Generations {
    fn keep(&mut self, hash: B256, code: Bytecode) {
        let takes = memory_of(&code);
        self.old.remove(&hash);
        if self.young.insert(hash, code).is_none() {
            self.memory += takes;
        }
        if self.memory > MEMORY / 2 {
            self.old = mem::take(&mut self.young);
            self.memory = 0;
        }
    }
}

fn memory_of(code: &Bytecode) -> usize {
    let length = code.len();
    OVERHEAD + length + length / 8
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{Address, U256, keccak256};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tributary_primitives::Account;

    /// Has every code that is a number, in 24,000 bytes, and counts how often it is asked.
    #[derive(Debug, Default)]
    struct Numbers(AtomicUsize);

    fn code(number: u8) -> Bytes {
        vec![number; 24_000].into()
    }

    impl StateReader for Numbers {
        fn account(&self, _: Address) -> Result<Option<Account>, StateError> {
            Ok(None)
        }
        fn storage(&self, _: Address, _: U256) -> Result<U256, StateError> {
            Ok(U256::ZERO)
        }
        fn has_storage(&self, _: Address) -> Result<bool, StateError> {
            Ok(false)
        }
        fn code(&self, hash: B256) -> Result<Bytes, StateError> {
            self.0.fetch_add(1, Ordering::Relaxed);
            (0..=u8::MAX).map(code).find(|code| keccak256(code) == hash).ok_or_else(|| StateError::Missing(hash.to_string()))
        }
        fn block_hash(&self, _: u64) -> Result<B256, StateError> {
            Ok(B256::ZERO)
        }
    }

    fn get(codes: &Codes, state: &Numbers, number: u8) -> usize {
        let before = state.0.load(Ordering::Relaxed);
        let found = codes.get(keccak256(code(number)), state).unwrap();
        assert_eq!(found.original_bytes(), code(number));
        state.0.load(Ordering::Relaxed) - before
    }

    #[test]
    fn a_code_is_read_once_and_data_each_time() {
        let (codes, state) = (Codes::default(), Numbers::default());
        assert_eq!([7, 7, 7].map(|number| get(&codes, &state, number)), [1, 0, 0]);
        assert_eq!([DATA, DATA].map(|number| get(&codes, &state, number)), [1, 1]);
        assert!(codes.get(B256::ZERO, &state).is_err());
    }

    #[test]
    fn codes_are_given_up_where_they_take_too_much_memory_and_those_in_use_last() {
        let codes = Codes::default();
        let bytecode = Bytecode::new_legacy(code(1));
        let keep = |number: u64| codes.0.write().unwrap().keep(B256::from(U256::from(number)), bytecode.clone());
        let state = Numbers::default();
        assert_eq!(get(&codes, &state, 9), 1);
        for number in 0..4_000 {
            keep(number);
            assert_eq!(get(&codes, &state, 9), 0, "it is in use");
            let held = codes.0.read().unwrap();
            assert!((held.young.len() + held.old.len()) * memory_of(&bytecode) <= MEMORY + memory_of(&bytecode));
        }
        (4_000..8_000).for_each(keep);
        assert_eq!(get(&codes, &state, 9), 1, "it was not");
    }

    #[test]
    fn data_runs_as_it_does_when_it_is_analysed() {
        for data in [&[0xef][..], &[0xef, 0xa7, 0x02, 0x5b, 0x60], &[0xef, 0x01, 0x00, 0x5b]] {
            let (data, analysed) = (bytecode(Bytes::copy_from_slice(data)), Bytecode::new_legacy(Bytes::copy_from_slice(data)));
            assert_eq!(data.original_bytes(), analysed.original_bytes());
            assert_eq!((data.len(), data.is_legacy()), (analysed.len(), true));
            assert_eq!(data.bytes_slice().first(), analysed.bytes_slice().first());
        }
        let designator = bytecode([&[0xef, 0x01, 0x00][..], &[7; 20]].concat().into());
        assert_eq!(designator.eip7702_address(), Some(Address::repeat_byte(7)));
    }
}
