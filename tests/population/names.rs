//! What users are called.

use std::borrow::Cow;

use radkick::quota::UserName;

/// How many names are odd.
pub(super) const ODD: usize = 7;

/// A name that something might stumble over. No two are one to a collation without case, and none is a [`Names::plain`] one.
const ODD_NAMES: [&str; ODD - 1] = ["o'brien; DROP", r#"a"b\c"#, "x$(id)", "jürgen", "dot.", "UPPER-CASE"];

/// The names of all users.
#[derive(Debug)]
pub(super) struct Names {
    odd: Vec<UserName>,
    /// As FreeRADIUS spells them in its tables.
    odd_in_table: Vec<String>,
}

impl Names {
    /// `longest` is how many octets the longest of them has.
    pub(super) fn new(longest: usize) -> Self {
        let long = format!("long-{}", "x".repeat(longest - "long-".len()));
        let odd: Vec<_> = ODD_NAMES.into_iter().map(str::to_owned).chain([long]).map(UserName::new).collect();
        let odd_in_table = odd.iter().map(UserName::to_table).collect();
        Self { odd, odd_in_table }
    }

    /// The user's name, of which `odd` is the number if it is an odd one.
    pub(super) fn plain(&self, user: usize, odd: Option<usize>) -> String {
        odd.map_or_else(|| ordinary(user), |odd| self.odd[odd].as_str().to_owned())
    }

    /// The same as FreeRADIUS spells it in its tables.
    pub(super) fn in_table(&self, user: usize, odd: Option<usize>) -> Cow<'_, str> {
        odd.map_or_else(|| Cow::Owned(ordinary(user)), |odd| Cow::Borrowed(self.odd_in_table[odd].as_str()))
    }
}

/// Without an octet that FreeRADIUS would escape.
fn ordinary(user: usize) -> String {
    format!("user{user:07}")
}
