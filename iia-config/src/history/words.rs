//! History as lines for people.

use std::fmt::{self, Display, Formatter};

use super::{Change, Evidence, Proof};
use crate::trust::Class;

impl Display for Evidence {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(broken) = &self.broken {
            return write!(
                f,
                "NOT PROVEN: the chain of {} breaks at {broken}",
                self.origin
            );
        }
        let key = if self.pinned {
            "under the key given"
        } else {
            "under the key in the directory, which proves it to nobody else"
        };
        let (records, witnessed) = (self.records, self.witnessed);
        write!(
            f,
            "proven: {records} records of {} hold {key}, {witnessed} of them witnessed by another box",
            self.origin
        )
    }
}

impl Display for Proof {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Holds => f.write_str("signature verifies again"),
            Self::Fails(why) => write!(f, "SIGNATURE DOES NOT HOLD: {why}"),
        }
    }
}

impl Display for Change {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} record {}: ", self.at, self.seq)?;
        match &self.artifact {
            Some(artifact) => {
                let authors = artifact.authors.join(", ");
                let class = match self.class {
                    Class::Config => String::new(),
                    class => format!("{} ", class.name()),
                };
                writeln!(
                    f,
                    "{class}revision {} {}",
                    artifact.revision, artifact.digest
                )?;
                writeln!(f, "    signed by {authors}: {}", artifact.proof)?;
            }
            None => writeln!(f, "no {} is in force", self.class.name())?,
        }
        match &self.leave {
            Some(leave) => {
                let operators = leave.operators.join(", ");
                writeln!(
                    f,
                    "    approved by {operators}, {}: {}",
                    leave.approval, leave.proof
                )?;
            }
            None if self.went_back.is_empty() => writeln!(f, "    NOBODY APPROVED IT")?,
            None => writeln!(f, "    the box went back by itself: {}", self.went_back)?,
        }
        for call in self.calls.iter().filter(|call| call.before != call.after) {
            writeln!(
                f,
                "    {}: {} -> {}, record {}",
                call.call, call.before, call.after, call.seq
            )?;
        }
        match &self.confirmed {
            Some((at, observer)) => writeln!(f, "    seen in force at {at} by {observer}"),
            None => Ok(()),
        }
    }
}
