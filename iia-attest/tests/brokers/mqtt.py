"""Tries every topic as every client at a broker, with MQTT 5: who comes in, what is acknowledged, what is delivered."""
import ssl

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion


def connect(who):
    """A client that is let in, or nothing."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=who["id"], protocol=mqtt.MQTTv5)
    if who["user"] is not None:
        client.username_pw_set(who["user"], "x")
    if task["tls"]:
        context = ssl.create_default_context(cafile=folder / "ca.pem")
        if who["certificate"] is not None:
            number = task["users"].index(who["certificate"])
            context.load_cert_chain(folder / f"{number}.pem", folder / "key.pem")
        client.tls_set_context(context)
    said = []
    client.on_connect = lambda c, d, flags, reason, p: said.append(reason.value)
    try:
        client.connect("localhost", task["port"])
        until(client, lambda: said)
    except (OSError, EOFError):
        return None
    return client if said == [0] else None


def until(client, done):
    for _ in range(1000):
        if done():
            return
        if client.loop(timeout=0.2) != mqtt.MQTT_ERR_SUCCESS:
            raise EOFError("the broker hung up")
    raise SystemExit("the broker does not answer")


def publish(client, topics):
    """The reason code of each topic's acknowledgement."""
    codes = {}
    client.on_publish = lambda c, d, mid, reason, p: codes.__setitem__(mid, reason.value)
    sent = {client.publish(topic, topic, qos=1).mid: topic for topic in topics}
    until(client, lambda: len(codes) == len(sent))
    return {topic: codes[mid] for mid, topic in sent.items()}


def subscribe(client, topic):
    granted = []
    client.on_subscribe = lambda c, d, mid, reasons, p: granted.append(reasons)
    client.subscribe(topic, qos=0)
    until(client, lambda: granted)


def tried():
    clients = [connect(who) for who in task["clients"]]
    judge = connect(task["judge"])
    answer = []
    for client in clients:
        answer.append({"entered": client is not None, "heard": []})
        if client is None:
            continue
        answer[-1]["written"] = publish(client, task["topics"])
        heard = answer[-1]["heard"]
        client.on_message = lambda c, d, message, heard=heard: heard.append(message.topic)
        subscribe(client, "#")
        subscribe(client, "$X/#")
    codes = publish(judge, task["topics"]) if judge else {}
    for client in filter(None, clients):
        # What was delivered comes before the answer to this.
        subscribe(client, "iia-test/end")
        client.disconnect()
    return {"clients": answer, "judged": [topic for topic, code in codes.items() if code < 0x80]}


if task["do"] == "certificates":
    certificates(lambda user: (name(user), None))
    json.dump(None, sys.stdout)
else:
    json.dump(tried(), sys.stdout)
