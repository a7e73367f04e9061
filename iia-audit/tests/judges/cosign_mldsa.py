"""ML-DSA-44 cosignatures (C2SP tlog-cosignature) by another implementation: verifies one, and makes one of its own.

    python cosign_mldsa.py VKEY NOTE

Needs the package dilithium-py.
"""
import base64
import hashlib
import struct
import sys

from dilithium_py.ml_dsa import ML_DSA_44

DASH = "\u2014 "


def message(name, time, head):
    origin, size, root = head.split("\n")[:3]
    text = b"subtree/v1\n\0" + bytes([len(name)]) + name.encode() + struct.pack(">Q", time)
    text += bytes([len(origin)]) + origin.encode() + struct.pack(">QQ", 0, int(size))
    return text + base64.b64decode(root)


def key_id(name, key):
    return hashlib.sha256(name.encode() + b"\n\x06" + key).digest()[:4]


def main():
    vkey, note = sys.argv[1:]
    head = note.split("\n\n")[0]
    name, stated, blob = vkey.split("+", 2)
    key = base64.b64decode(blob)
    assert key[0] == 6 and key_id(name, key[1:]).hex() == stated
    line = next(line for line in note.split("\n") if line.startswith(DASH + name + " "))
    blob = base64.b64decode(line.rsplit(" ", 1)[1])
    assert blob[:4].hex() == stated
    (time,) = struct.unpack(">Q", blob[4:12])
    good = ML_DSA_44.verify(key[1:], message(name, time, head), blob[12:])
    bent = ML_DSA_44.verify(key[1:], message(name, time + 1, head), blob[12:])
    print(f"{'good' if good else 'bad'} {time}, bent {'accepted' if bent else 'refused'}")
    own, public, secret = "judge.example/w", *ML_DSA_44.keygen()
    own_id = key_id(own, public)
    print(f"{own}+{own_id.hex()}+{base64.b64encode(bytes([6]) + public).decode()}")
    signature = ML_DSA_44.sign(secret, message(own, 7, head))
    print(DASH + own + " " + base64.b64encode(own_id + struct.pack(">Q", 7) + signature).decode())


main()
