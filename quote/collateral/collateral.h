/*
 * quote/collateral/collateral.h - endorsements of one platform family by its vendor, verified once.
 *
 * Files of a directory (or of genesis) become one struct assay_collateral: signatures, chains and
 * issuers are checked against the pinned root key while building, everything that depends on time
 * is kept as a window and checked at each appraisal. A bundle that is missing parts or does not
 * verify is still built: it carries its faults, and each appraisal under it reports them. Networks
 * demand assay_collateral_sound.
 */
#ifndef ASSAY_QUOTE_COLLATERAL_COLLATERAL_H
#define ASSAY_QUOTE_COLLATERAL_COLLATERAL_H

#include "base/writer.h"
#include "quote/certificates/validity.h"
#include "quote/collateral/ocsp.h"
#include "quote/collateral/rim.h"
#include "quote/collateral/tcb.h"
#include "quote/x509.h"

enum assay_collateral_part {
    ASSAY_PART_TCB_INFO = 0, /* tcb_info.json */
    ASSAY_PART_QE_IDENTITY,  /* qe_identity.json */
    ASSAY_PART_ROOT_CRL,     /* root_crl.der */
    ASSAY_PART_PCK_CRL,      /* pck_crl.der */
    ASSAY_PART_PCK_CHAIN,    /* pck_chain.pem: only its CA is used, to check the PCK CRL */
    ASSAY_PART_TCB_CHAIN,    /* tcb_signing_chain.pem */
    ASSAY_PART_QE_CHAIN,     /* qe_signing_chain.pem; when absent the TCB chain serves */
    /* The two of every other vendor: certificates from signing keys to the root. */
    ASSAY_PART_CERTIFICATES, /* certificates.pem: ARK, ASK, ASVK, VEKs; EKs and their issuers */
    ASSAY_PART_CRL,          /* crl.der: revocation lists one after the other, of any authority */
    ASSAY_PART_OCSP,         /* ocsp.der: OCSP responses one after the other */
    ASSAY_PART_RIM,          /* rim.cbor: manifests one after the other (rim.h) */
};
enum {
    ASSAY_PARTS = 11,
    ASSAY_PARTS_INTEL = 7,
    ASSAY_PART_LEN_MAX = 262144,
    ASSAY_BUNDLE_LEN_MAX = 524288, /* encoded */
    ASSAY_FAULTS_MAX = 8,
    ASSAY_WINDOWS_MAX = 20,
    ASSAY_LISTS_MAX = 8, /* of ASSAY_PART_CRL: one for each authority of the longest chain */
    ASSAY_LISTS_LEFT_OUT_MAX = 256,
};

/* Readable revocation lists for which a bundle has no room, and which neither its root nor one of
 * its authorities signed: they concern only evidence that has an authority of that name. */
struct assay_lists_left_out {
    size_t count;
    uint8_t issuers[ASSAY_LISTS_LEFT_OUT_MAX][ASSAY_SHA256_LEN]; /* digests of names, each once */
};

/* The bytes of the files, borrowed; an empty slice is a missing file. */
struct assay_collateral_files {
    struct assay_slice part[ASSAY_PARTS];
    bool is_of_others[ASSAY_PARTS]; /* empty, though one of another authority was at hand */
    bool is_cut[ASSAY_PARTS]; /* what could matter had no room: a fault of the bundle */
    const struct assay_lists_left_out *left_out; /* borrowed; NULL: none */
};

struct assay_collateral_fault {
    enum assay_rule rule;
    const char *what;         /* static text: the part */
    enum assay_status status; /* when it could not be read */
};

/* Who signed a document of Intel's: what of the certificate outlives the building. */
struct assay_collateral_signer {
    bool is_there;
    uint8_t key_name[ASSAY_SHA256_LEN];
    uint8_t serial[ASSAY_SERIAL_LEN];
    int64_t from_unix_s;
    int64_t to_unix_s;
};

/* One revocation list of ASSAY_PART_CRL. */
struct assay_list {
    bool has_issuer; /* a certificate of the bundle, or the root, is known to have signed it */
    uint8_t issuer_name[32]; /* key name */
    struct assay_crl crl;
};

struct assay_collateral {
    uint8_t digest[32]; /* SHA-256 of the encoded bundle */
    struct assay_key root;
    bool given[ASSAY_PARTS]; /* the file was there */
    bool has[ASSAY_PARTS];   /* and could be read */
    bool is_of_others[ASSAY_PARTS]; /* as of the files; for texts alone */
    uint32_t fault_count;
    struct assay_collateral_fault faults[ASSAY_FAULTS_MAX];
    uint32_t window_count;
    struct assay_window windows[ASSAY_WINDOWS_MAX];
    bool has_root_issuer;         /* the root CRL bears the root's signature */
    uint8_t root_issuer_name[32]; /* key name of the root */
    bool has_pck_issuer;
    uint8_t pck_issuer_name[32]; /* key name of the CA whose signature on the PCK CRL was checked */
    struct assay_tcb_info tcb_info;
    struct assay_qe_identity qe_identity;
    struct assay_collateral_signer tcb_signer, qe_signer;
    struct assay_crl root_crl; /* Intel's; further ones stand in lists */
    struct assay_crl pck_crl;
    size_t list_count; /* of ASSAY_PART_CRL */
    struct assay_list lists[ASSAY_LISTS_MAX];
    struct assay_lists_left_out left_out; /* as of the files: never from encoded bytes */
    size_t certificate_count; /* of ASSAY_PART_CERTIFICATES or ASSAY_PART_PCK_CHAIN, in order */
    struct assay_certificate certificates[ASSAY_CHAIN_MAX];
    size_t ocsp_count; /* of ASSAY_PART_OCSP */
    struct assay_ocsp_entry ocsp[ASSAY_OCSP_MAX];
    size_t rim_count; /* of ASSAY_PART_RIM; each says whether it counts */
    struct assay_rim rims[ASSAY_RIMS_MAX];
};

/* Returns: the file name of a part ("tcb_info.json"), NULL outside the list. */
const char *assay_collateral_part_name(enum assay_collateral_part part);
/*
 * assay_collateral_build - decode and verify under a root key (about 1 MB: keep *out off the
 * stack).
 * Cost:    up to seven ECDSA verifications, once per bundle
 * Returns: ASSAY_OK (see out->faults) | ASSAY_E_RANGE (a part is too long) | ASSAY_E_MEMORY |
 *          ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_collateral_build(const struct assay_collateral_files *files,
                                                       const struct assay_key *root,
                                                       struct assay_collateral *out);
/* Returns: true when every needed part is there and nothing is wrong with it, time aside. */
bool assay_collateral_sound(const struct assay_collateral *collateral);
/* Returns: true when every window holds at that time. */
bool assay_collateral_current(const struct assay_collateral *collateral, int64_t at_unix_s);
/*
 * assay_collateral_encode - canonical CBOR map of part number to bytes; missing parts are left out.
 * The writer reports overflow (assay_writer_finish)
 */
void assay_collateral_encode(const struct assay_collateral_files *files, struct assay_writer *w);
/*
 * assay_collateral_decode - the mirror; slices borrow from bytes.
 * Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_TRAILING | ASSAY_E_ENCODING | ASSAY_E_DUPLICATE |
 *          ASSAY_E_TYPE | ASSAY_E_RANGE
 */
ASSAY_CHECKED enum assay_status assay_collateral_decode(const uint8_t *bytes, size_t len,
                                                        struct assay_collateral_files *files);
/* SHA-256 of the encoding, computed without a buffer. */
void assay_collateral_digest(const struct assay_collateral_files *files, uint8_t digest[static 32]);

#endif
