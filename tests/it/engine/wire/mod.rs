//! The octets: what holds for every packet, and packets of other programs.
mod arbitrary;
pub(crate) mod by_hand;
mod frozen;
mod radclient;
mod sealed;
mod signed;
mod values;
