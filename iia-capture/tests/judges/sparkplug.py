"""Payloads of Sparkplug B as Protocol Buffers of Google write them and read them again, by the description that Sparkplug publishes."""

import datetime

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

import conversation

# sparkplug_b.proto: each message with its members in the order of their numbers; `*` stands for any number of them, and
# `value:` for the first of those of which there is one.
DESCRIPTION = """
Payload: uint64 timestamp, Metric* metrics, uint64 seq, string uuid, bytes body
Metric: string name, uint64 alias, uint64 timestamp, uint32 datatype, bool is_historical, bool is_transient, bool is_null,
 MetaData metadata, PropertySet properties, value: uint32 int_value, uint64 long_value, float float_value, double double_value,
 bool boolean_value, string string_value, bytes bytes_value, DataSet dataset_value, Template template_value
DataSet: uint64 num_of_columns, string* columns, uint32* types, Row* rows
Row: DataSetValue* elements
DataSetValue: value: uint32 int_value, uint64 long_value, float float_value, double double_value, bool boolean_value, string string_value
Template: string version, Metric* metrics, Parameter* parameters, string template_ref, bool is_definition
Parameter: string name, uint32 type, value: uint32 int_value, uint64 long_value, float float_value, double double_value,
 bool boolean_value, string string_value
PropertySet: string* keys, PropertyValue* values
PropertyValue: uint32 type, bool is_null, value: uint32 int_value, uint64 long_value, float float_value, double double_value,
 bool boolean_value, string string_value, PropertySet propertyset_value, PropertySetList propertysets_value
PropertySetList: PropertySet* propertyset
MetaData: bool is_multi_part, string content_type, uint64 size, uint64 seq, string file_name, string file_type, string md5,
 string description
"""


def payload():
    """The class of payloads."""
    file = descriptor_pb2.FileDescriptorProto(name="sparkplug_b.proto", package="sparkplug", syntax="proto2")
    for line in DESCRIPTION.replace("\n ", " ").strip().splitlines():
        name, members = line.split(": ", 1)
        message = file.message_type.add(name=name)
        chosen = False
        for number, member in enumerate(members.split(", "), 1):
            if member.startswith("value: "):
                chosen, member = True, member.removeprefix("value: ")
                message.oneof_decl.add(name="value")
            kind, name = member.split()
            field = message.field.add(name=name, number=number)
            field.label = field.LABEL_REPEATED if kind.endswith("*") else field.LABEL_OPTIONAL
            kind = kind.rstrip("*")
            if kind[0].isupper():
                field.type, field.type_name = field.TYPE_MESSAGE, ".sparkplug." + kind
            else:
                field.type = getattr(field, "TYPE_" + kind.upper())
            if chosen:
                field.oneof_index = 0
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("sparkplug.Payload"))


