//! Ways to break the protocol. Each must turn the sweep red, or the sweep proves nothing.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use igsync::engine::Instagram;
use igsync_apply::by_hand::NewAttempt;
use igsync_apply::{Engine, Look, Media, Moment, Protocol, Reading, Signs, Standing, Step};
use igsync_base::id::{AccountName, MediaId, PostKey};
use igsync_model::lockfile::{Record, Stage};
use igsync_model::manifest::Post;
use serde::{Deserialize, Serialize};

use super::engine::Hasty;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mutant {
    /// A publish without an answer counts as one that was never sent.
    PublishRetried,
    /// No announcement reaches the disk.
    IntentNotWritten,
    /// The media id reaches the disk with the permalink only.
    IdAfterPermalink,
    /// `FINISHED` is believed right after an unclear publish.
    FinishedBelieved,
    /// Folding leaves an empty journal.
    JournalEmptied,
    /// The newest entry of the listing is treated as the post.
    NewestEntry,
    /// `EXPIRED` is treated as a proof that nothing was published.
    ExpiredIsNotPublished,
    /// What the lockfile says of an attempt, which is read last, replaces what the journal says.
    LastLineWins,
    /// Of two open attempts of one post both continue.
    BothGoOn,
    /// After a refusal the container is given up without being read.
    NewContainerAfterRefusal,
    /// A move leaves no tombstone under the old key.
    MoveWithoutTombstone,
    /// A publish counts as over when its lease says so, by the server's clock alone.
    LeaseBelieved,
    /// Announcements are said to be put on the remote, and are put with the results.
    AnnouncedLater,
    /// A text is put on the remote although another one is there meanwhile.
    RejectionIgnored,
    /// What other machines have put on the remote is not joined in.
    OthersNotJoined,
    /// Manifests that others have changed meanwhile end nothing.
    NewContentIgnored,
    /// What other machines have put on the remote changes nothing that is planned.
    PlanKept,
    /// An announced deletion does not reach the disk.
    DeletionNotWritten,
    /// A post that the service denies counts as gone.
    DenialBelieved,
    /// An order counts although it was taken back.
    OrderRemembered,
    /// Posts are deleted without `--allow-delete`.
    KeyIgnored,
    /// Manifests and configuration are not read again before a deletion.
    OrderReadOnce,
    /// They are read again before a deletion is announced, and not before it is sent.
    OrderReadEarly,
    /// The media that a record names are deleted, whichever post they are.
    AnyPost,
}

impl Mutant {
    /// Those of the record at a remote.
    pub const REMOTE: [Self; 5] =
        [Self::AnnouncedLater, Self::RejectionIgnored, Self::OthersNotJoined, Self::NewContentIgnored, Self::PlanKept];

    /// Those of deletions.
    pub const DELETING: [Self; 7] = [
        Self::DeletionNotWritten,
        Self::DenialBelieved,
        Self::OrderRemembered,
        Self::KeyIgnored,
        Self::OrderReadOnce,
        Self::OrderReadEarly,
        Self::AnyPost,
    ];

    pub const ALL: [Self; 11] = [
        Self::PublishRetried,
        Self::IntentNotWritten,
        Self::IdAfterPermalink,
        Self::FinishedBelieved,
        Self::JournalEmptied,
        Self::NewestEntry,
        Self::ExpiredIsNotPublished,
        Self::LastLineWins,
        Self::BothGoOn,
        Self::NewContainerAfterRefusal,
        Self::MoveWithoutTombstone,
    ];

    /// The engine that judges answers; only one judges them wrongly.
    pub fn engine(mutant: Option<Self>, real: Instagram) -> Arc<dyn Engine> {
        if mutant == Some(Self::PublishRetried) { Arc::new(Hasty(real)) } else { Arc::new(real) }
    }

    /// The decisions that it makes; what reaches the disk or the remote is theirs to break.
    pub fn protocol(self) -> Protocol {
        let real = Protocol::default();
        match self {
            Self::LeaseBelieved => Protocol { container: by_the_lease_alone, ..real },
            Self::FinishedBelieved => Protocol { container: believed_at_once, ..real },
            Self::NewestEntry => Protocol { candidates: newest, ..real },
            Self::ExpiredIsNotPublished => Protocol { container: expired_is_proof, ..real },
            Self::BothGoOn => Protocol { standing: |_, _| Standing::GoesOn, ..real },
            Self::NewContainerAfterRefusal => Protocol { container: given_up_when_refused, ..real },
            Self::AnyPost => Protocol { other_post: |_, _| None, ..real },
            Self::DenialBelieved => Protocol { gone: denial_believed, ..real },
            Self::MoveWithoutTombstone => Protocol { moved: without_tombstone, ..real },
            Self::PublishRetried
            | Self::IntentNotWritten
            | Self::IdAfterPermalink
            | Self::JournalEmptied
            | Self::LastLineWins
            | Self::AnnouncedLater
            | Self::RejectionIgnored
            | Self::OthersNotJoined
            | Self::NewContentIgnored
            | Self::PlanKept
            | Self::DeletionNotWritten
            | Self::OrderRemembered
            | Self::KeyIgnored
            | Self::OrderReadOnce
            | Self::OrderReadEarly => real,
        }
    }
}

fn believed_at_once(record: &Record, reading: Reading, moment: Moment) -> Step {
    (Protocol::default().container)(record, reading, Moment { quiet_in: Duration::ZERO, ..moment })
}

fn by_the_lease_alone(record: &Record, reading: Reading, moment: Moment) -> Step {
    let lease = record.intents.iter().map(|intent| intent.lease_until).max();
    let left = lease.and_then(|lease| Duration::try_from(lease.duration_since(moment.now)).ok());
    (Protocol::default().container)(record, reading, Moment { quiet_in: left.unwrap_or_default(), ..moment })
}

fn denial_believed(first: Signs, _: Signs) -> bool {
    first.is_denied
}

fn newest<'a>(_: &Record, look: &'a Look, claimed: &HashSet<MediaId>) -> Vec<&'a Media> {
    look.media.iter().find(|media| !claimed.contains(&media.id)).into_iter().collect()
}

fn expired_is_proof(record: &Record, reading: Reading, moment: Moment) -> Step {
    match reading {
        Reading::Expired => Step::NotPublished,
        other => (Protocol::default().container)(record, other, moment),
    }
}

fn given_up_when_refused(record: &Record, reading: Reading, moment: Moment) -> Step {
    let is_refused = |at| record.refusals.iter().any(|refusal| refusal.intent_at == at);
    if record.intents.iter().all(|intent| is_refused(intent.at)) {
        return Step::AskListing;
    }
    (Protocol::default().container)(record, reading, moment)
}

fn without_tombstone(
    attempts: &[Record],
    to: &PostKey,
    post: Option<&Post>,
    account: Option<&AccountName>,
    new_attempt: &mut NewAttempt<'_>,
) -> Vec<Record> {
    let mut records = (Protocol::default().moved)(attempts, to, post, account, new_attempt);
    records.retain(|record| record.stage() != Stage::Forgotten);
    records
}
