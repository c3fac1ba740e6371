//! Bodies read whole, and bodies broken off.

use std::io;

use axum::body::{Body, Bytes};
use axum::http::Response;
use futures_util::StreamExt;

use super::super::store::MAX_FILE;

/// A body read whole.
///
/// # Errors
///
/// It is longer than `limit` bytes, or the connection broke.
pub(crate) async fn collect(body: Body, limit: u64) -> io::Result<Bytes> {
    let mut bytes = Vec::new();
    let mut body = body.into_data_stream();
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(io::Error::other)?;
        if (bytes.len() + piece.len()) as u64 > limit.min(MAX_FILE) {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes.into())
}

/// The same answer, announced whole and broken off after some bytes.
pub(super) fn broken(response: Response<Body>, text: &str, bytes: usize) -> Response<Body> {
    let (mut parts, _) = response.into_parts();
    parts.headers.insert("content-length", text.len().into());
    let start = Bytes::copy_from_slice(&text.as_bytes()[..bytes.min(text.len().saturating_sub(1))]);
    let pieces = futures_util::stream::iter([Ok(start)]).chain(futures_util::stream::once(async {
        // Gives the first piece its way to the socket.
        tokio::task::yield_now().await;
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    }));
    Response::from_parts(parts, Body::from_stream(pieces))
}
