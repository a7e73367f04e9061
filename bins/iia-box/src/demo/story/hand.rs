//! A hand at the firewall, and how long it takes until the observer says so.

use std::time::{Duration, Instant};

use super::{Boxes, Stage};
use crate::demo::firewall;
use crate::machine::STEP;
use crate::screen::Tone;

/// How long a hand at the firewall may stay unseen.
const HAND_MAX: Duration = Duration::from_secs(10);

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
        let flushed = firewall::flush()?;
        let took = self
            .until(boxes, flushed, "nothing filters what passes output")
            .await;
        firewall::told(self.screen, took);
        firewall::load(boxes.seg01.settings())?;
        self.step(Tone::Note, "the rules are loaded again");
        let loaded = Instant::now();
        self.until(
            boxes,
            loaded,
            "as agreed again: nothing filters what passes output",
        )
        .await;
        Ok(())
    }

    /// Shows what comes from the bus until these words do; tells how long that took.
    async fn until(&mut self, boxes: &mut Boxes, since: Instant, words: &str) -> Option<Duration> {
        while since.elapsed() < HAND_MAX {
            self.hear_all(boxes);
            for (tone, text) in self.live.take() {
                self.screen.line(tone, &text);
                if text.contains(words) {
                    return Some(since.elapsed());
                }
            }
            tokio::time::sleep(STEP).await;
        }
        None
    }
}
