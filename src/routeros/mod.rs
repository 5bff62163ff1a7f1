//! RouterOS' management interfaces in one vocabulary (hotspot, ppp).

mod rows;

pub use rows::{ActiveRow, Menu, Removal};
