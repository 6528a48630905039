/*
 * net/services/identity/derivation.h - derives what a holder of the group key signs from the ledger
 * that it verified (docs/identity.md 4.2 to 4.4).
 *
 * An item of a request is evidence alone: a bare proof of a member's standing, and an entry of its
 * list of keys with the path to the root that the proof has. The text to be signed is computed
 * from these, the verified epoch and the key in force; no byte of it is of the request, so holders
 * and coordinator derive the same one. Without I/O; items are hostile.
 */
#ifndef ASSAY_NET_SERVICES_IDENTITY_DERIVATION_H
#define ASSAY_NET_SERVICES_IDENTITY_DERIVATION_H

#include "engine/ledger/proofs/proof.h"
#include "engine/ledger/state/workload_keys.h"
#include "net/services/identity/ledger_proof.h"
#include "services/identity/signer.h"
#include "services/registry/plan.h"

enum { ASSAY_DERIVATION_PATH_MAX = 4 }; /* of an entry among ASSAY_DECLARED_KEYS_MAX */

/* Why nothing is signed, in the order of the checks. */
enum assay_derivation_reason {
    ASSAY_DERIVATION_DERIVED = 0,
    ASSAY_DERIVATION_CLOSED,       /* no verified epoch is open */
    ASSAY_DERIVATION_NOT_READ,     /* the item is none, or names no product */
    ASSAY_DERIVATION_NEXT,         /* the next CA number signs its own certificate alone */
    ASSAY_DERIVATION_OTHER_TIME,   /* the generation is too old for a certificate of the key */
    ASSAY_DERIVATION_OTHER_PROOF,  /* not a proof from the verified epoch */
    ASSAY_DERIVATION_NOT_BARE,     /* with votes: the bare proof is the one that a text names */
    ASSAY_DERIVATION_NOT_SERVING,  /* the member is drained, or left */
    ASSAY_DERIVATION_UNBOUND,      /* its newest certified PASS bound no keys */
    ASSAY_DERIVATION_OLD,          /* no certified PASS for more than 3 epochs */
    ASSAY_DERIVATION_MAINTENANCE,  /* announced as absent */
    ASSAY_DERIVATION_LOW_STANDING, /* below WARNING */
    ASSAY_DERIVATION_NOT_LISTED,   /* the entry has no path to the certified root */
    ASSAY_DERIVATION_OTHER_USE,    /* an entry of another purpose, or one where none belongs */
    ASSAY_DERIVATION_WITHDRAWN,    /* the newest declared list lacks it, or its audience */
    ASSAY_DERIVATION_NO_AUDIENCE,  /* the entry has no such audience */
    ASSAY_DERIVATION_NO_TEXT,      /* a name or a time that no product can have */
};
/* Returns: a sentence, never NULL. */
const char *assay_derivation_reason_text(enum assay_derivation_reason reason);

enum { ASSAY_DERIVATION_FIRST_EPOCHS = 16 }; /* for which the certificate of the key is signed */

/* One epoch, and one CA number. */
struct assay_derivation {
    bool is_open;
    bool is_next;               /* of the next number, which signs its own certificate alone */
    struct assay_checkpoint at; /* verified */
    bool is_first;              /* assay_derivation_is_first */
    bool is_late;               /* and it is not the very first */
    struct assay_credential_ca ca;
    struct assay_credential_ca next;        /* that `ca` signs a certificate of; number 0: none */
    const struct assay_registry_plan *plan; /* for granted names */
    enum assay_derivation_reason reason;    /* of the last derivation */
};

/* An entry in a list of keys: RFC 6962 path to its root. */
struct assay_derivation_entry {
    struct assay_slice entry; /* as it is encoded; empty: none */
    uint32_t place, count;    /* of the entries in the list */
    uint32_t path_len;
    uint8_t path[ASSAY_DERIVATION_PATH_MAX][32];
};

/* Slices borrow. */
struct assay_derivation_item {
    enum assay_credential_product product;
    uint32_t audience;        /* place among those of the entry; 0 where the product is no token */
    struct assay_slice proof; /* bare (docs/protocol.md 11.2); empty: certificate of the key */
    struct assay_derivation_entry listed; /* under the root that the newest certified PASS bound */
    struct assay_derivation_entry declared; /* under the newest declared root; none: the same */
};

/*
 * assay_derivation_open - begins with a verified epoch.
 * In:      proof: with that epoch; ca: the fold as its close left it; plan: borrowed; anything that
 *          a daemon showed, with the section of the group key
 * Out:     *d; closed unless ASSAY_OK is returned
 * Returns: ASSAY_OK | ASSAY_E_CHAIN (the fold is not the proven one) | ASSAY_E_EARLY (the epoch is
 *          not certified) | ASSAY_E_NOT_FOUND (no key is in force) | ASSAY_E_STALE (the section is
 *          not the one that the fold names)
 */
ASSAY_CHECKED enum assay_status assay_derivation_open(struct assay_derivation *d,
                                                      const struct assay_keyholder_proof *proof,
                                                      const struct assay_ca *ca,
                                                      const struct assay_registry_plan *plan);
/* The same for the next CA number. Returns: as above; ASSAY_E_NOT_FOUND (also: there is none) */
ASSAY_CHECKED enum assay_status assay_derivation_open_next(
    struct assay_derivation *d, const struct assay_keyholder_proof *proof,
    const struct assay_ca *ca, const struct assay_registry_plan *plan);
/* Returns: whether holders sign the certificate of the key for this closed epoch: one of the first
 * since the generation came into force, or since the number is active (docs/identity.md 4.3). */
bool assay_derivation_is_first(const struct assay_ca *ca, uint64_t epoch);
/* Of the active number for an audit, which has folded the ledger itself up to `at`. Returns: as
 * above, but for ASSAY_E_CHAIN */
ASSAY_CHECKED enum assay_status assay_derivation_open_folded(
    struct assay_derivation *d, const struct assay_checkpoint *at, bool certified,
    const struct assay_ca *ca, const struct assay_registry_plan *plan);
/* Turns one of the active number, which is open (asserted), to the next one. Returns: ASSAY_OK |
 * ASSAY_E_NOT_FOUND (there is none: *d is closed) */
ASSAY_CHECKED enum assay_status assay_derivation_turn_next(struct assay_derivation *d);
/* The CA numbers that relying parties trust, ascending, as certificates name them. In: plan: whose
 * section the fold names; borrowed. Returns: how many */
uint32_t assay_derivation_published(
    const struct assay_ca *ca, const struct assay_registry_plan *plan,
    struct assay_credential_ca out[static ASSAY_CREDENTIAL_KEYS_MAX]);
/* For a coordinator. Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_derivation_encode(const struct assay_derivation_item *item,
                                                        struct assay_writer *w);
/*
 * assay_derivation_derive - the text that an item stands for, as assay_cosigner_derive has it.
 * In:      context: struct assay_derivation; item: hostile
 * Out:     *out on ASSAY_OK, its text in tbs; the reason of a refusal in the context
 * Returns: ASSAY_OK | ASSAY_E_EARLY (CLOSED, OTHER_TIME) | INPUT statuses of an item that is not
 *          read | ASSAY_E_STALE (OTHER_PROOF) | ASSAY_E_INVALID (the rest) | ASSAY_E_FULL |
 *          ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_derivation_derive(void *context, struct assay_slice item,
                                                        uint8_t *tbs, size_t capacity,
                                                        struct assay_cosigner_item *out);

#endif
