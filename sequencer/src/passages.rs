//! Shares and quotations, as they are told to people.

use alloy_primitives::U256;

/// `part` of `whole` with one decimal, rounded down.
pub(crate) fn percent(part: U256, whole: U256) -> String {
    let permille = (part * U256::from(1_000)).checked_div(whole).unwrap_or_default();
    let (whole, tenth) = permille.div_rem(U256::from(10));
    format!("{whole}.{tenth} %")
}

/// Whether a piece of evidence is worth a reader's time. The trace pays for every run of words that it can place, a full stop or a letter by itself among
/// them.
pub(crate) fn says_something(words: &str) -> bool {
    words.chars().filter(|symbol| symbol.is_alphanumeric()).nth(1).is_some()
}

/// Words on one line, cut in the middle when they are many.
pub(crate) fn quotation(words: &str, most: usize) -> String {
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let count = line.chars().count();
    if count <= most {
        return line;
    }
    let half = most / 2 - 1;
    let (start, end): (String, String) = (line.chars().take(half).collect(), line.chars().skip(count - half).collect());
    format!("{start} … {end}")
}

/// The text without what would move a terminal's cursor, colour it or turn its lines around.
pub(crate) fn printable(text: &str) -> String {
    let turns = |symbol: char| matches!(symbol, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|symbol| if symbol.is_control() || turns(symbol) { '\u{fffd}' } else { symbol }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_rounded_down() {
        assert_eq!(percent(U256::from(1), U256::from(3)), "33.3 %");
        assert_eq!(percent(U256::from(2), U256::from(2)), "100.0 %");
        assert_eq!(percent(U256::ZERO, U256::ZERO), "0.0 %");
    }

    #[test]
    fn a_long_quotation_keeps_its_ends() {
        let words = format!("begin {} end", "x".repeat(200));
        let line = quotation(&words, 72);
        assert!(line.starts_with("begin") && line.ends_with("end") && line.chars().count() <= 73, "{line}");
        assert_eq!(quotation("two\n  lines", 72), "two lines");
    }

    #[test]
    fn a_piece_of_one_symbol_says_nothing() {
        for noise in ["", " ", ".", "—", "a", " I,", "7", "é"] {
            assert!(!says_something(noise), "{noise:?}");
        }
        for evidence in ["of", "a b", "42", "when it", "火山"] {
            assert!(says_something(evidence), "{evidence:?}");
        }
    }

    #[test]
    fn no_name_of_a_file_commands_the_terminal() {
        assert_eq!(printable("a\x1b[31m\nb\u{202e}c é火"), "a\u{fffd}[31m\u{fffd}b\u{fffd}c é火");
    }
}
