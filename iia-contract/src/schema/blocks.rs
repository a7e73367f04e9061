//! The blocks of a contract, field by field.

use super::words::*;
use super::{ALL, B, D, I, N, fields};
use crate::raw::FieldSpec;
use crate::raw::Scopes;
use crate::raw::Times::{Once, OneOrMore, Optional, Repeated};

const ID_: Scopes = I.or(D);

fields! {
    pub(super) DEVICE {
        Once     "kind"     WORD ALL "what it is, such as plc";
        Optional "vendor"   TEXT ALL "who made it";
        Optional "model"    TEXT ALL "which model";
        Optional "serial"   TEXT ALL "which one";
        Optional "location" TEXT ALL "ISA-95 path, site first";
    }
    pub(super) GATEWAY {
        Once     "kind"           WORD ALL "what it is, such as lorawan_gateway";
        Optional "network_server" URI  ALL "where its network server is";
        Optional "application"    NAME ALL "the application that its devices belong to";
        Optional "sensor"         WORD ALL "what kind of sensors they are";
    }
    pub(super) OBSERVATION {
        Once     "mode"        MODES ALL "passive unless the contract says otherwise";
        Optional "sample"      SPAN  ALL "how often it is sampled";
        Optional "queue_depth" COUNT ALL "values that wait at most";
        Optional "topic"       TEXT  ALL "topic filter of a subscription";
        Optional "qos"         COUNT ALL "MQTT quality of service";
    }
    pub(super) SESSION {
        Once     "mode"      WORD ALL "none, sign or sign_and_encrypt";
        Optional "policy"    WORD ALL "security policy, such as basic256sha256";
        Optional "user_auth" WORD ALL "how the user proves itself, such as x509_client_cert";
    }
    pub(super) TAG {
        Optional "type"    TYPES  ALL "type of the value";
        Optional "unit"    WORD   ALL "unit of the value, such as psi";
        Optional "rate"    SPAN   ALL "how often it is sampled";
        Optional "table"   TABLE  ALL "modbus: its table";
        Optional "address" COUNT  ALL "modbus: its address";
        Optional "low"     NUMBER ALL "the smallest value that is sound";
        Optional "high"    NUMBER ALL "the largest value that is sound";
        Repeated "value"   WORD   ALL "enum: a value that it may have";
        Optional "write"   SWITCH ALL "whether it may be set by its name";
    }
    pub(super) TRANSPORT {
        Once      "protocol" WORD ALL "the framing, such as iia_link; never HTTP";
        Once      "security" WORD ALL "mtls: mutual TLS";
        Optional  "tls_min"  NUMBER ALL "the oldest TLS version allowed; 1.3 when not said";
        OneOrMore "port"     PORT ALL "where it is answered";
        Repeated  "topic"    TEXT ALL "topic filter of a bus: the source publishes, the destination subscribes";
    }
    pub(super) PULL {
        Once     "target"     ANY    ALL "where from: a port such as tls/192.0.2.1:7447, or a URI that is not HTTP";
        Once     "every"      SPAN   ALL "how often";
        Optional "on_restore" SWITCH ALL "whether also when the connection comes back";
        Once     "security"   WORD   ALL "mtls: mutual TLS";
        Once     "trust_root" ROOT   ALL "who vouches for the source";
    }
    pub(super) ARTIFACT {
        Once      "signature_required" SWITCH   ALL "whether a signature is demanded";
        OneOrMore "key"                KEY_NAME ALL "a key that may sign";
        Once      "grammar"            WORD     ALL "the language, icl";
        Optional  "grammar_version"    ANY      ALL "the version of the language";
        Once      "max_size"           SIZE     ALL "the largest artifact";
    }
    pub(super) APPROVAL {
        Once      "required"   SWITCH   ALL "whether somebody else must agree";
        Optional  "target"     ANY      ALL "where approvals are pulled from";
        Optional  "grammar"    WORD     ALL "the language of approvals, icl";
        OneOrMore "key"        KEY_NAME ALL "a key that may approve";
        Optional  "two_person" SWITCH   ALL "whether two operators must agree";
        Once      "max_age"    SPAN     ALL "how old an approval may be";
    }
    pub(super) FAILURE {
        Optional "on_unreachable"        UNREACHABLE ID_ "when the other end is away";
        Optional "buffer_records"        COUNT   I "records kept at most";
        Optional "buffer_age"            SPAN    I "how long they are kept at most";
        Optional "backoff_max"           SPAN    ID_ "longest wait between tries";
        Optional "alarm"                 PATTERN I "the stream on which the alarm appears";
        Optional "on_buffer_full"        FULL    I "when the buffer is full";
        Optional "on_subscription_lost"  WORD    D "when a subscription ends";
        Optional "on_unknown_tag"        EMIT    D "when a tag is not declared";
        Optional "on_out_of_range"       EMIT    D "when a value is not sound";
        Optional "on_silence"            EMIT    D "when nothing is heard";
        Optional "on_unknown_device"     EMIT    D "when a device is not known";
        Optional "on_signature_invalid"  REJECTS N "when the signature does not hold";
        Optional "on_parse_failure"      REJECTS N "when the text cannot be read";
        Optional "on_validation_failure" REJECTS N "when a rule is broken";
        Optional "on_apply_failure"      REJECTS N "when a gated call fails";
    }
    pub(super) PAYLOAD {
        Repeated "schema"   NAME ALL "a kind of record it carries";
        Optional "max_size" SIZE ALL "largest message";
        Optional "rate"     RATE ALL "messages at most";
    }
    pub(super) PROFILE {
        Once     "kind"             PROFILES ALL "the edge profile";
        Optional "standard"         WORD     ALL "the standard it follows, such as cesmii_i3x";
        Optional "standard_version" ANY      ALL "the version of the standard";
        Once     "protocol"         WORD     ALL "the framing; never HTTP";
        Once     "security"         WORD     ALL "mtls: mutual TLS 1.3";
        Optional "alpn"             TEXT     ALL "the application protocol named in the TLS handshake; never h2 or http/1.1";
        Optional "endpoint"         ANY      ALL "where the other side, or the box, answers: a port such as tls/192.0.2.1:7447";
        Optional "trust_root"       ROOT     ALL "who vouches for the other side";
        Optional "schedule"         WORD     ALL "when batches are sent";
        Optional "table_format"     WORD     ALL "open table format of batches";
        Optional "consumer_level"   COUNT    ALL "Purdue level of the other side";
        Repeated "topic"            TEXT     ALL "topic filter of a bus: the publisher publishes, the consumer subscribes";
    }
    pub(super) INVENTORY {
        Repeated "include" PATTERN ALL "streams that are exposed, without the leading ot.";
        Repeated "exclude" PATTERN ALL "streams that are not, whatever is included";
        Repeated "schema"  NAME    ALL "a kind of record that is among them; none means any";
    }
    pub(super) FRESHNESS {
        Optional "native_resolution"     SPAN ALL "resolution on the box";
        Optional "published"             ANY  ALL "resolution as published; a duration";
        Optional "lag_max"               SPAN ALL "longest way north";
        Optional "query_latency_p99_max" SPAN ALL "longest answer, 99 of 100";
    }
    pub(super) RETENTION {
        Once     "on_box" SPAN ALL "30 days at least";
        Optional "aging"  WORD ALL "which records go first";
    }
    pub(super) ORDERING {
        Optional "sequence"   WORD ALL "monotonic_per_service";
        Optional "service_id" WORD ALL "how services are named, such as uuid_v7";
    }
    pub(super) DELIVERY {
        Once     "mode"             DELIVERIES ALL "how often a record may arrive";
        Optional "consistency"      WORD       ALL "of an answer, such as eventual_with_watermark";
        Optional "dedupe"           WORD       ALL "what the consumer deduplicates by";
        Optional "consumer_dedupes" SWITCH     ALL "whether the consumer must";
        Optional "class"            STYLES     ALL "choreographed or orchestrated";
        Optional "ack"              SWITCH     ALL "whether the consumer acknowledges each message";
    }
    pub(super) GAP {
        Once     "buffer"             SPAN   ALL "how long the box holds records for a consumer that is away";
        Optional "detect"             WORD   ALL "how the consumer finds a gap";
        Once     "watermark"          SWITCH ALL "whether the newest number can be asked";
        Optional "watermark_endpoint" URI    ALL "where it can be asked";
    }
    pub(super) EVOLUTION {
        Once     "additive_within_major" SWITCH ALL "whether minor versions only add";
        Optional "breaking_needs_major"  SWITCH ALL "whether anything else needs a major version";
        Once     "deprecation_overlap"   SPAN   ALL "how long an old major version stays";
    }
    pub(super) AUTH {
        Optional "publisher_ttl"     SPAN ALL "lifetime of the box's SVID, one hour at most";
        Optional "consumer_rotation" SPAN ALL "how often the consumer's credentials change";
        Optional "issuer"            ROOT ALL "who issues the consumer's credentials";
        Optional "cn_alias"          NAME ALL "common name for targets that do not match URIs, 64 bytes at most";
    }
    pub(super) AUDIT {
        Optional "attempts"           SWITCH ALL "whether every attempt is an event";
        Optional "failures"           SWITCH ALL "whether every failure is an event";
        Optional "buffer_events"      SWITCH ALL "whether buffering is an event";
        Optional "consumer_validates" SWITCH B "whether the consumer checks the chain head";
        Optional "head_period"        SPAN   B "how often the head is published, one minute at most";
        Optional "on_failure"         WORD   B "what a failed check is, such as contract_violation";
        Optional "checkpoints"        SWITCH B "whether records carry signed checkpoints of the chain";
    }
    pub(super) QUOTA {
        Optional "rows"           RATE  ALL "rows at most";
        Optional "rows_max"       COUNT ALL "rows of one answer at most";
        Optional "queries"        RATE  ALL "questions at most";
        Optional "timeout"        SPAN  ALL "longest question";
        Optional "complexity_max" COUNT ALL "i3X complexity at most";
        Optional "payload_max"    SIZE  ALL "largest message";
    }
    pub(super) USE {
        Optional "not_for_control"          SWITCH ALL "never moves anything";
        Optional "not_for_safety_interlock" SWITCH ALL "never holds anything safe";
        Optional "advisory_only"            SWITCH ALL "informs people only";
        Optional "attribute_to_box"         SWITCH ALL "the consumer names the box as its source";
        Optional "relay_to_agents"          SWITCH ALL "the consumer may pass it to AI agents";
        Optional "log_queries"              SWITCH ALL "the consumer keeps a record of its questions";
    }
    pub(super) IO_ATTESTATION {
        Once     "enabled"       SWITCH ALL "whether an IO master checks it";
        Optional "via"           NAME   ALL "which IO master";
        Optional "tolerance"     RATIO  ALL "how far two readings may lie apart";
        Optional "on_divergence" WORD   ALL "what happens beyond it";
    }
    pub(super) ATTESTATION {
        Once     "check_period"  SPAN ALL "how often running and staged are compared";
        Optional "on_divergence" WORD ALL "what happens when they differ";
    }
    pub(super) UPSTREAM {
        Optional "bandwidth_min"      RATE   ALL "connectivity: throughput at least";
        Optional "latency_p99_max"    SPAN   ALL "connectivity: longest way, 99 of 100";
        Optional "uptime_min"         RATIO  ALL "connectivity: share of the time at least";
        Optional "path"               WORD   ALL "connectivity: which way, such as primary_fibre";
        Optional "redundancy"         WORD   ALL "connectivity: which spare, such as dual_wan";
        Optional "issuer"             ROOT   ALL "auth: who issues its credentials";
        Optional "rotation"           SPAN   ALL "auth: how often they change";
        Optional "custody"            WORD   ALL "auth: where its keys are held, such as hsm";
        Optional "continuity"         WORD   ALL "auth: whether its identity outlives a change of operator";
        Optional "window_max"         SPAN   ALL "ack: longest wait for an acknowledgement";
        Optional "query_response_max" SPAN   ALL "query: longest wait for an answer to the box";
        Optional "accepts_loose"      SWITCH ALL "schema: whether it takes what it does not know";
        Optional "on_call"            URI    ALL "incident: who is called";
        Optional "response_max"       SPAN   ALL "incident: until when somebody answers";
        Optional "escalation"         URI    ALL "incident: who is called next";
        Optional "sustained_rows"     RATE   ALL "capacity: what it always takes";
        Optional "burst_rows"         RATE   ALL "capacity: what it takes for a while; a box above takes no more in a period";
        Optional "verify_every"       SPAN   ALL "audit: how often it checks the chain head";
    }
    pub(super) RACI {
        Repeated "acs_responsible"      NAME ALL "who does the work on the box's side";
        Repeated "acs_accountable"      NAME ALL "the one role on the hook there";
        Repeated "upstream_responsible" NAME ALL "who does the work on the other side";
        Repeated "upstream_accountable" NAME ALL "the one role on the hook there";
        Repeated "consulted"            NAME ALL "who is asked";
        Repeated "informed"             NAME ALL "who is told";
        Optional "not_applicable"       TEXT ALL "why this event cannot occur";
    }
    pub(super) SLA {
        Optional "metric" PATTERN ALL "what is measured, of the contract streams, such as delivery.ack_latency_p99";
        Optional "max"    ANY     ALL "the largest value that is kept";
        Optional "min"    ANY     ALL "the smallest value that is kept";
        Optional "window" SPAN    ALL "over how long";
        Optional "breach" PATTERN ALL "the stream on which a breach appears, ot.contract.sla_breach";
    }
}
