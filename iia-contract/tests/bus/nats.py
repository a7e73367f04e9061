"""Every subject tried as every user at a subject-based bus: what is refused, what is delivered."""
import re
import socket
import ssl


def subject(user):
    if user.startswith("spiffe://"):
        return x509.Name([]), x509.UniformResourceIdentifier(user)
    return name(user), None


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


if task["do"] == "certificates":
    certificates(subject)
    json.dump(None, sys.stdout)
else:
    json.dump(tried(), sys.stdout)
