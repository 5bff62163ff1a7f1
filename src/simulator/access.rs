//! Access-Requests: what is in them, and asking until there is an answer.
//!
//! Attributes and their order are those of a captured hotspot login of RouterOS 7.15 or later; the
//! Message-Authenticator is last.

use secrecy::ExposeSecret;
use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::record::{push_nas_names, push_port, push_text};
use super::shared::Shared;
use super::{AuthenticationOptions, AuthenticationProtocol, Event, LoginBy, Service, SessionSpec};
use crate::radius::{
    AttributeType, Attributes, Code, EncodeError, MessageAuthenticator, Opened, Sealed, chap_password, hide_password,
    open_reply, seal_access_request,
};

/// WISPr-Logoff-URL (RouterOS manual, RADIUS: vendor 14122).
const LOGOFF_URL: AttributeType = AttributeType::Vendor { vendor_id: 14122, vendor_type: 3 };

/// What became of a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Access {
    /// With what it sets.
    Accept(Attributes),
    Reject,
    TimeOut,
}

/// Asks the authentication server. Nothing is changed.
pub(super) async fn ask(shared: &Shared, spec: &SessionSpec, number: u32) -> Access {
    let Some(options) = &shared.options.authentication else { return Access::TimeOut };
    let answer = match request(shared, options, spec, number) {
        Ok(request) => exchange(shared, options, &request).await,
        Err(_) => None,
    };
    let access = match answer {
        Some(Opened { code: Code::AccessAccept, attributes, .. }) => Access::Accept(attributes),
        Some(_) => Access::Reject,
        None => Access::TimeOut,
    };
    let answer = match access {
        Access::Accept(_) => Some("Access-Accept"),
        Access::Reject => Some("Access-Reject"),
        Access::TimeOut => None,
    };
    shared.tell(Event::Asked { user: spec.user.clone(), mac: spec.mac.clone(), login_by: spec.login_by, answer });
    access
}

fn request(
    shared: &Shared,
    options: &AuthenticationOptions,
    spec: &SessionSpec,
    number: u32,
) -> Result<Sealed, EncodeError> {
    let authenticator = random();
    let mut attributes = Attributes::new();
    let ppp = spec.service == Service::Ppp;
    if ppp {
        attributes.push_u32(AttributeType::SERVICE_TYPE, 2);
        attributes.push_u32(AttributeType::FRAMED_PROTOCOL, 1);
    }
    push_port(&mut attributes, spec, number);
    if spec.service == Service::Hotspot {
        attributes.push_ipv4(AttributeType::FRAMED_IP_ADDRESS, spec.address);
        attributes.push_ipv4(AttributeType::mikrotik(10), spec.address);
    }
    // By MAC there is no password (RouterOS manual, hotspot: mac-auth-password).
    let password = if spec.login_by == LoginBy::Mac { "" } else { spec.password.expose_secret() };
    match options.protocol {
        AuthenticationProtocol::Chap => {
            let challenge: [u8; 16] = random();
            attributes.push(AttributeType::CHAP_CHALLENGE, challenge)?;
            attributes
                .push(AttributeType::CHAP_PASSWORD, chap_password(fastrand::u8(..), password.as_bytes(), &challenge))?;
        }
        AuthenticationProtocol::Pap => {
            let hidden = hide_password(password.as_bytes(), authenticator, &options.secret)?;
            attributes.push(AttributeType::USER_PASSWORD, hidden)?;
        }
    }
    if !ppp {
        attributes.push_u32(AttributeType::SERVICE_TYPE, 1);
    }
    if spec.service == Service::Hotspot {
        push_text(&mut attributes, LOGOFF_URL, &format!("http://{}/logout", shared.options.bind));
    }
    push_nas_names(&mut attributes, &shared.options.name, shared.options.bind);
    seal_access_request(fastrand::u8(..), authenticator, &attributes, &options.secret)
}

fn random() -> [u8; 16] {
    std::array::from_fn(|_| fastrand::u8(..))
}

async fn exchange(shared: &Shared, options: &AuthenticationOptions, request: &Sealed) -> Option<Opened> {
    let socket = UdpSocket::bind((shared.options.bind, 0)).await.ok()?;
    socket.connect(options.server).await.ok()?;
    for _ in 0..options.transmissions {
        // An error is the ICMP message of an earlier transmission: as good as lost.
        socket.send(request.octets()).await.ok();
        if let Ok(answer) = timeout(options.timeout, answer(&socket, options, request)).await {
            return Some(answer);
        }
    }
    None
}

/// Ends when a right answer has come.
async fn answer(socket: &UdpSocket, options: &AuthenticationOptions, request: &Sealed) -> Opened {
    let mut buffer = [0; 4096];
    loop {
        let Ok(length) = socket.recv(&mut buffer).await else { continue };
        let datagram = buffer.get(..length).unwrap_or_default();
        if let Ok(opened) = open_reply(datagram, request, &options.secret, MessageAuthenticator::Optional) {
            return opened;
        }
    }
}
