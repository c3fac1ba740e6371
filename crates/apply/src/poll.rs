//! When to look at a container again: few calls, short waits.

use std::time::Duration;

use igsync_base::id::Kind;

use super::context::Waits;

/// The time between the making of a container (or the last look at it) and the next look.
///
/// Meta advises one look a minute; images are ready within seconds and short reels within about half
/// a minute, so the first looks come earlier and then spread out.
///
/// Meta: <https://developers.facebook.com/documentation/instagram-platform/content-publishing>
pub(super) fn gap(kind: Kind, has_video: bool, looks: u32, waits: &Waits) -> Duration {
    let first = waits.poll_initial.unwrap_or(match kind {
        Kind::Reel => Duration::from_secs(20),
        Kind::Carousel | Kind::Story if has_video => Duration::from_secs(15),
        Kind::Carousel => Duration::from_secs(5),
        Kind::Image | Kind::Story => Duration::from_secs(3),
    });
    let factor = 1.5_f64.powi(i32::try_from(looks.min(32)).unwrap_or(32));
    first.mul_f64(factor).min(waits.poll_max)
}

/// The pause after a publish that was "not ready" although its container was; the same container is
/// tried again.
pub(super) fn after_not_ready(times: u32, waits: &Waits) -> Duration {
    (waits.poll_initial.unwrap_or(Duration::from_secs(15)) * times).min(waits.poll_max)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits() -> Waits {
        Waits {
            poll_initial: None,
            poll_max: Duration::from_secs(60),
            poll_budget: Duration::from_secs(1200),
            settle: Duration::from_secs(60),
            look: Duration::from_secs(60),
            http_timeout: Duration::from_secs(60),
            max_skew: None,
        }
    }

    #[test]
    fn a_reel_of_sixty_seconds_costs_at_most_three_looks() {
        let waits = waits();
        let times: Vec<u64> = (0..3)
            .scan(Duration::ZERO, |at, look| {
                *at += gap(Kind::Reel, true, look, &waits);
                Some(at.as_secs())
            })
            .collect();
        assert_eq!(times, [20, 50, 95]);
    }

    #[test]
    fn looks_spread_out_up_to_the_maximum() {
        assert_eq!(gap(Kind::Image, false, 30, &waits()), Duration::from_secs(60));
    }
}
