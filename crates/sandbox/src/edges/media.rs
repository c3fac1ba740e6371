//! Containers, published media and comments by their id.

use serde_json::{Map, Value, json};

use super::super::call::Call;
use super::super::container::MediaType;
use super::super::draft;
use super::super::error::Refusal;
use super::super::fields;
use super::super::insights;
use super::super::machine::Core;
use super::super::page_of::{self, Window, place};
use super::super::params::Params;
use super::super::token::{Ability, Login, Token};
use super::super::view::{CommentView, ContainerView, Eye, MediaView};
use super::selected;

pub(super) fn container(eye: Eye<'_>, id: u64) -> Result<Value, Refusal> {
    eye.token.need(Ability::Read)?;
    let container = eye.world.container(id).filter(|container| !container.marks.unreadable);
    let container = container.ok_or_else(|| Refusal::nonexistent("get", &id.to_string()))?;
    fields::select(&ContainerView { eye, container }, &selected(eye.call)?)
}

pub(super) fn node(eye: Eye<'_>, id: u64) -> Result<Value, Refusal> {
    eye.token.need(Ability::Read)?;
    let media = eye.world.media(id).filter(|media| !media.unreadable);
    let media = media.ok_or_else(|| Refusal::nonexistent("get", &id.to_string()))?;
    fields::select(&MediaView { eye, media }, &selected(eye.call)?)
}

pub(super) fn children(eye: Eye<'_>, id: u64) -> Result<Value, Refusal> {
    eye.token.need(Ability::Read)?;
    let fields = selected(eye.call)?;
    let children = eye.world.media(id).map(|media| media.children.as_slice()).unwrap_or_default();
    let rows: Result<Vec<Value>, Refusal> = children
        .iter()
        .filter_map(|id| eye.world.media(*id))
        .map(|media| fields::select(&MediaView { eye, media }, &fields))
        .collect();
    let mut answer = json!({ "data": rows? });
    page_of::summarize(eye.call, &mut answer, children.len());
    Ok(answer)
}

pub(super) fn comments(eye: Eye<'_>, id: u64) -> Result<Value, Refusal> {
    eye.token.need(Ability::Comment)?;
    let mut fields = selected(eye.call)?;
    if fields.is_empty() {
        fields = fields::parse("timestamp,text")?;
    }
    let rows = eye.world.comments_of(id).map(|comment| (place(comment.id), CommentView { eye, comment }));
    page_of::page(eye.call, &format!("{id}/comments"), &Window::read(eye.call)?, rows, &fields)
}

pub(super) fn comment_node(eye: Eye<'_>, id: u64) -> Result<Value, Refusal> {
    eye.token.need(Ability::Comment)?;
    let comment = eye.world.comment(id).ok_or_else(|| Refusal::nonexistent("get", &id.to_string()))?;
    fields::select(&CommentView { eye, comment }, &selected(eye.call)?)
}

pub(super) fn insights(eye: Eye<'_>, id: u64) -> Result<Value, Refusal> {
    let media = eye.world.media(id).filter(|media| !media.unreadable);
    let media = media.ok_or_else(|| Refusal::nonexistent("get", &id.to_string()))?;
    let text = |name: &str| eye.call.params.text(name);
    insights::answer(eye, media, &text("metric").unwrap_or_default(), text("breakdown").as_deref())
}

/// Who was invited; no one ever answers.
pub(super) fn collaborators(eye: Eye<'_>, id: u64) -> Result<Value, Refusal> {
    facebook_only(eye.token, "get", id)?;
    eye.token.need(Ability::Read)?;
    let media = eye.world.media(id).ok_or_else(|| Refusal::nonexistent("get", &id.to_string()))?;
    let names = Params::of(media.params.clone()).list("collaborators")?.unwrap_or_default();
    let rows: Vec<Value> = (1..)
        .zip(names)
        .map(|(n, name)| json!({ "id": format!("{}", id + n), "username": name.trim_start_matches('@'), "invite_status": "Pending" }))
        .collect();
    Ok(json!({ "data": rows }))
}

