use std::{
    collections::BTreeMap,
    env,
    error::Error,
    fmt::Debug,
    fs,
    io::Read,
    net::TcpStream,
    path::{Path, PathBuf},
    time::Duration,
};

use alloy_primitives::Bytes;

/// What a check comes to; any error fails it.
pub(crate) type Checked<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// Longest that one check may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// One line for each check, and the counts.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    passed: u64,
    failed: u64,
    skipped: u64,
    /// Sentences that this kind of node is known to fail, each with the reason.
    known: BTreeMap<String, String>,
}

impl Checks {
    /// Knows what the kind of node in `NODE_KIND` is known to fail; see `known` in checks.mjs. The list lies in the folder `KNOWN`.
    pub(crate) fn new() -> Checked<Self> {
        let (Some(folder), Ok(kind)) = (env::var_os("KNOWN"), env::var("NODE_KIND")) else { return Ok(Self::default()) };
        let path = Path::new(&folder).join(format!("known-{kind}.json"));
        if !path.exists() {
            return Ok(Self::default());
        }
        let reasons: BTreeMap<String, Vec<String>> = serde_json::from_str(&fs::read_to_string(path)?)?;
        let mut known = BTreeMap::new();
        for (reason, sentences) in reasons {
            known.extend(sentences.into_iter().map(|sentence| (sentence, format!("{kind}: {reason}"))));
        }
        Ok(Self { known, ..Self::default() })
    }

    /// Runs one check and prints its line. Returns what the check returned, nothing when it failed.
    pub(crate) async fn check<T>(&mut self, sentence: &str, body: impl Future<Output = Checked<T>>) -> Option<T> {
        let outcome = tokio::time::timeout(PATIENCE, body).await.unwrap_or_else(|late| Err(late.into()));
        match outcome {
            Ok(_) if self.known.contains_key(sentence) => {
                self.failed += 1;
                println!("FAILED  {sentence}: passes, though this kind of node is known to fail it");
                None
            }
            Err(_) if self.known.contains_key(sentence) => {
                let reason = self.known[sentence].clone();
                self.skip(sentence, &reason);
                None
            }
            Ok(value) => {
                self.passed += 1;
                println!("ok      {sentence}");
                Some(value)
            }
            Err(error) => {
                self.failed += 1;
                println!("FAILED  {sentence}: {error}");
                None
            }
        }
    }

    /// Prints that a check was not made, and why.
    pub(crate) fn skip(&mut self, sentence: &str, reason: &str) {
        self.skipped += 1;
        println!("skipped: {sentence}: {reason}");
    }

    /// Prints the closing line. Returns whether nothing failed.
    pub(crate) fn finish(&self) -> bool {
        println!("{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped);
        self.failed == 0
    }
}

/// Fails unless both are equal.
pub(crate) fn equal<T: PartialEq + Debug>(left: T, right: T) -> Checked {
    if left == right { Ok(()) } else { Err(format!("{left:?} is not {right:?}").into()) }
}

/// Fails unless it is so.
pub(crate) fn so(condition: bool, what: impl Debug) -> Checked {
    if condition { Ok(()) } else { Err(format!("not so: {what:?}").into()) }
}

/// The init code of a contract that compile.mjs compiled.
pub(crate) fn init_code(name: &str) -> Checked<Bytes> {
    let folder = env::var_os("FIXTURES").map_or_else(|| PathBuf::from("artifacts"), PathBuf::from);
    let text = fs::read_to_string(Path::new(&folder).join(format!("{name}.json")))?;
    let artifact: serde_json::Value = serde_json::from_str(&text)?;
    Ok(artifact["bytecode"].as_str().ok_or("no bytecode")?.parse()?)
}

/// Has the node killed and started again by whoever listens at `address`; see `checkWithRestart` in checks.mjs.
pub(crate) async fn restart(address: String) -> Checked {
    let line = tokio::task::spawn_blocking(move || {
        let mut line = String::new();
        TcpStream::connect(address)?.read_to_string(&mut line)?;
        Ok::<_, std::io::Error>(line)
    });
    equal(line.await??.trim(), "restarted")
}
