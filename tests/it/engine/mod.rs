//! The engine under a simulated link, in virtual time.
mod das;
mod forgeries;
mod identifiers;
mod link;
mod noise;
mod replies;
mod requests;
mod times;
