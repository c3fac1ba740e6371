//! The upload host: bodies that are taken piece by piece.

use axum::body::{Body, Bytes};
use axum::http::Response;
use axum::http::request::Parts;
use futures_util::StreamExt;
use serde_json::{Map, Value};

use super::super::call;
use super::super::edges::upload;
use super::super::fault::Fault;
use super::super::log::Entry;
use super::super::respond::{self, Cut, Usage};
use super::Server;

impl Server {
    /// Bytes are taken as they come, so an interruption keeps what arrived.
    pub(super) async fn upload(
        &self,
        parts: &Parts,
        body: Body,
        path: &[String],
        faults: &[Fault],
        entry: &mut Entry,
    ) -> Response<Body> {
        let core = &self.core;
        let now = core.now();
        let base = call::base(&parts.headers, &parts.uri);
        let json = |(status, value): upload::Answer| {
            respond::raw(status, "application/json; charset=UTF-8", respond::escaped(&value), now)
        };
        if let Some(response) = self.instead(parts, &Bytes::new(), faults, entry, now) {
            return response;
        }
        let head = match upload::open(core, path, &parts.headers, &base, now) {
            Ok(head) => head,
            Err(answer) => return json(answer),
        };
        if parts.method == "GET" {
            return json(upload::progress(core, &head));
        }
        let answer = if let Some(url) = &head.file_url {
            upload::fetch(core, &head, url, now).await
        } else {
            let mut received = 0;
            let taken = self.receive(&head, body, faults, &mut received).await;
            entry.params = log(&head, received);
            match taken {
                Ok(answer) => answer,
                Err(cut) => {
                    core.uploads.keep(head.container);
                    // What cannot be recorded is lost with the process, nothing worse.
                    let _ = core.save();
                    return respond::cut(cut);
                }
            }
        };
        core.uploads.keep(head.container);
        let saved = core.save();
        if faults.contains(&Fault::LoseAnswer) {
            return respond::cut(Cut::Closed);
        }
        match saved {
            Ok(()) => json(answer),
            Err(refusal) => self.refuse(parts, &refusal, Usage::default(), entry, now),
        }
    }

    /// `received` counts every byte that came, taken or not.
    async fn receive(
        &self,
        head: &upload::Head,
        body: Body,
        faults: &[Fault],
        received: &mut u64,
    ) -> Result<upload::Answer, Cut> {
        let (turn, mut left) = match upload::begin(&self.core, head) {
            Ok(begun) => begun,
            Err(answer) => return Ok(answer),
        };
        let stop = faults
            .iter()
            .find_map(|fault| if let Fault::InterruptUpload { bytes } = fault { Some(*bytes) } else { None });
        let mut allowed = stop.unwrap_or(u64::MAX);
        let mut body = body.into_data_stream();
        while let Some(piece) = body.next().await {
            let Ok(piece) = piece else { return Err(Cut::Closed) };
            *received += piece.len() as u64;
            self.core.uploads.count(piece.len());
            let take = left.min(allowed).min(piece.len() as u64);
            if !upload::take(&self.core, head, turn, &piece[..usize::try_from(take).unwrap_or(piece.len())]) {
                return Err(Cut::Closed);
            }
            left -= take;
            allowed -= take;
            if allowed == 0 {
                return Err(Cut::Closed);
            }
        }
        Ok(upload::finish(&self.core, head, self.core.now()))
    }
}

/// What the log keeps of a request that carried bytes.
fn log(head: &upload::Head, received: u64) -> Map<String, Value> {
    let sizes = [("offset", head.offset), ("file_size", head.size.unwrap_or_default()), ("received", received)];
    sizes.into_iter().map(|(name, bytes)| (name.to_owned(), bytes.to_string().into())).collect()
}
