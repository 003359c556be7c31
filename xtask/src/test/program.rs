use std::{
    fs::{self, File},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// What a program came to.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) success: bool,
    /// What it printed, on both streams in their order.
    pub(crate) output: String,
}

impl Finished {
    /// The last lines of the output, for a reader who wants to know why.
    pub(crate) fn tail(&self) -> String {
        const LINES: usize = 200;
        let lines: Vec<_> = self.output.lines().collect();
        lines[lines.len().saturating_sub(LINES)..].join("\n")
    }
}

/// Runs a program to its end with nothing on stdin, its output in the file `log`. At `deadline` it is ended with everything that it started.
/// `Err` says why it could not be run.
pub(crate) fn run(command: &mut Command, log: &Path, deadline: Instant) -> Result<Finished, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let failed = |what: &str, error: std::io::Error| format!("{what}: {error}");
    if let Some(folder) = log.parent() {
        fs::create_dir_all(folder).map_err(|error| failed(&folder.to_string_lossy(), error))?;
    }
    let file = File::create(log).map_err(|error| failed(&log.to_string_lossy(), error))?;
    let copy = file.try_clone().map_err(|error| failed(&log.to_string_lossy(), error))?;
    let mut child =
        command.stdin(Stdio::null()).stdout(file).stderr(copy).spawn().map_err(|error| failed(&format!("cannot run {program}"), error))?;
    let in_time = wait(&mut child, deadline).map_err(|error| failed(&program, error))?;
    let bytes = fs::read(log).map_err(|error| failed(&log.to_string_lossy(), error))?;
    let mut output = String::from_utf8_lossy(&bytes).into_owned();
    if in_time.is_none() {
        output.push_str(&format!("\n{program} was ended: no time left\n"));
    }
    Ok(Finished { success: in_time.unwrap_or(false), output })
}

/// Whether the child ended well; `None` when it had to be ended.
fn wait(child: &mut Child, deadline: Instant) -> std::io::Result<Option<bool>> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status.success()));
        }
        if Instant::now() >= deadline {
            for process in descendants(child.id()) {
                // Fails only for one that is gone meanwhile.
                let _ = Command::new("kill").args(["-KILL", &process.to_string()]).stderr(Stdio::null()).status();
            }
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// Processes that `ancestor` started, and those that they started. (Linux; elsewhere none are found.)
fn descendants(ancestor: u32) -> Vec<u32> {
    let processes: Vec<(u32, u32)> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let id = entry.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
            // `id (name) state parent …`, where the name may hold anything.
            let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
            Some((id, parent))
        })
        .collect();
    let mut found = vec![ancestor];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        found.extend(processes.iter().filter(|(_, of)| *of == parent).map(|(id, _)| *id));
        next += 1;
    }
    found.split_off(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, deadline: Instant) -> Finished {
        let log = std::env::temp_dir().join(format!("xtask-{}-{:?}.log", std::process::id(), thread::current().id()));
        let finished = run(Command::new("sh").args(["-c", script]), &log, deadline);
        let _ = fs::remove_file(log);
        finished.unwrap()
    }

    fn later() -> Instant {
        Instant::now() + Duration::from_secs(600)
    }

    #[test]
    fn both_streams_are_kept_in_order() {
        let finished = shell("echo one; echo two >&2; echo three; exit 3", later());
        assert_eq!((finished.success, finished.output.as_str()), (false, "one\ntwo\nthree\n"));
    }

    #[test]
    fn a_program_without_time_is_ended_with_what_it_started() {
        let finished = shell("sleep 1000 & echo $!; wait", Instant::now() + Duration::from_millis(300));
        assert!(!finished.success && finished.output.ends_with("was ended: no time left\n"), "{}", finished.output);
        let sleeper = finished.output.lines().next().unwrap();
        // What was killed is gone as soon as it has its turn on a processor.
        let state = || fs::read_to_string(format!("/proc/{sleeper}/stat")).unwrap_or_else(|_| "(sleep) Z".into());
        let deadline = Instant::now() + Duration::from_secs(30);
        while !state().contains(") Z") {
            assert!(Instant::now() < deadline, "{}", state());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    #[test]
    fn a_program_that_does_not_exist_is_an_error_that_names_it() {
        let log = std::env::temp_dir().join(format!("xtask-{}-none.log", std::process::id()));
        let error = run(&mut Command::new("no-such-program-here"), &log, later()).unwrap_err();
        let _ = fs::remove_file(log);
        assert!(error.starts_with("cannot run no-such-program-here"), "{error}");
    }
}
