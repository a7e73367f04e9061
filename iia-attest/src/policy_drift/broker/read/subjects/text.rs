//! The configuration format of nats-server: maps and lists of words, comments, variables, and files within files.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use crate::policy_drift::file::{
    DEPTH_MAX, File, RULES_MAX, ReadError, main, malformed, named, place, text,
};

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) at: String,
    pub(super) value: Value,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Between quotes, or bare.
    Text(String),
    /// Bare `true`, `yes`, `on`, and their opposites.
    Switch(bool),
    List(Vec<Node>),
    Map(Map),
}

/// Fields in order; the last one of a name counts.
pub(super) type Map = Vec<(String, Node)>;

impl Node {
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) const fn switch(&self) -> Option<bool> {
        match self.value {
            Value::Switch(on) => Some(on),
            _ => None,
        }
    }

    pub(super) fn map(&self) -> Option<&Map> {
        match &self.value {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The items of a list, or the one value.
    pub(super) fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            _ => core::slice::from_ref(self),
        }
    }

    fn weight(&self) -> usize {
        1 + match &self.value {
            Value::Text(_) | Value::Switch(_) => 0,
            Value::List(items) => items.iter().map(Self::weight).sum(),
            Value::Map(map) => map.iter().map(|(_, node)| node.weight()).sum(),
        }
    }
}

/// The field that counts under one of these names, whatever their case.
pub(super) fn get<'m>(map: &'m Map, names: &[&str]) -> Option<&'m Node> {
    let is = |(key, _): &&(String, Node)| names.iter().any(|name| key.eq_ignore_ascii_case(name));
    map.iter().rev().find(is).map(|(_, node)| node)
}

/// A configuration, and the names of fields that were used as variables.
#[derive(Debug, Default)]
pub(super) struct Whole {
    pub(super) map: Map,
    pub(super) variables: Vec<String>,
}

/// Reads the main file and whatever it includes.
pub(super) fn parse(files: &[File]) -> Result<Whole, ReadError> {
    let mut left = RULES_MAX;
    file(files, main(files)?, &mut left, 0)
}

fn file(files: &[File], file: &File, left: &mut usize, depth: usize) -> Result<Whole, ReadError> {
    if depth > DEPTH_MAX {
        let (what, max) = ("files within each other", DEPTH_MAX);
        return Err(ReadError::TooMuch { what, max });
    }
    let mut reader = Reader {
        files,
        path: &file.path,
        rest: text(file)?,
        line: 1,
        left,
        depth,
        scopes: Vec::from([Map::new()]),
        variables: Vec::new(),
    };
    reader.fields(None)?;
    Ok(Whole {
        map: reader.scopes.pop().unwrap_or_default(),
        variables: reader.variables,
    })
}

struct Reader<'t> {
    files: &'t [File],
    path: &'t str,
    rest: &'t str,
    line: usize,
    /// Values that there is room for.
    left: &'t mut usize,
    depth: usize,
    /// The maps that are open, the innermost last: where variables are looked up.
    scopes: Vec<Map>,
    variables: Vec<String>,
}

type Read<T> = Result<T, ReadError>;

