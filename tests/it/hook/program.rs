//! `radkick hook` as FreeRADIUS starts it: no PATH, no HOME, an exit code that lets the NAS be answered.
use radkick::hook::{Kind, Octets, Wish};

use super::daemon::{Daemon, Manner};
use super::{Place, run, users};
use crate::support::process::program;

const INTERIM: [(&str, &[u8]); 3] =
    [("ACCT_STATUS_TYPE", b"Interim-Update"), ("USER_NAME", b"\"alice\""), ("ACCT_INPUT_OCTETS", b"5")];

#[test]
fn the_daemon_has_it_or_the_spool() {
    let place = Place::new();
    let up = {
        let daemon = Daemon::start(&place.socket(), Manner::Store);
        let finished = run(place.hook(&[], &INTERIM));
        assert_eq!((finished.code, finished.stdout.as_str(), finished.stderr.as_str()), (Some(0), "", ""));
        daemon.wait_for(1)
    };
    assert_eq!(place.files(), [""; 0], "the daemon has it");
    let finished = run(place.hook(&[], &INTERIM));
    assert_eq!((finished.code, finished.stdout.as_str(), finished.stderr.as_str()), (Some(3), "", ""));
    let (mut down, aside) = place.drain();
    assert_eq!(aside, [""; 0]);
    down[0].received_at = up[0].received_at;
    assert_eq!(up, down, "the same by either way");
    let event = &up[0];
    assert_eq!((event.kind, event.wish, event.input_octets), (Kind::Interim, Wish::Check, Some(5)));
    assert_eq!(event.user_name, Octets::new(*b"alice"));
}

#[test]
fn a_daemon_that_does_not_store_is_no_loss() {
    for manner in [Manner::Hold, Manner::HangUp, Manner::Refuse] {
        let place = Place::new();
        let daemon = Daemon::start(&place.socket(), manner);
        assert_eq!(run(place.hook(&[], &INTERIM)).code, Some(3));
        assert_eq!(users(&place.drain().0), ["alice"]);
        assert_eq!(users(&daemon.wait_for(1)), ["alice"]);
    }
}

#[test]
fn what_is_asked_for_goes_along() {
    let place = Place::new();
    for arguments in [&["--disconnect", "--event", "post-auth"][..], &["--event=stop", "--check"]] {
        assert_eq!(run(place.hook(arguments, &INTERIM)).code, Some(3), "{arguments:?}");
    }
    let events = place.drain().0;
    let asked: Vec<(Kind, Wish)> = events.iter().map(|event| (event.kind, event.wish)).collect();
    assert_eq!(asked, [(Kind::PostAuth, Wish::Disconnect), (Kind::Stop, Wish::Check)]);
}

#[test]
fn nothing_to_do_and_nothing_done() {
    let place = Place::new();
    let on: [(&str, &[u8]); 1] = [("ACCT_STATUS_TYPE", b"Accounting-On")];
    let finished = run(place.hook(&[], &on));
    assert_eq!((finished.code, finished.stderr.as_str()), (Some(0), ""));
    let finished = run(place.hook(&[], &[]));
    assert_eq!(finished.code, Some(9));
    assert!(finished.stderr.contains("cannot tell what this was called for"), "{}", finished.stderr);
    assert_eq!(place.files(), [""; 0]);
}

#[test]
fn a_wrong_command_line_still_answers_the_nas() {
    let place = Place::new();
    let cases: [(&[&str], &str); 5] = [
        (&["--config", "x"], "unknown argument \"--config\""),
        (&["--event", "pause"], "write start, interim, stop or post-auth"),
        (&["--check", "--disconnect"], "exclude each other"),
        (&["--check=yes"], "unknown argument"),
        (&["stop"], "unknown argument"),
    ];
    for (arguments, told) in cases {
        let finished = run(place.hook(arguments, &INTERIM));
        assert_eq!((finished.code, finished.stdout.as_str()), (Some(9), ""), "{arguments:?}");
        assert!(finished.stderr.contains(told), "{}", finished.stderr);
    }
    assert_eq!(place.files(), [""; 0]);
}

#[test]
fn where_nothing_can_be_kept_it_says_so() {
    let place = Place::new();
    std::fs::remove_dir(place.spool()).expect("an empty spool");
    let finished = run(place.hook(&[], &INTERIM));
    assert_eq!((finished.code, finished.stdout.as_str()), (Some(9), ""));
    let told = &finished.stderr;
    assert!(told.contains("the event is lost") && told.contains("connect") && told.contains("open it"), "{told}");
}

#[test]
fn its_help_and_radkicks() {
    let help = |arguments: &[&str]| crate::support::radkick::Radkick::new(arguments).run();
    let own = help(&["hook", "--help"]);
    assert_eq!((own.code, own.stderr.as_str()), (Some(0), ""));
    assert!(own.stdout.contains("--disconnect") && own.stdout.contains("Exit codes"), "{}", own.stdout);
    assert_eq!(help(&["-v", "hook", "--help"]).stdout, own.stdout, "with something before it, too");
    assert!(help(&["--help"]).stdout.contains("hook"));
}

/// A file-size limit ends a process that writes above it by a signal, which FreeRADIUS takes for a failure.
#[test]
fn a_limit_of_the_file_size_does_not_kill_it() {
    let place = Place::new();
    let mut command = std::process::Command::new(program("prlimit", "util-linux"));
    let hook = place.hook(&[], &INTERIM);
    command.arg("--fsize=10").arg(hook.get_program()).args(hook.get_args()).env_clear();
    command.envs(hook.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let finished = run(command);
    assert_eq!(finished.code, Some(9), "{finished:?}");
    assert!(finished.stderr.contains("write: "), "{}", finished.stderr);
    assert_eq!(place.files(), [""; 0]);
}
