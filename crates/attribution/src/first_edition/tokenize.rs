//! Word tokens of a text.

use std::borrow::Cow;
use std::str::CharIndices;

/// One token and where it is, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token<'a> {
    /// The token, ASCII letters folded to lower case; as many bytes as `end - start`.
    pub text: Cow<'a, str>,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// Tokens of `text` in order.
///
/// Words are runs of `[A-Za-z0-9_]` and U+0080..U+07FF; every code point from U+0800 up is a token
/// of its own, and so is every other ASCII character above 0x20 except 0x7F; the rest separates.
pub fn tokenize(text: &str) -> Tokens<'_> {
    Tokens { text, chars: text.char_indices(), pending: None }
}

/// Iterator of [`tokenize`].
#[derive(Debug, Clone)]
pub struct Tokens<'a> {
    text: &'a str,
    chars: CharIndices<'a>,
    /// A symbol that ended a word and is yet to be yielded.
    pending: Option<(usize, usize)>,
}

#[derive(PartialEq, Eq)]
enum Class {
    Word,
    Symbol,
    Separator,
}

fn class(c: char) -> Class {
    match c {
        '_' | '0'..='9' | 'A'..='Z' | 'a'..='z' | '\u{80}'..='\u{7FF}' => Class::Word,
        '!'..='~' | '\u{800}'.. => Class::Symbol,
        _ => Class::Separator,
    }
}

impl<'a> Tokens<'a> {
    fn token(&self, start: usize, end: usize) -> Token<'a> {
        let text = &self.text[start..end];
        let text = if text.bytes().any(|b| b.is_ascii_uppercase()) { Cow::Owned(text.to_ascii_lowercase()) } else { Cow::Borrowed(text) };
        Token { text, start, end }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        if let Some((start, end)) = self.pending.take() {
            return Some(self.token(start, end));
        }
        let mut word = None;
        for (at, c) in self.chars.by_ref() {
            let kind = class(c);
            if kind == Class::Word {
                word.get_or_insert(at);
                continue;
            }
            let symbol = (kind == Class::Symbol).then_some((at, at + c.len_utf8()));
            match (word, symbol) {
                (Some(start), _) => {
                    self.pending = symbol;
                    return Some(self.token(start, at));
                }
                (None, Some((start, end))) => return Some(self.token(start, end)),
                (None, None) => {}
            }
        }
        word.map(|start| self.token(start, self.text.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        tokenize(text).map(|token| token.text.into_owned()).collect()
    }

    #[test]
    fn a_symbol_ends_a_word_and_is_a_token_itself() {
        assert_eq!(words("Pays!(x==Y_2)"), ["pays", "!", "(", "x", "=", "=", "y_2", ")"]);
    }

    #[test]
    fn letters_below_u0800_join_words_and_are_not_folded() {
        assert_eq!(words("GrÖße ÉA"), ["grÖße", "Éa"]);
        assert_eq!(words("数据ab网"), ["数", "据", "ab", "网"]);
    }

    #[test]
    fn control_characters_and_delete_separate() {
        assert_eq!(words("a\u{0}b\u{7f}c\td\n"), ["a", "b", "c", "d"]);
        assert!(words(" \r\n\u{7f}").is_empty());
    }

    #[test]
    fn offsets_are_bytes_of_the_original() {
        let text = "AÖ, 据";
        for token in tokenize(text) {
            assert_eq!(text[token.start..token.end].to_ascii_lowercase(), *token.text);
        }
        assert_eq!(tokenize(text).last().map(|token| (token.start, token.end)), Some((5, 8)));
    }
}
