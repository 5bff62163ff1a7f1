//! Answers: RouterOS' own, and those that a fault makes.

use std::collections::BTreeMap;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter, Serializer};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWriteExt, DuplexStream, ReadBuf, duplex};
use tokio::time::sleep;
use tokio_util::io::ReaderStream;

use crate::simulator::RestFault;

const HTML: &str = "<!DOCTYPE html><html><head><title>RouterOS</title></head><body>webfig</body></html>";
const HALF: &str = "[{\".id\":\"*C0A8";

/// One row: values are always text; what is unset is not there.
pub(super) type Row = BTreeMap<&'static str, String>;

/// An answer.
#[derive(Debug)]
pub(super) enum Reply {
    /// JSON.
    Json(u16, Vec<u8>),
    /// No body.
    Empty(u16),
    /// HTML.
    Html(u16),
    /// Half of what Content-Length promises.
    Truncated,
    /// 302.
    Redirect(String),
    /// JSON, an octet at a time.
    Slow(u16, Vec<u8>, Duration),
    /// The first half of JSON.
    Cut(u16, Vec<u8>),
    /// None.
    Never,
}

impl Reply {
    /// 200 with rows or one row; `raw` leaves control octets as they are.
    pub(super) fn ok(rows: &impl Serialize, raw: bool) -> Self {
        let mut octets = Vec::new();
        let written = if raw {
            rows.serialize(&mut Serializer::with_formatter(&mut octets, RawControls))
        } else {
            rows.serialize(&mut Serializer::new(&mut octets))
        };
        match written {
            Ok(()) => Self::Json(200, octets),
            Err(error) => Self::error(500, Some(error.to_string())),
        }
    }

    /// RouterOS' error body: its `error` is the one number among all values.
    pub(super) fn error(status: u16, detail: Option<String>) -> Self {
        let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
        let mut body = json!({ "error": status, "message": reason.unwrap_or("Unknown") });
        if let (Some(detail), Some(object)) = (detail, body.as_object_mut()) {
            object.insert("detail".to_owned(), Value::String(detail));
        }
        Self::Json(status, body.to_string().into_bytes())
    }

    /// `None` for no answer at all.
    pub(super) const fn status(&self) -> Option<u16> {
        match self {
            Self::Json(status, _)
            | Self::Empty(status)
            | Self::Html(status)
            | Self::Slow(status, ..)
            | Self::Cut(status, _) => Some(*status),
            Self::Truncated => Some(200),
            Self::Redirect(_) => Some(302),
            Self::Never => None,
        }
    }

    /// The same with its body an octet at a time.
    pub(super) fn slowly(self, pause: Duration) -> Self {
        if let Self::Json(status, octets) = self { Self::Slow(status, octets, pause) } else { self }
    }

    /// The same with half its body.
    pub(super) fn cut(self) -> Self {
        if let Self::Json(status, octets) = self { Self::Cut(status, octets) } else { self }
    }

    pub(super) fn into_response(self) -> Response {
        let status = self.status().and_then(|status| StatusCode::from_u16(status).ok());
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        match self {
            Self::Json(_, octets) => (status, [(CONTENT_TYPE, "application/json")], octets).into_response(),
            Self::Html(_) => (status, [(CONTENT_TYPE, "text/html")], HTML).into_response(),
            Self::Empty(_) | Self::Never => status.into_response(),
            Self::Redirect(to) => (status, [(LOCATION, to)]).into_response(),
            Self::Truncated => half(status, HALF.as_bytes().to_vec(), 4096),
            Self::Cut(_, mut octets) => {
                let promised = octets.len();
                octets.truncate(promised / 2);
                half(status, octets, promised)
            }
            Self::Slow(_, octets, pause) => {
                let headers =
                    [(CONTENT_TYPE, "application/json".to_owned()), (CONTENT_LENGTH, octets.len().to_string())];
                (status, headers, Body::from_stream(ReaderStream::new(trickle(octets, pause)))).into_response()
            }
        }
    }
}

/// What a fault makes of an answer.
pub(super) fn of_fault(fault: RestFault) -> Reply {
    match fault {
        RestFault::Status(status) => Reply::error(status, None),
        RestFault::Html => Reply::Html(200),
        RestFault::Truncated => Reply::Truncated,
        RestFault::Redirect(to) => Reply::Redirect(to),
        RestFault::NoAnswer => Reply::Never,
        RestFault::SessionClosed => Reply::error(400, Some("Session closed".to_owned())),
        RestFault::WrongBody => Reply::Json(200, br#"{"name":"MikroTik"}"#.to_vec()),
        RestFault::EmptyList | RestFault::Slow(_) | RestFault::CutBody => Reply::Json(200, b"[]".to_vec()),
    }
}

fn half(status: StatusCode, octets: Vec<u8>, promised: usize) -> Response {
    let headers = [(CONTENT_TYPE, "application/json".to_owned()), (CONTENT_LENGTH, promised.to_string())];
    (status, headers, Body::from_stream(ReaderStream::new(Half::Unsent(octets)))).into_response()
}

/// An octet, a pause, an octet. The task ends with its reader.
fn trickle(octets: Vec<u8>, pause: Duration) -> DuplexStream {
    let (mut writer, reader) = duplex(1);
    tokio::spawn(async move {
        for octet in octets {
            sleep(pause).await;
            if writer.write_u8(octet).await.is_err() {
                return;
            }
        }
    });
    reader
}

/// A body that ends too early: some octets, a pause in which the server flushes them, the end.
#[derive(Debug)]
enum Half {
    Unsent(Vec<u8>),
    Sent,
    Flushed,
}

impl AsyncRead for Half {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &*self {
            Self::Unsent(octets) => {
                // A list longer than the buffer is cut shorter still.
                buffer.put_slice(octets.get(..buffer.remaining()).unwrap_or(octets));
                *self = Self::Sent;
            }
            Self::Sent => {
                *self = Self::Flushed;
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Self::Flushed => {}
        }
        Poll::Ready(Ok(()))
    }
}

/// Writes control octets raw, which is not JSON; RouterOS does so with some names.
struct RawControls;

impl Formatter for RawControls {
    fn write_char_escape<W: ?Sized + io::Write>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()> {
        let octet = match escape {
            CharEscape::Quote => return writer.write_all(b"\\\""),
            CharEscape::ReverseSolidus => return writer.write_all(b"\\\\"),
            CharEscape::Solidus => b'/',
            CharEscape::Backspace => 0x08,
            CharEscape::FormFeed => 0x0c,
            CharEscape::LineFeed => b'\n',
            CharEscape::CarriageReturn => b'\r',
            CharEscape::Tab => b'\t',
            CharEscape::AsciiControl(octet) => octet,
        };
        writer.write_all(&[octet])
    }
}
