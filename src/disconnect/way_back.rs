//! How a user who was cut came back, and what is taken away so that it does not happen.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::config::Service;
use crate::routeros::{ActiveRow, Menu, RestClient, mac_digits};
use crate::store::{SessionRow, StoreError};

use super::removal::{RouterError, check_identity};
use super::router_view::{RouterView, Sought, is_of, menus};
use super::{Disconnector, ResolvedNas, service_of};

/// By which way a user came back (RouterOS manual, hotspot: `login-by`, cookies; PPP AAA: local secrets are asked first).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WayBack {
    /// The login was open: somebody undid the block, or wrote rows over it.
    BlockUndone,
    /// A user of the same name on the router itself, who is asked for before RADIUS.
    LocalUser,
    /// The hotspot's MAC cookie.
    MacCookie,
    /// A cookie in the browser.
    HttpCookie,
    /// `login-by=mac`: the device's MAC is the login.
    LoginByMac,
    /// A PPP client dialled again.
    PppRedial,
    /// A login with name and password.
    Login,
    /// Nothing tells: the router could not be asked.
    Unknown,
}

impl fmt::Display for WayBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BlockUndone => "an open login: somebody had undone the block",
            Self::LocalUser => "a local user of that name on the router",
            Self::MacCookie => "MAC cookie",
            Self::HttpCookie => "a cookie in the browser",
            Self::LoginByMac => "login-by=mac",
            Self::PppRedial => "PPP redial",
            Self::Login => "name and password",
            Self::Unknown => "a way that is not known",
        })
    }
}

impl WayBack {
    /// The way by which a row of the list came.
    fn of_row(row: &ActiveRow, service: Service) -> Self {
        match (row.login_by.as_deref(), service) {
            _ if !row.radius => Self::LocalUser,
            (Some("mac-cookie"), _) => Self::MacCookie,
            (Some("cookie"), _) => Self::HttpCookie,
            (Some("mac"), _) => Self::LoginByMac,
            (_, Service::Ppp) => Self::PppRedial,
            (Some(_), _) => Self::Login,
            (None, _) => Self::Unknown,
        }
    }
}

impl Disconnector {
    /// Takes away the cookies that would let the session's device in again without its user: all of the user's where the
    /// login is `closed`, else those of this device. How many; 0 without REST, and where no hotspot is concerned.
    ///
    /// # Errors
    /// Why the router could not be asked, for people.
    pub async fn remove_cookies(&self, nas: &ResolvedNas, session: &SessionRow, closed: bool) -> Result<u32, String> {
        let Some(rest) = self.hotspot(nas, session)? else { return Ok(0) };
        self.cookies_over(&rest, (nas, session), closed).await.map_err(|error| error.to_string())
    }

    async fn cookies_over(
        &self,
        rest: &RestClient,
        (nas, session): (&ResolvedNas, &SessionRow),
        closed: bool,
    ) -> Result<u32, RouterError> {
        check_identity(nas, rest).await?;
        let device = mac_digits(&session.calling_station_id);
        let mut removed = 0;
        for cookie in rest.cookies(session.user.as_str(), Some(&session.calling_station_id)).await? {
            let of_user = is_of((&cookie.user, cookie.domain.as_deref()), session);
            let of_device = device.is_some() && cookie.mac.as_deref().and_then(mac_digits) == device;
            if of_user && (closed || of_device) {
                rest.remove_cookie(&cookie.id).await?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// Takes away the host rows of the session's device, so that the hotspot has to find it anew. How many.
    ///
    /// # Errors
    /// Why the router could not be asked, for people.
    pub async fn remove_hosts(&self, nas: &ResolvedNas, session: &SessionRow) -> Result<u32, String> {
        let Some(rest) = self.hotspot(nas, session)? else { return Ok(0) };
        let over = async {
            check_identity(nas, &rest).await?;
            let address = session.framed_ip_address.parse().ok();
            let mut removed = 0;
            for host in rest.hosts(Some(&session.calling_station_id), address).await? {
                rest.remove_host(&host.id).await?;
                removed += 1;
            }
            Ok::<u32, RouterError>(removed)
        };
        over.await.map_err(|error| error.to_string())
    }

    /// Whether there may be cookies of the session's device, and a way to take them away.
    #[must_use]
    pub fn may_have_cookies(&self, nas: &ResolvedNas, session: &SessionRow) -> bool {
        matches!(self.hotspot(nas, session), Ok(Some(_)))
    }

    /// The REST service of a hotspot session's router.
    fn hotspot(&self, nas: &ResolvedNas, session: &SessionRow) -> Result<Option<Arc<RestClient>>, String> {
        if !menus(service_of(session, nas.profile.service)).contains(&Menu::HotspotActive) {
            return Ok(None);
        }
        let router = self.router(nas).map_err(|error| error.to_string())?;
        Ok(router.map(|router| router.rest))
    }

    /// By which way a session came in.
    ///
    /// # Errors
    /// When FreeRADIUS' database cannot be asked. A router that cannot be asked leaves it unknown.
    pub async fn way_back(&self, nas: &ResolvedNas, session: &SessionRow) -> Result<WayBack, StoreError> {
        let service = service_of(session, nas.profile.service);
        let unasked = if service == Service::Ppp { WayBack::PppRedial } else { WayBack::Unknown };
        let Ok(Some(router)) = self.router(nas) else { return Ok(unasked) };
        let open = self.accounting().open_sessions(&session.user).await?;
        let sought = Sought::new(session, &open);
        for menu in menus(service) {
            let Ok(rows) = router.rest.active_of(*menu, &[session.user.as_str()]).await else { return Ok(unasked) };
            if let Some(row) = rows.iter().find(|row| sought.is(row)) {
                return Ok(WayBack::of_row(row, service));
            }
        }
        Ok(unasked)
    }

    /// Whether somebody is on at the router by the session's name whom it let in by itself, whatever RADIUS says. `false`
    /// without REST, or when it cannot be asked. Such a user is never removed.
    pub async fn is_on_locally(&self, nas: &ResolvedNas, session: &SessionRow) -> bool {
        matches!(self.router_view(nas, session).await, RouterView::Absent { local: true, .. })
    }
}
