//! `/ig-api-upload/{version}/{container}`: a video in one or several pieces.
//!
//! Meta: <https://developers.facebook.com/documentation/instagram-platform/content-publishing/resumable-uploads>

use axum::body::Bytes;
use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::super::auth;
use super::super::call;
use super::super::container::Container;
use super::super::error::Refusal;
use super::super::machine::Core;
use super::super::store::MAX_FILE;
use super::super::time::Millis;
use super::super::token::{Ability, Login};
use super::create;

/// Status and body; this host has an error shape of its own.
pub(crate) type Answer = (u16, Value);

/// What the request's head says.
pub(crate) struct Head {
    pub(crate) container: u64,
    pub(crate) offset: u64,
    pub(crate) size: Option<u64>,
    pub(crate) file_url: Option<String>,
    pub(crate) base: String,
}

fn refused(status: u16, kind: &str, retriable: bool, message: &str) -> Answer {
    (status, json!({ "debug_info": { "retriable": retriable, "type": kind, "message": message } }))
}

fn not_authorized() -> Answer {
    refused(400, "NotAuthorizedError", false, "User not authorized to perform this request")
}

/// Reads the head of a request and finds the container that may take its bytes.
pub(crate) fn open(core: &Core, path: &[String], headers: &HeaderMap, base: &str, now: Millis) -> Result<Head, Answer> {
    let world = core.world();
    let token = call::header_token(headers).ok_or_else(not_authorized)?;
    let token = auth::valid(&world, &token, base, now).map_err(|_| not_authorized())?;
    let container = path.last().and_then(|id| world.container(id.parse().ok()?));
    let container = container.filter(|container| token.reaches(&container.user_id) && container.upload.is_some());
    let denied = token.login == Login::Instagram && !world.settings.upload_with_instagram;
    if denied || !token.allows(Ability::Publish) {
        return Err(not_authorized());
    }
    let container = container.ok_or_else(|| refused(400, "ProcessingFailedError", false, "No such upload"))?;
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    Ok(Head {
        container: container.id,
        offset: header("offset").and_then(|offset| offset.trim().parse().ok()).unwrap_or(0),
        size: header("file_size").and_then(|size| size.trim().parse().ok()),
        file_url: header("file_url").map(str::to_owned),
        base: base.to_owned(),
    })
}

/// How far an upload has come.
pub(crate) fn progress(core: &Core, head: &Head) -> Answer {
    let received = core.world().container(head.container).and_then(|c| c.upload.as_ref().map(|upload| upload.received));
    (200, json!({ "id": head.container.to_string(), "offset": received.unwrap_or(0) }))
}

/// Whether bytes from this offset continue what is there; whose turn it is, and how many are still to come.
pub(crate) fn begin(core: &Core, head: &Head) -> Result<(u64, u64), Answer> {
    let failed = |message: &str| refused(400, "ProcessingFailedError", false, message);
    let mut world = core.world();
    let upload = world.container_mut(head.container).and_then(|container| container.upload.as_mut());
    let upload = upload.ok_or_else(|| failed("No such upload"))?;
    if upload.complete {
        return Err(failed("The upload is complete already"));
    }
    let size = head.size.filter(|size| (1..=MAX_FILE).contains(size));
    let size = size.ok_or_else(|| failed("The header file_size is missing or out of range"))?;
    if head.offset != 0 && upload.size.is_some_and(|known| known != size) {
        return Err(failed("file_size differs from the first request's"));
    }
    if head.offset != 0 && head.offset != upload.received {
        let message = format!("offset {} does not continue at {}", head.offset, upload.received);
        return Err(refused(400, "OffsetInvalidError", true, &message));
    }
    upload.size = Some(size);
    upload.received = head.offset;
    drop(world);
    if head.offset == 0 {
        core.uploads.finish(head.container);
    }
    Ok((core.uploads.begin(head.container), size - head.offset))
}

/// Takes some bytes; they are kept whatever becomes of the connection. `false`: another request continues.
pub(crate) fn take(core: &Core, head: &Head, turn: u64, bytes: &[u8]) -> bool {
    let Some(received) = core.uploads.take(head.container, turn, bytes) else { return false };
    if let Some(upload) = core.world().container_mut(head.container).and_then(|container| container.upload.as_mut()) {
        upload.received = received;
    }
    true
}

/// After the last byte of a request: the whole file is read, or more is awaited.
pub(crate) fn finish(core: &Core, head: &Head, now: Millis) -> Answer {
    let size = head.size.unwrap_or(u64::MAX);
    let received = core.uploads.received(head.container);
    if received < size {
        let message = format!("{received} of {size} bytes arrived");
        return refused(400, "PartialRequestError", true, &message);
    }
    let bytes = core.uploads.finish(head.container);
    settle(core, head, &bytes.into(), now)
}

/// The other way: the sandbox fetches the file.
pub(crate) async fn fetch(core: &Core, head: &Head, url: &str, now: Millis) -> Answer {
    match core.fetch(url, &head.base).await {
        Ok(Some(bytes)) => settle(core, head, &bytes, now),
        Ok(None) => believe(core, head, now),
        Err(refusal) => refused(400, "ProcessingFailedError", true, &refusal.message),
    }
}

/// Media of other hosts that count as good without being fetched.
fn believe(core: &Core, head: &Head, now: Millis) -> Answer {
    let mut world = core.world();
    let ms = world.settings.video_min_ms;
    let Some(container) = world.container_mut(head.container).filter(|container| create::is_video(container)) else {
        return refused(400, "ProcessingFailedError", false, "No such upload");
    };
    container.ready_at = Some(now + ms);
    if let Some(upload) = &mut container.upload {
        upload.complete = true;
    }
    (200, json!({ "success": true, "message": "Upload successful." }))
}

fn settle(core: &Core, head: &Head, bytes: &Bytes, now: Millis) -> Answer {
    let container = core.world().container(head.container).filter(|c| create::is_video(c)).cloned();
    let Some(container) = container else { return refused(400, "ProcessingFailedError", false, "No such upload") };
    let checked = check(core, bytes.clone(), &container);
    if let Some(container) = core.world().container_mut(head.container) {
        let (failure, ms) = match &checked {
            Ok(checked) => (checked.failure, checked.ms),
            Err(refusal) => (refusal.subcode, 0),
        };
        container.failure = failure;
        container.ready_at = Some(now + ms);
        container.stored = checked.ok().map(|checked| checked.stored);
        if let Some(upload) = &mut container.upload {
            upload.received = bytes.len() as u64;
            upload.complete = true;
        }
    }
    (200, json!({ "success": true, "message": "Upload successful." }))
}

fn check(core: &Core, bytes: Bytes, container: &Container) -> Result<create::Checked, Refusal> {
    let settings = core.world().settings.clone();
    let offset = super::super::params::Params::of(container.params.clone()).number("thumb_offset")?;
    create::video(core, bytes, container.role, offset, &settings)
}
