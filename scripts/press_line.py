"""The parts of the bundled capture: two PLCs, a SCADA master, a historian that stops, and a guest nobody asked for."""

import asyncio
import math
import sys
import time

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.datastore import ModbusDeviceContext, ModbusSequentialDataBlock, ModbusServerContext
from pymodbus.server import StartAsyncTcpServer

PLC_A, PLC_B = "10.20.0.21", "10.20.0.22"


async def server(address: str, unit: int) -> None:
    """A PLC with moving values: pressure and temperature in input registers, run state in coils."""
    block = lambda count: ModbusSequentialDataBlock(1, [0] * count)
    device = ModbusDeviceContext(di=block(32), co=block(32), hr=block(128), ir=block(32))

    async def process() -> None:
        start = time.monotonic()
        while True:
            at = time.monotonic() - start
            device.setValues(4, 0, [int(850 + 30 * math.sin(at / 3)), int(412 + 8 * math.sin(at / 7 + unit))])
            device.setValues(3, 0, [int(at * 10) % 65536, 100 * unit, 2])
            device.setValues(1, 0, [True, int(at) % 4 < 3, int(at) % 2 == 0])
            await asyncio.sleep(0.25)

    task = asyncio.create_task(process())
    await StartAsyncTcpServer(ModbusServerContext(devices={unit: device}, single=False), address=(address, 502))
    await task


async def connect(address: str) -> AsyncModbusTcpClient:
    client = AsyncModbusTcpClient(address, port=502, timeout=2, retries=0)
    assert await client.connect()
    return client


async def scada() -> None:
    """Polls both PLCs twice a second for a minute; sets A's set points now and then; once writes where it must not."""
    a, b = await connect(PLC_A), await connect(PLC_B)
    start = time.monotonic()
    for turn in range(120):
        for client, unit in ((a, 1), (b, 2)):
            await client.read_holding_registers(0, count=20, device_id=unit)
            await client.read_input_registers(0, count=10, device_id=unit)
            await client.read_coils(0, count=8, device_id=unit)
        if turn % 16 == 8:
            await a.write_registers(100, [820 + turn, 400], device_id=1)
        if turn == 70:
            await a.write_registers(40, [7, 7], device_id=1)
        await asyncio.sleep(max(0.0, start + (turn + 1) * 0.5 - time.monotonic()))
    a.close()
    b.close()


async def historian() -> None:
    """Polls B once a second and stops for good after 25 seconds."""
    client = await connect(PLC_B)
    for _ in range(25):
        await client.read_holding_registers(0, count=10, device_id=2)
        await asyncio.sleep(1)
    client.close()


async def guest() -> None:
    """Reads A after 20 seconds, asks what it is, runs into the end of its memory, and writes after 30."""
    await asyncio.sleep(20)
    client = await connect(PLC_A)
    await client.read_holding_registers(0, count=50, device_id=1)
    await client.read_device_information(read_code=1, object_id=0, device_id=1)
    await client.read_holding_registers(900, count=10, device_id=1)
    await asyncio.sleep(10)
    await client.write_register(110, 4711, device_id=1)
    await client.write_coil(3, True, device_id=1)
    client.close()


if __name__ == "__main__":
    role, *rest = sys.argv[1:]
    if role == "server":
        asyncio.run(server(rest[0], int(rest[1])))
    else:
        asyncio.run({"scada": scada, "historian": historian, "guest": guest}[role]())
