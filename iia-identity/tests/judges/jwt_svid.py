"""PyJWT as judge: reads a token with a JWK set, or makes a token and its JWK in each algorithm of JWT-SVID 2.1."""

import json
import sys

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

CURVES = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}


def read(jwks, token, audience):
    kid = jwt.get_unverified_header(token)["kid"]
    keys = [key for key in jwt.PyJWKSet.from_json(jwks).keys if key.key_id == kid]
    try:
        claims = jwt.decode(token, keys[0].key, algorithms=["ES256"], audience=audience)
    except jwt.PyJWTError as error:
        print(type(error).__name__)
        return
    print(json.dumps(claims))


def make(claims):
    claims = json.loads(claims)
    names = ["ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]
    for name in names:
        if name in CURVES:
            key = ec.generate_private_key(CURVES[name])
            algorithm = jwt.algorithms.ECAlgorithm
        else:
            key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            algorithm = jwt.algorithms.RSAAlgorithm
        jwk = json.loads(algorithm.to_jwk(key.public_key()))
        jwk.update(kid=name, use="jwt-svid")
        token = jwt.encode(claims, key, algorithm=name, headers={"kid": name})
        print(name, json.dumps(jwk), token, sep="\t")


if __name__ == "__main__":
    {"read": read, "make": make}[sys.argv[1]](*sys.argv[2:])
