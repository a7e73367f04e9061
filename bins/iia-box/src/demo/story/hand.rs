//! A hand at the firewall, and how long it takes until the observer says so.

use std::time::{Duration, Instant};

use super::{Boxes, Stage};
use crate::demo::firewall;
use crate::machine::STEP;
use crate::screen::Tone;

/// How long a hand at the firewall may stay unseen.
const HAND_MAX: Duration = Duration::from_secs(30);
/// What the observer says of rules that are gone, and when they are back.
const OPEN: &str = "nothing filters what passes output";
const AGREED: &str = "as agreed again: nothing filters what passes output";

impl Stage<'_> {
    /// Somebody flushes the rules: the observer says what is no longer kept, and who it was.
    pub(super) async fn hand(&mut self, boxes: &mut Boxes) -> anyhow::Result<()> {
        self.step(Tone::Head, "A hand at the firewall");
        if !firewall::is_inside() {
            let words =
                "left out: this machine lets nobody have a network namespace, or has no nft";
            self.step(Tone::Note, words);
            return Ok(());
        }
        self.step(Tone::Note, "somebody flushes every rule: nft flush ruleset");
        self.live.await_finding(OPEN);
        let flushed = firewall::flush()?;
        let took = self.until_told(boxes, flushed).await;
        firewall::told(self.screen, took);
        self.live.await_finding(AGREED);
        let loaded = Instant::now();
        firewall::load(boxes.seg01.settings())?;
        self.step(Tone::Note, "the rules are loaded again");
        if self.until_told(boxes, loaded).await.is_none() {
            self.step(Tone::Bad, "the observer does not say that they are");
        }
        Ok(())
    }

    /// Shows what comes from the bus until the finding that is waited for does; tells how long that took.
    async fn until_told(&mut self, boxes: &mut Boxes, since: Instant) -> Option<Duration> {
        while since.elapsed() < HAND_MAX {
            self.hear_all(boxes);
            for (tone, text) in self.live.take() {
                self.screen.line(tone, &text);
            }
            if self.live.has_come() {
                return Some(since.elapsed());
            }
            tokio::time::sleep(STEP).await;
        }
        None
    }
}
