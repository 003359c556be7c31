//! Texts of one language: a set, and texts that are not in it.

use crate::attribution::{Error, content::Dice, corpus};
use alloy_primitives::{B256, Keccak256};
use std::path::Path;
use tributary_attribution::text::{MemoryIndex, TextIndex, Unmetered, tokenize};

/// Tokens of a text.
pub(super) const LENGTH: usize = 400;
/// Texts of a set at most, of the same source beside it, and of another.
const SET: usize = 500;
pub(super) const BESIDE: usize = 40;

/// A language, and where its texts are in the tree of packages.
#[derive(Debug)]
pub struct Language {
    /// Its name in English.
    pub name: &'static str,
    source: &'static str,
    /// Prose of other authors: a folder, and how its files' names end.
    other: Option<(&'static str, &'static str)>,
}

/// Those that are measured: with and without spaces, cases and marks.
pub const LANGUAGES: [Language; 5] = [
    Language { name: "English", source: "usr/share/libreoffice/help/en-US/text", other: Some(("usr/share/debian-reference", ".en.html")) },
    Language {
        name: "Chinese",
        source: "usr/share/libreoffice/help/zh-CN/text",
        other: Some(("usr/share/debian-reference", ".zh-cn.html")),
    },
    Language { name: "Hindi", source: "usr/share/libreoffice/help/hi/text", other: Some(("usr/share/help/hi", ".page")) },
    Language { name: "Arabic", source: "usr/lib/libreoffice/program/resource/ar", other: None },
    Language { name: "Thai", source: "usr/lib/libreoffice/program/resource/th", other: None },
];

/// A text as its tokens stand in it.
pub(super) type Words = Vec<String>;

/// The texts of a language.
#[derive(Debug)]
pub(super) struct Texts {
    pub(super) name: &'static str,
    /// What every measurement begins with.
    pub(super) set: MemoryIndex,
    /// What its rows are made of.
    pub(super) rows: Vec<Words>,
    /// Of the same source, not in the set.
    pub(super) beside: Vec<Words>,
    /// Of another source.
    pub(super) other: Vec<Words>,
    hash: B256,
}

impl Texts {
    pub(super) fn read(tree: &Path, language: &Language) -> Result<Self, Error> {
        let mut all = texts(&tree.join(language.source), "")?;
        if all.len() < 4 * BESIDE {
            return Err(Error::Corpus(format!("{} has {} texts of {LENGTH} tokens only", language.name, all.len())));
        }
        all.truncate(SET + BESIDE);
        let beside = all.split_off(all.len() - BESIDE);
        let mut other = language.other.map_or(Ok(Vec::new()), |(folder, ending)| texts(&tree.join(folder), ending))?;
        other.truncate(BESIDE);
        let (mut set, mut hash) = (MemoryIndex::new(), Keccak256::new());
        for text in all.iter().chain(&beside).chain(&other) {
            hash.update(text.join(" "));
        }
        for (contributor, text) in all.iter().enumerate() {
            set.append(&text.join(" "), contributor as u32, &mut Unmetered)?;
        }
        Ok(Self { name: language.name, set, rows: all, beside, other, hash: hash.finalize() })
    }

    /// A line of the table of sources.
    pub(super) fn describe(&self) -> Result<String, Error> {
        let tokens = self.set.totals(self.set.version()?)?.tokens;
        let texts = self.rows.len() + self.beside.len() + self.other.len();
        Ok(format!("| {} | {tokens} | {texts} | {} |\n", self.name, self.hash))
    }

    /// Some word of the language.
    pub(super) fn word(&self, dice: &mut Dice) -> String {
        let row = &self.rows[dice.below(self.rows.len())];
        row[dice.below(row.len())].clone()
    }
}

/// The texts below a folder whose files' names end so, in parts of [`LENGTH`] tokens.
fn texts(folder: &Path, ending: &str) -> Result<Vec<Words>, Error> {
    let collected = corpus::collect_some(folder, &|path| path.to_string_lossy().ends_with(ending));
    let collected = collected.map_err(|error| Error::Corpus(format!("{}: {error}", folder.display())))?;
    let mut texts = Vec::new();
    for document in &collected {
        texts.extend(words(document)?.chunks_exact(LENGTH).map(<[String]>::to_vec));
    }
    Ok(texts)
}

/// The tokens of a text as they stand in it.
pub(super) fn words(text: &str) -> Result<Words, Error> {
    let tokens = tokenize(text)?;
    let mut words: Words = Vec::with_capacity(tokens.len());
    let mut last = 0;
    // Tokens that one character folds to share its range.
    for token in tokens.iter().filter(|token| token.end > std::mem::replace(&mut last, token.end)) {
        words.push(text[token.start as usize..token.end as usize].to_owned());
    }
    Ok(words)
}
