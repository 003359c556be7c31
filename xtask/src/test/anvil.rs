use std::{
    fs::File,
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How long anvil may take to listen.
const START: Duration = Duration::from_secs(30);

/// A running anvil, with its own settings. It is killed when this is dropped.
#[derive(Debug)]
pub(super) struct Anvil {
    child: Child,
    /// JSON-RPC, `http://…`.
    pub(super) url: String,
}

impl Anvil {
    /// Starts `binary` on a free port with its output in `log`; returns when it listens.
    pub(super) fn start(binary: &Path, log: &Path) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("{}: {error}", binary.display());
        // anvil does not say which port it got: one that is free now is given to it.
        let address = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr()).map_err(failed)?;
        let output = File::create(log).map_err(failed)?;
        let mut command = Command::new(binary);
        command.args(["--port", &address.port().to_string()]).stdin(Stdio::null()).stdout(output).stderr(Stdio::null());
        let mut anvil = Self { child: command.spawn().map_err(failed)?, url: format!("http://{address}") };
        let deadline = Instant::now() + START;
        while TcpStream::connect(address).is_err() {
            if let Some(status) = anvil.child.try_wait().map_err(failed)? {
                return Err(format!("anvil: {status}"));
            }
            if Instant::now() > deadline {
                return Err(format!("anvil does not listen within {} s", START.as_secs()));
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(anvil)
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        // Both fail only for a process that is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
