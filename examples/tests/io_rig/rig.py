"""The parts of a plant, each a process of its own: a device and a collector (of a Modbus library), a proxy between
them, a tap. Commands come a line at a time on standard input."""

import ctypes
import math
import os
import socket
import struct
import sys
import threading
import time

SERVER = ("10.9.0.2", 502)


def process(now):
    """What the plant does: three values that never stand still, in tenths."""
    return [
        round(1500 + 800 * math.sin(2 * math.pi * now / 17)),
        round(1200 + 600 * math.sin(2 * math.pi * now / 23 + 1) + 100 * math.sin(now)),
        round(2000 + 500 * math.cos(2 * math.pi * now / 31)),
    ]


def commands(take):
    def run():
        for line in sys.stdin:
            take(line.split())
        os._exit(0)

    threading.Thread(target=run, daemon=True).start()


def device():
    """A server; `freeze` makes it say what it said, `thaw` what is."""
    import asyncio

    from pymodbus.datastore import ModbusDeviceContext, ModbusSequentialDataBlock, ModbusServerContext
    from pymodbus.server import ModbusTcpServer

    registers = ModbusSequentialDataBlock(1, [0] * 32)
    frozen = threading.Event()
    commands(lambda words: frozen.set() if words[0] == "freeze" else frozen.clear())

    async def main():
        context = ModbusServerContext(devices={1: ModbusDeviceContext(hr=registers)}, single=False)
        server = ModbusTcpServer(context, address=SERVER)
        await server.listen()
        print("ready", flush=True)
        while True:
            if not frozen.is_set():
                registers.setValues(1, process(time.time()))
            await asyncio.sleep(0.02)

    asyncio.run(main())


def collector():
    """A client that polls twenty times a second and writes a set point each second."""
    from pymodbus.client import ModbusTcpClient

    client = ModbusTcpClient(SERVER[0], port=SERVER[1], timeout=4, retries=0)
    print("ready", flush=True)
    commands(lambda words: None)
    turn = 0
    while True:
        try:
            if not client.connected:
                client.connect()
            client.read_holding_registers(0, count=3, device_id=1)
            if turn % 20 == 0:
                client.write_register(10, 1000 + turn // 20 % 50 * 10, device_id=1)
        except Exception:
            client.close()
        turn += 1
        time.sleep(0.05)


def tap(interface):
    """Everything on an interface with the kernel's time: a length and nanoseconds before each frame."""
    stamps = 35  # SO_TIMESTAMPNS
    listener = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    listener.setsockopt(socket.SOL_SOCKET, stamps, 1)
    listener.bind((interface, 0))
    while True:
        data, more, _, _ = listener.recvmsg(65536, 256)
        for level, kind, value in more:
            if (level, kind) == (socket.SOL_SOCKET, stamps):
                seconds, part = struct.unpack("qq", value[:16])
                ns = seconds * 1_000_000_000 + part
        try:
            sys.stdout.buffer.write(struct.pack("<Iq", len(data), ns) + data)
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            os._exit(0)


def enter(namespace):
    with open(f"/run/netns/{namespace}") as file:
        if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), 0x40000000):
            raise OSError(ctypes.get_errno(), namespace)


def message(connection):
    def exactly(count):
        data = b""
        while len(data) < count:
            more = connection.recv(count - len(data))
            if not more:
                raise ConnectionError
            data += more
        return data

    head = exactly(6)
    return head + exactly(struct.unpack(">H", head[4:])[0])


class Proxy:
    """Between the two: has the device's address on one side and the collector's on the other."""

    def __init__(self):
        self.fault, self.left = "pass", 0
        self.recorded = []

    def command(self, words):
        self.left = int(words[1]) if len(words) > 1 else 1 << 60
        self.fault = words[0]
        if self.fault == "inject":
            self.inject()

    def inject(self):
        enter("inner")
        own = socket.create_connection(SERVER)
        own.sendall(bytes.fromhex("7777 0000 0006 01 06 000a 0b54"))
        message(own)
        own.close()

    def bend(self, answer):
        """What the collector gets of an answer of the device."""
        if answer[7] != 3:
            return answer
        values = list(struct.unpack(">3H", answer[9:15]))
        self.recorded.append(values)
        if self.fault == "pass" or self.left <= 0:
            return answer
        self.left -= 1
        if self.fault == "drop":
            return None
        if self.fault == "delay":
            time.sleep(2)
        if self.fault == "change":
            values[0] += 700
        if self.fault == "scale":
            values = [value * 2 for value in values]
        if self.fault == "replay":
            values = self.recorded[len(self.recorded) % 40]
        return answer[:9] + struct.pack(">3H", *values)

    def serve(self, up):
        enter("inner")
        down = socket.create_connection(SERVER)
        try:
            while True:
                down.sendall(message(up))
                answer = self.bend(message(down))
                if answer is not None:
                    up.sendall(answer)
        except OSError:
            up.close()
            down.close()


def proxy():
    enter("outer")
    listener = socket.create_server(SERVER)
    state = Proxy()
    commands(state.command)
    print("ready", flush=True)
    while True:
        up, _ = listener.accept()
        threading.Thread(target=state.serve, args=(up,), daemon=True).start()


globals()[sys.argv[1]](*sys.argv[2:])
