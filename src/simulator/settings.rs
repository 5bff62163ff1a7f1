//! What an Access-Accept or a CoA-Request may set on a session.

use serde::Serialize;

use super::behaviours::UnlistedLimits;
use super::{Pair, RateLimit, Service};
use crate::radius::{AttributeType, Attributes};

/// RFC 2865 §5.
const FILTER_ID: AttributeType = AttributeType::Standard(11);
const IDLE_TIMEOUT: AttributeType = AttributeType::Standard(28);
const PORT_LIMIT: AttributeType = AttributeType::Standard(62);

/// RouterOS manual, RADIUS: vendor 14988.
const RECV_LIMIT: AttributeType = AttributeType::mikrotik(1);
const XMIT_LIMIT: AttributeType = AttributeType::mikrotik(2);
const GROUP: AttributeType = AttributeType::mikrotik(3);
const RATE_LIMIT: AttributeType = AttributeType::mikrotik(8);
const MARK_ID: AttributeType = AttributeType::mikrotik(11);
const ADVERTISE_URL: AttributeType = AttributeType::mikrotik(12);
const ADVERTISE_INTERVAL: AttributeType = AttributeType::mikrotik(13);
const RECV_LIMIT_GIGAWORDS: AttributeType = AttributeType::mikrotik(14);
const XMIT_LIMIT_GIGAWORDS: AttributeType = AttributeType::mikrotik(15);
const TOTAL_LIMIT: AttributeType = AttributeType::mikrotik(17);
const TOTAL_LIMIT_GIGAWORDS: AttributeType = AttributeType::mikrotik(18);
const ADDRESS_LIST: AttributeType = AttributeType::mikrotik(19);

const ASCEND_DATA_RATE: AttributeType = AttributeType::Vendor { vendor_id: 529, vendor_type: 197 };
const ASCEND_XMIT_RATE: AttributeType = AttributeType::Vendor { vendor_id: 529, vendor_type: 255 };

/// What every service knows.
const COMMON: [AttributeType; 11] = [
    AttributeType::SESSION_TIMEOUT,
    IDLE_TIMEOUT,
    PORT_LIMIT,
    FILTER_ID,
    RECV_LIMIT,
    XMIT_LIMIT,
    GROUP,
    RATE_LIMIT,
    ADDRESS_LIST,
    ASCEND_DATA_RATE,
    ASCEND_XMIT_RATE,
];

/// What the manual does not list for a CoA-Request.
const UNLISTED: [AttributeType; 4] = [RECV_LIMIT_GIGAWORDS, XMIT_LIMIT_GIGAWORDS, TOTAL_LIMIT, TOTAL_LIMIT_GIGAWORDS];

const HOTSPOT_ONLY: [AttributeType; 3] = [MARK_ID, ADVERTISE_URL, ADVERTISE_INTERVAL];

/// What is set on a session beyond who and where it is. `None` and an empty list: nothing is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Settings {
    /// The dynamic queue (Mikrotik-Rate-Limit, or else Ascend's rates).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimit>,
    /// `limit-bytes-in`: octets from the client (Mikrotik-Recv-Limit).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_bytes_in: Option<u64>,
    /// `limit-bytes-out`: octets to the client (Mikrotik-Xmit-Limit).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_bytes_out: Option<u64>,
    /// `limit-bytes-total` (Mikrotik-Total-Limit).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_bytes_total: Option<u64>,
    /// Seconds from login on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_timeout: Option<u32>,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_timeout: Option<u32>,
    /// How many sessions the user may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port_limit: Option<u32>,
    /// The firewall chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter_id: Option<String>,
    /// The user profile (Mikrotik-Group).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The packet mark (Mikrotik-Mark-Id).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mark_id: Option<String>,
    /// The page of the advertisement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advertise_url: Option<String>,
    /// Seconds between advertisements.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advertise_interval: Option<u32>,
    /// The address lists that hold the client's address.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub address_lists: Vec<String>,
}

/// An attribute whose value cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BadValue;

/// Whether a session of this service has such a setting.
pub(super) fn is_setting(attribute_type: AttributeType, service: Service, unlisted: UnlistedLimits) -> bool {
    COMMON.contains(&attribute_type)
        || unlisted != UnlistedLimits::Refuse && UNLISTED.contains(&attribute_type)
        || service == Service::Hotspot && HOTSPOT_ONLY.contains(&attribute_type)
}

