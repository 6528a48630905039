/*
 * include/assay/result.h - libassay for tokens of other verifiers: Azure Attestation, Google
 * Confidential Space, Intel Trust Authority, NVIDIA's Remote Attestation Service.
 *
 * A token is the statement of its issuer: a valid signature shows that the issuer made it. The
 * evidence behind it was verified there, not here. Nothing of it is a verdict of this library.
 *
 * Part of assay/assay.h, which includes it.
 */
#ifndef ASSAY_RESULT_H
#define ASSAY_RESULT_H

#include <assay/assay.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef ASSAY_QUOTE_RESULT_TOKEN_TOKEN_H /* INTERNAL */
/* The verifiers whose tokens are read. */
enum assay_result_service {
    ASSAY_RESULT_SERVICE_NONE = 0,
    ASSAY_RESULT_AZURE = 1,  /* Microsoft Azure Attestation: RS256 */
    ASSAY_RESULT_GOOGLE = 2, /* Confidential Space, Confidential VM: RS256 */
    ASSAY_RESULT_INTEL = 3,  /* Trust Authority: PS384, RS256 */
    ASSAY_RESULT_NVIDIA = 4  /* Remote Attestation Service: ES384 */
};

/* In the order of the checks; the first one that fails is the answer. */
enum assay_result_answer {
    ASSAY_RESULT_NOT_READ = 0,
    ASSAY_RESULT_VALID = 1,
    ASSAY_RESULT_MALFORMED = 2,   /* no token, no JSON, a member twice, missing or mistyped */
    ASSAY_RESULT_UNSUPPORTED = 3, /* an algorithm that the service does not use; crit; typ */
    ASSAY_RESULT_NO_KEY = 4,      /* the set has no such key, two of them, or another type */
    ASSAY_RESULT_BAD_CHAIN = 5,   /* certificates do not lead to the root, or not now */
    ASSAY_RESULT_FORGED = 6,      /* the signature is not by the key */
    ASSAY_RESULT_OTHER_ISSUER = 7,
    ASSAY_RESULT_OTHER_AUDIENCE = 8, /* for another party, or for one that was not named */
    ASSAY_RESULT_NOT_NOW = 9,        /* expired, or not valid yet */
    ASSAY_RESULT_OTHER_NONCE = 10,
    ASSAY_RESULT_NOT_BOUND = 11 /* a device's token that the overall one does not name */
};

/* What the issuer states about its attester, in one word. */
enum assay_result_statement {
    ASSAY_STATED_NOTHING = 0,
    ASSAY_STATED_AFFIRMING = 1,
    ASSAY_STATED_WARNING = 2,
    ASSAY_STATED_CONTRAINDICATED = 3
};

enum assay_result_flag { ASSAY_FLAG_UNSTATED = 0, ASSAY_FLAG_YES = 1, ASSAY_FLAG_NO = 2 };
#endif /* INTERNAL */

/* The longest token or list of tokens, and the longest key set. */
#define ASSAY_RESULT_BYTES_MAX   131072
#define ASSAY_RESULT_KEY_SET_MAX 524288

/* The most issuers of one request. */
#define ASSAY_RESULT_ISSUERS_MAX 16
/* An issuer whose tokens you accept: nothing of a token selects how it is verified. All of an array
 * have one size. assay/policy.h reads them from policy files. */
struct assay_result_issuer {
    size_t size;
    enum assay_result_service service;
    const char *issuer;      /* `iss`, character by character */
    struct assay_bytes keys; /* JSON web key set of that issuer alone (RFC 7517); or empty */
    /* Certificate or public key (PEM, DER). With keys: each key's x5c must lead to it; without: the
     * x5c of the token's header. Empty: the keys are trusted as they are. One of the two is needed.
     * Whatever the root certifies may sign then: it must be the service's own. */
    struct assay_bytes root;
    const char *audience; /* `aud` must contain it; NULL: a token with an audience is refused */
    bool has_age_max;     /* then the token must state when it was issued (`iat`) */
    uint64_t age_max_s;   /* and that must not be longer ago; otherwise it is valid until `exp` */
};
struct assay_result_request {
    size_t size;
    const struct assay_result_issuer *issuers; /* one of them must have issued the token */
    size_t issuer_count;                       /* 1 to ASSAY_RESULT_ISSUERS_MAX */
    const char *nonce; /* must be echoed, character by character; NULL: freshness is not checked */
    int64_t at_unix_s; /* the time of the verification */
};

struct assay_result;
/* Memory of one result: about 900 KB, used again and again. Returns: ASSAY_OK | ASSAY_E_MEMORY |
 * ASSAY_E_INVALID */
