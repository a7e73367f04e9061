"""How judges print what they wrote: frames, then fields and their values, as the files of tests/layouts have them."""

CONNECT = bytes.fromhex("100e00044d5154540402003c00026964")
CONNACK = bytes.fromhex("20020000")


def number(value):
    """The length of the rest of a packet (MQTT 3.1.1, 2.2.3)."""
    out = b""
    while True:
        value, low = divmod(value, 128)
        out += bytes([low | (128 if value else 0)])
        if not value:
            return out


def publish(topic, payload):
    body = len(topic).to_bytes(2, "big") + topic.encode() + payload
    return b"\x30" + number(len(body)) + body


def frame(way, data, answers=False):
    print("<" if answers else ">", way, data.hex())


def told(fields):
    for name, value in fields:
        print(name, spelled(value))
    print()


def published(messages):
    """Topics and payloads of one client."""
    frame("tcp 1883", CONNECT)
    frame("tcp 1883", CONNACK, answers=True)
    for topic, payload in messages:
        frame("tcp 1883", publish(topic, payload))


def spelled(value):
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float) and value == int(value):
        return int(value)
    return value
