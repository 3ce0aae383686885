//! When a message that did not leave is tried again.

use std::time::Duration;

use super::Service;

/// How patient the outbox is with a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Before the second attempt; doubled before each further one.
    pub first: Duration,
    /// The longest pause.
    pub longest: Duration,
    /// After this many attempts the message is a dead letter.
    pub attempts: i32,
}

/// No pause is longer, whatever a service asks for: a message that is due later than this was moved by a
/// clock.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(2 * 60 * 60);

impl Service {
    /// Mail is worth having a day later, issues too; a chat message is stale after a night.
    pub fn retry_policy(self) -> RetryPolicy {
        let (first, longest, attempts) = match self {
            Self::Mail => (15, 60 * 60, 36),
            Self::Slack => (5, 15 * 60, 40),
            Self::Github => (10, 60 * 60, 36),
        };
        RetryPolicy {
            first: Duration::from_secs(first),
            longest: Duration::from_secs(longest),
            attempts,
        }
    }
}

impl RetryPolicy {
    /// The pause after the attempt of this number, or `None` after the last. `asked` is what the service
    /// wants (`Retry-After`): never less than that, but at most [`LONGEST_PAUSE`]. `chance` from 0 to 1
    /// spreads messages that failed together over a fifth more or less.
    pub fn pause_after(self, attempt: i32, asked: Option<Duration>, chance: f64) -> Option<Duration> {
        if attempt >= self.attempts {
            return None;
        }
        let doublings = u32::try_from(attempt.saturating_sub(1)).unwrap_or_default().min(20);
        let pause = self.first.saturating_mul(1 << doublings).min(self.longest);
        let spread = pause.mul_f64(0.8 + 0.4 * chance.clamp(0.0, 1.0));
        Some(spread.max(asked.unwrap_or_default()).min(LONGEST_PAUSE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: RetryPolicy = RetryPolicy {
        first: Duration::from_secs(10),
        longest: Duration::from_secs(100),
        attempts: 6,
    };

    #[test]
    fn pauses_double_up_to_the_longest_and_end_with_the_last_attempt() {
        let pauses: Vec<_> = (1..=6).map(|attempt| POLICY.pause_after(attempt, None, 0.5)).collect();
        let seconds = |s| Some(Duration::from_secs(s));
        assert_eq!(
            pauses,
            [seconds(10), seconds(20), seconds(40), seconds(80), seconds(100), None]
        );
        assert_eq!(POLICY.pause_after(i32::MAX, None, 0.5), None);
    }

    #[test]
    fn what_failed_together_does_not_come_back_together() {
        assert_eq!(POLICY.pause_after(1, None, 0.0), Some(Duration::from_secs(8)));
        assert_eq!(POLICY.pause_after(1, None, 1.0), Some(Duration::from_secs(12)));
    }

    #[test]
    fn a_service_is_left_alone_as_long_as_it_asks_but_not_for_ever() {
        let asked = |s| POLICY.pause_after(1, Some(Duration::from_secs(s)), 0.5);
        assert_eq!(asked(1), Some(Duration::from_secs(10)));
        assert_eq!(asked(300), Some(Duration::from_secs(300)));
        assert_eq!(asked(10_000_000), Some(LONGEST_PAUSE));
    }

    #[test]
    fn every_service_is_given_hours_before_its_letters_are_dead() {
        for service in Service::ALL {
            let policy = service.retry_policy();
            let total: Duration = (1..policy.attempts)
                .filter_map(|attempt| policy.pause_after(attempt, None, 0.0))
                .sum();
            assert!(total > Duration::from_secs(6 * 60 * 60), "{service:?}: {total:?}");
        }
    }
}
