/*
 * net/services/identity/authority_proof.h - proof of a network's certificate authority for relying
 * parties that have a checkpoint and trust no node (docs/identity.md 12).
 *
 * Canonical CBOR ["assay/ca-proof/v1", proof, identity, plan, [certificate ..]]:
 *
 *   proof        of any member, with votes (engine/ledger/proofs/proof.h): it has leaf 0 of a
 *                state, and leaf 0 the digests of the documents of services
 *   identity     bytes of identity/0, one of these documents: the keys that are published
 *   plan         a plan with the section of the group key alone, whose digest identity/0 has
 *   certificate  of one of these keys, in DER: signed by itself, ascending by CA number; then that
 *                of the active number by the one before, if that is published
 *
 * So a node cannot show another key, trust domain, issuer or certificate than the network has. The
 * bytes are hostile. Without I/O.
 */
#ifndef ASSAY_NET_SERVICES_IDENTITY_AUTHORITY_PROOF_H
#define ASSAY_NET_SERVICES_IDENTITY_AUTHORITY_PROOF_H

#include "engine/ledger/proofs/proof.h"
#include "services/identity/ceremony_document.h"
#include "services/registry/plan.h"

enum {
    ASSAY_AUTHORITY_NUMBERS_MAX = ASSAY_CREDENTIAL_KEYS_MAX,
    ASSAY_AUTHORITY_CERTIFICATES_MAX = ASSAY_AUTHORITY_NUMBERS_MAX + 1,
    ASSAY_AUTHORITY_PROOF_LEN_MAX =
        128 + ASSAY_PROOF_LEN_MAX + ASSAY_CA_DOCUMENT_LEN_MAX + ASSAY_PLAN_LEN_MAX +
        ASSAY_AUTHORITY_CERTIFICATES_MAX * (ASSAY_CREDENTIAL_CERTIFICATE_MAX + 8),
};

/* Slices borrow. */
struct assay_authority_proof {
    struct assay_slice proof, identity, plan;
    uint32_t certificate_count;
    struct assay_slice certificate[ASSAY_AUTHORITY_CERTIFICATES_MAX];
};

/* Why it is refused, in the order of the checks. */
enum assay_authority_answer {
    ASSAY_AUTHORITY_PROVEN = 0,
    ASSAY_AUTHORITY_NOT_PROVEN,     /* the state: `state` has the reason */
    ASSAY_AUTHORITY_NONE,           /* the network has no group key in its plan */
    ASSAY_AUTHORITY_OTHER_DOCUMENT, /* not the document that the proven state names */
    ASSAY_AUTHORITY_NOT_READ,       /* a document of a form that this build cannot read */
    ASSAY_AUTHORITY_OTHER_PLAN,     /* not the section that the document names */
    ASSAY_AUTHORITY_NO_KEY,         /* no key was made yet */
    ASSAY_AUTHORITY_KEY_LOST,
    ASSAY_AUTHORITY_OTHER_CERTIFICATE, /* of another key, network, domain or number */
};

/* One CA number that relying parties trust (docs/identity.md 3.15). */
struct assay_authority_number {
    enum assay_ca_state state;
    uint64_t since;                 /* NEXT, ACTIVE: of the close that put its generation into
                                     * force; OLD: 0 */
    struct assay_credential_ca ca;  /* borrows from the plan of the result */
    struct assay_slice certificate; /* borrows from the proof; empty: it is not in it */
    struct assay_slice cross;       /* by the number before; the same */
    int64_t not_before_s, not_after_s;
};

/* Large. */
struct assay_authority_proven {
    enum assay_authority_answer answer;
    enum assay_proof_answer state; /* of the proof */
    const char *why;               /* a static text of a refused certificate; NULL: none */
    /* --- of PROVEN alone, but `network`, which needs a proven state */
    struct assay_proven_state
        network; /* network.next is a checkpoint, as trusted as the given one */
    struct assay_registry_plan plan;
    uint64_t changed; /* epoch of the last close that made a number active or GONE */
    uint64_t since;   /* epoch of the close that put the active number's generation into force */
    uint64_t generation;
    uint32_t count;
    struct assay_authority_number number[ASSAY_AUTHORITY_NUMBERS_MAX]; /* ascending */
    struct assay_ca ca; /* as identity/0 has it; the rest is undefined */
};

/* Returns: a sentence, never NULL. */
const char *assay_keyholder_authority_text(enum assay_authority_answer answer);
/* The plan with the section of the group key alone, of one that has it (asserted). Returns:
 * ASSAY_OK | ASSAY_E_FULL | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_keyholder_authority_plan_encode(
    const struct assay_registry_plan *plan, struct assay_writer *w);
/* In: up to ASSAY_AUTHORITY_CERTIFICATES_MAX certificates (asserted). Returns: ASSAY_OK |
 * ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_keyholder_authority_encode(
    const struct assay_authority_proof *proof, struct assay_writer *w);
/* Returns: ASSAY_OK | statuses of base/cbor.h | ASSAY_E_TRAILING */
ASSAY_CHECKED enum assay_status assay_keyholder_authority_decode(
    struct assay_slice bytes, struct assay_authority_proof *proof);
/*
 * assay_keyholder_authority_verify - verifies the state from the checkpoint, the document by its
 * digest in leaf 0, and with it the plan and the certificates.
 * In:      proof: hostile; checkpoint: trusted
 * Out:     *proven: see answer. Of time nothing is said: assay_proof_age is asked next
 * Returns: ASSAY_OK (see answer) | INPUT statuses (the proof of the state cannot be read) |
 *          ASSAY_E_MEMORY | ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_keyholder_authority_verify(
    const struct assay_authority_proof *proof, const struct assay_checkpoint *checkpoint,
    struct assay_authority_proven *proven);
/* Adds a certificate of a published number that the proof leaves out, from another source; any
 * other one changes nothing. In: proven: whose answer is PROVEN (asserted); certificate: hostile;
 * it is borrowed */
void assay_keyholder_authority_add(struct assay_authority_proven *proven,
                                   struct assay_slice certificate);
/* Drops certificates that have expired: a node may have one from before of a key that is published
 * still, and relying parties would refuse what that key signs. In: proven: as above */
void assay_keyholder_authority_expire(struct assay_authority_proven *proven, int64_t now_unix_s);

#endif
