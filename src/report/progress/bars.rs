//! One line per post that is under way, below everything that was written.

use std::collections::HashMap;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};

use igsync_apply::PostRef;

const TICK: Duration = Duration::from_millis(500);

pub(super) struct Bars {
    all: MultiProgress,
    lines: HashMap<PostRef, ProgressBar>,
}

impl Bars {
    pub(super) fn new(target: ProgressDrawTarget) -> Self {
        Self { all: MultiProgress::with_draw_target(target), lines: HashMap::new() }
    }

    pub(super) fn set(&mut self, post: &PostRef, line: String) {
        let all = &self.all;
        let bar = self.lines.entry(post.clone()).or_insert_with(|| {
            let style = ProgressStyle::with_template("  {spinner} {elapsed:>4} {wide_msg}")
                .expect("the template is well-formed");
            let bar = ProgressBar::new_spinner().with_style(style).with_finish(ProgressFinish::AndClear);
            let bar = all.add(bar);
            // A long video changes nothing for minutes: the seconds show that someone is waiting.
            bar.enable_steady_tick(TICK);
            bar
        });
        bar.set_message(line);
        bar.tick();
    }

    pub(super) fn remove(&mut self, post: &PostRef) {
        if let Some(bar) = self.lines.remove(post) {
            bar.finish_and_clear();
            self.all.remove(&bar);
        }
    }

    pub(super) fn clear(&mut self) {
        for (_, bar) in self.lines.drain() {
            bar.finish_and_clear();
        }
    }

    /// Writes while the lines are out of the way.
    pub(super) fn above<T>(&self, write: impl FnOnce() -> T) -> T {
        self.all.suspend(write)
    }
}
