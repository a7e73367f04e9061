//! Grammars for editors: Tree-sitter, and TextMate for VS Code.

use iia_config::schema::TABLE;
use iia_contract::raw::Type;
use serde_json::{Value, json};

use super::{fields, sorted};

/// The grammar of Tree-sitter. Kinds, blocks and keys of the table are told from unknown ones, which are still parsed.
pub(super) fn tree_sitter() -> String {
    let list = |words: &[&str]| -> String {
        let words: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
        words
            .chunks(8)
            .map(|row| format!("  {},\n", row.join(", ")))
            .collect()
    };
    let (kinds, blocks, keys) = (kinds(), blocks(), keys());
    TREE_SITTER
        .replace("@KINDS@\n", &list(&kinds))
        .replace("@BLOCKS@\n", &list(&blocks))
        .replace("@KEYS@\n", &list(&keys))
}

const TREE_SITTER: &str = r##"// Written by `iia config schema tree-sitter`; a test says when it is stale.
/// <reference types="tree-sitter-cli/dsl" />

const KINDS = [
@KINDS@
];
const BLOCKS = [
@BLOCKS@
];
const KEYS = [
@KEYS@
];

const KEY = /[a-z][a-z0-9_]{0,31}/;
const NAME = /[A-Za-z0-9._-]{1,127}/;

