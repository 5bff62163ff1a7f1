//! Who asks, for the journal.

use crate::hook::Account;

/// `cli:` and the name of the account of this user id, its number where it has none. root alone may say for whom it asks:
/// `called_by` is what sudo left as `SUDO_USER`, and anybody else could have written there what they like.
#[must_use]
pub fn asker(uid: u32, called_by: Option<&str>) -> String {
    let is_name = |name: &&str| (1..=64).contains(&name.len()) && name.chars().all(|c| c.is_ascii_graphic());
    let called_by = called_by.filter(|_| uid == 0).filter(is_name).map(str::to_owned);
    format!("cli:{}", called_by.or_else(|| Account::name_of(uid)).unwrap_or_else(|| uid.to_string()))
}

#[cfg(test)]
mod tests {
    use super::asker;

    #[test]
    fn root_alone_speaks_for_others() {
        assert_eq!(asker(0, None), "cli:root");
        assert_eq!(asker(0, Some("ann")), "cli:ann");
        for nobody in ["", "an n", "a\nb", &"x".repeat(65)] {
            assert_eq!(asker(0, Some(nobody)), "cli:root", "{nobody:?}");
        }
        assert_eq!(asker(4_000_000_001, Some("ann")), "cli:4000000001");
    }
}
