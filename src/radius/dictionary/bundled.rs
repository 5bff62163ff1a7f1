//! The dictionaries that radkick ships (folder `dictionaries/`).

/// Each file's name and text, in an order in which none needs a later one.
pub(super) const BUNDLED: [(&str, &str); 13] = [
    ("dictionary.rfc2865", include_str!("../../../dictionaries/dictionary.rfc2865")),
    ("dictionary.rfc2866", include_str!("../../../dictionaries/dictionary.rfc2866")),
    ("dictionary.rfc2868", include_str!("../../../dictionaries/dictionary.rfc2868")),
    ("dictionary.rfc2869", include_str!("../../../dictionaries/dictionary.rfc2869")),
    ("dictionary.rfc3162", include_str!("../../../dictionaries/dictionary.rfc3162")),
    ("dictionary.rfc4372", include_str!("../../../dictionaries/dictionary.rfc4372")),
    ("dictionary.rfc4818", include_str!("../../../dictionaries/dictionary.rfc4818")),
    ("dictionary.rfc5176", include_str!("../../../dictionaries/dictionary.rfc5176")),
    ("dictionary.rfc6911", include_str!("../../../dictionaries/dictionary.rfc6911")),
    ("dictionary.ascend", include_str!("../../../dictionaries/dictionary.ascend")),
    ("dictionary.microsoft", include_str!("../../../dictionaries/dictionary.microsoft")),
    ("dictionary.wispr", include_str!("../../../dictionaries/dictionary.wispr")),
    ("dictionary.mikrotik", include_str!("../../../dictionaries/dictionary.mikrotik")),
];
