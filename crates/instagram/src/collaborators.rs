//! `/{media}/collaborators`: Facebook Login only.

use super::client::{Ask, Client};
use super::errors::Error;
use super::retry::Call;
use super::wire::{CollaboratorAnswer, Page};
use igsync_base::id::MediaId;

const LISTING: &str = "collaborators listing";

/// Longer ones are no usernames.
const LONGEST_NAME: usize = 30;

impl Client {
    /// The usernames of those who share a media or are invited to, in the order in which they are listed.
    ///
    /// Meta: <https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/ig-media/collaborators>
    ///
    /// # Errors
    ///
    /// It could not be read; with Instagram Login there is no such edge.
    pub async fn collaborators(&self, media: &MediaId) -> Result<Vec<String>, Error> {
        let path = [media.as_str(), "collaborators"];
        let params = vec![("fields", "username,invite_status".to_owned())];
        let page: Page<CollaboratorAnswer> = self.retried(Call::Read, &Ask::get(LISTING, &path, params)).await?;
        let is_in = |answer: &CollaboratorAnswer| {
            answer.invite_status.as_deref().is_none_or(|status| !status.eq_ignore_ascii_case("declined"))
        };
        let names = page.data.into_iter().filter(is_in).filter_map(|answer| answer.username);
        Ok(names.filter(|name| is_username(name)).collect())
    }
}

/// Letters of ASCII, digits, full stops and underscores: anything else is no name and is written nowhere.
fn is_username(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_');
    !name.is_empty() && name.len() <= LONGEST_NAME && name.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Script, answer, client};
    use super::*;

    #[tokio::test]
    async fn who_has_declined_and_what_is_no_name_is_left_out() {
        let body = r#"{"data":[{"id":"1","username":"light.house_1","invite_status":"Accepted"},
            {"id":"2","username":"buoy","invite_status":"Pending"},{"id":"3","username":"reef","invite_status":"Declined"},
            {"id":"4"},{"id":"5","username":"a: b\nc"}]}"#;
        let script = Script::of([answer(200, body).into()]);
        let names = client(&script).collaborators(&MediaId::from("17920238422030506")).await.unwrap();
        assert_eq!(names, ["light.house_1", "buoy"]);
        let url = &script.sent()[0].url;
        assert!(url.contains("/17920238422030506/collaborators?fields=username%2Cinvite_status"), "{url}");
    }
}
