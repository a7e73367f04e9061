"""A server and a client of OPC UA, and a publisher: another implementation, whose words are held against ours.

server PORT FOLDER [HOST] | client PORT FOLDER MODE [HOST] | publisher PORT. A client prints what it did, a line each: a word, then values.
"""

import asyncio
import socket
import sys
from pathlib import Path

from asyncua import Client, Server, ua, uamethod
from asyncua.crypto.permission_rules import SimpleRoleRuleset, User, UserRole
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256
from asyncua.crypto.cert_gen import setup_self_signed_certificate
from asyncua.pubsub import uadp
from asyncua.server.user_managers import UserManager
from cryptography.x509.oid import ExtendedKeyUsageOID

NAMESPACE = "urn:iia:test"
PASSWORD = "correct horse battery"


class Anyone(UserManager):
    def get_user(self, iserver, username=None, password=None, certificate=None):
        return User(role=UserRole.Admin, name=username or "nobody")


@uamethod
def add(parent, left, right):
    return left + right


async def certificate(folder, name):
    key, cert = Path(folder) / f"{name}.pem", Path(folder) / f"{name}.der"
    use = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
    await setup_self_signed_certificate(key, cert, f"urn:iia:{name}", "localhost", use, {"commonName": name})
    return str(cert), str(key)


async def server(port, folder, host="127.0.0.1"):
    server = Server(user_manager=Anyone())
    await server.init()
    server.set_endpoint(f"opc.tcp://{host}:{port}/")
    await server.set_application_uri("urn:iia:server")
    cert, key = await certificate(folder, "server")
    await server.load_certificate(cert)
    await server.load_private_key(key)
    policies = ua.SecurityPolicyType
    server.set_security_policy(
        [policies.NoSecurity, policies.Basic256Sha256_Sign, policies.Basic256Sha256_SignAndEncrypt],
        permission_ruleset=SimpleRoleRuleset(),
    )
    space = await server.register_namespace(NAMESPACE)
    press = await server.nodes.objects.add_object(ua.NodeId("press", space), f"{space}:press")
    await press.add_method(ua.NodeId("press.add", space), f"{space}:add", add, [ua.VariantType.Int64] * 2, [ua.VariantType.Int64])
    for name, value in [("force", 12.5), ("counts", [1, 2, 3]), ("title", "Presse äöü, links" * 24)]:
        node = await press.add_variable(ua.NodeId(f"press.{name}", space), f"{space}:{name}", value)
        await node.set_writable()
    async with server:
        print("ready", flush=True)
        await asyncio.Event().wait()


class Changes:
    def __init__(self):
        self.seen = asyncio.Event()

    def datachange_notification(self, node, value, data):
        if value == 99.25:
            self.seen.set()


async def client(port, folder, mode, host="127.0.0.1"):
    client = Client(f"opc.tcp://{host}:{port}/", timeout=20)
    client.application_uri = "urn:iia:client"
    client.set_user("operator")
    client.set_password(PASSWORD)
    if mode != "None":
        cert, key = await certificate(folder, "client")
        await client.set_security(
            SecurityPolicyBasic256Sha256, cert, key,
            server_certificate=str(Path(folder) / "server.der"), mode=ua.MessageSecurityMode[mode],
        )
    async with client:
        space = await client.get_namespace_index(NAMESPACE)
        node = lambda name: client.get_node(ua.NodeId(name, space))
        force, counts, title = node("press.force"), node("press.counts"), node("press.title")
        print("read", await force.read_value(), *await counts.read_value())
        print("text", len(await title.read_value()))
        await force.write_value(42.75)
        try:
            await node("press.none").read_value()
        except ua.UaStatusCodeError as error:
            print("unknown", error.code)
        children = await node("press").get_children()
        print("children", len(children))
        print("path", await client.nodes.objects.get_child([f"{space}:press", f"{space}:force"]))
        print("call", await node("press").call_method(node("press.add"), 20, 22))
        changes = Changes()
        subscription = await client.create_subscription(50, changes)
        await subscription.subscribe_data_change(force)
        await force.write_value(99.25)
        await asyncio.wait_for(changes.seen.wait(), 20)
        print("change", 99.25)
        await subscription.delete()
        # Many nodes at once, so that the answer comes in several chunks.
        many = await client.read_values([title] * 250)
        print("many", len(many))
    print("done", flush=True)


async def publisher(port):
    to = ("127.0.0.1", int(port))
    force = ua.Variant(42.75, ua.VariantType.Double)
    counts = ua.Variant([1, 2, 3], ua.VariantType.UInt16)
    header = lambda number: uadp.UadpDataSetMessageHeader(True, SequenceNo=number, CfgMajorVersion=7)
    several = [
        uadp.UadpDataSetVariant(header(1), [force, counts]),
        uadp.UadpDataSetDeltaDataValue(header(2), [uadp.DeltaDataValue(1, ua.DataValue(force))]),
        uadp.UadpDataSetKeepAlive(header(3)),
    ]
    group = uadp.UadpGroupHeader(WriterGroupId=5, SequenceNo=9)
    messages = [
        uadp.UadpNetworkMessage(uadp.UadpHeader(ua.UInt16(4711)), group, [31, 32, 33], Payload=several),
        uadp.UadpNetworkMessage(uadp.UadpHeader(ua.String("press")), None, [31], Payload=[uadp.UadpDataSetRaw(header(4), b"raw!")]),
    ]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        for message in messages:
            out.sendto(message.to_binary(), to)
    print("done", flush=True)


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    asyncio.run({"server": server, "client": client, "publisher": publisher}[what](*rest))
