/*
 * quote/certificates/chain.h - facts of certificates and of chains that follow from their bytes
 * alone.
 *
 * Nothing here depends on time, collateral or policy: results may be cached forever under their
 * input bytes (evidence-rules.md 1.10). Revocation, validity and levels are appraised in
 * quote/intel/dcap.c.
 */
#ifndef ASSAY_QUOTE_CERTIFICATES_CHAIN_H
#define ASSAY_QUOTE_CERTIFICATES_CHAIN_H

#include "quote/verifier.h"

/* A PCK chain, in order. */
struct assay_chain {
    struct assay_certificate pck;
    struct assay_certificate ca;
    struct assay_certificate root;
};

/*
 * Returns: true when issuer.subject is subject.issuer, byte by byte, and the key ids do not
 * disagree.
 */
bool assay_chain_names(const struct assay_certificate *issuer,
                       const struct assay_certificate *subject);
/* Returns: true when subject and issuer are the same name. */
bool assay_chain_self_issued(const struct assay_certificate *c);
/* Returns: true when both names have the same bytes. */
bool assay_dn_equal(const struct assay_dn *a, const struct assay_dn *b);
/*
 * assay_chain_signed - is the certificate (or, with its digest and signature, any object) signed by
 * the key? The length of the digest follows from the signature's algorithm.
 * Returns: ASSAY_OK | ASSAY_E_SIGNATURE | ASSAY_E_KEY | ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_chain_signed(const struct assay_key *key,
                                                   const uint8_t *digest,
                                                   const struct assay_signature *signature);
/*
 * RFC 5280 4.1.2.2: a serial number is positive; one of 0 could never be revoked by itself. Roots
 * are their keys, and all of AMD's endorsement keys have 0 (evidence-rules.md 3.6).
 * Returns: true when it has one, or needs none
 */
bool assay_chain_is_numbered(const struct assay_certificate *c);
/* May it issue certificates, with that many CAs below it? Returns: true if so. */
bool assay_chain_is_ca(const struct assay_certificate *c, uint32_t cas_below);
/* Is it an end entity that may sign data, and no certificates (evidence-rules.md 1.14)?
 * Returns: true if so. */
bool assay_chain_is_signer(const struct assay_certificate *c);
/*
 * evidence-rules.md 1.13: purposes, critical or not, are the only ones; an empty list allows
 * nothing. uses: ASSAY_EKU_... of which one must be allowed; 0 for what no purpose is registered
 * for.
 * Returns: true without the extension, or when it allows one of them or any use
 */
bool assay_chain_allows(const struct assay_certificate *c, uint32_t uses);
/*
 * Intel's certificates are distinguished by their common names (evidence-rules.md 2.6.1): under one
 * root the same key usages stand in those of platforms and of the signer of documents.
 * Returns: true when the subject's common name holds the phrase
 */
bool assay_chain_is_called(const struct assay_certificate *c, const char *phrase);
/*
 * assay_chain_order - put the certificates of a PEM text in order by names; three, no more, no
 * less.
 * Returns: ASSAY_OK | ASSAY_E_INVALID (count or names)
 */
ASSAY_CHECKED enum assay_status assay_chain_order(const struct assay_certificate *certificates,
                                                  size_t count, struct assay_chain *chain);
/*
 * assay_chain_find_order - the same by reference: order[0] is the PCK's index, then CA and root.
 * Returns: ASSAY_OK | ASSAY_E_INVALID (names)
 */
ASSAY_CHECKED enum assay_status assay_chain_find_order(
    const struct assay_certificate *const certificates[static 3], size_t order[static 3]);

#endif
