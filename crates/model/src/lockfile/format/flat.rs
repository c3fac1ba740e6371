//! How one attempt is written: flat, whatever its state, so that any version of igsync finds each field in its
//! place. Together with [`super`] the only code that knows both this and what the program works with.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::reason::Reason;
use super::super::record::{
    Accepted, Comment, Created, Deletion, Live, Past, PublishIntent, Record, Refusal, Refused, Sending, Stage, Switch,
    Turn, Via,
};
use igsync_base::content::SentFile;
use igsync_base::id::{AccountName, AttemptId, Digest, Kind, MediaId, PostKey, UserId};

/// One attempt as it is written. Fields that its state does not use are empty and not written.
///
/// The field order is the written order and never changes; new fields go to the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::lockfile) struct Flat {
    pub(in crate::lockfile) key: PostKey,
    pub(in crate::lockfile) user_id: UserId,
    pub(in crate::lockfile) account: AccountName,
    pub(in crate::lockfile) kind: Kind,
    pub(in crate::lockfile) state: Stage,
    /// What creation sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::lockfile) digest: Option<Digest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::lockfile) media_digest: Option<Digest>,
    /// Of the normalised caption, `@` removed ([`crate::manifest`] makes it); `None` for an empty caption.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::lockfile) caption_digest: Option<Digest>,
    pub(in crate::lockfile) attempt: AttemptId,
    /// Containers of a carousel's items, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::lockfile) children: Vec<Created>,
    /// The container that is published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::lockfile) container: Option<Created>,
    /// The newest media ids before the first publish.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::lockfile) fingerprint: Option<Vec<MediaId>>,
    /// Every publish that may have been sent, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::lockfile) intents: Vec<PublishIntent>,
    /// Well-formed refusals of a publish, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::lockfile) refusals: Vec<Refusal>,
    /// Why the state is what it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::lockfile) reason: Option<Reason>,
    /// Meta's code of the failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::lockfile) code: Option<i64>,
    /// Meta's subcode of the failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::lockfile) subcode: Option<i64>,
    /// `None` in `published` means: live, id not known yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::lockfile) media_id: Option<MediaId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::lockfile) permalink: Option<String>,
    /// Server time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::lockfile) published_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::lockfile) via: Option<Via>,
    /// `None`: the manifest had no first comment when the post was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::lockfile) comment: Option<Comment>,
    /// `None`: comments were not to be switched off when the post was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::lockfile) comment_switch: Option<Switch>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::lockfile) moved_to: Option<PostKey>,
    /// Media that a person ruled out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::lockfile) not_ours: Vec<MediaId>,
    /// The Graph base URL, when it was not Meta's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::lockfile) graph: Option<String>,
    /// The manifest, relative to the content root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::lockfile) file: Option<String>,
    /// Raised by each rewrite of `digest`, `file`, `account` or a rank 6 state.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(in crate::lockfile) rev: u32,
    /// Media that could be this post, as a live check saw them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::lockfile) evidence: Vec<MediaId>,
    /// A trial reel: the listing may not show it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::lockfile) trial: bool,
    /// It was to go out although it repeats another post of the account.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::lockfile) allow_duplicate: bool,
    /// The local media as they were published, in the order of the post, a cover last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::lockfile) media: Vec<SentFile>,
    /// Of the local cover that was published, which `media_digest` leaves out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::lockfile) cover_digest: Option<Digest>,
    /// Every sending of the first comment that was announced. Empty once it is known how it ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::lockfile) comments: Vec<Sending>,
    /// Of containers that may still be published, or of a refused post: what was sent, converted pictures and the host
    /// of local files included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::lockfile) sent_digest: Option<Digest>,
    /// What `digest` would have been without any defaults, where they added something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::lockfile) own_digest: Option<Digest>,
    /// Of the queue: the slot that it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::lockfile) slot: Option<Timestamp>,
    /// Where a gap is kept: when it was due, by its own time, its slot, the gap or the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::lockfile) due_at: Option<Timestamp>,
    /// What Instagram showed of the live post when a person accepted that it differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::lockfile) accepted: Option<Digest>,
    /// `media_digest` is of files as the service has encoded them anew.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::lockfile) reencoded: bool,
    /// What a person has accepted of manifests and of what Instagram shows, beside what was sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::lockfile) accepted_also: Vec<Digest>,
    /// Every deletion of the live post that was announced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::lockfile) deletions: Vec<Deletion>,
    /// Of a carousel that is live: its slides in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::lockfile) slides: Vec<MediaId>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(rev: &u32) -> bool {
    *rev == 0
}

