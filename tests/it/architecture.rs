//! The import law and the sizes, held over src/ (docs/architecture.md tells why).
//!
//! Invariant: production code only. `tests.rs`, and a file's trailing `#[cfg(test)] mod`, may use what they like.
use std::collections::BTreeSet;
use std::fs::read_to_string;
use std::path::{Path, PathBuf};

use crate::support::rust_source::Token;
use crate::support::source_file::Source;

/// The rooms by layer. A room imports rooms of lower layers only, never one of its own.
const ROOMS: &[(u8, &[&str])] = &[
    (0, &["radius"]),
    (1, &["coa", "dynauth", "quota"]),
    (2, &["config", "clock", "failpoint", "metrics"]),
    (3, &["udp", "routeros", "store", "notify", "door"]),
    (4, &["disconnect", "ledger"]),
    (5, &["jobs"]),
    (6, &["worker", "hook", "admin", "simulator"]),
    (7, &["command"]),
    (8, &["control"]),
    (9, &["daemon"]),
    (10, &["cli"]),
];

/// Layers up to this one do no input or output.
const PURE: u8 = 1;

/// What pure rooms do without; crates named after these (`tokio-util`, `serde_json`) as well.
const IMPURE_CRATES: &[&str] = &["tokio", "sqlx", "axum", "reqwest", "serde", "tracing"];

const FILE_AIM: usize = 250;
const FILE_STOP: usize = 500;
const FUNCTION_STOP: usize = 50;

/// Files that may be longer than `FILE_AIM`, with the reason.
const LONG_FILES: &[(&str, &str)] = &[];

fn layer(room: &str) -> Option<u8> {
    ROOMS.iter().find(|(_, rooms)| rooms.contains(&room)).map(|(layer, _)| *layer)
}

/// Everything in one file that breaks a law, as `file:line: what`.
fn complaints(path: &str, text: &str) -> Vec<String> {
    let source = Source::new(path, text);
    let mut found = size(&source, LONG_FILES);
    found.extend(long_functions(&source));
    let room = source.module()[0];
    if ["lib", "main"].contains(&room) {
        return found;
    }
    let Some(own) = layer(room) else {
        found.push(source.complaint(1, &format!("{room} is no room: give it a layer in tests/it/architecture.rs")));
        return found;
    };
    found.extend(wrong_rooms(&source, room, own));
    if own <= PURE {
        found.extend(impure_crates(&source));
    }
    found
}

fn size(source: &Source<'_>, long_files: &[(&str, &str)]) -> Vec<String> {
    let allowed = long_files.iter().any(|(path, reason)| *path == source.path && !reason.is_empty());
    let what = match source.lines {
        lines @ ..=FILE_AIM if allowed => format!("{lines} lines: strike it from LONG_FILES"),
        lines if lines > FILE_STOP => format!("{lines} lines: split it, {FILE_STOP} is the end"),
        lines if lines > FILE_AIM && !allowed => format!("{lines} lines: split it, or say why in LONG_FILES"),
        _ => return Vec::new(),
    };
    vec![source.complaint(source.lines, &what)]
}

/// Functions whose body has more than `FUNCTION_STOP` lines of code, unless an `#[expect(clippy::too_many_lines)]`
/// says why.
fn long_functions(source: &Source<'_>) -> Vec<String> {
    let starts = (0..source.tokens.len()).filter(|at| source.text(*at) == "fn" && source.text(at + 1) != "(");
    let measured = starts.filter(|at| !source.is_excused(*at)).filter_map(|at| Some((at, source.body_lines(at)?)));
    let too_long = measured.filter(|(_, lines)| *lines > FUNCTION_STOP);
    let complain = |(at, lines): (usize, usize)| {
        let what = format!("fn {} has {lines} lines, {FUNCTION_STOP} is the end", source.text(at + 1));
        source.complaint(source.tokens[at].line, &what)
    };
    too_long.map(complain).collect()
}

