//! What came back, taken in while it comes: constant memory however large the file is.

use std::io::Cursor;
use std::ops::ControlFlow;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::{Proven, Trouble};
use igsync_media::digest::{digest_of, hex};
use igsync_media::probe::{Facts, Format, probe};
use igsync_ports::{Claim, Expected, Response, TransportError};

/// So much of a file's beginning shows what it is; of a video that no one here has, no more is read.
const HEAD: usize = 512 * 1024;

pub(super) struct Reading<'a> {
    claim: &'a Claim,
    /// More than this is too much. In bytes.
    most: u64,
    len: u64,
    hash: Sha256,
    /// The beginning; the whole of a picture that no one here has.
    kept: Vec<u8>,
    keep: usize,
    /// The rest was not wanted.
    is_enough: bool,
}

impl<'a> Reading<'a> {
    pub(super) fn new(claim: &'a Claim, most: u64) -> Self {
        let keep = if claim.expected.is_none() && !claim.is_video { usize::MAX } else { HEAD };
        Self { claim, most, len: 0, hash: Sha256::new(), kept: Vec::new(), keep, is_enough: false }
    }

    /// In bytes so far.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    pub(super) fn take(&mut self, piece: &[u8]) -> ControlFlow<()> {
        self.len += piece.len() as u64;
        if self.claim.expected.is_some() {
            self.hash.update(piece);
        }
        let room = self.keep.saturating_sub(self.kept.len()).min(piece.len());
        self.kept.extend_from_slice(&piece[..room]);
        let has_seen_enough = self.claim.expected.is_none() && self.claim.is_video && self.kept.len() >= HEAD;
        self.is_enough = has_seen_enough || self.len > self.most;
        if self.is_enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Whether this is what was claimed. `announced` is what `content-length` said.
    pub(super) fn judge(
        self,
        head: &Response,
        announced: Option<u64>,
        body: Result<(), TransportError>,
    ) -> Result<Proven, Trouble> {
        // Memory cannot fail to be read.
        let facts = probe(&mut Cursor::new(&self.kept)).unwrap_or(Facts { len: 0, format: Format::Unknown });
        let said = head.header("content-type").unwrap_or_default();
        let said = said.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if facts.format == Format::Html || said == "text/html" {
            return Err(Trouble::WebPage);
        }
        self.check_format(head, &facts.format)?;
        self.check_length(announced, body)?;
        check_type(&said, &facts.format, self.claim.is_video)?;
        if let Some(Expected { sha256, .. }) = &self.claim.expected {
            let digest = digest_of(&self.hash.finalize().into());
            return if hex(&digest) == Some(sha256) { Ok(None) } else { Err(Trouble::OtherBytes) };
        }
        Ok((!self.claim.is_video).then(|| Arc::new(facts)))
    }

    /// A picture in another format than the one that was uploaded.
    fn check_format(&self, head: &Response, format: &Format) -> Result<(), Trouble> {
        let is_converted = matches!(format, Format::WebP | Format::Avif | Format::Png | Format::Heic);
        if self.claim.is_video || !is_converted {
            return Ok(());
        }
        let varies = head.header("vary").is_some_and(|vary| vary.to_ascii_lowercase().contains("accept"));
        let path = self.claim.url.split(['?', '#']).next().unwrap_or_default();
        let ending = path.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
        let named_jpeg = matches!(ending.as_deref(), Some("jpg" | "jpeg"));
        if self.claim.expected.is_some() || varies || named_jpeg {
            return Err(Trouble::Negotiated { format: format.name() });
        }
        Ok(())
    }

    fn check_length(&self, announced: Option<u64>, body: Result<(), TransportError>) -> Result<(), Trouble> {
        if let Some(Expected { len, .. }) = self.claim.expected {
            if announced.is_some_and(|announced| announced != len) || self.len > len {
                return Err(Trouble::Length { is: announced.unwrap_or(self.len), expected: len });
            }
        } else if announced.unwrap_or(self.len) > self.most || self.len > self.most {
            return Err(Trouble::TooLarge { most: self.most });
        }
        if let Err(error) = body {
            return Err(match announced {
                Some(announced) => Trouble::Truncated { read: self.len, announced },
                None => Trouble::Unreachable(error.to_string()),
            });
        }
        match self.claim.expected {
            Some(Expected { len, .. }) if self.len < len => Err(Trouble::Length { is: self.len, expected: len }),
            _ => Ok(()),
        }
    }
}

/// The header against the bytes; `image/jpg` is wrong everywhere and taken everywhere.
fn check_type(said: &str, format: &Format, is_video: bool) -> Result<(), Trouble> {
    let are = format.mime().unwrap_or("neither a picture nor a video");
    let is_right = match format {
        Format::Video(_) => matches!(said, "video/mp4" | "video/quicktime" | "video/x-m4v"),
        Format::Jpeg(_) => matches!(said, "image/jpeg" | "image/jpg"),
        // What else it is, the rules of media say where a picture or a video is read whole.
        _ => said == are || (format.mime().is_none() && !is_video && said.starts_with("image/")),
    };
    if is_right { Ok(()) } else { Err(Trouble::ContentType { said: said.to_owned(), are }) }
}
