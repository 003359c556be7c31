//! Whose account a command acts for, and where its key is. No key is ever an argument: arguments are visible to every user of the machine.

use crate::{chain::Chain, error::Error, secret::Secret};
use alloy_primitives::Address;
use alloy_signer_local::{LocalSignerError, MnemonicBuilder, PrivateKeySigner, coins_bip39::English};
use clap::Args;
use std::{
    env, fs,
    path::{Path, PathBuf},
};
use tributary_client::{Account, Client, ClientConfig, Signer};

/// Holds a private key in hex.
const PRIVATE_KEY: &str = "TRIBUTARY_PRIVATE_KEY";

/// Holds the phrase that `--index` counts accounts of.
const MNEMONIC: &str = "TRIBUTARY_MNEMONIC";

/// The node that a command talks to.
#[derive(Debug, Clone, Args)]
pub(crate) struct NodeArguments {
    /// JSON-RPC of the rollup.
    #[arg(long, value_name = "URL", env = "TRIBUTARY_RPC", hide_env_values = true, default_value = "http://127.0.0.1:8545", global = true)]
    pub(crate) rpc: String,
    /// Print JSON, for scripts.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// Where the key is. One of: a keystore file, a signer's URL, the environment.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Account")]
pub(crate) struct WalletArguments {
    /// Encrypted key (Web3 Secret Storage), as geth and `cast wallet` write it.
    #[arg(long, value_name = "FILE", env = "TRIBUTARY_KEYSTORE", requires = "password_file", global = true)]
    keystore: Option<PathBuf>,
    /// File with the keystore's password in its first line.
    #[arg(long, value_name = "FILE", env = "TRIBUTARY_PASSWORD_FILE", global = true)]
    password_file: Option<PathBuf>,
    /// Service that keeps the key and signs (Web3Signer's JSON-RPC; a development node does, too).
    #[arg(long, value_name = "URL", env = "TRIBUTARY_SIGNER", hide_env_values = true, conflicts_with = "keystore", global = true)]
    signer: Option<String>,
    /// The signer's account that is meant, if it has several.
    #[arg(long, value_name = "ADDRESS", env = "TRIBUTARY_FROM", requires = "signer", global = true)]
    from: Option<Address>,
    /// Account of the phrase in TRIBUTARY_MNEMONIC, counted from 0, instead of the key in TRIBUTARY_PRIVATE_KEY.
    #[arg(long, value_name = "N", conflicts_with_all = ["keystore", "signer"], global = true)]
    index: Option<u32>,
}

impl WalletArguments {
    /// The account on a chain.
    pub(crate) async fn account(&self, chain: &Chain) -> Result<Account, Error> {
        chain.account(self.signer().await?).await
    }

    /// What signs for it.
    pub(crate) async fn signer(&self) -> Result<Signer, Error> {
        if let Some(path) = &self.keystore {
            return self.decrypt(path).map(Signer::from);
        }
        if let Some(url) = &self.signer {
            let client = Client::new(&ClientConfig { retries: 2, ..ClientConfig::at(url) }).map_err(|error| not_signed(url, error))?;
            return Signer::service(client, self.from).await.map_err(|error| not_signed(url, error));
        }
        let secret = |name: &str| env::var(name).ok().filter(|value| !value.is_empty()).map(|value| value.parse::<Secret>());
        if let Some(index) = self.index {
            let Some(Ok(phrase)) = secret(MNEMONIC) else {
                return Err(Error::Wallet(format!("--index counts accounts of the phrase in {MNEMONIC}")));
            };
            return derive(phrase.reveal(), index, MNEMONIC).map(Signer::from);
        }
        let Some(Ok(key)) = secret(PRIVATE_KEY) else {
            return Err(Error::Wallet(format!(
                "no account: give --keystore, --signer, or a key in {PRIVATE_KEY} (or --index of {MNEMONIC})"
            )));
        };
        let invalid = |_| Error::Wallet(format!("{PRIVATE_KEY} is not a private key in hex"));
        Ok(key.reveal().trim().parse::<PrivateKeySigner>().map_err(invalid)?.into())
    }

