//! All manifests of a content root.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use unicode_casefold::UnicodeCaseFold;
use unicode_normalization::UnicodeNormalization;

use super::accounts::{accounts, narrowed, stays_draft};
use super::advised::settle;
use super::assemble::Subject;
use super::confusable::{self, Doubt, Look};
use super::decode::{Context, decode};
use super::discover::{Found, ManifestFile, discover};
use super::ignored::{Ignored, IgnoredByGit};
use super::schema::Post;
use super::written::{At, Caption, Written};
use crate::config::{self, Config};
use crate::yaml::{self, FILE_LIMIT, Mark, Problems, TEXT_LIMIT, read_text, shown};
use igsync_base::files::ReadDisk;
use igsync_base::finding::{self, Finding, Severity};
use igsync_base::id::{Kind, PostKey};
use igsync_base::rules;

/// What the content root holds.
#[derive(Debug)]
pub struct Loaded {
    /// By key, then account; one per manifest and account. No key and account appear twice.
    pub posts: Vec<Post>,
    /// Posts that cannot be planned, because no account takes them or another file has their key. They
    /// are there to be checked, so that everything wrong with them is known at once.
    pub unplanned: Vec<Post>,
    /// Manifests that do not say their kind: the kind of their posts is a guess.
    pub guessed: HashSet<Arc<str>>,
    /// By file, then place.
    pub findings: Vec<Finding>,
    /// `false`: a manifest or a folder could not be read, so posts may be missing here.
    pub complete: bool,
    /// How many manifests there are, readable or not.
    pub manifests: usize,
    /// What git ignores, as far as it was asked for.
    pub ignored: Ignored,
}

/// What the run allows manifests to say and to name.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `http://` on loopback for media: the Graph base is loopback, too.
    pub allow_loopback: bool,
    /// Not found as manifests, and refused as captions and media. `None`: git gave no answer, and what is known of
    /// patterns counts.
    pub ignored_by_git: Option<IgnoredByGit>,
}

/// Finds, reads and checks every manifest. Reads no media.
pub fn load(disk: &dyn ReadDisk, root: &Path, config: &Config, options: Options) -> Loaded {
    load_within(&LIMITS, disk, root, config, options)
}

/// As [`load`], with other limits than those of every run.
pub(super) fn load_within(
    limits: &Limits,
    disk: &dyn ReadDisk,
    root: &Path,
    config: &Config,
    options: Options,
) -> Loaded {
    let mut ignored = Ignored::knowing(options.ignored_by_git);
    let found = discover(disk, root, config.posts.as_deref(), &mut ignored);
    let share = FINDING_LIMIT / (found.manifests.len() + found.folders.len()).max(1);
    let reader = Reader {
        disk,
        root,
        ignored: &ignored,
        config,
        allow_loopback: options.allow_loopback,
        share,
        limits,
        posts: AtomicUsize::default(),
        text: AtomicUsize::default(),
    };
    let mut findings = Vec::new();
    let mut complete = !found.incomplete;
    let mut defaults: Vec<Option<Arc<Defaults>>> = Vec::with_capacity(found.folders.len());
    for folder in &found.folders {
        let outer = folder.parent.and_then(|parent| defaults[parent].clone());
        defaults.push(if folder.has_defaults {
            let (own, own_findings) = reader.defaults(&folder.path, outer.as_deref());
            findings.extend(own_findings);
            complete &= own.is_readable;
            Some(Arc::new(own))
        } else {
            outer
        });
    }
    let mut read = reader.read_all(&found, &defaults);
    let manifests = found.manifests.len();
    findings.extend(found.findings);
    if reader.is_full() {
        let message = "there are more than 250,000 posts here, or more than 256 MiB of text in them, each manifest \
                       counted for each of its accounts";
        let finding = Finding::new(&rules::UNREADABLE, ".", message);
        findings.push(finding.help("split them among several content roots"));
    }
    clashes(&mut read, &mut findings);
    let mut posts = Vec::with_capacity(read.len());
    let (mut unplanned, mut guessed) = (Vec::new(), HashSet::new());
    for file in read {
        complete &= file.is_complete;
        findings.extend(file.findings);
        posts.extend(file.posts);
        unplanned.extend(file.unassigned);
        if file.is_guessed {
            guessed.insert(file.file);
        }
    }
    posts.sort_by(|a, b| a.key.cmp(&b.key).then_with(|| a.account.cmp(&b.account)).then_with(|| a.file.cmp(&b.file)));
    let posts = without_twins(posts, &mut unplanned);
    if manifests == 0 && complete {
        let finding = Finding::new(&rules::NO_MANIFESTS, ".", "there are no manifests here");
        findings.push(finding.help("`igsync new image NAME` makes one; `-C DIR` names another content root"));
    }
    findings = findings.into_iter().filter_map(|finding| config.judge(finding)).collect();
    finding::sort(&mut findings);
    Loaded { posts, unplanned, guessed, findings, complete, manifests, ignored }
}

