//! Who the token speaks for.

use serde::Deserialize;

use super::answer::{Wrapped, is_id};
use super::client::{Ask, Client};
use super::endpoint::Flavour;
use super::errors::{Error, Why};
use super::listing::next_cursor;
use super::retry::Call;
use super::text::{clean, clean_to};
use super::wire::{MeAnswer, Page};
use igsync_base::id::UserId;

const ME: &str = "me";
const ACCOUNTS: &str = "me/accounts";
const ACCOUNT: &str = "account";
/// Pages of 100 Facebook Pages; more than any person has.
const MAX_PAGES: u32 = 10;

/// An Instagram account that the token can reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The professional account id that publishing uses.
    pub user_id: UserId,
    pub username: Option<String>,
    /// Another number for the same account, good for this app only and never for publishing. Instagram
    /// Login only.
    pub app_scoped_id: Option<String>,
    /// `BUSINESS`, `MEDIA_CREATOR`; upper case. Instagram Login only.
    pub account_type: Option<String>,
    /// The linked Facebook Page's name. Facebook Login only.
    pub page: Option<String>,
    /// The linked Facebook Page's id, which is another number than the account's. Facebook Login only.
    pub page_id: Option<String>,
    /// What the token's owner may do on that Page; publishing needs `MANAGE` or `CREATE_CONTENT`.
    pub tasks: Vec<String>,
}

/// One Facebook Page; its own token is not even read.
#[derive(Deserialize)]
struct PageAnswer {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    tasks: Vec<String>,
    #[serde(default)]
    instagram_business_account: Option<Linked>,
}

#[derive(Deserialize)]
struct Linked {
    id: String,
    #[serde(default)]
    username: Option<String>,
}

/// In characters, of users, Pages and tasks; Instagram allows 30 for a user.
const LONGEST_NAME: usize = 100;

impl Client {
    /// The accounts that the token reaches: one with Instagram Login, any number with Facebook Login.
    ///
    /// Meta: <https://developers.facebook.com/documentation/instagram-platform/overview>
    pub async fn accounts(&self) -> Result<Vec<Identity>, Error> {
        match self.endpoint.flavour() {
            Flavour::Instagram => Ok(vec![self.me().await?]),
            Flavour::Facebook => match self.linked_accounts().await {
                // A Page's own token has no list of Pages, it is one.
                Err(Error::Api(error)) if error.code == 100 => Ok(vec![self.own_page().await?]),
                result => result,
            },
        }
    }

    /// The account `user`, read to see that the token reaches it and what its name is now. With Instagram
    /// Login a token speaks for one account only, and the answer is that one: compare its id.
    pub async fn account(&self, user: &UserId) -> Result<Identity, Error> {
        if self.endpoint.flavour() == Flavour::Instagram {
            return self.me().await;
        }
        let path = [user.as_str()];
        let ask = Ask::get(ACCOUNT, &path, vec![("fields", "id,username".to_owned())]);
        let linked: Linked = self.retried(Call::Read, &ask).await?;
        self.identity(ACCOUNT, linked, None, Vec::new())
    }

    async fn me(&self) -> Result<Identity, Error> {
        let ask = Ask::get(ME, &["me"], vec![("fields", "user_id,username,account_type".to_owned())]);
        let me = self.retried::<Wrapped<MeAnswer>>(Call::Read, &ask).await?.into_one(ME)?;
        // `id` is another number, good for this app only.
        let Some(id) = me.user_id else { return Err(malformed(ME, "no user_id")) };
        let mut identity = self.identity(ME, Linked { id, username: me.username }, None, Vec::new())?;
        identity.app_scoped_id = me.id.filter(|id| is_id(id) && *id != identity.user_id.as_str());
        identity.account_type = me.account_type.map(|kind| clean(&kind, &self.secrets).to_ascii_uppercase());
        Ok(identity)
    }

