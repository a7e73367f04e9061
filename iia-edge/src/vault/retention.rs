//! How long this side keeps evidence: its own policy, and never shorter than the box.

use iia_core::Timestamp;
use iia_core::time::SECOND_NS;

use super::VaultError;

/// Days at least: a box keeps its log for as long (R-AUD-06).
pub const DAYS_MIN: u32 = 30;
/// Days at most: a hundred years. A lock cannot be taken back.
pub const DAYS_MAX: u32 = 36_500;

/// The retention of a vault.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Retention(u32);

impl Retention {
    /// Takes a number of days.
    ///
    /// # Errors
    /// [`VaultError::BadRetention`].
    pub const fn days(days: u32) -> Result<Self, VaultError> {
        match days {
            DAYS_MIN..=DAYS_MAX => Ok(Self(days)),
            _ => Err(VaultError::BadRetention {
                days,
                min: DAYS_MIN,
                max: DAYS_MAX,
            }),
        }
    }

    /// Until when something is kept that comes `now`: whole seconds, rounded up.
    pub fn until(self, now: Timestamp) -> Timestamp {
        let seconds = (now + (SECOND_NS - 1)).as_secs();
        Timestamp::from_secs(seconds.saturating_add(i64::from(self.0) * 86_400))
    }
}
