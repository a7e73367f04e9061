"""Certificates for a subject-based bus, and every subject tried as every user: what is refused, what is delivered."""
import datetime
import json
import pathlib
import re
import socket
import ssl
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


def certificates():
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    own, other = keys
    pem = other.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(pem)
    (folder / "ca.pem").write_bytes(certify(name("ca"), None, own, name("ca"), own, True))
    (folder / "server.pem").write_bytes(certify(name("localhost"), x509.DNSName("localhost"), other, name("ca"), own))
    for number, user in enumerate(task["users"]):
        uri = user.startswith("spiffe://")
        subject = x509.Name([]) if uri else name(user)
        alternative = x509.UniformResourceIdentifier(user) if uri else None
        (folder / f"{number}.pem").write_bytes(certify(subject, alternative, other, name("ca"), own))


class Client:
    def __init__(self, number):
        plain = socket.create_connection(("127.0.0.1", task["port"]))
        info = b""
        while not info.endswith(b"\n"):
            info += plain.recv(1)
        context = ssl.create_default_context(cafile=folder / "ca.pem")
        context.load_cert_chain(folder / f"{number}.pem", folder / "key.pem")
        self.stream = context.wrap_socket(plain, server_hostname="localhost")
        self.lines = self.stream.makefile("rb")
        self.stream.sendall(b'CONNECT {"verbose":false,"pedantic":false,"tls_required":true}\r\n')

    def say(self, *lines):
        """Sends lines and gives everything that the server says until it has read them."""
        self.stream.sendall("".join(line + "\r\n" for line in [*lines, "PING"]).encode())
        said = []
        while (line := self.lines.readline()) != b"PONG\r\n":
            if not line:
                raise ConnectionError(f"the server hung up: {said}")
            said.append(line.decode().strip())
        return said

    def refused(self, verb, subjects, lines):
        said = " ".join(self.say(*lines))
        return [one for one in subjects if re.search(f"Permissions Violation for {verb}[^\"]*\"{re.escape(one)}\"", said)]


def tried():
    subjects = task["subjects"]
    answer, clients = {}, {}
    try:
        Client(task["users"].index(task["stranger"])).say()
    except OSError:
        pass
    else:
        raise SystemExit("whoever is not named was let in")
    for number, user in enumerate(task["users"]):
        if user not in task["named"]:
            continue
        client = clients[user] = Client(number)
        publish = client.refused("Publish", subjects, [f"PUB {one} 0\r\n" for one in subjects])
        wide = client.refused("Subscription", task["wide"], [f"SUB {one} w{at}" for at, one in enumerate(task["wide"])])
        subscribe = client.refused("Subscription", subjects, [f"SUB {one} {at}" for at, one in enumerate(subjects)])
        answer[user] = {"publish": publish, "subscribe": subscribe, "wide": wide}
    clients[task["judge"]].say(*[f"PUB {one} 0\r\n" for one in subjects])
    for user, client in clients.items():
        heard = [line.split()[1] for line in client.say() if line.startswith("MSG")]
        answer[user]["heard"] = sorted(set(heard))
    return answer


json.dump({"certificates": certificates, "tried": tried}[task["do"]](), sys.stdout)
