/*
 * net/runtime/document_row.c - admin request `row`: evidence for one instance of a group:
 *
 *   row GROUP HEX
 *
 * Evidence for others (host/row.h), as hexadecimal text: of the epoch that closed last, by the
 * store and the registry together.
 */
#include "host/row.h"
#include "host/services.h"
#include "net/documents/document_services.h"
#include "net/runtime/runtime_internal.h"

#include "engine/evidence/prove.h"

#include <stdlib.h>
#include <string.h>

/* Memory of one answer. */
struct room {
    struct assay_prove prove;
    struct assay_cont_row_tree tree;
    uint8_t proof[ASSAY_PROOF_LEN_MAX], head[ASSAY_ROW_HEAD_LEN_MAX];
    uint8_t evidence[ASSAY_ROW_EVIDENCE_LEN_MAX];
};

static char *refuse_row(struct assay_runtime *runtime, enum assay_status status)
{
    ASSAY_ASSERT(status != ASSAY_OK);
    if (status == ASSAY_E_NOT_FOUND || status == ASSAY_E_EARLY || status == ASSAY_E_AGAIN)
        return document_error(runtime, "not_ready",
                              "not enough epochs are closed here yet: retry after the "
                              "next close");
    return document_error(runtime, "store", "the last epoch cannot be read");
}

/* The store and the engine are requested the same close. */
static enum assay_status make_row(struct assay_runtime *runtime, uint32_t number,
                                  const uint8_t instance[static 32], struct room *room,
                                  void *memory, struct assay_slice *out)
{
    struct assay_services_snapshot s;
    struct assay_writer proof = assay_writer_over(room->proof, sizeof room->proof);
    struct assay_writer w = assay_writer_over(room->evidence, sizeof room->evidence);
    assay_engine_services(runtime->engine, &s);
    ASSAY_TRY(assay_prove_open(&room->prove, runtime->config.store, memory, runtime->members));
    const struct assay_checkpoint *at = &room->prove.checkpoint;
    if (s.registry == NULL || runtime->renewing || s.era != at->era || s.epoch != at->epoch + 1)
        return ASSAY_E_AGAIN;
    const struct assay_cont_group *group = assay_registry_group(s.registry, number);
    if (group == NULL) return ASSAY_E_AGAIN;
    ASSAY_TRY(assay_prove_member(&room->prove, runtime->self, false, &proof));
    ASSAY_TRY(assay_row_evidence_make(group, instance, assay_slice_over(room->proof, proof.len),
                                      &room->tree, room->head, &w));
    return assay_writer_finish(&w, out);
}

static char *answer_row(struct assay_runtime *runtime, uint32_t number,
                        const uint8_t instance[static 32])
{
    ASSAY_ASSERT(number < runtime->config.services->plan.group_count);
    struct room *room = malloc(sizeof *room);
    void *memory = aligned_alloc(16, (assay_prove_memory_len(runtime->members) + 15) & ~(size_t)15);
    struct assay_slice evidence;
    char *text = NULL;
    enum assay_status status = ASSAY_E_MEMORY;
    if (room != NULL && memory != NULL)
        status = make_row(runtime, number, instance, room, memory, &evidence);
    if (status == ASSAY_OK) {
        struct assay_json *data = assay_json_object();
        assay_json_set_uint(data, "epoch", room->prove.checkpoint.epoch);
        assay_json_set_uint(data, "group", number);
        assay_json_set_text(data, "name", runtime->config.services->plan.group[number].name);
        assay_json_set_hex(data, "instance", instance, 32);
        assay_json_set_hex(data, "evidence", evidence.bytes, evidence.len);
        text = document_finish(runtime, "assay.row", data);
    } else {
        text = refuse_row(runtime, status);
    }
    free(memory);
    free(room);
    return text;
}

char *document_row(struct assay_runtime *runtime, const char *argument)
{
    const char *space = strchr(argument, ' ');
    uint8_t instance[32];
    if (space == NULL || strlen(space + 1) != 64 ||
        assay_hex_decode(space + 1, 64, instance, 32) != ASSAY_OK)
        return document_error(runtime, "usage", "row GROUP HEX: 64 hexadecimal digits");
    if (runtime->config.services == NULL)
        return document_error(runtime, "not_found", "this network has no groups");
    const struct assay_registry_plan *plan = &runtime->config.services->plan;
    const uint32_t number = document_find_group(plan, argument, (size_t)(space - argument));
    if (number == plan->group_count)
        return document_error(runtime, "not_found", "no group has that name or number");
    return answer_row(runtime, number, instance);
}
