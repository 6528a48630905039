/*
 * quote/result/token/token.h - signed attestation results of other verifiers: Azure Attestation,
 * Google Confidential Space, Intel Trust Authority, NVIDIA's Remote Attestation Service.
 *
 * A token is the statement of its issuer. Its signature shows that the issuer made it; the evidence
 * behind it was verified there and not here. It is therefore never evidence: nothing of it becomes
 * a verdict, a tier of hardware evidence or a score. The relying party names issuer, keys and
 * audience; nothing of the token selects how it is verified (RFC 8725 3.1, 3.8, 3.9).
 */
#ifndef ASSAY_QUOTE_RESULT_TOKEN_TOKEN_H
#define ASSAY_QUOTE_RESULT_TOKEN_TOKEN_H

#include "quote/json.h"
#include "quote/result/ar4si.h"
#include "quote/result/jwt.h"
#include "quote/result/unchecked.h"
#include "quote/text.h"
#include "quote/x509.h"

/* The verifiers whose tokens are read. */
enum assay_result_service {
    ASSAY_RESULT_SERVICE_NONE = 0,
    ASSAY_RESULT_AZURE = 1,  /* Microsoft Azure Attestation: RS256 */
    ASSAY_RESULT_GOOGLE = 2, /* Confidential Space, Confidential VM: RS256 */
    ASSAY_RESULT_INTEL = 3,  /* Trust Authority: PS384, RS256 */
    ASSAY_RESULT_NVIDIA = 4, /* Remote Attestation Service: ES384 */
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
    ASSAY_RESULT_NOT_BOUND = 11, /* a device's token that the overall one does not name */
};

/* What the issuer states about its attester, in one word. */
enum assay_result_statement {
    ASSAY_STATED_NOTHING = 0,
    ASSAY_STATED_AFFIRMING = 1,
    ASSAY_STATED_WARNING = 2,
    ASSAY_STATED_CONTRAINDICATED = 3,
};

enum assay_result_flag { ASSAY_FLAG_UNSTATED = 0, ASSAY_FLAG_YES = 1, ASSAY_FLAG_NO = 2 };

enum {
    ASSAY_RESULT_LEN_MAX = ASSAY_DOCUMENT_LEN_MAX, /* of a token or a list of tokens */
    ASSAY_RESULT_DEVICES_MAX = 16,
    ASSAY_RESULT_SKEW_S = 60, /* clocks of issuer and relying party; not for the expiry */
    ASSAY_RESULT_KEY_ID_MAX = 256,
    ASSAY_RESULT_DEVICE_TEXT_MAX = 96,
    ASSAY_RESULT_CHAIN_LEN_MAX = ASSAY_PEM_MAX,
};

/* What the relying party accepts. */
struct assay_token_terms {
    enum assay_result_service service;
    const char *issuer;      /* `iss`, character by character */
    struct assay_slice keys; /* JSON web key set of that issuer; empty: by the root alone */
    const struct assay_key
        *root;            /* NULL: the keys are trusted as they are; else their x5c must lead
                                   * to it */
    const char *audience; /* NULL: a token with an audience is refused */
    const char *nonce;    /* NULL: freshness is not checked */
    bool has_age;         /* then the token must say when it was issued */
    uint64_t age_max_s;   /* not longer before the time of the verification */
    int64_t at_unix_s;
};

/* A device of NVIDIA's, from its own token. */
struct assay_token_device {
    char label[ASSAY_RESULT_DEVICE_TEXT_MAX]; /* "GPU-0"; texts are cut, printable ASCII */
    char product[ASSAY_RESULT_DEVICE_TEXT_MAX];
    char serial[ASSAY_RESULT_DEVICE_TEXT_MAX]; /* ueid */
    char driver[ASSAY_RESULT_DEVICE_TEXT_MAX];
    char firmware[ASSAY_RESULT_DEVICE_TEXT_MAX];
    enum assay_result_flag measured; /* its measurements match the reference values */
    enum assay_result_flag debug;
    enum assay_result_flag secure_boot;
};

