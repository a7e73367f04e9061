"""Every subject tried as every client at a subject-based bus: who comes in, what is refused, what is delivered."""
import re
import socket
import ssl


def subject(user):
    if user.startswith("spiffe://"):
        return x509.Name([]), x509.UniformResourceIdentifier(user)
    return name(user.removeprefix("CN=")), None


class Client:
    """A connection; raises where the server does not let it in."""

    def __init__(self, who):
        plain = socket.create_connection(("127.0.0.1", task["port"]))
        plain.settimeout(20)
        info = b""
        while not info.endswith(b"\n"):
            info += plain.recv(1)
        self.stream = plain
        wants_tls = json.loads(info.split(b" ", 1)[1]).get("tls_required", False)
        if wants_tls:
            context = ssl.create_default_context(cafile=folder / "ca.pem")
            if who["certificate"] is not None:
                number = task["users"].index(who["certificate"])
                context.load_cert_chain(folder / f"{number}.pem", folder / "key.pem")
            self.stream = context.wrap_socket(plain, server_hostname="localhost")
        self.lines = self.stream.makefile("rb")
        login = {"verbose": False, "pedantic": False, "tls_required": wants_tls}
        if who["user"] is not None:
            login["user"], login["pass"] = who["user"], who["password"]
        self.stream.sendall(b"CONNECT " + json.dumps(login).encode() + b"\r\n")
        self.say()

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


def enter(who):
    try:
        return Client(who)
    except OSError:
        return None


def tried():
    subjects = task["subjects"]
    clients = [enter(who) for who in task["clients"]]
    judge = enter(task["judge"])
    answer = []
    for client in clients:
        answer.append({"entered": client is not None, "heard": [], "refused": []})
        if client is None:
            continue
        answer[-1]["refused"] = client.refused("Publish", subjects, [f"PUB {one} 0\r\n" for one in subjects])
        # Whoever may not hear alone may hear in a queue, where one of many hears.
        unheard = client.refused("Subscription", subjects, [f"SUB {one} {at}" for at, one in enumerate(subjects)])
        client.say(*[f"SUB {one} shift q{at}" for at, one in enumerate(unheard)])
    # Of those who hear in a queue one hears at a time.
    said = [f"PUB {one} 1\r\nx" for one in subjects] * 20
    refused = judge.refused("Publish", subjects, said) if judge else subjects
    for client, one in zip(clients, answer):
        if client is not None:
            one["heard"] = sorted({line.split()[1] for line in client.say() if line.startswith("MSG") and line.endswith(" 1")})
    return {"clients": answer, "judged": [one for one in subjects if one not in refused]}


if task["do"] == "certificates":
    certificates(subject)
    json.dump(None, sys.stdout)
else:
    json.dump(tried(), sys.stdout)
