//! `--file`: a file is checked and then read again, a pipe is read as it comes.
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{PATIENT, file, send};
use crate::engine::das::{self, SECRET};
use crate::engine::loopback::LoopbackDas;
use crate::support::wait::wait_until;

fn utf8(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

/// Standard error of a call with this file, that must exit with 2 and send nothing.
fn refused(octets: &[u8]) -> String {
    let das = LoopbackDas::silent();
    let requests = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(requests.path(), octets).expect("a temporary file");
    let finished = send("coa", das.addr, &file(SECRET), &["--file", utf8(requests.path())]).run();
    assert_eq!((finished.code, finished.stdout.as_str()), (Some(2), ""), "{finished:#?}");
    assert_eq!(das.received(), []);
    finished.stderr.replace(utf8(requests.path()), "FILE")
}

#[test]
fn files_that_are_no_packet_files() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let das = LoopbackDas::silent();
    let finished = send("coa", das.addr, &file(SECRET), &["--file", utf8(folder.path())]).run();
    assert_eq!(finished.code, Some(2));
    assert!(finished.stderr.ends_with(": is a directory\n"), "{}", finished.stderr);
    assert_eq!(refused(b""), "error: FILE holds no request\n");
    assert_eq!(refused(b"\n# nothing\n\n"), "error: FILE holds no request\n");
    assert!(refused(b"User-Name = a\0b\n").starts_with("error: FILE:1: a NUL octet"));
    assert!(refused(b"\xff\xfeU\0s\0").starts_with("error: FILE:1: a NUL octet"));
    let long = [b"User-Name = a\n".repeat(2), vec![b'#'; 70_000], b"\nNonsense\n".to_vec()].concat();
    assert_eq!(
        refused(&long),
        "error: FILE:3: the line has more than 65536 octets\nerror: FILE:4: \"Nonsense\" is not of the form Name=value\n"
    );
    assert!(
        refused(b"User-Name = 'a\n").contains("FILE:1: User-Name: \"'a\" is not closed by the quote that opens it")
    );
}

#[test]
fn a_request_that_no_packet_holds_is_named_by_its_lines() {
    let line = format!("Class = 0x{}\n", "00".repeat(250));
    let stderr = refused(format!("User-Name = a\n\nUser-Name = b\n{}Foo = 1\n", line.repeat(40)).as_bytes());
    let says: Vec<&str> = stderr.lines().collect();
    assert!(
        says[0].starts_with("error: FILE:20: this and what stands above it, from line 3 on, is more than"),
        "{says:?}"
    );
    assert_eq!(says.len(), 2, "{says:?}");
    assert!(says[1].starts_with("error: FILE:44: no attribute is called \"Foo\""), "{says:?}");
    // What the file says fits; with Event-Timestamp and Message-Authenticator it does not.
    let stderr = refused(format!("User-Name = {}\n{}", "a".repeat(30), line.repeat(16)).as_bytes());
    assert_eq!(stderr, "error: FILE:1: the packet would have more than 4096 octets\n");
}

#[test]
fn of_many_problems_twenty_are_told_and_all_are_counted() {
    let stderr = refused("Nonsense\n\n".repeat(1000).as_bytes());
    let says: Vec<&str> = stderr.lines().collect();
    assert_eq!(says.len(), 21);
    assert_eq!(says[19], "error: FILE:39: \"Nonsense\" is not of the form Name=value");
    assert_eq!(says[20], "error: FILE: and 980 lines more");
}

#[test]
fn line_ends_marks_and_octets_of_other_machines_are_taken() {
    let das = LoopbackDas::start();
    let requests = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(requests.path(), b"\xef\xbb\xbfUser-Name = alice\r\n\r\n  # c\r\nUser-Name = \"Jos\xe9\"\r")
        .expect("a file");
    let more = [&["--file", utf8(requests.path()), "--in-flight", "1"], &PATIENT[..]].concat();
    let finished = send("disconnect", das.addr, &file(SECRET), &more).run();
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    let names: Vec<Vec<u8>> = das.received().iter().map(|(_, octets)| user_name(octets)).collect();
    assert_eq!(names, [b"alice".to_vec(), b"Jos\xe9".to_vec()]);
}

