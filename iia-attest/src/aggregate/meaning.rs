//! What each stream compares, against what, what proves it, and what a person does next.

use iia_core::stream::Stream;

/// What a stream of attestation is about.
#[derive(Clone, Debug)]
pub struct Meaning {
    /// The stream.
    pub stream: Stream,
    /// What it is, in a few words.
    pub title: &'static str,
    /// What is compared.
    pub compares: &'static str,
    /// With which reference value.
    pub reference: &'static str,
    /// What its observer does not see.
    pub blind: &'static str,
    /// What proves a finding.
    pub proof: &'static str,
    /// What to do, in order.
    pub next: &'static [&'static str],
}

/// What a clause of a finding means.
#[derive(Clone, Debug)]
pub struct ClauseMeaning {
    /// The stream; nothing for every stream.
    pub stream: Option<Stream>,
    /// The clause, as findings name it.
    pub clause: &'static str,
    /// What has happened.
    pub what: &'static str,
    /// What to do first.
    pub next: &'static str,
}

/// The meaning of a stream; nothing for one of another kind.
pub fn meaning(stream: &str) -> Option<&'static Meaning> {
    MEANINGS.iter().find(|one| one.stream.as_str() == stream)
}

/// The meaning of a clause of a stream.
pub fn clause_meaning(stream: &str, clause: &str) -> Option<&'static ClauseMeaning> {
    let fits = |one: &&ClauseMeaning| {
        let of = one.stream.as_ref();
        one.clause == clause && of.is_none_or(|of| of.as_str() == stream)
    };
    CLAUSES.iter().find(fits)
}

/// Every stream of attestation.
pub const MEANINGS: &[Meaning] = &[
    Meaning {
        stream: Stream::ATTEST_NETWORK,
        title: "what is on the wire, against what is contracted",
        compares: "who spoke to whom, on which port, and when last",
        reference: "parties and silence of each device contract, read from the signed catalog",
        blind: "what passes no tap; what is said inside encrypted payloads",
        proof: "the records of the exchange in the lake, and the capture from which they are",
        next: &[
            "find the device at the named address: the switch's table of addresses says on which port it is",
            "if it belongs there, write a contract; if not, take it off the network",
            "look at what it said: `iia report` and `iia inspect` show each exchange",
        ],
    },
    Meaning {
        stream: Stream::ATTEST_IO,
        title: "what the device says, against what its wires say",
        compares: "readings of two taps that share no interface, switch or decoder",
        reference: "tolerance and clock skew of the device contract",
        blind: "a value that is wrong on both taps in the same way",
        proof: "both readings, each signed by whoever took it",
        next: &[
            "do not trust the value: read the instrument in the field",
            "look for a device between controller and collector: added switches, taps, serial converters",
            "if the instrument agrees with the second tap, the first way is tampered with",
        ],
    },
    Meaning {
        stream: Stream::ATTEST_POLICY_DRIFT,
        title: "the policy that is loaded, against the policy that is meant",
        compares: "what the kernel, a broker or the fabric would let pass, packet by packet and topic by topic",
        reference: "what the contracts agree, read from the signed catalog and not from what was compiled from it",
        blind: "hooks of the kernel that IP packets do not pass; it says so when something is loaded there",
        proof: "the rules as they were listed, and the kernel's word who changed them",
        next: &[
            "load the agreed policy again: `iia compile nft` writes it from the signed catalog",
            "ask whoever is named as the one who changed it; if nobody did, treat the box as broken into",
            "`iia audit timeline` shows what else happened at that time",
        ],
    },
    Meaning {
        stream: Stream::ATTEST_IDENTITY,
        title: "certificates that are used, against those that were given out",
        compares: "the issuer's log, the certificates seen at sessions, and revocations",
        reference: "the identities that the signed catalog names, and one hour of life at most",
        blind: "sessions of other trust domains beyond their name; sessions that no role of the box serves",
        proof: "the record of issuance (`issuance#N`) and the session's event in the chain",
        next: &[
            "a certificate that the log does not have was made with a stolen key: take the issuer's root out of every bundle",
            "revoke the identity that is named",
            "see what the session did: its peer and contract are in the chain",
        ],
    },
    Meaning {
        stream: Stream::ATTEST_AUDIT_CHAIN,
        title: "the log of this box, against the heads that others hold",
        compares: "heads that peers have seen and signed, and the records on this disk",
        reference: "the signed heads: nobody can unsay them",
        blind: "records written since the last head that a peer holds",
        proof: "two heads, or a head and the records that do not lead to it",
        next: &[
            "take the disk out of use and keep it: it is evidence",
            "the mirror one level up holds the records: `iia-verify` says where the two part",
            "a rollback of the whole disk needs hands at the machine: ask who was there",
        ],
    },
    Meaning {
        stream: Stream::ATTEST_CONFIG,
        title: "what runs, against the configuration that was applied",
        compares: "files, rules, identities and processes as they are",
        reference: "the artifact that is applied, with its signatures",
        blind: "what the artifact does not name",
        proof: "the element's digest as it is, and as it was signed",
        next: &[
            "apply the signed artifact again: `iia-apply` does it without a new signature",
            "if it differs again, the applier errs: keep the box as it is and report it",
            "a change by hand belongs into an artifact",
        ],
    },
    Meaning {
        stream: Stream::ATTEST_IMAGE,
        title: "what was booted, against the image that is intended",
        compares: "a TPM's quote and log of the boot",
        reference: "register values of the manifest, and a nonce of this moment",
        blind: "what is loaded after the boot and not measured",
        proof: "the quote: `iia attest quote` judges it again",
        next: &[
            "do not give the machine secrets or identities until it is explained",
            "`iia attest log` shows which event of the boot is another",
            "write the intended image again; if the register stays wrong, the firmware is another",
        ],
    },
];

