//! The list of cases that cannot pass, and why.

/// Lines of `pattern<TAB>reason`; a case whose name contains a pattern is skipped. Lines that begin with `#` and empty ones say nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Skips(Vec<(String, String)>);

impl Skips {
    /// The list that is kept beside the tests.
    pub fn checked_in() -> Self {
        Self::parse(include_str!("../../conformance-skips.txt"))
    }

    /// Reads a list.
    ///
    /// # Panics
    /// When a line has no reason: nothing is skipped without one.
    pub fn parse(list: &str) -> Self {
        let lines = list.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let entries = lines.map(|line| {
            let (pattern, reason) = line.split_once('\t').unwrap_or_else(|| panic!("no reason is given for skipping {line:?}"));
            (pattern.to_owned(), reason.trim().to_owned())
        });
        Self(entries.collect())
    }

    /// Why the case of this name is skipped, `None` when it is not.
    pub fn reason(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(pattern, _)| name.contains(pattern)).map(|(_, reason)| reason.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_skipped_for_the_first_pattern_that_its_name_contains() {
        let skips = Skips::parse("# why\n\nstFoo/bar\tfoo is not bar\nstFoo\tfoo\n");
        assert_eq!(skips.reason("GeneralStateTests/stFoo/bar.json::bar/Berlin"), Some("foo is not bar"));
        assert_eq!(skips.reason("GeneralStateTests/stFoo/qux.json"), Some("foo"));
        assert_eq!(skips.reason("GeneralStateTests/stBar/foo.json"), None);
    }

    #[test]
    #[should_panic = "no reason"]
    fn a_pattern_without_a_reason_is_an_error() {
        Skips::parse("stFoo");
    }
}
