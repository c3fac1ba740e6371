//! Requests over real sockets.

use std::error::Error as _;
use std::io;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, Stream};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};

use self::public_client::{Known, PublicClient, fetch_failure};
use igsync_base::files::Access;
use igsync_base::net::{LOOPBACK, is_loopback};
use igsync_ports::{Body, FetchError, Fetched, Method, Progress, Request, Response, Sink, Transport, TransportError};

mod public_client;
#[cfg(test)]
mod tests;

/// How [`HttpTransport`] speaks to every host.
#[derive(Clone, Debug)]
pub struct HttpOptions {
    pub user_agent: String,
    /// A connection that is not up within this time was never made. Shorter than the timeout of a
    /// request, so that a dead host is told from a lost answer.
    pub connect_timeout: Duration,
    /// A streamed body of which nothing moves for this long is given up: a large file may take half an
    /// hour, a dead connection must not.
    pub stall: Duration,
}

/// After the last byte the other end may store and check the whole file: so many stalls long.
const CHECKING: u32 = 5;

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            user_agent: concat!("igsync/", env!("CARGO_PKG_VERSION")).to_owned(),
            connect_timeout: Duration::from_secs(10),
            stall: Duration::from_secs(60),
        }
    }
}

/// reqwest with every convenience that would act behind our back switched off: no redirects, no
/// cookies, no retries. Plain `http` and no proxy for loopback hosts, TLS for all others.
///
/// What TLS needs is read when the first request needs it: a sandbox never does, and it is most of the work.
#[derive(Debug)]
pub struct HttpTransport {
    options: HttpOptions,
    plain: reqwest::Client,
    loopback: OnceLock<reqwest::Client>,
    outside: OnceLock<reqwest::Client>,
    public_client: PublicClient,
}

impl HttpTransport {
    pub fn new(options: &HttpOptions) -> Result<Self, TransportError> {
        Self::with_names(options, Known::new())
    }

    /// As [`Self::new`]; [`Transport::fetch`] takes these names as already resolved.
    pub fn with_names(options: &HttpOptions, names: Known) -> Result<Self, TransportError> {
        // An error means that this process has a provider already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let plain = build(at_home(builder(options)).tls_certs_only([]))?;
        let (loopback, outside) = Default::default();
        let public_client = PublicClient::new(options, names)?;
        Ok(Self { options: options.clone(), plain, loopback, outside, public_client })
    }

    /// Fails only when the machine's TLS or proxy settings cannot be used.
    fn client_for(&self, url: &url::Url) -> Result<&reqwest::Client, TransportError> {
        match (is_loopback(url), url.scheme()) {
            (true, "http") => Ok(&self.plain),
            (true, _) => get_or_build(&self.loopback, || at_home(with_roots(builder(&self.options)))),
            (false, _) => get_or_build(&self.outside, || with_roots(builder(&self.options)).https_only(true)),
        }
    }

    async fn exchange(&self, request: Request) -> Result<Response, TransportError> {
        let limit = request.answer_limit;
        let Prepared { builder, moved } = prepared(self.client_for(&request.url)?, request)?;
        let sent = async { builder.send().await.map_err(|error| failure(&error.without_url())) };
        let response = match moved {
            None => sent.await?,
            Some((moved, len)) => self.while_it_moves(sent, &moved, len).await?,
        };
        let mut head = head_of(&response);
        let mut keep = |piece: &[u8]| {
            head.body.extend_from_slice(piece);
            ControlFlow::Continue(())
        };
        read_body(response, limit, &mut keep).await.map(|()| head)
    }

    async fn read(&self, request: Request, sink: Sink<'_>) -> Result<Fetched, FetchError> {
        let limit = request.answer_limit;
        let Prepared { builder, .. } = prepared(self.public_client.client_for(&request.url)?, request)?;
        let response = builder.send().await.map_err(fetch_failure)?;
        let head = head_of(&response);
        let body = read_body(response, limit, sink).await;
        Ok(Fetched { head, body })
    }

    /// Waits for the end of `sent` as long as more of its `len` bytes leave from time to time.
    async fn while_it_moves<T>(
        &self,
        sent: impl Future<Output = Result<T, TransportError>>,
        moved: &AtomicU64,
        len: u64,
    ) -> Result<T, TransportError> {
        let mut sent = std::pin::pin!(sent);
        loop {
            let before = moved.load(Ordering::Relaxed);
            let patience = if before < len { self.options.stall } else { self.options.stall * CHECKING };
            match tokio::time::timeout(patience, &mut sent).await {
                Ok(result) => return result,
                Err(_) if moved.load(Ordering::Relaxed) > before => {}
                Err(_) => {
                    let seconds = patience.as_secs_f32().ceil();
                    return Err(TransportError::NoAnswer(format!("no data for {seconds} seconds")));
                }
            }
        }
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        Box::pin(self.exchange(request))
    }

    fn fetch<'a>(&'a self, request: Request, sink: Sink<'a>) -> BoxFuture<'a, Result<Fetched, FetchError>> {
        Box::pin(self.read(request, sink))
    }
}

/// A request that is ready to leave.
struct Prepared {
    builder: reqwest::RequestBuilder,
    /// The bytes of a streamed body that have left, and how many there are.
    moved: Option<(Arc<AtomicU64>, u64)>,
}

