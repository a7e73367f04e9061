//! What an ACL matches (ovn-sb(5), Logical_Flow, `match`), as a tree that is asked about one packet.

use alloc::boxed::Box;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

/// Bytes of a match at most.
pub(super) const MATCH_LEN_MAX: usize = 64 * 1024;
/// Parentheses within each other at most.
const DEPTH_MAX: usize = 32;

/// A match.
#[derive(Clone, Debug)]
pub(super) enum Expr {
    All(Vec<Self>),
    Any(Vec<Self>),
    /// Only until it is settled what is negated.
    Not(Box<Self>),
    /// A field, how it is compared, and with what.
    Compare(String, Op, Vec<Constant>),
    /// A word alone, such as `tcp`.
    Is(String),
    /// `0` or `1`.
    Always(bool),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Op {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Op {
    const fn negated(self) -> Self {
        match self {
            Self::Equal => Self::NotEqual,
            Self::NotEqual => Self::Equal,
            Self::Less => Self::GreaterOrEqual,
            Self::LessOrEqual => Self::Greater,
            Self::Greater => Self::LessOrEqual,
            Self::GreaterOrEqual => Self::Less,
        }
    }

    /// The same with its sides the other way round.
    const fn turned(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            same => same,
        }
    }
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Constant {
    /// A number, an address, or an address with a mask.
    Word(String),
    /// Between quotes.
    Text(String),
    /// `$name`, a set of addresses.
    Set(String),
    /// `@name`, a group of ports.
    Group(String),
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Set(String),
    Group(String),
    Op(Op),
    And,
    Or,
    Not,
    Open,
    Close,
    Begin,
    End,
    Comma,
}

/// What is to be made of a match.
#[derive(Clone, Debug)]
pub(super) enum Match {
    Sound(Expr),
    /// The network does not take it, and does as if the ACL were not there: what is a name and no number, such as a port or
    /// a protocol, is tested positively or not at all (ovn-sb(5), nominal fields).
    Ignored,
    /// The observer does not know what it says.
    Unknown,
}

impl Match {
    pub(super) fn read(text: &str) -> Self {
        match parse(text) {
            None => Self::Unknown,
            Some(expr) => settled(expr, true).map_or(Self::Ignored, Self::Sound),
        }
    }

    pub(super) const fn expr(&self) -> Option<&Expr> {
        match self {
            Self::Sound(expr) => Some(expr),
            _ => None,
        }
    }
}

/// Fields that are names, and words that test them.
const NOMINAL: [&str; 14] = [
    "arp", "eth.type", "icmp", "icmp4", "icmp6", "inport", "ip", "ip.proto", "ip4", "ip6",
    "outport", "sctp", "tcp", "udp",
];

/// The same without negation, which the network puts into each comparison; nothing where it would not take it. What a field
/// asks beforehand is not negated: `!(udp.dst == 22)` is about datagrams.
fn settled(expr: Expr, is_positive: bool) -> Option<Expr> {
    let all = |terms: Vec<Expr>| {
        terms
            .into_iter()
            .map(|term| settled(term, is_positive))
            .collect::<Option<Vec<_>>>()
    };
    Some(match (expr, is_positive) {
        (Expr::Not(inner), _) => return settled(*inner, !is_positive),
        (Expr::All(terms), true) | (Expr::Any(terms), false) => Expr::All(all(terms)?),
        (Expr::Any(terms), true) | (Expr::All(terms), false) => Expr::Any(all(terms)?),
        (Expr::Always(always), _) => Expr::Always(always == is_positive),
        (Expr::Is(word), true) => Expr::Is(word),
        (Expr::Is(word), false) if NOMINAL.contains(&word.as_str()) => return None,
        (Expr::Is(word), false) => Expr::Not(Box::new(Expr::Is(word))),
        (Expr::Compare(field, op, constants), _) => {
            let op = if is_positive { op } else { op.negated() };
            if op != Op::Equal && NOMINAL.contains(&field.as_str()) {
                return None;
            }
            Expr::Compare(field, op, constants)
        }
    })
}

/// Reads a match; nothing where the observer does not know what it says.
fn parse(text: &str) -> Option<Expr> {
    if text.len() > MATCH_LEN_MAX {
        return None;
    }
    let mut tokens = tokens(text)?;
    tokens.reverse();
    let mut reader = Reader { tokens, depth: 0 };
    let expr = reader.expr()?;
    reader.tokens.is_empty().then_some(expr)
}

fn is_part(one: char) -> bool {
    one.is_ascii_alphanumeric() || matches!(one, '_' | '.' | ':' | '/' | '-')
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, left) = match first {
            '"' => {
                let (inner, left) = rest.get(1..)?.split_once('"')?;
                let plain = !inner.contains('\\');
                (plain.then(|| Token::Text(inner.to_string()))?, left)
            }
            '$' | '@' => {
                let (name, left) = word(rest.get(1..)?);
                let token = if first == '$' {
                    Token::Set
                } else {
                    Token::Group
                };
                (token(name.to_string()), left)
            }
            one if is_part(one) => {
                let (name, left) = word(rest);
                (Token::Word(name.to_string()), left)
            }
            _ => sign(rest)?,
        };
        tokens.push(token);
        rest = left.trim_start();
    }
    Some(tokens)
}

