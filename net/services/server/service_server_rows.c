/*
 * net/services/server/service_server_rows.c - groups of continuity after the last closed epoch, and
 * proofs of single rows for enclaves, which follow neither documents nor records (docs/services.md
 * 4.1.5).
 *
 * The current registry has the records of the running epoch; the state that an enclave verifies has
 * not, so each group is copied at a close. Head and tree are made when the first enclave requests a
 * row after it.
 */
#include "net/services/server/service_server_internal.h"

#include "base/assert.h"

#include <stdlib.h>
#include <string.h>

struct closed_group {
    bool is_set; /* copied at a close */
    struct assay_cont_group group;
    struct assay_cont_instance_row *rows; /* [instances_max of the plan] */
    struct assay_cont_row_tree tree;      /* from here on: made once head_len is not 0 */
    size_t head_len;
    uint8_t head[ASSAY_CONT_DOCUMENT_LEN_MAX];
};

void server_free_rows(struct assay_service_server *d)
{
    for (size_t i = 0; i < ASSAY_PLAN_GROUPS_MAX; i++) {
        if (d->closed[i] != NULL) free(d->closed[i]->rows);
        free(d->closed[i]);
        d->closed[i] = NULL;
    }
}

enum assay_status server_load_rows(struct assay_service_server *d)
{
    ASSAY_ASSERT(d->plan.group_count <= ASSAY_PLAN_GROUPS_MAX);
    server_free_rows(d);
    for (uint32_t i = 0; i < d->plan.group_count; i++) {
        struct closed_group *closed = calloc(1, sizeof *closed);
        if (closed == NULL) return ASSAY_E_MEMORY;
        d->closed[i] = closed;
        closed->rows = calloc(d->plan.group[i].instances_max, sizeof *closed->rows);
        if (closed->rows == NULL) return ASSAY_E_MEMORY;
        struct assay_cont_home home = { .group = i };
        assay_bytes_copy(home.chain_id, 32, d->chain_id, 32);
        assay_cont_group_init(&closed->group, &home, d->plan.group[i].size,
                              d->plan.group[i].instances_max, closed->rows);
    }
    return ASSAY_OK;
}

void server_close_rows(struct assay_service_server *d, const struct assay_registry *registry)
{
    for (uint32_t i = 0; i < d->plan.group_count; i++) {
        struct closed_group *closed = d->closed[i];
        ASSAY_ASSERT(closed != NULL);
        assay_cont_group_copy(&closed->group, assay_registry_group(registry, i));
        closed->is_set = true;
        closed->head_len = 0;
    }
}

static void make_proofs(struct closed_group *closed)
{
    ASSAY_ASSERT(closed->is_set && closed->head_len == 0);
    struct assay_writer w = assay_writer_over(closed->head, sizeof closed->head);
    const enum assay_status status = assay_cont_group_encode(&closed->group, 0, &w);
    ASSAY_ASSERT(status == ASSAY_OK); /* within ASSAY_CONT_DOCUMENT_LEN_MAX */
    closed->head_len = w.len;
    assay_cont_row_tree_grow(&closed->tree, &closed->group);
}

void server_send_row(struct assay_service_server *d, struct client *c, const struct request *a,
                     bool is_empty)
{
    struct closed_group *closed = d->closed[c->at->is.group];
    uint8_t proof[ASSAY_CONT_ROW_PROOF_LEN_MAX];
    struct assay_writer w = assay_writer_over(proof, sizeof proof);
    struct assay_service_message *m = server_new_message(d, ASSAY_SERVICE_ROWED);
    assay_bytes_copy(m->root, 32, a->root, 32);
    if (closed != NULL && closed->is_set && !is_empty) {
        if (closed->head_len == 0) make_proofs(closed);
        const enum assay_status status =
            assay_cont_row_prove(&closed->tree, &closed->group, a->root, &w);
        ASSAY_ASSERT(status == ASSAY_OK); /* within ASSAY_CONT_ROW_PROOF_LEN_MAX */
        m->era = d->epoch.era;
        m->epoch = d->epoch.epoch;
        m->document = assay_slice_over(closed->head, closed->head_len);
        m->row = assay_slice_over(proof, w.len);
    }
    server_send(d, c, m);
}

/* --- results of records */

void server_add_submitted(struct client *c, struct assay_slice payload)
{
    if (assay_service_has_documents(c->at->is.role)) return;
    ASSAY_ASSERT(payload.len > 0);
    assay_sha256(payload.bytes, payload.len, c->submitted[c->submissions++ % SUBMITTED_MAX]);
}

static bool has_submitted(const struct client *c, const uint8_t digest[static 32])
{
    for (uint32_t i = 0; i < SUBMITTED_MAX && i < c->submissions; i++)
        if (assay_bytes_equal(c->submitted[i], digest, 32)) return true;
    return false;
}

void server_send_result(struct assay_service_server *d, enum assay_service_kind kind,
                        struct assay_slice payload, const char *word)
{
    ASSAY_ASSERT(strlen(word) > 0 && strlen(word) <= ASSAY_SERVICE_WORD_MAX);
    struct assay_service_message *m = server_new_message(d, ASSAY_SERVICE_RESULT);
    if (assay_service_of(kind) != ASSAY_SERVICE_CONTINUITY) return;
    m->kind = kind;
    m->word = assay_slice_over(word, strlen(word));
    assay_sha256(payload.bytes, payload.len, m->root);
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_CLIENTS_MAX; i++) {
        struct client *c = &d->clients[i];
        if (client_is_open(c) && c->is_following && has_submitted(c, m->root)) server_send(d, c, m);
    }
}
