//! What a person changes in the two files of a broker.

/// A change.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    pub(crate) what: &'static str,
    /// In the configuration: what stands there, and what then does; nothing stands for its beginning, `END` for its end.
    pub(crate) conf: &'static [(&'static str, &'static str)],
    /// In the ACL file, in the same way.
    pub(crate) acl: &'static [(&'static str, &'static str)],
    /// Another file.
    pub(crate) more: Option<(&'static str, &'static str)>,
    /// Whether the listener speaks no TLS afterwards.
    pub(crate) is_plain: bool,
    /// What some finding must say.
    pub(crate) words: &'static str,
}

impl Change {
    /// The configuration and the ACL file after the change.
    pub(crate) fn apply(
        &self,
        conf: &str,
        acl: &str,
        spelled: &dyn Fn(&str) -> String,
    ) -> (String, String) {
        let put = |text: String, (old, new): &(&str, &str)| match *old {
            "END" => text + &spelled(new),
            "" => spelled(new) + &text,
            old => {
                let old = spelled(old);
                assert!(text.contains(&old), "{}: {old}", self.what);
                text.replace(&old, &spelled(new))
            }
        };
        (
            self.conf.iter().fold(conf.to_owned(), put),
            self.acl.iter().fold(acl.to_owned(), put),
        )
    }
}

/// Nothing.
pub(crate) const NONE: Change = Change {
    what: "",
    conf: &[],
    acl: &[],
    more: None,
    is_plain: false,
    words: "",
};

/// A change of the rules.
pub(crate) const fn acl(
    what: &'static str,
    change: &'static [(&'static str, &'static str)],
    words: &'static str,
) -> Change {
    Change {
        what,
        acl: change,
        words,
        ..NONE
    }
}

/// A change of the configuration.
pub(crate) const fn conf(
    what: &'static str,
    change: &'static [(&'static str, &'static str)],
    words: &'static str,
) -> Change {
    Change {
        what,
        conf: change,
        words,
        ..NONE
    }
}
