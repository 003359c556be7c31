//! Tracers that geth brings along under a name beside its usual ones: preimages of hashes, counts of instructions, what evmdis disassembles from, and
//! the older forms of the tracers of calls, state and selectors. They look at steps, as geth's do.

mod calls;
mod counts;
mod evmdis;
mod four_byte;
mod preimages;
mod prestate;

use super::{
    record::{Enter, Exit, Live, Step, words::Words},
    tracer::{Finished, Needs, Traced},
};
use crate::error::Error;
use alloy_primitives::Address;
use calls::Calls;
use counts::Counts;
use evmdis::Evmdis;
use four_byte::FourByte;
use preimages::Preimages;
use prestate::PreState;
use serde_json::{Value, json};

/// Which one a client asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    Keccak256Preimage,
    OpCount,
    Unigram,
    Bigram,
    Trigram,
    Evmdis,
    CallLegacy,
    PreStateLegacy,
    FourByteLegacy,
    NoopLegacy,
}

impl Name {
    /// The tracer that geth calls so.
    pub(crate) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "keccak256PreimageTracer" => Self::Keccak256Preimage,
            "opcountTracer" => Self::OpCount,
            "unigramTracer" => Self::Unigram,
            "bigramTracer" => Self::Bigram,
            "trigramTracer" => Self::Trigram,
            "evmdisTracer" => Self::Evmdis,
            "callTracerLegacy" => Self::CallLegacy,
            "prestateTracerLegacy" => Self::PreStateLegacy,
            "4byteTracerLegacy" => Self::FourByteLegacy,
            "noopTracerLegacy" => Self::NoopLegacy,
            _ => return None,
        })
    }

    /// A fresh one.
    pub(crate) fn start(self) -> Bundled {
        let what = match self {
            Self::Keccak256Preimage => What::Preimages(Preimages::default()),
            Self::OpCount => What::Counts(Counts::of_all()),
            Self::Unigram => What::Counts(Counts::of_runs(1)),
            Self::Bigram => What::Counts(Counts::of_runs(2)),
            Self::Trigram => What::Counts(Counts::of_runs(3)),
            Self::Evmdis => What::Evmdis(Evmdis::default()),
            Self::CallLegacy => What::Calls(Calls::default()),
            Self::PreStateLegacy => What::PreState(PreState::default()),
            Self::FourByteLegacy => What::FourByte(FourByte::default()),
            Self::NoopLegacy => What::Nothing,
        };
        Bundled { what, top: None }
    }
}

/// One of them at work.
#[derive(Debug)]
pub(crate) struct Bundled {
    what: What,
    /// The transaction's own frame.
    top: Option<(Enter, Exit)>,
}

#[derive(Debug)]
enum What {
    Preimages(Preimages),
    Counts(Counts),
    Evmdis(Evmdis),
    Calls(Calls),
    PreState(PreState),
    FourByte(FourByte),
    Nothing,
}

impl Bundled {
    pub(crate) fn needs(&self) -> Needs {
        let frames = Needs { frames: true, ..Needs::default() };
        let steps = Needs { steps: true, ..frames };
        match self.what {
            What::Nothing => frames,
            What::Counts(_) => steps,
            What::Preimages(_) | What::Evmdis(_) => Needs { memory: true, ..steps },
            // Who is told of the state is told of the machine's own contracts.
            What::Calls(_) | What::PreState(_) | What::FourByte(_) => Needs { memory: true, live: true, ..steps },
        }
    }

    /// Bytes that were recorded.
    pub(crate) fn bytes(&self) -> usize {
        match &self.what {
            What::Preimages(recorded) => recorded.bytes(),
            What::Counts(recorded) => recorded.bytes(),
            What::Evmdis(recorded) => recorded.bytes(),
            What::Calls(recorded) => recorded.bytes(),
            What::PreState(recorded) => recorded.bytes(),
            What::FourByte(recorded) => recorded.bytes(),
            What::Nothing => 0,
        }
    }

    /// Tells it the machine's own contracts.
    pub(crate) fn set_precompiles(&mut self, all: Vec<Address>) {
        match &mut self.what {
            What::Calls(recorder) => recorder.set_precompiles(all),
            What::FourByte(recorder) => recorder.set_precompiles(all),
            _ => {}
        }
    }

    pub(crate) fn enter(&mut self, event: &Enter) {
        if event.depth == 0 {
            self.top = Some((event.clone(), Exit::default()));
        }
    }

    pub(crate) fn exit(&mut self, event: &Exit) {
        if let Some((_, end)) = self.top.as_mut().filter(|_| event.depth == 0) {
            *end = event.clone();
        }
    }

    pub(crate) fn step(&mut self, step: &Step, live: Option<&mut Live>) {
        match (&mut self.what, live) {
            (What::Preimages(recorder), _) => recorder.step(step),
            (What::Counts(recorder), _) => recorder.step(step),
            (What::Evmdis(recorder), _) => recorder.step(step),
            (What::FourByte(recorder), _) => recorder.step(step),
            (What::Calls(recorder), Some(live)) => recorder.step(step, live),
            (What::PreState(recorder), Some(live)) => recorder.step(step, live),
            _ => {}
        }
    }

    pub(crate) fn fault(&mut self, words: &Words) {
        if let What::Calls(recorder) = &mut self.what {
            recorder.fault(words);
        }
    }

    /// The answer, of a transaction that was executed and not committed.
    pub(crate) fn answer(self, done: &Finished<'_>, traced: &Traced) -> Result<Value, Error> {
        let Some((enter, exit)) = &self.top else { return Err(Error::Trace("nothing was executed".into())) };
        Ok(match self.what {
            What::Preimages(recorded) => json!(recorded.into_preimages()),
            What::Counts(recorded) => recorded.into_counts(),
            What::Evmdis(recorded) => recorded.into_ops(),
            What::Calls(recorded) => json!(recorded.into_call((enter, exit), done, traced)),
            What::PreState(recorded) => json!(recorded.into_accounts(enter, done)?),
            What::FourByte(recorded) => json!(recorded.into_counts(&enter.input)),
            What::Nothing => json!({}),
        })
    }
}

/// The address in a word of the stack, counted from its top.
fn address_in(step: &Step, depth: usize) -> Option<Address> {
    step.argument(depth).map(|word| Address::from_word(word.into()))
}