fn user_name(octets: &[u8]) -> Vec<u8> {
    let opened = das::open(octets).expect("a right request");
    opened.attributes.first(radkick::radius::AttributeType::USER_NAME).expect("a User-Name").to_vec()
}

/// A named pipe in a folder of its own.
fn pipe(folder: &tempfile::TempDir) -> PathBuf {
    let path = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&path).status().expect("mkfifo").success());
    path
}

#[test]
fn a_pipe_is_sent_as_it_comes_and_ends_with_a_wrong_request() {
    let das = LoopbackDas::start();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = pipe(&folder);
    let secret = file(SECRET);
    let more = [&["--file", utf8(&path)], &PATIENT[..]].concat();
    let running = send("disconnect", das.addr, &secret, &more).spawn();
    let mut input: File = OpenOptions::new().write(true).open(&path).expect("the pipe");
    for (written, received) in [("User-Name = a\n\nUser-Na", 1), ("me = b\n\n\n", 2), ("User-Name = c\n\n# more", 3)] {
        input.write_all(written.as_bytes()).expect("the pipe");
        wait_until("the next request, while the pipe is open", || das.received().len() == received);
        running.wait_for_stdout(&format!("#{} ACK", received - 1));
    }
    input.write_all(b"\nFoo = 1\n\nUser-Name = d\n\n").expect("the pipe");
    let finished = running.finish();
    assert_eq!(finished.code, Some(2), "{finished:#?}");
    assert!(finished.stdout.contains("3 sent: 3 ACK"), "{finished:#?}");
    let says =
        format!("error: {}:9: no attribute is called \"Foo\"; what stands before it has been sent\n", path.display());
    assert_eq!(finished.stderr, says);
}

#[test]
fn a_pipe_that_gives_nothing_stalls_no_exchange() {
    let das = LoopbackDas::silent();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = pipe(&folder);
    let secret = file(SECRET);
    let more = ["--file", utf8(&path), "--irt", "50ms", "--mrc", "3", "--mrd", "20s"];
    let running = send("disconnect", das.addr, &secret, &more).spawn();
    let mut input = OpenOptions::new().write(true).open(&path).expect("the pipe");
    input.write_all(b"User-Name = a\n\n").expect("the pipe");
    running.wait_for_stdout("#0 NO REPLY after 3 transmissions");
    drop(input);
    assert_eq!(running.finish().code, Some(3));
}

#[test]
fn ctrl_c_ends_a_pipe_that_goes_on() {
    let das = LoopbackDas::start();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = pipe(&folder);
    let secret = file(SECRET);
    let running = send("disconnect", das.addr, &secret, &["--file", utf8(&path)]).spawn();
    let mut input = OpenOptions::new().write(true).open(&path).expect("the pipe");
    input.write_all(b"User-Name = a\n\n").expect("the pipe");
    running.wait_for_stdout("#0 ACK");
    running.process.signal("INT");
    let finished = running.finish();
    assert_eq!(finished.code, Some(3), "{finished:#?}");
    assert!(finished.stdout.contains("Interrupted"), "{finished:#?}");
}

#[test]
fn a_file_that_changes_while_it_is_sent_is_not_sent_on() {
    let requests = file(&"User-Name = a\n\n".repeat(100_000));
    let path = requests.path().to_owned();
    let das = LoopbackDas::answering([127, 0, 0, 1].into(), move |octets, count| {
        if count == 1 {
            let mut file = OpenOptions::new().append(true).open(&path).expect("our own file");
            file.write_all(b"User-Name = b\n").expect("our own file");
        }
        das::answer(octets).into_iter().collect()
    });
    let finished = send("disconnect", das.addr, &file(SECRET), &["--file", utf8(requests.path())]).run();
    assert_eq!(finished.code, Some(2), "{}", finished.stderr);
    let says = "somebody changed it while it was read; what stands before it has been sent";
    assert!(finished.stderr.contains(says), "{}", finished.stderr);
    assert!(das.received().len() < 100_000);
}
