//! The faults that are injected: one row each, in the order of the page.

/// A fault, by the stream that should tell it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    /// The stream, without `ot.attestation.`.
    pub(crate) stream: &'static str,
    /// What is done, in words.
    pub(crate) done: &'static str,
}

const fn fault(stream: &'static str, done: &'static str) -> Fault {
    Fault { stream, done }
}

/// Every row.
pub(crate) const FAULTS: &[Fault] = &[
    fault("network", "a stranger reads a device"),
    fault("network", "a stranger asks, and nobody answers"),
    fault("network", "a stranger opens a connection and says nothing"),
    fault("network", "whoever may read writes"),
    fault("network", "whoever may read some registers reads others"),
    fault("network", "the same request on another VLAN"),
    fault("network", "a frame of PROFINET gives a device another name"),
    fault("network", "a frame of a protocol of the past to everybody"),
    fault(
        "network",
        "a raw socket sends from the interface that only sees",
    ),
    fault(
        "network",
        "AF_XDP sends from the interface that only sees, past the rule on the way out",
    ),
    fault(
        "network",
        "the same through AF_XDP, and the interface hears itself alone",
    ),
    fault("network", "the device answers no more"),
    fault("network", "the client polls no more"),
    fault("network", "the client polls four times as slowly"),
    fault("policy_drift", "the rules are flushed"),
    fault("policy_drift", "a rule that accepts is added by hand"),
    fault(
        "policy_drift",
        "a rule for one pair is widened to everybody",
    ),
    fault("policy_drift", "a rule before the others cuts a contract"),
    fault("policy_drift", "the policy of a chain becomes accept"),
    fault("policy_drift", "the table sleeps"),
    fault("policy_drift", "a way around: a jump to a chain of its own"),
    fault("policy_drift", "mosquitto: a line is added to the ACL"),
    fault("policy_drift", "mosquitto: whoever comes is whom he says"),
    fault("policy_drift", "mosquitto: a topic is widened to #"),
    fault("policy_drift", "nats-server: a permission is widened to >"),
    fault("policy_drift", "nats-server: no_auth_user"),
    fault("policy_drift", "admission: a key more may sign"),
    fault("policy_drift", "admission: insecureAcceptAnything"),
    fault("identity", "an SVID is minted aside with the issuer's key"),
    fault("identity", "an SVID for a workload that no contract names"),
    fault("identity", "a record is taken out of the issuance log"),
    fault("identity", "a record of the issuance log is edited"),
    fault("identity", "another root signs"),
    fault("identity", "an identity is not renewed"),
    fault("audit_chain", "the end of the log is cut off"),
    fault("audit_chain", "a record is edited where it lies"),
    fault("audit_chain", "two records change places"),
    fault("audit_chain", "a record is taken out"),
    fault(
        "audit_chain",
        "the log is taken back, its heads and receipts with it",
    ),
    fault(
        "audit_chain",
        "the log is written anew and signed with the stolen key",
    ),
    fault("audit_chain", "an older state of the disk is put back"),
    fault("audit_chain", "two histories are signed"),
    fault("audit_chain", "no head comes any more"),
    fault("config", "a file is changed by hand"),
    fault("config", "a rule is added by hand"),
    fault("config", "an artifact is half applied"),
    fault("config", "an artifact is applied otherwise"),
    fault("config", "nobody looks"),
    fault("image", "another image was booted: a PCR has another value"),
    fault("image", "a quote is shown again"),
    fault("image", "another key signs the quote"),
    fault("image", "the machine answers another nonce"),
    fault("image", "the machine does not answer"),
    fault("io", "a frame is changed between device and collector"),
    fault("io", "a frame is dropped between them"),
    fault("io", "a frame is held up for two seconds"),
    fault("io", "every value is scaled by two"),
    fault("io", "old values are replayed"),
    fault("io", "a command is put in"),
    fault("io", "the IO master states nothing any more"),
    fault("io", "readings are signed with another key"),
];
