"""Checks the IO master's signature of a record with another library, from what the record says.

Standard input is JSON: the public key in hexadecimal, the source, the kind, the time, the number and the fields of the event.
What is signed is written down in iia-audit/src/own.rs: a line of context, and the canonical CBOR of the source and the event
without its last field.
"""

import base64
import json
import struct
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def head(major, number):
    """RFC 8949, 4.2.1: the shortest form."""
    for limit, extra, form in [(24, None, None), (1 << 8, 24, ">B"), (1 << 16, 25, ">H"), (1 << 32, 26, ">I"), (1 << 64, 27, ">Q")]:
        if number < limit:
            return bytes([major << 5 | number]) if extra is None else bytes([major << 5 | extra]) + struct.pack(form, number)


def cbor(value):
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, str):
        data = value.encode()
        return head(3, len(data)) + data
    return head(4, len(value)) + b"".join(cbor(one) for one in value)


told = json.load(sys.stdin)
*fields, (name, blob) = told["fields"]
assert name == "own_signature", name
key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(told["key"]))


def holds(fields):
    body = [told["source"], [told["kind"], told["ts_ns"], told["number"], fields]]
    try:
        key.verify(base64.b64decode(blob), b"iia 2026-11 own signature v1\n" + cbor(body))
    except InvalidSignature:
        return False
    return True


assert holds(fields), "the signature does not hold"
bent = [[name, value + "0"] if name == "count" else [name, value] for name, value in fields]
assert bent != fields and not holds(bent), "it holds for another count as well"
print("holds")