impl From<Record> for Flat {
    fn from(record: Record) -> Self {
        let state = record.stage();
        let mut past = Past::from(record.rest);
        past.put(record.state);
        let Past { refused: Refused { reason, code, subcode, sent_digest }, live, moved_to } = past;
        let Live { media_id, permalink, published_at, via, comment, comments, comment_switch, deletions, slides } =
            live;
        let Accepted { shown: accepted, also: accepted_also } = record.accepted.map(|known| *known).unwrap_or_default();
        Self {
            key: record.key,
            user_id: record.user_id,
            account: record.account,
            kind: record.kind,
            state,
            digest: record.digest,
            media_digest: record.media_digest,
            caption_digest: record.caption_digest,
            attempt: record.attempt,
            children: record.children,
            container: record.container,
            fingerprint: record.fingerprint,
            intents: record.intents,
            refusals: record.refusals,
            reason,
            code,
            subcode,
            media_id,
            permalink,
            published_at,
            via,
            comment,
            comment_switch,
            comments,
            moved_to,
            not_ours: record.not_ours,
            graph: record.graph,
            file: record.file,
            rev: record.rev,
            evidence: record.evidence,
            trial: record.trial,
            allow_duplicate: record.allow_duplicate,
            media: record.media,
            cover_digest: record.cover_digest,
            own_digest: record.own_digest.map(|own| *own),
            slot: record.turn.as_ref().and_then(|turn| turn.slot),
            due_at: record.turn.and_then(|turn| turn.due_at),
            accepted,
            reencoded: record.reencoded,
            accepted_also,
            sent_digest,
            deletions: deletions.to_vec(),
            slides: slides.to_vec(),
        }
    }
}

/// Never fails: a field that the state does not need is kept as it is. Another igsync may have written it, and a
/// lockfile that is refused for one record would stop all others.
impl From<Flat> for Record {
    fn from(flat: Flat) -> Self {
        let Flat {
            reason,
            code,
            subcode,
            sent_digest,
            media_id,
            permalink,
            published_at,
            via,
            comment,
            comment_switch,
            ..
        } = flat;
        let (comments, deletions, slides) = (flat.comments, flat.deletions.into(), flat.slides.into());
        let live =
            Live { media_id, permalink, published_at, via, comment, comments, comment_switch, deletions, slides };
        let refused = Refused { reason, code, subcode, sent_digest };
        let mut past = Past { refused, live, moved_to: flat.moved_to };
        Self {
            key: flat.key,
            user_id: flat.user_id,
            account: flat.account,
            kind: flat.kind,
            attempt: flat.attempt,
            state: past.take(flat.state),
            digest: flat.digest,
            media_digest: flat.media_digest,
            caption_digest: flat.caption_digest,
            children: flat.children,
            container: flat.container,
            fingerprint: flat.fingerprint,
            intents: flat.intents,
            refusals: flat.refusals,
            evidence: flat.evidence,
            not_ours: flat.not_ours,
            graph: flat.graph,
            file: flat.file,
            rev: flat.rev,
            trial: flat.trial,
            allow_duplicate: flat.allow_duplicate,
            media: flat.media,
            cover_digest: flat.cover_digest,
            own_digest: flat.own_digest.map(Box::new),
            turn: Turn::of(flat.slot, flat.due_at),
            accepted: Accepted::of(flat.accepted, flat.accepted_also),
            reencoded: flat.reencoded,
            rest: past.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::samples::any_flat;
    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn any_flat_record_is_read_and_written_as_it_was(flat in any_flat("posts/a", "a1")) {
            let line = serde_json::to_string(&flat).unwrap();
            let record: Record = serde_json::from_str(&line).unwrap();
            prop_assert_eq!(record.stage(), flat.state);
            prop_assert_eq!(serde_json::to_string(&record).unwrap(), line);
        }
    }
}
