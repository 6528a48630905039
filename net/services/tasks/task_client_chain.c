/*
 * net/services/tasks/task_client_chain.c - requestor of a task paid on an EVM chain: agrees terms
 * with the executor, has its enclave appraised, then the caller opens the task (docs/services.md
 * 8.9).
 */
#include "net/services/tasks/task_client_internal.h"

#include "base/assert.h"
#include "base/system_clock.h"

#include <stdio.h>

enum {
    VERSION = 2,
    ROW_LEN = 1 + 32 + 32 + 32 + 32 + 4 + 1 + ASSAY_EVM_PLACE_LEN + ASSAY_EVM_TERMS_LEN
};

/* --- storage */

static enum assay_status store_terms(struct assay_task_client *c)
{
    ASSAY_ASSERT(c->on_chain && c->has_keys);
    uint8_t bytes[ROW_LEN];
    struct assay_slice row;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_writer_u8(&w, VERSION);
    assay_writer_put(&w, c->keys.box_secret.bytes, 32);
    assay_writer_put(&w, c->salt, 32);
    assay_writer_put(&w, c->terms.code, 32);
    assay_writer_put(&w, c->keys.box, 32);
    assay_writer_u32be(&w, c->terms.executor);
    assay_writer_u8(&w, (uint8_t)c->terms.min_standing);
    assay_evm_named_encode(&w, &c->place, &c->draft.terms);
    ASSAY_TRY(assay_writer_finish(&w, &row));
    const enum assay_status status = assay_requestor_store(c, row);
    assay_secret_wipe(bytes, sizeof bytes);
    return status;
}

static void vouched(const void *context, const struct assay_task_voucher *voucher,
                    uint8_t digest[static 32])
{
    const struct assay_task_client *c = context;
    ASSAY_ASSERT(c->on_chain && c->has_keys);
    assay_evm_voucher_statement(&c->place, voucher->task, voucher->step, voucher->lock, digest);
}

/* Terms are complete. */
static void name_task(struct assay_task_client *c)
{
    ASSAY_ASSERT(c->on_chain);
    c->has_keys = true;
    c->state = ASSAY_TASK_CLIENT_REQUESTS;
    c->payer = (struct assay_task_payer){ .statement = vouched, .context = c };
    assay_evm_task_name(&c->place, &c->draft.terms, c->payer.task);
    assay_bytes_copy(c->task, 32, c->payer.task, 32);
}

static enum assay_status decode_row(struct assay_task_client *c, struct assay_cursor *in,
                                    struct assay_secret32 *box)
{
    struct assay_evm_place place;
    uint8_t version = 0, standing = 0;
    ASSAY_TRY(assay_cursor_u8(in, &version));
    if (version != VERSION) return ASSAY_E_VERSION;
    ASSAY_TRY(assay_cursor_copy(in, box->bytes, 32));
    ASSAY_TRY(assay_cursor_copy(in, c->salt, 32));
    ASSAY_TRY(assay_cursor_copy(in, c->terms.code, 32));
    ASSAY_TRY(assay_cursor_copy(in, c->terms.box, 32));
    ASSAY_TRY(assay_cursor_u32be(in, &c->terms.executor));
    ASSAY_TRY(assay_cursor_u8(in, &standing));
    ASSAY_TRY(assay_evm_named_decode(in, &place, &c->draft.terms));
    ASSAY_TRY(assay_cursor_end(in));
    if (place.chain_id != c->place.chain_id ||
        !assay_bytes_equal(place.contract, c->place.contract, sizeof place.contract))
        return ASSAY_E_CHAIN;
    c->terms.min_standing = (enum assay_task_standing)standing;
    return ASSAY_OK;
}

enum assay_status assay_requestor_chain_read(struct assay_task_client *c, struct assay_slice row)
{
    ASSAY_ASSERT(c->on_chain && c->state == ASSAY_TASK_CLIENT_IDLE);
    struct assay_cursor in = assay_cursor_over(row.bytes, row.len);
    struct assay_secret32 box = { { 0 } };
    enum assay_status status = decode_row(c, &in, &box);
    if (status == ASSAY_OK) status = assay_requestor_init_keys(c, &box);
    assay_secret_wipe(&box, sizeof box);
    if (status != ASSAY_OK) return status;
    c->terms.steps = c->draft.terms.steps;
    assay_bytes_copy(c->terms.input, 32, c->draft.terms.input, 32);
    name_task(c);
    return ASSAY_OK;
}

/* --- agreement of terms */

