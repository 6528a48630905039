/*
 * tests/unit/quote/cose/maker.h - test authority: keys, certificates and COSE_Sign1 of P-256 and
 * P-384, valid or with one chosen defect. Every failure aborts the test.
 */
#ifndef ASSAY_TESTS_UNIT_QUOTE_COSE_MAKER_H
#define ASSAY_TESTS_UNIT_QUOTE_COSE_MAKER_H

#include "base/cbor.h"
#include "base/crypto.h"
#include "quote/verdict.h"

enum { MAKER_DER_MAX = 1024, MAKER_EVIDENCE_MAX = ASSAY_EVIDENCE_LEN_MAX };

struct maker_key {
    void *pkey; /* EVP_PKEY */
    struct assay_key public;
    size_t half; /* of r | s */
};
struct maker_key maker_key_make(enum assay_key_type type);
void maker_key_free(struct maker_key *key);
/* r | s over a digest, 2 * half bytes. */
void maker_sign(const struct maker_key *key, const uint8_t *digest, size_t digest_len,
                uint8_t *signature);

struct maker_certificate {
    const char *subject; /* common names */
    const char *issuer;
    const struct maker_key *key;
    const struct maker_key *signer;
    int64_t from_unix_s;
    int64_t to_unix_s;
    bool is_ca;
    int path_len;             /* -1: none */
    const char *key_usage;    /* as OpenSSL spells it; NULL: none */
    const char *critical_oid; /* an unknown critical extension, or NULL */
};
struct maker_der {
    uint8_t bytes[MAKER_DER_MAX];
    size_t len;
};
void maker_certificate(const struct maker_certificate *terms, struct maker_der *der);

struct maker_sign1 {
    const struct maker_key *key;
    int64_t algorithm;
    bool tagged;
    bool alg_unprotected; /* there instead */
    bool alg_in_both;
    bool crit;            /* a critical header in the protected one */
    bool wrong_context;   /* signs "Signature" instead of "Signature1" */
    bool external_data;   /* signs other external data than none */
    size_t cut_signature; /* bytes cut from its end */
    size_t half;          /* of r | s, with zeros before them; 0: as long as the curve */
};
/* A container whose length is its count, or which runs until it is closed (RFC 8949 3.2.2). */
void maker_map_open(struct assay_writer *w, uint64_t pairs, bool indefinite);
void maker_array_open(struct assay_writer *w, uint64_t count, bool indefinite);
void maker_close(struct assay_writer *w, bool indefinite);

/* Appends one COSE_Sign1. */
void maker_sign1_put(const struct maker_sign1 *terms, struct assay_slice payload,
                     struct assay_writer *w);

/* The map of a COSE_Key. */
void maker_cose_key_put(const struct maker_key *key, struct assay_writer *w);

#endif
