/*
 * quote/collateral/newer.h - check that offered collateral of one vendor root may replace the set
 * in force.
 *
 * docs/protocol.md 8.3 to 8.6. Deterministic: a function of both sets and of one time.
 * What is offered may name some platform families of Intel's, each of which follows the one in
 * force; of another vendor's root it is the whole part. An offer is untrusted, so it can only
 * contain what the vendor signed later about the same subjects: no additional or missing family,
 * certificate or authority, no decreasing number or date. Other changes need the operators'
 * signatures.
 */
#ifndef ASSAY_QUOTE_COLLATERAL_NEWER_H
#define ASSAY_QUOTE_COLLATERAL_NEWER_H

#include "quote/collateral/collateral.h"
#include "quote/request.h"

/* Documents are signed again at each request: if only dates differ, they must be later by this part
 * of a document's lifetime (a 32nd of 30 days: 22 hours and a half). */
enum { ASSAY_RENEWAL_STEPS = 32 };

enum assay_renewal_kind {
    ASSAY_RENEWAL_REFUSED = 0,
    ASSAY_RENEWAL_SAME_NUMBER,   /* serves from the next epoch on */
    ASSAY_RENEWAL_HIGHER_NUMBER, /* a TCB recovery: serves after the delay of genesis */
};

/* symbol, number (it is logged), name for programs, text for users */
#define ASSAY_RENEWAL_LIST(X)                                                                      \
    X(ASSAY_RENEWAL_FINE, 0, "none", "nothing is wrong")                                           \
    X(ASSAY_RENEWAL_ROOT, 1, "root", "not of one root that is in force")                           \
    X(ASSAY_RENEWAL_KINDS, 2, "kinds", "for other kinds of evidence than in force")                \
    X(ASSAY_RENEWAL_FAMILY, 3, "family", "for a platform family that is not in force")             \
    X(ASSAY_RENEWAL_MISSING, 4, "missing", "a piece in force has no successor")                    \
    X(ASSAY_RENEWAL_STRANGER, 5, "stranger", "a piece that follows nothing in force")              \
    X(ASSAY_RENEWAL_UNSOUND, 6, "unsound", "a piece does not verify under the root")               \
    X(ASSAY_RENEWAL_CONTRADICTION, 7, "contradiction",                                             \
      "two statements about one subject at one time")                                              \
    X(ASSAY_RENEWAL_EARLY, 8, "not-yet-valid", "a piece is not yet valid")                         \
    X(ASSAY_RENEWAL_ENDED, 9, "ended", "a piece has ended")                                        \
    X(ASSAY_RENEWAL_BACKWARDS, 10, "backwards", "a number or a date goes back")                    \
    X(ASSAY_RENEWAL_NOTHING, 11, "nothing-newer", "nothing in it is newer")                        \
    X(ASSAY_RENEWAL_SOON, 12, "too-soon", "dates alone are newer, and by too little")

#define ASSAY_RENEWAL_ENUM(symbol, number, name, text) symbol = number,
enum assay_renewal_fault { ASSAY_RENEWAL_LIST(ASSAY_RENEWAL_ENUM) };
#undef ASSAY_RENEWAL_ENUM

enum assay_renewal_form {
    ASSAY_RENEWAL_NO_VALUE = 0,
    ASSAY_RENEWAL_NUMBER,
    ASSAY_RENEWAL_TIME, /* seconds since 1970 */
    ASSAY_RENEWAL_BYTES,
};
struct assay_renewal_value {
    enum assay_renewal_form form;
    int64_t number;
    uint32_t len;
    uint8_t bytes[ASSAY_SHA256_LEN]; /* CRL number, FMSPC, name of a key */
};

struct assay_renewal {
    enum assay_renewal_kind kind;
    /* --- why it is refused */
    enum assay_renewal_fault fault;
    uint32_t entry;          /* which one of the offer */
    const char *piece;       /* static texts: "TCB info"; "" for all of it */
    const char *field;       /* "issueDate" */
    enum assay_rule rule;    /* of a piece that is unsound: what it breaks */
    struct assay_renewal_value expected; /* at least this; of something that ended: until then */
    struct assay_renewal_value found;
    /* --- of Intel's documents, the highest tcbEvaluationDataNumber (0: has none) */
    uint32_t number_in_force; /* among the entries that the offer follows */
    uint32_t number_offered;
};

/*
 * assay_collateral_newer - compare an offer with the set in force.
 *
 * In:      in_force, sound; offered, as assay_endorsements_read gives it (asserted: it has
 * entries);
 *          at_unix_s: header time of the block that has the offer
 * Out:     *out, always written
 * Cost:    no signature is verified here: building did
 */
void assay_collateral_newer(const struct assay_endorsements *in_force,
                            const struct assay_endorsements *offered, int64_t at_unix_s,
                            struct assay_renewal *out);
/* The same of one of Intel's entries: the one in force that it follows. Returns: its place among
 * in_force, or in_force->count when there is none. */
size_t assay_collateral_followed(const struct assay_endorsements *in_force,
                                 const struct assay_endorsement *offered);
/* Is the entry based on signed documents, as Intel's are? Returns: true if so. */
bool assay_endorsement_has_documents(const struct assay_endorsement *entry);
/* Returns: what a fault is called ("backwards"), and what it means; NULL outside the list. */
const char *assay_renewal_fault_name(enum assay_renewal_fault fault);
const char *assay_renewal_fault_text(enum assay_renewal_fault fault);

#endif
