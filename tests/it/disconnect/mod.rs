//! `radkick disconnect`, end to end: the built program, a radacct that FreeRADIUS wrote, FreeRADIUS' own Dynamic
//! Authorization Server or a simulated router at the other end.
mod aim;
mod closing;
mod fates;
mod names;
mod returns;
mod routers;
pub(crate) mod site;
pub(crate) mod stand;
