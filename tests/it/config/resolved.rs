//! What files come to: defaults, values with units, merging.

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use radkick::config::{
    BlockMode, CloseRows, Config, CutPath, DatabaseUrl, IdentityAttribute, InterimInterval, LimitSource, Meaning, Mode,
    NasMatch, Period, Timers, Tls,
};
use radkick::radius::SharedSecret;
use secrecy::ExposeSecret;

use super::{environment, parse, with_database};

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

#[test]
fn defaults() {
    let config = with_database("");
    assert_eq!(config.database.url.to_string(), "sqlite:radius.db");
    assert_eq!(config.state.url.to_string(), "sqlite:radkick-state.db");
    assert_eq!(config.database.tables.client, "nas");
    assert_eq!(config.accounting.interim_interval, InterimInterval::Auto);
    assert_eq!(
        (config.accounting.close_rows, config.accounting.stop_grace),
        (CloseRows::Proven, Duration::from_mins(1))
    );
    assert_eq!((config.quota.mode, config.quota.interval), (Mode::Observe, Duration::from_secs(30)));
    assert_eq!(config.quota.sources, [LimitSource::Attributes, LimitSource::Table]);
    assert_eq!(
        (config.quota.attributes[0].name.as_str(), config.quota.attributes[0].meaning),
        ("Max-Octets", Meaning::Total)
    );
    assert_eq!(config.block.mode, BlockMode::Reject);
    assert_eq!((config.brakes.per_cycle, config.brakes.trip_users), (50, 25));
    assert!((config.brakes.trip_share - 0.2).abs() < f64::EPSILON);
    assert_eq!(config.brakes.pause_file, Path::new("radkick-pause"));
    assert_eq!(config.serve.listen.to_string(), "127.0.0.1:8099");
    assert!(config.nas.is_empty() && config.mikrotik_api.is_none() && config.warnings.is_empty());
}

#[test]
fn the_control_socket_is_where_the_file_says_or_where_every_command_looks() {
    let control = |text: &str| with_database(text).serve.control_socket;
    let default = control("");
    assert_eq!((default.path.to_str(), default.is_set), (Some("/run/radkick/control.sock"), false));
    let set = control("[serve]\ncontrol_socket = \"run/own.sock\"");
    assert_eq!((set.path.as_path(), set.is_set), (Path::new("run/own.sock"), true));
    let beside = Config::parse(
        "/etc/radkick/radkick.toml".as_ref(),
        "[database]\nurl = \"sqlite:radius.db\"\n[serve]\ncontrol_socket = \"own.sock\"",
        &environment,
    );
    assert_eq!(beside.expect("accepted").serve.control_socket.path, Path::new("/etc/radkick/own.sock"));
    let problems = parse("[database]\nurl = \"sqlite:radius.db\"\n[serve]\ncontrol_socket = 17").expect_err("no text");
    assert!(problems.to_string().contains("serve.control_socket"), "{problems}");
}

#[test]
fn the_example_is_all_defaults_but_its_url() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let example = Config::load(Some(&folder.join("radkick.toml")), &environment).expect("accepted");
    let url = "[database]\nurl = \"mysql://radkick:${DB_PASS}@localhost/radius\"\n";
    let bare = Config::parse(&folder.join("radkick.toml"), url, &environment).expect("accepted");
    assert_eq!((&example.quota, &example.block), (&bare.quota, &bare.block));
    assert_eq!((&example.brakes, &example.serve), (&bare.brakes, &bare.serve));
    // The sections of the example stand there empty, which is as good as not at all.
    assert!(example.nas_defaults.profile(address("10.0.0.1")).paths.is_empty());
}

#[test]
fn every_key_that_the_example_comments_out_is_known_and_right() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/radkick.toml");
    let text = std::fs::read_to_string(&file).expect("the example");
    let is_key = |line: &str| {
        let word = line.split(' ').next().unwrap_or_default().trim_matches('"');
        line.starts_with('[')
            || (line.contains(" = ") && word.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)))
    };
    let uncommented: Vec<_> =
        text.lines().map(|line| line.strip_prefix("# ").filter(|rest| is_key(rest)).unwrap_or(line)).collect();
    assert!(uncommented.iter().filter(|line| line.contains(" = ")).count() > 70);
    let problems =
        Config::parse(&file, &uncommented.join("\n"), &environment).expect_err("it names files that are not there");
    for problem in problems.problems {
        let expected = problem.key.ends_with("fingerprint") || problem.found.starts_with("both ");
        assert!(
            expected || problem.found.contains("cannot read") || problem.found.contains("is not used"),
            "{problem}"
        );
    }
}

