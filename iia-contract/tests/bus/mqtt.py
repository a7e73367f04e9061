"""Tries every topic as every user at a broker, with MQTT 5: which publications are acknowledged, what is delivered."""
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

END = "iia-test/end"


def connect(user):
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"c{user}", protocol=mqtt.MQTTv5)
    own = folder / f"{task['users'].index(user)}.pem"
    client.tls_set(folder / "ca.pem", own, folder / "key.pem")
    client.connect("localhost", task["port"])
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


def tried():
    users = [user for user in task["users"] if user != task["judge"]]
    written = {user: publish(user) for user in users}
    listeners = {user: subscribe(user) for user in users}
    publish(task["judge"])
    for client, heard in listeners.values():
        until(client, lambda: END in heard)
    read = {user: sorted(set(heard) - {END}) for user, (_, heard) in listeners.items()}
    return {"written": written, "read": read}


if task["do"] == "certificates":
    certificates(lambda user: (name(user), None))
    json.dump(None, sys.stdout)
else:
    json.dump(tried(), sys.stdout)
