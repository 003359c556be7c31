//! How well traces find whose words a text is made of, in five languages; all figures are whole numbers that every run prints again.

mod copies;
mod digits;
mod language;
mod planted;
mod shares;

pub use digits::digits;
pub use language::{LANGUAGES, Language};

use super::Error;
use language::Texts;
use std::path::Path;

/// The tables of some languages, from a tree of unpacked packages.
///
/// # Errors
/// When the tree lacks a language, or the rules refuse a text.
pub fn quality(tree: &Path, languages: &[&Language], tell: &dyn Fn(&str)) -> Result<String, Error> {
    let mut recall = planted::header();
    let mut copied = copies::header();
    let mut sources = "\n| language | tokens of the set | texts | keccak256 of them |\n|---|--:|--:|---|\n".to_owned();
    for language in languages {
        tell(language.name);
        let texts = Texts::read(tree, language)?;
        sources.push_str(&texts.describe()?);
        recall.push_str(&planted::rows(&texts)?);
        copied.push_str(&copies::rows(&texts)?);
    }
    Ok(format!("{recall}{copied}{sources}"))
}
