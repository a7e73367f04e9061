"""A client of MQTT 5 and an edge node of Sparkplug B: python3 peer.py PORT. Says as JSON what it published in Sparkplug."""

import json
import sys
import threading
import time

import paho.mqtt.client as mqtt
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

PORT = int(sys.argv[1])
KINDS = {"u32": 13, "u64": 4, "float": 2, "double": 1, "bool": 8, "string": 9, "bytes": 12}

# Fields of the messages of Sparkplug 3.0.0, 6.4.1: number, type, and * where it repeats.
MESSAGES = {
    "DataSetValue": "int_value=1:u32 long_value=2:u64 float_value=3:float double_value=4:double boolean_value=5:bool "
    "string_value=6:string",
    "Row": "elements=1:*DataSetValue",
    "DataSet": "num_of_columns=1:u64 columns=2:*string types=3:*u32 rows=4:*Row",
    "PropertyValue": "type=1:u32 is_null=2:bool int_value=3:u32 long_value=4:u64 float_value=5:float double_value=6:double "
    "boolean_value=7:bool string_value=8:string propertyset_value=9:PropertySet",
    "PropertySet": "keys=1:*string values=2:*PropertyValue",
    "Parameter": "name=1:string type=2:u32 int_value=3:u32 long_value=4:u64 float_value=5:float double_value=6:double "
    "boolean_value=7:bool string_value=8:string",
    "Template": "version=1:string metrics=2:*Metric parameters=3:*Parameter template_ref=4:string is_definition=5:bool",
    "MetaData": "is_multi_part=1:bool content_type=2:string size=3:u64 seq=4:u64 file_name=5:string file_type=6:string "
    "md5=7:string description=8:string",
    "Metric": "name=1:string alias=2:u64 timestamp=3:u64 datatype=4:u32 is_historical=5:bool is_transient=6:bool is_null=7:bool "
    "metadata=8:MetaData properties=9:PropertySet int_value=10:u32 long_value=11:u64 float_value=12:float "
    "double_value=13:double boolean_value=14:bool string_value=15:string bytes_value=16:bytes dataset_value=17:DataSet "
    "template_value=18:Template",
    "Payload": "timestamp=1:u64 metrics=2:*Metric seq=3:u64 uuid=4:string body=5:bytes",
}


def sparkplug():
    file = descriptor_pb2.FileDescriptorProto(name="sparkplug.proto", package="p", syntax="proto2")
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field in fields.split():
            label, rest = field.split("=")
            number, kind = rest.split(":")
            one = message.field.add(name=label, number=int(number), label=3 if kind[0] == "*" else 1)
            kind = kind.lstrip("*")
            one.type = KINDS.get(kind, 11)
            if kind not in KINDS:
                one.type_name = ".p." + kind
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("p.Payload"))


Payload = sparkplug()
METRICS = [
    ("press/force", 1, 9, "float_value", 1.5),
    ("press/speed", 2, 3, "int_value", 2**32 - 7),
    ("press/total", 3, 8, "long_value", 2**40),
    ("press/on", 4, 11, "boolean_value", True),
    ("press/state", 5, 12, "string_value", "running"),
    ("press/level", 6, 10, "double_value", -0.25),
    ("press/start", 7, 13, "long_value", 1700000000123),
    ("press/small", 8, 1, "int_value", 0xFF),
]


