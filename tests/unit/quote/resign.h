/*
 * tests/unit/quote/resign.h - certificates and lists with replaced bytes and a valid new signature.
 */
#ifndef ASSAY_TESTS_UNIT_QUOTE_RESIGN_H
#define ASSAY_TESTS_UNIT_QUOTE_RESIGN_H

#include "base/crypto.h"

struct patch {
    const char *what;
    uint8_t from[12], to[12];
    size_t len;
};

/* The first occurrence. Returns: NULL when there is none. */
uint8_t *resign_find(uint8_t *bytes, size_t len, const uint8_t *wanted, size_t wanted_len);
/* SEQUENCE { tbs, algorithm, BIT STRING } with the tbs as it is now, signed by this key. */
void resign(uint8_t *der, uint32_t *len, size_t capacity, const struct assay_secret32 *key);
/* Aborts the test when there is nothing to change. */
void resign_patched(uint8_t *der, uint32_t *len, const struct patch *patch,
                    const struct assay_secret32 *key);

#endif
