//! Changes and consequences as lines for people.

use std::fmt::{self, Display, Formatter};

use super::{Change, Consequences, Diff, Edit, Flow, Moved, Place, Session};

impl Display for Place {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match (self.block.is_empty(), self.name.is_empty()) {
            (true, _) => Ok(()),
            (false, true) => write!(f, "{} ", self.block),
            (false, false) => write!(f, "{} {} ", self.block, self.name),
        }
    }
}

impl Display for Edit {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::BlockAdded(place) => write!(f, "+ {place}{{ }}"),
            Self::BlockRemoved(place) => write!(f, "- {place}{{ }}"),
            Self::LineAdded(place, line) => write!(f, "+ {place}{line}"),
            Self::LineRemoved(place, line) => write!(f, "- {place}{line}"),
            Self::Set { place, from, to } => {
                let value = |line: &str| line.split_once(' ').map_or("", |(_, v)| v).to_owned();
                write!(f, "~ {place}{} -> {}", from, value(to))
            }
        }
    }
}

impl Display for Diff {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some((from, to)) = self.magic {
            writeln!(f, "~ {} -> {}", from.line(), to.line())?;
        }
        for change in &self.changes {
            match change {
                Change::Added(item) => writeln!(f, "+ {} {}", item.kind, item.name)?,
                Change::Removed(item) => writeln!(f, "- {} {}", item.kind, item.name)?,
                Change::Edited(edited) => {
                    write!(f, "~ {} {}", edited.kind, edited.name)?;
                    match edited.versions {
                        (Some(from), Some(to)) if from != to => writeln!(f, " {from} -> {to}")?,
                        _ => writeln!(f)?,
                    }
                    for edit in &edited.edits {
                        writeln!(f, "    {edit}")?;
                    }
                }
            }
        }
        Ok(())
    }
}

impl Display for Session {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {}", self.from, self.to)?;
        if !self.at.is_empty() {
            write!(f, " at {}", self.at)?;
        }
        write!(f, " under {}", self.contract)
    }
}

impl Display for Flow {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.operation.as_str() {
            "" => write!(f, "{}", self.session),
            operation => write!(f, "{operation}: {}", self.session),
        }
    }
}

impl Display for Consequences {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut part = |title: &str, lines: Vec<String>| -> fmt::Result {
            if lines.is_empty() {
                return Ok(());
            }
            writeln!(f, "{title} ({})", lines.len())?;
            lines.iter().try_for_each(|line| writeln!(f, "    {line}"))
        };
        part("opens", self.opened.iter().map(Flow::to_string).collect())?;
        part("closes", self.closed.iter().map(Flow::to_string).collect())?;
        part(
            "cuts live sessions",
            self.cut.iter().map(Session::to_string).collect(),
        )?;
        let binding = |b: &super::Binding| format!("{} at {}", b.id, b.addr);
        part("binds", self.bound.iter().map(binding).collect())?;
        part("unbinds", self.unbound.iter().map(binding).collect())?;
        let topic = |t: &super::Topic| format!("{} under {}", t.line, t.contract);
        part(
            "inventory gains",
            self.topics_new.iter().map(topic).collect(),
        )?;
        part(
            "inventory loses",
            self.topics_gone.iter().map(topic).collect(),
        )?;
        part("loosens", self.moved(Moved::Loosened))?;
        part("tightens", self.moved(Moved::Tightened))?;
        part("answers change", self.raci.iter().map(raci).collect())?;
        let version = |v: &super::VersionDue| {
            let kept = if v.is_kept() { "as due" } else { "TOO LOW" };
            let why = if v.breaks.is_empty() {
                "says more".to_owned()
            } else {
                format!("{} breaks consumers", v.breaks)
            };
            format!(
                "{} {} -> {}, {} is due: {kept} ({why})",
                v.contract, v.before, v.after, v.due
            )
        };
        part("versions", self.versions.iter().map(version).collect())?;
        let notice = |n: &super::Notice| {
            let contact = if n.contact.is_empty() {
                "no contact is written down"
            } else {
                &n.contact
            };
            format!("{} ({contact}), {} for {}", n.who, n.role, n.contract)
        };
        part("tell", self.notify.iter().map(notice).collect())
    }
}

fn raci(change: &super::RaciChange) -> String {
    let gone = change.gone.iter().map(|line| format!("-{line}"));
    let new = change.new.iter().map(|line| format!("+{line}"));
    let lines: Vec<String> = gone.chain(new).collect();
    format!(
        "{} of {}: {}",
        change.event,
        change.contract,
        lines.join(", ")
    )
}

impl Consequences {
    fn moved(&self, way: Moved) -> Vec<String> {
        let moved = self.obligations.iter().filter(|one| one.moved == way);
        let line = |line: &str| {
            if line.is_empty() {
                "nothing".to_owned()
            } else {
                line.to_owned()
            }
        };
        moved
            .map(|one| {
                format!(
                    "{}: {} -> {} ({})",
                    one.contract,
                    line(&one.from),
                    line(&one.to),
                    one.place
                )
            })
            .collect()
    }
}
