"""A router with the compiled access control, and every key tried as every user: who is heard, who hears."""
import json
import pathlib
import sys
import threading

import zenoh

task = json.load(sys.stdin)
folder = pathlib.Path(task["dir"])
READY, END = "iia-test/ready", "iia-test/end"


def session(settings):
    config = zenoh.Config()
    config.insert_json5("scouting/multicast/enabled", "false")
    config.insert_json5("scouting/gossip/enabled", "false")
    for key, value in settings.items():
        config.insert_json5(key, json.dumps(value))
    return zenoh.open(config)


def client(user):
    place = f"tcp/127.0.0.1:{task['port']}"
    login = {"user": user, "password": "x"}
    return session({"mode": "client", "connect/endpoints": [place], "transport/auth/usrpwd": login})


class Ears:
    """Everything that is heard, and the moments when some last keys were."""

    def __init__(self, of, keys, *last):
        self.heard, self.done = set(), {key: threading.Event() for key in last}
        # Called in the order in which messages come in, whichever subscriber they are for.
        hear = zenoh.handlers.Callback(self.hear, indirect=False)
        self.subscribers = [of.declare_subscriber(key, hear) for key in [*keys, *last]]

    def hear(self, sample):
        key = str(sample.key_expr)
        if key in self.done:
            self.done[key].set()
        else:
            self.heard.add(key)


def say(of, keys, ears, ready, end):
    """Says every key once all who hear are declared; ends when all of them heard the last one."""
    for last, said in ((ready, []), (end, keys)):
        for key in said:
            of.put(key, b"x", congestion_control=zenoh.CongestionControl.BLOCK)
        for _ in range(300):
            of.put(last, b"x", congestion_control=zenoh.CongestionControl.BLOCK)
            if all(ear.done[last].wait(0.1) for ear in ears):
                break
        else:
            raise SystemExit(f"{last} was never heard")


everybody = [*task["users"], task["judge"]]
(folder / "users").write_text("".join(f"{user}:x\n" for user in everybody))
control = json.loads(pathlib.Path(task["control"]).read_text())["access_control"]
router = session({
    "mode": "router", "listen/endpoints": [f"tcp/127.0.0.1:{task['port']}"],
    "transport/auth/usrpwd": {"user": "router", "password": "x", "dictionary_file": str(folder / "users")},
    "access_control": control,
})
judge = client(task["judge"])
sessions = {user: client(user) for user in task["users"]}
answer = {user: {} for user in task["users"]}
for number, (user, own) in enumerate(sessions.items()):
    lasts = f"{READY}/{number}", f"{END}/{number}"
    ear = Ears(judge, task["keys"], *lasts)
    say(own, task["keys"], [ear], *lasts)
    answer[user]["said"] = sorted(ear.heard)
    for subscriber in ear.subscribers:
        subscriber.undeclare()
ears = {user: Ears(own, task["keys"], READY, END) for user, own in sessions.items()}
say(judge, task["keys"], ears.values(), READY, END)
for user, ear in ears.items():
    answer[user]["heard"] = sorted(ear.heard)
json.dump(answer, sys.stdout)
sys.stdout.flush()
for one in [judge, *sessions.values(), router]:
    one.close()
