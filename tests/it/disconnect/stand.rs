//! A simulated router whose accounting goes to the site's FreeRADIUS.
use std::net::{IpAddr, Ipv4Addr};

use radkick::radius::SharedSecret;
use radkick::simulator::{
    AccountingOptions, AuthenticationOptions, Incoming, RadiusEntry, RestOptions, Router, RouterOptions, SessionSpec,
    SessionView,
};

use super::site::Site;

pub(crate) const ROUTER: Ipv4Addr = Ipv4Addr::new(127, 0, 1, 7);
pub(crate) const CLIENT: Ipv4Addr = Ipv4Addr::new(192, 168, 88, 41);
pub(crate) const MAC: &str = "02:00:00:00:00:41";

/// Its REST user and password.
const LOGIN: (&str, &str) = ("kick", "p:ss");

pub(crate) struct Stand {
    pub(crate) site: Site,
    pub(crate) router: Router,
}

impl Stand {
    /// A router that takes Disconnect-Requests and has REST, as `change` makes it. Whoever is cut stays off.
    pub(crate) async fn start(change: impl FnOnce(&mut RouterOptions)) -> Self {
        Self::on(Site::start(), change).await
    }

    /// The same for this site.
    pub(crate) async fn on(site: Site, change: impl FnOnce(&mut RouterOptions)) -> Self {
        let quiet = |options: &mut RouterOptions| {
            options.authentication = None;
            change(options);
        };
        Self::asking(site, quiet).await
    }

    /// One that asks FreeRADIUS about whoever comes back by a cookie, a MAC or PPP.
    pub(crate) async fn with_logins(change: impl FnOnce(&mut RouterOptions)) -> Self {
        Self::asking(Site::start(), change).await
    }

    async fn asking(site: Site, change: impl FnOnce(&mut RouterOptions)) -> Self {
        let secret = || SharedSecret::new(site.server.secret().as_bytes().to_vec()).expect("not empty");
        let mut options = RouterOptions::new("R7", ROUTER);
        options.coa = Incoming::Accept(0);
        options.radius_servers = vec![RadiusEntry::new(IpAddr::V4(Ipv4Addr::LOCALHOST), secret())];
        options.accounting = Some(AccountingOptions::new(site.server.acct_addr(), secret()));
        options.authentication = Some(AuthenticationOptions::new(site.server.auth_addr(), secret()));
        options.rest = Some(RestOptions::new(LOGIN.0, LOGIN.1));
        change(&mut options);
        let router = Router::start(options).await.expect("a router");
        Self { site, router }
    }

    /// The router's `[[nas]]`.
    pub(crate) fn nas(&self, timers: &str) -> String {
        self.site.nas("R7", &ROUTER.to_string(), self.router.coa_addr(), &format!("source = \"127.0.0.1\"\n{timers}"))
    }

    /// Its `[nas.rest]`, to stand behind [`Stand::nas`]; `more` are further keys.
    pub(crate) fn rest(&self, more: &str) -> String {
        let (user, password) = LOGIN;
        let url = self.router.rest_url();
        format!(
            "[nas.rest]\nurl = \"{url}\"\ntls = \"off\"\nusername = \"{user}\"\npassword = \"{password}\"\n{more}\n"
        )
    }

    /// Configures both ways: RADIUS, then REST.
    pub(crate) fn configure(&self, sections: &str, timers: &str) {
        self.site.configure(sections, &(self.nas(timers) + &self.rest("identity = \"R7\"")));
    }

    /// Logs someone in and waits for the row in radacct.
    pub(crate) async fn login(&self, spec: SessionSpec) -> SessionView {
        let session = self.router.login(spec);
        self.router.accounting_settled().await;
        session
    }

    /// alice on the hotspot.
    pub(crate) async fn alice(&self) -> SessionView {
        self.login(SessionSpec::hotspot("alice", MAC, CLIENT)).await
    }

    /// Makes every session an hour older: a list is not believed to lack one of less than a minute.
    pub(crate) fn an_hour_later(&self) {
        self.site
            .server
            .sql("UPDATE radacct SET acctstarttime = acctstarttime - 3600, acctupdatetime = acctupdatetime - 3600;");
    }

    /// The status of each REST request that removes a session.
    pub(crate) fn removals(&self) -> Vec<Option<u16>> {
        let requests = self.router.rest_log().into_iter();
        let removals = requests.filter(|request| request.method == "DELETE" && request.path.contains("/active/"));
        removals.map(|request| request.status).collect()
    }

    /// How many rows of cookies were taken away.
    pub(crate) fn cookies_taken(&self) -> usize {
        let requests = self.router.rest_log().into_iter();
        requests.filter(|request| request.method == "DELETE" && request.path.contains("/cookie/")).count()
    }
}
