//! Columns that stand below one another.

use std::io::{self, Write};

/// How a column stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Align {
    /// At its left edge.
    Left,
    /// At its right edge.
    Right,
}

/// A table under construction; the first row is its head.
#[derive(Clone, Debug)]
pub struct Table {
    aligns: Vec<Align>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with this head.
    pub fn new<const N: usize>(head: [(&str, Align); N]) -> Self {
        Self {
            aligns: head.iter().map(|column| column.1).collect(),
            rows: vec![head.iter().map(|column| column.0.to_owned()).collect()],
        }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Writes it, each line behind `indent`.
    ///
    /// # Errors
    /// Those of the output.
    pub fn write(&self, out: &mut impl Write, indent: &str) -> io::Result<()> {
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.aligns.len()).map(width).collect();
        for row in &self.rows {
            let mut line = String::from(indent);
            for ((cell, align), width) in row.iter().zip(&self.aligns).zip(&widths) {
                match align {
                    Align::Left => line.push_str(&format!("{cell:<width$}  ")),
                    Align::Right => line.push_str(&format!("{cell:>width$}  ")),
                }
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// A number with its thousands apart.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with its word, such as `1 flow` and `2 flows`.
pub fn counted(number: u64, word: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {word}{plural}", count(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(count(number), text);
        }
    }

    #[test]
    fn columns_stand_below_one_another() {
        let mut table = Table::new([
            ("who", Align::Left),
            ("often", Align::Right),
            ("what", Align::Left),
        ]);
        table.row(["a".into(), "1,000".into(), "x".into()]);
        table.row(["longer".into(), "7".into(), String::new()]);
        let mut out = Vec::new();
        table.write(&mut out, "  ").unwrap();
        let want = "  who     often  what\n  a       1,000  x\n  longer      7\n";
        assert_eq!(String::from_utf8(out).unwrap(), want);
    }
}
