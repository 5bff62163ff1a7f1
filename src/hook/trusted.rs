//! Whose events are taken.

use std::collections::BTreeSet;

use rustix::process::geteuid;

/// Users whose events are taken, from the socket and from the spool; groups, from the socket alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trusted {
    users: BTreeSet<u32>,
    groups: BTreeSet<u32>,
}

/// An account of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// Its user id.
    pub uid: u32,
    /// The id of its first group.
    pub gid: u32,
}

impl Trusted {
    /// root and the user that this process runs as.
    #[must_use]
    pub fn own() -> Self {
        Self { users: BTreeSet::from([0, geteuid().as_raw()]), groups: BTreeSet::new() }
    }

    /// This user too: the one that FreeRADIUS runs as.
    #[must_use]
    pub fn with_user(mut self, uid: u32) -> Self {
        self.users.insert(uid);
        self
    }

    /// Whoever has this as the first group too.
    #[must_use]
    pub fn with_group(mut self, gid: u32) -> Self {
        self.groups.insert(gid);
        self
    }

    pub(super) fn has_user(&self, uid: u32) -> bool {
        self.users.contains(&uid)
    }

    pub(super) fn has_peer(&self, uid: u32, gid: u32) -> bool {
        self.has_user(uid) || self.groups.contains(&gid)
    }
}

impl Account {
    /// The account of this name in /etc/passwd, where packages put the users of services (`freerad` on Debian, `radiusd`
    /// elsewhere). Directories of other machines are not asked.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn named(name: &str) -> std::io::Result<Option<Self>> {
        Ok(Self::of(&std::fs::read("/etc/passwd")?, name))
    }

    /// The name of the account with this user id, by the same file; `None` where it has none that is UTF-8.
    #[must_use]
    pub fn name_of(uid: u32) -> Option<String> {
        let passwd = std::fs::read("/etc/passwd").ok()?;
        let (name, _) = entries(&passwd).find(|(_, account)| account.uid == uid)?;
        std::str::from_utf8(name).ok().map(str::to_owned)
    }

    fn of(passwd: &[u8], name: &str) -> Option<Self> {
        entries(passwd).find(|(known, _)| *known == name.as_bytes()).map(|(_, account)| account)
    }
}

/// The accounts of a passwd(5) file with their names; lines without two numbers are no accounts.
fn entries(passwd: &[u8]) -> impl Iterator<Item = (&[u8], Account)> {
    let number = |field: &[u8]| std::str::from_utf8(field).ok()?.parse().ok();
    passwd.split(|octet| *octet == b'\n').filter_map(move |line| {
        let mut fields = line.split(|octet| *octet == b':');
        let (name, _password) = (fields.next()?, fields.next()?);
        Some((name, Account { uid: number(fields.next()?)?, gid: number(fields.next()?)? }))
    })
}
