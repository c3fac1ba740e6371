//! When a presigned URL stops working, read from the URL itself. Pure.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use url::Url;

/// The end of a URL that carries a signature with a lifetime: S3 and whatever speaks like it (R2, `MinIO`,
/// both versions), Google Cloud Storage, `CloudFront`, Azure. `None`: it says nothing about an end.
#[must_use]
pub fn expires_at(url: &Url) -> Option<Timestamp> {
    let value = |wanted: &str| {
        let mut pairs = url.query_pairs();
        pairs.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.into_owned())
    };
    for vendor in ["X-Amz", "X-Goog"] {
        if let (Some(date), Some(seconds)) = (value(&format!("{vendor}-Date")), value(&format!("{vendor}-Expires"))) {
            let begin = TimeZone::UTC.to_timestamp(DateTime::strptime("%Y%m%dT%H%M%SZ", date).ok()?).ok()?;
            return begin.checked_add(SignedDuration::from_secs(seconds.parse().ok()?)).ok();
        }
    }
    let is_signed = ["Signature", "Key-Pair-Id"].into_iter().any(|name| value(name).is_some());
    if let Some(second) = value("Expires").filter(|_| is_signed) {
        return Timestamp::from_second(second.parse().ok()?).ok();
    }
    let azure = value("se").filter(|_| value("sig").is_some())?;
    azure.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(url: &str) -> Option<String> {
        expires_at(&Url::parse(url).unwrap()).map(|at| at.to_string())
    }

    #[test]
    fn every_kind_of_signature_says_when_it_ends() {
        for url in [
            "https://b.s3.eu-central-1.amazonaws.com/a.jpg?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20261201T170000Z&X-Amz-Expires=3600&X-Amz-Signature=00",
            "https://x.r2.cloudflarestorage.com/b/a.jpg?x-amz-expires=3600&x-amz-date=20261201T170000Z&x-amz-signature=00",
            "https://storage.googleapis.com/b/a.jpg?X-Goog-Date=20261201T170000Z&X-Goog-Expires=3600&X-Goog-Signature=00",
            "https://b.s3.amazonaws.com/a.jpg?AWSAccessKeyId=A&Signature=x%2B&Expires=1796148000",
            "https://d1.cloudfront.net/a.jpg?Expires=1796148000&Signature=x&Key-Pair-Id=K",
            "https://x.blob.core.windows.net/b/a.jpg?sv=2025-01-05&se=2026-12-01T18%3A00%3A00Z&sr=b&sp=r&sig=x",
        ] {
            assert_eq!(end(url).as_deref(), Some("2026-12-01T18:00:00Z"), "{url}");
        }
    }

    #[test]
    fn other_urls_have_no_end() {
        for url in [
            "https://cdn.example.com/a.jpg",
            "https://cdn.example.com/a.jpg?expires=1796148000",
            "https://cdn.example.com/a.jpg?se=soon&sig=x",
            "https://b.s3.amazonaws.com/a.jpg?X-Amz-Date=yesterday&X-Amz-Expires=60",
            "https://b.s3.amazonaws.com/a.jpg?X-Amz-Date=20261201T170000Z&X-Amz-Expires=99999999999999999999",
        ] {
            assert_eq!(end(url), None, "{url}");
        }
    }
}
