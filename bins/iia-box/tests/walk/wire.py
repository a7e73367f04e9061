"""Sends exchanges of Modbus TCP through an interface: each a write of another register and its answer, and says when.

Before it a connection is opened, and nothing is said over it.

Arguments: interface, client, server, how many, milliseconds between them. A line for each: the register and the moment in
nanoseconds at which its answer was given to the kernel.
"""

import socket
import struct
import sys
import time


def frame(source, destination, payload, sequence, acknowledged, flags=0x18):
    tcp = struct.pack("!HHIIBBHHH", source[1], destination[1], sequence, acknowledged, 5 << 4, flags, 8192, 0, 0)
    length = 20 + len(tcp) + len(payload)
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, length, 1, 0, 64, 6, 0,
                     socket.inet_aton(source[0]), socket.inet_aton(destination[0]))
    return b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\x00" + ip + tcp + payload


def main():
    interface, client, server, count, pause = sys.argv[1:]
    out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    out.bind((interface, 0))
    asks, answers = (client, 49152), (server, 502)
    # A connection that is opened and over which nothing is said.
    out.send(frame((client, 49151), (server, 4840), b"", 1, 0, 2))
    print("opened", time.time_ns(), flush=True)
    asked = answered = 1
    for number in range(int(count)):
        register = 1000 + number
        write = struct.pack("!HHHBBHH", number, 0, 6, 1, 6, register, number)
        out.send(frame(asks, answers, write, asked, answered))
        asked += len(write)
        out.send(frame(answers, asks, write, answered, asked))
        print(register, time.time_ns(), flush=True)
        answered += len(write)
        time.sleep(int(pause) / 1000)


main()
