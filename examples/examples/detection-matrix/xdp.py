"""Sends one frame through a socket of AF_XDP: interface, and the frame in hexadecimal.

The kernel hands such a frame to the driver itself (copy mode), past the queues and past the firewall's hook on the way out.
Numbers are those of linux/if_xdp.h.
"""

import ctypes
import errno
import mmap
import os
import socket
import struct
import sys
import time

SOL_XDP, MMAP_OFFSETS, TX_RING, UMEM_REG, FILL_RING, COMPLETION_RING = 283, 1, 3, 4, 5, 6
PGOFF_TX_RING, COPY, SLOTS, CHUNK = 0x8000_0000, 1 << 1, 8, 4096

name, frame = sys.argv[1], bytes.fromhex(sys.argv[2])
libc = ctypes.CDLL(None, use_errno=True)


def done(what, result):
    if result < 0:
        raise OSError(ctypes.get_errno(), what + ": " + os.strerror(ctypes.get_errno()))


way = socket.socket(socket.AF_XDP if hasattr(socket, "AF_XDP") else 44, socket.SOCK_RAW, 0)
room = mmap.mmap(-1, SLOTS * CHUNK)
room[: len(frame)] = frame
address = ctypes.addressof(ctypes.c_char.from_buffer(room))
way.setsockopt(SOL_XDP, UMEM_REG, struct.pack("=QQIIII", address, SLOTS * CHUNK, CHUNK, 0, 0, 0))
for ring in (FILL_RING, COMPLETION_RING, TX_RING):
    way.setsockopt(SOL_XDP, ring, SLOTS)
offsets = struct.unpack("=16Q", way.getsockopt(SOL_XDP, MMAP_OFFSETS, 128))
producer, _, descriptors, _ = offsets[4:8]
ring = mmap.mmap(way.fileno(), descriptors + SLOTS * 16, offset=PGOFF_TX_RING)
ring[descriptors : descriptors + 16] = struct.pack("=QII", 0, len(frame), 0)
there = struct.pack("=HHIII", 44, COPY, socket.if_nametoindex(name), 0, 0)
# The queue is free again a moment after whoever had it before has closed it.
for _ in range(100):
    bound = libc.bind(way.fileno(), there, len(there))
    if bound == 0 or ctypes.get_errno() != errno.EBUSY:
        break
    time.sleep(0.05)
done("bind", bound)
ring[producer : producer + 4] = struct.pack("=I", 1)
done("send", libc.sendto(way.fileno(), None, 0, socket.MSG_DONTWAIT, None, 0))
