//! Where scenarios are played: one FreeRADIUS, one agent, and side by side an address for a router each.
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use radkick::clock::Clock;
use radkick::config::Config;
use radkick::disconnect::Directory;
use radkick::jobs::{Agent, JobDetail, Selection, SessionReport, directory};
use radkick::quota::UserName;
use radkick::radius::SharedSecret;
use radkick::simulator::{
    AccountingOptions, BeforeDelete, Event, Incoming, NakEverything, Octets, RadiusEntry, RestOptions, Router,
    RouterOptions, Service, SessionSpec, SessionView,
};
use radkick::store::JobSpec;
use sqlx::ConnectOptions as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use tempfile::TempDir;
use tokio::sync::Mutex;

use super::chance::{Aim, Meanwhile, Scenario};
use crate::support::freeradius::{FreeRadius, FreeRadiusOptions};
use crate::support::ports::{free_tcp_port, free_udp_ports};

/// Routers side by side.
pub(super) const LANES: u8 = 24;

/// A lane of each kind.
pub(super) const ONE_OF_EACH: [u8; 5] = [0, 3, 4, 5, LANES];

/// Timers that are soon over.
const TIMERS: &str =
    "irt = \"200ms\"\nmrt = \"600ms\"\nmrc = 3\nmrd = \"1500ms\"\nverify_within = \"2s\"\nsource = \"127.0.0.1\"\n";

/// By which ways a lane's router is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Both,
    /// The identity of REST is not configured.
    Nameless,
    RadiusAlone,
    RestAlone,
    /// RADIUS alone, and the operator's own set of attributes, which lacks Framed-IP-Address.
    Blind,
}

impl Kind {
    pub(super) const fn has_rest(self) -> bool {
        !matches!(self, Self::RadiusAlone | Self::Blind)
    }
}

/// What all lanes share.
pub(super) struct Ground {
    server: FreeRadius,
    agent: Arc<Agent>,
    directory: Arc<Directory>,
    ports: (u16, u16),
    /// To FreeRADIUS' database, as a panel has one.
    panel: Mutex<SqliteConnection>,
    _folder: TempDir,
}

impl Ground {
    pub(super) async fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("radkick-scenarios-").tempdir().expect("a directory");
        let server = FreeRadius::start(&FreeRadiusOptions::default());
        let ports = (free_udp_ports::<1>()[0], free_tcp_port());
        let database = server.database();
        let mut text = format!(
            "[database]\nurl = \"sqlite:{}\"\n[state]\nurl = \"sqlite:{}\"\n[accounting]\nclose_rows = \"never\"\n\
             [quota]\nmode = \"enforce\"\n[block]\nmode = \"reject\"\n",
            database.display(),
            folder.path().join("state.db").display()
        );
        for index in 0..=LANES {
            write!(text, "{}", Lane::new(index).nas(ports, server.secret())).expect("text");
        }
        let config = Config::parse(Path::new("radkick.toml"), &text, &|_| None).expect("a configuration");
        let agent = Arc::new(Agent::open(config, Clock).await.expect("an agent"));
        let directory = Arc::new(directory(&agent.config, &agent.accounting).await.expect("a directory"));
        let panel = SqliteConnectOptions::new().filename(&database).busy_timeout(Duration::from_mins(1));
        let panel = Mutex::new(panel.connect().await.expect("a connection"));
        Self { server, agent, directory, ports, panel, _folder: folder }
    }

    async fn sql(&self, statement: String) {
        let mut panel = self.panel.lock().await;
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut *panel).await.expect("written");
    }

    fn secret(&self) -> SharedSecret {
        SharedSecret::new(self.server.secret().as_bytes().to_vec()).expect("not empty")
    }
}

/// The place of one router after the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lane {
    index: u8,
}

impl Lane {
    pub(super) const fn new(index: u8) -> Self {
        Self { index }
    }

    pub(super) const fn kind(self) -> Kind {
        match self.index % 6 {
            _ if self.index >= LANES => Kind::Blind,
            0..=2 => Kind::Both,
            3 => Kind::Nameless,
            4 => Kind::RadiusAlone,
            _ => Kind::RestAlone,
        }
    }

    fn address(self) -> Ipv4Addr {
        Ipv4Addr::new(127, 0, 60, self.index + 1)
    }

