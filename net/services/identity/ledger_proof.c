/*
 * net/services/identity/ledger_proof.c - chain of boundaries, and the documents that the last one
 * names.
 */
#include "net/services/identity/ledger_proof.h"

#include "base/assert.h"
#include "base/crypto.h"
#include "engine/ledger/proofs/boundary.h"
#include "engine/ledger/proofs/proof.h"
#include "engine/sync/boundary_chain.h"
#include "services/identity/ceremony_document.h"

#include <stdlib.h>

struct assay_keyholder_proof {
    struct assay_checkpoint at; /* proven */
    bool has_voters;            /* chain is at that checkpoint */
    struct assay_boundary_chain chain;
    struct assay_roster_row rows[ASSAY_MEMBERS_MAX];
    bool has_state; /* what follows is of that checkpoint */
    uint64_t period_ms;
    bool has_documents, certified;
    uint8_t document[ASSAY_CA_DOCUMENTS][32]; /* of the group key, after that epoch */
};

enum assay_status assay_keyholder_proof_create(const struct assay_checkpoint *from,
                                               struct assay_keyholder_proof **out)
{
    struct assay_keyholder_proof *p = calloc(1, sizeof *p);
    *out = p;
    if (p == NULL) return ASSAY_E_MEMORY;
    p->at = *from;
    return ASSAY_OK;
}

void assay_keyholder_proof_destroy(struct assay_keyholder_proof **proof)
{
    struct assay_keyholder_proof *p = *proof;
    if (p == NULL) return;
    assay_boundary_chain_free(&p->chain);
    free(p);
    *proof = NULL;
}

const struct assay_checkpoint *assay_keyholder_proof_at(const struct assay_keyholder_proof *proof)
{
    return &proof->at;
}

uint64_t assay_keyholder_proof_period_ms(const struct assay_keyholder_proof *proof)
{
    return proof->has_state ? proof->period_ms : 0;
}

bool assay_keyholder_proof_next(const struct assay_keyholder_proof *proof, uint64_t epoch,
                                struct assay_service_message *m)
{
    *m = (struct assay_service_message){ .verb = ASSAY_SERVICE_PROVE,
                                         .era = proof->at.era,
                                         .epoch = proof->at.epoch,
                                         .with_voters = true };
    if (!proof->has_voters) return true;
    m->epoch++;
    m->with_voters = false;
    return proof->at.epoch < epoch;
}

/* The documents of the group key are the last ones of a plan (services/registry/registry.h). */
static void load_documents(struct assay_keyholder_proof *p, const struct assay_boundary *b)
{
    const struct assay_leaf_head *head = &b->state;
    p->has_state = true;
    p->certified = head->certified;
    p->period_ms = head->epoch_ms;
    p->has_documents = head->service_count >= ASSAY_CA_DOCUMENTS;
    for (uint32_t i = 0; p->has_documents && i < ASSAY_CA_DOCUMENTS; i++)
        assay_bytes_copy(p->document[i], 32,
                         head->services[head->service_count - ASSAY_CA_DOCUMENTS + i], 32);
}

static enum assay_status decode_voters(struct assay_keyholder_proof *p, struct assay_slice voters,
                                       uint32_t *count)
{
    struct assay_cursor c = assay_cursor_over(voters.bytes, voters.len);
    *count = 0;
    while (assay_cursor_left(&c) > 0) {
        if (*count == ASSAY_MEMBERS_MAX) return ASSAY_E_RANGE;
        ASSAY_TRY(assay_roster_row_decode(&c, &p->rows[(*count)++]));
    }
    return ASSAY_OK;
}

static enum assay_status fail_proof(struct assay_fault *fault, const char *what,
                                    enum assay_status status)
{
    assay_status_ignore(assay_fault_plain(fault, what, status), "the caller reads the fault");
    return ASSAY_E_INVALID;
}

/* The voters that the checkpoint names, and the boundary of its epoch, which its id proves. */
static enum assay_status load_base(struct assay_keyholder_proof *p,
                                   const struct assay_service_message *m, struct assay_fault *fault)
{
    struct assay_boundary b;
    uint32_t count = 0;
    if (m->voters.len == 0) return ASSAY_E_NOT_FOUND;
    const enum assay_status status = decode_voters(p, m->voters, &count);
    if (status != ASSAY_OK) return fail_proof(fault, "table of voters cannot be read", status);
    ASSAY_TRY(assay_boundary_chain_from(&p->chain, &p->at, p->rows, count, m->boundary, fault));
    p->has_voters = true;
    /* The chain has compared its id. Genesis has none. */
    if (m->boundary.len > 0 &&
        assay_boundary_decode(m->boundary, ASSAY_MEMBERS_MAX, &b) == ASSAY_OK)
        load_documents(p, &b);
    return ASSAY_OK;
}

