//! A program of the user's gives files their URLs.
//!
//! It is run without a shell, in the content root, as `PROGRAM ARGUMENTS… PATH SHA256 TYPE`; the same
//! three are in `IGSYNC_MEDIA_PATH`, `IGSYNC_MEDIA_SHA256` and `IGSYNC_MEDIA_TYPE`. It prints the URL,
//! and nothing else, on one line.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::Error;
use crate::process::{self, Call, Environment, Limits, Output, Problem, TalksTo};
use igsync_base::net;
use igsync_base::text::secrets::Secrets;
use igsync_base::text::{excerpt, tokens};
use igsync_media::MediaFile;

pub(super) struct Program {
    pub words: Vec<String>,
    /// The content root.
    pub root: PathBuf,
    /// What it is given besides: none of igsync's own secrets.
    pub environment: Environment,
    /// What no message may show.
    pub secrets: Secrets,
    pub patience: Duration,
}

/// More than this on one of its outputs ends the program. In bytes.
const OUTPUT_LIMIT: u64 = 64 * 1024;

/// What is kept of the program's own words when it fails. In characters.
const SHOWN: usize = 600;

/// A shorter value is no secret, but a word that a message may need.
const SHORTEST: usize = 6;

/// What must not be seen of these values.
pub(super) fn secrets(values: impl Iterator<Item = String>) -> Secrets {
    let secrets = Secrets::default();
    values.filter(|value| value.len() >= SHORTEST).for_each(|value| secrets.add(&value));
    secrets
}

impl Program {
    pub(super) async fn ask(&self, file: &MediaFile) -> Result<Url, Error> {
        let (program, arguments) = self.words.split_first().ok_or_else(|| self.failed(file, "there is none"))?;
        let path = file.path.clone().into_os_string();
        let mut all: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        all.extend([path, file.sha256.to_string().into(), file.content_type.into()]);
        let call = Call {
            program: self.resolve(program),
            arguments: all,
            folder: Some(self.root.clone()),
            environment: self
                .environment
                .clone()
                .with("IGSYNC_MEDIA_PATH", &file.path)
                .with("IGSYNC_MEDIA_SHA256", &*file.sha256)
                .with("IGSYNC_MEDIA_TYPE", file.content_type),
            talks_to: TalksTo::Us(b""),
            limits: Limits { time: self.patience, output: OUTPUT_LIMIT, said: OUTPUT_LIMIT },
        };
        let output = process::run(call).await.map_err(|problem| self.no_output(file, &problem))?;
        self.read(file, &output)
    }

    /// A path is meant from the content root, a bare name is looked up as usual.
    fn resolve(&self, program: &str) -> OsString {
        if program.contains('/') && Path::new(program).is_relative() {
            return self.root.join(program).into();
        }
        program.into()
    }

    fn read(&self, file: &MediaFile, output: &Output) -> Result<Url, Error> {
        if !output.status.success() {
            let words = self.shown(&output.stderr);
            let words = if words.is_empty() { String::new() } else { format!(": {words}") };
            return Err(self.failed(file, &format!("failed ({}){words}", output.status)));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let wrong = |what: &str| Err(self.failed(file, what));
        let line = match lines.as_slice() {
            [] => return wrong("printed nothing"),
            [line] => *line,
            lines => return wrong(&format!("printed {} lines instead of one URL", lines.len())),
        };
        match Url::parse(line) {
            _ if !line.is_ascii() => wrong("printed a URL with non-ASCII characters: percent-encode them"),
            Ok(url) if net::has_user(&url) => wrong("printed a URL with a user or password, which Meta does not send"),
            Ok(url) if net::is_private_line(&url) => Ok(url),
            _ => wrong("printed no https URL"),
        }
    }

    fn no_output(&self, file: &MediaFile, problem: &Problem) -> Error {
        match problem {
            Problem::NotStarted(error) => {
                Error::NoProgram { program: self.name().to_owned(), problem: error.to_string() }
            }
            Problem::TooSlow => {
                self.failed(file, &format!("took longer than {} s and was stopped", self.patience.as_secs()))
            }
            Problem::TooMuch => {
                self.failed(file, &format!("printed more than {} KiB and was stopped", OUTPUT_LIMIT / 1024))
            }
            Problem::Lost(error) => self.failed(file, &format!("was lost: {error}")),
        }
    }

    fn failed(&self, file: &MediaFile, what: &str) -> Error {
        Error::Program { program: self.name().to_owned(), name: Arc::clone(&file.name), what: what.to_owned() }
    }

    fn name(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    /// The end of what a program said, on one line, without what must stay secret.
    fn shown(&self, stderr: &[u8]) -> String {
        let text = self.secrets.hide(&String::from_utf8_lossy(stderr));
        let text = tokens::without(&text, &tokens::tokens(&text), |_| "***".to_owned());
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let line = lines.join("; ");
        let surplus = line.chars().count().saturating_sub(SHOWN);
        excerpt(&line.chars().skip(surplus).collect::<String>(), SHOWN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_form_of_a_secret_is_in_what_a_program_said() {
        let secrets = secrets(["canary/0123+key", "short"].map(str::to_owned).into_iter());
        let program = Program {
            words: vec!["./host".to_owned()],
            root: PathBuf::new(),
            environment: Environment::without(&process::Secrets::default()),
            secrets,
            patience: Duration::ZERO,
        };
        for said in ["canary/0123+key", "canary%2F0123%2Bkey", "canary\\u002f0123\\u002bkey", "canary/0123"] {
            assert_eq!(
                program.shown(format!("a short word\nkey={said}\n").as_bytes()),
                "a short word; key=***",
                "{said}"
            );
        }
    }
}
