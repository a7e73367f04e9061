//! Which packets the kernel hands over at all: a program of the classic packet filter, as other programs print it.

use std::io;

/// Instructions of a filter at most (BPF_MAXINSNS).
pub const INSTRUCTIONS_MAX: usize = 4096;

/// One instruction: what it does, how far it jumps when true and when false, and its number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Instruction {
    /// What it does.
    pub code: u16,
    /// Instructions to pass when the comparison is true.
    pub jump_true: u8,
    /// Instructions to pass when it is false.
    pub jump_false: u8,
    /// Its number.
    pub number: u32,
}

/// A program that says of each packet how many of its bytes are handed over, 0 for none. The kernel checks it once more.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Filter(Vec<Instruction>);

impl Filter {
    /// Reads the decimal form of a compiled filter: the number of instructions, then one a line.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] where the text is anything else.
    pub fn parse(text: &str) -> io::Result<Self> {
        let wrong = || io::Error::new(io::ErrorKind::InvalidInput, "not a compiled packet filter");
        let mut lines = text.lines();
        let count: usize = lines
            .next()
            .and_then(|line| line.trim().parse().ok())
            .ok_or_else(wrong)?;
        if count == 0 || count > INSTRUCTIONS_MAX {
            return Err(wrong());
        }
        let program: Option<Vec<_>> = lines.map(instruction).collect();
        match program {
            Some(program) if program.len() == count => Ok(Self(program)),
            _ => Err(wrong()),
        }
    }

    /// Its instructions.
    pub fn instructions(&self) -> &[Instruction] {
        &self.0
    }
}

fn instruction(line: &str) -> Option<Instruction> {
    let mut words = line.split_ascii_whitespace();
    let instruction = Instruction {
        code: words.next()?.parse().ok()?,
        jump_true: words.next()?.parse().ok()?,
        jump_false: words.next()?.parse().ok()?,
        number: words.next()?.parse().ok()?,
    };
    words.next().is_none().then_some(instruction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_program_is_one() {
        let good = "2\n40 0 0 12\n6 0 0 262144\n";
        let filter = Filter::parse(good).unwrap();
        assert_eq!(
            filter.instructions().last().map(|last| last.number),
            Some(262_144)
        );
        let many = format!("4097\n{}", "6 0 0 0\n".repeat(4097));
        for bad in [
            "",
            "0\n",
            "1\n",
            "2\n6 0 0 1\n",
            "1\n6 0 0\n",
            "1\n6 0 0 1 1\n",
            "1\n6 0 256 1\n",
            "x\n6 0 0 1\n",
            many.as_str(),
        ] {
            let kind = Filter::parse(bad).map_err(|error| error.kind());
            assert_eq!(kind, Err(io::ErrorKind::InvalidInput), "{bad:.20}");
        }
        let most = format!("4096\n{}", "6 0 0 0\n".repeat(INSTRUCTIONS_MAX));
        assert!(Filter::parse(&most).is_ok());
    }
}
