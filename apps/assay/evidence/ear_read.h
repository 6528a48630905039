/*
 * apps/assay/evidence/ear_read.h - verification of a signed attestation result, as a relying party
 * does it: a JSON web token or a CBOR web token.
 *
 * Both families of names (quote/result/ear.h) and the profiles derived from them, both spellings of
 * the media type. Unknown claims are ignored (RFC 7519 4, draft-ietf-rats-ear 3); known ones must
 * follow the draft, above all: a status is never better than its worst claim.
 */
#ifndef ASSAY_APPS_ASSAY_EVIDENCE_EAR_READ_H
#define ASSAY_APPS_ASSAY_EVIDENCE_EAR_READ_H

#include "net/json/json.h"
#include "quote/result/ear.h"

enum {
    ASSAY_EAR_SUBMODULES_MAX = 32,
    ASSAY_EAR_SKEW_S = 60, /* clocks of issuer and reader */
};

/* In the order of the checks. */
enum assay_ear_answer {
    ASSAY_EAR_VALID = 0,
    ASSAY_EAR_MALFORMED, /* no token, no JSON or CBOR, a claim that is missing or of another type */
    ASSAY_EAR_UNSUPPORTED, /* another algorithm, media type or profile */
    ASSAY_EAR_FORGED,      /* the signature is not by this key */
    ASSAY_EAR_REFUSED,     /* a claim that cannot be true, regardless of the signer */
    ASSAY_EAR_EXPIRED,     /* or not yet valid */
    ASSAY_EAR_NONCE,       /* the answer to another question */
};

struct assay_ear_submodule {
    const char *label; /* borrows from claims */
    enum assay_tier status;
    bool has_vector;
    bool insecure; /* according to its private claims, appraised under a development policy */
    struct assay_trust_vector vector;
    const struct assay_json *claims; /* all of the appraisal */
};

struct assay_ear {
    enum assay_ear_profile family;
    const char *profile; /* this and what follows borrows from claims */
    const char *developer;
    const char *build;
    const char *nonce; /* NULL: none */
    int64_t issued_unix_s;
    bool has_expiry;
    int64_t expires_unix_s;
    enum assay_tier status; /* the least trust over all submodules */
    size_t submodule_count;
    struct assay_ear_submodule submodules[ASSAY_EAR_SUBMODULES_MAX];
    struct assay_json *claims;
    char why[160]; /* reason as text, when it is not valid */
};

/*
 * cli_ear_read - check a token. Its first byte distinguishes CBOR from text; text is a JSON web
 * token, or CBOR as base64url.
 * In:      token[len]; white space at the end of a text is ignored; nonce: NULL, or what the token
 *          must echo (of CBOR: the text of its bytes, or their base64url where they are no text)
 * Out:     *ear, whatever the answer: cli_ear_close frees it; only a valid one may be trusted
 * Returns: the answer; running out of memory reads as MALFORMED, and with the reason in why
 */
enum assay_ear_answer cli_ear_read(const void *token, size_t len, const struct assay_p256 *key,
                                   int64_t at_unix_s, const char *nonce, struct assay_ear *ear);
/* The claims that have no standard place: of the attester (kind, measurement) or of the verifier
 * (insecure, reasons); before draft 04 one private claim has both. Returns: borrowed, or NULL. */
const struct assay_json *cli_ear_own(const struct assay_ear_submodule *sub, bool of_attester);
/* */
void cli_ear_close(struct assay_ear *ear);

#endif