#[test]
fn servers_keep_the_state_beside_and_their_password_to_themselves() {
    let text = "[database]\nurl = \"mariadb://radkick:${DB_PASS}@db:3307/radius?ssl-mode=required\"\n";
    let config = parse(text).expect("accepted");
    let DatabaseUrl::Mysql(url) = &config.state.url else { panic!("{:?}", config.state.url) };
    assert_eq!(url.expose(), "mysql://radkick:s3%2Fcr%23t%40x@db:3307/radius?ssl-mode=required");
    assert_eq!(url.to_string(), "mysql://radkick@db:3307/radius");
    assert!(!format!("{config:?}").contains("s3%2F"));
    assert_eq!(config.brakes.pause_file, Path::new("/var/lib/radkick/pause"));
    let postgres = parse("[database]\nurl = \"postgresql://localhost/radius\"\n").expect("accepted");
    assert_eq!(postgres.accounting.close_rows, CloseRows::Never);
}

#[test]
fn paths_start_at_the_folder_of_the_file() {
    let parse = |url: &str| {
        let text = format!("[database]\nurl = \"{url}\"\n");
        Config::parse("/etc/radkick/radkick.toml".as_ref(), &text, &environment).expect("accepted").database.url
    };
    for (url, path) in [
        ("sqlite:radius.db", "/etc/radkick/radius.db"),
        ("sqlite://radius.db", "/etc/radkick/radius.db"),
        ("sqlite:///var/lib/radius.db", "/var/lib/radius.db"),
        ("sqlite:/var/lib/my%20radius.db", "/var/lib/my radius.db"),
    ] {
        let DatabaseUrl::Sqlite(file) = parse(url) else { panic!("{url}") };
        assert_eq!(file, Path::new(path));
    }
}

#[test]
fn secrets_are_taken_from_text_variables_and_files() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("secret"), [b's', 0xff, b'\r', b'\n']).expect("written");
    let text = "[database]\nurl = \"sqlite:a.db\"\n[[nas]]\nname = \"a\"\nsecret = \"pa$$w${DB_PASS}\"\n\
                [[nas]]\nname = \"b\"\nsecret_file = \"secret\"\n";
    let config = Config::parse(&folder.path().join("radkick.toml"), text, &environment).expect("accepted");
    let secret = |octets: &[u8]| SharedSecret::new(octets.to_vec()).ok();
    assert_eq!(config.nas[0].settings.secret, secret(b"pa$ws3/cr#t@x"));
    assert_eq!(config.nas[1].settings.secret, secret(&[b's', 0xff]));
}

#[test]
fn a_nas_is_matched_by_what_radacct_says() {
    let config = with_database(
        "[[nas]]\nname = \"r1\"\nmatch = [\"10.0.0.1\", \"10.9.0.7/24\", \"AA-BB\"]\n[[nas]]\nname = \"r2\"\naddress = \"::1\"\n",
    );
    let net = |text: &str| NasMatch::Net(text.parse().expect("a CIDR"));
    assert_eq!(config.nas[0].matches, [net("10.0.0.1/32"), net("10.9.0.0/24"), NasMatch::Name("AA-BB".to_owned())]);
    assert_eq!(config.nas[1].matches, [NasMatch::Name("r2".to_owned()), net("::1/128")]);
}

