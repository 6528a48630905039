/*
 * quote/verifier.h - cache of a verifier: proofs of bytes that were verified before.
 *
 * Private to the room. A proof is a function of bytes alone - certificates that lead to a root key,
 * what they vouch for, the decoded key at the end - and is found again by the SHA-256 of these
 * bytes. Time, revocation, pinned roots, levels and policy never enter it: each appraisal evaluates
 * them again from the proof's facts, so a new list or bundle counts at once and nothing has to be
 * thrown away for it. With and without a memory every verdict is the same, bit by bit.
 *
 * A kind that wants to be fast does this (quote/intel/dcap.c, quote/certificates/chain.c):
 *
 *     assay_lease_open(verifier, kind, pieces, count, &lease);
 *     if (lease.proven == NULL) {
 *         status = prove(..., &lease.own);
 *         if (status != ASSAY_OK) { assay_lease_close(&lease); return status; }
 *         assay_lease_retain(&lease);
 *     }
 *     ... judge by lease.proven ...
 *     assay_lease_close(&lease);
 */
#ifndef ASSAY_QUOTE_VERIFIER_H
#define ASSAY_QUOTE_VERIFIER_H

#include "quote/request.h"
#include "quote/x509.h"

enum {
    ASSAY_PROVEN_FAULTS_MAX = 6,
    ASSAY_PROVEN_LINKS_MAX = 6, /* Nitro: leaf, four authorities, root */
};

/* Fault of the bytes, independent of time. */
struct assay_quote_fault {
    enum assay_rule rule;
    uint32_t offset;
    const char *expected; /* static texts */
    const char *observed;
};

/* One certificate between the signing key and the root: input of the checks of time and
 * revocation. */
struct assay_chain_link {
    const char *what;                 /* static text: "PCK certificate" */
    char name[ASSAY_COMMON_NAME_MAX]; /* of its subject, for display */
    int64_t from_unix_s;
    int64_t to_unix_s;
    uint8_t subject[ASSAY_SHA256_LEN]; /* SHA-256 of the raw DN */
    uint8_t key_name[ASSAY_SHA256_LEN];
    uint8_t serial[ASSAY_SERIAL_LEN];
    bool may_sign_crl;
    bool has_key_id;
    uint8_t key_id[ASSAY_KEY_ID_LEN];
};

/* Cached facts of Intel's kinds, in addition to the links (PCK, CA, root). */
struct assay_intel_facts {
    struct assay_pck pck;
    uint8_t ca_public[ASSAY_P256_PUBLIC_LEN]; /* to check a PCK CRL that no bundle checked */
};

/* How far a certificate of a TPM's key leads under one root (quote/tpm/tpm_trust.c); the
 * certificates themselves are those of the evidence, by their place in it. */
struct assay_way_facts {
    uint8_t reach; /* a fault, where there is one, is the proof's */
    uint8_t at;
    uint8_t count;
    uint8_t places[ASSAY_CHAIN_MAX];
};

struct assay_proven {
    uint32_t fault_count;
    struct assay_quote_fault faults[ASSAY_PROVEN_FAULTS_MAX];
    uint8_t proofs[ASSAY_PROOF_COUNT]; /* enum assay_proof_state; NOT_USED has no meaning */
    struct assay_verify_key *key;      /* of the evidence itself; NULL: none that can be used */
    struct assay_key root;             /* where the chain ends, pinned or not; NONE: no chain */
    uint32_t link_count;               /* 0: no chain; else leaf first, root last */
    struct assay_chain_link links[ASSAY_PROVEN_LINKS_MAX];
    union {
        struct assay_intel_facts intel;
        struct assay_vek vek;
        struct assay_way_facts way;
    } facts;
};

/* A proof for the length of one appraisal: remembered, or made for this once. Must not move. */
struct assay_lease {
    struct assay_verifier *verifier;
    struct assay_entry *entry;         /* the remembered one, held; NULL: own */
    const struct assay_proven *proven; /* NULL: not known, prove it into own */
    struct assay_proven own;
    uint8_t digest[ASSAY_SHA256_LEN];
};

/*
 * assay_lease_open - look for what was proven about these pieces as evidence of a kind. The same
 * bytes as another kind are something else. verifier may be NULL: no cache. lease->proven is NULL
 * when own must be filled (it is zero)
 */
void assay_lease_open(struct assay_verifier *verifier, enum assay_evidence_kind kind,
                      const struct assay_slice *pieces, size_t count, struct assay_lease *lease);
/* Own was proven: cache it if there is room. lease->proven is set. */
void assay_lease_retain(struct assay_lease *lease);
/*
 * A further check succeeded that is a function of this proof and of what the digest names (one
 * bundle); the last one is cached.
 */
void assay_lease_note(struct assay_lease *lease, const uint8_t digest[static ASSAY_SHA256_LEN]);
/* Returns: true when it was. */
bool assay_lease_is_noted(const struct assay_lease *lease,
                          const uint8_t digest[static ASSAY_SHA256_LEN]);
/* Frees what was not remembered. */
void assay_lease_close(struct assay_lease *lease);

/* The appraisal under way ends. genuine: its verdict; then each remembered key that it used has
 * verified one more genuine quote. */
void assay_verifier_conclude(struct assay_verifier *verifier, bool genuine);

/* Notes a fault; more than there is room for are dropped. */
void assay_proven_fault(struct assay_proven *proven, enum assay_rule rule, uint32_t offset,
                        const char *expected, const char *observed);
/* Appends a certificate to the links (asserted: there is room). */
void assay_proven_link(struct assay_proven *proven, const char *what,
                       const struct assay_certificate *certificate);
/* Faults and proofs into the verdict. */
void assay_proven_report(const struct assay_proven *proven, struct assay_verdict *verdict);

/* --- authorities: certificates of CAs and roots, shared by many platforms */
struct assay_authority {
    struct assay_certificate certificate;
    struct assay_verify_key *key;
    uint8_t signer[ASSAY_SHA256_LEN]; /* key name of an issuer whose signature it bears */
};

/*
 * assay_authority_find - a decoded authority by the SHA-256 of the text or bytes that it came as.
 * Returns: NULL when it is not known; valid until the next assay_authority_add
 */
const struct assay_authority *assay_authority_find(struct assay_verifier *verifier,
                                                   const uint8_t digest[static ASSAY_SHA256_LEN]);
/*
 * assay_authority_add - remember an authority whose signature by signer was checked; its key goes
 * over to the memory, *key becomes NULL. Without a verifier nothing happens.
 */
void assay_authority_add(struct assay_verifier *verifier,
                         const uint8_t digest[static ASSAY_SHA256_LEN],
                         const struct assay_certificate *certificate,
                         const uint8_t signer[static ASSAY_SHA256_LEN],
                         struct assay_verify_key **key);

#endif
