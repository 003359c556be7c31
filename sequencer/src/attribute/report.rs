//! The result for people.

use super::{
    Asked, AttributeArguments,
    corpus::{self, Corpus},
    paper::{Paper, WIDTH, columns, fit, wrap},
    shares::{Checked, Shared},
};
use crate::passages::{percent, printable, says_something};
use alloy_primitives::U256;
use std::cmp::Reverse;
use tributary_attribution::text::Evidence;

/// Columns of a path beside a share.
const PATH: usize = 52;
/// Columns of a quotation, on several lines.
const QUOTATION: usize = 220;

/// An answer, whose words are whose.
pub(crate) fn of_answer(arguments: &AttributeArguments, corpus: &Corpus, asked: &Asked, found: &Shared) -> String {
    let mut paper = Paper::new();
    opening(&mut paper, arguments, corpus, asked);
    let (trace, total) = (&found.trace, found.trace.total);
    if total == 0 {
        paper.line("There are no words in it that weigh anything.");
    }
    let part = |part: u64| percent(U256::from(part), U256::from(total));
    paper.line(&format!("{:>9}  explained: found in the texts, by rarity of the words", part(trace.explained)));
    if trace.withheld > 0 {
        paper.line(&format!("{:>9}  withheld of that: a copy put these words between others'", part(trace.withheld)));
    }
    paper.line(&format!("{:>9}  found nowhere", part(total - trace.explained)));
    paper.line("");
    let width = found.pool.to_string().len().max("share".len());
    let path = WIDTH.saturating_sub(width + 15).max(20);
    paper.bold(&format!("{:>width$}  {:>9}  author", "share", ""));
    let shown = all_if_zero(arguments.top);
    for share in found.shares.iter().take(shown) {
        paper.line(&format!("{:>width$}  {:>9}  {}", share.share.to_string(), part(share.weight), name(corpus, share.author, path)));
    }
    if let Some(rest) = found.shares.get(shown..).filter(|rest| !rest.is_empty()) {
        let sum: U256 = rest.iter().map(|share| share.share).sum();
        let weight = rest.iter().map(|share| share.weight).sum();
        paper.line(&format!("{:>width$}  {:>9}  {} more authors", sum.to_string(), part(weight), rest.len()));
    }
    paper.line(&format!("{:>width$}  {:>9}  nobody", found.nobody.1.to_string(), part(found.nobody.0)));
    for share in found.shares.iter().take(shown) {
        passages(&mut paper, arguments, (corpus, asked, found), share.author);
    }
    paper.into_text()
}

/// Which words of the answer an author is paid for.
fn passages(paper: &mut Paper, arguments: &AttributeArguments, (corpus, asked, found): (&Corpus, &Asked, &Shared), author: u32) {
    let quoted = |item: &Evidence| asked.text.get(item.output_start as usize..item.output_end as usize).unwrap_or_default();
    let told = |item: &&Evidence| corpus.author(item.origin) == author && !item.withheld && says_something(quoted(item));
    let mut items: Vec<&Evidence> = found.evidence.iter().filter(told).collect();
    items.sort_by_key(|item| (Reverse(item.weight), item.output_start));
    paper.line("");
    paper.bold(&name(corpus, author, WIDTH));
    let shown = all_if_zero(arguments.passages);
    for item in items.iter().take(shown) {
        let (from, to) = corpus::lines(&asked.text, item.output_start, item.output_end);
        let answer = format!("answer:{}", span(from, to));
        let source = place(corpus, (item.origin, item.origin_start, item.origin_end), PATH);
        let part = percent(U256::from(item.weight), U256::from(found.trace.total));
        let gap = WIDTH.saturating_sub(2 + 16 + columns(&source) + columns(&part));
        paper.dim(&format!("  {answer:<15} {source}{:gap$}{part}", ""));
        let words = quoted(item).split_whitespace().collect::<Vec<_>>().join(" ");
        let words = fit(&printable(&words), QUOTATION);
        wrap(&format!("\"{words}\""), WIDTH - 4).iter().for_each(|line| paper.line(&format!("    {line}")));
        if item.row != item.origin {
            paper.dim(&format!("    found in {}", place(corpus, (item.row, item.row_start, item.row_end), PATH)));
        }
    }
    if items.len() > shown {
        paper.dim(&format!("  and {} more", items.len() - shown));
    }
}

/// A text, how much of it is whose.
pub(crate) fn of_check(arguments: &AttributeArguments, corpus: &Corpus, asked: &Asked, found: &Checked) -> String {
    let mut paper = Paper::new();
    opening(&mut paper, arguments, corpus, asked);
    let part = |part: u64| percent(U256::from(part), U256::from(found.total));
    paper.line(&format!("{:>9}  inherited: others contributed these words before", part(found.inherited)));
    paper.line(&format!("{:>9}  closed: put between such words; earns only once accepted", part(found.closed)));
    paper.line(&format!("{:>9}  its own", part(found.own())));
    if found.authors.is_empty() {
        return paper.into_text();
    }
    paper.line("");
    paper.bold("inherited from");
    let shown = all_if_zero(arguments.top);
    for &(author, weight) in found.authors.iter().take(shown) {
        paper.line(&format!("{:>9}  {}", part(weight), name(corpus, author, WIDTH - 11)));
    }
    if let Some(rest) = found.authors.get(shown..).filter(|rest| !rest.is_empty()) {
        let weight = rest.iter().map(|(_, weight)| weight).sum();
        paper.line(&format!("{:>9}  {} more authors", part(weight), rest.len()));
    }
    paper.into_text()
}

fn opening(paper: &mut Paper, arguments: &AttributeArguments, corpus: &Corpus, asked: &Asked) {
    let files = corpus.files.len();
    let dir = printable(&arguments.dir.to_string_lossy());
    let size = match corpus.bytes {
        bytes @ ..1_000 => format!("{bytes} B"),
        bytes @ ..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        bytes => format!("{:.1} MB", bytes as f64 / 1e6),
    };
    paper.bold(&fit(&asked.name, WIDTH));
    let many = if files == 1 { "1 text".to_owned() } else { format!("{files} texts") };
    paper.dim(&fit(&format!("against {many} ({size}) of {dir}"), WIDTH));
    paper.line("");
}

fn all_if_zero(most: usize) -> usize {
    if most == 0 { usize::MAX } else { most }
}

fn name(corpus: &Corpus, author: u32, most: usize) -> String {
    fit(&printable(&corpus.authors[author as usize]), most)
}

/// `path:line`, or `path:first-last`.
fn place(corpus: &Corpus, (row, start, end): (u64, u32, u32), most: usize) -> String {
    let lines = corpus.lines(row, start, end).map_or_else(|_| String::new(), |(from, to)| format!(":{}", span(from, to)));
    fit(&corpus.path(row), most.saturating_sub(lines.len())) + &lines
}

fn span(from: usize, to: usize) -> String {
    if from == to { from.to_string() } else { format!("{from}-{to}") }
}