    async fn linked_accounts(&self) -> Result<Vec<Identity>, Error> {
        let fields = "name,tasks,instagram_business_account{id,username}";
        let mut found = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let mut params = vec![("fields", fields.to_owned()), ("limit", "100".to_owned())];
            params.extend(after.map(|after| ("after", after)));
            let page: Page<PageAnswer> =
                self.retried(Call::Read, &Ask::get(ACCOUNTS, &["me", "accounts"], params)).await?;
            for each in page.data {
                // Absent for a Page without a linked account.
                if let Some(linked) = each.instagram_business_account {
                    let identity = self.identity(ACCOUNTS, linked, each.name, each.tasks)?;
                    found.push(Identity { page_id: each.id.filter(|id| is_id(id)), ..identity });
                }
            }
            after = next_cursor(ACCOUNTS, page.paging)?;
            if after.is_none() {
                break;
            }
        }
        Ok(found)
    }

    async fn own_page(&self) -> Result<Identity, Error> {
        let fields = vec![("fields", "name,instagram_business_account{id,username}".to_owned())];
        let page: PageAnswer = self.retried(Call::Read, &Ask::get(ME, &["me"], fields)).await?;
        match page.instagram_business_account {
            Some(linked) => {
                let identity = self.identity(ME, linked, page.name, page.tasks)?;
                Ok(Identity { page_id: page.id.filter(|id| is_id(id)), ..identity })
            }
            None => Err(malformed(ME, "no linked Instagram account")),
        }
    }

    fn identity(
        &self,
        edge: &'static str,
        linked: Linked,
        page: Option<String>,
        tasks: Vec<String>,
    ) -> Result<Identity, Error> {
        if !is_id(&linked.id) {
            return Err(malformed(edge, "the account id is not a decimal number"));
        }
        let clean = |text: String| clean_to(LONGEST_NAME, &text, &self.secrets);
        Ok(Identity {
            user_id: UserId::new(linked.id),
            username: linked.username.map(clean),
            app_scoped_id: None,
            account_type: None,
            page: page.map(clean),
            page_id: None,
            tasks: tasks.into_iter().map(clean).collect(),
        })
    }
}

fn malformed(edge: &'static str, what: &str) -> Error {
    Error::Unclear { edge, why: Why::Malformed(what.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::super::endpoint::Endpoint;
    use super::super::testing::{Script, answer, client, client_of, fixture};
    use super::*;

    fn instagram(script: &Script) -> Client {
        client_of(script, Endpoint::new(Flavour::Instagram, None, None, None).unwrap())
    }

    #[tokio::test]
    async fn instagram_login_asks_for_the_account_and_not_the_app_scoped_id() {
        for body in [fixture("me_instagram.json"), format!(r#"{{"data":[{}]}}"#, fixture("me_instagram.json"))] {
            let script = Script::of([answer(200, &body).into()]);
            let me = instagram(&script).accounts().await.unwrap().remove(0);
            assert_eq!(me.user_id, "17841400000000001".into());
            assert_eq!(me.username.as_deref(), Some("harbour"));
            assert_eq!(me.account_type.as_deref(), Some("BUSINESS"));
            let expected = "https://graph.instagram.com/v26.0/me?fields=user_id%2Cusername%2Caccount_type";
            assert_eq!(script.sent()[0].url, expected);
        }
        let script = Script::of([answer(200, r#"{"id":"26000000000000001"}"#).into()]);
        assert!(instagram(&script).accounts().await.is_err(), "the app-scoped id is never taken");
    }

    #[tokio::test]
    async fn facebook_login_finds_the_linked_accounts_and_keeps_no_page_token() {
        let script = Script::of([answer(200, &fixture("me_accounts.json")).into()]);
        let found = client(&script).accounts().await.unwrap();
        assert_eq!(found.len(), 1, "a Page without linked account is passed over");
        assert_eq!(found[0].user_id, "17841400000000001".into());
        assert_eq!(found[0].page.as_deref(), Some("Harbour Page"));
        assert_eq!(found[0].tasks, ["MANAGE", "CREATE_CONTENT"]);
        assert!(!format!("{found:?}").contains("EAApagetoken"));
        assert!(!script.sent()[0].url.contains("access_token"));
    }

    #[tokio::test]
    async fn a_page_token_speaks_for_its_own_page() {
        let no_list = r#"{"error":{"code":100,"message":"(#100) Tried accessing nonexisting field (accounts)"}}"#;
        let page = r#"{"name":"Harbour Page","instagram_business_account":{"id":"17841400000000001"},"id":"3"}"#;
        let script = Script::of([answer(400, no_list).into(), answer(200, page).into()]);
        assert_eq!(client(&script).accounts().await.unwrap()[0].user_id, "17841400000000001".into());
    }

    #[tokio::test]
    async fn a_known_account_is_read_by_its_id() {
        let script = Script::of([answer(200, r#"{"id":"17841400000000001","username":"harbour"}"#).into()]);
        let account = client(&script).account(&UserId::from("17841400000000001")).await.unwrap();
        assert_eq!(account.username.as_deref(), Some("harbour"));
        let expected = "https://graph.facebook.com/v26.0/17841400000000001?fields=id%2Cusername";
        assert_eq!(script.sent()[0].url, expected);
    }
}
