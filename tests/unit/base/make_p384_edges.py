#!/usr/bin/env python3
"""Makes the table of tests/unit/base/p384_edges.h: signatures that are hard to come by at random.

Plain affine arithmetic over Python's integers, sharing nothing with the library under test. The
answers are those of the textbook's verification.

usage: python3 tests/unit/base/make_p384_edges.py > tests/unit/base/p384_edges.h
"""
import hashlib

P = 2 ** 384 - 2 ** 128 - 2 ** 96 + 2 ** 32 - 1
N = int("ffffffffffffffffffffffffffffffffffffffffffffffff"
        "c7634d81f4372ddf581a0db248b0a77aecec196accc52973", 16)
A = P - 3
B = int("b3312fa7e23ee7e4988e056be3f82d19181d9c6efe814112"
        "0314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef", 16)
G = (int("aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b98"
         "59f741e082542a385502f25dbf55296c3a545e3872760ab7", 16),
     int("3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147c"
         "e9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f", 16))
HALF = N // 2
DIGEST = int.from_bytes(hashlib.sha384(b"assay edge").digest(), "big")
SECRET = 0x1234567890ABCDEF


def add(p, q):
    if p is None or q is None:
        return q if p is None else p
    if p[0] == q[0]:
        if (p[1] + q[1]) % P == 0:
            return None
        slope = (3 * p[0] * p[0] + A) * pow(2 * p[1], -1, P)
    else:
        slope = (q[1] - p[1]) * pow(q[0] - p[0], -1, P)
    x = (slope * slope - p[0] - q[0]) % P
    return x, (slope * (p[0] - x) - p[1]) % P


def mul(k, p):
    total = None
    for bit in bin(k % N)[2:]:
        total = add(total, total)
        if bit == "1":
            total = add(total, p)
    return total


def on_curve(x):
    square = (x ** 3 + A * x + B) % P
    y = pow(square, (P + 1) // 4, P)
    return (x, y) if y * y % P == square else None


def textbook(public, digest, r, s):
    if not (1 <= r < N and 1 <= s < N):
        return False
    w = pow(s, -1, N)
    point = add(mul(digest * w, G), mul(r * w, public))
    return point is not None and point[0] % N == r


def row(name, public, digest, r, s):
    valid = textbook(public, digest % N, r, s)
    print("    { \"%s\"," % name)
    for number, end in ((public[0], ""), (public[1], ","), (digest, ","), (r, ""), (s, ",")):
        digits = "%096x" % number
        print("      \"%s\"" % digits[:48])
        print("      \"%s\"%s" % (digits[48:], end))
    print("      %s }," % str(valid).lower())


def with_s(name, s, nonce=7):
    """Choose the key so that this s comes out."""
    r = mul(nonce, G)[0] % N
    row(name, mul((s * nonce - DIGEST) * pow(r, -1, N), G), DIGEST, r, s)


def sign(digest, secret, nonce):
    r = mul(nonce, G)[0] % N
    s = (digest + r * secret) * pow(nonce, -1, N) % N
    return r, min(s, N - s)


print("""/*
 * tests/unit/base/p384_edges.h - signatures at the edges of ECDSA over P-384, with the answers.
 *
 * Made by tests/unit/base/make_p384_edges.py; edit that, not this.
 */
#ifndef ASSAY_TESTS_UNIT_BASE_P384_EDGES_H
#define ASSAY_TESTS_UNIT_BASE_P384_EDGES_H

#include <stdbool.h>

struct p384_edge {
    const char *name;
    const char *public_key; /* hexadecimal, as all that follows: x | y */
    const char *digest;
    const char *signature; /* r | s */
    bool valid;
};

static const struct p384_edge p384_edges[] = {""")
with_s("s = 1", 1)
with_s("s = floor(n/2), the largest low one", HALF)
with_s("s = floor(n/2) + 1, the smallest high one", HALF + 1)
with_s("s = n - 1", N - 1)

PUBLIC = mul(SECRET, G)
R0, S0 = sign(DIGEST, SECRET, 11)
row("an ordinary one", PUBLIC, DIGEST, R0, S0)
row("the same with n - s", PUBLIC, DIGEST, R0, N - S0)
for label, number in (("0", 0), ("n", N), ("n + 1", N + 1), ("2^384 - 1", 2 ** 384 - 1),
                      ("n - 1", N - 1)):
    row("r = " + label, PUBLIC, DIGEST, number, S0)
    row("s = " + label, PUBLIC, DIGEST, R0, number)
row("r and s = 0", PUBLIC, DIGEST, 0, 0)
row("r and s = n", PUBLIC, DIGEST, N, N)
row("r and s = 1", PUBLIC, DIGEST, 1, 1)

# The x coordinate of the nonce's point lies in n..p-1, so r = x - n is tiny.
X = next(x for x in range(N + 1, P) if on_curve(x))
NONCE_POINT = on_curve(X)
WRAPPED = mul(pow(X - N, -1, N), add(mul(12345, NONCE_POINT), mul(N - DIGEST % N, G)))
row("x of the nonce's point is above n", WRAPPED, DIGEST, X - N, 12345)
row("the same with r = x, above n", WRAPPED, DIGEST, X, 12345)

row("the sum of both products is infinity", PUBLIC, DIGEST, -DIGEST * pow(SECRET, -1, N) % N, 99)
row("digest 0", PUBLIC, 0, *sign(0, SECRET, 11))
row("digest 2^384 - 1", PUBLIC, 2 ** 384 - 1, *sign(2 ** 384 - 1, SECRET, 11))
row("digest n", PUBLIC, N, *sign(0, SECRET, 11))
R1 = mul(11, G)[0] % N
row("key G, both products equal: a doubling", G, R1, *sign(R1, 1, 11))
row("key -G, both products opposite: infinity", (G[0], P - G[1]), R1, R1, 5)
row("key -G, an ordinary one", (G[0], P - G[1]), DIGEST, *sign(DIGEST, N - 1, 11))
row("key 2G", mul(2, G), DIGEST, *sign(DIGEST, 2, 11))
print("""};

#endif""")
