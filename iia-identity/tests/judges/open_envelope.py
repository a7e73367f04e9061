"""Verifies the DSSE envelope of a sigstore bundle: python open_envelope.py BUNDLE PUBLIC_KEY."""
import json
import sys

from cryptography.hazmat.primitives.serialization import load_pem_public_key
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey

raw = json.load(open(sys.argv[1]))["dsseEnvelope"]
key = SSlibKey.from_crypto(load_pem_public_key(open(sys.argv[2], "rb").read()))
for signature in raw["signatures"]:
    signature["keyid"] = key.keyid
envelope = Envelope.from_dict(raw)
try:
    envelope.verify([key], 1)
    print("good", json.loads(envelope.payload)["predicateType"])
except VerificationError:
    print("refused")
