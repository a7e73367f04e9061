//! What a person does to the files of nats-server. `USER` stands for a user who may publish something, `SUBJECT` for the
//! first subject in the file.

use super::change::{Change, NONE, acl, conf};

const MAP: &str = "verify_and_map: true";

/// What opens or closes something.
pub(crate) const OPENING: [Change; 24] = [
    acl(
        "a stranger who may do everything",
        &[("users = [\n", "users = [\n{ user = \"CN=stranger\" }\n")],
        "CN=stranger may publish <any> by ",
    ),
    acl(
        "a stranger who may do one thing",
        &[(
            "users = [\n",
            "users = [\n{ user = \"CN=stranger\", permissions = { publish = cell.a, subscribe = { deny = \">\" } } }\n",
        )],
        "CN=stranger may publish cell/a by ",
    ),
    acl(
        "a stranger of whom half is said",
        &[(
            "users = [\n",
            "users = [\n{ user = 'CN=stranger', permissions: { publish: { deny: '>' } } }\n",
        )],
        "CN=stranger may hear <any> by ",
    ),
    acl(
        "a stranger who hears in a queue",
        &[(
            "users = [\n",
            "users = [\n{ user = 'CN=stranger', permissions: { publish: { deny: '>' }, subscribe: [\"cell.> shift\"] } }\n",
        )],
        "CN=stranger may hear cell/<any> by ",
    ),
    acl(
        "an empty list",
        &[(
            "users = [\n",
            "users = [\n{ user = 'CN=stranger', permissions: { publish: { allow: [] }, subscribe: { deny: '>' } } }\n",
        )],
        "CN=stranger may publish <any> by ",
    ),
    acl(
        "whoever has no permissions gets some",
        &[(
            "users = [\n",
            "default_permissions = { publish = \"site.*\", subscribe = { deny = \">\" } }\nusers = [\n{ user = 'CN=stranger' }\n",
        )],
        "CN=stranger may publish site/<any> by ",
    ),
    acl(
        "everything more for a user",
        &[("allow = [\n", "allow = [\n\">\"\n")],
        "<any> by ",
    ),
    acl(
        "a token wider",
        &[("allow = [\n", "allow = [\ncell.*.*.*\n")],
        "cell/<any>/<any>/<any> by ",
    ),
    acl(
        "a part is denied",
        &[("allow = [\n", "deny = [cell.a, site.a]\nallow = [\n")],
        "is denied by ",
    ),
    acl(
        "everything is denied",
        &[("allow = [\n", "deny = \">\"\nallow = [\n")],
        "is denied by ",
    ),
    acl("subjects go", &[("\"SUBJECT\"\n", "# \"SUBJECT\"\n")], ""),
    acl(
        "publishing becomes hearing",
        &[
            ("publish = {", "subscribe2 = {"),
            ("subscribe = {", "publish = {"),
            ("subscribe2 = {", "subscribe = {"),
        ],
        "",
    ),
    acl(
        "the other names of the same",
        &[
            ("publish = {", "export2 = {"),
            ("subscribe = {", "import = {"),
            ("export2 = {", "export = {"),
        ],
        "",
    ),
    acl(
        "a field twice, of which the last counts",
        &[
            ("publish = {", "publish = \"none\"\npublish = {"),
            (
                "permissions = {",
                "permissions = { deny = \"x\" }\npermissions = {",
            ),
            ("user = \"USER\"", "user = \"USER\"\nuser = \"CN=stranger\""),
        ],
        "CN=stranger may publish ",
    ),
    acl(
        "a user is another",
        &[("user = \"USER\"", "user = \"CN=stranger\"")],
        "the broker does not let it in",
    ),
    conf(
        "a token for everybody",
        &[("include auth.conf", "authorization { token = x }")],
        "lets in whoever has a password or key",
    ),
    conf(
        "users in a variable",
        &[(
            "include auth.conf",
            "LATE = [ { user: CN=judge }, { user = 'CN=stranger', permissions = { publish = \">\", subscribe = { deny = \">\" } } } ]\nauthorization { users = $LATE }",
        )],
        "CN=stranger may publish <any> by ",
    ),
    conf(
        "certificates do not name",
        &[(MAP, "verify: true")],
        "no certificate names it",
    ),
    conf(
        "certificates are not asked for",
        &[(MAP, "verify: false")],
        "no certificate names it",
    ),
    conf(
        "no certificate, and somebody else's rights",
        &[(MAP, "verify: false"), ("END", "no_auth_user: \"USER\"\n")],
        "lets in whoever comes without a name, as ",
    ),
    conf(
        "no TLS",
        &[(
            "tls {
 cert_file: \"DIR/server.pem\"
 key_file: \"DIR/key.pem\"
 ca_file: \"DIR/ca.pem\"
 verify_and_map: true
}
",
            "",
        )],
        "no certificate names it",
    ),
    conf(
        "the other file is not included",
        &[("include auth.conf", "")],
        "where no users are set",
    ),
    Change {
        more: Some((
            "other.conf",
            "authorization { users = [ { user: CN=judge }, { user: 'CN=stranger', permissions: { publish: cell.>, subscribe: { deny: > } } } ] }\n",
        )),
        ..conf(
            "another file is included",
            &[("include auth.conf", "include \"./other.conf\"")],
            "CN=stranger may publish cell/<any> by DIR/other.conf:1",
        )
    },
    conf(
        "an account beside",
        &[(
            "END",
            "accounts { A { users = [ { user = 'CN=stranger' } ] } }\n",
        )],
        "CN=stranger may publish <any> by ",
    ),
];

