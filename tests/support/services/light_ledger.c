/*
 * tests/support/services/light_ledger.c - certified closes and proofs of rows of a test's
 * ledger.
 */
#include "tests/support/services/light_ledger.h"

#include "base/assert.h"
#include "tests/unit/host/light_world.h"

#include <stdlib.h>

enum { VOTERS = 4, SEED = 9 };
_Static_assert(LIGHT_LEDGER_PROOF_LEN == (int)LIGHT_WORLD_PROOF_LEN, "one length");

struct light_ledger {
    struct service_ledger *ledger;
    struct light_world *world;
    uint32_t group;
    uint64_t era, epoch;
    light_ledger_liar *liar;
    void *liar_context;
    struct assay_cont_group closed; /* after the newest closed epoch */
    struct assay_cont_instance_row *rows;
    struct assay_cont_row_tree tree;
    size_t head_len;
    uint8_t head[ASSAY_CONT_DOCUMENT_LEN_MAX];
    uint8_t proof[ASSAY_CONT_ROW_PROOF_LEN_MAX];
};

static void on_close(void *context)
{
    struct light_ledger *l = context;
    struct assay_writer w = assay_writer_over(l->head, sizeof l->head);
    assay_cont_group_copy(&l->closed,
                          assay_registry_group(service_ledger_registry(l->ledger), l->group));
    const enum assay_status status = assay_cont_group_encode(&l->closed, 0, &w);
    ASSAY_ASSERT(status == ASSAY_OK);
    l->head_len = w.len;
    assay_cont_row_tree_grow(&l->tree, &l->closed);
    l->era = service_ledger_era(l->ledger);
    l->epoch = service_ledger_epoch(l->ledger);
    light_world_set_document(l->world, assay_slice_over(l->head, l->head_len));
    light_world_close(l->world,
                      &(struct light_close){ .epoch = l->epoch, .era = (uint32_t)l->era });
}

static void answer_row(struct light_ledger *l, struct assay_service_message *answer)
{
    struct assay_writer w = assay_writer_over(l->proof, sizeof l->proof);
    const enum assay_status status = assay_cont_row_prove(&l->tree, &l->closed, answer->root, &w);
    ASSAY_ASSERT(status == ASSAY_OK);
    answer->era = l->era;
    answer->epoch = l->epoch;
    answer->document = assay_slice_over(l->head, l->head_len);
    answer->row = assay_slice_over(l->proof, w.len);
}

static void answer_request(struct light_ledger *l, const struct assay_service_message *m,
                           struct assay_service_message *answer)
{
    if (m->verb == ASSAY_SERVICE_ROW) {
        answer_row(l, answer);
        return;
    }
    ASSAY_ASSERT(m->verb == ASSAY_SERVICE_PROVE);
    if (m->epoch > l->epoch || m->epoch >= LIGHT_WORLD_EPOCHS_MAX) return;
    const struct assay_light_epoch epoch = light_world_epoch(l->world, m->epoch);
    answer->boundary = epoch.boundary;
    answer->finality = epoch.finality;
    if (m->with_voters) answer->voters = epoch.rows;
}

static void on_request(void *context, uint32_t slot, const struct assay_service_message *m,
                       struct assay_service_message *answer)
{
    struct light_ledger *l = context;
    (void)slot;
    answer_request(l, m, answer);
    if (l->liar != NULL) l->liar(l->liar_context, answer);
}

void light_ledger_lie(struct light_ledger *light, light_ledger_liar *liar, void *context)
{
    light->liar = liar;
    light->liar_context = context;
}

struct light_ledger *light_ledger_open(struct service_ledger *ledger, uint32_t group,
                                       const char *path)
{
    struct light_ledger *l = calloc(1, sizeof *l);
    const struct assay_cont_group *from =
        assay_registry_group(service_ledger_registry(ledger), group);
    ASSAY_ASSERT(l != NULL && from != NULL);
    l->ledger = ledger;
    l->group = group;
    l->rows = calloc(from->instances_max, sizeof *l->rows);
    ASSAY_ASSERT(l->rows != NULL);
    assay_cont_group_init(&l->closed, &from->home, from->size, from->instances_max, l->rows);
    l->world = light_world_new(service_ledger_chain(ledger), VOTERS, SEED);
    service_ledger_enclaves(ledger, path);
    service_ledger_prove(ledger, on_request, l);
    service_ledger_on_close(ledger, on_close, l);
    service_ledger_close_epoch(ledger);
    return l;
}

void light_ledger_close(struct light_ledger **light)
{
    struct light_ledger *l = *light;
    if (l == NULL) return;
    service_ledger_on_close(l->ledger, NULL, NULL);
    service_ledger_prove(l->ledger, NULL, NULL);
    light_world_free(l->world);
    free(l->rows);
    free(l);
    *light = NULL;
}

void light_ledger_checkpoint(const struct light_ledger *light, struct assay_checkpoint *checkpoint)
{
    light_world_checkpoint(light->world, light->epoch, checkpoint);
}

struct assay_slice light_ledger_prove(const struct light_ledger *light, uint8_t *proof,
                                      const struct assay_cont_group **group)
{
    *group = &light->closed;
    return light_world_prove(light->world, 0, proof);
}