pub(super) fn product_tags(eye: Eye<'_>, id: u64) -> Result<Value, Refusal> {
    facebook_only(eye.token, "get", id)?;
    eye.token.need(Ability::Read)?;
    let media = eye.world.media(id).ok_or_else(|| Refusal::nonexistent("get", &id.to_string()))?;
    let tags = Params::of(media.params.clone()).objects("product_tags")?.unwrap_or_default();
    let rows: Vec<Value> = tags
        .into_iter()
        .map(|mut tag| {
            tag.entry("review_status").or_insert_with(|| "approved".into());
            Value::Object(tag)
        })
        .collect();
    Ok(json!({ "data": rows }))
}

/// `updated_tags` replaces tags of the same product and adds the others.
pub(super) fn retag(core: &Core, call: &Call, token: &Token, id: u64) -> Result<Value, Refusal> {
    facebook_only(token, "post", id)?;
    token.need(Ability::Publish)?;
    let updated = call.params.objects("updated_tags")?;
    let updated = updated.ok_or_else(|| Refusal::parameter("The parameter updated_tags is required"))?;
    let mut world = core.world();
    let is_image = world.media(id).is_some_and(|media| media.media_type == MediaType::Image);
    let new = Map::from_iter([("product_tags".to_owned(), json!(updated))]);
    draft::check_product_tags(&Params::of(new), is_image)?;
    if let Some(media) = world.media_mut(id) {
        let mut tags = Params::of(media.params.clone()).objects("product_tags")?.unwrap_or_default();
        tags.retain(|tag| updated.iter().all(|new| new.get("product_id") != tag.get("product_id")));
        tags.extend(updated);
        media.params.insert("product_tags".into(), json!(tags));
    }
    Ok(json!({ "success": true }))
}

fn facebook_only(token: &Token, verb: &str, id: u64) -> Result<(), Refusal> {
    if token.login == Login::Instagram { Err(Refusal::nonexistent(verb, &id.to_string())) } else { Ok(()) }
}

/// `hide`, the only thing about a comment that can be changed.
pub(super) fn hide(core: &Core, call: &Call, token: &Token, id: u64) -> Result<Value, Refusal> {
    token.need(Ability::Comment)?;
    let hidden = call.params.flag("hide")?.ok_or_else(|| Refusal::parameter("The parameter hide is required"))?;
    if let Some(comment) = core.world().comment_mut(id) {
        comment.hidden = hidden;
    }
    Ok(json!({ "success": true }))
}

pub(super) fn delete_comment(core: &Core, token: &Token, id: u64) -> Result<Value, Refusal> {
    token.need(Ability::Comment)?;
    if let Some(comment) = core.world().comment_mut(id) {
        comment.deleted = true;
    }
    Ok(json!({ "success": true }))
}

/// `comment_enabled`, the only thing about a post that can be changed.
pub(super) fn change(core: &Core, call: &Call, token: &Token, id: u64) -> Result<Value, Refusal> {
    token.need(Ability::Comment)?;
    let enabled = call.params.flag("comment_enabled")?;
    let enabled = enabled.ok_or_else(|| Refusal::parameter("The parameter comment_enabled is required"))?;
    if let Some(media) = core.world().media_mut(id) {
        media.comment_enabled = enabled;
    }
    Ok(json!({ "success": true }))
}

pub(super) fn comment(core: &Core, call: &Call, token: &Token, id: u64) -> Result<Value, Refusal> {
    token.need(Ability::Comment)?;
    let text = call.params.text("message").ok_or_else(|| Refusal::parameter("The parameter message is required"))?;
    let mut world = core.world();
    if world.media(id).is_some_and(|media| !media.comment_enabled) {
        return Err(Refusal::parameter("Comments are disabled on this media"));
    }
    Ok(json!({ "id": world.add_comment(id, text, call.now).to_string() }))
}

/// Posts, stories, reels and whole carousels; Facebook Login only.
pub(super) fn delete(core: &Core, call: &Call, token: &Token, id: u64) -> Result<Value, Refusal> {
    if token.login == Login::Instagram {
        return Err(Refusal::nonexistent(call.verb.as_str(), &id.to_string()));
    }
    token.need(Ability::Delete)?;
    let mut world = core.world();
    let Some(children) = world.media(id).filter(|media| media.kind.is_some()).map(|media| media.children.clone())
    else {
        return Err((&super::super::error::DELETE_UNSUPPORTED).into());
    };
    for id in children.into_iter().chain([id]) {
        if let Some(media) = world.media_mut(id) {
            media.deleted = true;
        }
    }
    Ok(json!({ "success": true, "deleted_id": id.to_string() }))
}
