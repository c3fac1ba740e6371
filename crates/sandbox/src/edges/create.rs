//! `POST /{user}/media`: a container.

use std::io::Cursor;

use axum::body::Bytes;
use serde_json::{Value, json};

use super::super::account::State;
use super::super::call::Call;
use super::super::container::{Container, MediaType, Role, Stored, Upload};
use super::super::draft::{self, Draft, Source};
use super::super::error::{
    CONTAINER_EXPIRED, CONTAINER_NOT_FOUND, FETCH, NOT_READY, Refusal, SERVER, SPONSOR, THUMB_OFFSET, TRIAL_INELIGIBLE,
};
use super::super::limits::{self, ImageUse, VideoUse};
use super::super::machine::Core;
use super::super::switches::Settings;
use super::super::time::Millis;
use super::super::token::{Ability, Token};
use super::super::world::World;
use igsync_base::id::Kind;
use igsync_instagram::wire::{NEWEST_VERSION, StatusCode};
use igsync_media::probe::{Facts, probe};

pub(super) async fn create(core: &Core, call: &Call, token: &Token, user_id: &str) -> Result<Value, Refusal> {
    token.need(Ability::Publish)?;
    let settings = core.world().settings.clone();
    let draft = draft::read(&call.params, token.login, &settings)?;
    {
        let world = core.world();
        world.check_budget(user_id, call.now)?;
        check_children(&world, user_id, &draft.children, call.now)?;
        check_account(&world, user_id, call)?;
    }
    let made = match bring(core, call, &draft, &settings).await {
        // The fetch comes after the answer, and what it meets with it.
        Err(refusal) if settings.fetch_faults_later && matches!(refusal.code, -2 | 9004) => {
            let subcode = if draft.media_type == MediaType::Video { Some(2_207_077) } else { refusal.subcode };
            Made { failure: subcode, ready_ms: Some(settings.image_ms), ..Made::default() }
        }
        made => made?,
    };
    let uploads = draft.source == Source::Upload;
    let id = core.world().add_container(Container {
        id: 0,
        user_id: user_id.to_owned(),
        role: draft.role,
        media_type: draft.media_type,
        caption: draft.caption,
        children: draft.children,
        params: draft.params,
        stored: made.stored,
        cover: made.cover,
        created_at: call.now,
        ready_at: made.ready_ms.map(|ms| call.now + ms),
        failure: made.failure,
        upload: uploads.then(Upload::default),
        media_id: None,
        publish_calls: 0,
        marks: call.marks.clone(),
    });
    let mut answer = json!({ "id": id.to_string() });
    if uploads {
        let version = call.version.as_deref().unwrap_or(NEWEST_VERSION);
        answer["uri"] = format!("{}/ig-api-upload/{version}/{id}", call.base).into();
    }
    Ok(answer)
}

/// Children in progress are fine: the parent waits for them.
fn check_children(world: &World, user_id: &str, children: &[u64], now: Millis) -> Result<(), Refusal> {
    for (n, id) in children.iter().enumerate() {
        let child = world.container(*id).filter(|child| child.user_id == user_id).ok_or(&CONTAINER_NOT_FOUND)?;
        if child.role != Role::Child {
            return Err(Refusal::parameter(format_args!("Media {id} is not a carousel item")));
        }
        if children[..n].contains(id) {
            return Err(Refusal::parameter(format_args!("Media {id} is listed twice")));
        }
        match child.phase(now).code {
            StatusCode::Expired => return Err((&CONTAINER_EXPIRED).into()),
            StatusCode::InProgress if world.settings.refuse_unready_children => return Err((&NOT_READY).into()),
            StatusCode::Error if world.settings.refuse_unready_children => return Err((&CONTAINER_EXPIRED).into()),
            StatusCode::Published => return Err((&CONTAINER_NOT_FOUND).into()),
            StatusCode::InProgress | StatusCode::Finished | StatusCode::Error => {}
        }
    }
    Ok(())
}