static uint8_t standing_of(enum assay_task_standing standing)
{
    ASSAY_ASSERT(standing <= ASSAY_TASK_STAND_FULL);
    return (uint8_t)(ASSAY_TASK_STAND_FULL - standing);
}

static enum assay_status make_draft(struct assay_task_client *c,
                                    const struct assay_task_request *request,
                                    const uint8_t price[static ASSAY_EVM_PRICE_LEN],
                                    uint64_t deadline_s)
{
    ASSAY_ASSERT(c->on_chain && c->state == ASSAY_TASK_CLIENT_IDLE);
    struct assay_evm_terms *t = &c->draft.terms;
    uint8_t nonce[8];
    c->terms =
        (struct assay_task_open){ .steps = request->steps, .min_standing = request->min_standing };
    if (assay_requestor_choose(c, request) == NULL) return ASSAY_E_NOT_FOUND;
    assay_bytes_copy(c->terms.code, 32, request->code, 32);
    assay_bytes_copy(c->terms.box, 32, c->keys.box, 32);
    ASSAY_TRY(assay_requestor_take_input(c, request));
    ASSAY_TRY(assay_random(nonce, sizeof nonce));
    c->draft = (struct assay_evm_draft){ .place = c->place };
    assay_bytes_copy(c->draft.code, 32, request->code, 32);
    assay_bytes_copy(c->draft.box, 32, c->keys.box, 32);
    *t = (struct assay_evm_terms){ .steps = request->steps,
                                   .deadline_s = deadline_s,
                                   .standing = standing_of(request->min_standing),
                                   .score_bp = request->min_score_bp };
    ASSAY_TRY(assay_evm_address(&c->keys.evm, t->requestor));
    assay_bytes_copy(t->node_id, 32, assay_follower_state(c->follower)->node[c->terms.executor],
                     32);
    assay_evm_job_digest(request->code, c->keys.box, t->job);
    assay_bytes_copy(t->input, 32, c->terms.input, 32);
    assay_bytes_copy(t->price, sizeof t->price, price, sizeof t->price);
    for (size_t i = 0; i < sizeof nonce; i++)
        t->nonce = t->nonce << 8 | nonce[i];
    return assay_evm_terms_check(t);
}

enum assay_status assay_requestor_draft(struct assay_task_client *client,
                                        const struct assay_task_request *request,
                                        const uint8_t price[static ASSAY_EVM_PRICE_LEN],
                                        uint64_t deadline_s)
{
    struct assay_task_client *c = client;
    if (c->state != ASSAY_TASK_CLIENT_IDLE || !c->on_chain) return ASSAY_E_INVALID;
    if (assay_follower_tasks(c->follower) == NULL) return ASSAY_E_AGAIN;
    if (request->steps == 0 || request->steps > ASSAY_EVM_STEPS_MAX ||
        request->input.len > ASSAY_TASK_BLOB_MAX ||
        request->min_standing < ASSAY_TASK_STAND_RESTRICTED ||
        assay_bytes_all_zero(price, ASSAY_EVM_PRICE_LEN))
        return ASSAY_E_RANGE;
    ASSAY_TRY(make_draft(c, request, price, deadline_s));
    c->state = ASSAY_TASK_CLIENT_DRAFTS;
    return ASSAY_OK;
}

static void send_draft(struct assay_task_client *c)
{
    ASSAY_ASSERT(c->call != NULL && c->state == ASSAY_TASK_CLIENT_DRAFTS);
    uint8_t bytes[ASSAY_EVM_DRAFT_LEN], frame[ASSAY_EVM_DRAFT_LEN + 64];
    struct assay_task_frame f = { .kind = ASSAY_TASK_DRAFT };
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    struct assay_slice out;
    if (c->now_ms < c->draft_at_ms) return;
    c->draft_at_ms = c->now_ms + ASSAY_TASK_CLIENT_AGAIN_MS;
    assay_evm_draft_encode(&w, &c->draft);
    ASSAY_ASSERT(!w.full);
    assay_sha256(bytes, w.len, c->draft_name);
    assay_bytes_copy(f.task, 32, c->draft_name, 32);
    f.list = assay_slice_over(bytes, w.len);
    const enum assay_status status = assay_task_frame_encode(&f, frame, sizeof frame, &out);
    ASSAY_ASSERT(status == ASSAY_OK);
    if (assay_listener_connection_send(c->call, out) != ASSAY_OK)
        assay_listener_connection_close(&c->call);
}

