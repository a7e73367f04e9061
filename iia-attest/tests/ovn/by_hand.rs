//! What a person does to a virtual network, in the words of ovn-nbctl with tildes between them. `s0` and `s1` are the
//! switches of two zones, `iia.z0` and `iia.z1` their groups, and `z0.w0` and so on their ports.

/// A change.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) what: &'static str,
    pub(crate) commands: &'static [&'static str],
    /// What some finding must say.
    pub(crate) words: &'static str,
}

const fn change(
    what: &'static str,
    commands: &'static [&'static str],
    words: &'static str,
) -> Change {
    Change {
        what,
        commands,
        words,
    }
}

/// What opens or closes something.
pub(crate) const OPENING: [Change; 29] = [
    change(
        "everything of one transport",
        &[
            "acl-add~s0~from-lport~2000~tcp~allow",
            "acl-add~s1~to-lport~2000~tcp~allow",
        ],
        "it passes by to-lport 2000 allow tcp (s1)",
    ),
    change(
        "everything",
        &[
            "acl-add~s0~from-lport~2000~1~allow",
            "acl-add~s1~to-lport~2000~1~allow",
        ],
        "it passes by to-lport 2000 allow 1 (s1)",
    ),
    change(
        "by group",
        &[
            "--type=port-group~acl-add~iia.z0~from-lport~2000~udp~allow-related",
            "--type=port-group~acl-add~iia.z1~to-lport~2000~udp~allow-related",
        ],
        "to-lport 2000 allow-related udp",
    ),
    change(
        "one port",
        &[
            "acl-add~s0~from-lport~2000~tcp.dst == 502~allow",
            "acl-add~s1~to-lport~2000~502 == tcp.dst~allow",
        ],
        "tcp 10.77.1.",
    ),
    change(
        "some ports",
        &[
            "acl-add~s0~from-lport~2000~tcp.dst == {502, 53}~allow",
            "acl-add~s1~to-lport~2000~tcp.dst == {502, 53}~allow",
        ],
        "it passes by",
    ),
    change(
        "a range of ports",
        &[
            "acl-add~s0~from-lport~2000~500 <= tcp.dst <= 510~allow",
            "acl-add~s1~to-lport~2000~tcp.dst > 500 && tcp.dst < 510~allow",
        ],
        "it passes by",
    ),
    change(
        "all ports but one",
        &[
            "acl-add~s0~from-lport~2000~!(udp.dst == 9)~allow",
            "acl-add~s1~to-lport~2000~!(udp.dst == 9 || ip4.src == 10.77.0.9)~allow",
        ],
        "it passes by",
    ),
    change(
        "one transport or the other",
        &[
            "acl-add~s0~from-lport~2000~tcp || udp~allow",
            "acl-add~s1~to-lport~2000~(tcp) || (udp)~allow",
        ],
        "it passes by",
    ),
    change(
        "by mask",
        &[
            "acl-add~s0~from-lport~2000~ip4.src == 10.77.0.0/255.255.0.0 && udp~allow",
            "acl-add~s1~to-lport~2000~ip4.src == 10.77.0.0/16 && udp~allow",
        ],
        "it passes by",
    ),
    change(
        "by a set of addresses",
        &[
            "create~Address_Set~name=many~addresses=10.77.0.2,10.77.0.3",
            "acl-add~s0~from-lport~2000~ip4.src == $many && tcp~allow",
            "acl-add~s1~to-lport~2000~ip4.src == $many && tcp~allow",
        ],
        "it passes by",
    ),
    change(
        "by the addresses of a group",
        &[
            "acl-add~s0~from-lport~2000~ip4.src == $iia.z0_ip4 && tcp~allow",
            "acl-add~s1~to-lport~2000~ip4.dst == $iia.z1_ip4 && tcp~allow",
        ],
        "it passes by",
    ),
    change(
        "by the name of a port",
        &[
            "acl-add~s0~from-lport~2000~inport == \"z0.w0\" && ip~allow",
            "acl-add~s1~to-lport~2000~outport == {\"z1.w0\", \"z1.w1\"} && ip~allow",
        ],
        "from port z0.w0",
    ),
    change(
        "all but one address",
        &[
            "acl-add~s0~from-lport~2000~ip4.src != 10.77.0.9 && tcp~allow",
            "acl-add~s1~to-lport~2000~tcp.dst != 9 && ip4.dst != {10.77.1.9, 10.77.1.8}~allow",
        ],
        "it passes by",
    ),
    change(
        "by number",
        &[
            "acl-add~s0~from-lport~2000~ip.proto == 17~allow",
            "acl-add~s1~to-lport~2000~eth.type == 0x800 && udp~allow",
        ],
        "it passes by",
    ),
    change(
        "without state",
        &[
            "acl-add~s0~from-lport~2000~tcp~allow-stateless",
            "acl-add~s1~to-lport~2000~tcp~allow-stateless",
        ],
        "it passes by",
    ),
    change(
        "dropped before the others",
        &["--type=port-group~acl-add~iia.z1~to-lport~3000~ip4.src == 10.77.0.0/16~drop"],
        "is dropped by to-lport 3000 drop",
    ),
    change(
        "rejected",
        &["--type=port-group~acl-add~iia.z1~to-lport~3000~ip~reject"],
        "is dropped by to-lport 3000 reject ip",
    ),
    change(
        "dropped where it enters from the router",
        &["acl-add~s1~from-lport~3000~ip~drop"],
        "is dropped by from-lport 3000 drop ip (s1)",
    ),
    change(
        "dropped where it leaves to the router",
        &["acl-add~s1~to-lport~3000~outport == \"s1-r\" && ip~drop"],
        "is dropped by to-lport 3000 drop",
    ),
    change(
        "dropped late",
        &["--apply-after-lb~acl-add~s1~from-lport~3000~ip~drop"],
        "is dropped by from-lport 3000 drop ip",
    ),
    change(
        "ports leave their groups",
        &["pg-set-ports~iia.z0~z0.w1", "pg-set-ports~iia.z1~z1.w1"],
        "no ACL is about it",
    ),
    change(
        "the groups have no ACLs",
        &[
            "--type=port-group~acl-del~iia.z0",
            "--type=port-group~acl-del~iia.z1",
        ],
        "no ACL is about it",
    ),
    change(
        "the drops go",
        &[
            "--type=port-group~acl-del~iia.z0~from-lport~1~inport == @iia.z0 && ip",
            "--type=port-group~acl-del~iia.z1~to-lport~1~outport == @iia.z1 && ip",
        ],
        "no ACL is about it",
    ),
    change(
        "what is sent is not asked about",
        &[
            "--type=port-group~acl-del~iia.z1~from-lport",
            "--type=port-group~acl-del~iia.z0~to-lport",
        ],
        "no ACL is about it",
    ),
    change(
        "the groups are gone",
        &["pg-del~iia.z0", "pg-del~iia.z1"],
        "no ACL is about it",
    ),
    change(
        "a tie",
        &["--type=port-group~acl-add~iia.z1~to-lport~1000~ip~drop"],
        "in the hands of",
    ),
    change(
        "what the observer does not know",
        &["--type=port-group~acl-add~iia.z1~to-lport~3000~ip.ttl == 63 && ip.dscp == 0~drop"],
        "in the hands of",
    ),
    change(
        "ports of one zone in the group of another",
        &[
            "pg-set-ports~iia.z0~z0.w0~z0.w1~z1.w0",
            "pg-set-ports~iia.z1~z1.w1",
        ],
        "",
    ),
    change(
        "what no ACL is about is dropped",
        &["set~NB_Global~.~options:default_acl_drop=true"],
        "is dropped by what no ACL is about",
    ),
];

