"""Certificates: an authority, a server, and a client for each name; one key for all but the authority."""
import datetime
import json
import pathlib
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

task = json.load(sys.stdin)
folder = pathlib.Path(task["dir"])
DAY = datetime.timedelta(days=1)


def name(common):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def certify(subject, alternative, key, issuer, signer, authority=False):
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number(), now - DAY, now + DAY)
    builder = builder.add_extension(x509.BasicConstraints(authority, None), True)
    if alternative:
        builder = builder.add_extension(x509.SubjectAlternativeName([alternative]), not list(subject))
    return builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def certificates(client):
    """`client` gives the subject of a user and whatever else names it."""
    own, other = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    pem = other.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(pem)
    (folder / "ca.pem").write_bytes(certify(name("ca"), None, own, name("ca"), own, True))
    (folder / "server.pem").write_bytes(certify(name("localhost"), x509.DNSName("localhost"), other, name("ca"), own))
    for number, user in enumerate(task["users"]):
        (folder / f"{number}.pem").write_bytes(certify(*client(user), other, name("ca"), own))