ASSAY_API ASSAY_CHECKED enum assay_status assay_result_create(struct assay_result **result);
ASSAY_API void assay_result_destroy(struct assay_result **result);
/*
 * assay_result_verify - verify a token: a JSON web token, or NVIDIA's list of an overall token and
 * one a device, [["JWT", token], {"GPU-0": token}].
 * In:      request: bytes beyond the members that this version has must be zero
 * Out:     *answer, always: ASSAY_RESULT_VALID, or why the token must not be relied on (of several
 *          issuers the refusal that came last in the order of the checks); ASSAY_RESULT_NOT_READ
 *          unless ASSAY_OK is returned
 *          *statement, always: what the issuer states; ASSAY_STATED_NOTHING unless the token is
 *          valid. ASSAY_OK says that there is an answer, ASSAY_RESULT_VALID who made the statement:
 *          only the statement says whether it is a good one
 *          *result has details
 * Returns: ASSAY_OK (there is an answer) | ASSAY_E_RANGE (token or key set longer than allowed, too
 *          many issuers) | ASSAY_E_KEY (a root cannot be read) | ASSAY_E_INVALID (misuse: no
 *          issuer, one without service, name, keys and root) | ASSAY_E_UNSUPPORTED (members of a
 *          later version are used) | ASSAY_E_CRYPTO | ASSAY_E_MEMORY
 */
ASSAY_API ASSAY_CHECKED enum assay_status assay_result_verify(
    const struct assay_result_request *request, const void *token, size_t len,
    struct assay_result *result, enum assay_result_answer *answer,
    enum assay_result_statement *statement);

/* Texts may be NULL and are the issuer's: untrusted for a terminal. Everything after `why` is empty
 * unless the answer is ASSAY_RESULT_VALID. */
struct assay_result_summary {
    size_t size;
    enum assay_result_answer answer;
    const char *why;     /* a sentence; "" of a valid token */
    size_t issuer_index; /* in the request: that `answer` and `why` are about */
    enum assay_result_service service;
    enum assay_result_statement statement;
    int8_t vector[8]; /* the statements as AR4SI claims (enum assay_ar4si_label); 0: not stated */
    const char *issuer;
    const char *subject;
    const char *algorithm;
    const char *key_id;
    const char *attester;   /* the kind of TEE: "TDX", "sevsnpvm", "GCP_INTEL_TDX" */
    const char *tcb_status; /* "UpToDate" */
    enum assay_result_flag debug;
    enum assay_result_flag secure_boot;
    bool policy_failed; /* a check or policy at the issuer did not accept the evidence */
    bool has_issued;
    int64_t issued_unix_s;
    int64_t expires_unix_s; /* the earliest of all tokens of a list */
    size_t devices;         /* whose tokens were read */
    size_t devices_named;   /* in the overall token */
};
/* Returns: false of NULL, and before the first verification; *summary untouched. */
ASSAY_API bool assay_result_get_summary(const struct assay_result *result,
                                        struct assay_result_summary *summary);

/* A device of NVIDIA's. Texts are printable ASCII, cut to 95 characters, and may be empty. */
struct assay_result_device {
    size_t size;
    const char *label;
    const char *product;
    const char *serial; /* `ueid` */
    const char *driver;
    const char *firmware;
    enum assay_result_flag measured; /* as the reference values want it */
    enum assay_result_flag debug;
    enum assay_result_flag secure_boot;
};
/* Returns: false past the last one, and unless the answer is ASSAY_RESULT_VALID. */
ASSAY_API bool assay_result_get_device(const struct assay_result *result, size_t index,
                                       struct assay_result_device *device);

/*
 * assay_result_get_unchecked - the index-th thing that a valid token leaves open: "evidence"
 * always, "freshness" without a nonce, "revocation" with a root, "devices" without their tokens.
 * Returns: false past the last one, and unless the answer is ASSAY_RESULT_VALID
 */
ASSAY_API bool assay_result_get_unchecked(const struct assay_result *result, size_t index,
                                          struct assay_unchecked *unchecked);

/*
 * assay_result_get_claim - the claim of a name of the (overall) token, and the index-th one, as of
 * a verdict: "x-ms-isolation-tee.x-ms-attestation-type", "eat_nonce.0". None is of type BYTES;
 * numbers below 0 and fractions are TEXT of their digits.
 * Out:     *claim; its pointers hold until the result is used again or destroyed
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (no such claim, past the last one; unless the answer is
 *          ASSAY_RESULT_VALID) | ASSAY_E_DUPLICATE (two claims have the name, since one has a dot
 *          in it) | ASSAY_E_FULL (the names take more than 128 KB) | ASSAY_E_INVALID
 */
ASSAY_API ASSAY_CHECKED enum assay_status assay_result_get_claim(const struct assay_result *result,
                                                                 const char *name,
                                                                 struct assay_claim_value *claim);
ASSAY_API ASSAY_CHECKED enum assay_status assay_result_get_claim_at(
    const struct assay_result *result, size_t index, struct assay_claim_value *claim);

/* Each Returns: a static text; "unknown" outside the list. */
ASSAY_API const char *assay_name_of_service(enum assay_result_service service); /* "azure" */
ASSAY_API const char *assay_name_of_result(enum assay_result_answer answer);    /* "forged" */
ASSAY_API const char *assay_name_of_statement(
    enum assay_result_statement statement); /* "warning" */

#ifdef __cplusplus
}
#endif
#endif
