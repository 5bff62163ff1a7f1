//! The control socket: one-shot commands ask the daemon that runs, instead of working on its databases beside it.
//!
//! ```text
//!   command                                   daemon
//!      ── connect ──────────────────────────▶  may this user? is there room?
//!      ◀─ hello: protocol, databases ───────   (or refused: why)
//!      ── request, one line ────────────────▶  checked; nothing done yet
//!      ◀─ accepted ─────────────────────────   only once this is written does the work begin
//!      ◀─ at_work, each 5 s ────────────────
//!      ◀─ report … report, end: exit, answer
//! ```
//!
//! Who does the work is decided once, and both ends know it: the daemon begins only after `accepted` stands in the command's
//! socket, and a command that waits no longer shuts that socket before it looks for `accepted` a last time. So a command without it knows
//! that nothing was done and never will be, and may do the work itself; one with it leaves the work to the daemon, whatever
//! becomes of either.
//!
//! Invariants: lines, connections and waits are bounded; a client that neither reads nor writes holds up nobody else; what was
//! accepted goes to its end whoever still listens. Who asks is told by the kernel, never by the client.
//!
//! Start reading at [`serve`] and at [`ask`].

mod client;
mod databases;
mod line;
mod peer;
mod server;
mod socket;
mod wire;

pub use client::{Asked, Asking, ask};
pub use databases::databases;
pub use peer::Trust;
pub use server::{Desk, serve};
pub use socket::{Door, OpenDoor};
