//! Lines that mend what is wrong.

use std::net::IpAddr;

use crate::disconnect::ResolvedNas;

/// Where nothing says which NAS it is.
pub(super) fn unknown_nas(nas: &str) -> [String; 1] {
    [format!("radkick.toml: [[nas]] with name, match = [\"{nas}\"] and secret_file, or a row in FreeRADIUS' nas table")]
}

/// RouterOS' entry for whoever sends requests.
pub(super) fn radius_entry(ours: Option<IpAddr>) -> [String; 2] {
    let ours = address(ours);
    [
        format!("/radius add service=hotspot,ppp address={ours} secret=\"...\" comment=\"radkick\""),
        format!("/radius set [find address={ours}] secret=\"...\" (the one that radkick has for this NAS)"),
    ]
}

/// Letting requests through the router's own firewall.
pub(super) fn firewall(protocol: &str, port: u16, ours: Option<IpAddr>) -> String {
    let ours = address(ours);
    format!(
        "/ip firewall filter add chain=input protocol={protocol} dst-port={port} src-address={ours} action=accept place-before=0"
    )
}

/// Making the router listen.
pub(super) fn accept(port: u16) -> String {
    format!("/radius incoming set accept=yes port={port}")
}

/// A line of the `[[nas]]`.
pub(super) fn nas_line(nas: &ResolvedNas, line: &str) -> String {
    format!("radkick.toml: [[nas]] name = \"{}\": {line}", nas.name)
}

/// A line of its `[nas.rest]`.
pub(super) fn rest_line(nas: &ResolvedNas, line: &str) -> String {
    format!("radkick.toml: [nas.rest] of \"{}\": {line}", nas.name)
}

/// Seeing sessions that only the router has, and having those cut that may not be on.
pub(super) fn hidden_sessions() -> Vec<String> {
    [
        "radkick sessions --on-router",
        "radkick.toml: [quota] mode = \"enforce\" cuts those who may not be on, every ghost_sweep",
    ]
    .map(str::to_owned)
    .to_vec()
}

fn address(ours: Option<IpAddr>) -> String {
    ours.map_or_else(|| "OUR-ADDRESS".to_owned(), |ours| ours.to_string())
}
