/*
 * quote/accept/corim.h - import and export of reference values as signed CoRIM (draft-ietf-rats-
 * corim-11).
 *
 * A subset: COSE_Sign1 (tag 18) by one pinned key around an unsigned manifest (tag 501) of CoMID
 * tags (506) with reference triples: digests, raw values, integrity registers, least SVN. What the
 * subset lacks is refused, never passed over, because a condition that is dropped lets more pass
 * than its author meant; the parts of ASSAY_CORIM_PART_LIST can be left out on request, and are
 * counted. Triples that only add to what is known of an attester (endorsements, keys, membership)
 * restrict nothing and are always left out.
 *
 * Which measurement is which field of a policy is the one table of corim_table.c, explained in
 * docs/configuration.md 4.
 */
#ifndef ASSAY_QUOTE_ACCEPT_CORIM_H
#define ASSAY_QUOTE_ACCEPT_CORIM_H

#include "quote/accept/policy.h"

/* Profiles: symbol, identifier (text URI, or OID in hexadecimal), display name */
#define ASSAY_CORIM_PROFILE_LIST(X)                                                                \
    X(ASSAY, "tag:assay,2026:reference-values#1", "Assay reference values")                        \
    X(NONE, "", "none")                                                                            \
    X(LAUNCH, "tag:microsoft.com,2026:launch-measurement/v1", "launch measurement")                \
    X(AMD, "tag:amd.com,2025:snp-corim-profile", "AMD SEV-SNP")                                    \
    X(CCA_REALM, "tag:arm.com,2025:cca_realm#1.0.0", "Arm CCA realm")                              \
    X(CCA_PLATFORM, "tag:arm.com,2025:cca_platform#1.0.0", "Arm CCA platform")

#define ASSAY_CORIM_PROFILE_ENUM(symbol, uri, name) ASSAY_CORIM_PROFILE_##symbol,
enum assay_corim_profile { ASSAY_CORIM_PROFILE_LIST(ASSAY_CORIM_PROFILE_ENUM) };
#undef ASSAY_CORIM_PROFILE_ENUM

/* What a manifest may hold and a policy cannot: symbol, text, refused unless asked to leave out */
#define ASSAY_CORIM_PART_LIST(X)                                                                   \
    X(TRIPLES, "triples that are no reference values", false)                                      \
    X(MANIFESTS, "references to further manifests", false)                                         \
    X(INSTANCE, "a value for one instance or group of devices alone", true)                        \
    X(CLASS, "a value for one class, layer or index of devices alone", true)                       \
    X(MEASUREMENT, "a measurement that no field of a policy holds", true)                          \
    X(CONDITION, "a condition besides the value (flags, exact SVN, keys, serial numbers)", true)   \
    X(DIGEST, "a digest of an algorithm or length that its field never has", true)                 \
    X(COMBINATION, "values that are accepted together only", true)

#define ASSAY_CORIM_PART_ENUM(symbol, text, refused) ASSAY_CORIM_PART_##symbol,
enum assay_corim_part { ASSAY_CORIM_PART_LIST(ASSAY_CORIM_PART_ENUM) };
#undef ASSAY_CORIM_PART_ENUM
enum { ASSAY_CORIM_PARTS = 8 };

enum {
    ASSAY_CORIM_LEN_MAX = 262144,
    ASSAY_CORIM_TEXT_MAX = 80,   /* ids and names as text */
    ASSAY_CORIM_TAGS_MAX = 64,   /* of one manifest */
    ASSAY_CORIM_ITEMS_MAX = 512, /* triples of a tag, measurements of a triple */
};

struct assay_corim_options {
    bool partial; /* leave out what a policy cannot hold, instead of refusing the manifest */
};

struct assay_corim {
    enum assay_corim_profile profile;
    char id[ASSAY_CORIM_TEXT_MAX];     /* text, or bytes in hexadecimal; printable ASCII */
    char signer[ASSAY_CORIM_TEXT_MAX]; /* from the header; empty when absent */
    /* What rim-validity, the signature's validity and the claims nbf and exp have in common; every
     * entry is cut to it. */
    bool has_not_before;
    int64_t not_before_s;
    bool has_not_after;
    int64_t not_after_s;
    uint32_t left_out[ASSAY_CORIM_PARTS];
    uint32_t reference_count; /* without entries that come twice */
    struct assay_reference references[ASSAY_REFERENCES_MAX];
};

/*
 * assay_corim_open - a signed manifest, hostile, under the one key that may sign it.
 * In:      options NULL: reject anything that a policy cannot represent
 * Out:     *corim on ASSAY_OK; otherwise *where (may be NULL) names what and where
 * Returns: ASSAY_OK | ASSAY_E_SIGNATURE | ASSAY_E_KEY (the pinned key is none) |
 *          what assay_corim_read returns | ASSAY_E_MEMORY | ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_corim_open(const uint8_t *bytes, size_t len,
                                                 const struct assay_key *signer,
                                                 const struct assay_corim_options *options,
                                                 struct assay_corim *corim,
                                                 struct assay_where *where);
/*
 * assay_corim_read - an unsigned manifest (tag 501): its author is unknown.
 * Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_TRAILING | ASSAY_E_ENCODING | ASSAY_E_TYPE |
 *          ASSAY_E_RANGE | ASSAY_E_DUPLICATE | ASSAY_E_UNSUPPORTED (a profile, tag, triple or
 *          extension unknown here, or a part of the list above) |
 *          ASSAY_E_INVALID (it contradicts itself) | ASSAY_E_NOT_FOUND (no reference value) |
 *          ASSAY_E_FULL (more than ASSAY_REFERENCES_MAX)
 */
ASSAY_CHECKED enum assay_status assay_corim_read(const uint8_t *bytes, size_t len,
                                                 const struct assay_corim_options *options,
                                                 struct assay_corim *corim,
                                                 struct assay_where *where);

const char *assay_corim_profile_name(
    enum assay_corim_profile profile); /* Returns: a display text */
const char *assay_corim_profile_uri(enum assay_corim_profile profile);  /* Returns: identifier */
const char *assay_corim_part_text(enum assay_corim_part part); /* Returns: a display text */

/* --- writing, quote/accept/corim_write.c: canonical CBOR under our own profile */
/*
 * assay_corim_write - an unsigned manifest of these entries; reading it gives the same ones.
 * In:      id: printable ASCII below ASSAY_CORIM_TEXT_MAX; references that assay_policy_check
 *          takes, none of SHA-1: manifests have no number for that hash
 * The writer reports overflow.
 */
void assay_corim_write(const char *id, const struct assay_reference *references, size_t count,
                       struct assay_writer *w);
/*
 * assay_corim_seal - the COSE_Sign1 around a manifest, for ES256.
 * In:      issuer: as id; signature NULL: zeros, for assay_corim_digest
 * The writer reports overflow.
 */
void assay_corim_seal(struct assay_slice manifest, const char *issuer,
                      const uint8_t public_key[static ASSAY_P256_PUBLIC_LEN],
                      const uint8_t *signature, struct assay_writer *w);
/* What is signed of a sealed manifest. Returns: as assay_cose_sign1_parse and its signature. */
ASSAY_CHECKED enum assay_status assay_corim_digest(struct assay_slice sealed,
                                                   uint8_t digest[static ASSAY_SHA256_LEN]);

#endif
