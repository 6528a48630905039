/*
 * quote/chain.h - certificates that vouch for certificates, and what a quote proves from its bytes
 * alone.
 *
 * Nothing here depends on time, collateral or policy: results may be remembered for ever under the
 * bytes that they came from (quotes.md 3). Revocation, validity and levels are judged in
 * quote/dcap.c.
 */
#ifndef ASSAY_QUOTE_CHAIN_H
#define ASSAY_QUOTE_CHAIN_H

#include "quote/quote.h"

enum { ASSAY_PLATFORM_FAULTS_MAX = 6 };

struct assay_fault {
    enum assay_rule rule;
    uint32_t offset;
    const char *expected; /* static texts */
    const char *observed;
};

/* The PCK chain of a quote, in order. */
struct assay_chain {
    struct assay_certificate pck;
    struct assay_certificate ca;
    struct assay_certificate root;
};

/* What the bytes from the attestation key to the certificates prove. */
struct assay_platform {
    uint32_t fault_count;
    struct assay_fault faults[ASSAY_PLATFORM_FAULTS_MAX];
    bool has_chain; /* three certificates were read; whether they verify is in the faults */
    struct assay_chain chain;
    struct assay_p256 *attestation_key; /* NULL: no point of the curve (a fault says so) */
};

/*
 * Returns: true when issuer.subject is subject.issuer, byte by byte, and the key ids do not
 * disagree.
 */
bool assay_chain_names(const struct assay_certificate *issuer,
                       const struct assay_certificate *subject);
/* Returns: true when the DN has these bytes. */
bool assay_dn_equal(const struct assay_dn *a, const struct assay_dn *b);
/*
 * assay_chain_signed - is the certificate (or, with its digest and signature, any object) signed by
 * the key? The digest is as long as the signature's algorithm says.
 * Returns: ASSAY_OK | ASSAY_E_SIGNATURE | ASSAY_E_KEY | ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_chain_signed(const struct assay_key *key,
                                                   const uint8_t *digest,
                                                   const struct assay_signature *signature);
/* May it issue certificates, with that many CAs below it? Returns: true when so. */
bool assay_chain_is_ca(const struct assay_certificate *c, uint32_t cas_below);
/* Is it an end entity that may sign data? Returns: true when so. */
bool assay_chain_is_signer(const struct assay_certificate *c);
/*
 * assay_chain_order - put the certificates of a PEM text in order by names; three, no more, no
 * less.
 * Returns: ASSAY_OK | ASSAY_E_INVALID (count or names)
 */
ASSAY_CHECKED enum assay_status assay_chain_order(const struct assay_certificate *certificates,
                                                  size_t count, struct assay_chain *chain);
/*
 * assay_platform_prove - chain, QE report signature, binding of the attestation key.
 * Out:     *platform; its key is freed with assay_platform_release
 * Returns: ASSAY_OK (see faults) | ASSAY_E_CRYPTO | ASSAY_E_MEMORY (host failures: nothing to
 *          remember)
 */
ASSAY_CHECKED enum assay_status assay_platform_prove(const struct assay_quote *quote,
                                                     struct assay_platform *platform);
/* Returns: nothing. */
void assay_platform_release(struct assay_platform *platform);

#endif
