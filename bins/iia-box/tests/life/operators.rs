//! Two operators: one writes and signs, the other approves.

use super::place::Place;

/// What they have done for one box.
pub(crate) struct Operators<'a> {
    place: &'a Place,
    name: &'a str,
    desk: String,
    count: usize,
    /// The line with which others pin its root.
    pub(crate) pin: String,
}

impl<'a> Operators<'a> {
    /// Makes a box.
    pub(crate) fn make(place: &'a Place, (name, domain): (&'a str, &str)) -> Self {
        let said = place.good(&format!(
            "iia-box new {name} --box {name} --domain {domain}"
        ));
        let pin = said.lines().find(|line| line.starts_with("  certificate "));
        Self {
            place,
            name,
            desk: format!("spiffe://{domain}/zone/cfg/workload/desk"),
            count: 0,
            pin: pin.unwrap().to_owned(),
        }
    }

    /// Begins it with both operators and its own observer; gives what was said.
    pub(crate) fn begin(&self, witness: &str) -> String {
        let (place, name) = (self.place, self.name);
        let mut trust = String::from("iia-config 1\n");
        for (who, class) in [("ann", "config --class image"), ("bob", "approval")] {
            let key = format!("{name}-{who}");
            place.good(&format!("iia config key new {key}"));
            let words = format!("iia config key import {key} --name {who} --class {class}");
            trust += &format!("\n{}", place.good(&words));
        }
        trust += &format!("\n{}", place.text(&format!("{name}/public/observer.icl")));
        place.write(&format!("{name}.trust"), &trust);
        place.good(&format!("iia config fmt {name}.trust"));
        place.good(&format!(
            "iia-box begin {name} --trust {name}.trust --escrow {name}.seal-key {witness}"
        ))
    }

    /// Takes a text to the box, signed and approved; exit code and last words of the applier.
    pub(crate) fn apply(&mut self, text: &str, within: u32) -> (i32, String) {
        self.count += 1;
        let (place, name, count) = (self.place, self.name, self.count);
        let file = format!("{name}-{count}");
        place.write(&format!("{file}.icl"), text);
        place.good(&format!("iia config fmt {file}.icl"));
        place.good(&format!(
            "iia config sign {file}.icl --key {name}-ann -o {file}.sig"
        ));
        place.good(&format!(
            "iia config submit --dir {name} --box {name} {file}.sig"
        ));
        place.good(&format!(
            "iia config approve {file}.sig --key {name}-bob --box {name} --name a{count} -o {file}.leave"
        ));
        place.run(&format!(
            "iia-apply --dir {name} --box {name} --identity {} --approval {file}.leave --confirm-within {within}",
            self.desk
        ))
    }
}
