/*
 * tests/support/authority.h - a certification authority of the tests' own, over OpenSSL.
 *
 * It creates what no public vector has: keys of every type, certificates with any extension,
 * revocation lists. Nothing here verifies. Every failure aborts: a test without its authority tests
 * nothing. Not for production: keys are created again in each run and stored by none but
 * authority_key_keep and authority_key_make_rsa.
 */
#ifndef ASSAY_TESTS_SUPPORT_AUTHORITY_H
#define ASSAY_TESTS_SUPPORT_AUTHORITY_H

#include "quote/x509.h"

enum {
    AUTHORITY_DER_MAX = 8192,
    AUTHORITY_EXTENSIONS_MAX = 16,
    AUTHORITY_VEK_EXTENSIONS = 9, /* at most */
};

struct authority_key;

/* A fresh key pair; RSA of 2048 bits. Returns: never NULL; free it with authority_key_free. */
struct authority_key *authority_key_make(enum assay_key_type type);
/* The one of a file, which is made where it is not there: for programs that are run more than once
 * as one authority. Returns: never NULL. */
struct authority_key *authority_key_keep(enum assay_key_type type, const char *path);
/* They take a tenth of a second and more to make: the n-th of a process is that of every process of
 * this build, kept in the folder ASSAY_TEST_KEYS. Returns: never NULL. */
struct authority_key *authority_key_make_rsa(unsigned bits);
/* Accepts a NULL key; sets *key to NULL. */
void authority_key_free(struct authority_key **key);
void authority_key_public(const struct authority_key *key, struct assay_key *out);
/* A signature over bytes, as plain data. */
void authority_sign(const struct authority_key *key, enum assay_signature_alg alg,
                    const void *bytes, size_t len, struct assay_signature *out);

/* The bare operations of an RSA key over as many bytes as its modulus has: the content of a
 * signature, and a signature with content that no signer would create. Return: nothing. */
void authority_rsa_open(const struct authority_key *key, const struct assay_signature *signature,
                        uint8_t encoded[static ASSAY_RSA_MODULUS_MAX]);
void authority_rsa_close(const struct authority_key *key, const uint8_t *encoded,
                         struct assay_signature *signature);

struct authority_extension {
    const char *oid; /* dotted */
    bool critical;
    size_t len; /* of the value's octets */
    uint8_t value[128];
};

struct authority_certificate {
    const char *subject; /* common names */
    const char *issuer;
    const struct authority_key *key; /* the subject's */
    const struct authority_key *signer;
    enum assay_signature_alg alg;
    uint64_t serial;
    int64_t from_s;
    int64_t to_s;
    bool has_constraints;
    bool is_ca;
    bool has_path_len;
    uint32_t path_len;
    uint32_t key_usage; /* ASSAY_KEY_USAGE_...; 0: no such extension */
    bool has_key_ids;   /* subject and authority key id, SHA-1 as RFC 5280 4.2.1.2 */
    size_t extension_count;
    struct authority_extension extensions[AUTHORITY_EXTENSIONS_MAX]; /* after those above */
};

/* Returns: a CA of that name below the issuer, valid 2020 to 2040, that may sign anything. */
struct authority_certificate authority_ca(const char *subject, const struct authority_key *key,
                                          const char *issuer, const struct authority_key *signer,
                                          enum assay_signature_alg alg);
/* Returns: an end entity that may sign data. */
struct authority_certificate authority_leaf(const char *subject, const struct authority_key *key,
                                            const char *issuer, const struct authority_key *signer,
                                            enum assay_signature_alg alg);
/* Appends one (asserted: there is room). */
void authority_add_extension(struct authority_certificate *c, const char *oid, bool critical,
                             const uint8_t *value, size_t len);
/* AMD's extensions of a VCEK (hwid_len > 0) or VLEK (csp not empty). */
void authority_add_vek(struct authority_certificate *c, const struct assay_vek *vek);
/* DER. Returns: its length. */
size_t authority_certificate_make(const struct authority_certificate *c,
                                  uint8_t der[static AUTHORITY_DER_MAX]);
/* Made and read back with assay_x509_certificate. Returns: what was read. */
struct assay_certificate authority_certificate_read(const struct authority_certificate *c);
/* PEM of some DER under a label ("CERTIFICATE", "PUBLIC KEY"). Returns: its length. */
size_t authority_pem(const char *label, const uint8_t *der, size_t len, uint8_t *text,
                     size_t capacity);

struct authority_crl {
    const char *issuer;
    const struct authority_key *signer;
    enum assay_signature_alg alg;
    uint64_t number;
    int64_t from_s;
    int64_t to_s;
    bool has_key_id;
    size_t revoked_count;
    const uint64_t *revoked; /* serial numbers */
};
/* DER. Returns: its length. */
size_t authority_crl_make(const struct authority_crl *crl, uint8_t der[static AUTHORITY_DER_MAX]);

#endif
