"""Verifies a leaf under a root as a TLS client's: python verify_client.py ROOT LEAF UNIXTIME; prints its URI names."""
import datetime
import pathlib
import sys

from cryptography import x509
from cryptography.x509 import verification

root, leaf = (x509.load_der_x509_certificate(pathlib.Path(name).read_bytes()) for name in sys.argv[1:3])
moment = datetime.datetime.fromtimestamp(int(sys.argv[3]), datetime.timezone.utc).replace(tzinfo=None)
builder = verification.PolicyBuilder().store(verification.Store([root])).time(moment)
try:
    verified = builder.build_client_verifier().verify(leaf, [])
    print(*(name.value for name in verified.subjects))
except verification.VerificationError as error:
    print("refused", error)
