//! How much of Meta's call limits is used up.

use std::time::Duration;

use serde_json::Value;

use igsync_ports::Response;

/// The newest of what the usage headers said. Absent headers leave the last known values.
///
/// Meta: <https://developers.facebook.com/docs/graph-api/overview/rate-limiting>
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// `X-App-Usage`: the highest of its percentages; may exceed 100.
    pub app_percent: Option<u64>,
    /// `X-Business-Use-Case-Usage`: the highest of its percentages; may exceed 100.
    pub account_percent: Option<u64>,
    /// Until calls are accepted again; 0 when they are now.
    pub regain_minutes: Option<u64>,
}

const PERCENTAGES: [&str; 3] = ["call_count", "total_time", "total_cputime"];

impl Usage {
    /// The highest percentage known.
    #[must_use]
    pub fn percent(&self) -> Option<u64> {
        self.app_percent.max(self.account_percent)
    }

    /// How long to wait before the next call: nothing below 90 %, then ever longer. At 100 % Meta refuses,
    /// and each refused call makes the block longer; the numbers are ours.
    #[must_use]
    pub fn delay(&self) -> Option<Duration> {
        let seconds = match self.percent()? {
            0..90 => return None,
            90..95 => 1,
            95..98 => 3,
            98..100 => 10,
            _ => 20,
        };
        Some(Duration::from_secs(seconds))
    }

    pub(super) fn take(&mut self, response: &Response) {
        if let Some(app) = json(response, "x-app-usage") {
            self.app_percent = highest(&app).or(self.app_percent);
        }
        if let Some(Value::Object(accounts)) = json(response, "x-business-use-case-usage") {
            let uses: Vec<&Value> = accounts.values().filter_map(Value::as_array).flatten().collect();
            self.account_percent = uses.iter().filter_map(|each| highest(each)).max().or(self.account_percent);
            let minutes = uses.iter().filter_map(|each| each["estimated_time_to_regain_access"].as_u64());
            self.regain_minutes = minutes.max().or(self.regain_minutes);
        }
    }
}

fn json(response: &Response, header: &str) -> Option<Value> {
    serde_json::from_str(response.header(header)?).ok()
}

fn highest(usage: &Value) -> Option<u64> {
    PERCENTAGES.iter().filter_map(|name| usage[name].as_u64()).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(headers: &[(&str, &str)]) -> Response {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Response { status: 200, headers, body: Vec::new() }
    }

    #[test]
    fn the_highest_percentage_counts() {
        let mut usage = Usage::default();
        usage.take(&response(&[
            ("x-app-usage", r#"{"call_count":28,"total_time":25,"total_cputime":31}"#),
            (
                "x-business-use-case-usage",
                r#"{"17841400000000001":[{"type":"instagram","call_count":100,"total_cputime":25,"total_time":25,
                   "estimated_time_to_regain_access":19},{"type":"pages","call_count":1}]}"#,
            ),
        ]));
        let expected = Usage { app_percent: Some(31), account_percent: Some(100), regain_minutes: Some(19) };
        assert_eq!(usage, expected);
        assert_eq!(usage.percent(), Some(100));
    }

    #[test]
    fn calls_slow_down_near_the_limit_and_not_before() {
        let delay = |percent| {
            let usage = Usage { account_percent: Some(percent), ..Usage::default() };
            usage.delay().map(|delay| delay.as_secs())
        };
        let expected = [(0, None), (89, None), (90, Some(1)), (95, Some(3)), (98, Some(10)), (100, Some(20))];
        for (percent, seconds) in expected {
            assert_eq!(delay(percent), seconds, "{percent} %");
        }
        assert_eq!(delay(400), Some(20), "percentages may exceed 100");
        assert_eq!(Usage::default().delay(), None, "no header, no delay");
    }

    #[test]
    fn absent_or_broken_headers_change_nothing() {
        let mut usage = Usage { app_percent: Some(7), account_percent: None, regain_minutes: None };
        for value in ["", "[]", "{}", "{\"call_count\":-1}", "{\"call_count\":\"9\"}", "nonsense", "null"] {
            usage.take(&response(&[("x-app-usage", value), ("x-business-use-case-usage", value)]));
        }
        usage.take(&response(&[]));
        assert_eq!(usage, Usage { app_percent: Some(7), account_percent: None, regain_minutes: None });
    }
}
