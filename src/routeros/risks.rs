//! Settings of the router by which a user comes back without a password, and its clock.

use serde_json::{Map, Value};

use super::RestClient;
use super::error::{RestError, RestFailure};
use super::rows::{flag, text};

/// A profile of `/ip hotspot profile` or `/ip hotspot user profile` that lets users in without their password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginRisk {
    /// `login-by` of a hotspot profile has this way in it: `mac`, `mac-cookie`, `cookie`, `trial`.
    LoginBy {
        /// The profile.
        profile: String,
        /// The way.
        way: String,
    },
    /// `add-mac-cookie` of a user profile.
    AddMacCookie {
        /// The profile.
        profile: String,
    },
}

impl RestClient {
    /// The hotspot's ways in without a password; a MAC cookie only where hotspots take one.
    ///
    /// # Errors
    /// [`RestError`] says why the router could not be asked.
    pub async fn login_risks(&self) -> Result<Vec<LoginRisk>, RestError> {
        self.read_risks().await.map_err(|failure| self.error("reading hotspot profiles", failure))
    }

    async fn read_risks(&self) -> Result<Vec<LoginRisk>, RestFailure> {
        let named = |row: &Map<String, Value>, property: &str| {
            Ok((text(row, "name").unwrap_or_default(), text(row, property).unwrap_or_default()))
        };
        let profiles = self.whole("ip/hotspot/profile", &["name", "login-by"], |row| named(row, "login-by")).await?;
        let mut risks: Vec<LoginRisk> = Vec::new();
        for (profile, ways) in profiles {
            let open =
                ways.split(',').map(str::trim).filter(|way| ["mac", "mac-cookie", "cookie", "trial"].contains(way));
            risks.extend(open.map(|way| LoginRisk::LoginBy { profile: profile.clone(), way: way.to_owned() }));
        }
        let takes_mac_cookies =
            risks.iter().any(|risk| matches!(risk, LoginRisk::LoginBy { way, .. } if way == "mac-cookie"));
        if takes_mac_cookies {
            let read =
                |row: &Map<String, Value>| Ok((text(row, "name").unwrap_or_default(), flag(row, "add-mac-cookie")));
            let profiles = self.whole("ip/hotspot/user/profile", &["name", "add-mac-cookie"], read).await?;
            let adding = profiles.into_iter().filter(|(_, adds)| *adds);
            risks.extend(adding.map(|(profile, _)| LoginRisk::AddMacCookie { profile }));
        }
        Ok(risks)
    }

    /// The router's time in seconds since 1970, from `/system clock`; `None` where it is written in a way that is not known.
    ///
    /// # Errors
    /// [`RestError`] says why the router could not be asked.
    pub async fn time(&self) -> Result<Option<i64>, RestError> {
        let asked = self.object("system/clock").await.map_err(|failure| self.error("reading its clock", failure))?;
        let part = |property| text(&asked, property).unwrap_or_default();
        Ok(time_of(&part("date"), &part("time"), &part("gmt-offset")))
    }
}

/// `2026-11-23` (since 7.10) or `nov/23/2026`, `00:41:07`, `+02:00`.
fn time_of(date: &str, time: &str, offset: &str) -> Option<i64> {
    let at = |format| jiff::civil::DateTime::strptime(format, format!("{date} {time}")).ok();
    let local = at("%Y-%m-%d %H:%M:%S").or_else(|| at("%b/%d/%Y %H:%M:%S"))?;
    let (sign, offset) = match offset.strip_prefix('-') {
        Some(offset) => (-1, offset),
        None => (1, offset.strip_prefix('+').unwrap_or(offset)),
    };
    let (hours, minutes) = offset.split_once(':')?;
    let seconds = sign * (hours.parse::<i32>().ok()? * 3600 + minutes.parse::<i32>().ok()? * 60);
    let zone = jiff::tz::Offset::from_seconds(seconds).ok()?;
    Some(zone.to_timestamp(local).ok()?.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_old_and_new_versions() {
        assert_eq!(time_of("2026-11-23", "02:41:07", "+02:00"), Some(1_795_394_467));
        assert_eq!(time_of("nov/23/2026", "02:41:07", "+02:00"), Some(1_795_394_467));
        assert_eq!(time_of("2026-11-22", "19:11:07", "-05:30"), Some(1_795_394_467));
        assert_eq!(time_of("23.11.2026", "02:41:07", "+02:00"), None);
        assert_eq!(time_of("2026-11-23", "02:41:07", ""), None);
    }
}
