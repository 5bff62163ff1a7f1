//! Reads `[nas_defaults]` and `[[nas]]`.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use toml::Spanned;
use toml::de::DeValue;

use super::accounting::{ZONES, zone};
use super::nas::{CutPath, IdentityAttribute, Nas, NasMatch, NasSettings, Service};
use super::report::{Report, Spot};
use super::rest_read::ManagementSpots;
use super::section::Section;
use super::serve::net;
use super::text::{Text, chosen, found, nearest, one_of, texts};
use super::{ApiPart, RestPart};

const SERVICES: [(&str, Service); 4] =
    [("auto", Service::Auto), ("hotspot", Service::Hotspot), ("ppp", Service::Ppp), ("other", Service::Other)];
const PATHS: [(&str, CutPath); 3] = [("radius", CutPath::Radius), ("rest", CutPath::Rest), ("api", CutPath::Api)];
const ADDRESS: &str = "write an IP address, as \"10.0.0.1\" or \"2001:db8::1\"";

impl Nas {
    /// One `[[nas]]`; `None` without a name, which was reported.
    pub(super) fn read(section: &mut Section<'_, '_>, defaults: &NasSettings) -> Option<Self> {
        if !section.holds("name") {
            section.missing("name", "give every NAS a name of its own");
        }
        let name = section.parsed("name", "write a name of 1 to 253 octets, without control characters", name);
        let match_spot = section.spot_of("match");
        let given = section.texts("match").map(|texts| matches(section.report, &match_spot, texts));
        let spots = ManagementSpots::of(section);
        let settings = NasSettings::read(section);
        spots.check(section.report, &settings, defaults);
        let name = name?;
        let matches = given.unwrap_or_else(|| {
            let address = settings.address.map(|address| NasMatch::Net(address.into()));
            std::iter::once(NasMatch::Name(name.clone())).chain(address).collect()
        });
        Some(Self { name, matches, settings })
    }
}

fn name(text: &str) -> Option<String> {
    ((1..=253).contains(&text.len()) && !text.contains(char::is_control)).then(|| text.to_owned())
}

fn matches(report: &Report<'_>, spot: &Spot, texts: Vec<Text>) -> Vec<NasMatch> {
    if texts.is_empty() {
        report.problem(spot, "nothing that names this NAS", "leave match out, or name it as radacct does");
    }
    texts.into_iter().filter_map(|text| nas_match(report, &text.spot, &text.value)).collect()
}

fn nas_match(report: &Report<'_>, spot: &Spot, text: &str) -> Option<NasMatch> {
    let like_a_net = text.split_once('/').is_some_and(|(address, _)| address.parse::<IpAddr>().is_ok());
    match (net(text), name(text)) {
        (Some(net), _) => Some(NasMatch::Net(net)),
        (None, Some(name)) if !like_a_net => Some(NasMatch::Name(name)),
        (None, Some(_)) => {
            report.problem(spot, "a CIDR whose prefix is too long", "write at most /32, for IPv6 /128");
            None
        }
        (None, None) => {
            report.problem(spot, "no name", "write an address, a CIDR, a NAS-Identifier or a Called-Station-Id");
            None
        }
    }
}

/// Two NAS of one name, or of one address: which is meant could never be told.
pub(super) fn check_unique(report: &Report<'_>, all: &[(Spot, Nas)]) {
    for (index, (spot, nas)) in all.iter().enumerate() {
        for (_, other) in all.get(..index).unwrap_or_default() {
            if nas.name == other.name {
                report.problem(spot, format!("a second NAS {:?}", nas.name), "give each its own name");
            }
            for item in nas.matches.iter().filter(|item| other.matches.contains(item)) {
                if let NasMatch::Net(net) = item {
                    let found = format!("{} matches {:?} too", shown_net(*net), other.name);
                    report.problem(spot, found, "let one address or CIDR name one NAS");
                }
            }
        }
    }
}

fn shown_net(net: IpNet) -> String {
    if net.prefix_len() == net.max_prefix_len() { net.addr().to_string() } else { net.to_string() }
}