fn word(text: &str) -> (&str, &str) {
    let end = text.find(|one| !is_part(one)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

const SIGNS: [(&str, Token); 14] = [
    ("==", Token::Op(Op::Equal)),
    ("!=", Token::Op(Op::NotEqual)),
    ("<=", Token::Op(Op::LessOrEqual)),
    (">=", Token::Op(Op::GreaterOrEqual)),
    ("<", Token::Op(Op::Less)),
    (">", Token::Op(Op::Greater)),
    ("&&", Token::And),
    ("||", Token::Or),
    ("!", Token::Not),
    ("(", Token::Open),
    (")", Token::Close),
    ("{", Token::Begin),
    ("}", Token::End),
    (",", Token::Comma),
];

fn sign(text: &str) -> Option<(Token, &str)> {
    let found = SIGNS
        .iter()
        .find_map(|(sign, token)| Some((token, text.strip_prefix(sign)?)));
    found.map(|(token, left)| (token.clone(), left))
}

/// The tokens, the next one last.
struct Reader {
    tokens: Vec<Token>,
    depth: usize,
}

impl Reader {
    fn take(&mut self, token: &Token) -> bool {
        let is_next = self.tokens.last() == Some(token);
        if is_next {
            self.tokens.pop();
        }
        is_next
    }

    /// Terms joined by one and the same sign: with both, nobody says which binds closer.
    fn expr(&mut self) -> Option<Expr> {
        let first = self.term()?;
        let sign = match self.tokens.last() {
            Some(sign @ (Token::And | Token::Or)) => sign.clone(),
            _ => return Some(first),
        };
        let mut terms = Vec::from([first]);
        while self.take(&sign) {
            terms.push(self.term()?);
        }
        match (sign, self.tokens.last()) {
            (_, Some(Token::And | Token::Or)) => None,
            (Token::And, _) => Some(Expr::All(terms)),
            _ => Some(Expr::Any(terms)),
        }
    }

    fn term(&mut self) -> Option<Expr> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return None;
        }
        let term = if self.take(&Token::Not) {
            self.term().map(|inner| Expr::Not(Box::new(inner)))
        } else if self.take(&Token::Open) {
            let inner = self.expr();
            inner.filter(|_| self.take(&Token::Close))
        } else {
            self.comparison()
        };
        self.depth -= 1;
        term
    }

    fn comparison(&mut self) -> Option<Expr> {
        let left = self.operand()?;
        let Some(Token::Op(op)) = self.tokens.last().cloned() else {
            return match left {
                Operand::Field(name) => Some(Expr::Is(name)),
                Operand::Constants(all) => match all.as_slice() {
                    [Constant::Word(word)] if word == "0" || word == "1" => {
                        Some(Expr::Always(word == "1"))
                    }
                    _ => None,
                },
            };
        };
        self.tokens.pop();
        let compared = match (left, self.operand()?) {
            (Operand::Field(field), Operand::Constants(all)) => Expr::Compare(field, op, all),
            (Operand::Constants(all), Operand::Field(field)) => {
                let between = match self.tokens.last() {
                    Some(Token::Op(upper)) => Some(*upper),
                    _ => None,
                };
                let lower = Expr::Compare(field.clone(), op.turned(), all);
                let Some(upper) = between else {
                    return Some(lower);
                };
                // `1 < tcp.dst < 9`.
                self.tokens.pop();
                let Operand::Constants(all) = self.operand()? else {
                    return None;
                };
                Expr::All(Vec::from([lower, Expr::Compare(field, upper, all)]))
            }
            _ => return None,
        };
        Some(compared)
    }

    fn operand(&mut self) -> Option<Operand> {
        if !self.take(&Token::Begin) {
            return match self.tokens.pop()? {
                Token::Word(word) if is_field(&word) => Some(Operand::Field(word)),
                token => Some(Operand::Constants(Vec::from([constant(token)?]))),
            };
        }
        let mut all = Vec::new();
        while !self.take(&Token::End) {
            all.push(constant(self.tokens.pop()?)?);
            self.take(&Token::Comma);
        }
        Some(Operand::Constants(all))
    }
}

