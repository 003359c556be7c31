//! The real binary as a child process: `tributary dev` on free ports, and what its banner says.
//!
//! Only the standard library: `cargo xtask test` compiles this file too, and has nothing else.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

/// How long a node may take to say where it is. Generous: the machine may be busy compiling.
const START: Duration = Duration::from_secs(120);

/// How long a node may take to end before it is killed.
const STOP: Duration = Duration::from_secs(30);

/// The last line of the banner starts with this.
const BANNER_END: &str = "Next: tributary demo";

/// What the banner of a development node says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Banner {
    /// JSON-RPC of the rollup, `http://…`.
    pub l2_url: String,
    /// The same with receipts before the seal.
    pub realtime_url: String,
    /// JSON-RPC of the embedded L1.
    pub l1_url: String,
    /// `/health` and `/metrics`.
    pub dashboard_url: String,
    /// Contract name → address, of both chains.
    pub contracts: BTreeMap<String, String>,
    /// Private keys of the funded accounts, `0x…`, in order.
    pub keys: Vec<String>,
}

impl Banner {
    /// Reads the banner's text. Lines that it does not know are passed over.
    pub fn parse(text: &str) -> Self {
        let mut banner = Self::default();
        for line in text.lines() {
            match line.split_whitespace().collect::<Vec<_>>()[..] {
                ["Rollup", url, ..] => banner.l2_url = url.to_owned(),
                ["Realtime", url, ..] => banner.realtime_url = url.to_owned(),
                ["L1", url, ..] => banner.l1_url = url.to_owned(),
                ["Dashboard", url, ..] => banner.dashboard_url = url.to_owned(),
                [name, address] if is_hex(address, 40) => {
                    banner.contracts.insert(name.to_owned(), address.to_owned());
                }
                [.., address, key] if is_hex(address, 40) && is_hex(key, 64) => banner.keys.push(key.to_owned()),
                _ => {}
            }
        }
        banner
    }
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.strip_prefix("0x").is_some_and(|hex| hex.len() == digits && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// A running `tributary dev`. It is killed when this is dropped.
#[derive(Debug)]
pub struct DevProcess {
    child: Child,
    /// What it said at start.
    pub banner: Banner,
}

impl DevProcess {
    /// Starts `binary` with `dev` and `flags`, on free ports where those name none; its log goes to the end of `log`. Returns when the banner
    /// is complete.
    ///
    /// # Errors
    /// When it cannot be started, ends before its banner, or says nothing for two minutes; the message ends with the last of the log.
    pub fn start(binary: &Path, flags: &[&str], log: &Path) -> Result<Self, String> {
        let open = || File::options().create(true).append(true).open(log);
        let failed = |error: io::Error| format!("{}: {error}", binary.display());
        let unnamed = ["--port", "--l1-port", "--dashboard-port"].into_iter().filter(|port| !flags.contains(port));
        let mut child = Command::new(binary)
            .arg("dev")
            .args(unnamed.flat_map(|port| [port, "0"]))
            .args(flags)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(open().map_err(failed)?)
            .spawn()
            .map_err(failed)?;
        let (sender, lines) = mpsc::channel();
        let stdout = BufReader::new(child.stdout.take().expect("invariant: stdout is piped"));
        // Goes on to the end of the process, so that it never blocks on a full pipe.
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        let mut process = Self { child, banner: Banner::default() };
        match read_banner(&lines) {
            Ok(text) => {
                process.banner = Banner::parse(&text);
                Ok(process)
            }
            Err(reason) => {
                drop(process);
                Err(format!("{reason}\n{}", tail(log, 20)))
            }
        }
    }

    /// Process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends the process at once, as `kill -9` does.
    pub fn kill(mut self) {
        self.end();
    }

    /// Ctrl-C: asks the process to stop and waits for it.
    ///
    /// # Errors
    /// When it does not end within half a minute; it is killed then.
    pub fn interrupt(mut self) -> Result<ExitStatus, String> {
        let told = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        told.map_err(|error| format!("kill: {error}"))?;
        let deadline = Instant::now() + STOP;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().map_err(|error| error.to_string())? {
                return Ok(status);
            }
            thread::sleep(Duration::from_millis(20));
        }
        Err(format!("the node still runs {} s after SIGINT", STOP.as_secs()))
    }

    fn end(&mut self) {
        // Both fail only for a process that is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for DevProcess {
    fn drop(&mut self) {
        self.end();
    }
}

fn read_banner(lines: &mpsc::Receiver<String>) -> Result<String, String> {
    let deadline = Instant::now() + START;
    let mut text = String::new();
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let line = lines.recv_timeout(left).map_err(|error| match error {
            mpsc::RecvTimeoutError::Timeout => format!("no banner within {} s", START.as_secs()),
            mpsc::RecvTimeoutError::Disconnected => "the node ended before its banner".to_owned(),
        })?;
        text.push_str(&line);
        text.push('\n');
        if line.starts_with(BANNER_END) {
            return Ok(text);
        }
    }
}

fn tail(log: &Path, count: usize) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

/// Where Cargo put the binary `tributary`: beside the running program, or one folder up from a test.
pub fn built_binary() -> PathBuf {
    let own = std::env::current_exe().unwrap_or_default();
    let folders = own.ancestors().skip(1).take(2);
    let found = folders.map(|folder| folder.join("tributary")).find(|path| path.is_file());
    found.unwrap_or_else(|| "tributary".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_banner_gives_urls_contracts_and_keys() {
        let address = |digit: &str| format!("0x{}", digit.repeat(40));
        let key = format!("0x{}", "7".repeat(64));
        let text = format!(
            "Tributary 0.1.0\n\n  (0) {}  {key}\n\nContracts on the L1\n\n  TributaryPortal    {}\n\n\
             Rollup      http://127.0.0.1:1  chain id 630925\nRealtime    http://127.0.0.1:1/realtime  early\nL1          http://127.0.0.1:2  chain id 900\n\
             Dashboard   http://127.0.0.1:3  /health, /metrics\nNext: tributary demo. Ctrl-C stops.\n",
            address("1"),
            address("2")
        );
        let banner = Banner::parse(&text);
        assert_eq!((banner.l2_url.as_str(), banner.l1_url.as_str()), ("http://127.0.0.1:1", "http://127.0.0.1:2"));
        assert_eq!(banner.realtime_url, "http://127.0.0.1:1/realtime");
        assert_eq!(banner.dashboard_url, "http://127.0.0.1:3");
        assert_eq!(banner.contracts, BTreeMap::from([("TributaryPortal".to_owned(), address("2"))]));
        assert_eq!(banner.keys, [key]);
    }
}