impl NasSettings {
    /// The keys of `[nas_defaults]` and of `[[nas]]`.
    pub(super) fn read(section: &mut Section<'_, '_>) -> Self {
        let (ms, secs) = (Duration::from_millis, Duration::from_secs);
        let source_spot = section.spot_of("source");
        let settings = Self {
            address: section.parsed("address", ADDRESS, |text| text.parse().ok()),
            coa_port: section.number("coa_port", 1..=65_535),
            source: section.parsed("source", ADDRESS, |text| text.parse().ok()),
            secret: section.shared_secret(),
            service: section.choice("service", &SERVICES),
            paths: paths(section),
            max_in_flight: section.number("max_in_flight", 1..=4096),
            max_rate: section.number("max_rate", 1..=10_000),
            verify_within: section.duration("verify_within", secs(1)..=secs(600)),
            max_bounces: section.number("max_bounces", 0..=100),
            remove_host: section.flag("remove_host"),
            identity: identity(section),
            reply_from: addresses(section, "reply_from"),
            irt: section.duration("irt", ms(50)..=secs(60)),
            mrt: section.duration("mrt", ms(50)..=secs(300)),
            mrc: section.number("mrc", 0..=50),
            mrd: section.duration("mrd", ms(100)..=secs(600)),
            message_authenticator: section.flag("message_authenticator"),
            event_timestamp: section.flag("event_timestamp"),
            require_message_authenticator: section.flag("require_message_authenticator"),
            event_timestamp_window: section.duration("event_timestamp_window", Duration::ZERO..=secs(3600)),
            identifier_hold: section.duration("identifier_hold", Duration::ZERO..=secs(600)),
            identifier_hold_always: section.flag("identifier_hold_always"),
            max_ports: section.number("max_ports", 1..=64),
            time_zone: section.parsed("time_zone", ZONES, zone),
            rest: RestPart::read(section),
            api: ApiPart::read(section),
        };
        if let (Some(address), Some(source)) = (settings.address, settings.source)
            && address.is_ipv4() != source.is_ipv4()
        {
            let right = "write source and address both as IPv4 or both as IPv6";
            section.report.problem(&source_spot, "a source of the other address family", right);
        }
        settings
    }
}

fn paths(section: &mut Section<'_, '_>) -> Option<Vec<CutPath>> {
    let mut paths = Vec::new();
    for text in section.texts("paths")? {
        match chosen(&text.value, &PATHS) {
            Some(path) if !paths.contains(&path) => paths.push(path),
            Some(_) => section.report.problem(&text.spot, format!("{:?} twice", text.raw), "write each path once"),
            None => section.report.problem(&text.spot, format!("found {:?}", text.raw), one_of(&PATHS)),
        }
    }
    Some(paths)
}

fn addresses(section: &mut Section<'_, '_>, key: &'static str) -> Option<Vec<IpAddr>> {
    let mut addresses = Vec::new();
    for text in section.texts(key)? {
        match text.value.parse() {
            Ok(address) => addresses.push(address),
            Err(_) => section.report.problem(&text.spot, format!("found {:?}", text.raw), ADDRESS),
        }
    }
    Some(addresses)
}

/// A list of sets, or one set.
fn identity(section: &mut Section<'_, '_>) -> Option<Vec<Vec<IdentityAttribute>>> {
    let (spot, value) = section.value("identity")?;
    let report = section.report;
    let DeValue::Array(items) = value else {
        report.problem(&spot, found(&value), "write a list of attribute names, or a list of such lists");
        return None;
    };
    let is_list = |item: &Spanned<DeValue<'_>>| matches!(item.get_ref(), DeValue::Array(_));
    let nothing = |item: &Spanned<DeValue<'_>>| matches!(item.get_ref(), DeValue::Array(set) if set.is_empty());
    if items.is_empty() || items.iter().any(nothing) {
        report.problem(&spot, "an empty set of attributes", "name what tells one session from the others");
    }
    let sets = if items.iter().any(is_list) {
        items.into_iter().map(|item| set(report, &spot.key, item)).collect()
    } else {
        vec![set(report, &spot.key, Spanned::new(spot.offset..spot.offset, DeValue::Array(items)))]
    };
    Some(sets)
}

fn set(report: &Report<'_>, key: &str, item: Spanned<DeValue<'_>>) -> Vec<IdentityAttribute> {
    let spot = Spot { key: key.to_owned(), offset: item.span().start };
    let mut set = Vec::new();
    for text in texts(report, spot, item.into_inner()) {
        let known = IdentityAttribute::ALL.into_iter().find(|known| known.name().eq_ignore_ascii_case(&text.value));
        set.extend(known);
        if known.is_none() {
            let names = IdentityAttribute::ALL.map(IdentityAttribute::name);
            let right = match nearest(&text.value, &names) {
                Some(name) => format!("the nearest is {name}"),
                None => format!("write some of {}", names.join(", ")),
            };
            report.problem(&text.spot, format!("{:?} does not name a session", text.raw), right);
        }
    }
    set
}
