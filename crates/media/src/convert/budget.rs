//! One budget of memory for all pictures that are decoded at the same time, on however many cores.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// In bytes. A picture that needs more is decoded alone.
pub(super) static MEMORY: Budget = Budget::new(512 << 20);

/// Bytes that are given out and come back.
#[derive(Debug)]
pub(super) struct Budget {
    total: u64,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    left: u64,
    /// Who came first is served first: a large picture does not wait for ever behind small ones.
    next: u64,
    served: u64,
}

/// A part of a budget; dropping it gives it back.
#[derive(Debug)]
pub(super) struct Share<'b> {
    budget: &'b Budget,
    bytes: u64,
}

impl Budget {
    const fn new(total: u64) -> Self {
        Self { total, state: Mutex::new(State { left: total, next: 0, served: 0 }), changed: Condvar::new() }
    }

    /// Waits until there are so many bytes; all of them, when there are not so many at all.
    pub(super) fn take(&self, bytes: u64) -> Share<'_> {
        let bytes = bytes.min(self.total);
        let mut state = self.lock();
        let place = state.next;
        state.next += 1;
        while state.served != place || state.left < bytes {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.served += 1;
        state.left -= bytes;
        drop(state);
        self.changed.notify_all();
        Share { budget: self, bytes }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.budget.lock().left += self.bytes;
        self.budget.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn no_more_than_the_budget_is_out_at_once_and_nobody_waits_for_ever() {
        let budget = Budget::new(100);
        let (out, most) = (AtomicU64::new(0), AtomicU64::new(0));
        thread::scope(|scope| {
            for worker in 0..8_u64 {
                let (budget, out, most) = (&budget, &out, &most);
                scope.spawn(move || {
                    for round in 0..50 {
                        let wanted = [10, 60, 250, 1][usize::try_from((worker + round) % 4).unwrap()];
                        let share = budget.take(wanted);
                        let now = out.fetch_add(wanted.min(100), Ordering::SeqCst) + wanted.min(100);
                        most.fetch_max(now, Ordering::SeqCst);
                        thread::yield_now();
                        out.fetch_sub(wanted.min(100), Ordering::SeqCst);
                        drop(share);
                    }
                });
            }
        });
        assert!(most.into_inner() <= 100);
        assert_eq!(budget.lock().left, 100, "everything came back");
    }
}