fn wrong_rooms(source: &Source<'_>, room: &str, own: u8) -> Vec<String> {
    let mut found = Vec::new();
    for token in imported_rooms(source) {
        let other = token.text;
        let what = match layer(other) {
            _ if other == room => continue,
            None => format!("{room} imports crate::{other}, which is no room"),
            Some(layer) if layer >= own => format!("{room} (layer {own}) imports {other} (layer {layer})"),
            Some(_) if room == "simulator" && other != "radius" => format!("simulator imports {other}"),
            Some(_) => continue,
        };
        found.push(source.complaint(token.line, &what));
    }
    found
}

/// The names that follow `crate::`, or as many `super::` as lead to the root.
fn imported_rooms<'a>(source: &Source<'a>) -> Vec<Token<'a>> {
    let depth = source.module().len();
    let is_super = |at: usize| source.text(at) == "super" && source.text(at + 1) == "::";
    let mut found = Vec::new();
    for at in 0..source.tokens.len() {
        if source.text(at) == "crate" && source.text(at + 1) == "::" {
            found.extend(names(source, at + 2));
        } else if is_super(at) && !(at >= 2 && is_super(at - 2)) {
            let steps = (at..).step_by(2).take_while(|at| is_super(*at)).count();
            if steps == depth {
                found.extend(names(source, at + 2 * steps));
            }
        }
    }
    found
}

/// The name at `at`, or the first names of each path in the group there.
fn names<'a>(source: &Source<'a>, at: usize) -> Vec<Token<'a>> {
    if source.text(at) != "{" {
        return source.tokens.get(at).copied().into_iter().collect();
    }
    let (mut depth, mut found) = (0_usize, Vec::new());
    for window in source.tokens[at..].windows(2) {
        depth = match window[0].text {
            "{" => depth + 1,
            "}" => depth - 1,
            _ => depth,
        };
        if depth == 0 {
            break;
        }
        if depth == 1 && ["{", ","].contains(&window[0].text) && window[1].text != "}" {
            found.push(window[1]);
        }
    }
    found
}

fn impure_crates(source: &Source<'_>) -> Vec<String> {
    let is_named = |name: &str, impure: &str| {
        name.strip_prefix(impure).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    };
    let is_impure = |name: &str| IMPURE_CRATES.iter().any(|impure| is_named(name, impure));
    let is_path = |at: usize| source.text(at + 1) == "::" || (at > 0 && ["use", "["].contains(&source.text(at - 1)));
    let found = (0..source.tokens.len()).filter(|at| is_impure(source.text(*at)) && is_path(*at));
    found.map(|at| source.complaint(source.tokens[at].line, &format!("a pure room uses {}", source.text(at)))).collect()
}

fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let entries = directory.read_dir().expect("a directory of src");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry of src").path()).collect();
    paths.sort();
    let files = paths.into_iter().flat_map(|path| if path.is_dir() { rust_files(&path) } else { vec![path] });
    files.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

fn is_test(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/")
}

#[test]
fn src_keeps_the_laws() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for file in rust_files(&root.join("src")) {
        let path = file.strip_prefix(root).expect("a file below the root").to_str().expect("a path in UTF-8");
        if !is_test(path) {
            found.extend(complaints(path, &read_to_string(&file).expect("a source file")));
        }
    }
    let missing = LONG_FILES.iter().filter(|(path, _)| !root.join(path).is_file());
    found.extend(missing.map(|(path, _)| format!("{path}: in LONG_FILES, and not there")));
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

/// What a planted source is told.
fn planted(path: &str, text: &str) -> Vec<String> {
    complaints(path, text).iter().map(|line| line.replacen(path, "", 1)).collect()
}