/* Durable before evidence is requested: the opened task has these terms. */
static void on_draft_keys(struct assay_task_client *c, const struct assay_task_frame *f)
{
    ASSAY_ASSERT(c->state == ASSAY_TASK_CLIENT_DRAFTS && !c->has_keys);
    if (f->list.len != ASSAY_EVM_ADDRESS_LEN) return;
    assay_bytes_copy(c->draft.terms.executor, ASSAY_EVM_ADDRESS_LEN, f->list.bytes, f->list.len);
    assay_bytes_copy(c->draft.terms.key, sizeof c->draft.terms.key, f->key, sizeof f->key);
    name_task(c);
    assay_requestor_set_failure(c, store_terms(c));
}

void assay_requestor_chain_frame(struct assay_task_client *c, struct assay_slice bytes)
{
    struct assay_task_frame f;
    char why[ASSAY_TASK_CLIENT_WHY_MAX];
    if (assay_task_frame_decode(bytes, &f) != ASSAY_OK) c->refused++;
    else if (c->state == ASSAY_TASK_CLIENT_DRAFTS && assay_bytes_equal(f.task, c->draft_name, 32)) {
        if (f.kind == ASSAY_TASK_DRAFT_IS) on_draft_keys(c, &f);
        if (f.kind != ASSAY_TASK_NO) return;
        (void)snprintf(why, sizeof why, "the executor does not work for that: %.*s",
                       (int)f.list.len, (const char *)f.list.bytes);
        assay_requestor_end(c, ASSAY_TASK_CLIENT_REFUSED, why);
    }
}

/* --- turn */

void assay_requestor_chain_look(struct assay_task_client *c)
{
    ASSAY_ASSERT(c->on_chain);
    if (assay_unix_ms() / 1000 >= c->draft.terms.deadline_s) {
        assay_requestor_end(c, ASSAY_TASK_CLIENT_FAILED, "the deadline is over");
        return;
    }
    if (c->has_keys && !c->runs) assay_requestor_start(c, c->draft.terms.key);
    if (c->call == NULL && c->state != ASSAY_TASK_CLIENT_OPENS) assay_requestor_connect(c);
    if (c->call != NULL && c->state == ASSAY_TASK_CLIENT_DRAFTS) send_draft(c);
}

void assay_requestor_chain_closed(struct assay_task_client *c)
{
    ASSAY_ASSERT(c->on_chain);
    const struct assay_follower_state *home = assay_follower_state(c->follower);
    if (c->state == ASSAY_TASK_CLIENT_IDLE || c->terms.executor >= home->members) return;
    const struct assay_registry_member *member = &home->member[c->terms.executor];
    c->held = !member->certified;
    if (member->failed || member->renewed ||
        !assay_bytes_equal(home->node[c->terms.executor], c->draft.terms.node_id, 32))
        assay_requestor_end(c, ASSAY_TASK_CLIENT_FAILED,
                            "the executor's integrity fell, or its member left");
}

const struct assay_evm_terms *assay_requestor_evm(const struct assay_task_client *client)
{
    return client->has_keys ? &client->draft.terms : NULL;
}

enum assay_status assay_requestor_opened(struct assay_task_client *client)
{
    struct assay_task_client *c = client;
    struct assay_task_outputs outs;
    if (!c->on_chain || c->state != ASSAY_TASK_CLIENT_OPENS) return ASSAY_E_INVALID;
    ASSAY_TRY(assay_task_requestor_trust(&c->r, c->salt, assay_slice_over(c->input, c->input_len),
                                         c->now_ms, &outs));
    c->state = ASSAY_TASK_CLIENT_WORKS;
    if (c->call == NULL) assay_requestor_connect(c);
    assay_requestor_execute(c, &outs);
    return ASSAY_OK;
}

bool assay_requestor_awaits_key(const struct assay_task_client *client, uint8_t lock[static 32])
{
    if (!client->on_chain || !client->runs || client->r.phase != ASSAY_TASK_PAYING) return false;
    assay_bytes_copy(lock, 32, client->r.lock, 32);
    return true;
}

enum assay_status assay_requestor_key(struct assay_task_client *client,
                                      const uint8_t opening[static 32])
{
    struct assay_task_client *c = client;
    struct assay_task_fact fact = { .kind = ASSAY_TASK_PAID, .step = c->r.next.step };
    struct assay_task_outputs outs;
    uint8_t lock[32];
    if (!assay_requestor_awaits_key(c, lock)) return ASSAY_E_STALE;
    assay_bytes_copy(fact.task, 32, c->task, 32);
    assay_bytes_copy(fact.opening, 32, opening, 32);
    const enum assay_status status = assay_task_requestor_on_fact(&c->r, &fact, &outs);
    if (status == ASSAY_OK || outs.events != 0) assay_requestor_execute(c, &outs);
    return status;
}