/// What changes no meaning.
pub(crate) const SAME: [Change; 6] = [
    Change {
        what: "nothing",
        ..NONE
    },
    acl(
        "comments, blanks and other separators",
        &[
            ("permissions = {\n", "permissions: { // why\n\n # so\n"),
            ("allow = [\n", "allow  [\n\n"),
        ],
        "",
    ),
    acl(
        "a subject within another",
        &[("\"SUBJECT\"\n", "\"SUBJECT\",\n'SUBJECT'\n")],
        "",
    ),
    acl(
        "what is denied and was let by nothing",
        &[(
            "allow = [\n",
            "deny = [other.>, \"cell q\", \"a.b shift\"]\nallow = [\n",
        )],
        "",
    ),
    conf(
        "what decides nothing",
        &[("", "max_payload: 1MB\ndebug: no; trace: false\n")],
        "",
    ),
    acl(
        "subjects in a variable",
        &[
            ("users = [\n", "S = \"SUBJECT\"\nusers = [\n"),
            ("            \"SUBJECT\"\n", "            $S\n"),
        ],
        "",
    ),
];

/// What the server would not load.
pub(crate) const REFUSED: [Change; 9] = [
    acl(
        "blanks between items",
        &[("allow = [\n", "allow = [ a b\n")],
        "",
    ),
    acl("no subject", &[("allow = [\n", "allow = [ \"a..b\"\n")], ""),
    acl(
        "a user twice",
        &[("users = [\n", "users = [ { user = eve }, { user = eve }\n")],
        "",
    ),
    acl("a brace is open", &[("END", "a {\n")], ""),
    acl("a list is open", &[("END", "a = [\n")], ""),
    acl("no variable", &[("END", "a = $nowhere_at_all\n")], ""),
    acl(
        "two on a line",
        &[("END", "debug: false trace: false\n")],
        "",
    ),
    conf(
        "no file",
        &[("include auth.conf", "include nowhere.conf")],
        "",
    ),
    conf(
        "a switch between quotes",
        &[(MAP, "verify_and_map: \"true\"")],
        "",
    ),
];

/// What is told, though no subject that is tried here shows it.
pub(crate) const TOLD: [Change; 2] = [
    acl(
        "answers to whatever is asked",
        &[(
            "permissions = {\n",
            "permissions = {\nallow_responses = true\n",
        )],
        "allow_responses",
    ),
    conf(
        "ways in beside the clients'",
        &[("END", "leafnodes { port: 1 }\nhttp_port: 1\n")],
        "http_port 1 is set, and no contract asks for it",
    ),
];
