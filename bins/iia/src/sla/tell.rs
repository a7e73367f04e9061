//! The same in words.

use std::fmt;

use iia_contract::adherence::metric::{duration, text};
use iia_core::Timestamp;

use super::{Account, Fault, Kept, Verdict};

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unbroken => f.write_str("no breach"),
            Self::Broken(1) => f.write_str("BROKEN once"),
            Self::Broken(times) => write!(f, "BROKEN {times} times"),
            Self::Open => f.write_str("no window is over"),
        }
    }
}

/// To the millisecond, which is enough for a person; the record has it whole.
fn when(at: Timestamp) -> String {
    let text = at.to_string();
    format!("{}Z", text.get(..23).unwrap_or(&text))
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(from) = self.from {
            write!(f, "{} to ", when(from))?;
        }
        write!(f, "{}: {}", when(self.until), self.reason)
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {}", self.contract, self.version)?;
        let statement = self.statement.as_ref().map(ToString::to_string);
        let lines = statement.as_deref().unwrap_or("Nothing was sent.").lines();
        for line in lines {
            writeln!(f, "  {line}")?;
        }
        writeln!(f)?;
        let widest = self.promises.iter().map(|(one, _)| one.clause.len()).max();
        let widest = widest.unwrap_or(0);
        for (promise, verdict) in &self.promises {
            let (clause, agreed) = (&promise.clause, &promise.agreed);
            let over = match promise.window_ns {
                0 => String::new(),
                ns => text(duration(ns)),
            };
            writeln!(f, "  {clause:<widest$}  {agreed:<44}  {over:>5}  {verdict}")?;
        }
        for fault in &self.faults {
            writeln!(f, "\n  {fault}\n    record {}", fault.record)?;
        }
        Ok(())
    }
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, account) in self.accounts.iter().enumerate() {
            if at > 0 {
                writeln!(f)?;
            }
            write!(f, "{account}")?;
        }
        for fault in &self.others {
            writeln!(f, "\n{fault}\n  record {}", fault.record)?;
        }
        let counts = self.streams.iter();
        let counts = counts.map(|(stream, rows)| {
            let name = stream.as_str().rsplit('.').next().unwrap_or_default();
            format!("{rows} {name}")
        });
        writeln!(
            f,
            "\nSealed records of ot.contract: {}.",
            counts.collect::<Vec<_>>().join(", ")
        )
    }
}
