/*
 * tests/integration/cli/put_change.c - puts a CHANGE into a store that no daemon has, and a state
 * after it: what many epochs of a network would leave, without the network.
 *
 * usage: put_change STORE GENESIS EPOCH queue CHANGE    the change waits for its epoch
 *        put_change STORE GENESIS EPOCH apply CHANGE    it is in force
 *        put_change STORE GENESIS EPOCH try CHANGE      it is in force, on trial
 *        put_change STORE GENESIS EPOCH recover CHANGE  nothing is put: a RECOVER that brings it is
 *                                                       written to CHANGE.recover
 *
 * The state closes EPOCH and follows the newest one of the store. Signatures are not verified, and
 * the block is not there: for readers of the newest state alone.
 */
#include "base/file/file.h"
#include "base/merkle.h"
#include "engine/consensus/block.h"
#include "engine/ledger/records/recover.h"
#include "engine/ledger/state/roster_digest.h"
#include "engine/store/store_sqlite.h"
#include "net/documents/change_review.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct put {
    struct assay_genesis genesis;
    struct assay_store *store;
    struct assay_change_basis *basis;
    struct assay_change change;
    struct assay_slice record;
    uint8_t digest[32];
    uint64_t epoch;
};

static enum assay_status put_state(struct put *p, struct assay_state *state)
{
    const struct assay_store_key key = { .era = state->era, .epoch = p->epoch };
    const size_t scratch_len = assay_state_scratch_len(state->member_count);
    const size_t size = assay_state_len_max(state->member_count);
    uint8_t head[ASSAY_BLOCK_HEADER_LEN_MAX];
    uint8_t *const scratch = malloc(scratch_len), *const bytes = malloc(size);
    struct assay_block_header header = { .era = state->era,
                                         .epoch = p->epoch,
                                         .height = p->epoch + 1,
                                         .view = 1,
                                         .kind = ASSAY_BLOCK_EPOCH };
    struct assay_writer h = assay_writer_over(head, sizeof head);
    struct assay_writer w = assay_writer_over(bytes, size);
    if (scratch == NULL || bytes == NULL) return ASSAY_E_MEMORY;
    state->epoch = p->epoch;
    assay_roster_digest(state, state->roster_digest);
    assay_state_root(state, scratch, scratch_len, header.state_root);
    assay_bytes_copy(header.chain_id, 32, state->chain_id, 32);
    assay_block_header_encode(&header, &h);
    enum assay_status status =
        assay_state_encode(state, assay_slice_over(head, h.len), scratch, scratch_len, &w);
    if (status == ASSAY_OK)
        status = assay_store_put(p->store, ASSAY_STORE_STATE, &key, assay_slice_over(bytes, w.len));
    free(scratch);
    free(bytes);
    return status;
}

static enum assay_status put_record(struct put *p)
{
    struct assay_store_key key = { .era = p->change.era,
                                   .epoch = p->epoch,
                                   .number = p->change.sequence };
    assay_bytes_copy(key.id, 32, p->digest, 32);
    return assay_store_put(p->store, ASSAY_STORE_CHANGE, &key, p->record);
}

static enum assay_status put_change(struct put *p, const char *how)
{
    char message[ASSAY_CHANGE_MESSAGE] = "";
    struct assay_change_basis *const b = p->basis;
    const struct assay_rules_in_force before = b->state.rules;
    struct assay_state *state = &b->state;
    if (strcmp(how, "queue") == 0) {
        if (state->pending_count == ASSAY_PENDING_MAX) return ASSAY_E_FULL;
        struct assay_pending *const item = &state->pending[state->pending_count++];
        *item = (struct assay_pending){ .sequence = p->change.sequence,
                                        .activation = p->change.activation };
        assay_bytes_copy(item->digest, 32, p->digest, 32);
    } else {
        const enum assay_status status = assay_draft_stage(b, &p->change, message);
        if (status != ASSAY_OK) fprintf(stderr, "put_change: %s\n", message);
        ASSAY_TRY(status);
        state = &b->stage;
        if (strcmp(how, "try") == 0)
            state->trial = (struct assay_trial){ .sequence = p->change.sequence,
                                                 .epoch = p->epoch,
                                                 .before = before,
                                                 .until_ms = INT64_MAX };
    }
    state->change_sequence = p->change.sequence;
    ASSAY_TRY(put_record(p));
    ASSAY_TRY(put_state(p, state));
    return assay_store_commit(p->store);
}

