//! `GET /ig_audio`: sound for reels; Facebook Login only.
//!
//! Meta: <https://developers.facebook.com/documentation/instagram-platform/content-publishing/audio-api>

use serde_json::{Value, json};

use super::super::error::{AUDIO_TYPE, AUDIO_USER, Refusal};
use super::super::token::{Ability, Login};
use super::super::view::Eye;

/// What the sandbox has to offer: id, title, artist, seconds.
const TRACKS: &[(&str, &str, &str, u32)] = &[
    ("18300000000000001", "Low Tide", "The Quay Band", 92),
    ("18300000000000038", "Cranes at Dawn", "Harbour Lights", 151),
    ("18300000000000075", "Rope and Tar", "The Quay Band", 47),
];

pub(super) fn search(eye: Eye<'_>) -> Result<Value, Refusal> {
    if eye.token.login == Login::Instagram {
        return Err(Refusal::nonexistent("get", "ig_audio"));
    }
    eye.token.need(Ability::Read)?;
    let kind = eye.call.params.text("audio_type");
    let kind = kind.filter(|kind| ["music", "original_sound"].contains(&kind.as_str())).ok_or(&AUDIO_TYPE)?;
    let user = eye.call.params.text("user_id").filter(|id| eye.token.reaches(id) && eye.world.account(id).is_some());
    user.ok_or(&AUDIO_USER)?;
    let query = eye.call.params.text("search_query").unwrap_or_default().to_lowercase();
    let tracks = TRACKS.iter().filter(|(_, title, artist, _)| {
        title.to_lowercase().contains(&query) || artist.to_lowercase().contains(&query)
    });
    let rows: Vec<Value> = tracks
        .map(|(id, title, artist, seconds)| {
            json!({ "id": id, "audio_id": id, "audio_type": kind, "title": title, "display_artist": artist, "duration_in_ms": seconds * 1000 })
        })
        .collect();
    Ok(json!({ "audio": rows }))
}
