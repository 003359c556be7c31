//! Arguments that are never printed.

use std::{convert::Infallible, fmt, str::FromStr};

/// A secret from the command line or the environment. Its `Debug` does not show it.
#[derive(Clone)]
pub(crate) struct Secret(String);

impl Secret {
    /// The secret itself.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for Secret {
    type Err = Infallible;

    fn from_str(secret: &str) -> Result<Self, Infallible> {
        Ok(Self(secret.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_printed() {
        let Ok(secret) = "open sesame".parse::<Secret>();
        assert!(!format!("{secret:?}").contains("sesame"));
        assert_eq!(secret.reveal(), "open sesame");
    }
}