def moment(millis):
    at = datetime.datetime.fromtimestamp(millis // 1000, datetime.timezone.utc)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{millis % 1000:03}000000Z"


SIGNED = {1: 32, 2: 32, 3: 32, 4: 64}
DATE_TIME = 13


def plain(message, datatype):
    """The plain value that stands in a message; a number with a sign where its type has one (Sparkplug 3.0.0, 6.4.16)."""
    value = getattr(message, message.WhichOneof("value"))
    bits = SIGNED.get(datatype)
    if bits and value >> (bits - 1):
        return value - (1 << bits)
    return moment(value) if datatype == DATE_TIME else value


class Reading:
    """What a payload says, in the order in which it is told."""

    def __init__(self, payload):
        self.fields = []
        self.some("", payload, ["timestamp", "seq", "uuid", "body"])
        for metric in payload.metrics:
            self.metric(metric, 0)

    def say(self, name, value):
        self.fields.append(("iia.sparkplug." + name, value))

    def some(self, prefix, message, names):
        for name in names:
            if message.HasField(name):
                value = getattr(message, name)
                self.say(prefix + name, moment(value) if name == "timestamp" else value)

    def metric(self, metric, depth):
        if depth:
            self.say("metric.depth", depth)
        self.some("metric.", metric, ["name", "alias", "timestamp", "is_historical", "is_transient", "is_null", "datatype"])
        names = [field.name for field in metric.metadata.DESCRIPTOR.fields]
        self.some("metadata.", metric.metadata, names)
        self.properties(metric.properties)
        match metric.WhichOneof("value"):
            case None:
                pass
            case "dataset_value":
                self.data_set(metric.dataset_value)
            case "template_value":
                self.template(metric.template_value, depth)
            case _:
                self.say("metric.value", plain(metric, metric.datatype))

    def properties(self, properties):
        for key in properties.keys:
            self.say("property.key", key)
        for value in properties.values:
            for name in ["type", "is_null"]:
                if value.HasField(name):
                    self.say("property." + name, getattr(value, name))
            match value.WhichOneof("value"):
                case None:
                    pass
                case "propertyset_value":
                    self.properties(value.propertyset_value)
                case "propertysets_value":
                    for one in value.propertysets_value.propertyset:
                        self.properties(one)
                case _:
                    self.say("property.value", plain(value, value.type))

    def data_set(self, table):
        self.say("dataset.columns", table.num_of_columns)
        for name in table.columns:
            self.say("dataset.column", name)
        for kind in table.types:
            self.say("dataset.type", kind)
        for number, row in enumerate(table.rows):
            self.say("dataset.row", number)
            for kind, value in zip(table.types, row.elements):
                self.say("dataset.value", plain(value, kind))

    def template(self, template, depth):
        self.some("template.", template, ["version"])
        if template.HasField("template_ref"):
            self.say("template.ref", template.template_ref)
        self.some("template.", template, ["is_definition"])
        for metric in template.metrics:
            self.metric(metric, depth + 1)
        for parameter in template.parameters:
            self.say("parameter.name", parameter.name)
            self.say("parameter.type", parameter.type)
            self.say("parameter.value", plain(parameter, parameter.type))


AT = 1_668_114_759_262
BIRTH = dict(
    timestamp=AT,
    seq=0,
    uuid="0f1e2d3c",
    body=b"\xca\xfe",
    metrics=[
        dict(name="bdSeq", timestamp=AT, datatype=4, long_value=2**64 - 9),
        dict(
            name="force",
            alias=7,
            timestamp=AT + 1,
            datatype=10,
            is_historical=True,
            is_transient=True,
            double_value=42.75,
            properties=dict(
                keys=["unit", "low", "range", "ranges", "none"],
                values=[
                    dict(type=12, string_value="kN"),
                    dict(type=3, int_value=2**32 - 7),
                    dict(type=20, propertyset_value=dict(keys=["high"], values=[dict(type=9, float_value=0.5)])),
                    dict(type=21, propertysets_value=dict(propertyset=[dict(keys=["a"], values=[dict(type=11, boolean_value=True)])])),
                    dict(type=12, is_null=True),
                ],
            ),
        ),
        dict(name="gone", alias=8, datatype=12, is_null=True),
        dict(
            name="recipe",
            datatype=18,
            bytes_value=b"\x01\x02\x03",
            metadata=dict(
                is_multi_part=True, content_type="text/csv", size=3, seq=1, file_name="r.csv", file_type="csv", md5="5289df73", description="a part"
            ),
        ),
        dict(
            name="table",
            datatype=16,
            dataset_value=dict(
                num_of_columns=3,
                columns=["id", "name", "on"],
                types=[3, 12, 11],
                rows=[
                    dict(elements=[dict(int_value=5), dict(string_value="a"), dict(boolean_value=True)]),
                    dict(elements=[dict(int_value=2**32 - 1), dict(string_value="b"), dict(boolean_value=False)]),
                ],
            ),
        ),
        dict(
            name="motor",
            datatype=19,
            template_value=dict(
                version="2",
                is_definition=True,
                metrics=[
                    dict(name="rpm", datatype=7, int_value=1500),
                    dict(name="inner", datatype=19, template_value=dict(template_ref="part", metrics=[dict(name="at", datatype=13, long_value=AT)])),
                ],
                parameters=[dict(name="poles", type=3, int_value=4), dict(name="maker", type=12, string_value="x")],
            ),
        ),
    ],
)
DATA = dict(timestamp=AT + 2, seq=1, metrics=[dict(alias=7, timestamp=AT + 2, double_value=43.5)])


def main():
    Payload = payload()
    for topic, said, extra in [
        ("spBv1.0/hall/NBIRTH/edge", BIRTH, [("group", "hall"), ("type", "NBIRTH"), ("edge_node", "edge")]),
        ("spBv1.0/hall/DDATA/edge/press", DATA, [("group", "hall"), ("type", "DDATA"), ("edge_node", "edge"), ("device", "press")]),
    ]:
        written = Payload(**said).SerializeToString()
        conversation.published([(topic, written)])
        reading = Reading(Payload.FromString(written))
        conversation.told([("iia.sparkplug." + name, value) for name, value in extra] + reading.fields)


main()
