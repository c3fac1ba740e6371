//! Accounts, Pages, listings and the quota.

use serde_json::{Map, Value, json};

use super::super::error::Refusal;
use super::super::fields::{self, Field, nonexisting};
use super::super::page_of::{self, Window, place};
use super::super::time::DAY;
use super::super::token::{Ability, Login};
use super::super::view::{Eye, PageView, UserView};
use super::selected;

pub(super) fn node(eye: Eye<'_>, user_id: &str) -> Result<Value, Refusal> {
    eye.token.need(Ability::Read)?;
    let account = eye.world.account(user_id).ok_or_else(|| Refusal::nonexistent("get", user_id))?;
    fields::select(&UserView { eye, account }, &selected(eye.call)?)
}

pub(super) fn listing(eye: Eye<'_>, user_id: &str, stories: bool) -> Result<Value, Refusal> {
    eye.token.need(Ability::Read)?;
    let window = Window::read(eye.call)?;
    let (since, until) = page_of::bounds(eye.call)?;
    let edge = if stories { "stories" } else { "media" };
    let path = format!("{user_id}/{edge}");
    if eye.world.settings.empty_first_page
        && let Some(page) = page_of::empty_start(eye.call, &path, &window)
    {
        return Ok(page);
    }
    let rows = page_of::listing(eye, user_id, stories)
        .into_iter()
        .filter(|(_, view)| (since..=until).contains(&view.media.published_at));
    page_of::page(eye.call, &path, &window, rows, &selected(eye.call)?)
}

pub(super) fn quota(eye: Eye<'_>, user_id: &str) -> Result<Value, Refusal> {
    eye.token.need(Ability::Publish)?;
    let mut fields = selected(eye.call)?;
    if fields.is_empty() {
        fields.push(Field { name: "quota_usage".into(), ..Field::default() });
    }
    let mut row = Map::new();
    for field in fields {
        let value = match field.name.as_str() {
            "quota_usage" => json!(eye.world.usage(user_id, eye.call.now).1),
            "config" => {
                json!({ "quota_total": eye.world.settings.quota_total, "quota_duration": DAY / 1000 })
            }
            other => return Err(nonexisting(other, "ContentPublishingLimitResponse")),
        };
        row.insert(field.name, value);
    }
    Ok(json!({ "data": [row] }))
}

pub(super) fn page(eye: Eye<'_>, user_id: &str) -> Result<Value, Refusal> {
    let account = eye.world.account(user_id).ok_or_else(|| Refusal::nonexistent("get", user_id))?;
    fields::select(&PageView { eye, account }, &selected(eye.call)?)
}

pub(super) fn person(eye: Eye<'_>, id: &str) -> Result<Value, Refusal> {
    let mut row = Map::new();
    for field in selected(eye.call)? {
        let value = match field.name.as_str() {
            "id" => continue,
            "name" => json!("Sandbox Person"),
            "accounts" => pages_with(eye, &Window::nested(field.limit), &field.sub)?,
            other => return Err(nonexisting(other, "User")),
        };
        row.insert(field.name, value);
    }
    if row.is_empty() && !eye.call.params.has("fields") {
        row.insert("name".into(), json!("Sandbox Person"));
    }
    row.insert("id".into(), json!(id));
    Ok(Value::Object(row))
}

pub(super) fn pages(eye: Eye<'_>) -> Result<Value, Refusal> {
    eye.token.need(Ability::Pages)?;
    let mut fields = selected(eye.call)?;
    if fields.is_empty() {
        fields = fields::parse("access_token,category,name,tasks")?;
    }
    pages_with(eye, &Window::read(eye.call)?, &fields)
}

fn pages_with(eye: Eye<'_>, window: &Window, fields: &[Field]) -> Result<Value, Refusal> {
    let accounts = eye
        .world
        .accounts()
        .iter()
        .filter(|account| eye.token.reaches(&account.user_id) && eye.token.login != Login::Instagram);
    // Pages are listed by falling id, as the window wants it.
    let mut rows: Vec<_> = accounts
        .map(|account| (place(account.page_id.parse().unwrap_or(u64::MAX)), PageView { eye, account }))
        .collect();
    rows.sort_by_key(|(id, _)| std::cmp::Reverse(*id));
    page_of::page(eye.call, "me/accounts", window, rows.into_iter(), fields)
}
