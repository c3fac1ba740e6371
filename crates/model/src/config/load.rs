//! Reads `igsync.yaml` and the environment.

use std::path::Path;
use std::sync::Arc;

use super::decode::{self, Global};
use super::env::Env;
use super::schema::{Account, Config, Login, Paused, TokenSource};
use super::settings::{Settings, unusable};
use crate::yaml::{self, Problems, read_text};
use igsync_base::files::{ReadDisk, named};
use igsync_base::finding::Finding;
use igsync_base::id::{AccountName, UserId};
use igsync_base::rules;

/// The name of the configuration file in the content root.
pub const FILE: &str = "igsync.yaml";

/// What is said for all accounts is kept for each of them. In bytes.
const LIMIT: u64 = 256 * 1024;

/// The configuration of a run.
#[derive(Debug)]
pub struct Loaded {
    /// Usable only without findings of severity error.
    pub config: Config,
    pub settings: Settings,
    pub findings: Vec<Finding>,
    /// `false`: there is a file and its fields are not known, so nothing may be said about what
    /// manifests find in it.
    pub is_readable: bool,
}

/// Reads the configuration: `config_path`, or `igsync.yaml` in the root, or the environment alone.
pub fn load(disk: &dyn ReadDisk, root: &Path, config_path: Option<&Path>, env: &Env) -> Loaded {
    let mut findings = Vec::new();
    let settings = Settings::from_env(env, &mut findings);
    let login = login(env, &mut findings);
    let global = Global { login, paused: paused(env) };
    let path = config_path.map_or_else(|| root.join(FILE), |path| named(disk, path));
    let name: Arc<str> = config_path.map_or_else(|| FILE.into(), |path| path.to_string_lossy().into());
    let is_absent = disk.stat(&path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound);
    let mut config = None;
    if !is_absent {
        match read_text(disk, &path, &name, LIMIT) {
            Ok(text) => {
                let mut problems = Problems::new(name, &text.text);
                problems.report_tokens(&text.tokens);
                if let Some(node) = yaml::parse(&mut problems) {
                    config = Some(decode::config(&node, global, &mut problems));
                }
                findings.extend(problems.into_findings());
            }
            Err(finding) => findings.push(*finding),
        }
    } else if config_path.is_some() {
        let finding = Finding::new(&rules::CONFIG_NOT_FOUND, name, "this configuration file does not exist");
        findings.push(finding.help("check the path after --config"));
    } else if disk.stat(&root.join("igsync.yml")).is_ok() {
        let finding =
            Finding::new(&rules::MISNAMED_FILE, "igsync.yml", "the configuration is named `igsync.yaml`, with an `a`");
        findings.push(finding.help("rename it"));
    }
    let is_readable = config.is_some() || (is_absent && config_path.is_none());
    let mut config = config.unwrap_or_else(|| decode::empty(global));
    if config.accounts.is_empty() {
        config.accounts.push(decode::account_from_defaults(AccountName::new("default"), global));
    }
    from_environment(&mut config, env, &mut findings);
    Loaded { config, settings, findings, is_readable }
}

/// `IGSYNC_USER_ID` and the login belong to the one account there is; with several they would be
/// about all of them, so only a single account takes them.
fn from_environment(config: &mut Config, env: &Env, findings: &mut Vec<Finding>) {
    let [account] = config.accounts.as_mut_slice() else { return };
    if account.user_id.is_some() {
        return;
    }
    match env.get("IGSYNC_USER_ID") {
        Some(id) if id.len() <= 32 && id.bytes().all(|byte| byte.is_ascii_digit()) => {
            account.user_id = Some(UserId::new(id));
        }
        Some(_) => {
            findings
                .push(unusable("IGSYNC_USER_ID", "write the digits of the account's id, such as 17841400000000001"));
        }
        None => {}
    }
}

fn login(env: &Env, findings: &mut Vec<Finding>) -> Login {
    match env.get("IGSYNC_LOGIN").map(str::to_ascii_lowercase).as_deref() {
        None | Some("instagram") => Login::Instagram,
        Some("facebook") => Login::Facebook,
        Some(_) => {
            findings.push(unusable("IGSYNC_LOGIN", "write instagram or facebook"));
            Login::Instagram
        }
    }
}

fn paused(env: &Env) -> Option<Paused> {
    env.is_on("IGSYNC_PAUSED").then_some(Paused::Environment)
}

/// Where the token of an account is looked for when the configuration does not say.
pub(super) fn usual_token(name: &AccountName) -> TokenSource {
    let suffix: String =
        name.as_str().chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    TokenSource::Env(vec![format!("IGSYNC_ACCESS_TOKEN_{suffix}"), "IGSYNC_ACCESS_TOKEN".into()])
}

impl Account {
    /// The variables that may hold this account's token, in order.
    pub fn token_variables(&self) -> &[String] {
        match &self.token {
            TokenSource::Env(names) => names,
            TokenSource::Command(_) => &[],
        }
    }
}
