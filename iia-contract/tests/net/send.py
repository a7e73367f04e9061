# Sends the cells on standard input, one JSON list [source, destination, protocol, port, count] a line, each packet
# with a source port of its own, and with right checksums, as the kernel's connection tracking looks at them.
import ipaddress, itertools, json, socket, struct, sys


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def transport(pseudo, number, sport, dport):
    if number == 17:
        head = struct.pack("!HHHH", sport, dport, 8, 0)
        return head[:6] + struct.pack("!H", checksum(pseudo + head) or 0xFFFF)
    head = struct.pack("!HHIIBBHHH", sport, dport, sport, 0, 5 << 4, 2, 1024, 0, 0)
    return head[:16] + struct.pack("!H", checksum(pseudo + head)) + head[18:]


def packet(source, destination, number, sport, dport):
    length = 8 if number == 17 else 20
    if source.version == 4:
        pseudo = source.packed + destination.packed + struct.pack("!BBH", 0, number, length)
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + length, 0, 0, 64, number, 0) + source.packed + destination.packed
        head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    else:
        pseudo = source.packed + destination.packed + struct.pack("!IHBB", length, 0, 0, number)
        head = struct.pack("!IHBB", 6 << 28, length, number, 64) + source.packed + destination.packed
    return head + transport(pseudo, number, sport, dport)


raw = {
    4: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW),
    6: socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW),
}
sports = itertools.cycle(range(1024, 65000))
for line in sys.stdin:
    source, destination, protocol, port, count = json.loads(line)
    source, destination = ipaddress.ip_address(source), ipaddress.ip_address(destination)
    for _ in range(count):
        data = packet(source, destination, 17 if protocol == "udp" else 6, next(sports), port)
        raw[source.version].sendto(data, (str(destination), 0))
