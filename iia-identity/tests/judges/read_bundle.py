"""Reads a SPIFFE bundle and says of each key whether what is written out is the key of its certificate."""

import base64
import json
import sys

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa


def text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value: int, length: int = 0) -> str:
    return text(value.to_bytes(length or (value.bit_length() + 7) // 8, "big"))


def written(key) -> dict:
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        return {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}
    if isinstance(key, ed25519.Ed25519PublicKey):
        return {"kty": "OKP", "crv": "Ed25519", "x": text(key.public_bytes_raw())}
    assert isinstance(key, ec.EllipticCurvePublicKey)
    numbers, length = key.public_numbers(), (key.curve.key_size + 7) // 8
    name = {256: "P-256", 384: "P-384", 521: "P-521"}[key.curve.key_size]
    return {"kty": "EC", "crv": name, "x": number(numbers.x, length), "y": number(numbers.y, length)}


for key in json.load(open(sys.argv[1]))["keys"]:
    assert key["use"] == "x509-svid" and "kid" not in key
    (certificate,) = key["x5c"]
    root = x509.load_der_x509_certificate(base64.b64decode(certificate, validate=True))
    material = {name: value for name, value in key.items() if name not in ("use", "x5c")}
    print(material["kty"], material.get("crv", "-"), material == written(root.public_key()))
