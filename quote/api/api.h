/*
 * quote/api/api.h - objects behind include/assay/assay.h.
 *
 * Private to this folder. Verifier, policy and verdict are the room's own structs, opaque to users;
 * trust is made here: it owns the roots, and one built bundle for each root and set of collateral
 * that belong together. This folder is the only one of the room that allocates for callers.
 */
#ifndef ASSAY_QUOTE_API_API_H
#define ASSAY_QUOTE_API_API_H

#include "quote/accept/policy.h"
#include "quote/collateral/collateral.h"
#include "quote/eventlog/appraise.h"
#include "quote/pieces/recognise.h"
#include "quote/result/claims.h"
#include "quote/result/unchecked.h"
#include "quote/verify.h"

/* After the room's headers: it leaves out what they define. */
#include <assay/assay.h>

/* The root keys of one trust; a policy names up to 16, the library knows 7. */
enum { ASSAY_TRUST_ROOTS_MAX = 24, ASSAY_TRUST_SETS_MAX = 16 };

/* What Intel's signed documents serve. */
#define ASSAY_API_KINDS_INTEL ASSAY_KINDS_DCAP

/* One set: its files, copied, and what they hold. Bundles are built again for every root added
 * later. */
struct assay_trust_set {
    bool is_intel;   /* it holds Intel's signed documents */
    bool is_certain; /* Intel's bundle does not depend on the evidence: it is built */
    bool leads[ASSAY_RECOGNISED_MAX]; /* of the pieces: certificates to a root of the trust */
    uint8_t *bytes;                   /* of malloc, as all pointers here; the pieces borrow */
    struct assay_recognition *found;
};

/* The revocation lists of all sets without Intel's documents, for Intel's kinds. */
struct assay_api_lists {
    bool must_choose; /* more than one bundle holds: the evidence decides which ones count */
    struct assay_collateral *of_root[ASSAY_TRUST_ROOTS_MAX]; /* of malloc; NULL where none */
};

struct assay_trust {
    bool exact;
    size_t root_count;
    struct assay_policy_root roots[ASSAY_TRUST_ROOTS_MAX];
    size_t set_count;
    struct assay_trust_set sets[ASSAY_TRUST_SETS_MAX];
    size_t piece_count;              /* of all sets, for bare evidence */
    struct assay_recognised *pieces; /* of malloc */
    bool leads[ASSAY_TRUST_SETS_MAX * ASSAY_RECOGNISED_MAX]; /* of the pieces, as of their sets */
    struct assay_api_lists lists;
    size_t built_count;
    struct assay_collateral *built[ASSAY_ENDORSEMENTS_MAX]; /* of malloc */
    struct assay_endorsements endorsements;
};

/*
 * assay_api_check_size - of a request, by its own member: members of a later version change what is
 * asked for, so none of them is ignored. known: the size in this version.
 * Returns: ASSAY_OK | ASSAY_E_INVALID (too short, or longer than any version's) |
 *          ASSAY_E_UNSUPPORTED (a member that this version does not know)
 */
ASSAY_CHECKED enum assay_status assay_api_check_size(const void *request, size_t known,
                                                     size_t size);

/* --- verdict: the room's own first, so that its pointer is the object's. */
struct assay_api_verdict {
    struct assay_verdict verdict;
    size_t unchecked_count;
    struct assay_open_check unchecked[ASSAY_UNCHECKED_MAX + 2]; /* and freshness, certificate */
    bool is_issued; /* the certificate that the evidence came in, by another authority */
    /* --- claims, read with the first question for one */
    bool is_read;
    enum assay_status status;    /* of reading */
    struct assay_claims *claims; /* of malloc; NULL until then, and used again */
    size_t evidence_len;         /* 0: none that could be read */
    uint8_t evidence[ASSAY_COMPOSITE_LEN_MAX];
};
/* Nothing was appraised with it yet, or no more. */
void assay_api_verdict_clear(struct assay_api_verdict *v);
/* Nothing was appraised with it, not even a reason why not. Returns: true also of NULL. */
bool assay_api_is_unused(const struct assay_verdict *v);
/*
 * assay_api_verdict_read - its claims, parsed now unless they were.
 * Returns: ASSAY_OK | as assay_claims_read | ASSAY_E_NOT_FOUND (no evidence) | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_api_verdict_read(struct assay_api_verdict *v);

/*
 * assay_api_recognise - sort the files of one set by content into the parts of a bundle.
 * Out:     *set, to be freed with assay_api_forget on ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (none is of use) | ASSAY_E_FULL |
 *          ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_api_recognise(const struct assay_bytes *files, size_t count,
                                                    struct assay_trust_set *set);

/* Frees what a set holds. */
void assay_api_forget(struct assay_trust_set *set);
/*
 * assay_api_bundle - build what the set is under the root, and note what leads to it.
 * Out:     bundles behind the others of *t: with another status, the caller drops them
 * Returns: ASSAY_OK | ASSAY_E_FULL (too many bundles) | ASSAY_E_RANGE | ASSAY_E_MEMORY |
 *          ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_api_bundle(struct assay_trust *t,
                                                 const struct assay_policy_root *root,
                                                 struct assay_trust_set *set);

/*
 * assay_api_bundle_lists - one bundle under each root of Intel's kinds: whose the lists are, the
 * evidence says (evidence-rules.md 1.12: all given lists count). sets: how many of the trust count.
 * Out:     *out, whatever the status: assay_api_lists_free frees what is in it
 * Returns: ASSAY_OK | ASSAY_E_MEMORY | ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_api_bundle_lists(const struct assay_trust *t, size_t sets,
                                                       struct assay_api_lists *out);
/* Frees the bundles, and leaves none. */
void assay_api_lists_free(struct assay_api_lists *lists);

/* Endorsements for one piece of evidence; the bundles are its own. */
struct assay_chosen {
    struct assay_endorsements all;
    struct assay_collateral *own[ASSAY_ENDORSEMENTS_MAX]; /* what all.entries show of it */
    size_t own_count;
};
/* Do evidence and time decide which pieces of a set count? Returns: true if so. */
bool assay_api_must_choose(const struct assay_trust *t, enum assay_evidence_kind kind);
/*
 * assay_api_choose - as the command line does it for a folder.
 * Out:     *out, whatever the status: assay_api_chosen_free frees what is in it
 * Returns: as assay_api_bundle
 */
ASSAY_CHECKED enum assay_status assay_api_choose(const struct assay_trust *t,
                                                 enum assay_evidence_kind kind,
                                                 struct assay_slice evidence, int64_t at_unix_s,
                                                 struct assay_chosen *out);
/* */
void assay_api_chosen_free(struct assay_chosen *chosen);

#endif
