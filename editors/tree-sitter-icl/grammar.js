// Written by `iia config schema tree-sitter`; a test says when it is stale.
/// <reference types="tree-sitter-cli/dsl" />

const KINDS = [
  'approval', 'approval_rule', 'artifact', 'conduit', 'confirmation', 'consumer', 'contract', 'credential',
  'endpoint', 'fleet', 'idp', 'image', 'interface', 'io_tolerance', 'key', 'manifest',
  'party', 'policy', 'profile', 'revocation', 'ruleset', 'service', 'trust_root', 'unit',
  'waiver', 'zone',
];
const BLOCKS = [
  'approval', 'artifact', 'attestation', 'audit', 'auth', 'delivery', 'device', 'evolution',
  'failure', 'freshness', 'gap', 'gateway', 'inventory', 'io_attestation', 'observation', 'ordering',
  'payload', 'profile', 'pull', 'quota', 'raci', 'retention', 'session', 'sla',
  'tag', 'transport', 'upstream', 'use',
];
const KEYS = [
  'accepts_loose', 'account', 'accountable', 'ack', 'acknowledged', 'acs_accountable', 'acs_responsible', 'additive_within_major',
  'address', 'advisory_only', 'aging', 'alarm', 'alerts', 'allow', 'alpn', 'application',
  'approval', 'argument', 'artifact', 'attempts', 'attestation_key', 'attribute_to_box', 'audience', 'backoff_max',
  'bandwidth_min', 'box', 'breach', 'breaking_needs_major', 'bridge', 'buffer', 'buffer_age', 'buffer_events',
  'buffer_records', 'burst_rows', 'cadence', 'capture', 'cardinality', 'certificate', 'check_period', 'checkpoints',
  'class', 'classification', 'client', 'cn_alias', 'collector', 'complexity_max', 'config', 'connect',
  'consistency', 'consulted', 'consumer', 'consumer_dedupes', 'consumer_level', 'consumer_role', 'consumer_rotation', 'consumer_validates',
  'contact', 'continuity', 'contract', 'custody', 'dedupe', 'deprecated', 'deprecation_overlap', 'destination',
  'detect', 'digest', 'document_max', 'domain', 'durable', 'enabled', 'endpoint', 'engine',
  'escalation', 'ethertype', 'every', 'exclude', 'expected', 'expires', 'failures', 'fleet',
  'forward', 'from', 'function', 'grammar', 'grammar_version', 'half', 'head_period', 'high',
  'identity', 'image', 'image_trust_root', 'include', 'informed', 'interface', 'issued', 'issuer',
  'journal', 'journal_path', 'key', 'kind', 'lag_max', 'latency_p99_max', 'lease', 'ledger',
  'listen', 'location', 'log_queries', 'low', 'maintenance', 'max', 'max_age', 'max_size',
  'memory', 'metric', 'min', 'mode', 'model', 'native_resolution', 'network', 'network_server',
  'not_after', 'not_applicable', 'not_before', 'not_for_control', 'not_for_safety_interlock', 'nts', 'observer', 'on_apply_failure',
  'on_box', 'on_buffer_full', 'on_call', 'on_divergence', 'on_failure', 'on_out_of_range', 'on_parse_failure', 'on_restore',
  'on_signature_invalid', 'on_silence', 'on_subscription_lost', 'on_unknown_device', 'on_unknown_tag', 'on_unreachable', 'on_validation_failure', 'operation',
  'operator', 'organization', 'os', 'path', 'payload_max', 'policy', 'port', 'previous',
  'program', 'protocol', 'public', 'published', 'publisher', 'publisher_ttl', 'puller', 'purpose',
  'qos', 'queries', 'query_latency_p99_max', 'query_response_max', 'queue_depth', 'range', 'rate', 'read',
  'reason', 'receiver', 'record', 'redundancy', 'reference', 'relay_line', 'relay_program', 'relay_to_agents',
  'repository', 'required', 'response_max', 'retention', 'revision', 'role', 'roots', 'rotation',
  'routed', 'rows', 'rows_max', 'rule', 'rules', 'sample', 'schedule', 'schema',
  'scope', 'security', 'seen', 'sender', 'sensor', 'sequence', 'serial', 'server',
  'service_id', 'shadow', 'share', 'side', 'signature_required', 'silence', 'size', 'skew',
  'sl_target', 'source', 'standard', 'standard_version', 'state', 'store', 'stream', 'strict',
  'subnet', 'sustained_rows', 'table', 'table_format', 'target', 'threshold', 'timeout', 'tls_min',
  'to', 'tolerance', 'topic', 'topology', 'trust_domain', 'trust_root', 'two_person', 'type',
  'unit', 'upstream_accountable', 'upstream_responsible', 'uptime_min', 'use', 'user', 'user_auth', 'value',
  'vendor', 'verify_every', 'via', 'vlan', 'watermark', 'watermark_endpoint', 'window', 'window_max',
  'workload', 'write',
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
