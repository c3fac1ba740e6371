//! Equal findings of many places as one: forty pictures of one phone have the same to be said of them.

use std::collections::{HashMap, HashSet};

use igsync_base::finding::{Finding, Severity};
use igsync_base::rules;

/// So many equal findings are one.
const MANY: usize = 3;

/// The configuration of a content root, which a finding is about whatever place shows it first.
pub(in crate::report) const CONFIGURATION: &str = "igsync.yaml";

/// What is said once: one finding, or the first of many.
#[derive(Debug)]
pub(in crate::report) struct Entry<'f> {
    pub first: &'f Finding,
    /// The other ones, in their order.
    pub others: Vec<&'f Finding>,
    pub count: usize,
    /// In so many files.
    pub files: usize,
    /// It is about the configuration, not about the manifests that show it.
    pub of_configuration: bool,
}

impl Entry<'_> {
    /// Whether it is more than the finding itself.
    pub(in crate::report) fn is_folded(&self) -> bool {
        self.count > 1 || self.of_configuration
    }

    /// `40 times in 12 files`
    pub(in crate::report) fn times(&self) -> String {
        use super::super::text::plural;
        match (self.count, self.files) {
            (1, _) => "once".to_owned(),
            (count, 1) => format!("{} in one file", plural(count, "time")),
            (count, files) => format!("{} in {}", plural(count, "time"), plural(files, "file")),
        }
    }
}

/// In the order of the findings; what is folded is where its first one was.
pub(in crate::report) fn fold<'f>(findings: &[&'f Finding]) -> Vec<Entry<'f>> {
    let mut groups: HashMap<Likeness<'f>, Vec<usize>> = HashMap::new();
    for (place, finding) in findings.iter().enumerate() {
        groups.entry(likeness(finding)).or_default().push(place);
    }
    let mut entries: Vec<(usize, Entry<'f>)> = Vec::with_capacity(findings.len());
    for places in groups.into_values() {
        let of_configuration = is_of_configuration(findings[places[0]]);
        let files: HashSet<&str> = places.iter().map(|place| &*findings[*place].file).collect();
        if places.len() >= MANY || of_configuration {
            let worst = places.iter().map(|place| findings[*place]).min_by_key(|finding| finding.severity);
            let first = worst.unwrap_or(findings[places[0]]);
            let others = places.iter().map(|place| findings[*place]).filter(|other| !std::ptr::eq(*other, first));
            let (others, count, files) = (others.collect(), places.len(), files.len());
            entries.push((places[0], Entry { first, others, count, files, of_configuration }));
        } else {
            let alone = |place: usize| {
                let (first, others) = (findings[place], Vec::new());
                Entry { first, others, count: 1, files: 1, of_configuration: false }
            };
            entries.extend(places.into_iter().map(|place| (place, alone(place))));
        }
    }
    entries.sort_by_key(|(place, _)| *place);
    entries.into_iter().map(|(_, entry)| entry).collect()
}

/// By what findings are equal: an error says the same in all its words; a warning, or an error about media, in all but
/// its numbers; and what is about the configuration is the same however severe.
type Likeness<'f> = (&'static str, Severity, String, &'f str);

fn likeness(finding: &Finding) -> Likeness<'_> {
    let id = finding.rule.id;
    match finding.severity {
        // The drafts among the posts make it no other one.
        _ if is_of_configuration(finding) => (id, Severity::Error, finding.message.clone(), &finding.label),
        // Each picture of a phone is too large by its own number.
        Severity::Error if id.starts_with("IGS3") => (id, Severity::Error, without_numbers(&finding.message), ""),
        Severity::Error => (id, Severity::Error, finding.message.clone(), &finding.label),
        Severity::Warning => (id, Severity::Warning, without_numbers(&finding.message), ""),
    }
}

/// With one sign for each number: `1,440` and `9` are alike.
fn without_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        if !c.is_ascii_digit() {
            out.push(c);
            continue;
        }
        while characters.next_if(|c| c.is_ascii_digit() || matches!(c, '.' | ',')).is_some() {}
        out.push('0');
    }
    out
}

fn is_of_configuration(finding: &Finding) -> bool {
    let rules = [rules::NO_HOSTING.id, rules::HOSTING_URL.id];
    rules.contains(&finding.rule.id) && &*finding.file != CONFIGURATION
}
