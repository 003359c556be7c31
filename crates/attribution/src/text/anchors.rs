//! Anchors: maximal matches of a text in single rows, found through trigrams.

use super::{
    MIN_LENGTH,
    hits::Hit,
    index::TextIndex,
    query::Query,
    work::{Host, Work},
};
use crate::Error;
use std::borrow::Cow;

/// Tokens of the first and of the longest step of an extension: steps double, so that a short match
/// reads little and a long one is read in few pieces.
const FIRST_STEP: u32 = 8;
const LONGEST_STEP: u32 = 512;

/// A maximal match in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Anchor {
    /// First token of the text.
    pub(super) output: u32,
    /// First token of the row.
    pub(super) row: u32,
    /// Tokens.
    pub(super) length: u32,
}

impl Anchor {
    pub(super) fn output_end(&self) -> u32 {
        self.output + self.length
    }

    pub(super) fn diagonal(&self) -> i64 {
        i64::from(self.row) - i64::from(self.output)
    }
}

/// The search in one row.
pub(super) struct Search<'a, I> {
    pub(super) index: &'a I,
    pub(super) query: &'a Query,
    pub(super) row: u64,
    /// Tokens of the row.
    pub(super) tokens: u32,
}

/// A match that reaches beyond the token that is looked at.
#[derive(Debug, Clone, Copy)]
struct Running {
    diagonal: i64,
    end: u32,
}

impl<I: TextIndex> Search<'_, I> {
    /// The anchors around hits, in the order in which they are found.
    ///
    /// Each is extended once: a further trigram of the same match stands on its diagonal and before its
    /// end.
    pub(super) fn anchors<H: Host<Error: From<I::Error>>>(&self, hits: &[Hit], host: &mut H) -> Result<Vec<Anchor>, H::Error> {
        let mut anchors = Vec::new();
        let (mut running, mut next) = (Vec::<Running>::new(), Vec::<Running>::new());
        for hits in hits.chunk_by(|a, b| a.output == b.output) {
            let at = hits[0].output;
            // Both lists ascend by diagonal: one merge.
            let mut before = running.drain(..).filter(|running| running.end > at).peekable();
            for hit in hits {
                let diagonal = hit.diagonal();
                while let Some(other) = before.next_if(|running| running.diagonal < diagonal) {
                    next.push(other);
                }
                if let Some(same) = before.next_if(|running| running.diagonal == diagonal) {
                    next.push(same);
                    continue;
                }
                let anchor = self.extend(*hit, host)?;
                next.push(Running { diagonal, end: anchor.output_end() });
                anchors.push(anchor);
            }
            next.extend(before);
            std::mem::swap(&mut running, &mut next);
        }
        Ok(anchors)
    }

    fn extend<H: Host<Error: From<I::Error>>>(&self, hit: Hit, host: &mut H) -> Result<Anchor, H::Error> {
        let left = self.extend_left(hit, host)?;
        let right = self.extend_right(hit, host)?;
        host.charge(Work::Anchors(1))?;
        Ok(Anchor { output: hit.output - left, row: hit.row - left, length: left + MIN_LENGTH + right })
    }

    fn extend_left<H: Host<Error: From<I::Error>>>(&self, hit: Hit, host: &mut H) -> Result<u32, H::Error> {
        let limit = hit.output.min(hit.row);
        let (mut done, mut step) = (0, FIRST_STEP);
        while done < limit {
            let read = step.min(limit - done);
            host.charge(Work::Extension(read.into()))?;
            let end = hit.row - done;
            let theirs = self.row_tokens::<H::Error>(end - read, read)?;
            let ours = &self.query.numbers[(hit.output - done - read) as usize..(hit.output - done) as usize];
            let same = ours.iter().rev().zip(theirs.iter().rev()).take_while(|(a, b)| a == b).count() as u32;
            done += same;
            if same < read {
                break;
            }
            step = (2 * step).min(LONGEST_STEP);
        }
        Ok(done)
    }

    fn extend_right<H: Host<Error: From<I::Error>>>(&self, hit: Hit, host: &mut H) -> Result<u32, H::Error> {
        let (from, start) = (hit.output + MIN_LENGTH, hit.row.saturating_add(MIN_LENGTH));
        let rest = self.tokens.checked_sub(start).ok_or(Error::Damaged { row: self.row })?;
        let limit = rest.min(self.query.len() - from);
        let (mut done, mut step) = (0, FIRST_STEP);
        while done < limit {
            let read = step.min(limit - done);
            host.charge(Work::Extension(read.into()))?;
            let theirs = self.row_tokens::<H::Error>(start + done, read)?;
            let ours = &self.query.numbers[(from + done) as usize..(from + done + read) as usize];
            let same = ours.iter().zip(theirs.iter()).take_while(|(a, b)| a == b).count() as u32;
            done += same;
            if same < read {
                break;
            }
            step = (2 * step).min(LONGEST_STEP);
        }
        Ok(done)
    }

    fn row_tokens<E: From<I::Error> + From<Error>>(&self, from: u32, length: u32) -> Result<Cow<'_, [u32]>, E> {
        let tokens = self.index.tokens(self.row, from..from + length)?;
        if tokens.len() == length as usize { Ok(tokens) } else { Err(Error::Damaged { row: self.row }.into()) }
    }
}
