//! What the configuration says about counting.

use crate::config::{
    Config, Direction as ConfiguredDirection, InterimInterval, Meaning as ConfiguredMeaning,
    Period as ConfiguredPeriod, Unit as ConfiguredUnit,
};
use crate::quota::{Direction, Meaning, Period, QuotaAttribute, QuotaRules, Slots, Unit};

use super::Zones;

/// What the ledger counts by.
#[derive(Debug, Clone)]
pub struct LedgerRules {
    /// Where slots begin.
    pub slots: Slots,
    /// In which zone.
    pub zones: Zones,
    /// Octets a second that no line carries more than.
    pub max_rate: Option<u64>,
    /// How often every NAS reports, in seconds, where the operator says so.
    pub interval: Option<i64>,
    /// After how many seconds an open row is closed that is updated no more.
    pub close_stale: Option<i64>,
    /// How many seconds what has ended is kept.
    pub keep: i64,
}

impl LedgerRules {
    /// Those of the configuration.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let quota = &config.quota;
        let of_attributes = quota.attributes.iter().map(|attribute| attribute.period);
        let periods = of_attributes.chain([quota.period]).map(|one| period(one, quota.month_day));
        let seconds = |duration: std::time::Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
        let interval = match config.accounting.interim_interval {
            InterimInterval::Auto => None,
            InterimInterval::Every(duration) => Some(seconds(duration)),
        };
        Self {
            slots: Slots::new(periods),
            zones: Zones::new(config),
            max_rate: quota.max_rate,
            interval,
            close_stale: config.accounting.close_stale.map(seconds),
            keep: seconds(config.state.keep),
        }
    }
}

/// What counts as a limit, from the configuration.
#[must_use]
pub fn quota_rules(config: &Config) -> QuotaRules {
    let quota = &config.quota;
    let attributes = quota.attributes.iter().map(|attribute| QuotaAttribute {
        name: attribute.name.clone(),
        meaning: match attribute.meaning {
            ConfiguredMeaning::Total => Meaning::Total,
            ConfiguredMeaning::Remaining => Meaning::Remaining,
            ConfiguredMeaning::PerSession => Meaning::PerSession,
        },
        unit: match attribute.unit {
            ConfiguredUnit::Octets => Unit::Octets,
            ConfiguredUnit::Seconds => Unit::Seconds,
        },
        period: period(attribute.period, quota.month_day),
    });
    let direction = match quota.direction {
        ConfiguredDirection::Both => Direction::Both,
        ConfiguredDirection::Download => Direction::Download,
        ConfiguredDirection::Upload => Direction::Upload,
    };
    let zone = config.accounting.time_zone.clone();
    QuotaRules { attributes: attributes.collect(), direction, expiration: quota.expiration, zone }
}

/// A configured period, with the day that months begin on.
pub(super) fn period(configured: ConfiguredPeriod, month_day: u8) -> Period {
    match configured {
        ConfiguredPeriod::Total => Period::Total,
        ConfiguredPeriod::Hourly => Period::Hourly,
        ConfiguredPeriod::Daily => Period::Daily,
        ConfiguredPeriod::Weekly => Period::Weekly,
        ConfiguredPeriod::Monthly => Period::Monthly(month_day),
        ConfiguredPeriod::Rolling(seconds) => Period::Rolling(seconds),
    }
}