/// What depends on the account that would publish.
fn check_account(world: &World, user_id: &str, call: &Call) -> Result<(), Refusal> {
    let state = world.account(user_id).map(|account| account.state);
    if call.params.has("trial_params") && state == Some(State::NoTrials) {
        return Err((&TRIAL_INELIGIBLE).into());
    }
    let sponsors = call.params.list("branded_content_sponsor_ids")?.unwrap_or_default();
    if sponsors.iter().any(|id| id == user_id) {
        return Err((&SPONSOR).into());
    }
    Ok(())
}

/// What fetching and reading the media gave.
#[derive(Default)]
struct Made {
    stored: Option<Stored>,
    cover: Option<Stored>,
    failure: Option<i64>,
    /// Processing time; `None` while the bytes are still to come.
    ready_ms: Option<Millis>,
}

async fn bring(core: &Core, call: &Call, draft: &Draft, settings: &Settings) -> Result<Made, Refusal> {
    let mut made = Made { ready_ms: Some(settings.image_ms), ..Made::default() };
    match &draft.source {
        Source::None => {}
        Source::Upload => made.ready_ms = None,
        Source::Image(url) => {
            let place = if draft.role == Role::Post(Kind::Story) { ImageUse::Story } else { ImageUse::Feed };
            made.stored = image(core, call, url, place, settings).await?;
        }
        Source::Video(url) => {
            made.ready_ms = Some(settings.video_min_ms);
            if let Some(bytes) = core.fetch(url, &call.base).await? {
                let checked = video(core, bytes, draft.role, draft.thumb_offset, settings)?;
                made = Made {
                    stored: Some(checked.stored),
                    failure: checked.failure,
                    ready_ms: Some(checked.ms),
                    cover: None,
                };
            }
        }
    }
    if let Some(url) = &draft.cover_url {
        made.cover = image(core, call, url, ImageUse::Cover, settings).await?;
    }
    Ok(made)
}

async fn image(
    core: &Core,
    call: &Call,
    url: &str,
    place: ImageUse,
    settings: &Settings,
) -> Result<Option<Stored>, Refusal> {
    let Some(bytes) = core.fetch(url, &call.base).await? else { return Ok(None) };
    let facts = read(&bytes)?;
    limits::image(&facts, place, settings)?;
    keep(core, bytes, &facts).map(Some)
}

fn read(bytes: &Bytes) -> Result<Facts, Refusal> {
    probe(&mut Cursor::new(bytes)).map_err(|_| (&FETCH).into())
}

fn keep(core: &Core, bytes: Bytes, facts: &Facts) -> Result<Stored, Refusal> {
    core.store.keep(bytes, facts).map_err(|_| (&SERVER).into())
}

/// A video that was read: what it is and how it will end.
pub(super) struct Checked {
    pub(super) stored: Stored,
    pub(super) failure: Option<i64>,
    pub(super) ms: Millis,
}

pub(super) fn video(
    core: &Core,
    bytes: Bytes,
    role: Role,
    offset: Option<i64>,
    settings: &Settings,
) -> Result<Checked, Refusal> {
    let facts = read(&bytes)?;
    let place = if role == Role::Post(Kind::Story) { VideoUse::Story } else { VideoUse::Reel };
    let verdict = limits::video(&facts, place, settings);
    if settings.video_faults_at_once {
        verdict.as_ref().map_err(Clone::clone)?;
    }
    let stored = keep(core, bytes, &facts)?;
    let (offset, length) = (offset.and_then(|offset| u64::try_from(offset).ok()), stored.duration_ms);
    if offset.zip(length).is_some_and(|(offset, length)| offset >= length) {
        return Err((&THUMB_OFFSET).into());
    }
    let ms = settings.video_ms(stored.len, stored.duration_ms.unwrap_or(0));
    Ok(Checked { stored, failure: verdict.err().and_then(|refusal| refusal.subcode), ms })
}

/// For the upload edge, which knows only the container.
pub(super) fn is_video(container: &Container) -> bool {
    container.media_type == MediaType::Video
}