def birth():
    payload = Payload(timestamp=1700000000000, seq=0)
    for name, alias, datatype, member, value in METRICS:
        metric = payload.metrics.add(name=name, alias=alias, datatype=datatype, timestamp=1700000000000)
        setattr(metric, member, value)
    metric = payload.metrics.add(name="press/table", datatype=16)
    metric.dataset_value.num_of_columns = 2
    metric.dataset_value.columns.extend(["a", "b"])
    metric.dataset_value.types.extend([3, 12])
    row = metric.dataset_value.rows.add()
    row.elements.add(int_value=2**32 - 1)
    row.elements.add(string_value="x")
    metric = payload.metrics.add(name="press/model", datatype=19)
    metric.template_value.template_ref = "motor"
    metric.template_value.parameters.add(name="poles", type=3, int_value=4)
    metric.template_value.metrics.add(name="rpm", datatype=3, int_value=1450)
    metric = payload.metrics.add(name="press/unit", datatype=3, int_value=1)
    metric.properties.keys.append("engUnit")
    metric.properties.values.add(type=12, string_value="bar")
    metric.metadata.description = "what the press does"
    return payload.SerializeToString()


def data():
    payload = Payload(timestamp=1700000001000, seq=1)
    for _, alias, _, member, value in METRICS:
        metric = payload.metrics.add(alias=alias, timestamp=1700000001000)
        setattr(metric, member, value)
    return payload.SerializeToString()


def props(packet, **values):
    own = Properties(packet)
    for name, value in values.items():
        setattr(own, name, value)
    return own


def said(client, topic, payload, qos=0, **values):
    info = client.publish(topic, payload, qos, properties=props(PacketTypes.PUBLISH, **values))
    info.wait_for_publish(10)


class Wait:
    """Lets one answer at a time go by."""

    def __init__(self):
        self.event = threading.Event()

    def came(self, *_):
        self.event.set()

    def wait(self):
        assert self.event.wait(10)
        self.event.clear()


wait = Wait()
client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, "peer-5", protocol=mqtt.MQTTv5)
client.on_connect = client.on_subscribe = client.on_unsubscribe = wait.came
client.username_pw_set("press", "secret-of-the-press")
client.will_set("spBv1.0/plant/NDEATH/edge", birth(), 1, False, props(PacketTypes.WILLMESSAGE, WillDelayInterval=5))
connect = props(
    PacketTypes.CONNECT, SessionExpiryInterval=60, ReceiveMaximum=20, TopicAliasMaximum=5, UserProperty=("who", "peer"),
    RequestProblemInformation=1,
)
client.connect("127.0.0.1", PORT, 30, properties=connect)
client.loop_start()
wait.wait()
many = [("plant/+/press", SubscribeOptions(2, True, True, 1)), ("plant/only", SubscribeOptions(0)), ("spBv1.0/#", SubscribeOptions(1))]
client.subscribe(many, properties=props(PacketTypes.SUBSCRIBE, SubscriptionIdentifier=7, UserProperty=("why", "test")))
wait.wait()
said(client, "plant/1/press", b"zero", 0, ContentType="text/plain", PayloadFormatIndicator=1)
said(client, "plant/1/other", b"one", 1, MessageExpiryInterval=9, ResponseTopic="plant/answer", CorrelationData=b"\x01\x02")
said(client, "plant/1/third", b"two", 2, UserProperty=[("a", "1"), ("b", "2")])
said(client, "plant/aliased/topic", b"bound", 0, TopicAlias=3)
said(client, "", b"by alias", 0, TopicAlias=3)
said(client, "", b"by alias, acknowledged", 1, TopicAlias=3)
said(client, "plant/nobody", b"", 1)
said(client, "spBv1.0/plant/NBIRTH/edge", birth(), 0)
said(client, "spBv1.0/plant/NDATA/edge", data(), 0)
said(client, "spBv1.0/plant/NDATA/edge", data(), 1)
client.unsubscribe(["plant/only", "plant/never"], properties=props(PacketTypes.UNSUBSCRIBE, UserProperty=("u", "v")))
wait.wait()
time.sleep(0.3)
client.disconnect(ReasonCode(PacketTypes.DISCONNECT, identifier=4), props(PacketTypes.DISCONNECT, SessionExpiryInterval=0))
time.sleep(0.3)
client.loop_stop()
print(json.dumps([[name, datatype, value] for name, _, datatype, _, value in METRICS]))
