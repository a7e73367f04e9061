//! What a person does to the files of mosquitto. `DIR` stands for their folder, `USER` for the first user of the plant.

use super::change::{Change, NONE, acl, conf};

const NO_TLS: &str = "require_certificate true\nuse_identity_as_username true\n";

/// What opens or closes something.
pub(crate) const OPENING: [Change; 28] = [
    acl(
        "a stranger writes",
        &[("END", "user stranger\ntopic write cell/a\n")],
        "stranger may publish cell/a by ",
    ),
    acl(
        "a stranger hears all",
        &[("END", "user stranger\ntopic read #\n")],
        "stranger may hear <any> by ",
    ),
    acl(
        "a stranger hears what the broker says",
        &[(
            "END",
            "user stranger\ntopic read $SYS/#\ntopic readwrite $X/#\n",
        )],
        "hear $SYS",
    ),
    acl(
        "everything for a user",
        &[("END", "user USER\ntopic #\n")],
        "may publish <any> by ",
    ),
    acl(
        "a level wider",
        &[("END", "user sensor-0\ntopic write cell/+/+/+\n")],
        "sensor-0 may publish cell/<any>/<any>/<any>",
    ),
    acl(
        "a pattern for whoever it is",
        &[("END", "pattern readwrite cell/%u\n")],
        "may publish cell/",
    ),
    acl(
        "a pattern for any client id",
        &[("END", "pattern write cell/%c\n")],
        "may publish cell/<any>",
    ),
    acl(
        "a pattern without a name in it",
        &[("END", "pattern read site/#\n")],
        "may hear site",
    ),
    acl(
        "a pattern in the middle of a level",
        &[("END", "pattern write cell/x%uy/%c\n")],
        "may publish cell/<any>/<any>",
    ),
    acl(
        "a user is denied all",
        &[("END", "user USER\ntopic deny #\n")],
        "is denied by ",
    ),
    acl(
        "a part is denied",
        &[(
            "topic write",
            "topic deny cell/a\ntopic deny site/a\ntopic write",
        )],
        "is denied by ",
    ),
    acl(
        "writing becomes reading",
        &[("topic write", "topic read")],
        "is let by no rule",
    ),
    acl(
        "reading becomes both",
        &[("topic read ", "topic readwrite ")],
        "may publish",
    ),
    acl(
        "nothing is said of how",
        &[("topic read ", "topic ")],
        "may publish",
    ),
    acl(
        "users change names",
        &[("user sensor-", "user Sensor-")],
        "is let by no rule",
    ),
    acl(
        "rules go",
        &[("topic write", "# topic write")],
        "is let by no rule",
    ),
    acl(
        "rules for whoever has no name, and lines in their midst",
        &[("user sensor-2", "topic #\nuser stranger")],
        "stranger may",
    ),
    conf(
        "no rules at all",
        &[("acl_file DIR/acl\n", "")],
        "for which no acl_file is set",
    ),
    Change {
        more: Some((
            "other",
            "user judge\ntopic readwrite #\nuser USER\ntopic write cell/#\n",
        )),
        ..conf(
            "another file of rules",
            &[("acl_file DIR/acl", "acl_file DIR/other")],
            "by DIR/other:4",
        )
    },
    conf(
        "no names of certificates",
        &[(NO_TLS, "require_certificate true\n")],
        "the broker does not let it in",
    ),
    conf(
        "whoever has a certificate is whom he says",
        &[(NO_TLS, "require_certificate true\nallow_anonymous true\n")],
        "no certificate names it",
    ),
    conf(
        "whoever comes is whom he says",
        &[(NO_TLS, "allow_anonymous true\n")],
        "no certificate names it",
    ),
    conf(
        "certificates are not asked for, and are what names",
        &[("require_certificate true", "require_certificate false")],
        "the broker does not let it in",
    ),
    conf(
        "whole subjects",
        &[(
            "use_identity_as_username true",
            "use_subject_as_username true",
        )],
        "knows clients by whole subjects",
    ),
    Change {
        is_plain: true,
        ..conf(
            "no TLS",
            &[(
                "cafile DIR/ca.pem\ncertfile DIR/server.pem\nkeyfile DIR/key.pem\n",
                "allow_anonymous true\n",
            )],
            "lets in whoever comes without a name",
        )
    },
    Change {
        is_plain: true,
        ..conf(
            "no TLS and nobody",
            &[(
                "cafile DIR/ca.pem\ncertfile DIR/server.pem\nkeyfile DIR/key.pem\n",
                "",
            )],
            "the broker does not let it in",
        )
    },
    conf(
        "settings by listener",
        &[(
            "per_listener_settings false\nallow_anonymous false\npersistence false\nacl_file DIR/acl\n",
            "per_listener_settings true\n",
        )],
        "for which no acl_file is set",
    ),
    Change {
        more: Some(("conf.d/a.conf", "allow_anonymous true\n")),
        ..conf(
            "an included file",
            &[
                (NO_TLS, "require_certificate true\n"),
                ("END", "include_dir DIR/conf.d\n"),
            ],
            "no certificate names it",
        )
    },
];

/// What changes no meaning.
pub(crate) const SAME: [Change; 9] = [
    NONE_CHANGED,
    acl(
        "comments and blanks",
        &[("topic write ", "# why\n\n  topic   write   ")],
        "",
    ),
    acl(
        "a rule twice",
        &[("topic write cell", "topic write cell")],
        "",
    ),
    acl(
        "a stranger without rules",
        &[("END", "user nobody-at-all\n")],
        "",
    ),
    acl(
        "what is denied and was let by nothing",
        &[(
            "END",
            "user sensor-0\ntopic deny other/#\npattern deny other/#\n",
        )],
        "",
    ),
    acl(
        "rules for whoever has no name, where everybody has one",
        &[("", "topic #\n")],
        "",
    ),
    conf(
        "settings by listener, with all of them",
        &[
            (
                "per_listener_settings false\nallow_anonymous false\npersistence false\nacl_file DIR/acl\n",
                "per_listener_settings true\n",
            ),
            ("END", "acl_file DIR/acl\n"),
        ],
        "",
    ),
    Change {
        more: Some((
            "conf.d/a.conf",
            "use_identity_as_username false\nallow_anonymous true\n",
        )),
        ..conf(
            "an included file, which is about no listener",
            &[("END", "include_dir DIR/conf.d\n")],
            "",
        )
    },
    conf(
        "what decides nothing",
        &[("", "max_packet_size 262144\nlog_type all\n")],
        "",
    ),
];

const NONE_CHANGED: Change = Change {
    what: "nothing",
    ..NONE
};

/// What the broker would not load.
pub(crate) const REFUSED: [Change; 8] = [
    acl("a word that is none", &[("END", "topik read a\n")], ""),
    acl("a way that is none", &[("END", "topic wrote a\n")], ""),
    acl("a tab", &[("END", "topic\tread a\n")], ""),
    acl("no filter", &[("END", "topic read a#\n")], ""),
    acl("a comment behind a blank", &[("END", " # a\n")], ""),
    acl("a user without a name", &[("END", "user\n")], ""),
    conf("a file twice", &[("", "acl_file DIR/acl\n")], ""),
    conf(
        "settings by listener, too late",
        &[("END", "per_listener_settings true\n")],
        "",
    ),
];
