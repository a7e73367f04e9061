# Every way of sending a packet that an attacker with root in this namespace has, from each source to each destination:
# beginnings, answers and ends of connections, datagrams, echoes, other transports, packets in packets, fragments, and a
# source route. Tells how many left.
import itertools, json, socket, struct, sys


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip(source, destination, number, body, fragment=0, options=b""):
    words = 5 + len(options) // 4
    head = struct.pack("!BBHHHBBH", 0x40 | words, 0, words * 4 + len(body), 7, fragment, 64, number, 0)
    head += socket.inet_aton(source) + socket.inet_aton(destination) + options
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + body


def transport(source, destination, number, body, at):
    pseudo = socket.inet_aton(source) + socket.inet_aton(destination) + struct.pack("!BBH", 0, number, len(body))
    return body[:at] + struct.pack("!H", checksum(pseudo + body)) + body[at + 2 :]


def packets(source, destination, port):
    for flags in (2, 16, 18, 4, 17, 0, 63):
        head = struct.pack("!HHIIBBHHH", 7443, port, 1, 1, 5 << 4, flags, 1024, 0, 0)
        yield ip(source, destination, 6, transport(source, destination, 6, head, 16))
    datagram = transport(source, destination, 17, struct.pack("!HHHH", 123, port, 8, 0), 6)
    yield ip(source, destination, 17, datagram)
    for kind in (0, 5, 8, 13):
        echo = struct.pack("!BBHHH", kind, 0, 0, 1, 1)
        yield ip(source, destination, 1, echo[:2] + struct.pack("!H", checksum(echo)) + echo[4:])
    for number in (2, 41, 47, 50, 51, 89, 112, 132, 253):
        yield ip(source, destination, number, b"\0" * 16)
    yield ip("10.77.6.2", destination, 4, ip(source, destination, 17, datagram))
    yield ip(source, destination, 17, datagram, fragment=0x2000)
    yield ip(source, destination, 17, b"x" * 8, fragment=1)
    yield ip(source, destination, 17, datagram, options=b"\x83\x07\x04" + socket.inet_aton(destination) + b"\0")


raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
task, sent = json.load(sys.stdin), 0
for source, (destination, port) in itertools.product(task["sources"], task["destinations"]):
    for packet in packets(source, destination, port):
        raw.sendto(packet, (destination, 0))
        sent += 1
print(sent)
