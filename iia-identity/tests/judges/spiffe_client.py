"""The public SPIFFE client for Python: fetches everything once, or watches what it is."""

import json
import sys
import threading

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from spiffe import JwtSource, WorkloadApiClient, X509Source


def public(key):
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def everything(address):
    client = WorkloadApiClient(address, default_timeout=20)
    svids = client.fetch_x509_svids()
    with X509Source(client, timeout_in_seconds=20) as source:
        bundles = sorted(str(bundle.trust_domain) for bundle in source.bundles)
    svid = svids[0]
    token = client.fetch_jwt_svid(audience={"lake"})
    keys = client.fetch_jwt_bundles()
    own = keys.get_bundle_for_trust_domain(svid.spiffe_id.trust_domain)
    local = type(token).parse_and_validate(token.token, own, {"lake"})
    try:
        other = client.validate_jwt_svid(token.token, "another")
    except Exception as error:
        other = type(error).__name__
    with JwtSource(client, timeout_in_seconds=20) as source:
        jwt_bundles = sorted(str(bundle.trust_domain) for bundle in source.bundles)
    said = {
        "x509": [str(svid.spiffe_id) for svid in svids],
        "key matches": public(svid.private_key.public_key()) == public(svid.leaf.public_key()),
        "bundles": bundles,
        "jwt": [str(token.spiffe_id)],
        "audience": sorted(token.audience),
        "local": str(local.spiffe_id),
        "validated": str(client.validate_jwt_svid(token.token, "lake").spiffe_id),
        "other audience": other,
        "jwt bundles": jwt_bundles,
    }
    print(json.dumps(said))


def watch(address):
    ended = threading.Event()

    def on_success(context):
        svid = context.default_svid
        print(svid.spiffe_id, svid.leaf.serial_number, flush=True)

    def on_error(error):
        print(error, flush=True)
        ended.set()

    client = WorkloadApiClient(address)
    client.stream_x509_contexts(on_success, on_error, retry_connect=False)
    sys.exit(0 if ended.wait(60) else 1)


if __name__ == "__main__":
    {"all": everything, "watch": watch}[sys.argv[1]](sys.argv[2])
