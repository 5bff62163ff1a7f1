//! MAC addresses as RouterOS, RADIUS and people write them.

/// The twelve digits of a MAC address in upper case, whatever of `:`, `-` and `.` stands between them; `None` for anything
/// else.
#[must_use]
pub fn mac_digits(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| !matches!(c, ':' | '-' | '.')).collect();
    (digits.len() == 12 && digits.chars().all(|c| c.is_ascii_hexdigit())).then(|| digits.to_ascii_uppercase())
}

/// As RouterOS' lists have it: `AA:BB:CC:00:11:22`.
pub(super) fn as_listed(digits: &str) -> String {
    let pairs: Vec<&str> = (0..digits.len()).step_by(2).filter_map(|at| digits.get(at..at + 2)).collect();
    pairs.join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macs_in_every_spelling() {
        for text in ["aa:bb:cc:00:11:22", "AA-BB-CC-00-11-22", "aabb.cc00.1122", "AABBCC001122"] {
            assert_eq!(mac_digits(text).as_deref(), Some("AABBCC001122"), "{text}");
        }
        for text in ["", "bob", "aa:bb:cc:00:11", "aa:bb:cc:00:11:2g", "10.0.0.1"] {
            assert_eq!(mac_digits(text), None, "{text}");
        }
        assert_eq!(as_listed("AABBCC001122"), "AA:BB:CC:00:11:22");
    }
}
