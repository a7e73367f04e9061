"""Sends frames that a host would answer, as fast as it can, and counts every frame that comes back.

Arguments: the interface, how many frames, seconds to wait for answers. Says: sent, came back."""

import ctypes
import socket
import struct
import sys
import threading
import time

MINE = bytes.fromhex("020000000001")
ALL = b"\xff" * 6


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ethernet(to, kind, data):
    return (to + MINE + struct.pack("!H", kind) + data).ljust(60, b"\0")


def arp(target):
    return ethernet(ALL, 0x0806, struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + MINE + bytes([10, 20, 0, 1]) + bytes(6) + target)


def ipv4(to, target, protocol, data):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(data), 1, 0, 64, protocol, 0, bytes([10, 20, 0, 1]), target)
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    return ethernet(to, 0x0800, head + data)


def ipv6(to, target, protocol, data):
    source = socket.inet_pton(socket.AF_INET6, "fe80::1")
    pseudo = source + target + struct.pack("!II", len(data), protocol)
    data = data[:2] + struct.pack("!H", checksum(pseudo + data)) + data[4:]
    return ethernet(to, 0x86DD, struct.pack("!IHBB", 6 << 28, len(data), protocol, 255) + source + target + data)


def echo():
    data = struct.pack("!BBHHH", 8, 0, 0, 1, 1) + b"x" * 32
    return data[:2] + struct.pack("!H", checksum(data)) + data[4:]


def syn(target, port):
    data = struct.pack("!HHIIBBHHH", 40000, port, 1, 0, 0x50, 2, 8192, 0, 0)
    pseudo = bytes([10, 20, 0, 1]) + target + struct.pack("!BBH", 0, 6, len(data))
    return data[:16] + struct.pack("!H", checksum(pseudo + data)) + data[18:]


def frames(hardware):
    """One of each kind, to every address that the observer could have."""
    made = []
    for last in range(1, 255):
        target = bytes([10, 20, 0, last])
        made.append(arp(target))
        for to in (hardware, ALL):
            made.append(ipv4(to, target, 1, echo()))
        made.append(ipv4(hardware, target, 6, syn(target, 502)))
    for last in range(0, 255):
        target = socket.inet_pton(socket.AF_INET6, f"fe80::ff:fe00:{last:x}")
        group = b"\x33\x33\xff" + target[13:]
        solicited = socket.inet_pton(socket.AF_INET6, "ff02::1:ff00:0")[:13] + target[13:]
        made.append(ipv6(group, solicited, 58, struct.pack("!BBHI", 135, 0, 0, 0) + target + b"\1\1" + MINE))
    every = socket.inet_pton(socket.AF_INET6, "ff02::1")
    made.append(ipv6(b"\x33\x33\0\0\0\1", every, 58, struct.pack("!BBHHH", 128, 0, 0, 1, 1) + b"x" * 32))
    made.append(ipv6(b"\x33\x33\0\0\0\1", every, 58, struct.pack("!BBHHH", 130, 0, 0, 1, 0) + bytes(16)))
    made.append(ipv4(b"\1\0\x5e\0\0\1", bytes([224, 0, 0, 1]), 2, struct.pack("!BBH4s", 0x11, 100, 0xEE9B, bytes(4))))
    made.append(ipv4(b"\1\0\x5e\0\0\1", bytes([224, 0, 0, 1]), 1, echo()))
    made.append(ipv4(ALL, b"\xff" * 4, 1, echo()))
    made.append(ethernet(bytes.fromhex("0180c200000e"), 0x88CC, b"\2\7\4" + MINE + b"\4\7\3" + MINE + b"\6\2\0\x78\0\0"))
    return made


class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_char_p), ("len", ctypes.c_size_t)]


class Head(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_void_p), ("name_len", ctypes.c_uint32), ("vector", ctypes.POINTER(Vector)),
        ("vector_len", ctypes.c_size_t), ("control", ctypes.c_void_p), ("control_len", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    ]


class Message(ctypes.Structure):
    _fields_ = [("head", Head), ("sent", ctypes.c_uint32)]


def send(sock, made, count):
    """sendmmsg, as many frames a call as the kernel takes."""
    libc = ctypes.CDLL(None, use_errno=True)
    vectors = (Vector * len(made))(*[Vector(frame, len(frame)) for frame in made])
    messages = (Message * len(made))()
    for index in range(len(made)):
        messages[index].head.vector, messages[index].head.vector_len = ctypes.pointer(vectors[index]), 1
    sent = at = 0
    while sent < count:
        wanted = min(len(made) - at, count - sent)
        number = libc.sendmmsg(sock.fileno(), ctypes.byref(messages[at]), wanted, 0)
        if number > 0:
            sent, at = sent + number, (at + number) % len(made)
        elif ctypes.get_errno() != 105:
            sys.exit(f"sendmmsg: {ctypes.get_errno()}")
    return sent


def main():
    interface, count, wait = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    hardware = bytes.fromhex(sys.argv[4].replace(":", ""))
    ears = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    ears.setsockopt(263, 23, 1)  # what goes out is not heard
    ears.bind((interface, 3))
    ears.settimeout(0.2)
    heard, over = [], threading.Event()

    def listen():
        while not over.is_set():
            try:
                heard.append(ears.recv(65535)[:60].hex())
            except TimeoutError:
                pass

    listener = threading.Thread(target=listen)
    listener.start()
    mouth = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    mouth.bind((interface, 0))
    began = time.monotonic()
    sent = send(mouth, frames(hardware), count)
    took = time.monotonic() - began
    time.sleep(wait)
    over.set()
    listener.join()
    print(sent, len(heard), round(took, 3))
    for one in heard[:5]:
        print(one, file=sys.stderr)


main()
