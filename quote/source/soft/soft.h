/*
 * quote/source/soft/soft.h - SOFT: a complete attestation PKI in software, and its quotes.
 *
 * For development, tests and the demo: the quotes have the shape of SGX quotes of version 3, carry
 * the quoting-enclave vendor id of SOFT, and are verified by the same code as Intel's under a root
 * of their own. They prove nothing about hardware; profile production refuses them
 * (docs/protocol.md 3.2).
 *
 *     root CA -> platform CA -> PCK certificate (one per node, own platform id)
 *             -> TCB signing certificate -> TCB info, QE identity      and both revocation lists
 */
#ifndef ASSAY_QUOTE_SOURCE_SOFT_SOFT_H
#define ASSAY_QUOTE_SOURCE_SOFT_SOFT_H

#include "base/crypto.h"
#include "quote/collateral/collateral.h"
#include "quote/collateral/tcb.h"
#include "quote/intel/soft_id.h"

enum {
    ASSAY_SOFT_NAME_MAX = 32,
    ASSAY_SOFT_CERT_MAX = 1536,  /* one DER certificate */
    ASSAY_SOFT_CHAIN_MAX = 6144, /* three of them as PEM */
    ASSAY_SOFT_QUOTE_MAX = 8192, /* a quote takes about 4.5 KB */
    ASSAY_SOFT_JSON_MAX = 16384,
    ASSAY_SOFT_LEVELS_MAX = 8,
    ASSAY_SOFT_REVOKED_MAX = 32,
    ASSAY_SOFT_BUNDLE_MAX = 65536,
    ASSAY_SOFT_AUTH_LEN = 32,
};

/* An authority of one SOFT vendor: three keys and their certificates. Holds secrets: wipe it. */
struct assay_soft_ca {
    char name[ASSAY_SOFT_NAME_MAX]; /* of the vendor, part of the certificates' names */
    int64_t not_before_s;
    int64_t not_after_s;
    uint8_t fmspc[6];
    struct assay_secret32 root_key;
    struct assay_secret32 platform_key;
    struct assay_secret32 signing_key;
    uint8_t root_public[ASSAY_P256_PUBLIC_LEN]; /* what policies pin */
    uint8_t platform_public[ASSAY_P256_PUBLIC_LEN];
    uint8_t signing_public[ASSAY_P256_PUBLIC_LEN];
    uint32_t root_der_len, platform_der_len, signing_der_len;
    uint8_t root_der[ASSAY_SOFT_CERT_MAX];
    uint8_t platform_der[ASSAY_SOFT_CERT_MAX];
    uint8_t signing_der[ASSAY_SOFT_CERT_MAX];
};

/* A TCB level to publish. */
struct assay_soft_level {
    uint8_t components[ASSAY_TCB_COMPONENTS];
    uint16_t pcesvn;
    enum assay_tcb_status status;
    int64_t date_unix_s;
    const char *advisory; /* one id, or NULL */
};

/* Terms of the collateral; assay_soft_terms_default fills it. */
struct assay_soft_terms {
    int64_t issue_unix_s; /* thisUpdate and issueDate */
    int64_t next_unix_s;  /* nextUpdate */
    uint32_t evaluation_number;
    size_t level_count;
    struct assay_soft_level levels[ASSAY_SOFT_LEVELS_MAX];
    uint16_t qe_isvsvn; /* least ISVSVN of the QE's level */
    enum assay_tcb_status qe_status;
    size_t revoked_count; /* serials of PCK certificates */
    uint8_t revoked[ASSAY_SOFT_REVOKED_MAX][ASSAY_SERIAL_LEN];
    bool revoke_platform_ca;
};

/* Collateral as files; .files borrows from .bytes, so the struct must not be moved or copied. */
struct assay_soft_bundle {
    struct assay_collateral_files files;
    size_t used;
    uint8_t bytes[ASSAY_SOFT_BUNDLE_MAX];
};

/* Identity of a node's platform. */
struct assay_soft_platform {
    uint8_t components[ASSAY_TCB_COMPONENTS];
    uint16_t pcesvn;
    uint16_t qe_isvsvn;
    uint8_t ppid[16]; /* all zero: drawn at random */
};

/* The credential of one node: attestation key, QE report over it, PCK chain. Holds a secret: deinit
 * it. */
struct assay_soft_node {
    char name[ASSAY_SOFT_NAME_MAX];
    uint8_t pck_serial[ASSAY_SERIAL_LEN];
    uint8_t ppid[16];
    struct assay_secret32 attestation_key;
    uint8_t attestation_public[ASSAY_P256_PUBLIC_LEN];
    uint8_t qe_report[384];
    uint8_t qe_signature[ASSAY_P256_SIGNATURE_LEN];
    uint8_t auth_data[ASSAY_SOFT_AUTH_LEN];
    uint32_t chain_len;
    uint8_t chain[ASSAY_SOFT_CHAIN_MAX]; /* PEM: PCK, platform CA, root */
    struct assay_p256_signer *signer;    /* decoded attestation key, for repeated quotes */
};

