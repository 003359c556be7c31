//! Lines for people: at most 80 columns, with bold and dim where that is seen.

use std::io::{self, IsTerminal};

/// Columns of a line.
pub(crate) const WIDTH: usize = 80;

/// Lines that are printed at once.
#[derive(Debug)]
pub(crate) struct Paper {
    colours: bool,
    text: String,
}

impl Paper {
    /// Colours are for a terminal whose user did not refuse them (https://no-color.org).
    pub(crate) fn new() -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self { colours: io::stdout().is_terminal() && !refused, text: String::new() }
    }

    pub(crate) fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    pub(crate) fn bold(&mut self, line: &str) {
        self.styled("\x1b[1m", line);
    }

    pub(crate) fn dim(&mut self, line: &str) {
        self.styled("\x1b[2m", line);
    }

    fn styled(&mut self, style: &str, line: &str) {
        if self.colours { self.line(&format!("{style}{line}\x1b[0m")) } else { self.line(line) }
    }

    pub(crate) fn into_text(self) -> String {
        self.text
    }
}

/// Columns that a terminal gives a text: two for symbols of East Asian scripts and emoji, none for marks that stand on others.
pub(crate) fn columns(text: &str) -> usize {
    text.chars().map(column).sum()
}

fn column(symbol: char) -> usize {
    match symbol as u32 {
        0x300..=0x36f | 0x200b..=0x200d | 0xfe00..=0xfe0f | 0x20d0..=0x20ff => 0,
        0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 => 2,
        0x1f300..=0x1faff | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

/// A text of at most so many columns. What does not fit is taken out of its middle.
pub(crate) fn fit(text: &str, most: usize) -> String {
    if columns(text) <= most {
        return text.to_owned();
    }
    let (mut head, mut tail) = (String::new(), Vec::new());
    let mut left = most.saturating_sub(1);
    let (mut front, mut back) = (text.chars(), text.chars().rev());
    loop {
        for symbol in [front.next(), back.next()].into_iter().enumerate() {
            let (end, Some(symbol)) = symbol else { continue };
            let Some(rest) = left.checked_sub(column(symbol)) else {
                return head + "…" + &tail.iter().rev().collect::<String>();
            };
            left = rest;
            if end == 0 { head.push(symbol) } else { tail.push(symbol) }
        }
    }
}

/// A text in lines of at most so many columns, broken at spaces; a word that is longer is cut.
pub(crate) fn wrap(text: &str, most: usize) -> Vec<String> {
    let (mut lines, mut line) = (Vec::new(), String::new());
    for word in text.split(' ') {
        if !line.is_empty() && columns(&line) + 1 + columns(word) > most {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        for symbol in word.chars() {
            if columns(&line) + column(symbol) > most {
                lines.push(std::mem::take(&mut line));
            }
            line.push(symbol);
        }
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_keeps_its_ends() {
        assert_eq!(fit("short", 5), "short");
        assert_eq!(fit("a/long/way/to/go.txt", 11), "a/lon…o.txt");
        assert_eq!(fit("数据网络数据网络", 9), "数据…网络");
        assert_eq!(fit("e\u{301}e\u{301}e\u{301}", 3), "e\u{301}e\u{301}e\u{301}");
        for most in 1..9 {
            assert!(columns(&fit("数a据b网c络d", most)) <= most);
        }
    }

    #[test]
    fn lines_are_broken_at_spaces_and_words_that_are_too_long_are_cut() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("a 数据网络数据网络 b", 6), ["a", "数据网", "络数据", "网络 b"]);
        assert_eq!(wrap("", 6), [""]);
    }
}
