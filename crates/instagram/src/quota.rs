//! `GET /{user}/content_publishing_limit`: how many posts are left.

use std::time::Duration;

use super::answer::Wrapped;
use super::client::{Ask, Client};
use super::errors::Error;
use super::retry::Call;
use super::wire::QuotaAnswer;
use igsync_base::id::UserId;

const EDGE: &str = "content_publishing_limit";

/// The publishing quota of a rolling window. Usage lags some minutes behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Posts of the window; other apps' count as well.
    pub used: u64,
    /// Posts allowed in the window; `None` where Meta did not say.
    pub total: Option<u64>,
    /// The window's length; `None` where Meta did not say.
    pub window: Option<Duration>,
}

impl Quota {
    /// Posts that can still go out; `None` where the total is not known.
    #[must_use]
    pub fn left(&self) -> Option<u64> {
        self.total.map(|total| total.saturating_sub(self.used))
    }
}

impl Client {
    /// Reads the quota. Meta's pages name several totals; only this answer counts.
    ///
    /// Meta: <https://developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/ig-user/content_publishing_limit>
    pub async fn quota(&self, user: &UserId) -> Result<Quota, Error> {
        let path = [user.as_str(), EDGE];
        let ask = Ask::get(EDGE, &path, vec![("fields", "quota_usage,config".to_owned())]);
        let answer = self.retried::<Wrapped<QuotaAnswer>>(Call::Read, &ask).await?.into_one(EDGE)?;
        let config = answer.config;
        Ok(Quota {
            used: answer.quota_usage,
            total: config.as_ref().map(|config| config.quota_total),
            window: config.map(|config| config.quota_duration).filter(|s| *s > 0).map(Duration::from_secs),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Script, answer, client, fixture};
    use super::*;

    async fn quota(body: &str) -> Result<Quota, Error> {
        client(&Script::of([answer(200, body).into()])).quota(&UserId::from("1784")).await
    }

    #[tokio::test]
    async fn the_documented_answer_is_read_wrapped_and_bare() {
        let expected = Quota { used: 2, total: Some(50), window: Some(Duration::from_secs(86_400)) };
        assert_eq!(quota(&fixture("quota.json")).await, Ok(expected));
        assert_eq!(
            quota(r#"{"quota_usage":2,"config":{"quota_total":50,"quota_duration":86400}}"#).await,
            Ok(expected)
        );
        assert_eq!(expected.left(), Some(48));
    }

    #[tokio::test]
    async fn a_quota_without_total_is_not_guessed() {
        let read = quota(r#"{"data":[{"quota_usage":120}]}"#).await.unwrap();
        assert_eq!((read.used, read.left()), (120, None));
        assert_eq!(Quota { total: Some(100), ..read }.left(), Some(0));
    }
}
