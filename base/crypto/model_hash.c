/*
 * base/crypto/model_hash.c - SHA-256 with a cache of computed digests.
 *
 * The nodes of a simulated network hash the same votes, ballots and blocks over and over. The
 * program links the real seam too, and the linker sends calls of SHA-256 through this file first
 * (--wrap; the names are the linker's). A cached digest is returned only after a comparison of all
 * input bytes, so callers cannot observe the cache.
 */
#include "base/crypto/model.h"

#include <string.h>

/* What is hashed often is short: statements of votes, ballots, headers, leaves of trees. */
enum { KEPT_LEN_MAX = 476, KEPT = 512, WORD = 8 };

struct kept {
    uint32_t len; /* 0: free */
    uint8_t digest[ASSAY_SHA256_LEN];
    uint8_t bytes[KEPT_LEN_MAX];
};

_Static_assert(sizeof(struct kept) == 512, "whole cache lines");

/* The names that ld --wrap gives.
 * NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
void __real_assay_sha256(const void *bytes, size_t len, uint8_t *digest);
void __real_assay_sha256_pieces(const struct assay_slice *pieces, size_t count, uint8_t *digest);
void __wrap_assay_sha256(const void *bytes, size_t len, uint8_t *digest);
void __wrap_assay_sha256_pieces(const struct assay_slice *pieces, size_t count, uint8_t *digest);
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static _Thread_local _Alignas(64) struct kept table[KEPT];

static uint64_t word_at(const uint8_t *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/* Where the digest of these bytes is kept, if it is; the last word overlaps the one before it. The
 * place may differ between machines, what is answered may not. */
static struct kept *place_of(const uint8_t *bytes, size_t len)
{
    const uint64_t factor = 0x9e3779b97f4a7c15ULL;
    uint64_t even = len;
    uint64_t odd = factor;
    size_t at = 0;
    for (; at + 2 * WORD <= len; at += 2 * WORD) {
        even = (even ^ word_at(bytes + at)) * factor;
        odd = (odd ^ word_at(bytes + at + WORD)) * factor;
        even ^= even >> 32;
        odd ^= odd >> 32;
    }
    if (at + WORD <= len) even = (even ^ word_at(bytes + at)) * factor;
    odd = (odd ^ word_at(bytes + len - WORD)) * factor;
    return &table[(even ^ odd) >> 48 & (KEPT - 1)];
}

static void look_up(const uint8_t *bytes, size_t len, uint8_t *digest)
{
    struct kept *k = place_of(bytes, len);
    if (k->len != len || memcmp(k->bytes, bytes, len) != 0) {
        __real_assay_sha256(bytes, len, k->digest);
        memcpy(k->bytes, bytes, len);
        k->len = (uint32_t)len;
    }
    memcpy(digest, k->digest, sizeof k->digest);
}

void __wrap_assay_sha256(const void *bytes, size_t len, uint8_t *digest)
{
    if (len < WORD || len > KEPT_LEN_MAX) __real_assay_sha256(bytes, len, digest);
    else look_up(bytes, len, digest);
}

void __wrap_assay_sha256_pieces(const struct assay_slice *pieces, size_t count, uint8_t *digest)
{
    uint8_t all[KEPT_LEN_MAX];
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        if (pieces[i].len > sizeof all - len) {
            __real_assay_sha256_pieces(pieces, count, digest);
            return;
        }
        if (pieces[i].len > 0) memcpy(all + len, pieces[i].bytes, pieces[i].len);
        len += pieces[i].len;
    }
    __wrap_assay_sha256(all, len, digest);
}
