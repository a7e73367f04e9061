"""Says on an interface what plants say, what intruders do, and what captures hold.

Arguments: interface, seconds of agreed exchanges, and captures to be replayed, each as NUMBER=FILE: its addresses become
10.NUMBER.x.y, so that whoever is told is told of which capture. A line for each thing that is done: its name and the moment in
nanoseconds at which it was given to the kernel.
"""

import socket
import struct
import sys
import time

AGREED = [("10.20.0.10", "10.20.0.21", 1), ("10.20.0.10", "10.20.0.22", 2), ("10.20.0.11", "10.20.0.22", 2)]
SCADA, PRESS_B, STRANGER = "10.20.0.10", "10.20.0.22", "10.20.0.66"


def ethernet(payload, kind=0x0800, source=b"\x02\0\0\0\0\x01", destination=b"\x02\0\0\0\0\x02"):
    return destination + source + struct.pack("!H", kind) + payload


def ip(source, destination, protocol, payload):
    return ethernet(struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0,
                                socket.inet_aton(source), socket.inet_aton(destination)) + payload)


class Connection:
    def __init__(self, out, client, server, port, to=502):
        self.out, self.ends = out, ((client, port), (server, to))
        self.numbers = [1000, 2000]

    def segment(self, side, flags, payload=b""):
        (source, sport), (destination, dport) = self.ends[side], self.ends[1 - side]
        tcp = struct.pack("!HHIIBBHHH", sport, dport, self.numbers[side], self.numbers[1 - side] if flags & 0x10 else 0,
                          5 << 4, flags, 8192, 0, 0)
        self.out.send(ip(source, destination, 6, tcp + payload))
        self.numbers[side] += len(payload) + (1 if flags & 3 else 0)

    def open(self):
        for side, flags in ((0, 2), (1, 0x12), (0, 0x10)):
            self.segment(side, flags)
        return self

    def ask(self, number, unit, question, answer):
        for side, pdu in ((0, question), (1, answer)):
            self.segment(side, 0x18, struct.pack("!HHHB", number, 0, 1 + len(pdu), unit) + pdu)
        self.segment(0, 0x10)

    def read(self, number, unit, register, count=1):
        self.ask(number, unit, struct.pack("!BHH", 3, register, count), struct.pack("!BB", 3, 2 * count) + b"\0\1" * count)


def misdeeds(out):
    def on(port, client=SCADA, server=PRESS_B):
        return Connection(out, client, server, port).open()

    yield "write", lambda: on(50001).ask(1, 2, struct.pack("!BHH", 6, 5, 7), struct.pack("!BHH", 6, 5, 7))
    yield "read", lambda: on(50002).read(1, 2, 500)
    yield "listen_only", lambda: on(50003).ask(1, 2, b"\x08\0\x04\0\0", b"\x08\0\x04\0\0")
    yield "identity", lambda: on(50004).ask(1, 2, b"\x2b\x0e\1\0", b"\x2b\x0e\1\1\0\0\0")
    yield "unit", lambda: on(50005).read(1, 9, 0)
    yield "stranger", lambda: on(50006, STRANGER).read(1, 2, 0)
    yield "knock", lambda: Connection(out, STRANGER, "10.20.0.21", 50007, 4840).segment(0, 2)
    yield "garbage", lambda: on(50008).segment(0, 0x18, b"GET / HTTP/1.0\r\n\r\n")
    yield "rename", lambda: out.send(ethernet(b"\xfe\xfd\4\0\0\0\0\1\0\0\0\0" + bytes(34), 0x8892, b"\x02\0\0\0\0\x09"))
    yield "tunnel", lambda: out.send(ip(STRANGER, PRESS_B, 47, b"\0\0\x08\0" + bytes(20)))


def done(name):
    print(name, time.time_ns(), flush=True)


def replay(out, number, path):
    with open(path, "rb") as file:
        file.read(24)
        sent = 0
        while head := file.read(16):
            data = bytearray(file.read(struct.unpack("<4I", head)[2]))
            if data[12:14] == b"\x08\0":
                for at in (26, 30):
                    data[at:at + 2] = bytes((10, number))
            if 14 <= len(data) <= 1514:
                out.send(data)
                sent += 1
                if sent % 16 == 0:
                    time.sleep(0.0005)


def main():
    interface, seconds, *captures = sys.argv[1:]
    out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    out.bind((interface, 0))
    agreed = [(Connection(out, client, server, 49000 + at).open(), unit) for at, (client, server, unit) in enumerate(AGREED)]
    rest = list(misdeeds(out))
    for number in range(int(float(seconds) * 10)):
        for connection, unit in agreed:
            connection.read(number, unit, number % 10)
        time.sleep(0.1)
        if number >= 10 and rest:
            name, act = rest.pop(0)
            act()
            done(name)
    assert not rest
    done("over")
    for capture in captures:
        number, path = capture.split("=")
        replay(out, int(number), path)
        done(number)


if __name__ == "__main__":
    main()
