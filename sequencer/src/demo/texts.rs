//! The texts that are contributed.

use crate::{
    error::Error,
    files::{self, Depth, MAX_SENT_BYTES, Unfit},
};
use std::path::Path;
use tributary_attribution::{
    Error as AttributionError,
    text::{MemoryIndex, TextIndex, Unmetered, novelty},
};

/// A copy differs from its original in one word of this many.
const CHANGED: usize = 16;

/// One text.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    /// Its file's name without the ending.
    pub(crate) name: String,
    /// Its words.
    pub(crate) body: String,
}

macro_rules! shipped {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../texts/", $name, ".txt")))),+]
    };
}

/// The texts that come with the program, written for it.
const SHIPPED: &[(&str, &str)] =
    shipped!["beekeeping", "bicycle-wheels", "bridges", "fermentation", "glass", "knots", "maps", "paper", "rivers", "sourdough", "tides",];

/// The texts of a directory, by name, or those that come with the program.
pub(crate) fn load(dir: Option<&Path>) -> Result<Vec<Text>, Error> {
    let Some(dir) = dir else {
        return Ok(SHIPPED.iter().map(|(name, body)| Text { name: (*name).to_owned(), body: (*body).to_owned() }).collect());
    };
    let mut texts = Vec::new();
    // Everybody will read them: a link may lead to what nobody meant to publish.
    for path in files::list(dir, Depth::One)?.files.into_iter().filter(|path| !path.is_symlink()) {
        match files::read_text(&path, MAX_SENT_BYTES) {
            Ok(body) => texts.push(Text { name: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(), body }),
            Err(Unfit::Unreadable(source)) => return Err(Error::File { path, source }),
            Err(_) => {}
        }
    }
    if texts.is_empty() {
        return Err(Error::NoTexts { dir: dir.to_owned(), most: "120 KiB" });
    }
    texts.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(texts)
}

/// The longest text with a word exchanged here and there, as somebody might hand it in as their own; `None` where texts are so short that
/// some of it would be new.
pub(crate) fn copy(texts: &[Text]) -> Result<Option<Text>, AttributionError> {
    let Some(original) = texts.iter().max_by_key(|text| text.body.len()) else { return Ok(None) };
    let exchanged = |(index, word)| if index % CHANGED == CHANGED / 2 { "allegedly" } else { word };
    let body = original.body.split_whitespace().enumerate().map(exchanged).collect::<Vec<_>>().join(" ");
    let mut set = MemoryIndex::new();
    for text in texts {
        set.append(&text.body, 0, &mut Unmetered)?;
    }
    let found = novelty(&set, set.version()?, &body, &mut Unmetered)?;
    let nothing_new = found.inherited + found.closed == found.total && body.len() <= MAX_SENT_BYTES;
    Ok(nothing_new.then(|| Text { name: format!("{}, copied", original.name), body }))
}

/// Texts for the datanet with reviews.
const REVIEWED: &[(&str, &str)] =
    &[("lighthouses", include_str!("../../texts/reviewed/lighthouses.txt")), ("looms", include_str!("../../texts/reviewed/looms.txt"))];

/// What nobody should be paid for.
const SPAM: &str = "buy now best price click here limited offer buy now best price click here winner winner claim your prize buy now";

/// What the refinement says instead of a sentence of about its length.
pub(crate) const NOTE: &str = "In the cooper's shed at Galway they settle it with a brass thimble, a quince and three pencilled marks.";

/// A folder that deserves to be accepted.
pub(crate) fn reviewed() -> Vec<Text> {
    REVIEWED.iter().map(|(name, body)| Text { name: (*name).to_owned(), body: (*body).to_owned() }).collect()
}

/// A folder that does not.
pub(crate) fn spam() -> Vec<Text> {
    vec![Text { name: "an offer".to_owned(), body: SPAM.to_owned() }]
}

