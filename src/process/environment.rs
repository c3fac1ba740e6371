//! Which variables a child program gets.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::sync::Arc;

/// Variables that begin so are igsync's own: secrets, and settings that mean nothing to others.
const OWN: &str = "IGSYNC_";

/// Of those, the ones that hold a secret: what holds the same text under another name is hidden, too.
const OWN_SECRETS: [&str; 2] = ["IGSYNC_ACCESS_TOKEN", "IGSYNC_APP_SECRET"];

/// A shorter text is no secret, and may be part of anything. In bytes.
const SHORTEST: usize = 8;

/// Which variables are secrets of igsync, whatever they are called. All of `IGSYNC_` always are.
#[derive(Clone, Default)]
pub struct Secrets {
    names: BTreeSet<String>,
    looks_secret: Option<fn(&str) -> bool>,
}

impl Secrets {
    /// Hides the variables of these names, and those that hold the text of one of them.
    #[must_use]
    pub fn named(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { names: names.into_iter().map(Into::into).collect(), looks_secret: None }
    }

    /// Hides what looks like a secret as well, whoever has put it there.
    #[must_use]
    pub fn and_texts(self, looks_secret: fn(&str) -> bool) -> Self {
        Self { looks_secret: Some(looks_secret), ..self }
    }

    fn is_named(&self, name: &OsStr) -> bool {
        let Some(name) = name.to_str() else { return false };
        // Windows makes no difference between large and small letters.
        starts_with(name, OWN) || self.names.iter().any(|hidden| hidden.eq_ignore_ascii_case(name))
    }

    fn is_secret(&self, name: &OsStr) -> bool {
        let is_own = |name: &str| OWN_SECRETS.iter().any(|own| starts_with(name, own));
        let is_configured = |name: &str| self.names.iter().any(|hidden| hidden.eq_ignore_ascii_case(name));
        name.to_str().is_some_and(|name| is_own(name) || is_configured(name))
    }
}

fn starts_with(name: &str, start: &str) -> bool {
    name.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start))
}

/// The variables of a child program. Cheap to clone; never printed.
///
/// A child gets what igsync was given, without igsync's secrets. Others' secrets stay: git's credential helper may
/// need `GITHUB_TOKEN` or a variable of any name, a password manager its session, a program in a job of GitHub the
/// `ACTIONS_…` variables to identify itself. A list of what may pass would break them; igsync hides what is its own.
#[derive(Clone)]
pub struct Environment(Arc<BTreeMap<OsString, OsString>>);

impl Environment {
    /// The variables of this process without these secrets.
    #[must_use]
    pub fn without(secrets: &Secrets) -> Self {
        Self::of(std::env::vars_os(), secrets)
    }

    fn of(variables: impl IntoIterator<Item = (OsString, OsString)>, secrets: &Secrets) -> Self {
        let mut variables: BTreeMap<OsString, OsString> = variables.into_iter().collect();
        let texts: Vec<String> = variables
            .iter()
            .filter(|(name, _)| secrets.is_secret(name))
            .map(|(_, text)| text.to_string_lossy().trim().to_owned())
            .filter(|text| text.len() >= SHORTEST)
            .collect();
        variables.retain(|name, text| {
            let text = text.to_string_lossy();
            let is_copy = texts.iter().any(|secret| text.contains(secret.as_str()));
            !(is_copy || secrets.is_named(name) || secrets.looks_secret.is_some_and(|looks| looks(&text)))
        });
        Self(Arc::new(variables))
    }

    /// The same with one variable more, or with another value of it.
    #[must_use]
    pub fn with(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        Arc::make_mut(&mut self.0).insert(name.into(), value.into());
        self
    }

    /// The same without the variables for which `is_unwanted` says so.
    #[must_use]
    pub fn leaving_out(mut self, is_unwanted: impl Fn(&str) -> bool) -> Self {
        Arc::make_mut(&mut self.0).retain(|name, _| !name.to_str().is_some_and(&is_unwanted));
        self
    }

    /// The same with a `PATH` of absolute folders alone. Others are meant from the current folder, where a branch may
    /// have put a program of the name that is looked for.
    #[must_use]
    pub(crate) fn with_absolute_path(self) -> Self {
        let path = self.0.iter().find(|(name, _)| name.eq_ignore_ascii_case("PATH"));
        let Some((name, path)) = path.map(|(name, path)| (name.clone(), path.clone())) else { return self };
        match std::env::join_paths(std::env::split_paths(&path).filter(|folder| folder.is_absolute())) {
            Ok(absolute) => self.with(name, absolute),
            Err(_) => self,
        }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(OsStr::new(name))
    }

    pub(super) fn variables(&self) -> impl Iterator<Item = (&OsString, &OsString)> {
        self.0.iter()
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Environment({} variables)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(variables: &[(&str, &str)], secrets: &Secrets) -> Vec<String> {
        let variables = variables.iter().map(|(name, text)| (OsString::from(name), OsString::from(text)));
        Environment::of(variables, secrets).0.keys().map(|name| name.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn what_is_igsyncs_own_or_configured_stays_with_igsync() {
        let given = [
            ("PATH", "/bin"),
            ("IGSYNC_ACCESS_TOKEN_STUDIO", "token-of-the-studio"),
            ("IGSYNC_APP_SECRET", "secret-of-the-app"),
            ("IGSYNC_LOG", "debug"),
            ("igsync_access_token", "lower-case"),
            ("IGSYN", "not ours"),
            ("HARBOUR_KEY", "token-of-the-harbour"),
            ("GITHUB_TOKEN", "ghs_of_the_job"),
        ];
        assert_eq!(names(&given, &Secrets::default()), ["GITHUB_TOKEN", "HARBOUR_KEY", "IGSYN", "PATH"]);
        assert_eq!(names(&given, &Secrets::named(["HARBOUR_KEY"])), ["GITHUB_TOKEN", "IGSYN", "PATH"]);
    }

    #[test]
    fn a_copy_of_a_secret_is_one_whatever_it_is_called() {
        let given = [
            ("IGSYNC_ACCESS_TOKEN", " token-of-the-harbour\n"),
            ("INPUT_TOKEN", "token-of-the-harbour"),
            ("ALL_SECRETS", "{\"a\": \"token-of-the-harbour\"}"),
            // What is no secret, or too short to be one, hides nothing.
            ("IGSYNC_LOGIN", "instagram"),
            ("SHORT", "main"),
            ("BRANCH", "main"),
            ("REPOSITORY", "acme/instagram"),
        ];
        assert_eq!(names(&given, &Secrets::named(["SHORT"])), ["BRANCH", "REPOSITORY"]);
    }

    #[test]
    fn what_looks_like_a_secret_is_hidden_when_asked() {
        let secrets = Secrets::default().and_texts(|text| text.starts_with("EAA"));
        assert_eq!(names(&[("OTHERS", "EAAabc"), ("HOME", "/root")], &secrets), ["HOME"]);
    }

    #[test]
    fn debug_shows_no_variable() {
        let environment = Environment::of([("A".into(), "value".into())], &Secrets::default());
        assert_eq!(format!("{environment:?}"), "Environment(1 variables)");
    }
}
