/*
 * net/runtime/document_proof.c - documents `checkpoint` and `proof`, in hexadecimal.
 *
 * Read from the store, which is the one place that holds a finished epoch whole.
 */
#include "net/runtime/runtime_internal.h"

#include "engine/evidence/prove.h"
#include "net/json/json.h"

#include <stdlib.h>

static char *refuse_prove(struct assay_runtime *runtime, enum assay_status status)
{
    ASSAY_ASSERT(status != ASSAY_OK);
    if (status == ASSAY_E_NOT_FOUND || status == ASSAY_E_EARLY)
        return document_error(runtime, "not_found",
                              "not enough epochs are closed here yet: retry after the "
                              "next close");
    return document_error(runtime, "store", "the last epoch cannot be read");
}

static void set_checkpoint(struct assay_json *data, const struct assay_checkpoint *c)
{
    uint8_t bytes[ASSAY_CHECKPOINT_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    const enum assay_status status = assay_checkpoint_encode(c, &w);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_json_set_hex(data, "chain_id", c->chain_id, sizeof c->chain_id);
    assay_json_set_uint(data, "era", c->era);
    assay_json_set_uint(data, "epoch", c->epoch);
    assay_json_set_hex(data, "id", c->id, sizeof c->id);
    assay_json_set_hex(data, "roster_digest", c->roster_digest, sizeof c->roster_digest);
    assay_json_set_hex(data, "checkpoint", bytes, w.len);
}

static char *set_proof(struct assay_runtime *runtime, const struct assay_prove *prove,
                       uint16_t slot, bool bare)
{
    ASSAY_ASSERT(slot < runtime->members);
    uint8_t *bytes = malloc(ASSAY_PROOF_LEN_MAX);
    if (bytes == NULL) return refuse_prove(runtime, ASSAY_E_MEMORY);
    struct assay_writer w = assay_writer_over(bytes, ASSAY_PROOF_LEN_MAX);
    const enum assay_status status = assay_prove_member(prove, slot, bare, &w);
    char *text = NULL;
    if (status == ASSAY_OK) {
        struct assay_json *data = assay_json_object();
        assay_json_set_uint(data, "epoch", prove->checkpoint.epoch);
        assay_json_set_uint(data, "slot", slot);
        assay_json_set_bool(data, "bare", bare);
        assay_json_set_hex(data, "proof", bytes, w.len);
        text = document_finish(runtime, "assay.proof", data);
    } else {
        text = refuse_prove(runtime, status);
    }
    free(bytes);
    return text;
}

char *document_proof(struct assay_runtime *runtime, uint16_t slot, bool bare)
{
    struct assay_prove prove;
    const size_t len = (assay_prove_memory_len(runtime->members) + 15) & ~(size_t)15;
    void *memory = aligned_alloc(16, len);
    enum assay_status status = ASSAY_E_MEMORY;
    char *text = NULL;
    if (memory != NULL)
        status = assay_prove_open(&prove, runtime->config.store, memory, runtime->members);
    if (status != ASSAY_OK) {
        text = refuse_prove(runtime, status);
    } else if (slot == ASSAY_SLOT_ALL) {
        struct assay_json *data = assay_json_object();
        set_checkpoint(data, &prove.checkpoint);
        text = document_finish(runtime, "assay.checkpoint", data);
    } else {
        text = set_proof(runtime, &prove, slot, bare);
    }
    free(memory);
    return text;
}
