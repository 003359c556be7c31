use std::{
    io::Write,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use crate::dev_process::{Banner, DevProcess};

/// A node that programs have killed and started again: whoever connects to [`Self::address`] gets it killed as by `kill -9`, and a line
/// `restarted` when it answers again, on the same ports with the same data. Any other line says why it does not.
#[derive(Debug)]
pub(super) struct Restarts {
    /// Where to connect.
    pub(super) address: SocketAddr,
    /// What the node said at its first start.
    pub(super) banner: Banner,
    /// Absent after a start that failed, and at the end.
    node: Arc<Mutex<Option<DevProcess>>>,
}

/// What a node needs to come back as it was.
#[derive(Debug)]
struct Same {
    binary: PathBuf,
    flags: Vec<String>,
    log: PathBuf,
}

impl Same {
    fn start(&self) -> Result<DevProcess, String> {
        let flags: Vec<_> = self.flags.iter().map(String::as_str).collect();
        DevProcess::start(&self.binary, &flags, &self.log)
    }

    fn restart(&self, node: &Mutex<Option<DevProcess>>) -> Result<(), String> {
        let mut node = node.lock().unwrap_or_else(PoisonError::into_inner);
        node.take().ok_or("there is no node any more")?.kill();
        *node = Some(self.start()?);
        Ok(())
    }
}

impl Restarts {
    /// Starts a node that keeps its data in a folder.
    pub(super) fn start(binary: &Path, data: &Path, log: &Path) -> Result<Self, String> {
        let data = ["--datadir".to_owned(), data.to_string_lossy().into_owned()];
        let mut same = Same { binary: binary.into(), flags: data.into(), log: log.into() };
        let node = same.start()?;
        let banner = node.banner.clone();
        for (flag, url) in [("--port", &banner.l2_url), ("--l1-port", &banner.l1_url), ("--dashboard-port", &banner.dashboard_url)] {
            let (_, port) = url.rsplit_once(':').ok_or_else(|| format!("no port in {url}"))?;
            same.flags.extend([flag.to_owned(), port.to_owned()]);
        }
        let failed = |error: std::io::Error| error.to_string();
        let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let node = Arc::new(Mutex::new(Some(node)));
        let shared = node.clone();
        // Goes on to the end of this process.
        thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let line = same.restart(&shared).map_or_else(|error| error, |()| "restarted".to_owned());
                // A program that does not wait for the answer needs none.
                let _ = writeln!(stream, "{line}");
            }
        });
        Ok(Self { address, banner, node })
    }

    /// Asks the node to stop; an error when it does not, fails, or has not come back before.
    pub(super) fn stop(self) -> Result<(), String> {
        let node = self.node.lock().unwrap_or_else(PoisonError::into_inner).take();
        let status = node.ok_or("the node did not come back")?.interrupt()?;
        if status.success() { Ok(()) } else { Err(format!("tributary dev: {status}")) }
    }
}
