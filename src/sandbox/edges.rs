//! The endpoints: which one a path means, and what each answers.

mod create;
mod media;
mod oauth;
mod publish;
pub(crate) mod upload;
mod user;

use serde_json::Value;

use super::auth;
use super::call::{Call, Verb};
use super::error::{BAD_REQUEST, Refusal};
use super::fields::{self, Field};
use super::machine::Core;
use super::token::{Login, Token};
use super::view::Eye;
use super::world::World;

/// What an id in a path stands for.
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
    let Some(id) = path.first() else { return Err((&BAD_REQUEST).into()) };
    let target = target(&core.world(), &token, id).ok_or_else(|| Refusal::nonexistent(call.verb.as_str(), id))?;
    match (call.verb, &target, &path[1..]) {
        (Verb::Post, Target::Account(user), ["media"]) => create::create(core, call, &token, user).await,
        (Verb::Post, Target::Account(user), ["media_publish"]) => publish::publish(core, call, &token, user),
        (Verb::Get, target, rest) => {
            let world = core.world();
            read(Eye { world: &world, call, token: &token }, target, rest)
        }
        (Verb::Post, Target::Media(media), []) => media::change(core, call, &token, *media),
        (Verb::Post, Target::Media(media), ["comments"]) => media::comment(core, call, &token, *media),
        (Verb::Delete, Target::Media(media), []) => media::delete(core, call, &token, *media),
        _ => Err(Refusal::nonexistent(call.verb.as_str(), id)),
    }
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
