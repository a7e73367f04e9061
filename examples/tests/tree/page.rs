//! Markdown pages as tables, and the tests that their cells name.

use std::collections::BTreeMap;

use super::{Source, code};

/// One table of a page: the cells of its head and of each row.
pub(crate) struct Table {
    /// The head.
    pub(crate) head: Vec<String>,
    /// The rows.
    pub(crate) rows: Vec<Vec<String>>,
}

impl Table {
    /// Which column has this head.
    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.head.iter().position(|head| head == name)
    }
}

/// Every table of a page.
pub(crate) fn tables(text: &str) -> Vec<Table> {
    let mut found: Vec<Table> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        let Some(line) = line
            .trim()
            .strip_prefix('|')
            .and_then(|line| line.strip_suffix('|'))
        else {
            open = false;
            continue;
        };
        let cells: Vec<String> = line.split('|').map(|cell| cell.trim().to_owned()).collect();
        match found.last_mut() {
            Some(_)
                if open
                    && cells.iter().all(|cell| {
                        !cell.is_empty() && cell.trim_matches([':', '-']).is_empty()
                    }) => {}
            Some(table) if open => table.rows.push(cells),
            _ => found.push(Table {
                head: cells,
                rows: Vec::new(),
            }),
        }
        open = true;
    }
    found
}

/// What stands between backticks in a cell.
pub(crate) fn quoted(cell: &str) -> Vec<String> {
    cell.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

/// Every test of the tree: by file, the names in it.
pub(crate) struct Tests(BTreeMap<String, Vec<String>>);

impl Tests {
    /// Reads the tests of `sources`.
    pub(crate) fn of(sources: &[Source]) -> Self {
        let tests =
            |source: &Source| (source.path.clone(), code::tests(&source.path, &source.text));
        Self(sources.iter().map(tests).collect())
    }

    /// Why `reference` names no test; `package` is the folder it is read from, empty for the root.
    ///
    /// A reference is `tests/file.rs`, `src/file.rs::name`, the same with the package in front, or a test's bare name.
    pub(crate) fn missing(&self, reference: &str, package: &str) -> Option<String> {
        let (path, name) = match reference.split_once("::") {
            Some((path, name)) => (path, Some(name)),
            None if reference.ends_with(".rs") => (reference, None),
            None => return self.missing_name(reference, package),
        };
        let here = format!("{package}/{path}");
        let Some(tests) = self.0.get(&here).or_else(|| self.0.get(path)) else {
            return Some(format!("there is no file {path}"));
        };
        match name {
            Some(name) if tests.iter().any(|test| test == name) => None,
            Some(name) => Some(format!("{path} has no test {name}")),
            None if tests.is_empty() => Some(format!("{path} has no test")),
            None => None,
        }
    }

    fn missing_name(&self, name: &str, package: &str) -> Option<String> {
        let mut files = self
            .0
            .iter()
            .filter(|(path, _)| path.starts_with(&format!("{package}/")));
        let found = files.any(|(_, tests)| tests.iter().any(|test| test == name));
        (!found).then(|| format!("{package} has no test {name}"))
    }
}