/* As a node drafts it, without answers: its shape is right, and no node would take it. */
static enum assay_status write_recover(const struct put *p, const char *path)
{
    static uint8_t body[ASSAY_RECOVER_BODY_LEN_MAX], all[ASSAY_RECOVER_LEN_MAX];
    uint8_t head[ASSAY_BLOCK_HEADER_LEN_MAX], grounds[256];
    char out[4096];
    struct assay_merkle none;
    struct assay_writer b = assay_writer_over(body, sizeof body);
    struct assay_writer g = assay_writer_over(grounds, sizeof grounds);
    struct assay_writer h = assay_writer_over(head, sizeof head);
    struct assay_writer w = assay_writer_over(all, sizeof all);
    const struct assay_state *const state = &p->basis->state;
    struct assay_block_header header = { .era = state->era + 1,
                                         .epoch = p->epoch,
                                         .view = 1,
                                         .height = p->epoch,
                                         .kind = ASSAY_BLOCK_EPOCH,
                                         .record_count = 1 };
    ASSAY_TRY(assay_recover_body_encode(p->record, NULL, 0, &b));
    ASSAY_TRY(assay_recover_grounds_encode((struct assay_slice){ 0 }, NULL, 0, &g));
    assay_bytes_copy(header.chain_id, 32, state->chain_id, 32);
    assay_merkle_init(&none);
    assay_merkle_root(&none, header.null_root);
    assay_merkle_leaf_hash(body, b.len, header.body_root);
    assay_sha256(grounds, g.len, header.parent_proof);
    assay_block_header_encode(&header, &h);
    ASSAY_TRY(assay_recover_encode(assay_slice_over(head, h.len), assay_slice_over(body, b.len),
                                   assay_slice_over(grounds, g.len), p->basis->operators, NULL,
                                   NULL, 0, &w));
    (void)snprintf(out, sizeof out, "%s.recover", path);
    return assay_file_replace(out, ASSAY_FILE_PUBLIC, assay_slice_over(all, w.len));
}

static enum assay_status open_files(struct put *p, char **argv, uint8_t **genesis, uint8_t **record)
{
    struct assay_where where = { 0 };
    char message[ASSAY_STORE_MESSAGE_LEN] = "";
    size_t len = 0;
    ASSAY_TRY(assay_file_read(argv[2], ASSAY_GENESIS_LEN_MAX, genesis, &len));
    ASSAY_TRY(assay_genesis_decode(*genesis, len, false, &p->genesis, &where));
    ASSAY_TRY(assay_file_read(argv[5], ASSAY_CHANGE_RECORD_LEN_MAX, record, &len));
    p->record = assay_slice_over(*record, len);
    assay_sha256(*record, len, p->digest);
    ASSAY_TRY(assay_change_record_read(p->record, &p->change));
    ASSAY_TRY(assay_store_sqlite_open(argv[1], &p->store, message, sizeof message));
    return assay_draft_basis_open(&p->genesis, p->store, &p->basis);
}

int main(int argc, char **argv)
{
    static struct put p; /* large */
    uint8_t *genesis = NULL, *record = NULL;
    if (argc != 6) return 2;
    p.epoch = strtoull(argv[3], NULL, 10);
    enum assay_status status = open_files(&p, argv, &genesis, &record);
    const bool is_recover = strcmp(argv[4], "recover") == 0;
    if (status == ASSAY_OK && is_recover) status = write_recover(&p, argv[5]);
    if (status == ASSAY_OK && !is_recover) status = put_change(&p, argv[4]);
    if (status != ASSAY_OK) fprintf(stderr, "put_change: %s\n", assay_status_text(status));
    assay_draft_basis_close(&p.basis);
    assay_store_close(&p.store);
    free(genesis);
    free(record);
    return status == ASSAY_OK ? 0 : 1;
}
