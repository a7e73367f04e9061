"""Hands on bytes: listens in the network `audit`, and connects in the one that it was started in."""

import asyncio
import ctypes
import os
import sys

KEEPER = ("10.90.22.2", 7443)


def enter(file):
    if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), 0x40000000):
        raise OSError(ctypes.get_errno(), file.name)


async def pour(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    writer.close()


async def serve(reader, writer):
    try:
        there = await asyncio.open_connection(*KEEPER)
    except OSError:
        writer.close()
        return
    await asyncio.gather(pour(reader, there[1]), pour(there[0], writer))


async def main():
    with open("/proc/self/ns/net") as here, open("/run/netns/audit") as audit:
        enter(audit)
        server = await asyncio.start_server(serve, *KEEPER)
        enter(here)
    print("ready", flush=True)
    asyncio.get_running_loop().run_in_executor(None, lambda: (sys.stdin.read(), os._exit(0)))
    await server.serve_forever()


asyncio.run(main())