module.exports = grammar({
  name: 'icl',
  extras: _ => [' '],
  word: $ => $.word,

  rules: {
    document: $ => seq($.magic, repeat(choice($._blank, $.comment, $.entry))),
    magic: _ => token(seq(/iia-(config|manifest|approval|state) 1/, '\n')),
    _blank: _ => '\n',
    comment: _ => token(seq('#', /[^\n]*/, '\n')),

    entry: $ => seq(
      field('kind', choice(alias(choice(...KINDS), $.kind), alias($.word, $.unknown))),
      field('name', $._name),
      optional(field('version', $.version)),
      '{', '\n',
      repeat(choice($._blank, $.comment, $.field, $.block)),
      '}', '\n',
    ),
    block: $ => seq(
      field('key', choice(alias(choice(...BLOCKS), $.key), alias($.word, $.unknown))),
      optional(field('name', $._name)),
      '{', '\n',
      repeat(choice($._blank, $.comment, $.field)),
      '}', '\n',
    ),
    field: $ => seq(
      field('key', choice(alias(choice(...KEYS), $.key), alias($.word, $.unknown))),
      repeat1(field('value', $._value)),
      '\n',
    ),
    _name: $ => choice(alias($.word, $.name), $.name),
    name: _ => token(NAME),
    _value: $ => choice($.string, $.switch, $.version, $.number, $.time, $.uri, $.hash, $.pubkey, $.port, $.net, $.pattern, alias($.word, $.atom), alias($.name, $.atom)),

    word: _ => /[A-Za-z][A-Za-z0-9_-]*/,
    switch: _ => choice('on', 'off'),
    string: _ => token(seq('"', /[^"\\\n]*/, '"')),
    version: _ => token(prec(2, /[0-9]+\.[0-9]+\.[0-9]+/)),
    number: _ => token(prec(1, /-?[0-9]+(\.[0-9]{1,6})?(us|ms|s|m|h|d|B|[KMGT]iB|%|ppm|[KMG]?bps)?(\/[smhd])?/)),
    time: _ => token(prec(2, /[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z/)),
    uri: _ => token(prec(2, /[a-z][a-z0-9+-]*:\/\/[!#-;=?-\[\]-z|~]+/)),
    hash: _ => token(prec(3, /(b3|sha256):[0-9A-Fa-f]{64}/)),
    pubkey: _ => token(prec(3, /ed25519:[A-Za-z0-9+\/=_-]{43,44}/)),
    port: _ => token(prec(2, /(tcp|udp|sctp|tls|dtls|quic)\/([0-9.]+:|\[[0-9A-Fa-f:.]+\]:)?[0-9]+/)),
    net: _ => token(prec(2, /[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+(\/[0-9]+)?|[0-9A-Fa-f]*:[0-9A-Fa-f:.]+(\/[0-9]+)?/)),
    pattern: _ => token(prec(1, /[A-Za-z][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*\.(\*|[A-Za-z0-9_-]+)/)),
  },
});
"##;

fn kinds() -> Vec<&'static str> {
    sorted(TABLE.iter().map(|spec| spec.kind))
}

fn blocks() -> Vec<&'static str> {
    sorted(
        TABLE
            .iter()
            .flat_map(|spec| spec.blocks)
            .map(|block| block.key),
    )
}

fn keys() -> Vec<&'static str> {
    sorted(fields().map(|(_, _, field)| field.key))
}

fn choices() -> Vec<&'static str> {
    sorted(
        fields()
            .flat_map(|(_, _, field)| field.values)
            .flat_map(|value| {
                match value {
                    Type::Atom(words) => *words,
                    _ => &[],
                }
                .iter()
                .copied()
            }),
    )
}

/// The grammar of TextMate, which VS Code reads.
pub(super) fn textmate() -> Value {
    let any = |words: &[&str]| words.join("|");
    let rule =
        |name: &str, pattern: String| json!({ "name": format!("{name}.icl"), "match": pattern });
    json!({
        "$schema": "https://raw.githubusercontent.com/martinring/tmlanguage/master/tmlanguage.json",
        "comment": "Written by `iia config schema vscode`; a test says when it is stale.",
        "name": "ICL",
        "scopeName": "source.icl",
        "fileTypes": ["icl"],
        "patterns": [
            rule("comment.line.number-sign", "^ *#.*$".into()),
            rule("keyword.control.magic", "\\Aiia-(config|manifest|approval|state) 1$".into()),
            {
                "match": format!("^ *({})(?= .*\\{{$) ([A-Za-z0-9._-]+)( [0-9.]+)? (\\{{)$", any(&kinds())),
                "captures": {
                    "1": { "name": "keyword.declaration.icl" },
                    "2": { "name": "entity.name.section.icl" },
                    "3": { "name": "constant.numeric.version.icl" },
                    "4": { "name": "punctuation.section.block.icl" },
                },
            },
            {
                "match": format!("^ *({})( [A-Za-z0-9._-]+)? (\\{{)$", any(&blocks())),
                "captures": {
                    "1": { "name": "keyword.other.block.icl" },
                    "2": { "name": "entity.name.tag.icl" },
                    "3": { "name": "punctuation.section.block.icl" },
                },
            },
            {
                "begin": format!("^ *(?:({})|([^ #}}][^ ]*))(?= )", any(&keys())),
                "beginCaptures": {
                    "1": { "name": "support.type.property-name.icl" },
                    "2": { "name": "invalid.illegal.key.icl" },
                },
                "end": "$",
                "patterns": [{ "include": "#values" }],
            },
        ],
        "repository": { "values": { "patterns": [
            rule("string.quoted.double", "\"[^\"\\\\]*\"".into()),
            rule("constant.other.hash", "(?<= )(b3|sha256):[0-9A-Fa-f]{64}(?= |$)".into()),
            rule("constant.other.key", "(?<= )ed25519:[A-Za-z0-9+/=_-]{43,44}(?= |$)".into()),
            rule("markup.underline.link", "(?<= )[a-z][a-z0-9+-]*://[^ ]+".into()),
            rule("constant.other.time", "(?<= )[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z(?= |$)".into()),
            rule("constant.other.port", "(?<= )(tcp|udp|sctp|tls|dtls|quic)/[^ ]+".into()),
            rule("constant.other.net", "(?<= )([0-9]+\\.[0-9]+\\.[0-9]+\\.[0-9]+|[0-9A-Fa-f]*:[0-9A-Fa-f:.]+)(/[0-9]+)?(?= |$)".into()),
            rule("constant.numeric", "(?<= )-?[0-9]+(\\.[0-9]+)*[A-Za-z%]*(/[smhd])?(?= |$)".into()),
            rule("constant.language", "(?<= )(on|off)(?= |$)".into()),
            rule("support.constant", format!("(?<= )({})(?= |$)", any(&choices()))),
        ] } },
    })
}