/// Leaves the first post of each key and account; `posts` are sorted by these.
fn without_twins(posts: Vec<Post>, twins: &mut Vec<Post>) -> Vec<Post> {
    let mut kept: Vec<Post> = Vec::with_capacity(posts.len());
    for post in posts {
        match kept.last() {
            Some(last) if last.key == post.key && last.account == post.account => twins.push(post),
            _ => kept.push(post),
        }
    }
    kept
}

/// The effective `_defaults.yaml` of a folder.
struct Defaults {
    written: Written,
    /// Parsed as YAML, here and above.
    is_readable: bool,
    /// Free of errors, here and above.
    is_sound: bool,
}

/// What one manifest gave.
#[derive(Default)]
struct Read {
    file: Arc<str>,
    posts: Vec<Post>,
    /// No account takes it.
    unassigned: Option<Post>,
    is_guessed: bool,
    findings: Vec<Finding>,
    is_complete: bool,
}

struct Reader<'a> {
    disk: &'a dyn ReadDisk,
    root: &'a Path,
    ignored: &'a Ignored,
    config: &'a Config,
    allow_loopback: bool,
    /// So many findings of one file are kept.
    share: usize,
    limits: &'a Limits,
    /// How many posts there are so far.
    posts: AtomicUsize,
    /// How much text they hold, in bytes.
    text: AtomicUsize,
}

/// So many findings of all files are kept; each file has a few, whatever the others have.
const FINDING_LIMIT: usize = 200_000;

/// How much is planned, each manifest counted for each of its accounts: few files make many posts, with what they
/// share in each of them.
pub(super) struct Limits {
    pub posts: usize,
    /// Captions, first comments and all other texts, in bytes.
    pub text: usize,
}

const LIMITS: Limits = Limits { posts: 250_000, text: 256 * 1024 * 1024 };

