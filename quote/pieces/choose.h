/*
 * quote/pieces/choose.h - selection of Intel's collateral from recognised pieces (recognise.h),
 * one per part.
 *
 * A piece is identified by its contents, not by file names. Of several candidates for a part, the
 * one
 *   1. for this evidence (TEE and FMSPC, then a signature by a signer under its root; CRL and chain
 *      of its PCK CA, CRL of its root; the signer whose signature the document carries),
 *   2. valid at the time asked for,
 *   3. with the highest tcbEvaluationDataNumber,
 *   4. issued last,
 *   5. shortest, then first by its bytes
 * is taken. Without evidence, a list of a CA whose chain is at hand comes first, and its chain is
 * taken with it; a document by a signer under the root that was named comes before others. Where
 * the chain of the evidence is known, a piece that another authority signed is never taken, not
 * even alone: the part is missing then, and is_of_others says why. Further revocation lists of the
 * evidence's own authorities go along, for the verifier to choose among, and lists that cannot be
 * read: one of them may be the one that revokes.
 */
#ifndef ASSAY_QUOTE_PIECES_CHOOSE_H
#define ASSAY_QUOTE_PIECES_CHOOSE_H

#include "quote/collateral/collateral.h"
#include "quote/pieces/recognise.h"
#include "quote/verdict.h"

/* What the evidence asks for. */
struct assay_collateral_wanted {
    int64_t at_unix_s;
    enum assay_tcb_tee tee;
    bool has_chain; /* false: the fields below are unknown, and nothing matches them */
    uint8_t fmspc[6];
    struct assay_certificate ca;
    struct assay_certificate root;
    /* Without evidence: the root whose documents are wanted; NULL: any. */
    const struct assay_key *root_key;
};

/* One piece, or one file with a chain, that could be a part. */
struct assay_choice_candidate {
    enum assay_collateral_part part; /* ROOT_CRL: any list, TCB_CHAIN: any signer's */
    struct assay_slice bytes;
    bool is_alone; /* one certificate in DER: the chain is made of it */
    bool fits, vouched, current;
    bool is_unread; /* a document that declares its type and cannot be read */
    bool is_rooted; /* a chain whose CA or signer the root of the evidence issued */
    bool begun; /* a document that was issued by then, expired or not */
    bool of_ca, of_root; /* a list that the evidence's own authorities signed */
    uint32_t number;
    int64_t issued_s;
    struct assay_dn issuer;  /* of a list */
    struct assay_key signer; /* of a chain: its CA's or signer's key */
    struct assay_dn subject; /* the same: its name */
};

enum { ASSAY_CHOICE_CANDIDATES_MAX = ASSAY_RECOGNISED_MAX + ASSAY_RECOGNISED_FILES_MAX };

/* About 1 MB: off the stack. */
struct assay_choice {
    struct assay_collateral_files files; /* borrows from the pieces and from here */
    bool is_certain; /* the choice does not depend on evidence and time */
    bool is_taken[ASSAY_RECOGNISED_MAX]; /* of the pieces */
    /* Of the pieces, where root_key is given: documents that no signer under it signed. */
    bool is_of_stranger[ASSAY_RECOGNISED_MAX];
    size_t lists_len;
    uint8_t lists[ASSAY_PART_LEN_MAX];
    uint8_t chains[3][ASSAY_PEM_MAX]; /* as PEM, where certificates did not stand in one file */
    /* While choosing: */
    const struct assay_collateral_wanted *wanted;
    size_t count;
    struct assay_choice_candidate candidates[ASSAY_CHOICE_CANDIDATES_MAX];
    size_t root_count;
    struct assay_dn roots[ASSAY_CHAIN_MAX]; /* self-issued certificates */
    size_t signer_count;
    struct assay_key signers[ASSAY_CHAIN_MAX]; /* certified by the root of the evidence, or named */
    struct assay_recognise_scratch scratch;
    struct assay_certificate chain[ASSAY_CHAIN_MAX];
};

/*
 * assay_collateral_wanted - from a quote, or a paravisor's package with one; one that cannot be
 * read wants nothing in particular.
 * Returns: ASSAY_OK | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_collateral_wanted(enum assay_evidence_kind kind,
                                                        const uint8_t *bytes, size_t len,
                                                        int64_t at_unix_s,
                                                        struct assay_collateral_wanted *wanted);
/*
 * assay_choose - the parts; those that are nowhere stay empty.
 * Out:     *out, which borrows from the files and pieces of *r
 * Returns: ASSAY_OK | ASSAY_E_RANGE (lists longer than a part may be) | ASSAY_E_MEMORY |
 *          ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_choose(const struct assay_recognition *r,
                                             const struct assay_collateral_wanted *wanted,
                                             struct assay_choice *out);

#endif
