//! The endpoints: which one a path means, and what each answers.

mod audio;
mod create;
mod media;
mod oauth;
mod publish;
pub(crate) mod upload;
mod user;

use serde_json::{Value, json};

use super::auth;
use super::call::{Call, Verb};
use super::error::{ALIAS, BAD_REQUEST, Refusal};
use super::fields::{self, Field};
use super::machine::Core;
use super::token::{Login, Token};
use super::view::Eye;
use super::world::World;

/// What an id in a path represents.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Target {
    /// The id that publishing uses.
    Account(String),
    /// The account of a Page.
    Page(String),
    /// The person behind a Facebook token.
    Person,
    Container(u64),
    Media(u64),
    Comment(u64),
}

/// The person that every Facebook token of the sandbox belongs to.
const PERSON_ID: &str = "122100000000000001";

/// Answers one call.
pub(crate) async fn answer(core: &Core, call: &Call) -> Result<Value, Refusal> {
    let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
    if let Some(answer) = oauth::answer(core, call, &path) {
        return answer;
    }
    let token = auth::token(&core.world(), call)?;
    if call.params.has("date_format") {
        // Removed from every living version in October 2026.
        return Err(Refusal::parameter("Param date_format is not supported"));
    }
    let Some(id) = path.first() else { return Err((&BAD_REQUEST).into()) };
    if path == ["ig_audio"] {
        return audio::search(Eye { world: &core.world(), call, token: &token });
    }
    let target = target(&core.world(), &token, id).ok_or_else(|| unknown(call.verb, id))?;
    may(&core.world(), &target, call.verb)?;
    match (call.verb, &target, &path[1..]) {
        (Verb::Post, Target::Account(user), ["media"]) => {
            let made = create::create(core, call, &token, user).await?;
            if call.params.has("fields") { read_back(core, call, &token, made) } else { Ok(made) }
        }
        (Verb::Post, Target::Account(user), ["media_publish"]) => publish::publish(core, call, &token, user),
        (Verb::Get, target, rest) => {
            let world = core.world();
            read(Eye { world: &world, call, token: &token }, target, rest)
        }
        (Verb::Post, Target::Media(media), []) => media::change(core, call, &token, *media),
        (Verb::Post, Target::Media(media), ["comments"]) => media::comment(core, call, &token, *media),
        (Verb::Post, Target::Media(media), ["product_tags"]) => media::retag(core, call, &token, *media),
        (Verb::Post, Target::Comment(comment), []) => media::hide(core, call, &token, *comment),
        (Verb::Delete, Target::Media(media), []) => media::delete(core, call, &token, *media),
        (Verb::Delete, Target::Comment(comment), []) => media::delete_comment(core, &token, *comment),
        _ => Err(Refusal::nonexistent(call.verb.as_str(), id)),
    }
}

/// Adds the fields that a creation asks for to its answer.
fn read_back(core: &Core, call: &Call, token: &Token, mut made: Value) -> Result<Value, Refusal> {
    let id = made["id"].as_str().and_then(|id| id.parse().ok()).unwrap_or_default();
    let read = media::container(Eye { world: &core.world(), call, token }, id)?;
    if let (Some(made), Value::Object(read)) = (made.as_object_mut(), read) {
        made.extend(read);
    }
    Ok(made)
}

/// An id of digits may exist for others; a name that no one has does not.
fn unknown(verb: Verb, id: &str) -> Refusal {
    if verb == Verb::Get && !id.bytes().all(|byte| byte.is_ascii_digit()) {
        return ALIAS.because(format!("(#803) Some of the aliases you requested do not exist: {id}"));
    }
    Refusal::nonexistent(verb.as_str(), id)
}

/// Whether the state of the account behind a target allows the call.
fn may(world: &World, target: &Target, verb: Verb) -> Result<(), Refusal> {
    let user_id = match target {
        Target::Person | Target::Page(_) => return Ok(()),
        Target::Account(user_id) => Some(user_id),
        Target::Container(id) => world.container(*id).map(|container| &container.user_id),
        Target::Media(id) => world.media(*id).map(|media| &media.user_id),
        Target::Comment(id) => {
            world.comment(*id).and_then(|comment| world.media(comment.media_id)).map(|media| &media.user_id)
        }
    };
    let account = user_id.and_then(|user_id| world.account(user_id));
    account.and_then(|account| account.refusal(verb != Verb::Get)).map_or(Ok(()), |row| Err(row.into()))
}

fn read(eye: Eye<'_>, target: &Target, rest: &[&str]) -> Result<Value, Refusal> {
    match (target, rest) {
        (Target::Account(user), []) => user::node(eye, user),
        (Target::Account(user), ["media"]) => user::listing(eye, user, false),
        (Target::Account(user), ["stories"]) => user::listing(eye, user, true),
        (Target::Account(user), ["content_publishing_limit"]) => user::quota(eye, user),
        (Target::Page(user), []) => user::page(eye, user),
        (Target::Person, []) => user::person(eye, PERSON_ID),
        (Target::Person, ["accounts"]) => user::pages(eye),
        (Target::Container(id), []) => media::container(eye, *id),
        (Target::Media(id), []) => media::node(eye, *id),
        (Target::Media(id), ["children"]) => media::children(eye, *id),
        (Target::Media(id), ["comments"]) => media::comments(eye, *id),
        (Target::Media(id), ["insights"]) => media::insights(eye, *id),
        (Target::Media(id), ["collaborators"]) => media::collaborators(eye, *id),
        (Target::Media(id), ["product_tags"]) => media::product_tags(eye, *id),
        (Target::Comment(_), ["replies"]) => Ok(json!({ "data": [] })),
        (Target::Comment(id), []) => media::comment_node(eye, *id),
        (_, [edge, ..]) => Err(fields::nonexisting(edge, "Node")),
    }
}

/// Finds what an id means to this token; what belongs to accounts out of its reach does not exist.
fn target(world: &World, token: &Token, id: &str) -> Option<Target> {
    if id == "me" && token.login == Login::Facebook || id == PERSON_ID {
        return Some(Target::Person);
    }
    if id == "me" {
        let own = token.user_ids.first().cloned().or_else(|| world.accounts().first().map(|a| a.user_id.clone()));
        return own.map(Target::Account);
    }
    let reaches = |user_id: &str| token.reaches(user_id);
    for account in world.accounts().iter().filter(|account| reaches(&account.user_id)) {
        let scoped = account.scoped_id == id && token.login != Login::Facebook;
        if account.user_id == id || scoped {
            return Some(Target::Account(account.user_id.clone()));
        }
        if account.page_id == id && token.login != Login::Instagram {
            return Some(Target::Page(account.user_id.clone()));
        }
    }
    let number: u64 = id.parse().ok()?;
    if world.container(number).is_some_and(|container| reaches(&container.user_id)) {
        return Some(Target::Container(number));
    }
    if world.media(number).is_some_and(|media| reaches(&media.user_id)) {
        return Some(Target::Media(number));
    }
    let media = world.media(world.comment(number)?.media_id)?;
    reaches(&media.user_id).then_some(Target::Comment(number))
}

/// `fields` of the call; nothing selected is nothing but the id.
fn selected(call: &Call) -> Result<Vec<Field>, Refusal> {
    call.params.text("fields").map_or(Ok(Vec::new()), |text| fields::parse(&text))
}
