//! A plan for programs. Fields are only ever added.

use jiff::Timestamp;
use serde::Serialize;

use igsync_base::id::{Kind, PostKey};
use igsync_model::lockfile::Record;
use igsync_model::manifest::{Content, Conversion, Item, MediaType, Post, Source};
use igsync_model::plan::{BranchEdit, Change, Cost, Edited, Forecast, Guard, Notice, Plan, Reworded, Summary};

/// Raised when a field changes its meaning or goes away.
pub const FORMAT_VERSION: &str = "1.0";

#[derive(Debug, Serialize)]
struct PlanJson<'a> {
    format_version: &'static str,
    applyable: bool,
    complete: bool,
    now: Timestamp,
    /// With `--wait`: until when apply goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    wait_until: Option<Timestamp>,
    changes: Vec<ChangeJson<'a>>,
    summary: &'a Summary,
    cost: Cost,
    guards: Vec<GuardJson<'a>>,
    /// With `--base`: what the branch does to the record; else null.
    record_changes: Option<Vec<RecordChangeJson<'a>>>,
    notices: Vec<NoticeJson<'a>>,
    drafts: Vec<DraftsJson<'a>>,
    forecast: Vec<ForecastJson<'a>>,
    digest: &'a str,
}

#[derive(Debug, Serialize)]
struct ChangeJson<'a> {
    key: &'a str,
    account: &'a str,
    user_id: Option<&'a str>,
    username: Option<&'a str>,
    kind: Kind,
    action: &'static str,
    /// Only for `moved`: the key before.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
    reason: &'a str,
    /// Only for `duplicate`: the other posts.
    #[serde(skip_serializing_if = "Option::is_none")]
    repeats: Option<Vec<&'a str>>,
    /// Only for `edited`: what is not any more what was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    differs: Option<Vec<&'static str>>,
    /// Only for `edited`, where git has the caption that was published: where it differs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reworded: Vec<RewordedJson<'a>>,
    /// Only for `delete`: whether apply carries it out, and what is lost, as far as it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    deletes: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    media_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    published_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    likes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comments: Option<u64>,
    has_errors: bool,
    file: Option<&'a str>,
    line: Option<usize>,
    due_at: Option<Timestamp>,
    digest: Option<&'a str>,
    permalink: Option<&'a str>,
    caption: Option<&'a str>,
    /// Only where the manifest has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
    media: Vec<MediaJson<'a>>,
    /// With `--base`: whether the branch touches the manifest; else null.
    in_diff: Option<bool>,
}

#[derive(Debug, Serialize)]
struct RewordedJson<'a> {
    removed: &'a str,
    added: &'a str,
}

#[derive(Debug, Serialize)]
struct MediaJson<'a> {
    #[serde(rename = "type")]
    media_type: &'static str,
    /// Relative to the content root.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alt_text: Option<&'a str>,
    /// What is published instead of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    converted: Option<ConvertedJson>,
}

#[derive(Debug, Serialize)]
struct ConvertedJson {
    format: &'static str,
    width: u32,
    height: u32,
    /// Absent until the picture has been converted.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
}

#[derive(Debug, Serialize)]
pub(super) struct GuardJson<'a> {
    kind: &'static str,
    account: Option<&'a str>,
    keys: Vec<&'a str>,
    message: &'a str,
    help: &'a str,
    /// With `--base`: whether it holds because of what the branch adds or changes; else null.
    in_diff: Option<bool>,
}

#[derive(Debug, Serialize)]
struct DraftsJson<'a> {
    folder: &'a str,
    posts: usize,
}

#[derive(Debug, Serialize)]
struct RecordChangeJson<'a> {
    effect: &'static str,
    key: &'a str,
    user_id: &'a str,
    /// How many attempts the branch drops, adds and rewrites.
    removed: usize,
    added: usize,
    changed: usize,
    /// The attempt that counts on the base, and the one that counts once the branch is merged.
    from: Option<&'a Record>,
    to: Option<&'a Record>,
    /// A run publishes the post, as the branch has the record.
    goes_out: bool,
    /// In the branch's igsync.lock.
    line: Option<usize>,
    message: &'a str,
    help: &'a str,
}

#[derive(Debug, Serialize)]
struct NoticeJson<'a> {
    kind: &'static str,
    account: &'a str,
    key: &'a str,
    message: &'a str,
    help: &'a str,
}

#[derive(Debug, Serialize)]
struct ForecastJson<'a> {
    account: &'a str,
    at: Timestamp,
    posts: usize,
    max_publish_per_run: u32,
    deferred: usize,
    in_24h: usize,
}

