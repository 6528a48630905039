#!/usr/bin/env python3
"""examples/verify_token.py - verifies a token of a network by its published key set, with PyJWT alone.

usage: verify_token.py JWKS-URL ISSUER AUDIENCE [SPIFFE-ID] <token

JWKS-URL is the `jwks_uri` of the issuer, https://ISSUER/.well-known/jwks.json, or that of a node that you trust. A token says
what the network found at the end of an epoch, so it is short-lived; it is a bearer secret. Without libassay nothing of the
claims in `assay` is evaluated: standing, epoch, era. Exit status: 0 valid, 1 refused, 2 no key set.
"""
import json
import sys

import jwt

LEEWAY_S = 60


def main(arguments):
    if len(arguments) not in (4, 5):
        print(__doc__.split("\n\n")[1], file=sys.stderr)
        return 2
    url, issuer, audience = arguments[1:4]
    text = sys.stdin.read()
    try:
        key = jwt.PyJWKClient(url).get_signing_key_from_jwt(text)
    except jwt.PyJWKClientError as error:
        print("refused: %s" % error)
        return 1 if "signing key" in str(error) else 2
    except jwt.PyJWTError as error:
        print("refused: %s" % error)
        return 1
    except OSError as error:
        print("no key set: %s" % error)
        return 2
    try:  # the algorithm is fixed here: never the one that the token names
        claims = jwt.decode(text, key.key, algorithms=["EdDSA"], audience=audience, issuer=issuer, leeway=LEEWAY_S,
                            options={"require": ["aud", "exp", "iat", "iss", "sub"]})
    except jwt.PyJWTError as error:
        print("refused: %s" % error)
        return 1
    if jwt.get_unverified_header(text)["typ"] != "JWT":  # attestation results have another type
        print("refused: expected a JWT")
        return 1
    if len(arguments) == 5 and claims["sub"] != arguments[4]:
        print("refused: the token is of %s" % claims["sub"])
        return 1
    print("valid: %s" % json.dumps({name: claims[name] for name in ("sub", "aud", "exp")}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
