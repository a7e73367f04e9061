//! An identity that is revoked falls while one watches.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use iia_core::SpiffeId;
use iia_core::stream::Stream;
use iia_core::time::Clock as _;
use iia_core::zone::Zone;

use super::{Boxes, Stage, client};
use crate::machine::STEP;
use crate::operators::{AUTHOR, Operators};
use crate::screen::Tone;
use crate::workload::clock;

/// How long a revoked identity may go on unseen before the demo goes on without it.
const CUT_MAX: Duration = Duration::from_secs(30);
const NAME: &str = "notebook_again";

impl Stage<'_> {
    /// A consumer whose contract lets it ask is revoked at the box while its session is open.
    pub(super) async fn revocation(&mut self, boxes: &mut Boxes) -> anyhow::Result<()> {
        self.step(Tone::Head, "An identity is revoked while it is used");
        let workloads = boxes.site.workloads(Zone::MgmtUi);
        let is_notebook = |id: &&SpiffeId| id.as_str().ends_with("/workload/notebook");
        let Some(id) = workloads.iter().find(is_notebook) else {
            return Ok(());
        };
        let contract = "iia.contract.boundary.engineering.query";
        let args = [contract, Stream::MODBUS.as_str(), "0", "1", "1", "again"];
        let spec = client(NAME.into(), id.clone(), args.map(str::to_owned).to_vec());
        boxes.site.start(spec).await?;
        self.heard_of(boxes, "asks again and again").await;
        let top = boxes.seg01.dir().path().parent();
        let operators = Operators::at(&top.context("the demo's directory")?.join("operators"));
        let signed = operators.revoke(id, clock().read().wall)?;
        let revoked = Instant::now();
        boxes.seg01.revoke(&signed)?;
        self.step(
            Tone::Note,
            &format!("{AUTHOR} signs that {id} is revoked, and seg01 takes it"),
        );
        let (tone, words) = match self.heard_of(boxes, "cut off after").await {
            true => (
                Tone::Good,
                format!(
                    "it was cut off within {} ms; the event is in the chain",
                    revoked.elapsed().as_millis()
                ),
            ),
            false => (Tone::Bad, "it was not cut off".into()),
        };
        self.step(tone, &words);
        boxes.site.stop(&[NAME]);
        Ok(())
    }

    /// Waits until the consumer says these words.
    async fn heard_of(&mut self, boxes: &mut Boxes, words: &str) -> bool {
        let started = Instant::now();
        while started.elapsed() < CUT_MAX {
            let heard = boxes.site.heard();
            let found = heard.iter().any(|one| one.text.contains(words));
            for one in heard {
                self.screen.line(one.tone, &one.text);
            }
            if found {
                return true;
            }
            tokio::time::sleep(STEP).await;
        }
        false
    }
}
