"""Devices for a scanner to find: a Modbus server (pymodbus) and an EtherNet/IP one (cpppo), until standard input ends."""
import subprocess
import sys
import threading

from pymodbus.datastore import ModbusDeviceContext, ModbusSequentialDataBlock, ModbusServerContext
from pymodbus.pdu.device import ModbusDeviceIdentification
from pymodbus.server import StartTcpServer

address = sys.argv[1]
enip = subprocess.Popen([sys.executable, "-m", "cpppo.server.enip", "--address", f"{address}:44818", "SCADA=INT[10]"])
registers = ModbusDeviceContext(hr=ModbusSequentialDataBlock(0, [7] * 100))
identity = ModbusDeviceIdentification(info_name={"VendorName": "Example", "ProductCode": "PR-1", "MajorMinorRevision": "1.2"})
serve = lambda: StartTcpServer(ModbusServerContext(devices=registers, single=True), identity=identity, address=(address, 502))
threading.Thread(target=serve, daemon=True).start()
sys.stdin.read()
enip.kill()