fn prepared(client: &reqwest::Client, request: Request) -> Result<Prepared, TransportError> {
    let mut builder = client.request(method(request.method), request.url).timeout(request.timeout);
    for (name, value) in request.headers {
        let mut value = HeaderValue::from_str(&value)
            .map_err(|_| TransportError::NotSent(format!("the value of the header {name} is not allowed")))?;
        value.set_sensitive(name == "authorization");
        builder = builder.header(name, value);
    }
    let mut streamed = None;
    let builder = match request.body {
        Body::Empty if matches!(request.method, Method::Get | Method::Head) => builder,
        Body::Empty => builder.header(CONTENT_LENGTH, 0),
        Body::Bytes { content_type, bytes } => builder.header(CONTENT_TYPE, content_type).body(bytes),
        Body::Stream { content_type, source, len, progress } => {
            let moved = Arc::new(AtomicU64::new(0));
            streamed = Some((Arc::clone(&moved), len));
            builder
                .header(CONTENT_TYPE, content_type)
                .header(CONTENT_LENGTH, len)
                .body(reqwest::Body::wrap_stream(pieces(source, len, progress, moved)))
        }
    };
    Ok(Prepared { builder, moved: streamed })
}

fn builder(options: &HttpOptions) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(&options.user_agent)
        .connect_timeout(options.connect_timeout)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        // A connection that the other end is about to drop would turn a publish into a lost answer.
        .pool_idle_timeout(Duration::from_secs(20))
}

/// For this machine alone. No proxy could reach its loopback, and no name server is asked where that is:
/// another answer than loopback would get tokens in plain text.
fn at_home(builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    builder.no_proxy().dns_resolver(Arc::new(OwnNames))
}

/// Takes every name for this machine: [`is_loopback`] has judged it.
#[derive(Debug)]
struct OwnNames;

impl Resolve for OwnNames {
    fn resolve(&self, _: Name) -> Resolving {
        let here = LOOPBACK.into_iter().map(|address| SocketAddr::new(address, 0));
        Box::pin(std::future::ready(Ok(Box::new(here) as Addrs)))
    }
}

/// The bundled roots serve machines without a store; a company's own authority still counts.
fn with_roots(builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
    builder.tls_certs_merge(roots.filter_map(|root| reqwest::Certificate::from_der(root).ok()))
}

fn get_or_build(
    client: &OnceLock<reqwest::Client>,
    builder: impl FnOnce() -> reqwest::ClientBuilder,
) -> Result<&reqwest::Client, TransportError> {
    if let Some(client) = client.get() {
        return Ok(client);
    }
    let built = build(builder())?;
    Ok(client.get_or_init(|| built))
}

fn build(builder: reqwest::ClientBuilder) -> Result<reqwest::Client, TransportError> {
    builder.build().map_err(|error| TransportError::NotSent(chain(&error.without_url())))
}

fn method(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Head => reqwest::Method::HEAD,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Delete => reqwest::Method::DELETE,
    }
}

/// Only a connection that never came up proves that the other end saw nothing.
fn failure(error: &reqwest::Error) -> TransportError {
    if error.is_connect() || error.is_builder() {
        TransportError::NotSent(chain(error))
    } else if error.is_timeout() {
        TransportError::NoAnswer("timed out".to_owned())
    } else {
        TransportError::NoAnswer(chain(error))
    }
}

/// An error and its causes in one line; reqwest alone says only "error sending request".
fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.ends_with(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        cause = inner.source();
    }
    text
}

/// Status and headers, the body still to come.
fn head_of(response: &reqwest::Response) -> Response {
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    Response { status: response.status().as_u16(), headers, body: Vec::new() }
}

async fn read_body(mut response: reqwest::Response, limit: u64, sink: Sink<'_>) -> Result<(), TransportError> {
    let mut read = 0;
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                read += chunk.len() as u64;
                // Counted after decompression, so that a small bomb does not fill the memory.
                if read > limit {
                    return Err(TransportError::Unreadable(format!("larger than {limit} bytes")));
                }
                if sink(&chunk).is_break() {
                    return Ok(());
                }
            }
            Ok(None) => return Ok(()),
            Err(error) if error.is_timeout() => {
                return Err(TransportError::Unreadable("timed out".to_owned()));
            }
            Err(error) => return Err(TransportError::Unreadable(chain(&error.without_url()))),
        }
    }
}

const PIECE: u64 = 256 * 1024;

/// The body in pieces, each read on a thread that may block.
fn pieces(
    source: Box<dyn Access>,
    len: u64,
    progress: Option<Progress>,
    moved: Arc<AtomicU64>,
) -> impl Stream<Item = io::Result<Vec<u8>>> + Send + 'static {
    stream::try_unfold((source, 0), move |(source, sent)| {
        let (progress, moved) = (progress.clone(), Arc::clone(&moved));
        async move {
            let wanted = PIECE.min(len - sent);
            if wanted == 0 {
                return Ok(None);
            }
            let (source, piece) =
                tokio::task::spawn_blocking(move || read_piece(source, wanted)).await.map_err(io::Error::other)??;
            let sent = sent + wanted;
            moved.store(sent, Ordering::Relaxed);
            if let Some(progress) = progress {
                progress(sent);
            }
            Ok(Some((piece, (source, sent))))
        }
    })
}

fn read_piece(mut source: Box<dyn Access>, wanted: u64) -> io::Result<(Box<dyn Access>, Vec<u8>)> {
    let mut piece = vec![0; usize::try_from(wanted).map_err(io::Error::other)?];
    // A file that became shorter ends the request: the announced length is a promise.
    source.read_exact(&mut piece)?;
    Ok((source, piece))
}