/// One JSON object, indented, with a final newline.
#[must_use]
pub fn render(plan: &Plan) -> String {
    let json = PlanJson {
        format_version: FORMAT_VERSION,
        applyable: plan.applyable(),
        complete: plan.complete,
        now: plan.now,
        wait_until: plan.until,
        changes: plan.changes.iter().filter(|change| change.is_for_programs()).map(change_json).collect(),
        summary: &plan.summary,
        cost: plan.cost,
        guards: plan.guards.iter().map(guard_json).collect(),
        record_changes: plan.branch_edits.as_ref().map(|edits| edits.iter().map(record_change_json).collect()),
        notices: plan.notices.iter().map(notice_json).collect(),
        drafts: plan.drafts.iter().map(|(folder, posts)| DraftsJson { folder, posts: *posts }).collect(),
        forecast: plan.forecast.iter().map(forecast_json).collect(),
        digest: plan.digest.as_str(),
    };
    let text = serde_json::to_string_pretty(&json).expect("strings, numbers and lists always serialise");
    igsync_base::text::json(text) + "\n"
}

fn change_json(change: &Change) -> ChangeJson<'_> {
    let post = change.post.as_deref();
    let (caption, media) = post.map(content_json).unwrap_or_default();
    let loss = change.loss.as_deref();
    let counts = loss.and_then(|loss| loss.counts).unwrap_or_default();
    ChangeJson {
        key: change.key.as_str(),
        account: change.account.as_str(),
        user_id: change.user_id.as_ref().map(igsync_base::id::UserId::as_str),
        username: change.username.as_deref(),
        kind: change.kind,
        action: change.mark().name(),
        from: match &change.action {
            igsync_model::plan::Action::Move { from } => Some(from.as_str()),
            _ => None,
        },
        reason: &change.reason,
        repeats: change.repeats.as_ref().map(|repeats| repeats.keys().iter().map(PostKey::as_str).collect()),
        differs: change.edited.as_ref().map(|edited| edited.parts().iter().map(|part| part.name()).collect()),
        reworded: change.edited.iter().flat_map(Edited::words).map(reworded_json).collect(),
        deletes: loss.map(|_| change.acts()),
        media_id: loss.and_then(|loss| loss.media_id.as_ref()).map(igsync_base::id::MediaId::as_str),
        published_at: loss.and_then(|loss| loss.published_at),
        likes: counts.likes,
        comments: counts.comments,
        has_errors: post.is_some_and(|post| post.has_errors),
        file: change.file.as_deref(),
        line: change.line,
        due_at: change.due_at,
        digest: change.digest.as_ref().map(igsync_base::id::Digest::as_str),
        permalink: change.permalink.as_deref(),
        caption,
        note: post.and_then(|post| post.note.as_deref()),
        media,
        in_diff: change.in_diff,
    }
}

fn reworded_json(place: &Reworded) -> RewordedJson<'_> {
    RewordedJson { removed: &place.removed, added: &place.added }
}

/// The caption and the media; all else of a post's content is in its digest alone.
fn content_json(post: &Post) -> (Option<&str>, Vec<MediaJson<'_>>) {
    let Content {
        kind: _,
        items,
        caption,
        collaborators: _,
        location_id: _,
        is_ai_generated: _,
        is_paid_partnership: _,
        branded_content_sponsor_ids: _,
        reel: _,
    } = &post.content;
    let caption = Some(caption.as_str()).filter(|caption| !caption.is_empty());
    (caption, items.iter().map(|item| media_json(item, &post.conversions)).collect())
}

fn media_json<'a>(item: &'a Item, conversions: &'a [Conversion]) -> MediaJson<'a> {
    let Item { slot: _, media_type, source, alt_text, user_tags: _, product_tags: _, thumb_offset: _ } = item;
    let (path, url) = match source {
        Source::Local(path) => (Some(&**path), None),
        Source::Url(url) => (None, Some(&**url)),
    };
    let made = conversions.iter().find(|conversion| Some(&*conversion.path) == path);
    let converted = made.map(|Conversion { size: (width, height), len, .. }| ConvertedJson {
        format: "jpeg",
        width: *width,
        height: *height,
        bytes: *len,
    });
    let media_type = match media_type {
        MediaType::Image => "image",
        MediaType::Video => "video",
    };
    MediaJson { media_type, path, url, alt_text: alt_text.as_deref(), converted }
}