/// Clauses of findings.
pub const CLAUSES: &[ClauseMeaning] = &[
    ClauseMeaning {
        stream: None,
        clause: super::CLAUSE_SINK,
        what: "alerts no longer reach the sink of this machine: findings are still recorded, and nobody is woken",
        next: "look at the journal's disk or the relay's program; what waited is delivered when it is back",
    },
    ClauseMeaning {
        stream: None,
        clause: super::CLAUSE_ROOM,
        what: "more findings than anybody reads: those beyond the limit are counted only",
        next: "look at the source that floods; end what stands open",
    },
    ClauseMeaning {
        stream: Some(Stream::ATTEST_NETWORK),
        clause: "parties",
        what: "somebody speaks whom no contract names",
        next: "find out who it is before anything else: it may be a notebook, it may be an intruder",
    },
    ClauseMeaning {
        stream: Some(Stream::ATTEST_NETWORK),
        clause: "session",
        what: "a link between two workloads began, went on or ended otherwise than its contract and its certificates allow",
        next: "find the process that holds the identity, and where its link comes from; revoke it if it is not where it should be",
    },
    ClauseMeaning {
        stream: Some(Stream::ATTEST_NETWORK),
        clause: "passive",
        what: "an interface that only sees has sent something, or somebody has opened a way to",
        next: "take the cable out: the control network is written to by nobody; then look at the process that is named",
    },
    ClauseMeaning {
        stream: Some(Stream::ATTEST_NETWORK),
        clause: "read_only",
        what: "whoever may read only writes",
        next: "see what was written, and to where; take whoever did it off the network until it is known why",
    },
    ClauseMeaning {
        stream: Some(Stream::ATTEST_NETWORK),
        clause: "write",
        what: "something is written that the contract does not list",
        next: "see what was written, and whether the plant still does what it should",
    },
    ClauseMeaning {
        stream: Some(Stream::ATTEST_NETWORK),
        clause: "read",
        what: "something is read that the contract does not list",
        next: "ask whoever reads it; where it is to be so, change the contract",
    },
    ClauseMeaning {
        stream: Some(Stream::ATTEST_NETWORK),
        clause: "function",
        what: "something is asked for that the contract does not list",
        next: "see what the function does: some stop a device, some say what it is",
    },
    ClauseMeaning {
        stream: Some(Stream::ATTEST_NETWORK),
        clause: "unit",
        what: "another unit behind the server is spoken to than the contract lists",
        next: "ask whoever speaks to it; where it is to be so, change the contract",
    },
    ClauseMeaning {
        stream: Some(Stream::ATTEST_NETWORK),
        clause: "protocol",
        what: "something else is spoken than the contract says",
        next: "see what it is: a tunnel looks like this, and so does a scanner",
    },
    ClauseMeaning {
        stream: Some(Stream::DETECTION),
        clause: "signature",
        what: "something is said that looks like a known attack",
        next: "read the rule, then what was said: the capture ring has it; a rule that is wrong here is changed by a signed configuration",
    },
    ClauseMeaning {
        stream: Some(Stream::VIOLATION),
        clause: "parties",
        what: "the firewall refused what no contract allows",
        next: "find the program that tried; where it is to be so, write a contract",
    },
    ClauseMeaning {
        stream: Some(Stream::ATTEST_NETWORK),
        clause: "silence",
        what: "traffic that was promised stays away",
        next: "look whether the device runs and its cable is in; then whether something drops its frames",
    },
    ClauseMeaning {
        stream: Some(Stream::ATTEST_POLICY_DRIFT),
        clause: "default_deny",
        what: "nothing is filtered any more: everything passes",
        next: "load the policy at once",
    },
    ClauseMeaning {
        stream: Some(Stream::ATTEST_POLICY_DRIFT),
        clause: "surplus",
        what: "a rule lets pass what nobody agreed",
        next: "remove the rule that is named",
    },
    ClauseMeaning {
        stream: Some(Stream::ATTEST_POLICY_DRIFT),
        clause: "parties",
        what: "a rule cuts what was agreed: data stays away",
        next: "remove the rule that is named, or load the policy again",
    },
    ClauseMeaning {
        stream: Some(Stream::ATTEST_POLICY_DRIFT),
        clause: "passive",
        what: "an interface that only sees could send",
        next: "load the policy again; the control network is written to by nobody",
    },
    ClauseMeaning {
        stream: Some(Stream::ATTEST_POLICY_DRIFT),
        clause: "limit",
        what: "there is more to ask than is asked: a part of the policy is not judged",
        next: "make the policy smaller",
    },
    ClauseMeaning {
        stream: None,
        clause: "sight",
        what: "the observer does not see what it is there to see",
        next: "start it again; until then nothing is known about what it watches",
    },
    ClauseMeaning {
        stream: Some(Stream::ATTEST_IDENTITY),
        clause: "contract",
        what: "a certificate was given to somebody whom no contract names",
        next: "revoke it, and ask who had the issuer give it",
    },
    ClauseMeaning {
        stream: Some(Stream::ATTEST_IDENTITY),
        clause: "session",
        what: "a session with a certificate that the issuer did not give out, or that no contract names",
        next: "revoke the identity; the issuer's key is no longer a secret if the log lacks the certificate",
    },
    ClauseMeaning {
        stream: Some(Stream::ATTEST_IDENTITY),
        clause: "revoked",
        what: "an identity that was revoked is still used",
        next: "cut the session: stop whoever serves it",
    },
    ClauseMeaning {
        stream: Some(Stream::ATTEST_IDENTITY),
        clause: "continuity",
        what: "an identity was lost, or has become another program",
        next: "see why the workload did not renew; a program that changed under one catalog was exchanged",
    },
    ClauseMeaning {
        stream: Some(Stream::ATTEST_IDENTITY),
        clause: "log",
        what: "the log of what was given out was changed",
        next: "treat every certificate since as forged",
    },
    ClauseMeaning {
        stream: Some(Stream::ATTEST_IDENTITY),
        clause: "life",
        what: "a certificate lives longer than an hour",
        next: "the issuer is another program than it should be: look at it",
    },
    ClauseMeaning {
        stream: Some(Stream::ATTEST_IDENTITY),
        clause: "authority",
        what: "a certificate is signed by a root that was not published",
        next: "two issuers speak for one trust domain: find the second",
    },
    ClauseMeaning {
        stream: Some(Stream::ATTEST_IMAGE),
        clause: "image",
        what: "the machine did not boot what it should, or could not say so",
        next: "give it no identity until it is explained",
    },
];
