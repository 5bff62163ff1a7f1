//! The configuration directory of a private FreeRADIUS: fixtures/freeradius with the values of one instance.
use std::fmt::Write as _;
use std::fs::write;
use std::path::Path;

use super::freeradius::{Dialect, FreeRadiusOptions, SqlServer};
use super::ports::free_udp_ports;

/// Where Debian's freeradius-config keeps the stock schema, queries and policies.
const STOCK: &str = "/etc/freeradius/3.0";

const SERVER: &str = include_str!("../../../fixtures/freeradius/server.conf");
const DAS: &str = include_str!("../../../fixtures/freeradius/das.conf");

/// The ports of one instance.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ports {
    pub(super) auth: u16,
    pub(super) acct: u16,
    pub(super) coa: u16,
}

impl Ports {
    pub(super) fn free() -> Self {
        let [auth, acct, coa] = free_udp_ports();
        Self { auth, acct, coa }
    }
}

/// Writes all that `freeradius -d directory` needs.
pub(super) fn write_raddb(directory: &Path, options: &FreeRadiusOptions, ports: Ports, secret: &str) {
    require_stock_files();
    let file = |name: &str, text: &str| write(directory.join(name), text).expect("a file of raddb");
    file("server.conf", SERVER);
    file("das.conf", DAS);
    file("radiusd.conf", &radiusd_conf(directory, options, ports, secret));
    file("dictionary", dictionary(options));
    file("secret", secret);
    file("more-modules.conf", &options.more.modules);
    file("more-accounting.conf", &options.more.accounting);
    file("more-post-auth.conf", &options.more.post_auth);
    file("more-sites.conf", &options.more.sites);
}

fn require_stock_files() {
    let schema = Path::new(STOCK).join("mods-config/sql/main/sqlite/schema.sql");
    if let Err(error) = std::fs::File::open(&schema) {
        panic!(
            "{}: {error}: apt-get install freeradius-config; only root and group freerad may read it",
            schema.display()
        );
    }
}

fn radiusd_conf(directory: &Path, options: &FreeRadiusOptions, ports: Ports, secret: &str) -> String {
    let mut text = format!(
        "confdir = {}\nstock = {STOCK}\nshared_secret = \"{secret}\"\nauth_port = {}\nacct_port = {}\n\
         sqlite_busy_timeout = {}\nrequire_message_authenticator = {}\nack_without_stop = {}\n\
         more_sites = {}\n{}$INCLUDE ${{confdir}}/more-sites.conf\n$INCLUDE ${{confdir}}/server.conf\n$INCLUDE ${{confdir}}/das.conf\n",
        directory.display(),
        ports.auth,
        ports.acct,
        options.busy_timeout_ms,
        yes_no(options.require_message_authenticator),
        yes_no(options.ack_without_stop),
        yes_no(!options.more.sites.is_empty()),
        sql(options.sql.as_ref()),
    );
    for address in &options.das_addresses {
        let port = ports.coa;
        write!(
            text,
            "listen {{\n\ttype = coa\n\tclients = dac\n\tvirtual_server = das\n\
             \tipaddr = {address}\n\tport = {port}\n}}\n"
        )
        .expect("text in memory");
    }
    text
}

/// The variables of the sql module, and of the queries in das.conf.
fn sql(server: Option<&SqlServer>) -> String {
    let (dialect, [now, start, framed_ip, nas_ip]) = match server.map(|server| server.dialect) {
        None => ("sqlite", ["%l", "acctstarttime", "framedipaddress", "nasipaddress"]),
        Some(Dialect::Mysql) => {
            ("mysql", ["FROM_UNIXTIME(%l)", "UNIX_TIMESTAMP(acctstarttime)", "framedipaddress", "nasipaddress"])
        }
        Some(Dialect::Postgres) => (
            "postgresql",
            ["to_timestamp(%l)", "extract(epoch FROM acctstarttime)", "host(framedipaddress)", "host(nasipaddress)"],
        ),
    };
    let (port, login, password, database) =
        server.map_or((0, "", "", "radius"), |at| (at.port, at.login, at.password, at.database.as_str()));
    format!(
        "sql_dialect = {dialect}\nsql_server = \"127.0.0.1\"\nsql_port = {port}\nsql_login = \"{login}\"\n\
         sql_password = \"{password}\"\nsql_database = \"{database}\"\nsql_now = \"{now}\"\nsql_start = \"{start}\"\n\
         sql_framed_ip = \"{framed_ip}\"\nsql_nas_ip = \"{nas_ip}\"\n"
    )
}

fn yes_no(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}

fn dictionary(options: &FreeRadiusOptions) -> &'static str {
    if options.max_octets_in_dictionary {
        "$INCLUDE /usr/share/freeradius/dictionary\nATTRIBUTE Max-Octets 3100 integer64\n"
    } else {
        "$INCLUDE /usr/share/freeradius/dictionary\n"
    }
}