/* One quote to make; mrsigner, isvprodid, isvsvn, debug may stay zero. */
struct assay_soft_request {
    uint8_t mrenclave[32];
    uint8_t mrsigner[32];
    uint16_t isvprodid;
    uint16_t isvsvn;
    bool debug;
    uint8_t report_data[64];
};

/*
 * assay_soft_ca_create - draw the keys and issue the certificates of one vendor.
 * In:      name 1..31 characters of [A-Za-z0-9 ._-]; not_before_s < not_after_s, years 1970..2049
 * Returns: ASSAY_OK | ASSAY_E_RANGE | ASSAY_E_CRYPTO; *ca wiped on failure
 */
ASSAY_CHECKED enum assay_status assay_soft_ca_create(const char *name, int64_t not_before_s,
                                                     int64_t not_after_s, struct assay_soft_ca *ca);
/* Wipes the keys. */
void assay_soft_ca_wipe(struct assay_soft_ca *ca);

/* One level, UpToDate at components 1 and PCESVN 1, validity of the CA. */
void assay_soft_terms_default(const struct assay_soft_ca *ca, struct assay_soft_terms *terms);
/*
 * assay_soft_collateral - CRLs, TCB info, QE identity and their chains, freshly signed.
 * Returns: ASSAY_OK | ASSAY_E_RANGE (terms) | ASSAY_E_FULL | ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_soft_collateral(const struct assay_soft_ca *ca,
                                                      const struct assay_soft_terms *terms,
                                                      struct assay_soft_bundle *bundle);
/*
 * assay_soft_sign_json - {"name":body,"signature":"..."} with the CA's TCB signing key (tests
 * change bodies).
 * Out:     text[*len], no NUL
 * Returns: ASSAY_OK | ASSAY_E_FULL | ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_soft_sign_json(const struct assay_soft_ca *ca,
                                                     const char *name, struct assay_slice body,
                                                     uint8_t *text, size_t capacity, size_t *len);

/* Components 1, PCESVN 1, QE ISVSVN 1, a random PPID. */
void assay_soft_platform_default(struct assay_soft_platform *platform);
/*
 * assay_soft_node_create - a PCK certificate with its own platform id, an attestation key, a QE
 * report.
 * In:      platform may be NULL: the default
 * Returns: ASSAY_OK | ASSAY_E_RANGE (name) | ASSAY_E_FULL | ASSAY_E_CRYPTO; *node wiped on failure
 */
ASSAY_CHECKED enum assay_status assay_soft_node_create(const struct assay_soft_ca *ca,
                                                       const char *name,
                                                       const struct assay_soft_platform *platform,
                                                       struct assay_soft_node *node);
/* Wipes and frees what create or load made. */
void assay_soft_node_deinit(struct assay_soft_node *node);

/*
 * assay_soft_quote - one quote of an enclave; one ECDSA signature.
 * Out:     quote[*len]; capacity ASSAY_SOFT_QUOTE_MAX always suffices
 * Returns: ASSAY_OK | ASSAY_E_FULL | ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_soft_quote(const struct assay_soft_node *node,
                                                 const struct assay_soft_request *request,
                                                 uint8_t *quote, size_t capacity, size_t *len);

/* --- files: quote/source/soft/soft_files.c. A key file has mode 0600; a wider one is refused on
 * loading. */
/*
 * Writes dir/ca.key (secret) and dir/root_ca.pem; dir is made with mode 0700 when it is not there.
 * Returns: ASSAY_OK | ASSAY_E_IO | ASSAY_E_DUPLICATE (a ca.key is there already)
 */
ASSAY_CHECKED enum assay_status assay_soft_ca_save(const struct assay_soft_ca *ca, const char *dir);
/* Returns: ASSAY_OK | ASSAY_E_NOT_FOUND | ASSAY_E_IO | ASSAY_E_INVALID (mode) | ASSAY_E_VERSION |
 * input errors */
ASSAY_CHECKED enum assay_status assay_soft_ca_load(const char *dir, struct assay_soft_ca *ca);
/* Writes the files of a bundle under their names (overwriting). Returns: ASSAY_OK | ASSAY_E_IO */
ASSAY_CHECKED enum assay_status assay_soft_bundle_save(const struct assay_soft_bundle *bundle,
                                                       const char *dir);
/* The credential as one secret file. Returns: ASSAY_OK | ASSAY_E_IO | ASSAY_E_DUPLICATE (exists) */
ASSAY_CHECKED enum assay_status assay_soft_node_save(const struct assay_soft_node *node,
                                                     const char *path);
/* Returns: as assay_soft_ca_load, ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_soft_node_load(const char *path,
                                                     struct assay_soft_node *node);

#endif