    fn decrypt(&self, path: &Path) -> Result<PrivateKeySigner, Error> {
        let missing = || Error::Wallet("--keystore needs --password-file".to_owned());
        decrypt(path, self.password_file.as_deref().ok_or_else(missing)?)
    }
}

/// The key in a keystore, which the first line of a file opens.
pub(crate) fn decrypt(path: &Path, password_file: &Path) -> Result<PrivateKeySigner, Error> {
    let read = |path: &Path| fs::read_to_string(path).map_err(|source| Error::File { path: path.to_owned(), source });
    let password = read(password_file)?;
    // Told apart from a wrong password, which is all that decryption says.
    read(path)?;
    let password = password.lines().next().unwrap_or_default();
    PrivateKeySigner::decrypt_keystore(path, password).map_err(|error| not_opened(path, &error.to_string()))
}

/// Why a keystore does not open. The library's own words are those of its parts.
fn not_opened(path: &Path, reason: &str) -> Error {
    let reason = match reason {
        "Mac Mismatch" => "the password is wrong".to_owned(),
        _ if reason.starts_with("serde-json: ") => "not a keystore (Web3 Secret Storage)".to_owned(),
        reason => reason.to_owned(),
    };
    Error::Wallet(format!("{}: {reason}", path.display()))
}

/// What a signer fails with. Of its URL the part is told that holds no password.
fn not_signed(url: &str, error: tributary_client::Error) -> Error {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    let reason = match &error {
        tributary_client::Error::Unreachable(_) => {
            format!("it does not answer ({})", error.to_string().trim_start_matches("unreachable: "))
        }
        tributary_client::Error::Config(reason) => reason.trim_start_matches("the signer ").to_owned(),
        error => error.to_string(),
    };
    Error::Signer { url: format!("{scheme}://{host}"), reason }
}

/// Account `index` of the phrase that is `from` there (BIP-44, Ethereum).
pub(crate) fn derive(phrase: &str, index: u32, from: &'static str) -> Result<PrivateKeySigner, Error> {
    let invalid = |error| {
        let reason = match error {
            LocalSignerError::Bip32Error(error) => error.to_string(),
            // Its own text may hold the phrase.
            _ => "not a phrase of BIP-39: a word, their number or the checksum is wrong".to_owned(),
        };
        Error::Mnemonic { from, reason }
    };
    let path = format!("m/44'/60'/0'/0/{index}");
    MnemonicBuilder::<English>::default().phrase(phrase).derivation_path(path).and_then(|builder| builder.build()).map_err(invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Variables that hold a URL.
    const URLS: [&str; 3] = ["TRIBUTARY_RPC", "TRIBUTARY_L1", "TRIBUTARY_SIGNER"];

    /// The test vector of "Web3 Secret Storage Definition", PBKDF2; its password is "testpassword".
    const KEYSTORE: &str = r#"{"crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"6087dab2f9fdbbfaddc31a909735c1e6"},
        "ciphertext":"5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46","kdf":"pbkdf2","kdfparams":{"c":262144,"dklen":32,
        "prf":"hmac-sha256","salt":"ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd"},
        "mac":"517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2"},"id":"3198bc9c-6672-5ab3-d995-4942343ae5b6","version":3}"#;

    #[test]
    fn a_keystore_opens_with_the_first_line_of_the_password_file_and_with_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let (keystore, password) = (dir.path().join("key"), dir.path().join("password"));
        let wallet = WalletArguments { keystore: None, password_file: Some(password.clone()), signer: None, from: None, index: None };
        fs::write(&keystore, KEYSTORE).unwrap();
        fs::write(&password, "testpassword\nand a second line\n").unwrap();
        let address = wallet.decrypt(&keystore).unwrap().address();
        assert_eq!(address.to_string().to_lowercase(), "0x008aeeda4d805471df9b2a5b0f38a0c3bcba786b");
        fs::write(&password, "sesame").unwrap();
        let error = wallet.decrypt(&keystore).unwrap_err().to_string();
        assert!(error.ends_with("key: the password is wrong"), "{error}");
        for other in ["", "no JSON", "{}", "[1]"] {
            fs::write(&keystore, other).unwrap();
            let error = wallet.decrypt(&keystore).unwrap_err().to_string();
            assert!(error.ends_with("key: not a keystore (Web3 Secret Storage)"), "{error}");
        }
        let absent = wallet.decrypt(&dir.path().join("nothing")).unwrap_err().to_string();
        assert!(absent.contains("nothing"), "{absent}");
    }

    #[tokio::test]
    async fn a_signer_that_does_not_answer_is_named_without_its_password() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let signer = Some(format!("http://user:sesame@{free}/token?key=sesame"));
        let wallet = WalletArguments { keystore: None, password_file: None, signer, from: None, index: None };
        let line = wallet.signer().await.unwrap_err().to_string();
        assert!(line.starts_with(&format!("the signer at http://{free}: it does not answer (")), "{line}");
        assert!(!line.contains("sesame") && !line.contains("token"), "{line}");
    }

    #[test]
    fn a_wrong_phrase_is_blamed_on_where_it_was_and_is_not_told() {
        // A wrong word, a wrong number of words, and a wrong checksum.
        for phrase in ["open sesame", "test test", &"test ".repeat(12)] {
            let error = derive(phrase.trim(), 0, MNEMONIC).unwrap_err().to_string();
            assert!(error.starts_with("TRIBUTARY_MNEMONIC: ") && !error.contains("test") && !error.contains("sesame"), "{error}");
        }
    }

    #[test]
    fn a_url_of_the_environment_may_hold_a_token_and_is_not_in_the_help() {
        use clap::CommandFactory;
        let mut checked = 0;
        for command in crate::cli::Arguments::command().get_subcommands() {
            for argument in
                command.get_arguments().filter(|argument| argument.get_env().is_some_and(|name| URLS.contains(&name.to_str().unwrap())))
            {
                assert!(argument.is_hide_env_values_set(), "{} of {}", argument.get_id(), command.get_name());
                checked += 1;
            }
        }
        assert!(checked > URLS.len());
    }
}
