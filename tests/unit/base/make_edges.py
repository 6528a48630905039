#!/usr/bin/env python3
"""Makes the tables of tests/unit/base/p256_edges.h and p384_edges.h: signatures that are hard to come by
at random.

Plain affine arithmetic over Python's integers, sharing nothing with the library under test. The
answers are those of the textbook's verification.

usage: cd tests/unit/base && for bits in 256 384; do python3 make_edges.py $bits > p${bits}_edges.h; done
"""
import hashlib
import sys

BITS = int(sys.argv[1])
# NIST P-256 and P-384 (FIPS 186-4 D.1.2): p, n, b, and the generator; a = p - 3.
P, N, B, G = {
    256: (0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF,
          0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
          0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
          (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
           0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)),
    384: (2 ** 384 - 2 ** 128 - 2 ** 96 + 2 ** 32 - 1,
          int("ffffffffffffffffffffffffffffffffffffffffffffffff"
              "c7634d81f4372ddf581a0db248b0a77aecec196accc52973", 16),
          int("b3312fa7e23ee7e4988e056be3f82d19181d9c6efe814112"
              "0314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef", 16),
          (int("aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b98"
               "59f741e082542a385502f25dbf55296c3a545e3872760ab7", 16),
           int("3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147c"
               "e9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f", 16))),
}[BITS]
A = P - 3
HALF = N // 2
DIGEST = int.from_bytes(hashlib.new("sha%d" % BITS, b"assay edge").digest(), "big")
SECRET = 0x1234567890ABCDEF
LINE = 64 if BITS == 256 else 48


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
    any_s = textbook(public, digest % N, r, s)
    low_s = any_s and s <= HALF
    print("    { \"%s\"," % name)
    for number, end in ((public[0], ""), (public[1], ","), (digest, ","), (r, ""), (s, ",")):
        digits = "%0*x" % (BITS // 4, number)
        # A number of 384 bits takes two lines.
        for at in range(0, len(digits), LINE):
            print("      \"%s\"%s" % (digits[at:at + LINE], end if at + LINE == len(digits) else ""))
    # Low s is a duty of our own signatures alone, which are over P-256.
    answers = (any_s, low_s) if BITS == 256 else (any_s,)
    print("      %s }," % ", ".join(str(answer).lower() for answer in answers))


def with_s(name, s, nonce=7):
    """Choose the key so that this s comes out."""
    r = mul(nonce, G)[0] % N
    row(name, mul((s * nonce - DIGEST) * pow(r, -1, N), G), DIGEST, r, s)


def sign(digest, secret, nonce):
    r = mul(nonce, G)[0] % N
    s = (digest + r * secret) * pow(nonce, -1, N) % N
    return r, min(s, N - s)


print("""/*
 * tests/unit/base/p%(bits)d_edges.h - signatures at the edges of ECDSA over P-%(bits)d, with the answers.
 *
 * Made by tests/unit/base/make_edges.py; edit that, not this.
 */
#ifndef ASSAY_TESTS_UNIT_BASE_P%(bits)d_EDGES_H
#define ASSAY_TESTS_UNIT_BASE_P%(bits)d_EDGES_H

#include <stdbool.h>

struct p%(bits)d_edge {
    const char *name;
    const char *public_key; /* hexadecimal, as all that follows: x | y */
    const char *digest;
    const char *signature; /* r | s */
    %(answers)s
};

static const struct p%(bits)d_edge p%(bits)d_edges[] = {""" % {
    "bits": BITS,
    "answers": "bool valid_any;\n    bool valid_low;" if BITS == 256 else "bool valid;"})
with_s("s = 1", 1)
with_s("s = floor(n/2), the largest low one", HALF)
with_s("s = floor(n/2) + 1, the smallest high one", HALF + 1)
with_s("s = n - 1", N - 1)

PUBLIC = mul(SECRET, G)
R0, S0 = sign(DIGEST, SECRET, 11)
row("an ordinary one", PUBLIC, DIGEST, R0, S0)
row("the same with n - s", PUBLIC, DIGEST, R0, N - S0)
for label, number in (("0", 0), ("n", N), ("n + 1", N + 1), ("2^%d - 1" % BITS, 2 ** BITS - 1),
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
row("digest 2^%d - 1" % BITS, PUBLIC, 2 ** BITS - 1, *sign(2 ** BITS - 1, SECRET, 11))
row("digest n", PUBLIC, N, *sign(0, SECRET, 11))
R1 = mul(11, G)[0] % N
row("key G, both products equal: a doubling", G, R1, *sign(R1, 1, 11))
row("key -G, both products opposite: infinity", (G[0], P - G[1]), R1, R1, 5)
row("key -G, an ordinary one", (G[0], P - G[1]), DIGEST, *sign(DIGEST, N - 1, 11))
row("key 2G", mul(2, G), DIGEST, *sign(DIGEST, 2, 11))
print("""};

#endif""")