impl Reader<'_> {
    fn read_all(&self, found: &Found, defaults: &[Option<Arc<Defaults>>]) -> Vec<Read> {
        let files = &found.manifests;
        let read =
            |file: &ManifestFile| self.read(file, &found.folders[file.folder].path, defaults[file.folder].as_deref());
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(files.len() / 64 + 1);
        let share = files.len().div_ceil(threads).max(1);
        std::thread::scope(|scope| {
            let workers: Vec<_> = files
                .chunks(share)
                .skip(1)
                .map(|files| scope.spawn(|| files.iter().map(&read).collect::<Vec<_>>()))
                .collect();
            let mut all: Vec<Read> = files.iter().take(share).map(&read).collect();
            for worker in workers {
                match worker.join() {
                    Ok(read) => all.extend(read),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            all
        })
    }

    fn defaults(&self, folder: &str, outer: Option<&Defaults>) -> (Defaults, Vec<Finding>) {
        let file: Arc<str> =
            if folder.is_empty() { "_defaults.yaml".into() } else { format!("{folder}/_defaults.yaml").into() };
        let mut own = Defaults {
            written: Written::default(),
            is_readable: outer.is_none_or(|outer| outer.is_readable),
            is_sound: outer.is_none_or(|outer| outer.is_sound),
        };
        let text = match read_text(self.disk, &self.root.join(&*file), &file, FILE_LIMIT) {
            Ok(text) => text,
            Err(finding) => {
                (own.is_readable, own.is_sound) = (false, false);
                return (own, vec![*finding]);
            }
        };
        let mut problems = Problems::new(file, &text.text).at_most(self.share.max(2));
        problems.report_tokens(&text.tokens);
        let node = yaml::parse(&mut problems);
        let context = Context { defaults: Some(problems.source()), ..self.context(folder) };
        match &node {
            Some(node) => own.written = decode(node, &context, &mut problems),
            None => own.is_readable = false,
        }
        settle(&context, &mut problems);
        if let Some(outer) = outer {
            narrowed(own.written.accounts.as_ref(), &outer.written, &mut problems);
            stays_draft(&mut own.written, &outer.written, &mut problems);
            own.written.inherit(&outer.written);
        }
        // Inherited values are not this file's: only what a manifest itself has counts as present.
        own.written.present.clear();
        own.is_sound &= self.is_sound(problems.since(Mark::default()));
        (own, problems.into_findings())
    }

    fn context<'c>(&'c self, folder: &'c str) -> Context<'c> {
        let has_timezone = self.config.accounts.iter().all(|account| account.timezone.is_some());
        Context { folder, defaults: None, allow_loopback: self.allow_loopback, config: self.config, has_timezone }
    }

    fn is_sound<'f>(&self, mut findings: impl Iterator<Item = &'f Finding>) -> bool {
        !findings.any(|finding| self.config.severity_of(finding) == Some(Severity::Error))
    }

    /// Whether there are more posts, or more of their text, than are planned.
    fn is_full(&self) -> bool {
        self.posts.load(Ordering::Relaxed) > self.limits.posts || self.text.load(Ordering::Relaxed) > self.limits.text
    }

    fn read(&self, manifest: &ManifestFile, folder: &str, defaults: Option<&Defaults>) -> Read {
        let file = Arc::clone(&manifest.file);
        let unread = |findings| Read { file: Arc::clone(&file), findings, ..Read::default() };
        let text = match read_text(self.disk, &self.root.join(&*file), &file, FILE_LIMIT) {
            Ok(text) => text,
            Err(finding) => return unread(vec![*finding]),
        };
        let mut problems = Problems::new(Arc::clone(&file), &text.text).at_most(self.share.max(2));
        problems.report_tokens(&text.tokens);
        let context = self.context(folder);
        let node = yaml::parse(&mut problems);
        let written = node.as_ref().map(|node| decode(node, &context, &mut problems));
        settle(&context, &mut problems);
        let Some(mut written) = written else { return unread(problems.into_findings()) };
        if !written.is_described {
            return unread(problems.into_findings());
        }
        let caption_file = match &written.caption {
            Some(At { value: Caption::File(path), .. }) => Some(Arc::clone(path)),
            _ => None,
        };
        self.caption_file(&mut written, &mut problems);
        let own = defaults.map(|_| written.clone());
        if let Some(defaults) = defaults {
            narrowed(written.accounts.as_ref(), &defaults.written, &mut problems);
            stays_draft(&mut written, &defaults.written, &mut problems);
            written.inherit(&defaults.written);
        }
        let kind = kind_of(&written, &mut problems);
        let key = key(&file, &written, &mut problems);
        let kind_span = written.name_span("kind").or_else(|| written.present.first().map(|(_, span)| span.clone()));
        let line = kind_span.map_or(1, |span| 1 + text.text[..span.start.min(text.text.len())].matches('\n').count());
        let own = own.as_ref();
        let subject = Subject { written: &written, own, kind, key, file: Arc::clone(&file), line, config: self.config };
        subject.check(&mut problems);
        let accounts = accounts(self.config, &written, &mut problems);

        let is_draft = written.draft.as_ref().is_some_and(|draft| draft.value);
        let is_imported = written.imported.is_some();
        let soften = |findings: &mut [Finding]| {
            // A token is one in a draft, too; and who means to release a post must not take it for released.
            let stays = [rules::TOKEN_IN_FILE.id, rules::DRAFT_LIFTED.id];
            // What is live was taken by Instagram, whatever its rules are now.
            let is_live = |rule: &str| is_imported && rule.starts_with("IGS2");
            for finding in findings.iter_mut().filter(|finding| !stays.contains(&finding.rule.id)) {
                finding.is_mild = is_live(finding.rule.id);
                if is_draft || finding.is_mild {
                    finding.severity = Severity::Warning;
                }
            }
        };
        soften(problems.since_mut(Mark::default()));
        let is_sound =
            defaults.is_none_or(|defaults| defaults.is_sound) && self.is_sound(problems.since(Mark::default()));
        let is_complete = !accounts.is_empty() || is_draft;
        self.posts.fetch_add(accounts.len(), Ordering::Relaxed);
        if self.is_full() {
            return unread(problems.into_findings());
        }
        let mut posts = Vec::with_capacity(accounts.len());
        for account in accounts {
            let before = problems.mark();
            let mut post = subject.post(account, &mut problems);
            let text = post.content.text_len()
                + [&post.first_comment, &post.note].into_iter().flatten().map(String::len).sum::<usize>();
            self.text.fetch_add(text, Ordering::Relaxed);
            if self.is_full() {
                return unread(problems.into_findings());
            }
            soften(problems.since_mut(before));
            post.caption_file.clone_from(&caption_file);
            post.has_errors = !is_sound || !self.is_sound(problems.since(before));
            posts.push(post);
        }
        // Its other mistakes are reported all the same, as far as they are no account's.
        let unassigned = posts.is_empty().then(|| {
            let before = problems.mark();
            let mut post = subject.post(&config::stand_in(), &mut problems);
            soften(problems.since_mut(before));
            post.has_errors = true;
            post
        });
        let is_guessed = written.kind.is_none() && written.kind_meant.is_none();
        Read { file, posts, unassigned, is_guessed, findings: problems.into_findings(), is_complete }
    }

    fn caption_file(&self, written: &mut Written, problems: &mut Problems<'_>) {
        let Some(At { value: Caption::File(path), .. }) = &written.caption else { return };
        let path = Arc::clone(path);
        let Some(at) = written.caption.as_mut() else { return };
        at.value = Caption::Text("".into());
        if let Err(refused) = super::media::usable(self.disk, self.root, &path, self.ignored) {
            let folder = problems.file().rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
            let refused = super::media::begun_at_manifest(self.disk, self.root, &folder, &path, refused);
            at.report(problems, refused.rule, refused.message, refused.label).help = Some(refused.help);
            return;
        }
        match read_text(self.disk, &self.root.join(&*path), &path, TEXT_LIMIT as u64) {
            Ok(text) => {
                if !text.tokens.is_empty() {
                    at.report(
                        problems,
                        &rules::TOKEN_IN_FILE,
                        "this file holds what looks like an access token",
                        "in this file",
                    )
                    .help = Some("revoke it, it is in the history of this repository".into());
                }
                if has_front_matter(&text.text) {
                    let message = "the caption file begins with front matter, which would be published";
                    at.report(problems, &rules::FRONT_MATTER, message, "this file").help = Some(
                        "remove the lines from the first `---` to the second; what belongs to the post is in its manifest"
                            .into(),
                    );
                }
                at.value = Caption::Text(text.text.into());
            }
            Err(finding) => {
                at.report(problems, finding.rule, finding.message, "this file").help = finding.help;
            }
        }
    }
}

