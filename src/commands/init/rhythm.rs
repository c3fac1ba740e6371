//! When the workflow that publishes runs by itself.

use std::fmt::Write as _;

use igsync_model::config::Config;
use igsync_model::schedule::{Slot, crons};

use super::workflows::is_zone;

/// Once an hour, or before each slot and four times a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Rhythm {
    Hourly,
    /// Time zones with the lines of cron in them; `None`: UTC.
    Slots(Vec<(Option<String>, Vec<String>)>),
}

impl Rhythm {
    /// What the slots of all accounts ask for, each in its own time zone.
    pub(super) fn of(config: &Config) -> Self {
        let mut zones: Vec<(Option<String>, Vec<Slot>)> = Vec::new();
        for account in config.accounts.iter().filter(|account| !account.schedule.slots.is_empty()) {
            let name = account.timezone.as_ref().and_then(|zone| zone.iana_name());
            let name = name.filter(|name| *name != "UTC" && is_zone(name)).map(str::to_owned);
            let slots = account.schedule.slots.iter().copied();
            match zones.iter_mut().find(|(zone, _)| *zone == name) {
                Some((_, known)) => known.extend(slots),
                None => zones.push((name, slots.collect())),
            }
        }
        if zones.is_empty() {
            return Self::Hourly;
        }
        Self::Slots(zones.into_iter().map(|(zone, slots)| (zone, crons::before(&slots))).collect())
    }

    /// The entries of `on.schedule`.
    pub(super) fn entries(&self) -> String {
        let zones = match self {
            Self::Hourly => return "    - cron: \"7 * * * *\"\n".to_owned(),
            Self::Slots(zones) => zones,
        };
        let mut text =
            String::from("    # 45 and 20 minutes before each slot; `igsync init --update` renews these lines.\n");
        for (zone, lines) in zones {
            for line in lines {
                let _ = writeln!(text, "    - cron: \"{line}\"");
                if let Some(zone) = zone {
                    let _ = writeln!(text, "      timezone: \"{zone}\"");
                }
            }
        }
        text + "    # For posts with a time of their own, and for what no other run has met.\n    - cron: \"7 */6 * * *\"\n"
    }

    /// In the comment at the top of the workflow.
    pub(super) fn words(&self) -> &'static str {
        match self {
            Self::Hourly => "every hour for posts that have a time",
            Self::Slots(_) => "before each slot, to publish on the minute",
        }
    }

    /// What a run waits for. In minutes, how long a job may take then. A run after a merge waits as well: the one that
    /// waited before ends, since the branch has moved on, and one that stood behind it is dropped.
    pub(super) fn wait(&self) -> (&'static str, u32) {
        match self {
            Self::Hourly => ("", 120),
            Self::Slots(_) => ("--wait=50m", 180),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use igsync_model::config::{self, Env};
    use igsync_testkit::MemDisk;

    use super::*;

    fn rhythm(text: &str) -> Rhythm {
        let disk = MemDisk::new();
        disk.put("/content/igsync.yaml", text);
        let loaded = config::load(&disk, Path::new("/content"), None, &Env::default());
        assert!(loaded.findings.is_empty(), "{:?}", loaded.findings);
        Rhythm::of(&loaded.config)
    }

    #[test]
    fn without_slots_it_is_hourly() {
        for text in ["", "timezone: Europe/Berlin\nschedule: { skip: [2026-12-24] }\n", "schedule: { slots: [] }\n"] {
            assert_eq!(rhythm(text), Rhythm::Hourly, "{text}");
        }
        assert_eq!(Rhythm::Hourly.entries(), "    - cron: \"7 * * * *\"\n");
    }

    #[test]
    fn every_account_has_its_slots_in_its_zone() {
        let text = "timezone: Europe/Berlin\nschedule: { slots: [\"Mon 18:00\"], skip: [2026-12-24] }\naccounts:\n  \
                    a: {}\n  b: {}\n  c: { timezone: Asia/Tokyo, schedule: { slots: [\"Mon 00:10\"] } }\n  d: { timezone: \
                    UTC, schedule: { slots: [\"daily 09:30\"] } }\n  e: { schedule: { slots: [] } }\n";
        let entries = rhythm(text).entries();
        let lines: Vec<&str> = entries.lines().filter(|line| !line.contains('#')).map(str::trim).collect();
        assert_eq!(
            lines,
            [
                "- cron: \"15 17 * * 1\"",
                "timezone: \"Europe/Berlin\"",
                "- cron: \"40 17 * * 1\"",
                "timezone: \"Europe/Berlin\"",
                "- cron: \"25 23 * * 0\"",
                "timezone: \"Asia/Tokyo\"",
                "- cron: \"50 23 * * 0\"",
                "timezone: \"Asia/Tokyo\"",
                "- cron: \"45 8 * * *\"",
                "- cron: \"10 9 * * *\"",
                "- cron: \"7 */6 * * *\"",
            ]
        );
    }

    #[test]
    fn without_a_zone_slots_are_in_utc() {
        let entries = rhythm("schedule: { slots: [\"Mon 18:00\"] }\n").entries();
        assert!(entries.contains("\"15 17 * * 1\"") && !entries.contains("timezone"), "{entries}");
    }
}
