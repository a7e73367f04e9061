"""Verifies a device's chain and a list: python verify_device.py ROOT BETWEEN LEAF CRL UNIXTIME."""
import datetime
import pathlib
import sys

from cryptography import x509
from cryptography.x509 import verification

root, between, leaf = (x509.load_der_x509_certificate(pathlib.Path(name).read_bytes()) for name in sys.argv[1:4])
crl = x509.load_der_x509_crl(pathlib.Path(sys.argv[4]).read_bytes())
moment = datetime.datetime.fromtimestamp(int(sys.argv[5]), datetime.timezone.utc).replace(tzinfo=None)
builder = verification.PolicyBuilder().store(verification.Store([root])).time(moment)
try:
    verified = builder.build_client_verifier().verify(leaf, [between])
    print(*(name.value for name in verified.subjects))
except verification.VerificationError as error:
    print("refused", error)
good = "good" if crl.is_signature_valid(between.public_key()) else "bad"
print("list", good, crl.get_revoked_certificate_by_serial_number(leaf.serial_number) is not None)