impl Reader<'_> {
    fn wrong(&self, what: &'static str) -> ReadError {
        malformed(self.path, self.line, what)
    }

    fn at(&self) -> String {
        place(self.path, self.line)
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next()?;
        self.rest = chars.as_str();
        self.line += usize::from(next == '\n');
        Some(next)
    }

    fn take_while(&mut self, goes_on: impl Fn(char) -> bool) -> String {
        let mut taken = String::new();
        while let Some(one) = self.peek().filter(|one| goes_on(*one)) {
            taken.push(one);
            self.next();
        }
        taken
    }

    /// Passes over blanks, comments and these separators; tells whether there was a separator or the end of a line.
    fn gap(&mut self, separators: &[char]) -> bool {
        let mut is_parted = false;
        loop {
            match self.peek() {
                Some('#') => {}
                Some('/') if self.rest.starts_with("//") => {}
                Some(one) if one.is_whitespace() || separators.contains(&one) => {
                    is_parted |= separators.contains(&one) || matches!(one, '\n' | '\r');
                    self.next();
                    continue;
                }
                None => return true,
                Some(_) => return is_parted,
            }
            self.take_while(|one| one != '\n');
        }
    }

    fn charge(&mut self, weight: usize) -> Read<()> {
        let (what, max) = ("values of a configuration", RULES_MAX);
        let left = self.left.checked_sub(weight);
        *self.left = left.ok_or(ReadError::TooMuch { what, max })?;
        Ok(())
    }

    /// The fields of the innermost map, until it is closed or the file ends.
    fn fields(&mut self, close: Option<char>) -> Read<()> {
        let mut is_parted = true;
        loop {
            is_parted |= match close {
                Some(_) => self.gap(&[',', ';']),
                // Braces around the whole file are let be.
                None => self.gap(&[',', ';', '{', '}']),
            };
            match (self.peek(), close) {
                (None, None) => return Ok(()),
                (None, Some(_)) => return Err(self.wrong("it ends within a map")),
                (one, Some(_)) if one == close => {
                    self.next();
                    return Ok(());
                }
                _ if !is_parted => return Err(self.wrong("something follows a value")),
                _ => {}
            }
            is_parted = self.field()?;
        }
    }

    /// One field, or what an included file has; tells whether the next one may follow at once.
    fn field(&mut self) -> Read<bool> {
        self.charge(1)?;
        let quoted = self.peek().filter(|one| matches!(one, '"' | '\''));
        let key = match quoted {
            Some(quote) => {
                self.next();
                let key = self.take_while(|one| one != quote);
                self.next().ok_or_else(|| self.wrong("a quote is open"))?;
                key
            }
            None => self.take_while(|one| !one.is_whitespace() && one != ':' && one != '='),
        };
        if key.is_empty() {
            return Err(self.wrong("a value without a name"));
        }
        let blank = |one: char| matches!(one, ' ' | '\t');
        if quoted.is_none() && key.eq_ignore_ascii_case("include") && self.peek().is_some_and(blank)
        {
            self.include()?;
            return Ok(true);
        }
        self.take_while(char::is_whitespace);
        if matches!(self.peek(), Some(':' | '=')) {
            self.next();
        }
        let node = self.value()?;
        if let Some(scope) = self.scopes.last_mut() {
            scope.push((key, node));
        }
        Ok(false)
    }

    fn include(&mut self) -> Read<()> {
        let at = self.at();
        self.take_while(|one| matches!(one, ' ' | '\t'));
        let path = match self.peek() {
            Some(quote @ ('"' | '\'')) => {
                self.next();
                let path = self.take_while(|one| one != quote);
                self.next();
                path
            }
            _ => self.take_while(|one| !one.is_whitespace() && !matches!(one, ';' | '}')),
        };
        // Paths are from where the including file lies.
        let folder = self.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let whole = [folder, "/", path.trim_start_matches("./")].concat();
        let found = named(self.files, &whole, at.clone());
        let found = found.or_else(|_| named(self.files, &path, at))?;
        let included = file(self.files, found, self.left, self.depth + 1)?;
        self.variables.extend(included.variables);
        if let Some(scope) = self.scopes.last_mut() {
            scope.extend(included.map);
        }
        Ok(())
    }

    fn value(&mut self) -> Read<Node> {
        self.take_while(char::is_whitespace);
        self.charge(1)?;
        let at = self.at();
        let value = match self.peek() {
            Some('{') => {
                self.next();
                self.deeper()?;
                self.scopes.push(Map::new());
                self.fields(Some('}'))?;
                self.depth -= 1;
                Value::Map(self.scopes.pop().unwrap_or_default())
            }
            Some('[') => {
                self.next();
                self.deeper()?;
                let items = self.list()?;
                self.depth -= 1;
                Value::List(items)
            }
            Some('\'') => {
                self.next();
                let said = self.take_while(|one| one != '\'');
                self.next().ok_or_else(|| self.wrong("a quote is open"))?;
                Value::Text(said)
            }
            Some('"') => {
                self.next();
                let said = self.escaped(|one| one == '"')?;
                self.next().ok_or_else(|| self.wrong("a quote is open"))?;
                Value::Text(said)
            }
            Some('(') => self.block()?,
            Some(_) => return self.bare(at),
            None => return Err(self.wrong("it ends before a value")),
        };
        Ok(Node { at, value })
    }

    const fn deeper(&mut self) -> Read<()> {
        self.depth += 1;
        let (what, max) = ("maps and lists within each other", DEPTH_MAX);
        match self.depth > DEPTH_MAX {
            true => Err(ReadError::TooMuch { what, max }),
            false => Ok(()),
        }
    }

    fn list(&mut self) -> Read<Vec<Node>> {
        let mut items = Vec::new();
        let mut is_parted = true;
        loop {
            is_parted |= self.gap(&[',']);
            match self.peek() {
                None => return Err(self.wrong("it ends within a list")),
                Some(']') => {
                    self.next();
                    return Ok(items);
                }
                Some(_) if !is_parted => return Err(self.wrong("something follows a value")),
                Some(_) => items.push(self.value()?),
            }
            is_parted = false;
        }
    }

    /// Text until this, with what stands behind a backslash.
    fn escaped(&mut self, ends: impl Fn(char) -> bool) -> Read<String> {
        let mut said = String::new();
        while let Some(one) = self.peek().filter(|one| !ends(*one)) {
            self.next();
            if one != '\\' {
                said.push(one);
                continue;
            }
            let sound = match self.next() {
                Some('t') => '\t',
                Some('n') => '\n',
                Some('r') => '\r',
                Some('"') => '"',
                Some('\\') => '\\',
                Some('x') => {
                    let digits =
                        [self.next(), self.next()].map(|one| one.and_then(|one| one.to_digit(16)));
                    let [Some(high), Some(low)] = digits else {
                        return Err(self.wrong("no two digits behind \\x"));
                    };
                    char::from_u32(high * 16 + low).unwrap_or_default()
                }
                _ => return Err(self.wrong("nothing known behind a backslash")),
            };
            said.push(sound);
        }
        Ok(said)
    }

    /// Text between parentheses; the last one stands alone on its line.
    fn block(&mut self) -> Read<Value> {
        let open = self.wrong("a parenthesis is open");
        let (said, rest) = self.rest.split_once("\n)").ok_or(open)?;
        self.line += said.matches('\n').count() + 1;
        self.rest = rest;
        Ok(Value::Text(said.trim_start_matches('(').to_string()))
    }

    fn bare(&mut self, at: String) -> Read<Node> {
        let ends = |one: char| one.is_whitespace() || matches!(one, ',' | ';' | ']' | '}' | '\'');
        let said = self.escaped(ends)?;
        if self.peek() == Some('\'') {
            self.next();
        }
        if said.is_empty() {
            return Err(self.wrong("no value"));
        }
        if let Some(name) = said
            .strip_prefix('$')
            .filter(|name| !name.starts_with("2a$"))
        {
            return self.variable(name, at);
        }
        let value = match said.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" => Value::Switch(true),
            "false" | "no" | "off" => Value::Switch(false),
            _ => Value::Text(said),
        };
        Ok(Node { at, value })
    }

    /// What a field before has; the environment of the server is not seen here.
    fn variable(&mut self, name: &str, at: String) -> Read<Node> {
        let of = |scope: &Map| {
            let found = scope.iter().rev().find(|(key, _)| key == name);
            found.map(|(_, node)| node.value.clone())
        };
        let value = self.scopes.iter().rev().find_map(of);
        let value = value.ok_or_else(|| self.wrong("a variable that no field before it has"))?;
        let node = Node { at, value };
        self.charge(node.weight())?;
        self.variables.push(name.to_string());
        Ok(node)
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    fn files(text: &str) -> [File; 1] {
        [File {
            path: "/c".into(),
            bytes: text.as_bytes().to_vec(),
            owner: None,
            written: None,
        }]
    }

    #[test]
    fn what_is_no_configuration_is_refused() {
        for text in [
            "a {",
            "a = [",
            "a = \"b",
            "a = 'b",
            "= 3",
            "a = {b = 1",
            "a = [1 2]",
            "a: 1 b: 2",
            "a = $b",
            "a = \"\\q\"",
            "a = \"\\xg1\"",
            "a = (b",
            "a = ",
            "include \"x\"",
            "a\n",
        ] {
            assert!(parse(&files(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn every_way_to_write_is_read() {
        let text = "# one\na: 1, \"b\" = x;c 'y' // two\nV = [p, \"q\\x41\"\n r]\nd { e = $V, f: yes }\n{g: off}\n";
        let whole = parse(&files(text)).unwrap();
        let [b, c] = ["b", "C"].map(|key| get(&whole.map, &[key]).and_then(Node::text));
        assert_eq!((b, c), (Some("x"), Some("y")));
        let d = get(&whole.map, &["d"]).and_then(Node::map).unwrap();
        let e: Vec<Option<&str>> = get(d, &["e"])
            .unwrap()
            .items()
            .iter()
            .map(Node::text)
            .collect();
        assert_eq!(e, [Some("p"), Some("qA"), Some("r")]);
        assert!(
            get(d, &["f"]).unwrap().switch() == Some(true)
                && get(&whole.map, &["g"]).unwrap().switch() == Some(false)
        );
        assert_eq!(whole.variables, ["V"]);
        assert_eq!(get(d, &["f"]).unwrap().at, "/c:5");
    }

    #[test]
    fn limits_hold_at_max_and_one_over() {
        let nested = |depth: usize| format!("a = {}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(&files(&nested(DEPTH_MAX))).is_ok());
        assert!(parse(&files(&nested(DEPTH_MAX + 1))).is_err());
        // A field and its list, and then its items.
        let many = |count: usize| format!("a = [{}]", "1,".repeat(count));
        assert!(parse(&files(&many(RULES_MAX - 2))).is_ok());
        assert!(parse(&files(&many(RULES_MAX - 1))).is_err());
        // What doubles itself is bounded as well.
        let mut doubles = String::from("a0 = [x, x]\n");
        for at in 0..40 {
            doubles += &format!("a{} = [$a{at}, $a{at}]\n", at + 1);
        }
        assert!(parse(&files(&doubles)).is_err());
        assert!(parse(&files("include /c")).is_err());
    }
}