enum Operand {
    Field(String),
    Constants(Vec<Constant>),
}

fn constant(token: Token) -> Option<Constant> {
    match token {
        Token::Word(word) if !is_field(&word) => Some(Constant::Word(word)),
        Token::Text(text) => Some(Constant::Text(text)),
        Token::Set(name) => Some(Constant::Set(name)),
        Token::Group(name) => Some(Constant::Group(name)),
        _ => None,
    }
}

/// Fields begin with a letter and have no colon; addresses and numbers begin with a digit or have one.
fn is_field(word: &str) -> bool {
    word.starts_with(|one: char| one.is_ascii_alphabetic()) && !word.contains(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_match_is_none() {
        for text in [
            "",
            "ip &&",
            "(ip",
            "ip)",
            "ip4.src ==",
            "ip && tcp || udp",
            "tcp.dst == {22",
            "\"a",
            "ip4.src == ip4.dst",
            "#",
            "2",
            "tcp.dst == 22 22",
        ] {
            assert!(parse(text).is_none(), "{text}");
        }
        let nested = |depth: usize| ["(".repeat(depth), "ip".into(), ")".repeat(depth)].concat();
        assert!(parse(&nested(DEPTH_MAX - 1)).is_some());
        assert!(parse(&nested(DEPTH_MAX)).is_none());
        assert!(parse(&["ip", &" ".repeat(MATCH_LEN_MAX - 2)].concat()).is_some());
        assert!(parse(&["ip", &" ".repeat(MATCH_LEN_MAX - 1)].concat()).is_none());
    }

    #[test]
    fn what_is_a_name_is_tested_positively_or_not_at_all() {
        for text in [
            "!ip6",
            "ip4 && !udp",
            "ip.proto != 17",
            "!(inport == \"b\")",
            "!(tcp && ip6)",
            "outport != @g",
        ] {
            assert!(matches!(Match::read(text), Match::Ignored), "{text}");
        }
        for text in [
            "!(tcp.dst == 23)",
            "udp.dst != 22",
            "!(ip4.src == 10.0.0.9)",
            "!!ip6",
            "!(!udp || !ip4)",
        ] {
            assert!(matches!(Match::read(text), Match::Sound(_)), "{text}");
        }
    }

    #[test]
    fn every_way_to_write_is_read() {
        for text in [
            "ip",
            "1",
            "ip4.src==10.0.0.0/8&&tcp.dst=={22,80}",
            "!(tcp || udp)",
            "0 < tcp.dst < 100",
            "22 == tcp.dst",
            "inport == @iia.z0 && ip6.src == fd00::1",
            "outport == {\"a\", \"b\"}",
            "ip4.src == $iia.z0_ip4",
        ] {
            assert!(parse(text).is_some(), "{text}");
        }
    }
}