#[test]
fn settings_merge_and_fill_in() {
    let config = with_database(
        "[nas_defaults]\nsecret = \"low\"\ncoa_port = 1700\nirt = \"500ms\"\n[nas_defaults.rest]\nusername = \"radkick\"\n\
         password = \"hunter2\"\n[[nas]]\nname = \"r1\"\naddress = \"10.8.0.1\"\nsecret = \"high\"\n\
         identity = [\"acct-session-id\"]\n[nas.rest]\nfingerprint = \"AA\"\n"
            .replace("\"AA\"", &format!("{:?}", "AA".repeat(32)))
            .as_str(),
    );
    let profile = config.nas[0].settings.over(&config.nas_defaults).profile(address("192.168.88.1"));
    assert_eq!((profile.address, profile.coa_port), (address("10.8.0.1"), 1700));
    assert_eq!(profile.secret, SharedSecret::new(b"high".to_vec()).ok());
    assert_eq!(profile.paths, [CutPath::Radius, CutPath::Rest]);
    assert_eq!(profile.timers, Timers { irt: Duration::from_millis(500), ..Timers::WITH_FALLBACK });
    assert_eq!(profile.identity, [[IdentityAttribute::AcctSessionId]]);
    let rest = profile.rest.expect("complete");
    assert_eq!((rest.url.as_str(), &rest.tls), ("https://10.8.0.1/", &Tls::Pin([0xaa; 32])));
    assert_eq!((rest.username.as_str(), rest.password.expose_secret()), ("radkick", "hunter2"));

    let bare = config.nas_defaults.profile(address("fd00::1"));
    assert_eq!(bare.rest.expect("complete").url.as_str(), "https://[fd00::1]/");
}

#[test]
fn what_an_expert_says_of_identifiers_and_replies() {
    let of = |keys: &str| with_database(&format!("[nas_defaults]\n{keys}")).nas_defaults.profile(address("10.0.0.1"));
    let said = of("identifier_hold = \"5s\"\nidentifier_hold_always = true\nmax_ports = 2\n\
                   event_timestamp_window = \"0s\"\nreply_from = [\"10.0.0.2\", \"10.0.0.3\"]\n");
    assert_eq!((said.identifier_hold, said.identifier_hold_always, said.max_ports), (Duration::from_secs(5), true, 2));
    assert_eq!(said.event_timestamp_window, Duration::ZERO);
    assert_eq!(*said.reply_from, [address("10.0.0.2"), address("10.0.0.3")]);
    let silent = of("");
    let expected = (Duration::from_secs(30), false, 16);
    assert_eq!((silent.identifier_hold, silent.identifier_hold_always, silent.max_ports), expected);
    assert_eq!(silent.event_timestamp_window, Duration::from_mins(5));
}

#[test]
fn radius_alone_keeps_the_timers_of_the_rfc() {
    let profile = with_database("[nas_defaults]\nsecret = \"s\"\n").nas_defaults.profile(address("10.0.0.1"));
    assert_eq!((profile.paths, profile.timers), (vec![CutPath::Radius], Timers::ALONE));
}

#[test]
fn limits_are_mapped_by_name() {
    let config = with_database(
        "[quota]\nmode = \"enforce\"\nquery = \"select 1\"\n[quota.attributes]\n\"Mikrotik-Total-Limit\" = \"remaining\"\n\
         \"Max-Octets\" = \"ignore\"\n\"Max-Monthly\" = { meaning = \"total\", period = \"monthly\" }\n",
    );
    assert_eq!(config.quota.sources, [LimitSource::Attributes, LimitSource::Query, LimitSource::Table]);
    let mapped: Vec<_> =
        config.quota.attributes.iter().map(|limit| (limit.name.as_str(), limit.meaning, limit.period)).collect();
    let expected =
        [("Max-Monthly", Meaning::Total, Period::Monthly), ("Mikrotik-Total-Limit", Meaning::Remaining, Period::Total)];
    assert_eq!(mapped, expected);
}

#[test]
fn what_protects_nothing_is_a_warning() {
    let config = with_database(
        "[nas_defaults.rest]\nusername = \"radkick\"\npassword = \"hunter2\"\ntls = \"off\"\n[[nas]]\nname = \"clear\"\n\
         [nas.rest]\nurl = \"http://10.0.0.3\"\n[[nas]]\nname = \"any\"\n[nas.rest]\nurl = \"https://10.0.0.4\"\n",
    );
    let warnings: Vec<_> = config.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "radkick.toml:9:1: nas.rest: http:// sends the password in clear text; https:// protects it",
            "radkick.toml:13:1: nas.rest: tls = \"off\" takes any certificate; write the router's fingerprint instead",
        ]
    );
}
