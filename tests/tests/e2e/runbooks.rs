//! What `docker/` and `docs/operating.md` tell operators is so: commands parse and run, units start roles, alerts and dashboard name what nodes expose.

use crate::{
    operate::{get, samples},
    roles::{CHAIN, Ground, Role, told, transfer},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};
use tributary_tests::{dev_process::built_binary, rpc::Rpc, wallet::Wallet};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn file(name: &str) -> String {
    fs::read_to_string(repository().join(name)).unwrap()
}

/// The lines of the runbooks' shell blocks.
fn commands() -> Vec<String> {
    let text = file("docs/operating.md");
    let blocks = text.split("```sh\n").skip(1).map(|rest| rest.split("\n```").next().unwrap());
    blocks.flat_map(|block| block.replace("\\\n", " ").lines().map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// What a unit does at a start, in order.
fn starts(unit: &str) -> Vec<String> {
    let text = file(&format!("docker/systemd/{unit}.service"));
    let lines = text.lines().filter_map(|line| line.strip_prefix("ExecStartPre=").or_else(|| line.strip_prefix("ExecStart=")));
    lines.map(str::to_owned).collect()
}

/// Runs a line as an operator's shell does.
fn shell(line: &str) -> std::process::Output {
    let bin = built_binary().parent().unwrap().display().to_string();
    let path = format!("{bin}:{}", std::env::var("PATH").unwrap());
    Command::new("sh").args(["-c", line]).env("PATH", path).stdin(Stdio::null()).output().unwrap()
}

fn succeeds(line: &str) {
    let output = shell(line);
    assert!(output.status.success(), "{line}\n{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
}

#[test]
fn every_command_of_ours_in_the_runbooks_units_and_images_is_one_that_there_is() {
    let mut checked = 0;
    let ours = commands().into_iter().filter(|line| line.starts_with("tributary "));
    let units = ["tributary-sequencer", "tributary-verifier", "tributary-replica", "tributary-prover"].iter().flat_map(|unit| starts(unit));
    for line in ours.chain(units) {
        succeeds(&format!("{} --help", line.replace("/usr/local/bin/", "")));
        checked += 1;
    }
    assert!(checked >= 15, "{checked}");
    assert!(!shell("tributary db stats --no-such-flag --help").status.success(), "what is not there would be noticed");
    let image = file("docker/Dockerfile");
    let roles: Vec<_> = image.lines().filter_map(|line| line.strip_prefix("CMD [\"")).filter_map(|line| line.split('"').next()).collect();
    assert_eq!(roles, ["sequencer", "verifier", "replica", "prover", "genesis", "dev"]);
    for role in roles {
        succeeds(&format!("tributary {role} --help"));
    }
    // Templates are of fields that there are: what is missing is the first file that one names.
    for role in ["sequencer", "verifier", "replica", "prover"] {
        let template = repository().join(format!("docker/config/{role}.toml"));
        let output = shell(&format!("tributary {role} --config {}", template.display()));
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(words.contains("/etc/tributary/") && words.contains("No such file"), "{role}: {words}");
    }
    // Variables of the images and of the deployment are those of flags.
    let told = String::from_utf8(shell("for role in sequencer verifier replica prover; do tributary $role --help; done").stdout).unwrap();
    let named = words(&(image + &file("docker/deployment.yaml")), "TRIBUTARY_");
    assert!(named.len() > 8);
    for variable in named {
        // A variable whose value may hold a secret is told without it.
        let is_told = ["=", "]"].iter().any(|end| told.contains(&format!("[env: {variable}{end}")));
        assert!(is_told || variable == "TRIBUTARY_CONFIG", "{variable} is nobody's");
    }
}

/// The words of a text that begin with a prefix and go on with letters, digits and `_`.
fn words(text: &str, prefix: &str) -> BTreeSet<String> {
    let of_a_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split(|c: char| !of_a_name(c)).filter(|word| word.starts_with(prefix) && word.len() > prefix.len()).map(str::to_owned).collect()
}

/// Names of metrics in a file, without what Prometheus appends to a histogram's.
fn metrics_in(name: &str) -> BTreeSet<String> {
    let family = |name: String| {
        ["_bucket", "_sum", "_count"].iter().fold(name, |name, end| name.strip_suffix(end).map_or(name.clone(), str::to_owned))
    };
    words(&file(name), "tributary_").into_iter().map(family).collect()
}

#[test]
fn alerts_and_dashboard_name_metrics_that_a_node_exposes_and_the_dashboard_all_of_them() {
    let ground = Ground::new();
    told(ground.genesis(&[]));
    let mut sequencer = ground.role("sequencer", "sequencer", &["--origin-depth", "1", "--proposer-interval", "5"]).unwrap();
    let sent = transfer(&mut Wallet::funded(1, CHAIN), 1);
    sequencer.ask("eth_sendRawTransaction", json!([sent.json()]));
    sequencer.receipt(sent.hash);
    sequencer.wait("a proposal", |role| samples(role).get("tributary_proposals_total").is_some_and(|count| *count > 0.0));
    let (_, text) = get(&sequencer.dashboard, "/metrics");
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).map(|line| line.split(' ').next().unwrap().to_owned());
    let exposed: BTreeSet<String> = types.collect();
    let (alerts, dashboard) = (metrics_in("docker/prometheus/alerts.yml"), metrics_in("docker/grafana/dashboard.json"));
    assert!(alerts.len() > 10 && alerts.is_subset(&exposed), "alerts name {:?}", alerts.difference(&exposed));
    assert_eq!(dashboard, exposed, "the dashboard shows what there is");
    let board: Value = serde_json::from_str(&file("docker/grafana/dashboard.json")).unwrap();
    let panels = board["panels"].as_array().unwrap();
    let ids: BTreeSet<_> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len());
    let shown = panels.iter().filter(|panel| panel["type"] != "row");
    assert!(shown.flat_map(|panel| panel["targets"].as_array().unwrap()).all(|target| balanced(target["expr"].as_str().unwrap())));

    // Labels that rules select by are there, or are those that prometheus.yml gives.
    for line in file("docker/prometheus/alerts.yml").lines().filter(|line| line.trim_start().starts_with("expr: tributary_")) {
        for (name, value) in line.match_indices('{').flat_map(|(at, _)| labels(&line[at + 1..])) {
            let given = name == "node" && value == "sequencer";
            assert!(given || text.contains(&format!("{name}=\"{value}\"")), "{name}=\"{value}\" in {line}");
        }
    }
    // Every alert has a summary, and a section of the runbooks that there is.
    let (alerts, runbooks) = (file("docker/prometheus/alerts.yml"), file("docs/operating.md"));
    let headings: BTreeSet<_> = runbooks.lines().filter_map(|line| line.strip_prefix("## ")).map(anchor).collect();
    let named: Vec<_> = alerts.split("docs/operating.md#").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect();
    assert_eq!(named.len(), alerts.matches("- alert: ").count());
    assert_eq!(named.len(), alerts.matches("summary: ").count());
    assert!(named.iter().all(|section| headings.contains(section)), "{named:?} of {headings:?}");
}

/// A heading's anchor, as Markdown is shown in the usual places.
fn anchor(heading: &str) -> String {
    heading.to_lowercase().chars().filter(|c| c.is_alphanumeric() || *c == ' ').map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn labels(text: &str) -> Vec<(String, String)> {
    let text = text.split('}').next().unwrap();
    text.split(',')
        .filter_map(|pair| pair.trim().split_once("=\""))
        .map(|(name, value)| (name.to_owned(), value.trim_end_matches('"').to_owned()))
        .collect()
}

fn balanced(expression: &str) -> bool {
    let count = |c| expression.matches(c).count();
    count('(') == count(')') && count('{') == count('}') && count('[') == count(']') && count('"').is_multiple_of(2)
}

/// A machine as the runbooks assume one, in a folder: files at their places, and units that can be started and stopped.
struct Machine {
    ground: Ground,
    ports: BTreeMap<&'static str, u16>,
    running: BTreeMap<String, Child>,
}

impl Drop for Machine {
    fn drop(&mut self) {
        let units: Vec<_> = self.running.keys().cloned().collect();
        units.iter().for_each(|unit| self.stop(unit));
    }
}

impl Machine {
    fn new() -> Self {
        let ground = Ground::new();
        told(ground.genesis(&[]));
        let free = || TcpListener::bind("127.0.0.1:0").unwrap();
        let held: Vec<_> = ["8545", "8080", "9545", "9080"].into_iter().map(|port| (port, free())).collect();
        let ports = held.iter().map(|(port, listener)| (*port, listener.local_addr().unwrap().port())).collect();
        let this = Self { ground, ports, running: BTreeMap::new() };
        for folder in ["etc/tributary", "var/lib/tributary"] {
            fs::create_dir_all(this.ground.path(folder)).unwrap();
        }
        fs::rename(this.ground.path("rollup"), this.ground.path("etc/tributary/rollup")).unwrap();
        for role in ["sequencer", "verifier"] {
            let text = file(&format!("docker/config/{role}.toml"));
            // Keys are in the environment here, as the units allow.
            let text: Vec<_> = text.lines().filter(|line| !line.starts_with("keystore") && !line.starts_with("password_file")).collect();
            let text = text.join("\n").replace("block_time = 12", "block_time = 2").replace("interval = 1800", "interval = 5");
            fs::write(this.ground.path(&format!("etc/tributary/{role}.toml")), this.here(&text)).unwrap();
        }
        let variables = ["BATCHER", "PROPOSER", "PROVER"].into_iter().zip([7, 8, 6]);
        let keys: String = variables.map(|(role, index)| format!("TRIBUTARY_{role}_KEY={}\n", this.ground.key(index))).collect();
        let l1 = format!("TRIBUTARY_L1_CHAIN_CONFIG={}\n", this.ground.path("l1.json").display());
        fs::write(this.ground.path("etc/tributary/sequencer.env"), keys + &l1).unwrap();
        fs::write(this.ground.path("etc/tributary/verifier.env"), l1).unwrap();
        this
    }

    /// The same text about this machine.
    fn here(&self, text: &str) -> String {
        let l1 = &self.ground.node.process.banner.l1_url;
        let root = self.ground.dir.path().display();
        let text = text
            .replace("/etc/tributary", &format!("{root}/etc/tributary"))
            .replace("/var/lib/tributary", &format!("{root}/var/lib/tributary"));
        let text = text.replace("https://l1.example", l1).replace("https://beacon.example", l1).replace("sequencer.example", "127.0.0.1");
        let text = text.replace("/usr/local/bin/tributary", built_binary().to_str().unwrap());
        self.ports.iter().fold(text, |text, (port, free)| {
            text.replace(&format!("port = {port}"), &format!("port = {free}")).replace(&format!(":{port}"), &format!(":{free}"))
        })
    }

    fn environment(&self, role: &str) -> Vec<(String, String)> {
        let text = fs::read_to_string(self.ground.path(&format!("etc/tributary/{role}.env"))).unwrap();
        text.lines().filter_map(|line| line.split_once('=')).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// What systemd does with a unit.
    fn start(&mut self, unit: &str) {
        let role = unit.trim_start_matches("tributary-").to_owned();
        let mut lines = starts(unit).iter().map(|line| self.here(line)).collect::<Vec<_>>();
        let main = lines.pop().unwrap();
        for line in lines {
            let done = Command::new("sh").args(["-c", &line]).envs(self.environment(&role)).output().unwrap();
            assert!(done.status.success(), "{line}\n{}", String::from_utf8_lossy(&done.stdout));
        }
        let log = fs::File::options().create(true).append(true).open(self.ground.path(&format!("{unit}.log"))).unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", &format!("exec {main}")]).envs(self.environment(&role)).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("http://"), "{unit}: {line}{}", fs::read_to_string(self.ground.path(&format!("{unit}.log"))).unwrap());
        self.running.insert(unit.to_owned(), child);
    }

    fn stop(&mut self, unit: &str) {
        let mut child = self.running.remove(unit).unwrap();
        Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
        assert!(child.wait().unwrap().success(), "{unit} did not stop in order");
    }

    /// One line of a runbook. What needs a container engine, a journal or somebody's money is left out.
    fn run(&mut self, line: &str) -> bool {
        match line.split_whitespace().collect::<Vec<_>>()[..] {
            ["docker" | "cast" | "journalctl", ..] => return false,
            ["systemctl", "start", unit] => self.start(unit),
            ["systemctl", "stop", unit] => self.stop(unit),
            ["systemctl", "restart", unit] => {
                self.stop(unit);
                self.start(unit);
            }
            _ => {
                let variables: String =
                    self.environment("sequencer").iter().map(|(name, value)| format!("export {name}={value}; ")).collect();
                let l1 = &self.ground.node.process.banner.l1_url;
                succeeds(&format!("{variables}export L1_URL={l1}; {}", self.here(line)));
            }
        }
        true
    }
}

#[test]
fn the_runbooks_run_from_the_first_line_to_the_last_and_the_chain_goes_on() {
    let mut machine = Machine::new();
    let mut wallet = Wallet::funded(1, CHAIN);
    let (mut ran, mut sent) = (0, Vec::new());
    for line in commands() {
        ran += u32::from(machine.run(&line));
        let url = format!("http://127.0.0.1:{}", machine.ports["8545"]);
        // Somebody uses the rollup whenever there is one.
        if let Ok(mut rpc) = Rpc::connect(&url) {
            let signed = transfer(&mut wallet, 1);
            rpc.call("eth_sendRawTransaction", json!([signed.json()])).unwrap();
            sent.push(signed.hash);
        }
    }
    assert!(ran >= 25 && sent.len() >= 10, "{ran} lines, {} transactions", sent.len());
    let of = |port: &str| {
        let url = format!("http://127.0.0.1:{}", machine.ports[port]);
        Rpc::connect(&url).unwrap()
    };
    let (mut sequencer, mut verifier) = (of("8545"), of("9545"));
    for hash in sent {
        let receipt = Role::receipt_of(&mut verifier, hash);
        assert_eq!(receipt["blockHash"], Role::receipt_of(&mut sequencer, hash)["blockHash"]);
    }
}
