//! One row of radacct.

use std::net::Ipv4Addr;

use super::database::{Cell, Table};
use super::dice::{Dice, Purpose};
use super::names::Names;

/// Octets a second, both ways together, that no line carries more than: 100 Mbit/s.
pub(crate) const LINE: u64 = 12_500_000;

/// What is written of a session.
pub(super) const TABLE: Table = Table {
    name: "radacct",
    columns: &[
        "acctsessionid",
        "acctuniqueid",
        "username",
        "nasipaddress",
        "nasportid",
        "nasporttype",
        "acctstarttime",
        "acctupdatetime",
        "acctstoptime",
        "acctinterval",
        "acctsessiontime",
        "acctauthentic",
        "acctinputoctets",
        "acctoutputoctets",
        "calledstationid",
        "callingstationid",
        "acctterminatecause",
        "servicetype",
        "framedprotocol",
        "framedipaddress",
    ],
};

/// Seconds between two interims.
pub(super) const INTERVAL: i64 = 300;

/// Why sessions end, by FreeRADIUS' words.
const CAUSES: [&str; 5] = ["User-Request", "Lost-Carrier", "Idle-Timeout", "Session-Timeout", "Lost-Service"];

/// Who and where. Times are seconds since 1970.
#[derive(Debug, Clone)]
pub(super) struct Session {
    /// The row's number, from 1.
    pub(super) row: u64,
    /// FreeRADIUS' own id.
    pub(super) unique: UniqueId,
    pub(super) user: usize,
    /// Which of the odd names the user has, if any.
    pub(super) odd_name: Option<usize>,
    pub(super) nas: usize,
    /// When the row was made; later than the start where it is back-dated.
    pub(super) appears: i64,
    pub(super) start: i64,
    pub(super) update: Option<i64>,
    pub(super) stop: Option<i64>,
    /// Octets from the user, NULL where a NAS sent none.
    pub(super) input: Option<u64>,
    /// Octets to the user.
    pub(super) output: Option<u64>,
    /// Whether it has the Acct-Session-Id of the row so many before.
    pub(super) id_of_before: u64,
}

/// 128 bits of Acct-Unique-Session-Id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct UniqueId(u64, u64);

impl UniqueId {
    /// Of the session of this number among those of its kind; the kinds are told apart by the purpose.
    pub(super) fn new(seed: u64, kind: Purpose, number: u64) -> Self {
        let mut dice = Dice::new(seed ^ kind as u64, Purpose::Unique, number);
        Self(dice.roll(), dice.roll())
    }
}

impl std::fmt::Display for UniqueId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}{:016x}", self.0, self.1)
    }
}

impl Session {
    /// Octets both ways that count.
    pub(super) fn octets(&self) -> u64 {
        self.input.unwrap_or(0) + self.output.unwrap_or(0)
    }

    /// Acct-Session-Time.
    pub(super) fn seconds(&self) -> u64 {
        let ends = self.stop.or(self.update).unwrap_or(self.start);
        u64::try_from(ends - self.start).unwrap_or(0)
    }

    /// Acct-Terminate-Cause.
    pub(super) fn cause(&self) -> Cell<'static> {
        let cause = CAUSES[usize::try_from(self.unique.0 % 5).unwrap_or(0)];
        self.stop.map_or(Cell::Absent, |_| cause.into())
    }

    /// The row, in the order of [`TABLE`].
    pub(super) fn cells<'a>(&self, names: &'a Names) -> Vec<Cell<'a>> {
        let since_interim = self.update.map(|update| (update - self.start).clamp(0, INTERVAL).cast_unsigned());
        vec![
            format!("{:08x}", 0x8000_0000 + self.row - self.id_of_before).into(),
            self.unique.to_string().into(),
            Cell::Text(names.in_table(self.user, self.odd_name)),
            nas_address(self.nas).into(),
            "bridge1".into(),
            "Ethernet".into(),
            Cell::Time(self.start),
            self.update.map_or(Cell::Null, Cell::Time),
            self.stop.map_or(Cell::Null, Cell::Time),
            since_interim.map_or(Cell::Null, Cell::Count),
            Cell::Count(self.seconds()),
            "RADIUS".into(),
            self.input.map_or(Cell::Null, Cell::Count),
            self.output.map_or(Cell::Null, Cell::Count),
            format!("hotspot{}", self.nas).into(),
            hardware_address(self.user).into(),
            self.cause(),
            "Framed-User".into(),
            "PPP".into(),
            framed_address(self.user).into(),
        ]
    }
}

/// Octets from and to a user in so many seconds: at a rate that is mostly far below [`LINE`] and never above.
pub(super) fn octets(dice: &mut Dice, seconds: i64) -> (u64, u64) {
    let most = LINE >> dice.below(14);
    let rate = most / 2 + dice.below(most / 2 + 1);
    split(dice, rate * u64::try_from(seconds).unwrap_or(0))
}

/// So many octets as those from the user, the fewer, and those to the user.
pub(super) fn split(dice: &mut Dice, octets: u64) -> (u64, u64) {
    let input = octets / (4 + dice.below(16));
    (input, octets - input)
}

/// NAS-IP-Address of the NAS of this number.
pub(super) fn nas_address(nas: usize) -> String {
    address([10, 255, 0, 1], nas)
}

fn framed_address(user: usize) -> String {
    address([100, 64, 0, 2], user % (1 << 22))
}

fn address(first: [u8; 4], number: usize) -> String {
    let number = u32::try_from(number).unwrap_or(0);
    Ipv4Addr::from(u32::from(Ipv4Addr::from(first)).wrapping_add(number)).to_string()
}

fn hardware_address(user: usize) -> String {
    let [.., a, b, c, d] = user.to_be_bytes();
    format!("02:00:{a:02X}:{b:02X}:{c:02X}:{d:02X}")
}
