"""gRPC's C core, without any client of SPIFFE: requests that are not what the standard asks for."""

import json
import socket
import sys
import threading

import grpc
from spiffe._proto import workload_pb2 as pb

GOOD = (("workload.spiffe.io", "true"),)
RAW = lambda data: data


def status(address, method, request, metadata=GOOD):
    with grpc.insecure_channel(address) as channel:
        call = channel.unary_stream(method, RAW, RAW)(request, metadata=metadata, timeout=20)
        try:
            for _ in call:
                return "OK"
        except grpc.RpcError as error:
            return f"{error.code().name} {error.details()}"


def refusals(address):
    said = {}
    api = "/SpiffeWorkloadAPI/"
    names = ["FetchX509SVID", "FetchX509Bundles", "FetchJWTSVID", "FetchJWTBundles", "ValidateJWTSVID"]
    for name in names:
        said[name + " without metadata"] = status(address, api + name, b"", ())
    for value in ["false", "True"]:
        metadata = (("workload.spiffe.io", value),)
        said["metadata says " + value] = status(address, api + names[0], b"", metadata)
    said["metadata twice"] = status(address, api + names[0], b"", GOOD + GOOD)
    for name in ["FetchWITSVID", "ValidateWITSVID"]:
        said[name] = status(address, api + name, b"")
    said["another service"] = status(address, "/grpc.health.v1.Health/Check", b"")

    def jwt(**fields):
        return status(address, api + "FetchJWTSVID", pb.JWTSVIDRequest(**fields).SerializeToString())

    said["no audience"] = jwt()
    said["an empty audience"] = jwt(audience=["a", ""])
    said["too many audiences"] = jwt(audience=["a"] * 17)
    said["an audience without end"] = jwt(audience=["a" * 5000])
    said["no SPIFFE ID"] = jwt(audience=["a"], spiffe_id="spiffe://Iia.local/a")
    said["another's SPIFFE ID"] = jwt(audience=["a"], spiffe_id="spiffe://iia.local/zone/a/workload/b")

    def validate(svid):
        request = pb.ValidateJWTSVIDRequest(audience="a", svid=svid)
        return status(address, api + "ValidateJWTSVID", request.SerializeToString())

    said["no token"] = validate("")
    said["a token without end"] = validate("a" * 70_000)
    said["a request without end"] = validate("a" * 140_000)
    said["no protobuf"] = status(address, api + "ValidateJWTSVID", b"\xff" * 40)
    print(json.dumps(said))


def slow(path):
    """HTTP/2 by hand: asks for the stream with a window of no bytes, and reads until the connection is cut."""

    def frame(kind, flags, stream, payload):
        return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload

    def literal(name, value):
        return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value

    headers = b"".join(
        literal(name, value)
        for name, value in [
            (b":method", b"POST"), (b":scheme", b"http"), (b":path", b"/SpiffeWorkloadAPI/FetchX509SVID"),
            (b":authority", path.encode()), (b"content-type", b"application/grpc"), (b"te", b"trailers"),
            (b"workload.spiffe.io", b"true"),
        ]
    )
    peer = socket.socket(socket.AF_UNIX)
    peer.connect(path)
    no_window = (4).to_bytes(2, "big") + (0).to_bytes(4, "big")
    peer.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, no_window))
    peer.sendall(frame(1, 4, 1, headers) + frame(0, 1, 1, b"\0" * 5))
    print("begun", flush=True)
    while True:
        try:
            if not peer.recv(65536):
                return
        except ConnectionError:
            return


def streams(address):
    """So many streams answer at once on one connection; one more answers when one of them ends."""
    with grpc.insecure_channel(address) as channel:
        calls, answered, changed = [], [], threading.Condition()

        def take(call):
            try:
                next(call)
            except grpc.RpcError:
                return
            with changed:
                answered.append(call)
                changed.notify()

        for _ in range(17):
            call = channel.unary_stream("/SpiffeWorkloadAPI/FetchX509SVID", RAW, RAW)(b"", metadata=GOOD)
            calls.append(call)
            threading.Thread(target=take, args=(call,), daemon=True).start()
        with changed:
            changed.wait_for(lambda: len(answered) >= 16, 20)
            first = len(answered)
            # A quarter of a second is long on one machine; the seventeenth has not come.
            changed.wait_for(lambda: len(answered) > first, 0.25)
            first = len(answered)
            answered[0].cancel()
            changed.wait_for(lambda: len(answered) > first, 20)
            print(first, len(answered) - first)
        for call in calls:
            call.cancel()


if __name__ == "__main__":
    {"refusals": refusals, "slow": slow, "streams": streams}[sys.argv[1]](sys.argv[2])