    fn name(self) -> String {
        format!("L{}", self.index)
    }

    /// Its `[[nas]]`.
    fn nas(self, (coa, rest): (u16, u16), secret: &str) -> String {
        let (name, address) = (self.name(), self.address());
        let mut text = format!(
            "[[nas]]\nname = \"{name}\"\nmatch = [\"{address}\"]\ncoa_port = {coa}\nsecret = \"{secret}\"\n{TIMERS}"
        );
        if self.kind() == Kind::Blind {
            text += "identity = [[\"User-Name\", \"Acct-Session-Id\"]]\n";
        }
        if self.kind() == Kind::RestAlone {
            text += "paths = [\"rest\"]\n";
        }
        if self.kind().has_rest() {
            write!(text, "[nas.rest]\nurl = \"http://{address}:{rest}\"\ntls = \"off\"\n").expect("text");
            text += "username = \"kick\"\npassword = \"p\"\n";
        }
        if matches!(self.kind(), Kind::Both | Kind::RestAlone) {
            writeln!(text, "identity = \"{name}\"").expect("text");
        }
        text
    }

    async fn router(self, ground: &Ground, scenario: &Scenario) -> Router {
        let mut options = RouterOptions::new(self.name(), self.address());
        options.coa = Incoming::Accept(ground.ports.0);
        let other = SharedSecret::new(b"another".to_vec()).expect("not empty");
        let secret = if scenario.other_secret { other } else { ground.secret() };
        options.radius_servers = vec![RadiusEntry::new(IpAddr::V4(Ipv4Addr::LOCALHOST), secret)];
        options.accounting = Some(AccountingOptions::new(ground.server.acct_addr(), ground.secret()));
        let rest = RestOptions { port: ground.ports.1, rights: scenario.rights, ..RestOptions::new("kick", "p") };
        options.rest = Some(rest);
        options.behaviours = scenario.behaviours.clone();
        // The one before has just let go of the port
        for _ in 0..50 {
            if let Ok(router) = Router::start(options.clone()).await {
                return router;
            }
            tokio::task::yield_now().await;
        }
        Router::start(options).await.expect("a router")
    }

    /// Plays a scenario; what was told of sessions.
    pub(super) async fn play(self, ground: &Ground, scenario: &Scenario) -> Vec<SessionReport> {
        let router = Arc::new(self.router(ground, scenario).await);
        let user = scenario.user();
        let session = router.login(self.spec(scenario, &user, 1));
        let second = scenario.second_device.then(|| router.login(self.spec(scenario, &user, 2)));
        // One of nearly the same name, one on the other service
        let near = router.login(self.spec(scenario, &format!("{user}x"), 3));
        router.accounting_settled().await;
        let job = self.job(ground, scenario, (&router, &session)).await;
        let spared: Vec<SessionView> =
            second.into_iter().filter(|_| scenario.aim == Aim::OneSession).chain([near]).collect();
        if scenario.meanwhile == Meanwhile::Vanished {
            router.vanish(&session.acct_session_id).ok();
        }
        let mark = router.mark();
        let disturbing = tokio::spawn(disturb(Arc::clone(&router), self.spec(scenario, &user, 1), scenario.meanwhile));
        let (job, judged) = ground.agent.submit(job).await.expect("a job");
        if scenario.aim == Aim::PaidUp {
            ground.sql(format!("UPDATE radcheck SET value = '9000000' WHERE username = '{user}'")).await;
        }
        let reports = ground.agent.carry_on((&job, judged), &ground.directory).await.expect("reports");
        disturbing.abort();
        disturbing.await.ok();
        check(scenario, &router, &reports, (&session, &spared, mark));
        reports.into_iter().filter(|report| report.session.is_some()).collect()
    }

    fn spec(self, scenario: &Scenario, user: &str, device: u8) -> SessionSpec {
        let (mac, address) =
            (format!("02:00:00:00:{:02X}:{device:02X}", self.index), Ipv4Addr::new(10, 60, self.index, device));
        let spec = match scenario.service {
            Service::Ppp => SessionSpec::ppp(user, mac, address),
            Service::Dhcp => SessionSpec::dhcp(mac, address),
            Service::Hotspot | Service::Wifi => SessionSpec::hotspot(user, mac, address),
        };
        SessionSpec { already_on: scenario.age, ..spec }
    }

