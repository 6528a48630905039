/*
 * engine/ledger/proofs/key_proof.h - proof that a public key is an active workload key of a member,
 * for relying parties without a certificate authority (docs/identity.md 10).
 *
 * Canonical CBOR ["assay/key-standing/v1", proof, list, declared]:
 *
 *   proof      of the member's standing (proof.h); its leaf has the roots of both lists
 *   list       the list of keys whose root the newest certified PASS bound (workload_keys.h)
 *   declared   the newest declared list; empty when it has the same root
 *
 * The network verified the proof of possession of every entry before it had a root for it, so
 * nothing of a key is verified here.
 */
#ifndef ASSAY_ENGINE_LEDGER_PROOFS_KEY_PROOF_H
#define ASSAY_ENGINE_LEDGER_PROOFS_KEY_PROOF_H

#include "engine/ledger/proofs/proof.h"
#include "engine/ledger/state/workload_keys.h"

enum { ASSAY_KEY_PROOF_LEN_MAX = ASSAY_PROOF_LEN_MAX + 2 * ASSAY_DECLARED_KEYS_LEN_MAX + 64 };

/* Borrowed. */
struct assay_key_proof {
    struct assay_slice proof, list, declared;
};

/* In the order of the checks; the first one that fails is the answer. The numbers are public and
 * never reused. */
enum assay_key_answer {
    ASSAY_KEY_NOT_READ = 0,
    ASSAY_KEY_ACTIVE = 1,
    ASSAY_KEY_OTHER_PROOF = 2,  /* the proof of standing is not accepted */
    ASSAY_KEY_OTHER_MEMBER = 3, /* than the one expected */
    ASSAY_KEY_NOT_SERVING = 4,  /* the member is drained, or left */
    ASSAY_KEY_UNBOUND = 5,      /* its newest certified PASS bound no keys */
    ASSAY_KEY_OLD = 6,          /* no certified PASS for more than 3 epochs */
    ASSAY_KEY_MAINTENANCE = 7,  /* the member announced that it is absent */
    ASSAY_KEY_LOW_STANDING = 8,
    ASSAY_KEY_OTHER_LIST = 9, /* a list does not have the root that is proven */
    ASSAY_KEY_NOT_LISTED = 10,
    ASSAY_KEY_OTHER_USE = 11, /* listed for another purpose than TLS */
    ASSAY_KEY_OTHER_NAME = 12,
    ASSAY_KEY_WITHDRAWN = 13, /* the newest declared list lacks it */
};
/* Returns: a sentence, never NULL. */
const char *assay_proof_key_text(enum assay_key_answer answer);

/* Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_proof_key_encode(const struct assay_key_proof *proof,
                                                       struct assay_writer *w);
/* Shape alone; the three parts are not decoded. Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_proof_key_decode(struct assay_slice bytes,
                                                       struct assay_key_proof *proof);

/* What the relying party expects; an empty slice or NULL is not checked. */
struct assay_key_terms {
    struct assay_slice spki;
    struct assay_slice name;
    const uint8_t *node_id;
    enum assay_standing standing_worst; /* WARNING at most: keys of worse are never active */
};
/*
 * assay_proof_key_check - is the key an active TLS key of the member that was proven?
 * In:      proven: of an accepted proof, fresh enough for the caller; proof: hostile
 * Returns: the answer
 */
enum assay_key_answer assay_proof_key_check(const struct assay_proven_state *proven,
                                            const struct assay_key_proof *proof,
                                            const struct assay_key_terms *terms);

#endif