static uint64_t add_ahead(uint64_t unix_ms)
{
    const uint64_t ahead_ms = (uint64_t)ASSAY_PROOF_AHEAD_S * 1000;
    return unix_ms > UINT64_MAX - ahead_ms ? UINT64_MAX : unix_ms + ahead_ms;
}

const char *assay_keyholder_proof_time_fault(const struct assay_keyholder_proof *proof,
                                             uint64_t unix_ms)
{
    if (unix_ms > assay_checkpoint_expires_ms(&proof->at))
        return "the trusting period of the checkpoint is over: take a newer checkpoint from nodes "
               "that you trust";
    if (add_ahead(unix_ms) < proof->at.time_ms)
        return "the clock lies more than 10 minutes before the checkpoint: set the clock";
    return NULL;
}

/* The next epoch, proven by votes of this one's voters. */
static enum assay_status check_time(const struct assay_keyholder_proof *p, uint64_t unix_ms,
                                    struct assay_fault *fault)
{
    const uint64_t time_ms = p->chain.at.time_ms;
    if (time_ms > assay_checkpoint_expires_ms(&p->at))
        return fail_proof(fault, "the next epoch lies beyond the trusting period of the one before",
                          ASSAY_E_STALE);
    if (time_ms > add_ahead(unix_ms))
        return fail_proof(fault, "the epoch lies more than 10 minutes ahead of the clock",
                          ASSAY_E_INVALID);
    return ASSAY_OK;
}

enum assay_status assay_keyholder_proof_on_answer(struct assay_keyholder_proof *proof,
                                                  const struct assay_service_message *m,
                                                  uint64_t unix_ms, struct assay_fault *fault)
{
    struct assay_keyholder_proof *p = proof;
    struct assay_boundary b;
    ASSAY_ASSERT(m->verb == ASSAY_SERVICE_PROOF);
    if (m->epoch != p->at.epoch + (p->has_voters ? 1U : 0U)) return ASSAY_E_EARLY;
    const char *what = assay_keyholder_proof_time_fault(p, unix_ms);
    if (what != NULL) {
        (void)fail_proof(fault, what, ASSAY_E_STALE);
        return ASSAY_E_STALE;
    }
    if (!p->has_voters) return load_base(p, m, fault);
    if (m->boundary.len == 0) return ASSAY_E_NOT_FOUND;
    enum assay_status status = assay_boundary_decode(m->boundary, ASSAY_MEMBERS_MAX, &b);
    if (status != ASSAY_OK) return fail_proof(fault, "boundary cannot be read", status);
    status = assay_boundary_chain_add(&p->chain, m->boundary, m->finality, fault);
    if (status == ASSAY_OK) status = check_time(p, unix_ms, fault);
    p->has_voters = status == ASSAY_OK; /* else its tables are requested again */
    if (status != ASSAY_OK) return status;
    p->at = p->chain.at;
    load_documents(p, &b);
    return ASSAY_OK;
}

/* Returns: ASSAY_OK | ASSAY_E_INVALID (others than are proven) | ASSAY_E_MEMORY */
static enum assay_status compare_documents(const struct assay_keyholder_proof *p,
                                           const struct assay_ca *ca)
{
    uint8_t *bytes = malloc(ASSAY_CA_DOCUMENT_LEN_MAX);
    enum assay_status status = bytes != NULL ? ASSAY_OK : ASSAY_E_MEMORY;
    for (uint32_t i = 0; status == ASSAY_OK && i < ASSAY_CA_DOCUMENTS; i++) {
        struct assay_writer w = assay_writer_over(bytes, ASSAY_CA_DOCUMENT_LEN_MAX);
        uint8_t digest[32];
        if (assay_ca_document_encode(ca, i, &w) != ASSAY_OK) status = ASSAY_E_INVALID;
        assay_sha256(bytes, w.len, digest);
        if (!assay_bytes_equal(digest, p->document[i], 32)) status = ASSAY_E_INVALID;
    }
    free(bytes);
    return status;
}

static bool is_of_epoch(const struct assay_keyholder_proof *p, const struct assay_ca *ca)
{
    return p->has_state && ca->era == p->at.era && ca->epoch == p->at.epoch &&
           assay_bytes_equal(ca->chain_id, p->at.chain_id, 32);
}

bool assay_keyholder_proof_has(const struct assay_keyholder_proof *proof, const struct assay_ca *ca,
                               bool *certified)
{
    *certified = proof->certified;
    return is_of_epoch(proof, ca) && proof->has_documents &&
           compare_documents(proof, ca) == ASSAY_OK;
}

bool assay_keyholder_proof_differs(const struct assay_keyholder_proof *proof,
                                   const struct assay_ca *ca)
{
    if (!is_of_epoch(proof, ca)) return false;
    return !proof->has_documents || compare_documents(proof, ca) == ASSAY_E_INVALID;
}
