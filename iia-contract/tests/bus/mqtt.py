"""Tries every topic as every user at a broker, with MQTT 5: which publications are acknowledged, what is delivered."""
import json
import sys

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

END = "iia-test/end"
task = json.load(sys.stdin)


def connect(user):
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"c{user}", protocol=mqtt.MQTTv5)
    client.username_pw_set(user)
    client.connect("127.0.0.1", task["port"])
    until(client, lambda: client.is_connected())
    return client


def until(client, done):
    for _ in range(100_000):
        if done():
            return
        if client.loop(timeout=0.2) != mqtt.MQTT_ERR_SUCCESS:
            raise SystemExit("the broker hung up")
    raise SystemExit("the broker does not answer")


def publish(user):
    """The reason code of each topic's acknowledgement."""
    client, codes = connect(user), {}
    client.on_publish = lambda c, d, mid, reason, p: codes.__setitem__(mid, reason.value)
    sent = {client.publish(topic, topic, qos=1).mid: topic for topic in task["topics"]}
    until(client, lambda: len(codes) == len(sent))
    client.disconnect()
    return {topic: codes[mid] for mid, topic in sent.items()}


def subscribe(user):
    """A client that hears everything it may, and what it heard."""
    client, heard, granted = connect(user), [], []
    client.on_message = lambda c, d, message: heard.append(message.topic)
    client.on_subscribe = lambda c, d, mid, reasons, p: granted.extend(reasons)
    client.subscribe("#", qos=1)
    until(client, lambda: granted)
    return client, heard


written = {user: publish(user) for user in task["users"]}
listeners = {user: subscribe(user) for user in task["users"]}
publish(task["judge"])
for client, heard in listeners.values():
    until(client, lambda: END in heard)
read = {user: sorted(set(heard) - {END}) for user, (_, heard) in listeners.items()}
json.dump({"written": written, "read": read}, sys.stdout)