impl Settings {
    /// Whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// These with what the attributes say instead; what they do not mention stays. 0 takes a limit away.
    pub(super) fn changed(&self, by: &Attributes, unlisted: UnlistedLimits) -> Result<Self, BadValue> {
        let number = |attribute_type, old| match by.first(attribute_type) {
            None => Ok(old),
            Some(_) => by.first_u32(attribute_type).map(|new| Some(new).filter(|new| *new > 0)).ok_or(BadValue),
        };
        let text = |attribute_type, old: &Option<String>| by.first_text(attribute_type).or_else(|| old.clone());
        let limit = |low, high, old| limit(by, (low, high), old, unlisted);
        let lists: Vec<_> = by.all(ADDRESS_LIST).map(|name| String::from_utf8_lossy(name).into_owned()).collect();
        Ok(Self {
            rate_limit: rate_limit(by, self.rate_limit)?,
            limit_bytes_in: limit(RECV_LIMIT, RECV_LIMIT_GIGAWORDS, self.limit_bytes_in)?,
            limit_bytes_out: limit(XMIT_LIMIT, XMIT_LIMIT_GIGAWORDS, self.limit_bytes_out)?,
            limit_bytes_total: match unlisted {
                UnlistedLimits::Apply => limit(TOTAL_LIMIT, TOTAL_LIMIT_GIGAWORDS, self.limit_bytes_total)?,
                UnlistedLimits::Ignore | UnlistedLimits::Refuse => self.limit_bytes_total,
            },
            session_timeout: number(AttributeType::SESSION_TIMEOUT, self.session_timeout)?,
            idle_timeout: number(IDLE_TIMEOUT, self.idle_timeout)?,
            port_limit: number(PORT_LIMIT, self.port_limit)?,
            filter_id: text(FILTER_ID, &self.filter_id),
            group: text(GROUP, &self.group),
            mark_id: text(MARK_ID, &self.mark_id),
            advertise_url: text(ADVERTISE_URL, &self.advertise_url),
            advertise_interval: number(ADVERTISE_INTERVAL, self.advertise_interval)?,
            address_lists: if lists.is_empty() { self.address_lists.clone() } else { lists },
        })
    }
}

impl Settings {
    /// What PPP's accounting tells of them (RouterOS changelog 6.39); nothing is known of its order.
    pub(super) fn push_to(&self, attributes: &mut Attributes) {
        if let Some(limit) = self.rate_limit {
            attributes.push(RATE_LIMIT, limit.max.to_string()).ok();
        }
        for (limit, low, high) in [
            (self.limit_bytes_in, RECV_LIMIT, RECV_LIMIT_GIGAWORDS),
            (self.limit_bytes_out, XMIT_LIMIT, XMIT_LIMIT_GIGAWORDS),
        ] {
            for (attribute_type, half) in [(low, limit), (high, limit.map(|limit| limit >> 32))] {
                let half = half.and_then(|half| u32::try_from(half & u64::from(u32::MAX)).ok());
                if let Some(half) = half {
                    attributes.push_u32(attribute_type, half);
                }
            }
        }
        for list in &self.address_lists {
            attributes.push(ADDRESS_LIST, list.as_str()).ok();
        }
    }
}

/// 64 bits of two attributes; one without the other has zeros for it.
fn limit(
    by: &Attributes,
    (low, high): (AttributeType, AttributeType),
    old: Option<u64>,
    unlisted: UnlistedLimits,
) -> Result<Option<u64>, BadValue> {
    let half = |attribute_type| match by.first(attribute_type) {
        None => Ok(None),
        Some(_) => by.first_u32(attribute_type).map(Some).ok_or(BadValue),
    };
    let gigawords = if unlisted == UnlistedLimits::Apply { half(high)? } else { None };
    Ok(match (half(low)?, gigawords) {
        (None, None) => old,
        (low, high) => {
            let limit = u64::from(high.unwrap_or(0)) << 32 | u64::from(low.unwrap_or(0));
            Some(limit).filter(|limit| *limit > 0)
        }
    })
}

/// Mikrotik-Rate-Limit goes before Ascend's rates. Of these, the second Ascend-Data-Rate is rx, or the only one when
/// Ascend-Xmit-Rate gives tx (RouterOS manual, RADIUS).
fn rate_limit(by: &Attributes, old: Option<RateLimit>) -> Result<Option<RateLimit>, BadValue> {
    if let Some(text) = by.first_text(RATE_LIMIT) {
        return text.parse().map(Some).map_err(|_| BadValue);
    }
    let number =
        |value: &[u8]| value.try_into().map(|octets| u64::from(u32::from_be_bytes(octets))).map_err(|_| BadValue);
    let rates = by.all(ASCEND_DATA_RATE).map(number).collect::<Result<Vec<_>, _>>()?;
    let xmit = by.first(ASCEND_XMIT_RATE).map(number).transpose()?;
    let max = match (xmit, rates.as_slice()) {
        (None, []) => return Ok(old),
        (None, [both]) => Pair { rx: *both, tx: *both },
        (None, [tx, rx, ..]) => Pair { rx: *rx, tx: *tx },
        (Some(tx), rates) => Pair { rx: rates.first().copied().unwrap_or(0), tx },
    };
    Ok(Some(RateLimit::plain(max.rx, max.tx)))
}
