//! Programs of others that the tests stand on, and what we rely on them for.
mod freeradius;
mod processes;
mod rest_clients;