#[test]
fn a_planted_import_is_found_in_every_form() {
    let forms = [
        "use crate::config::Config;",
        "use crate::{radius::{Code, config}, config};",
        "use crate::{\n    radius,\n    config::{self, Nas}};",
        "fn f() { let a: super::super::config::Nas; }",
        "use super::super::{radius, config::Nas};",
        "macro_rules! m { () => { $crate::config::f() } }",
    ];
    for form in forms {
        let found = planted("src/dynauth/client.rs", form);
        assert_eq!(found.len(), 1, "{form}: {found:?}");
        assert!(found[0].ends_with("dynauth (layer 1) imports config (layer 2)"), "{found:?}");
    }
    assert_eq!(
        planted("src/store/sqlite/mod.rs", "\n\nuse crate::udp;"),
        [":3: store (layer 3) imports udp (layer 3)"]
    );
    assert_eq!(planted("src/simulator/mod.rs", "use crate::{radius, clock};"), [":1: simulator imports clock"]);
    assert_eq!(
        planted("src/worker/mod.rs", "use crate::Thing;"),
        [":1: worker imports crate::Thing, which is no room"]
    );
    assert_eq!(planted("src/attic.rs", "").len(), 1);
}

#[test]
fn what_is_allowed_passes() {
    let silent = [
        ("src/worker/mod.rs", "use crate::{jobs, disconnect::Cut, worker::step, radius};"),
        (
            "src/store/sqlite/rows.rs",
            "use super::super::error; // crate::cli\n/* crate::cli */ const A: &str = \"crate::cli\";",
        ),
        ("src/dynauth/mod.rs", "use crate::radius; #[cfg(test)]\nmod tests { use crate::cli; use tokio::time; }"),
        ("src/radius/mod.rs", "pub(crate) fn serde(tokio: u8) -> u8 { self.tracing + tokio }"),
        ("src/main.rs", "use radkick::cli::Cli;"),
    ];
    for (path, text) in silent {
        assert_eq!(planted(path, text), [""; 0], "{text}");
    }
}

#[test]
fn a_planted_crate_is_found() {
    for form in
        ["use tokio::net;", "use serde_json as j;", "#[tokio::main]", "tracing::info!(1)", "use {std::fs, sqlx::Row};"]
    {
        let found = planted("src/quota/limit.rs", form);
        assert_eq!(found.len(), 1, "{form}: {found:?}");
        assert!(found[0].starts_with(":1: a pure room uses "), "{found:?}");
    }
}

#[test]
fn planted_sizes_are_found() {
    let function = |lines| format!("fn long() {{\n{}}}\n", "    a();\n\n    // why\n".repeat(lines));
    assert_eq!(planted("src/clock.rs", &function(50)), [""; 0]);
    assert_eq!(planted("src/clock.rs", &function(51)), [":1: fn long has 51 lines, 50 is the end"]);
    let excused = format!("#[expect(clippy::too_many_lines, reason = \"a table\")]\n{}", function(51));
    assert_eq!(planted("src/clock.rs", &excused), [""; 0]);
    assert_eq!(planted("src/clock.rs", &"\n".repeat(250)), [""; 0]);
    assert_eq!(planted("src/clock.rs", &"\n".repeat(251)).len(), 1);
    let tested = format!("fn f() {{}}\n#[cfg(test)]\nmod tests {{\n{}}}\n", "\n".repeat(600));
    assert_eq!(planted("src/clock.rs", &tested), [""; 0]);
    let allowed = [("src/clock.rs", "a reason")];
    let size_of = |lines| size(&Source::new("src/clock.rs", &"\n".repeat(lines)), &allowed).len();
    assert_eq!([size_of(250), size_of(251), size_of(500), size_of(501)], [1, 0, 0, 1]);
}

#[test]
fn every_dependency_is_explained() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| read_to_string(root.join(name)).expect("a file of the repository");
    let manifest: toml::Table = read("Cargo.toml").parse().expect("a manifest");
    let tables = ["dependencies", "dev-dependencies"].map(|name| manifest[name].as_table().expect("a table"));
    let needed: BTreeSet<String> = tables.iter().flat_map(|table| table.keys().cloned()).collect();
    let page = read("docs/dependencies.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let explained: BTreeSet<String> = rows.map(|(name, _)| name.to_owned()).collect();
    assert_eq!(explained, needed, "docs/dependencies.md and Cargo.toml");
}