/// What changes no meaning.
pub(crate) const SAME: [Change; 7] = [
    change("nothing", &[], ""),
    change(
        "below the drops",
        &[
            "--type=port-group~acl-add~iia.z0~from-lport~0~ip~allow",
            "--type=port-group~acl-add~iia.z1~to-lport~0~ip~allow",
        ],
        "",
    ),
    change(
        "one end only",
        &["acl-add~s1~to-lport~2000~tcp && ip4.src == 10.77.0.0/24~allow"],
        "",
    ),
    change(
        "what the network ignores, since it negates a name",
        &[
            "acl-add~s0~from-lport~2000~ip4 && !udp~allow",
            "acl-add~s1~to-lport~2000~ip.proto != 17~allow",
            "acl-add~s1~from-lport~3000~!(inport == \"z1.w0\")~drop",
        ],
        "",
    ),
    change(
        "what no connection is",
        &[
            "acl-add~s0~from-lport~2000~icmp4~allow",
            "acl-add~s1~to-lport~2000~arp~drop",
        ],
        "",
    ),
    change(
        "another version",
        &[
            "acl-add~s0~from-lport~2000~ip6~allow",
            "acl-add~s1~to-lport~2000~ip6.src == fd00::/16~allow",
        ],
        "",
    ),
    change(
        "told and named",
        &["--log~--severity=info~--name=told~acl-add~s1~to-lport~2~outport == @iia.z1 && ip~drop"],
        "",
    ),
];
