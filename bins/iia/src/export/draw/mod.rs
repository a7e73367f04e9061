//! Diagrams of a box: what is joined to what, under which contract.

mod scene;
mod svg;

use anyhow::bail;
use iia_config::parse::Document;

/// How much is drawn.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum View {
    /// Sides, zones with the security level aimed at, and the contracts between them.
    Concept,
    /// Bridges, networks, addresses and ports too.
    Network,
}

pub(super) fn draw(document: &Document, view: View) -> anyhow::Result<String> {
    let scene = scene::Scene::of(document, view);
    if scene.nodes.is_empty() {
        bail!("there are no zones and no contracts to draw");
    }
    Ok(svg::write(&scene))
}