struct assay_token {
    enum assay_result_answer answer;
    char why[2 * ASSAY_REASON_TEXT]; /* printable ASCII; empty of a valid one */
    uint32_t passed; /* checks before the one that failed: MALFORMED is an answer of several */
    /* --- of a valid one alone; texts borrow from `claims` and may be NULL */
    enum assay_result_service service;
    enum assay_result_statement statement;
    struct assay_trust_vector vector; /* what the statements are as claims of AR4SI */
    const char *algorithm;
    char key_id[ASSAY_RESULT_KEY_ID_MAX + 1]; /* empty: by a chain alone */
    const char *issuer;
    const char *subject;
    const char *audience;   /* the one that was expected */
    const char *nonce;      /* the one that was expected */
    const char *attester;   /* kind of TEE, in the issuer's words */
    const char *tcb_status; /* the same */
    enum assay_result_flag debug;
    enum assay_result_flag secure_boot;
    bool policy_failed; /* a policy or check at the issuer did not accept the evidence */
    bool has_issued;
    int64_t issued_unix_s;
    bool has_start;
    int64_t start_unix_s;
    int64_t expires_unix_s;
    size_t devices_named; /* in the overall token; more than device_count: of some no token came */
    size_t device_count;
    struct assay_token_device devices[ASSAY_RESULT_DEVICES_MAX];
    struct assay_doc_tree claims; /* all of the (overall) token */
    /* --- while it is read */
    struct assay_doc_tree other;
    struct assay_doc_tree list;
    struct assay_certificate certificates[ASSAY_CHAIN_MAX];
    size_t certificate_count;
    uint8_t bytes[ASSAY_JWT_LEN_MAX];
};

/*
 * assay_token_verify - verify a token, or NVIDIA's list [["JWT", token], {"GPU-0": token, ...}].
 * In:      text[len], hostile; white space at the end is ignored
 * Out:     *token, overwritten; its answer decides: only a valid one says anything
 * Returns: ASSAY_OK (an answer was found) | ASSAY_E_CRYPTO | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_token_verify(const struct assay_token_terms *terms,
                                                   const char *text, size_t len,
                                                   struct assay_token *token);

/*
 * assay_token_verify_any - the same under the terms of several issuers. Each are complete, so the
 * order in which they are tried decides nothing about a token that is valid under some of them but
 * which of these is named.
 * In:      terms[count], count at least 1
 * Out:     *token, *index: valid, and under which; or the refusal that passed the most
 *          checks (the first of equal ones)
 * Returns: as assay_token_verify
 */
ASSAY_CHECKED enum assay_status assay_token_verify_any(const struct assay_token_terms *terms,
                                                       size_t count, const char *text, size_t len,
                                                       struct assay_token *token, size_t *index);

enum { ASSAY_TOKEN_UNCHECKED_MAX = 4 };
/* What a statement never is, for every output: a reader must not take it for an appraisal. */
extern const char assay_token_note[];
/* What a valid token leaves open under its terms. Returns: how many */
size_t assay_token_list_unchecked(const struct assay_token *token,
                                  const struct assay_token_terms *terms,
                                  struct assay_open_check out[static ASSAY_TOKEN_UNCHECKED_MAX]);

/* "azure", ... Each Returns: a static text, "unknown" outside the list. */
const char *assay_token_service_text(enum assay_result_service service);
const char *assay_token_answer_text(enum assay_result_answer answer); /* "other-issuer" */
const char *assay_token_statement_text(enum assay_result_statement statement);
/* Returns: ASSAY_OK | ASSAY_E_NOT_FOUND */
ASSAY_CHECKED enum assay_status assay_token_service_parse(const char *text,
                                                          enum assay_result_service *service);

/* --- for the files of this folder */
/* Ends the reading: answer and reason; what is quoted of the token is cut to 60 characters, others
 * than printable ASCII replaced. quoted may be NULL. Returns: the answer. */
enum assay_result_answer assay_token_refuse(struct assay_token *token,
                                            enum assay_result_answer answer, const char *why,
                                            const char *quoted);
/* A text of the token for a terminal: cut, printable ASCII. text may be NULL. */
void assay_token_copy_text(char *out, size_t capacity, const char *text);
/*
 * assay_token_open - form, header, key and signature of one token, and its claims as a tree.
 * Out:     *claims (may be token->other); *answer VALID, or why not
 * Returns: ASSAY_OK | ASSAY_E_CRYPTO | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_token_open(const struct assay_token_terms *terms,
                                                 struct assay_slice text, struct assay_token *token,
                                                 struct assay_doc_tree *claims,
                                                 enum assay_result_answer *answer);
/* The public key that must have signed, from key set or chain. In: token->other has the header.
 * Returns: as assay_token_open */
ASSAY_CHECKED enum assay_status assay_token_find_key(const struct assay_token_terms *terms,
                                                     struct assay_token *token,
                                                     struct assay_key *key,
                                                     enum assay_result_answer *answer);
/* The issuer's statements as flags, texts and claims of AR4SI; devices were read before. */
void assay_token_state(struct assay_token *token);
/* The same of one device, from the claims of its token. */
void assay_token_state_device(const struct assay_doc_tree *claims, const char *label,
                              struct assay_token *token);

#endif
