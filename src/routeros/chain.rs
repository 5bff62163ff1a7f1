//! What a failure of the HTTP client comes from.

use std::error::Error;
use std::io;

use super::error::{RestFailure, Stage};
use super::tls::{Refused, Why};

impl RestFailure {
    /// What a failed exchange means, before the head of an answer came.
    pub(super) fn of_sending(error: &reqwest::Error) -> Self {
        let chain = Chain::of(error);
        if let Some(refused) = chain.refused {
            let presented = refused.presented;
            return match refused.why {
                Why::Untrusted(reason) => Self::Untrusted { presented, reason },
                Why::NotThePinned(pinned) => Self::WrongPin { presented, pinned },
            };
        }
        if let Some(tls) = chain.tls {
            return Self::Tls(tls);
        }
        match (error.is_timeout(), error.is_connect()) {
            (true, true) => Self::TimedOut(Stage::Connect),
            (true, false) => Self::TimedOut(Stage::Answer),
            (false, true) if chain.kind == Some(io::ErrorKind::ConnectionRefused) => Self::Refused,
            (false, true) => Self::Unreachable(chain.innermost),
            (false, false) => Self::NoAnswer(chain.innermost),
        }
    }

    /// What a failure means once the head of an answer came.
    pub(super) fn of_reading(error: &reqwest::Error) -> Self {
        if error.is_timeout() { Self::TimedOut(Stage::Answer) } else { Self::Truncated }
    }
}

/// What is known of an error's causes. reqwest's own text has the URL and not the cause.
#[derive(Default)]
struct Chain {
    refused: Option<Refused>,
    tls: Option<String>,
    kind: Option<io::ErrorKind>,
    innermost: String,
}

impl Chain {
    fn of(error: &reqwest::Error) -> Self {
        let mut chain = Self::default();
        let mut next: Option<&(dyn Error + 'static)> = error.source();
        while let Some(cause) = next {
            chain.note(cause);
            next = cause.source();
        }
        chain
    }

    fn note(&mut self, cause: &(dyn Error + 'static)) {
        if let Some(error) = cause.downcast_ref::<io::Error>() {
            self.kind = Some(error.kind());
            // `source` of such an error is the source of what it wraps, so what it wraps is looked at here.
            if let Some(wrapped) = error.get_ref() {
                self.note(wrapped);
            }
        }
        if let Some(error) = cause.downcast_ref::<rustls::Error>() {
            self.tls = Some(error.to_string());
            if let rustls::Error::Other(other) = error {
                self.refused = other.0.downcast_ref::<Refused>().cloned();
            }
        }
        self.innermost = cause.to_string();
    }
}
