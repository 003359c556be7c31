//! Words of a text: the tokens that everything else counts and compares (rule 4).

use super::unicode::{Kind, table};
use crate::Error;

/// Longest text, in bytes: whatever a text folds to is addressed by 32 bits.
pub const MAX_TEXT_BYTES: usize = 1 << 26;

/// One token and where it stands in the original text, in bytes.
///
/// Tokens that one character folds to share its range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    /// The folded token; never empty.
    pub text: &'a str,
    /// First byte in the original.
    pub start: u32,
    /// One past the last byte in the original.
    pub end: u32,
}

/// The tokens of one text: their folded characters behind each other in one string.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tokens {
    folded: String,
    places: Vec<Folded>,
}

/// Where a token ends in the folded string, and its range in the original.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Folded {
    until: u32,
    start: u32,
    end: u32,
}

/// The tokens of a text, in one pass.
///
/// Every code point is folded by the frozen table. Of what comes out, runs of word characters are a
/// token, each character that stands alone is one, a mark belongs to the token right before it (with
/// none there it begins a word), a separator ends a word, and what folds to nothing is as if it were
/// not there. Source: `tokenize` of the executable reference.
///
/// # Examples
/// ```
/// use tributary_attribution::{Error, text::tokenize};
///
/// let tokens = tokenize("Größe: 数据!")?;
/// assert_eq!(tokens.iter().map(|token| token.text).collect::<Vec<_>>(), ["grosse", ":", "数", "据", "!"]);
/// assert_eq!(tokens.get(2).map(|token| (token.start, token.end)), Some((9, 12)));
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// [`Error::TextTooLong`] beyond [`MAX_TEXT_BYTES`].
pub fn tokenize(text: &str) -> Result<Tokens, Error> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(Error::TextTooLong { bytes: text.len() });
    }
    let table = table();
    let mut tokens = Tokens { folded: String::with_capacity(text.len()), places: Vec::with_capacity(text.len() / 4) };
    // A word character joins the last token; a mark does.
    let (mut open_word, mut joins) = (false, false);
    for (at, c) in text.char_indices() {
        let (start, end) = (at as u32, (at + c.len_utf8()) as u32);
        table.fold(c, |(folded, kind)| match kind {
            Kind::Separator => (open_word, joins) = (false, false),
            Kind::Word if open_word => tokens.extend(folded, end),
            Kind::Mark if joins => tokens.extend(folded, end),
            _ => {
                tokens.begin(folded, start, end);
                (open_word, joins) = (kind != Kind::Alone, true);
            }
        });
    }
    Ok(tokens)
}

impl Tokens {
    /// How many tokens.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether the text has no token.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Token `at`.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<Token<'_>> {
        let Folded { until, start, end } = *self.places.get(at)?;
        let from = at.checked_sub(1).map_or(0, |before| self.places[before].until);
        Some(Token { text: &self.folded[from as usize..until as usize], start, end })
    }

    /// The tokens in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Token<'_>> {
        let mut from = 0;
        self.places.iter().map(move |&Folded { until, start, end }| {
            let text = &self.folded[from..until as usize];
            from = until as usize;
            Token { text, start, end }
        })
    }

    /// Bytes of the original from the first of token `first` to the last of token `last`.
    pub(super) fn bytes(&self, first: u32, last: u32) -> Option<(u32, u32)> {
        Some((self.places.get(first as usize)?.start, self.places.get(last as usize)?.end))
    }

    fn begin(&mut self, c: char, start: u32, end: u32) {
        self.folded.push(c);
        self.places.push(Folded { until: self.folded.len() as u32, start, end });
    }

    fn extend(&mut self, c: char, end: u32) {
        self.folded.push(c);
        if let Some(last) = self.places.last_mut() {
            (last.until, last.end) = (self.folded.len() as u32, end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{b256, keccak256};

    fn words(text: &str) -> Vec<String> {
        tokenize(text).unwrap().iter().map(|token| token.text.to_owned()).collect()
    }

    #[test]
    fn the_character_table_is_the_frozen_one() {
        let frozen = b256!("e64ee723340271d7f826c587456039b9e776d496e08c5f3bf95be96bd83ce06a");
        assert_eq!(keccak256(include_bytes!("unicode.txt")), frozen);
    }

    #[test]
    fn a_symbol_ends_a_word_and_is_a_token_itself() {
        assert_eq!(words("Pays!(x==Y_2)"), ["pays", "!", "(", "x", "=", "=", "y_2", ")"]);
    }

    #[test]
    fn case_accents_and_compatibility_forms_fold_away() {
        for form in ["Größe", "GRO\u{308}SSE", "gr\u{f6}\u{df}e", "ＧＲＯＳＳＥ"] {
            assert_eq!(words(form), ["grosse"]);
        }
    }

    #[test]
    fn invisible_characters_are_as_if_they_were_not_there() {
        assert_eq!(words("ze\u{200b}ro\u{ad}width \u{feff}"), ["zerowidth"]);
        assert_eq!(tokenize("\u{200b}a\u{200b}b\u{200b}").unwrap().get(0).map(|token| (token.start, token.end)), Some((3, 8)));
    }

    #[test]
    fn a_no_break_space_separates() {
        assert_eq!(words("a\u{a0}b\u{202f}c\u{3000}d"), ["a", "b", "c", "d"]);
    }

    #[test]
    fn a_mark_without_a_token_before_it_begins_a_word() {
        assert_eq!(words("a \u{903}b"), ["a", "\u{903}b"]);
        assert_eq!(words("!\u{903}b"), ["!\u{903}", "b"]);
    }

    #[test]
    fn offsets_are_bytes_of_the_original() {
        let text = "AÖ, 据½";
        let ranges: Vec<_> = tokenize(text).unwrap().iter().map(|token| (token.start, token.end)).collect();
        assert_eq!(ranges, [(0, 3), (3, 4), (5, 8), (8, 10), (8, 10), (8, 10)]);
    }

    #[test]
    fn a_text_beyond_the_limit_is_named() {
        let text = "a".repeat(MAX_TEXT_BYTES + 1);
        assert_eq!(tokenize(&text), Err(Error::TextTooLong { bytes: text.len() }));
    }
}