/// The shortest text with one of its sentences exchanged for [`NOTE`], and that text's row; `None` where the new words would not be closed: there is nothing to
/// accept then.
pub(crate) fn refinement(texts: &[Text]) -> Result<Option<(u64, Text)>, AttributionError> {
    let Some((row, original)) = texts.iter().enumerate().min_by_key(|(_, text)| text.body.len()) else { return Ok(None) };
    let words: Vec<&str> = original.body.split_whitespace().collect();
    let Some((from, to)) = exchangeable(&words) else { return Ok(None) };
    let body = [&words[..from], &[NOTE], &words[to..]].concat().join(" ");
    let mut set = MemoryIndex::new();
    for text in texts {
        set.append(&text.body, 0, &mut Unmetered)?;
    }
    let found = novelty(&set, set.version()?, &body, &mut Unmetered)?;
    let refines = found.closed > 0 && body.len() <= MAX_SENT_BYTES;
    Ok(refines.then(|| (row as u64, Text { name: format!("{}, refined", original.name), body })))
}

/// The sentence, neither first nor last, whose length is nearest to the note's: from which word to which.
fn exchangeable(words: &[&str]) -> Option<(usize, usize)> {
    let ends: Vec<usize> = words.iter().enumerate().filter(|(_, word)| word.ends_with('.')).map(|(index, _)| index + 1).collect();
    let inner = ends.windows(2).map(|pair| (pair[0], pair[1])).filter(|(_, to)| *to < words.len());
    inner.min_by_key(|(from, to)| (to - from).abs_diff(NOTE.split_whitespace().count()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refinement_of_a_shipped_text_has_words_that_are_closed_until_it_is_accepted() {
        let texts = load(None).unwrap();
        let (row, refined) = refinement(&texts).unwrap().unwrap();
        assert!(refined.body.contains(NOTE) && refined.name.starts_with(&texts[row as usize].name));
        let few = [Text { name: "few".into(), body: "so much depends upon a red wheel barrow glazed with rain water".into() }];
        assert!(refinement(&few).unwrap().is_none());
    }

    #[test]
    fn the_shipped_texts_are_long_enough_and_all_different() {
        let texts = load(None).unwrap();
        assert!(texts.len() >= 8);
        for text in &texts {
            assert!((3_000..=8_192).contains(&text.body.len()), "{}: {} bytes", text.name, text.body.len());
        }
        let mut names: Vec<&str> = texts.iter().map(|text| text.name.as_str()).collect();
        names.dedup();
        assert_eq!(names.len(), texts.len());
    }

    #[test]
    fn a_directory_gives_its_text_files_by_name_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let files: [(&str, &[u8]); 6] = [
            ("b.txt", b"second"),
            ("a.md", b"first"),
            ("image.png", b"\x89PNG\x00"),
            ("latin1.txt", b"caf\xe9"),
            (".hidden", b"hidden"),
            ("empty.txt", b""),
        ];
        for (name, bytes) in files {
            std::fs::write(dir.path().join(name), bytes).unwrap();
        }
        std::fs::write(dir.path().join("large.txt"), vec![b'a'; MAX_SENT_BYTES + 1]).unwrap();
        let texts = load(Some(dir.path())).unwrap();
        assert_eq!(texts.iter().map(|text| text.body.as_str()).collect::<Vec<_>>(), ["first", "second"]);
    }

    #[test]
    fn a_copy_of_a_shipped_text_has_nothing_of_its_own_and_one_of_a_few_words_is_not_made() {
        let texts = load(None).unwrap();
        let copy = copy(&texts).unwrap().unwrap();
        let original = texts.iter().find(|text| copy.name.starts_with(&text.name)).unwrap();
        assert!(copy.body != original.body && copy.body.contains("allegedly"));
        let few = [Text { name: "few".into(), body: "so much depends upon a red wheel barrow glazed with rain water".into() }];
        assert!(super::copy(&few).unwrap().is_none());
    }

    #[test]
    fn a_directory_without_texts_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(load(Some(dir.path())), Err(Error::NoTexts { .. })));
        assert!(matches!(load(Some(&dir.path().join("nowhere"))), Err(Error::File { .. })));
    }
}