/// `---`, lines `key: value` and what belongs to them, `---`.
fn has_front_matter(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim_end);
    let is_field = |line: &str| {
        let name = line.split_once(':').map(|(name, _)| name).filter(|name| !name.is_empty());
        name.is_some_and(|name| name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '"')))
    };
    if lines.next() != Some("---") {
        return false;
    }
    let mut has_fields = false;
    for line in lines {
        match line {
            "---" | "..." => return has_fields,
            _ if is_field(line) => has_fields = true,
            _ if line.is_empty() || line.starts_with([' ', '\t', '#', '-']) => {}
            _ => return false,
        }
    }
    false
}

/// The kind, or the likeliest one when there is none: the post still has a key to compare.
fn kind_of(written: &Written, problems: &mut Problems<'_>) -> Kind {
    if let Some(kind) = written.kind.as_ref().map(|kind| kind.value).or(written.kind_meant) {
        return kind;
    }
    if written.lacks("kind") {
        let span = written.present.first().map_or(0..0, |(_, span)| span.clone());
        problems.report(&rules::MISSING_FIELD, &span, "`kind` is missing", "the post begins here").help =
            Some("add `kind: image`, reel, carousel or story".into());
    }
    match (written.has("items"), written.has("video")) {
        (true, _) => Kind::Carousel,
        (false, true) => Kind::Reel,
        (false, false) => Kind::Image,
    }
}

