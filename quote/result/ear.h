/*
 * quote/result/ear.h - verdict as the claims of an EAT attestation result (draft-ietf-rats-ear).
 *
 * Two families of names are in use: the IETF draft's, and those of Veraison's libraries of 2023,
 * which most deployed relying parties still read. Both say the same. JSON and CBOR are
 * deterministic: the same verdict and terms give the same bytes. Signing is the host's
 * (quote/result/jwt.h, quote/result/cwt.h).
 */
#ifndef ASSAY_QUOTE_RESULT_EAR_H
#define ASSAY_QUOTE_RESULT_EAR_H

#include "base/crypto.h"
#include "base/writer.h"
#include "quote/result/ar4si.h"

enum assay_ear_profile {
    ASSAY_EAR_IETF_04 = 0,
    ASSAY_EAR_VERAISON_2023 = 1,
};
enum { ASSAY_EAR_PROFILES = 2 };

enum {
    ASSAY_EAR_NONCE_MIN = 8, /* RFC 9711 4.1: characters of eat_nonce in JSON */
    ASSAY_EAR_NONCE_MAX = 88,
    ASSAY_EAR_NAME_MAX = 128, /* bytes of `developer` and of `build` */
    /* Reasons and advisories full, every byte escaped: 13 KB; twelve devices with them: 33 KB. */
    ASSAY_EAR_CLAIMS_MAX = 36864,
    ASSAY_EAR_TOKEN_MAX = 49664,
};

/* Collision-resistant name (RFC 7519 4.3) of the private claims of an appraisal. */
#define ASSAY_EAR_PRIVATE "urn:uuid:e0fcbae6-1cc4-44ce-ab54-0465513b4090"
/* Label of the appraisal of the TEE among the submodules, as Trustee names it. Devices that come
 * with its evidence are "gpu0", "switch0" (quote/result/device_verdict.h). */
#define ASSAY_EAR_SUBMODULE "cpu0"
/* The same, of a member's standing. */
#define ASSAY_EAR_STANDING_SUBMODULE "assay"

/* The names of one family. */
struct assay_ear_names {
    const char *option;         /* on the command line */
    const char *profile;        /* value of eat_profile */
    const char *profile_prefix; /* of every version of the family */
    const char *media_type;     /* typ of the header (RFC 7515 4.1.9) */
    const char *status;
    const char *vector;
    const char *verifier_id;
    const char *policy_ids;
    bool policy_ids_are_a_list;  /* else one text */
    const char *attester_claims; /* NULL: with those of the verifier in one private claim */
    const char *verifier_claims;
};

struct assay_ear_terms {
    enum assay_ear_profile profile;
    const char *developer;    /* of the verifier; printable ASCII, up to ASSAY_EAR_NAME_MAX */
    const char *build;        /* the same */
    int64_t issued_unix_s;    /* iat, at least 0: the time that the appraisal is for */
    int64_t end_unix_s;       /* exp at the latest; not after the issue: the verdict's alone */
    bool cbor;                /* as CBOR: of a family with labels (not veraison-2023) */
    struct assay_slice nonce; /* the relying party's, echoed; empty: none; of CBOR up to 64 */
    bool no_evidence_digest;  /* the bytes that were appraised are not known: none is stated */
    uint8_t evidence_digest[ASSAY_SHA256_LEN];
    uint8_t policy_digest[ASSAY_SHA256_LEN];
};

/* Returns: the names of a family (asserted: one of the list). */
struct assay_ear_names assay_ear_names(enum assay_ear_profile profile);
/* "ietf-04", "veraison-2023". Returns: ASSAY_OK | ASSAY_E_NOT_FOUND */
ASSAY_CHECKED enum assay_status assay_ear_profile_parse(const char *text,
                                                        enum assay_ear_profile *profile);
/* Returns: true for 8 to 88 characters of printable ASCII. */
bool assay_ear_nonce_is_fit(const char *text, size_t len);
/* {"alg":"ES256",...} with the key's thumbprint as kid. */
void assay_ear_header(enum assay_ear_profile profile,
                      const uint8_t public_key[static ASSAY_P256_PUBLIC_LEN],
                      struct assay_writer *w);
/*
 * assay_ear_claims - iat, exp (the verdict's, if it has one), eat_profile, verifier, nonce, and the
 * appraisals of the whole and of each device: status, vector, policy, the evidence's nonce when it
 * is proven, private claims.
 * In:      policy: the one that the verdict was made under
 * The writer reports overflow.
 */
void assay_ear_claims(const struct assay_verdict *verdict, const struct assay_policy *policy,
                      const struct assay_ear_terms *terms, struct assay_writer *w);

#endif
