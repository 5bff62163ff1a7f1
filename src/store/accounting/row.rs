//! Rows of FreeRADIUS' tables, the same in every dialect.

use crate::quota::UserName;

/// One row of radacct.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SessionRow {
    /// Acct-Session-Id as the NAS sent it.
    pub acct_session_id: String,
    /// FreeRADIUS' own id of the session, unique in the table.
    pub acct_unique_id: String,
    /// Whose session, as the NAS knows the name.
    #[serde(with = "user_name")]
    pub user: UserName,
    /// NAS-IP-Address, as stored: may be empty or no address at all.
    pub nas_ip_address: String,
    /// Called-Station-Id; a RouterOS hotspot puts its server's name here.
    pub called_station_id: String,
    /// Calling-Station-Id; the MAC of a hotspot or PPPoE client.
    pub calling_station_id: String,
    /// Framed-IP-Address; empty when the session has none.
    pub framed_ip_address: String,
    /// Framed-IPv6-Prefix; empty when the session has none.
    pub framed_ipv6_prefix: String,
    /// Service-Type by name; empty when the NAS sent none.
    pub service_type: String,
    /// Framed-Protocol by name; empty when the NAS sent none.
    pub framed_protocol: String,
    /// NAS-Port-Type by name; empty when the NAS sent none, or radacct has no such column.
    #[serde(default)]
    pub nas_port_type: String,
    /// NAS-Port-Id; empty when the NAS sent none, or radacct has no such column.
    #[serde(default)]
    pub nas_port_id: String,
    /// NAS-Identifier; empty unless the site has added a column `nasidentifier` to radacct.
    #[serde(default)]
    pub nas_identifier: String,
    /// When it started, in seconds since 1970.
    pub start: Option<i64>,
    /// When accounting last updated the row.
    pub update: Option<i64>,
    /// When it stopped; `None` while it is open.
    pub stop: Option<i64>,
    /// Octets from the user.
    pub input_octets: u64,
    /// Octets to the user.
    pub output_octets: u64,
    /// Acct-Session-Time as last reported, in seconds: by the NAS's own count, whatever its clock says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_time: Option<i64>,
}

impl SessionRow {
    /// A session of which no more is known than whose it is and where: nasipaddress and Called-Station-Id.
    #[must_use]
    pub fn at((nas_ip_address, called_station_id): &(String, String), user: UserName) -> Self {
        Self {
            acct_session_id: String::new(),
            acct_unique_id: String::new(),
            user,
            nas_ip_address: nas_ip_address.clone(),
            called_station_id: called_station_id.clone(),
            calling_station_id: String::new(),
            framed_ip_address: String::new(),
            framed_ipv6_prefix: String::new(),
            service_type: String::new(),
            framed_protocol: String::new(),
            nas_port_type: String::new(),
            nas_port_id: String::new(),
            nas_identifier: String::new(),
            start: None,
            update: None,
            stop: None,
            input_octets: 0,
            output_octets: 0,
            session_time: None,
        }
    }

    /// Whether radacct did not have it open when it was selected: a router's list had it.
    #[must_use]
    pub const fn is_hidden(&self) -> bool {
        self.stop.is_some() || self.acct_unique_id.is_empty()
    }

    /// Whether it is known to have begun at this time or later.
    #[must_use]
    pub fn began_since(&self, time: i64) -> bool {
        self.start.is_some_and(|start| start >= time)
    }

    /// Octets both ways together.
    #[must_use]
    pub const fn octets(&self) -> u64 {
        self.input_octets.saturating_add(self.output_octets)
    }
}

/// Columns of radacct that not every site has, in the order in which they follow the others of a [`SessionRow`].
pub(super) const OPTIONAL: [&str; 4] = ["framedipv6prefix", "nasporttype", "nasportid", "nasidentifier"];

/// [`OPTIONAL`] as columns of a statement, as text: those that are not there are empty.
pub(super) fn optional_columns(has: impl Fn(&str) -> bool, cast: &str) -> String {
    let column = |name: &str| if has(name) { format!("coalesce({name}{cast}, '')") } else { "''".to_owned() };
    OPTIONAL.map(column).join(", ")
}

/// User names in JSON: the name, unescaped.
mod user_name {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::quota::UserName;

    pub(super) fn serialize<S: Serializer>(user: &UserName, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(user.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<UserName, D::Error> {
        String::deserialize(from).map(UserName::new)
    }
}

/// One row of nas: a client of FreeRADIUS.
#[derive(Clone, PartialEq, Eq)]
pub struct NasRow {
    /// Address, CIDR or host name.
    pub nasname: String,
    /// What the operator calls it.
    pub shortname: Option<String>,
    /// The shared secret, in clear as FreeRADIUS keeps it.
    pub secret: String,
}

impl std::fmt::Debug for NasRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { nasname, shortname, secret: _ } = self;
        f.debug_struct("NasRow").field("nasname", nasname).field("shortname", shortname).finish_non_exhaustive()
    }
}

/// A table whose rows we change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// radcheck.
    Check,
    /// radreply.
    Reply,
    /// radusergroup.
    UserGroup,
}

impl Table {
    /// The word that stands in our own tables; the real table's name is configurable.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Reply => "reply",
            Self::UserGroup => "usergroup",
        }
    }

    /// The table that [`Table::as_str`] names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Check, Self::Reply, Self::UserGroup].into_iter().find(|table| table.as_str() == word)
    }
}

/// A row, whole: its id and every column that identifies it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RowImage {
    /// Its id.
    pub id: i64,
    /// username, as stored.
    pub username: String,
    /// attribute; for radusergroup the group's name.
    pub attribute: String,
    /// op; empty for radusergroup.
    pub op: String,
    /// value; for radusergroup the priority.
    pub value: String,
}

/// What is to be done to one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowChange {
    /// The table.
    pub table: Table,
    /// The row.
    pub row: RowImage,
    /// Whether it is to be there (inserted) or not (deleted).
    pub present: bool,
    /// Insert only while no other row than those of the same call gives this user this attribute: what somebody else wrote
    /// meanwhile stands.
    pub only_if_absent: bool,
}

impl RowChange {
    /// Whether both are about the same attribute (or group) in the same table.
    #[must_use]
    pub fn gives_what(&self, other: &Self) -> bool {
        self.table == other.table && self.row.attribute.eq_ignore_ascii_case(&other.row.attribute)
    }

    /// The change that undoes this one.
    #[must_use]
    pub fn undone(&self) -> Self {
        Self { present: !self.present, only_if_absent: !self.present, ..self.clone() }
    }
}

/// The ids of these changes' rows in one table, as an SQL list.
pub(super) fn ids_in(table: Table, changes: &[RowChange]) -> String {
    let ids = changes.iter().filter(|change| change.table == table).map(|change| change.row.id.to_string());
    ids.collect::<Vec<_>>().join(", ")
}

/// What became of one [`RowChange`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowVerdict {
    /// Made now.
    Changed,
    /// It was so already.
    AlreadySo,
    /// Somebody else's row stands in its place; left alone.
    Superseded,
}
