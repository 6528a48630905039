/*
 * quote/cca/cca.h - the attestation token of an Arm CCA realm.
 *
 * Sources: "Realm Management Monitor specification" (DEN0137) A7.2, CCA attestation token;
 * draft-ffm-rats-cca-token (01 and 04; sections are those of 04). A token is two COSE_Sign1: the
 * platform's, by the CCA platform attestation key (CPAK), and the realm's, by the realm attestation
 * key (RAK), whose hash the platform token carries.
 *
 * Profiles move: what each demands stands in the tables of cca_token.c. Claims of other keys are
 * skipped (RFC 8392 3: claims that are not understood are ignored).
 */
#ifndef ASSAY_QUOTE_CCA_CCA_H
#define ASSAY_QUOTE_CCA_CCA_H

#include "quote/cose.h"
#include "quote/verifier.h"

enum {
    ASSAY_CCA_TAG_COLLECTION = 399, /* draft 01 4.1: { 44234: bstr, 44241: bstr } */
    ASSAY_CCA_TAG_CMW = 907,        /* draft 04 4.1: { 44234: [263, bstr], 44241: [263, bstr] } */
    ASSAY_CCA_CHALLENGE_LEN = 64,   /* of a realm */
    ASSAY_CCA_PERSONALIZATION_LEN = 64,
    ASSAY_CCA_IMPLEMENTATION_LEN = 32,
    ASSAY_CCA_INSTANCE_LEN = 33, /* UEID of type RAND: 0x01 and 32 bytes */
    ASSAY_CCA_REMS = 4,
    ASSAY_CCA_COMPONENTS_MAX = 32, /* the reference platform has 13 */
    ASSAY_CCA_SECURED = 0x3000,    /* 4.5.2: 0x3000 to 0x30ff */
    ASSAY_CCA_SECURED_LAST = 0x30ff,
};

/* How the realm's public key is written. */
enum assay_cca_key_form {
    ASSAY_CCA_KEY_RAW, /* RMM 1.0: a point of P-384, uncompressed, 97 bytes */
    ASSAY_CCA_KEY_COSE,
};

/* A hash by its name (IANA "Named Information Hash Algorithm Registry"). */
enum assay_cca_hash {
    ASSAY_CCA_HASH_NONE = 0,
    ASSAY_CCA_SHA256,
    ASSAY_CCA_SHA384,
    ASSAY_CCA_SHA512,
};

/* 4.6.1; empty slices are not there. */
struct assay_cca_component {
    struct assay_slice type;
    struct assay_slice measurement;
    struct assay_slice version;
    struct assay_slice signer;
    struct assay_slice hash;
};

/* 4.3 to 4.7. Slices borrow from the evidence. */
struct assay_cca_platform {
    struct assay_cose_sign1 cose;
    struct assay_slice profile;
    struct assay_slice binding; /* claim 10, from profile 2026 on claim 2408 */
    uint64_t binding_claim;
    struct assay_slice implementation;
    struct assay_slice instance;
    struct assay_slice config;
    struct assay_slice hash; /* its name */
    struct assay_slice service;
    uint16_t lifecycle;
    size_t component_count;
    struct assay_cca_component components[ASSAY_CCA_COMPONENTS_MAX];
    uint32_t offset; /* of the token in the evidence */
    uint32_t offset_binding;
    uint32_t offset_lifecycle;
    uint32_t offset_implementation;
};

/* 4.8. */
struct assay_cca_realm {
    struct assay_cose_sign1 cose;
    struct assay_slice profile; /* empty: RMM 1.0, which had none */
    struct assay_slice challenge;
    struct assay_slice personalization;
    struct assay_slice rim;
    struct assay_slice rems[ASSAY_CCA_REMS];
    struct assay_slice hash;     /* name */
    struct assay_slice key;      /* the very bytes that are hashed for the binding */
    struct assay_slice key_hash; /* name */
    enum assay_cca_key_form key_form;
    enum assay_cca_hash binding_hash;
    struct assay_key public_key;
    uint32_t offset;
    uint32_t offset_rim;
    uint32_t offset_rems;
};

struct assay_cca_token {
    uint64_t tag;
    struct assay_cca_platform platform;
    struct assay_cca_realm realm;
};

/*
 * assay_cca_parse - the collection, both tokens and their claims; nothing is verified.
 *
 * In:       bytes[len], hostile
 * Out:      *token, written only on ASSAY_OK; *where names the claim that is wrong (may be NULL)
 * Returns:  ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_TRAILING | ASSAY_E_ENCODING | ASSAY_E_TYPE |
 *           ASSAY_E_RANGE | ASSAY_E_DUPLICATE | ASSAY_E_NOT_FOUND (a mandatory claim) |
 *           ASSAY_E_INVALID | ASSAY_E_UNSUPPORTED (profile, hash, curve, algorithm)
 */
ASSAY_CHECKED enum assay_status assay_cca_parse(const uint8_t *bytes, size_t len,
                                                struct assay_cca_token *token,
                                                struct assay_where *where);
/* Hashes with a named algorithm. Returns: the length of the digest, 0 for NONE. */
size_t assay_cca_digest(enum assay_cca_hash hash, struct assay_slice bytes,
                        uint8_t digest[static ASSAY_DIGEST_MAX]);

#endif
