"""Verifies receipts of a vault against the store itself; written from the vault's page, with the usual client.

receipt.py ENDPOINT ACCESS SECRET KEY RECEIPT...
"""
import base64
import hashlib
import sys

import boto3
from blake3 import blake3
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FIELDS = ["log", "id", "segment", "chain", "root", "digest", "endpoint", "bucket", "object", "version",
          "retain-until", "probe", "stored"]


def signed_text(note, vkey):
    """The text of a C2SP signed note, once the key's signature is good."""
    name, key_hash, key = vkey.split("+", 2)
    key = base64.b64decode(key)
    assert key[0] == 1
    assert hashlib.sha256(name.encode() + b"\n" + key).hexdigest()[:8] == key_hash
    text, lines = note.rsplit("\n\n", 1)
    text += "\n"
    for line in lines.splitlines():
        dash, signer, blob = line.split(" ")
        blob = base64.b64decode(blob)
        if (dash, signer, blob[:4].hex()) == ("\u2014", name, key_hash):
            Ed25519PublicKey.from_public_bytes(key[1:]).verify(blob[4:], text.encode())
            return text
    raise ValueError("no signature by this key")


def main(endpoint, access, secret, vkey, *paths):
    s3 = boto3.client("s3", endpoint_url=endpoint, aws_access_key_id=access, aws_secret_access_key=secret,
                      region_name="us-east-1")
    for path in paths:
        lines = signed_text(open(path, encoding="utf-8").read(), vkey).splitlines()
        assert lines.pop(0) == "iia-vault-receipt 1"
        said = dict(zip(FIELDS, lines, strict=True))
        for name, line in said.items():
            assert line.startswith(name + " "), line
            said[name] = line[len(name) + 1:]
        at = dict(Bucket=said["bucket"], Key=said["object"], VersionId=said["version"])
        body = s3.get_object(**at)["Body"].read()
        digest, length = said["digest"].split(" ")
        assert int(length) == len(body)
        assert digest == "b3:" + blake3(body, derive_key_context="iia 2026-11 file v1").hexdigest()
        lock = s3.get_object_retention(**at)["Retention"]
        assert lock["Mode"] == "COMPLIANCE"
        assert lock["RetainUntilDate"].strftime("%Y-%m-%dT%H:%M:%SZ") == said["retain-until"]
        first, end = map(int, said["segment"].split(" "))
        assert first < end
    print(len(paths), "receipts hold")


main(*sys.argv[1:])
