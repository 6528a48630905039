/*
 * net/services/identity/signing_audit.h - audit of what a holder signed: does the ledger derive
 * each text of its journal (docs/identity.md 4.14)?
 *
 * The caller folds the ledger itself and passes each closed epoch that the journal names. Nothing
 * of an entry is trusted: member, entry and product are searched whose text has the digest that was
 * signed. Without I/O.
 */
#ifndef ASSAY_NET_SERVICES_IDENTITY_SIGNING_AUDIT_H
#define ASSAY_NET_SERVICES_IDENTITY_SIGNING_AUDIT_H

#include "engine/ledger/state/state.h"
#include "net/services/identity/derivation.h"
#include "services/identity/signing_journal.h"

/* In the order of the checks. */
enum assay_signing_audit_answer {
    ASSAY_SIGNING_AUDIT_DERIVED = 0,
    ASSAY_SIGNING_AUDIT_OTHER_BLOCK,      /* another block closed the epoch */
    ASSAY_SIGNING_AUDIT_NOT_CERTIFIED,    /* nothing is signed for such an epoch */
    ASSAY_SIGNING_AUDIT_NO_KEY,           /* no key was in force after it */
    ASSAY_SIGNING_AUDIT_OTHER_NUMBER,     /* its CA number was neither active nor next */
    ASSAY_SIGNING_AUDIT_OTHER_GENERATION, /* another one was in force */
    ASSAY_SIGNING_AUDIT_NO_MEMBER,        /* no member has this node id */
    ASSAY_SIGNING_AUDIT_NO_LIST,          /* the list of keys is not here: nothing is decided */
    ASSAY_SIGNING_AUDIT_NO_ENTRY,         /* the certified list has no such entry */
    ASSAY_SIGNING_AUDIT_REFUSED,          /* `reason` says why holders refuse the entry */
    ASSAY_SIGNING_AUDIT_OTHER_TEXT,       /* the entry has no product with this text */
};

/* A closed epoch, as the caller has folded it. */
struct assay_signing_audit_epoch {
    const struct assay_state *state;
    struct assay_slice header; /* of the block that closed it */
    const struct assay_ca *ca; /* after that close */
    const struct assay_registry_plan *plan;
    /* A list of keys by its root. In: buffer: of ASSAY_DECLARED_KEYS_LEN_MAX. Returns: false: it is
     * not here */
    bool (*find_list)(void *context, uint32_t slot, const uint8_t root[static 32], uint8_t *buffer,
                      struct assay_slice *list);
    void *context;
};

/* Memory of an audit. */
struct assay_signing_audit;

/* Returns: ASSAY_OK | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_keyholder_audit_create(struct assay_signing_audit **out);
/* Accepts a pointer to NULL; sets it to NULL. */
void assay_keyholder_audit_destroy(struct assay_signing_audit **audit);
/* Begins with an epoch; slices and pointers are borrowed until the next one. Returns: ASSAY_OK |
 * ASSAY_E_MEMORY | INPUT statuses (the header is none of this state) */
ASSAY_CHECKED enum assay_status assay_keyholder_audit_open(
    struct assay_signing_audit *audit, const struct assay_signing_audit_epoch *epoch);
/*
 * assay_keyholder_audit_check - one entry of the epoch that is open (asserted: of its era and
 * number).
 * Out:     *answer; *reason of ASSAY_SIGNING_AUDIT_REFUSED
 * Returns: ASSAY_OK (see *answer) | ASSAY_E_MEMORY | ASSAY_E_CRYPTO | INPUT statuses (the state
 *          cannot be encoded)
 */
ASSAY_CHECKED enum assay_status assay_keyholder_audit_check(struct assay_signing_audit *audit,
                                                            const struct assay_signing_entry *entry,
                                                            enum assay_signing_audit_answer *answer,
                                                            enum assay_derivation_reason *reason);
/* What a node proves of its newest epoch, without a ledger: the state is verified by the caller
 * (authority_proof.h), the rest is hostile. */
struct assay_signing_audit_proofs {
    const struct assay_checkpoint *at;
    bool certified;
    const struct assay_ca *ca; /* as identity/0 has it */
    const struct assay_registry_plan *plan;
    struct assay_slice standing;       /* bare proof of the member */
    struct assay_slice list, declared; /* of its keys; declared empty: the same */
};
/*
 * assay_keyholder_audit_proven - the same of an entry of that epoch (asserted), of a workload key.
 * Returns: as assay_keyholder_audit_check
 */
ASSAY_CHECKED enum assay_status assay_keyholder_audit_proven(
    struct assay_signing_audit *audit, const struct assay_signing_audit_proofs *proofs,
    const struct assay_signing_entry *entry, enum assay_signing_audit_answer *answer,
    enum assay_derivation_reason *reason);
/* After OTHER_TEXT: a text that the ledger gives for the entry, of a token for its last audience.
 * Returns: borrowed until the next check */
struct assay_slice assay_keyholder_audit_derived(const struct assay_signing_audit *audit);
/* Returns: a sentence, never NULL. */
const char *assay_keyholder_audit_text(enum assay_signing_audit_answer answer);

#endif
