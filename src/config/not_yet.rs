//! Settings that this version reads and does not act on. Where acting otherwise would cut the wrong user, it refuses.

use super::{Config, ConfigProblem, CutPath, DatabaseUrl, NasSettings, UsernameCase};

impl Config {
    /// What this configuration asks for that this version cannot do, and must not do halfway: to be refused.
    #[must_use]
    pub fn unsupported(&self) -> Vec<ConfigProblem> {
        let mut found = Vec::new();
        let mut refuse = |key: &str, what: &str, right: &str| {
            let (key, right) = (key.to_owned(), right.to_owned());
            found.push(ConfigProblem { place: None, key, found: format!("this version cannot {what}"), right });
        };
        if self.accounting.username_case == UsernameCase::Ignore {
            refuse("accounting.username_case", "take Bob and bob for one user", "leave it at \"auto\"");
        }
        if self.accounting.username_case == UsernameCase::Exact && matches!(self.database.url, DatabaseUrl::Mysql(_)) {
            let right = "leave it at \"auto\"; a collation of the tables that knows case makes them two";
            refuse("accounting.username_case", "take Bob and bob for two users on MariaDB", right);
        }
        found
    }

    /// What of `[serve]` this version cannot do, and `serve` must not leave out: to be refused by it.
    #[must_use]
    pub fn unserved(&self) -> Vec<ConfigProblem> {
        let serve = &self.serve;
        let mut found = Vec::new();
        let mut refuse = |asked: bool, key: &str, what: &str, right: &str| {
            if asked {
                let (key, right) = (format!("serve.{key}"), right.to_owned());
                found.push(ConfigProblem { place: None, key, found: format!("this version {what}"), right });
            }
        };
        let right = "leave it out; a reverse proxy on this machine can add what is missing";
        refuse(serve.tls.is_some(), "tls_cert", "serves no TLS", right);
        refuse(!serve.tokens.is_empty(), "token", "checks no tokens", right);
        refuse(!serve.trusted_proxy.is_empty(), "trusted_proxy", "believes no proxy", "leave it out");
        let what = "has neither TLS nor tokens, and so listens on loopback alone";
        refuse(!serve.listen.ip().is_loopback(), "listen", what, "write \"127.0.0.1:8099\" or \"[::1]:8099\"");
        found
    }

    /// What it asks for that this version leaves out, harmlessly: to be told.
    #[must_use]
    pub fn left_out(&self) -> Vec<ConfigProblem> {
        let settings = self.nas.iter().map(|nas| (nas.name.as_str(), &nas.settings));
        let all = settings.chain([("nas_defaults", &self.nas_defaults)]);
        let api = |settings: &NasSettings| {
            settings.api.is_some() || settings.paths.as_ref().is_some_and(|paths| paths.contains(&CutPath::Api))
        };
        let told = |name: &str, what: &str, right: &str| ConfigProblem {
            place: None,
            key: name.to_owned(),
            found: format!("this version {what}"),
            right: right.to_owned(),
        };
        let left_out = all.filter(|(_, settings)| api(settings));
        left_out.map(|(name, _)| told(name, "does not speak the binary API", "that path is left out")).collect()
    }
}
