/*
 * quote/certificates/validity.h - validity of certificates, lists and documents at the time of an
 * appraisal, and the roots that may vouch for a kind.
 *
 * Private to the room.
 */
#ifndef ASSAY_QUOTE_CERTIFICATES_VALIDITY_H
#define ASSAY_QUOTE_CERTIFICATES_VALIDITY_H

#include "quote/accept/policy.h"
#include "quote/verifier.h"

/* A time during which a part may be used. */
struct assay_window {
    const char *what; /* static text */
    bool is_certificate;
    bool is_list; /* a revocation list: another one may count instead */
    int64_t from_unix_s;
    int64_t to_unix_s;
    char subject[ASSAY_COMMON_NAME_MAX]; /* of a certificate of a bundle, for display only */
};

/* Does the window hold at the verdict's time, and is it as new as the policy wants it (policy: NULL
 * for certificates)? Also what the verdict rests on. */
void assay_appraise_window(const struct assay_window *window, const struct assay_policy *policy,
                           struct assay_verdict *verdict);
/*
 * Did it end so long before the time that no header's lead explains it (docs/protocol.md 3.8 and
 * 3.11)? It is the sender's to renew: then its evidence counts as missing. Returns: true if so.
 */
bool assay_appraise_expired(int64_t to_unix_s, int64_t at_unix_s);
/* May any root vouch for the kind that the request asks about? Returns: false when none may. */
bool assay_appraise_has_root(const struct assay_evidence_request *request);
/*
 * A chain that ends in a key which is not pinned. In a network this is an untrusted root: forged.
 * For standalone evidence (endorsements->exact) without any trusted root for the kind, it only
 * means that no root was configured.
 */
void assay_appraise_unknown_root(const struct assay_evidence_request *request,
                                 enum assay_proof proof, const struct assay_quote_fault *fault,
                                 struct assay_verdict *verdict);
/* The windows of all certificates of a chain. */
void assay_appraise_links(const struct assay_proven *proven, struct assay_verdict *verdict);

#endif