    /// What is asked for; somebody who is to be over is.
    async fn job(self, ground: &Ground, scenario: &Scenario, (router, session): (&Router, &SessionView)) -> JobSpec {
        let user = UserName::new(session.user.clone());
        let quota = matches!(scenario.aim, Aim::Over | Aim::PaidUp);
        if quota {
            let values =
                format!("('{user}', 'Max-Octets', ':=', '1000'), ('{user}', 'Cleartext-Password', ':=', 'pw')");
            ground.sql(format!("INSERT INTO radcheck (username, attribute, op, value) VALUES {values}")).await;
            router.use_data(&session.acct_session_id, Octets { input: 600, output: 600 }).expect("the session");
            router.interim(&session.acct_session_id).expect("the session");
            router.accounting_settled().await;
        }
        let one = (scenario.aim == Aim::OneSession).then(|| session.acct_session_id.clone());
        let selection = Selection { session: one.clone(), ..Selection::default() };
        JobSpec {
            user,
            reason: if quota { "quota" } else { "by_hand" }.to_owned(),
            actor: if quota { "worker" } else { "command" }.to_owned(),
            session: one.map(|id| format!("{id} of {}", scenario.seed)),
            detail: serde_json::to_value(JobDetail { block: quota, selection, ..JobDetail::default() }).expect("JSON"),
            lapses_at: 0,
        }
    }
}

/// Does what happens meanwhile.
async fn disturb(router: Arc<Router>, next: SessionSpec, meanwhile: Meanwhile) {
    let next = SessionSpec { already_on: Duration::ZERO, ..next };
    match meanwhile {
        Meanwhile::Nothing | Meanwhile::Vanished => {}
        Meanwhile::Reboot(after) => {
            tokio::time::sleep(Duration::from_millis(after)).await;
            router.reboot();
        }
        Meanwhile::LocalLogin | Meanwhile::NextLogin => {
            let mine = |event: &Event| matches!(event, Event::Ended { user, .. } if *user == next.user);
            router.event_since(0, mine).await;
            router.login(SessionSpec { radius: meanwhile == Meanwhile::NextLogin, ..next.clone() });
        }
    }
}

/// No claim is false, and nobody was hit who was not aimed at.
fn check(
    scenario: &Scenario,
    router: &Router,
    reports: &[SessionReport],
    (session, spared, mark): (&SessionView, &[SessionView], u64),
) {
    let on: BTreeSet<String> = router.sessions().into_iter().map(|session| session.acct_session_id).collect();
    // A router that says 503 of a session that it has cannot be found out without its list
    let is_lied_to = |report: &&SessionReport| {
        scenario.behaviours.nak_everything == Some(NakEverything::Cause(503))
            && report.evidence.as_deref() == Some("session_not_found")
    };
    for report in reports.iter().filter(|report| report.is_off() && !is_lied_to(report)) {
        if let Some(id) = &report.acct_session_id {
            assert!(!on.contains(id), "{scenario:#?}\nis still on, but was told to be off: {report:#?}");
        }
    }
    let ended = |event: &Event, id: &str| matches!(event, Event::Ended { acct_session_id, terminate_cause: Some(6 | 10), .. } if acct_session_id == id);
    let log = router.events_since(mark);
    let was_cut = |id: &str| log.iter().any(|logged| ended(&logged.event, id));
    for spared in spared {
        let id = &spared.acct_session_id;
        assert!(!was_cut(id), "{scenario:#?}\nwas cut and never aimed at: {spared:?}\n{reports:#?}");
    }
    if scenario.aim == Aim::PaidUp {
        assert!(!was_cut(&session.acct_session_id), "{scenario:#?}\nhas paid and was cut: {reports:#?}");
    }
    if let Some(BeforeDelete::OtherUser { user, .. }) = &scenario.behaviours.rest.before_delete {
        let hit = |event: &Event| matches!(event, Event::Ended { user: whose, terminate_cause: Some(6 | 10), .. } if whose == user);
        assert!(
            !log.iter().any(|logged| hit(&logged.event)),
            "{scenario:#?}\nwas cut in another's place: {reports:#?}"
        );
    }
}
