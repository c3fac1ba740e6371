//! The attempt under which a live post is recorded: made of what it is, so that all who record it write one record.

use sha2::{Digest as _, Sha256};

use crate::lockfile::{Record, Stage};
use igsync_base::id::{AttemptId, MediaId, UserId};

/// As long as the random ones.
const LEN: usize = 16;

/// The attempt of a live post under a key. `attempts` are those recorded under that key: what was forgotten, deleted or
/// ignored there outranks whatever is said of the same attempt later, so that a post which is imported again after that
/// gets the next id.
#[must_use]
pub fn attempt_for(user: &UserId, media: &MediaId, attempts: &[Record]) -> AttemptId {
    let has_ended = |id: &AttemptId| attempts.iter().any(|known| known.attempt == *id && is_final(known.stage()));
    let mut ids = (0_u64..).map(|number| derived(user, media, number));
    // There are fewer attempts than numbers.
    ids.find(|id| !has_ended(id)).unwrap_or_else(|| derived(user, media, u64::MAX))
}

/// Whether nothing that is read from Instagram changes a record of this state.
fn is_final(stage: Stage) -> bool {
    match stage {
        Stage::Deleted | Stage::Ignored | Stage::Forgotten => true,
        Stage::Containers | Stage::Intent | Stage::Unknown | Stage::NotPublished | Stage::Failed | Stage::Published => {
            false
        }
    }
}

fn derived(user: &UserId, media: &MediaId, number: u64) -> AttemptId {
    let hash = Sha256::digest(format!("igsync import\n{user}\n{media}\n{number}").as_bytes());
    let letters = hash.iter().take(LEN).map(|byte| char::from(b'a' + byte % 26));
    AttemptId::new(letters.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lockfile::State;
    use crate::lockfile::samples::live_as;

    #[test]
    fn a_post_has_one_attempt_wherever_it_is_recorded() {
        let id = |user: &str, media: &str| attempt_for(&user.into(), &media.into(), &[]);
        assert_eq!(id("1", "2"), id("1", "2"));
        assert_ne!(id("1", "2"), id("1", "3"));
        assert_ne!(id("1", "2"), id("2", "2"));
        assert_eq!(id("1", "2").as_str().len(), LEN);
        assert!(id("1", "2").as_str().bytes().all(|byte| byte.is_ascii_lowercase()));
    }

    #[test]
    fn what_was_forgotten_is_recorded_anew() {
        let (user, media) = ("17841400000000001".into(), "5".into());
        let first = attempt_for(&user, &media, &[]);
        let live = live_as("posts/a", first.as_str(), "5");
        assert_eq!(attempt_for(&user, &media, std::slice::from_ref(&live)), first);
        let gone = live.forgotten(None);
        let second = attempt_for(&user, &media, std::slice::from_ref(&gone));
        assert_ne!(second, first);
        for stage in [Stage::Deleted, Stage::Ignored] {
            let ended = Record { state: State::bare(stage), ..gone.clone() };
            assert_eq!(attempt_for(&user, &media, &[ended]), second, "{stage:?}");
        }
        let again = live_as("posts/a", second.as_str(), "5").forgotten(None);
        assert!(![first, second].contains(&attempt_for(&user, &media, &[gone, again])));
    }
}
