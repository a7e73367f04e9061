//! Approvals: their text, and what they allow, against a model that walks every day by hand.

use std::sync::OnceLock;

use iia_config::approval::{Grant, WINDOW_MAX_NS};
use iia_config::generate::Lot;

use super::approval_model::{Case, Letter, Sealed};
use crate::input::Input;

/// Letters that are drawn by lot and signed once; each is judged in as many worlds as the input asks for.
const LETTERS: usize = 1 << 14;
static SEALED: [OnceLock<(Letter, Sealed)>; LETTERS] = [const { OnceLock::new() }; LETTERS];

fn letter(number: usize) -> Option<&'static (Letter, Sealed)> {
    let place = SEALED.get(number % LETTERS)?;
    Some(place.get_or_init(|| {
        let mut lot = Lot::new(number as u64);
        let bytes: Vec<u8> = (0..6).flat_map(|_| lot.draw().to_le_bytes()).collect();
        let letter = Letter::draw(&bytes);
        let sealed = letter.seal();
        (letter, sealed)
    }))
}

/// The decision is that of the model. One input in 256 has its signatures verified again and asks the whole question.
pub fn model(data: &[u8]) {
    let mut input = Input(data);
    let number = usize::from(u16::from_le_bytes(input.array()));
    let Some((letter, sealed)) = letter(number) else {
        return;
    };
    let case = Case::draw(letter, input.0);
    let decided = case.decide_opened(sealed);
    case.agrees(&decided);
    if Input(data).sum() == 0 {
        assert_eq!(case.decide(sealed), decided);
    }
}

/// The text of an approval is the canonical one, names somewhere to apply it, and a window that ends.
pub fn grant(data: &[u8]) {
    let Ok(grant) = Grant::parse(data) else {
        return;
    };
    assert!(!grant.boxes.is_empty() || !grant.fleets.is_empty());
    assert!(grant.issued <= grant.not_before && grant.not_before <= grant.not_after);
    assert!(grant.not_after.since_ns(grant.not_before) <= WINDOW_MAX_NS);
    let text = String::from_utf8_lossy(data);
    assert!(text.contains(&grant.artifact.to_string()));
    assert!(
        grant
            .boxes
            .iter()
            .chain(&grant.fleets)
            .all(|name| text.contains(name))
    );
    super::text::round_trip(data);
}
