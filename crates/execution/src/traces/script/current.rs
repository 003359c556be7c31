//! What the objects that a script is given show: the step, the state and the frame at hand. There is one script at a time on a thread, and the objects are
//! made once, so that they look here.

use crate::traces::record::{Enter, Exit, Live, Step};
use alloy_primitives::{Address, Bytes};
use std::cell::RefCell;

/// What is shown.
#[derive(Debug, Default)]
pub(super) struct Current {
    pub(super) step: Step,
    /// Only while a script looks at it.
    pub(super) live: Option<Live>,
    pub(super) frame: Option<Enter>,
    pub(super) ended: Option<Exit>,
    /// Of the frames that were entered.
    pub(super) inputs: Vec<Bytes>,
    pub(super) precompiles: Vec<Address>,
    /// Why a script was refused something, which ends it.
    pub(super) refused: Option<String>,
}

thread_local! {
    static CURRENT: RefCell<Current> = RefCell::default();
}

/// Reads or sets what is shown.
pub(super) fn with<T>(look: impl FnOnce(&mut Current) -> T) -> T {
    CURRENT.with_borrow_mut(look)
}

/// Shows a step and the state during a call, and takes them back.
pub(super) fn with_step<T>(step: &mut Step, live: &mut Live, call: impl FnOnce() -> T) -> T {
    let state = std::mem::replace(live, live.hollow());
    with(|current| {
        std::mem::swap(&mut current.step, step);
        current.live = Some(state);
    });
    let answer = call();
    with(|current| {
        std::mem::swap(&mut current.step, step);
        if let Some(state) = current.live.take() {
            *live = state;
        }
    });
    answer
}
