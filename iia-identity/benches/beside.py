"""P-256 keys and certificates per second of processor time, as Python's `cryptography` makes them."""
import datetime
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ROUNDS = 5000
authority = ec.generate_private_key(ec.SECP256R1())
issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "iia.local issuer")])
subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "lake_writer")])
now = datetime.datetime(2027, 1, 15)
names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier("spiffe://iia.local/zone/lake/workload/lake_writer")])
usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
extended = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
known = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key())


def one():
    key = ec.generate_private_key(ec.SECP256R1())
    builder = x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number(), now,
                                      now + datetime.timedelta(hours=1))
    for extension, critical in ((known, False), (names, False), (usage, True), (extended, False),
                                (x509.BasicConstraints(False, None), True)):
        builder = builder.add_extension(extension, critical)
    return key, builder.sign(authority, hashes.SHA256())


for _ in range(200):
    one()
began = time.process_time()
for _ in range(ROUNDS):
    one()
print(ROUNDS / (time.process_time() - began))
