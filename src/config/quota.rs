//! `[quota]`: where limits come from and when they start again.

use std::time::Duration;

/// `[quota]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    /// `mode`. Default observe.
    pub mode: Mode,
    /// `interval` between two cycles, 1 s to 1 h. Default 30 s.
    pub interval: Duration,
    /// `sources`, of which the first that gives a user a limit decides. Default attributes, then query if one is given,
    /// then table.
    pub sources: Vec<LimitSource>,
    /// `attributes`, what limits mean, by attribute name. `Max-Octets` as a total is always there unless mapped otherwise
    /// or to `"ignore"`.
    pub attributes: Vec<LimitAttribute>,
    /// `expiration`, whether the attribute `Expiration` ends a login. Default true.
    pub expiration: bool,
    /// `query` or `query_file`: an SQL query over the site's own tables. `None`: none.
    pub query: Option<String>,
    /// `query_timeout`, how long the query may take, 100 ms to 10 min. Default 10 s.
    pub query_timeout: Duration,
    /// `period` of the query's and the table's limits. Default total.
    pub period: Period,
    /// `month_day`, the day on which a monthly period starts, 1 to 31; in a shorter month its last day. Default 1.
    pub month_day: u8,
    /// `direction`, which octets count. Default both.
    pub direction: Direction,
    /// `limit_sweep`, how often the limits of all users are read, not only of those online, 10 s to 24 h. Default 5 min.
    pub limit_sweep: Duration,
    /// `ghost_sweep`, how often routers' own lists are compared with radacct, 1 s to 24 h; `None`: "off". Default 10 min.
    pub ghost_sweep: Option<Duration>,
    /// `max_rate`, octets a second that no line carries more than; written in bits, as "1 Gbit/s", or "off". Default
    /// 10 Gbit/s.
    pub max_rate: Option<u64>,
}

/// Whether the worker acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Computes and journals what would happen; sends and writes nothing.
    Observe,
    /// Acts.
    Enforce,
}

/// Where a limit is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitSource {
    /// Attributes of the user and of the user's groups in FreeRADIUS' tables.
    Attributes,
    /// The query of `[quota]`.
    Query,
    /// radkick's own table of limits.
    Table,
}

/// An attribute that limits octets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitAttribute {
    /// Its name, as it stands in radcheck or radreply.
    pub name: String,
    /// What its number means.
    pub meaning: Meaning,
    /// What its number counts.
    pub unit: Unit,
    /// When it starts again.
    pub period: Period,
}

/// What the number of a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Octets.
    Octets,
    /// Seconds online.
    Seconds,
}

/// What the number of a limit means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// All octets of the period.
    Total,
    /// The octets that were left when it was written.
    Remaining,
    /// The octets of one session.
    PerSession,
}

/// When a limit starts again, in the time zone of `[accounting]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// Never.
    Total,
    /// Each hour.
    Hourly,
    /// At midnight.
    Daily,
    /// On Monday.
    Weekly,
    /// On `month_day`.
    Monthly,
    /// All the time: a window of so many seconds that ends now, 1 h to 400 days.
    Rolling(u32),
}

/// Which octets count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Both.
    Both,
    /// To the user (acctoutputoctets).
    Download,
    /// From the user (acctinputoctets).
    Upload,
}
