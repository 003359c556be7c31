//! What the contracts' sources must have that no compiler asks for.

use std::{collections::BTreeSet, fs, path::Path};

/// All sources under a folder, by their path in it.
fn sources(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "sol") {
            found.push((path.strip_prefix(folder).unwrap().display().to_string(), fs::read_to_string(&path).unwrap()));
        }
    }
    found.sort();
    found
}

fn contracts() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("contracts")
}

/// A declaration that others can call.
#[derive(Debug, PartialEq, Eq)]
struct Callable<'s> {
    name: &'s str,
    /// By a comment before it, or because it says that it is what its one base declares.
    documented: bool,
}

/// Functions and variables that are external or public, where a declaration begins a line.
fn callables(source: &str) -> Vec<Callable<'_>> {
    let mut found = Vec::new();
    let mut before = "";
    let mut at = 0;
    for line in source.split_inclusive('\n') {
        let (text, start) = (line.trim(), at);
        at += line.len();
        if let Some(name) = callable(text, &source[start..]) {
            let whole = &source[start..start + source[start..].find(['{', ';']).unwrap_or(0)];
            let inherited = whole.split_whitespace().any(|word| word == "override");
            found.push(Callable { name, documented: inherited || before.starts_with("///") || before.ends_with("*/") });
        }
        // A word to a linter may stand between.
        if !text.is_empty() && (!text.starts_with("//") || text.starts_with("///")) {
            before = text;
        }
    }
    found
}

fn callable<'s>(text: &'s str, rest: &'s str) -> Option<&'s str> {
    let is_open = |head: &str| head.split_whitespace().any(|word| word == "external" || word == "public");
    if let Some(declared) = text.strip_prefix("function ") {
        let head = &rest[..rest.find(['{', ';'])?];
        return is_open(head).then(|| declared.split('(').next()).flatten();
    }
    let head = text.split(';').next()?.split(" = ").next()?.trim_end_matches(" =");
    let variable = text.starts_with("mapping(") || !head.contains('(');
    let name = head.split_whitespace().last().filter(|name| !["{", "external", "public"].contains(name))?;
    (variable && is_open(head) && !head.starts_with(['/', '*'])).then_some(name)
}

#[test]
fn every_function_that_others_can_call_says_what_it_is_for() {
    let all = sources(&contracts().join("src"));
    // What implements an interface has the interface's words, unless it has its own.
    let interfaces = all.iter().filter(|(file, _)| file.starts_with("interfaces/")).flat_map(|(_, source)| callables(source));
    let declared: BTreeSet<_> = interfaces.filter(|callable| callable.documented).map(|callable| callable.name).collect();
    let mut silent = Vec::new();
    for (file, source) in &all {
        let found = callables(source);
        silent.extend(found.iter().filter(|found| !found.documented && !declared.contains(found.name)).map(|found| (file, found.name)));
    }
    assert!(all.len() > 80 && declared.len() > 100, "{} files, {} declarations", all.len(), declared.len());
    assert!(silent.is_empty(), "{silent:#?}");
}

#[test]
fn every_error_of_the_contracts_is_expected_by_a_test() {
    let tests: String = sources(&contracts().join("test")).into_iter().map(|(_, source)| source).collect();
    // Those of the precompiles are tested where the precompiles are.
    let ours = sources(&contracts().join("src")).into_iter().filter(|(file, _)| file != "interfaces/IAttributionErrors.sol");
    let mut errors = BTreeSet::new();
    for (_, source) in ours {
        let declared = source.lines().filter_map(|line| line.trim().strip_prefix("error "));
        errors.extend(declared.filter_map(|line| line.split('(').next()).map(str::to_owned));
    }
    let names: BTreeSet<_> = tests.split(|symbol: char| !symbol.is_alphanumeric() && symbol != '_').collect();
    let untested: Vec<_> = errors.iter().filter(|error| !names.contains(error.as_str())).collect();
    assert!(errors.len() > 150, "{}", errors.len());
    assert!(untested.is_empty(), "{untested:?}");
}

#[test]
fn a_declaration_is_documented_by_a_comment_or_by_its_base() {
    let source = "contract C {\n    /// @notice What.\n    uint256 public constant A = 1;\n    mapping(uint256 => uint256) public b;\n    uint256 private c;\n\n    /// @notice Long.\n    \
                  function long(\n        uint256 a\n    ) external {\n        b = a;\n    }\n\n    function of(uint256) external view override returns (uint256);\n    \
                  function own() public;\n    function hidden() internal {}\n    // is public;\n}\n";
    let found: Vec<_> = callables(source).into_iter().map(|found| (found.name, found.documented)).collect();
    assert_eq!(found, [("A", true), ("b", false), ("long", true), ("of", true), ("own", false)]);
}
