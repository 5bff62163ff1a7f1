//! A server that answers each connection with the next of its canned answers, then closes it.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// Stops with the value.
pub(crate) struct Canned {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Canned {
    /// Answers with these octets as they are.
    pub(crate) async fn raw(answers: &[&str]) -> Self {
        Self::start(answers, None).await
    }

    /// Answers with this status and JSON.
    pub(crate) async fn json(status: u16, body: &str) -> Self {
        Self::raw(&[&http(status, body)]).await
    }

    /// Answers over TLS.
    pub(crate) async fn tls(answers: &[&str], acceptor: TlsAcceptor) -> Self {
        Self::start(answers, Some(acceptor)).await
    }

    async fn start(answers: &[&str], acceptor: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let scheme = if acceptor.is_some() { "https" } else { "http" };
        let requests = Arc::new(Mutex::new(Vec::new()));
        let answers: Vec<String> = answers.iter().map(|&answer| answer.to_owned()).collect();
        let task = tokio::spawn(serve(listener, answers, acceptor, Arc::clone(&requests)));
        Self { url: format!("{scheme}://{address}/"), requests, task }
    }

    /// What was asked so far: head and body of each request.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no panic").clone()
    }
}

impl Drop for Canned {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An answer with a JSON body that ends with the connection.
pub(crate) fn http(status: u16, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

async fn serve(
    listener: TcpListener,
    answers: Vec<String>,
    acceptor: Option<TlsAcceptor>,
    requests: Arc<Mutex<Vec<String>>>,
) {
    for answer in answers {
        let (stream, _) = listener.accept().await.expect("a connection");
        match &acceptor {
            // A client that refuses the certificate ends the handshake; the next connection may be another's.
            Some(acceptor) => {
                if let Ok(stream) = acceptor.accept(stream).await {
                    answer_one(stream, &answer, &requests).await;
                }
            }
            None => answer_one(stream, &answer, &requests).await,
        }
    }
}

async fn answer_one(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: &str, requests: &Mutex<Vec<String>>) {
    let mut request = Vec::new();
    let mut octet = [0];
    while !is_complete(&request) {
        match stream.read(&mut octet).await {
            Ok(1) => request.push(octet[0]),
            _ => break,
        }
    }
    requests.lock().expect("no panic").push(String::from_utf8_lossy(&request).into_owned());
    // The client may be gone; what it makes of that is what the test looks at.
    drop(stream.write_all(answer.as_bytes()).await);
    drop(stream.shutdown().await);
}

fn is_complete(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    body.len() >= length.unwrap_or(0)
}
