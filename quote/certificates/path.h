/*
 * quote/certificates/path.h - certificate chain from a leaf to a pinned root key, built from
 * candidates in any order.
 *
 * Identity is by raw names, key ids and keys, never by common names (evidence-rules.md 1.3): a root
 * is its key, so a root of the same name with another key is another authority, and a root that was
 * certified twice is one. Nothing here depends on time or policy but assay_path_windows.
 */
#ifndef ASSAY_QUOTE_CERTIFICATES_PATH_H
#define ASSAY_QUOTE_CERTIFICATES_PATH_H

#include "quote/verifier.h"
#include "quote/x509.h"

enum { ASSAY_PATH_CANDIDATES_MAX = 2 * ASSAY_CHAIN_MAX };

/* Leaf first. The last is the root's own certificate, or, where only the root's key is at hand, the
 * one that the root signed. A certificate of the root by another issuer is ignored. */
struct assay_path {
    size_t count;
    const struct assay_certificate *certificates[ASSAY_CHAIN_MAX];
    uint32_t uses; /* ASSAY_EKU_...: its authorities may be for these, too; 0 as it is built */
};

/*
 * assay_path_build - find the way from the leaf to the root.
 *
 * Where several candidates bear an issuer's name, the one whose signature verifies is taken, of a
 * renewed certificate the one that expires last, and a dead end is left again. The work is bounded:
 * at most 64 steps and 24 signatures.
 *
 * In:      candidates[count], count <= ASSAY_PATH_CANDIDATES_MAX (asserted), in any order, with
 *          duplicates, with unrelated ones, with or without the leaf
 * Out:     *path, which borrows leaf and candidates; written on every status: where there is no way
 *          it holds the longest piece found
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (a link is missing: no candidate issued the last
 *          certificate of *path, nor did the root) | ASSAY_E_CHAIN (*path ends in a self-issued
 *          certificate with another key) | ASSAY_E_INVALID (longer than ASSAY_CHAIN_MAX, or too
 *          entangled) | ASSAY_E_CRYPTO | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_path_build(const struct assay_certificate *leaf,
                                                 const struct assay_certificate *candidates,
                                                 size_t count, const struct assay_key *root,
                                                 struct assay_path *path);
/*
 * assay_path_verify - does each certificate vouch for the one before it, and the root for all?
 *
 * Signatures (a root's own too, for its dates are read), CA flags, path lengths, key usage, no
 * unknown critical extension (RFC 5280 6.1.4). What the leaf may be used for is its kind's affair.
 *
 * In:      a path that assay_path_build returned with ASSAY_OK, the same root
 * Out:     *fault where the answer is "no": rule CHAIN_SIGNATURE or CHAIN_CONSTRAINTS, static
 *          texts; *at the certificate that is at fault
 * Returns: ASSAY_OK | ASSAY_E_INVALID (see *fault) | ASSAY_E_CRYPTO | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_path_verify(const struct assay_path *path,
                                                  const struct assay_key *root,
                                                  struct assay_quote_fault *fault, size_t *at);
/* What assay_path_find searches. */
struct assay_path_request {
    size_t leaf_count;                             /* 1 to ASSAY_PATH_CANDIDATES_MAX (asserted) */
    const struct assay_certificate *const *leaves; /* certificates that may be the leaf's; the
                                                      first is preferred */
    size_t count;
    const struct assay_certificate *candidates; /* as for assay_path_build */
    const struct assay_key *root;
    uint32_t gce_uses; /* uses of a path whose leaf is of a virtual TPM of Google's */
};
/*
 * assay_path_find - build and verify; where that fails, search past certificates with a wrong
 * signature.
 *
 * A copy of a certificate whose signature was changed is as if absent (evidence-rules.md 1.15.7).
 * The first leaf and the first certificates that bear the right names are tried without a signature
 * more than building and verifying need. Only if they are no way to the root, and other
 * certificates could have their places, is each of them taken by its signature. Each signature is
 * verified once: at most 24 to build, those of the path, and 48 more to search past copies from all
 * leaves, however many of the former a stranger's certificates used up.
 *
 * Out:     *path as of assay_path_build, from any of the leaves; *is_sound with ASSAY_OK: what
 *          assay_path_verify answered, else *fault and *at as there
 * Returns: as assay_path_build
 */
ASSAY_CHECKED enum assay_status assay_path_find(const struct assay_path_request *request,
                                                struct assay_path *path, bool *is_sound,
                                                struct assay_quote_fault *fault, size_t *at);
/* A fault as a reason, with the name of the certificate. */
void assay_path_report(const struct assay_path *path, const struct assay_quote_fault *fault,
                       size_t at, struct assay_verdict *verdict);
/* The validity of each certificate into the verdict. */
void assay_path_windows(const struct assay_path *path, struct assay_verdict *verdict);

enum assay_revocation {
    ASSAY_REVOCATION_UNCOVERED = 0, /* the list does not cover its issuer */
    ASSAY_REVOCATION_FORGED = 1,    /* its authority did not sign it */
    ASSAY_REVOCATION_NONE = 2,      /* covered, and not on the list */
    ASSAY_REVOCATION_REVOKED = 3,
};
/* Returns: number of issued certificates of the path: all except a root's own. */
size_t assay_path_issued(const struct assay_path *path, const struct assay_key *root);
/*
 * assay_path_revocation - look up one certificate of a path in one list.
 *
 * A list covers only certificates of its own issuer: AMD's is the ARK's and names ASKs (all VCEKs
 * have the serial number 0). Its dates are checked by the caller.
 *
 * In:      a verified path, its root; at < assay_path_issued (asserted); signed_by: name of a key
 *          that is known to have signed the list, or NULL: it saves looking again
 * Out:     *answer
 * Returns: ASSAY_OK | ASSAY_E_CRYPTO | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_path_revocation(const struct assay_path *path,
                                                      const struct assay_key *root, size_t at,
                                                      const struct assay_crl *crl,
                                                      const uint8_t *signed_by,
                                                      enum assay_revocation *answer);

#endif