/// `id`, or the path without its extension.
fn key(file: &str, written: &Written, problems: &mut Problems<'_>) -> PostKey {
    let default = || PostKey::new(file.rsplit_once('.').map_or(file, |(stem, _)| stem).nfc().collect::<String>());
    let Some(id) = &written.id else {
        if file.chars().any(char::is_control) {
            let message = "a name with line breaks or control characters cannot be a key";
            problems.report(&rules::INVALID_KEY, &(0..0), message, "this file").help =
                Some("rename the file, or give it an `id`".into());
        }
        let key = default();
        if let Some((message, label)) = doubtful(&key) {
            problems.report(&rules::CONFUSABLE_KEY, &(0..0), message, label).help =
                Some("rename the file in letters of one script, or give it an `id`".into());
        }
        return key;
    };
    let text: String = id.value.nfc().collect();
    let fits =
        !text.is_empty() && text.trim() == text && text.chars().count() <= 200 && !text.chars().any(char::is_control);
    if !fits {
        id.report(problems, &rules::INVALID_KEY, "this cannot be a key", "not usable").help =
            Some("a key has 1 to 200 characters, no line breaks and no space at either end".into());
        return default();
    }
    let key = PostKey::new(text);
    if let Some((message, label)) = doubtful(&key) {
        id.report(problems, &rules::CONFUSABLE_KEY, message, label).help =
            Some("write it in letters of one script".into());
    }
    key
}

/// Why a key is not what it looks like, and the character as a label.
fn doubtful(key: &PostKey) -> Option<(String, String)> {
    Some(match confusable::doubt(key.as_str())? {
        Doubt::Unseen(c) => {
            let code = format!("U+{:04X}", u32::from(c));
            (format!("the key has an invisible character, {code}"), code)
        }
        Doubt::Mixed(c) => {
            let code = format!("`{c}` is U+{:04X}", u32::from(c));
            (
                format!("a word of the key `{}` mixes letters of several scripts that look alike", shown(key.as_str())),
                code,
            )
        }
    })
}

/// Keys that differ by case alone, not at all, or only in what looks alike.
fn clashes(files: &mut [Read], findings: &mut Vec<Finding>) {
    look_alikes(files, findings);
    let mut first_with: HashMap<String, usize> = HashMap::with_capacity(files.len());
    for index in 0..files.len() {
        let Some(key) = files[index].posts.first().map(|post| post.key.clone()) else { continue };
        let folded: String = key.as_str().case_fold().nfc().collect();
        let Some(&first) = first_with.get(&folded) else {
            first_with.insert(folded, index);
            continue;
        };
        let other = Arc::clone(&files[first].file);
        let finding = Finding::new(
            &rules::KEY_CLASH,
            Arc::clone(&files[index].file),
            format!("the key `{key}` is taken: {} and {other} differ by case at most", files[index].file),
        );
        findings.push(finding.help("rename one of the files, or give it an `id`"));
        for post in &mut files[index].posts {
            post.has_errors = true;
        }
        for post in &mut files[first].posts {
            post.has_errors = true;
        }
    }
}

/// Keys that are mistaken for each other: an error at both.
fn look_alikes(files: &mut [Read], findings: &mut Vec<Finding>) {
    let key = |file: &Read| file.posts.first().map(|post| post.key.clone());
    if files.iter().filter_map(key).all(|key| key.as_str().is_ascii()) {
        return;
    }
    // Two keys of each look are enough to find another one for every further key.
    let mut by_look: HashMap<String, Vec<(usize, String)>> = HashMap::with_capacity(files.len());
    let mut alike: Vec<(usize, usize)> = Vec::new();
    for (index, file) in files.iter().enumerate() {
        let Some(key) = key(file) else { continue };
        let Look { skeleton, foreign } = Look::of(key.as_str());
        let known = by_look.entry(skeleton).or_default();
        let other = known.iter().find(|(_, other)| *other != foreign).map(|(other, _)| *other);
        alike.extend(other.map(|other| (index, other)));
        if known.iter().all(|(_, other)| *other != foreign) {
            known.push((index, foreign));
            known.truncate(2);
        }
    }
    let mut said = HashSet::new();
    for (one, other) in alike.into_iter().flat_map(|(index, other)| [(index, other), (other, index)]) {
        if !said.insert(one) {
            continue;
        }
        let message = format!("its key looks like that of {}", files[other].file);
        let finding = Finding::new(&rules::CONFUSABLE_KEY, Arc::clone(&files[one].file), message);
        findings.push(finding.help("rename one of the files, or give it an `id`, in letters of one script"));
        for post in &mut files[one].posts {
            post.has_errors = true;
        }
    }
}