pub(super) fn guard_json(guard: &Guard) -> GuardJson<'_> {
    GuardJson {
        kind: guard.kind.name(),
        account: guard.account.as_ref().map(igsync_base::id::AccountName::as_str),
        keys: guard.keys.iter().map(igsync_base::id::PostKey::as_str).collect(),
        message: &guard.message,
        help: &guard.help,
        in_diff: guard.in_diff,
    }
}

fn record_change_json(edit: &BranchEdit) -> RecordChangeJson<'_> {
    let change = &edit.change;
    RecordChangeJson {
        effect: change.effect.name(),
        key: change.key.as_str(),
        user_id: change.user_id.as_str(),
        removed: change.removed.len(),
        added: change.added.len(),
        changed: change.changed.len(),
        from: change.before.as_ref(),
        to: change.after.as_ref(),
        goes_out: edit.goes_out,
        line: change.line,
        message: &edit.message,
        help: &edit.help,
    }
}

fn notice_json(notice: &Notice) -> NoticeJson<'_> {
    NoticeJson {
        kind: notice.kind.name(),
        account: notice.account.as_str(),
        key: notice.key.as_str(),
        message: &notice.message,
        help: &notice.help,
    }
}

fn forecast_json(forecast: &Forecast) -> ForecastJson<'_> {
    ForecastJson {
        account: forecast.account.as_str(),
        at: forecast.at,
        posts: forecast.posts,
        max_publish_per_run: forecast.cap,
        deferred: forecast.deferred,
        in_24h: forecast.in_24h,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use igsync_model::lockfile::Stage;
    use igsync_model::plan::testing::{PostBuilder as _, With as _, post, record, world};

    #[test]
    fn a_plan_for_programs_has_every_promised_field() {
        let plan = world([post("posts/new"), post("posts/live").edited()], [record("posts/live", Stage::Published)]);
        insta::assert_snapshot!(render(&plan.plan()), @r#"
        {
          "format_version": "1.0",
          "applyable": true,
          "complete": true,
          "now": "2026-12-01T12:00:00Z",
          "changes": [
            {
              "key": "posts/live",
              "account": "brand",
              "user_id": "17841400000000001",
              "username": "acme",
              "kind": "image",
              "action": "edited",
              "reason": "published, then edited: caption",
              "differs": [
                "caption"
              ],
              "has_errors": false,
              "file": "posts/live.yaml",
              "line": 1,
              "due_at": null,
              "digest": "v1:sha256:all of posts/live, edited",
              "permalink": "https://www.instagram.com/p/abc/",
              "caption": "Caption of posts/live, edited",
              "media": [
                {
                  "type": "image",
                  "path": "media.jpg"
                }
              ],
              "in_diff": null
            },
            {
              "key": "posts/new",
              "account": "brand",
              "user_id": "17841400000000001",
              "username": "acme",
              "kind": "image",
              "action": "publish",
              "reason": "due now",
              "has_errors": false,
              "file": "posts/new.yaml",
              "line": 1,
              "due_at": null,
              "digest": "v1:sha256:all of posts/new",
              "permalink": null,
              "caption": "Caption of posts/new",
              "media": [
                {
                  "type": "image",
                  "path": "media.jpg"
                }
              ],
              "in_diff": null
            }
          ],
          "summary": {
            "publish": 1,
            "resume": 0,
            "adopt": 0,
            "moved": 0,
            "scheduled": 0,
            "edited": 1,
            "duplicate": 0,
            "delete": 0,
            "deleted": 0,
            "orphan": 0,
            "late": 0,
            "expired": 0,
            "unknown": 0,
            "failed": 0,
            "unchanged": 0,
            "drafts": 0
          },
          "cost": {
            "containers": 1,
            "publishes": 1,
            "calls": 7,
            "media_bytes": 0
          },
          "guards": [],
          "record_changes": null,
          "notices": [],
          "drafts": [],
          "forecast": [
            {
              "account": "brand",
              "at": "2026-12-01T12:00:00Z",
              "posts": 1,
              "max_publish_per_run": 5,
              "deferred": 0,
              "in_24h": 2
            }
          ],
          "digest": "v1:sha256:abce9352d7471d27117f3bda9f2d651c9b411553022586bc6210d406baeb3bfa"
        }
        "#);
    }

    #[test]
    fn hostile_text_stays_valid_json() {
        let hostile = post("p").with(|post| post.content.caption = "\u{1b}]0;\u{7}\"\n\u{202e}".into());
        let json: serde_json::Value = serde_json::from_str(&render(&world([hostile], []).plan())).unwrap();
        assert_eq!(json["changes"][0]["caption"], "\u{1b}]0;\u{7}\"\n\u{202e}");
    }
}
