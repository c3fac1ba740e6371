//! A program and what it has started, to be ended together.

use tokio::process::Child;

/// Killed when dropped: a script's own children do not die with it.
pub(super) struct ProcessGroup {
    #[cfg(unix)]
    leader: Option<rustix::process::Pid>,
}

impl ProcessGroup {
    /// The group that `child` leads; none where it is in ours, which has to live.
    #[cfg(unix)]
    pub(super) fn of(child: &Child, is_ours: bool) -> Self {
        let id = child.id().filter(|_| !is_ours).and_then(|id| i32::try_from(id).ok());
        Self { leader: id.and_then(rustix::process::Pid::from_raw) }
    }

    #[cfg(not(unix))]
    pub(super) fn of(_: &Child, _: bool) -> Self {
        Self {}
    }

    /// Ended by itself: what it left running on purpose may stay, and its number may be another's soon.
    #[cfg_attr(not(unix), expect(clippy::unused_self, reason = "nothing is held there"))]
    pub(super) fn has_ended(self) {
        #[cfg(unix)]
        {
            let mut this = self;
            this.leader = None;
        }
    }
}

#[cfg(unix)]
impl Drop for ProcessGroup {
    fn drop(&mut self) {
        if let Some(leader) = self.leader {
            // It may have ended in this very moment.
            let _ = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
        }
    }
}
