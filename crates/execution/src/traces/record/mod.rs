//! What happens while a transaction is executed, as the events that geth's tracers know: frames that are entered and left, logs, and steps.

pub(crate) mod event;
mod gas;
pub(crate) mod live;
pub(crate) mod observer;
pub(crate) mod words;

pub(crate) use event::{Enter, Exit, FrameKind, Step};
pub(crate) use live::Live;
pub(crate) use observer::Observer;
