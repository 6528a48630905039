/*
 * net/services/tasks/task_client.c - client of a requestor: ledger, executor and stored results.
 */
#include "net/services/tasks/task_client_internal.h"

#include "base/assert.h"
#include "base/system_clock.h"
#include "net/zmq/link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TURN_MS = 50,
    VERSION = 1,
    FRAMES_PER_TURN = 64, /* of an executor that sends without end: the ledger is followed, too */
};

/* The vault's row of the task: its state to continue after a crash. */
const uint8_t assay_task_client_row[32] = "requestor: task";
static const uint8_t input_row[32] = "requestor: input", chain_row[32] = "requestor: chain",
                     vouched_row[32] = "requestor: vouched";

bool assay_requestor_is_over(enum assay_task_client_state state)
{
    return state > ASSAY_TASK_CLIENT_WORKS;
}

void assay_requestor_end(struct assay_task_client *c, enum assay_task_client_state state,
                         const char *why)
{
    ASSAY_ASSERT(assay_requestor_is_over(state) && why != NULL);
    if (assay_requestor_is_over(c->state)) return;
    c->state = state;
    (void)snprintf(c->why, sizeof c->why, "%s", why);
}

void assay_requestor_set_failure(struct assay_task_client *c, enum assay_status status)
{
    if (status != ASSAY_OK && c->failure == ASSAY_OK) c->failure = status;
}

static const struct assay_follower_state *home_of(const struct assay_task_client *c)
{
    ASSAY_ASSERT(c->follower != NULL);
    return assay_follower_state(c->follower);
}

enum assay_status assay_requestor_init_keys(struct assay_task_client *c,
                                            const struct assay_secret32 *box_secret)
{
    assay_requestor_keys_deinit(&c->keys);
    ASSAY_TRY(assay_requestor_keys_init(&c->keys, c->on_chain ? NULL : &c->secret, box_secret));
    c->keys.on_chain = c->on_chain;
    c->keys.evm = c->secret;
    return ASSAY_OK;
}

/* --- storage */

enum assay_status assay_requestor_store(struct assay_task_client *c, struct assay_slice row)
{
    ASSAY_ASSERT(c->input_len <= sizeof c->input);
    ASSAY_TRY(assay_vault_put(c->vault, ASSAY_VAULT_TASK, assay_task_client_row, row));
    ASSAY_TRY(assay_vault_put(c->vault, ASSAY_VAULT_TASK, input_row,
                              assay_slice_over(c->input, c->input_len)));
    return assay_vault_commit(c->vault);
}

static enum assay_status store_task(struct assay_task_client *c)
{
    uint8_t bytes[1 + 32 + 32 + ASSAY_TASK_RECORD_MAX];
    uint8_t open[ASSAY_TASK_RECORD_MAX];
    struct assay_slice payload, row;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    ASSAY_TRY(assay_task_open_encode(&c->terms, open, sizeof open, &payload));
    assay_writer_u8(&w, VERSION);
    assay_writer_put(&w, c->keys.box_secret.bytes, 32);
    assay_writer_put(&w, c->salt, 32);
    assay_writer_put(&w, payload.bytes, payload.len);
    ASSAY_TRY(assay_writer_finish(&w, &row));
    const enum assay_status status = assay_requestor_store(c, row);
    assay_secret_wipe(bytes, sizeof bytes);
    return status;
}

/* The step that the voucher will pay, as received: a claim may publish its key after a crash. */
static enum assay_status store_vouched(struct assay_task_client *c, struct assay_slice frame)
{
    ASSAY_ASSERT(frame.len > 0 && frame.len <= sizeof c->vouched);
    _Static_assert((int)ASSAY_TASK_FRAME_MAX <= (int)ASSAY_VAULT_ROW_MAX, "it fits");
    ASSAY_TRY(assay_vault_put(c->vault, ASSAY_VAULT_TASK, vouched_row, frame));
    return assay_vault_commit(c->vault);
}

/* Header of a result's row, and its name. */
static void encode_head(const uint8_t task[static 32], uint32_t step,
                        uint8_t head[static ASSAY_TASK_CLIENT_RESULT_HEAD], uint8_t name[static 32])
{
    ASSAY_ASSERT(step > 0);
    struct assay_writer w = assay_writer_over(head, ASSAY_TASK_CLIENT_RESULT_HEAD);
    assay_writer_put(&w, task, 32);
    assay_writer_u32be(&w, step);
    assay_sha256(head, ASSAY_TASK_CLIENT_RESULT_HEAD, name);
}

/* Result and chain of a step together, replacing the vouched step. */
static enum assay_status store_result(struct assay_task_client *c)
{
    ASSAY_ASSERT(c->runs);
    uint8_t chain[ASSAY_TASK_CHAIN_MAX], name[32] = { 0 };
    struct assay_slice end_of_chain, plain, row;
    encode_head(c->task, c->r.chain.step, c->row, name);
    ASSAY_TRY(assay_task_chain_encode(&c->r.chain, chain, sizeof chain, &end_of_chain));
    ASSAY_TRY(assay_task_product_encode(&c->r.result, c->row + ASSAY_TASK_CLIENT_RESULT_HEAD,
                                        sizeof c->row - ASSAY_TASK_CLIENT_RESULT_HEAD, &plain));
    row = assay_slice_over(c->row, ASSAY_TASK_CLIENT_RESULT_HEAD + plain.len);
    enum assay_status status = assay_vault_put(c->vault, ASSAY_VAULT_RESULT, name, row);
    if (status == ASSAY_OK)
        status = assay_vault_put(c->vault, ASSAY_VAULT_TASK, chain_row, end_of_chain);
    if (status == ASSAY_OK) status = assay_vault_erase(c->vault, ASSAY_VAULT_TASK, vouched_row);
    return status == ASSAY_OK ? assay_vault_commit(c->vault) : status;
}

static enum assay_status decode_terms(struct assay_task_client *c, struct assay_slice row)
{
    ASSAY_ASSERT(c->state == ASSAY_TASK_CLIENT_IDLE && !c->on_chain);
    struct assay_secret32 box;
    if (row.len < 65 || row.bytes[0] != VERSION) return ASSAY_E_VERSION;
    assay_bytes_copy(box.bytes, 32, row.bytes + 1, 32);
    assay_bytes_copy(c->salt, 32, row.bytes + 33, 32);
    ASSAY_TRY(assay_task_open_decode(assay_slice_over(row.bytes + 65, row.len - 65), &c->terms));
    const enum assay_status status = assay_requestor_init_keys(c, &box);
    assay_secret_wipe(&box, sizeof box);
    c->state = ASSAY_TASK_CLIENT_OPENS;
    return status;
}

static enum assay_status decode_vouched(struct assay_task_client *c)
{
    struct assay_slice row = { 0 };
    const enum assay_status status = assay_vault_get(c->vault, ASSAY_VAULT_TASK, vouched_row,
                                                     c->vouched, sizeof c->vouched, &row);
    ASSAY_ASSERT(row.len <= sizeof c->vouched);
    c->vouched_len = row.len;
    return status == ASSAY_E_NOT_FOUND ? ASSAY_OK : status;
}

static enum assay_status decode_task(struct assay_task_client *c)
{
    uint8_t bytes[1 + 32 + 32 + ASSAY_TASK_RECORD_MAX], chain[ASSAY_TASK_CHAIN_MAX];
    struct assay_slice row;
    ASSAY_TRY(assay_vault_get(c->vault, ASSAY_VAULT_TASK, assay_task_client_row, bytes,
                              sizeof bytes, &row));
    const enum assay_status read =
        c->on_chain ? assay_requestor_chain_read(c, row) : decode_terms(c, row);
    assay_secret_wipe(bytes, sizeof bytes);
    ASSAY_TRY(read);
    ASSAY_TRY(
        assay_vault_get(c->vault, ASSAY_VAULT_TASK, input_row, c->input, sizeof c->input, &row));
    c->input_len = row.len;
    ASSAY_TRY(decode_vouched(c));
    const enum assay_status status =
        assay_vault_get(c->vault, ASSAY_VAULT_TASK, chain_row, chain, sizeof chain, &row);
    if (status == ASSAY_E_NOT_FOUND) return ASSAY_OK;
    ASSAY_TRY(status);
    c->has_chain = true;
    ASSAY_TRY(assay_task_chain_decode(row, &c->chain));
    assay_bytes_copy(c->task, 32, c->chain.task, 32);
    c->results = c->chain.step;
    if (c->results == c->terms.steps) c->state = ASSAY_TASK_CLIENT_DONE;
    return ASSAY_OK;
}

struct telling {
    assay_task_on_result *result_callback;
    void *context;
};

static enum assay_status report_result(void *context, const uint8_t name[static 32],
                                       struct assay_slice bytes)
{
    const struct telling *telling = context;
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_task_product product;
    uint8_t task[32];
    uint32_t step = 0;
    (void)name;
    if (assay_cursor_copy(&in, task, sizeof task) != ASSAY_OK ||
        assay_cursor_u32be(&in, &step) != ASSAY_OK ||
        assay_task_product_decode(assay_slice_over(bytes.bytes + ASSAY_TASK_CLIENT_RESULT_HEAD,
                                                   bytes.len - ASSAY_TASK_CLIENT_RESULT_HEAD),
                                  &product) != ASSAY_OK)
        return ASSAY_E_VERSION;
    telling->result_callback(telling->context, step, product.state, product.output);
    return ASSAY_OK;
}

enum assay_status assay_requestor_report_results(struct assay_task_client *client,
                                                 assay_task_on_result *result_callback,
                                                 void *context)
{
    struct telling telling = { .result_callback = result_callback, .context = context };
    return assay_vault_each(client->vault, ASSAY_VAULT_RESULT, report_result, &telling);
}

static enum assay_status read_last(struct assay_slice row, struct assay_requestor_last *last)
{
    struct assay_task_product product;
    if (row.len < ASSAY_TASK_CLIENT_RESULT_HEAD ||
        assay_task_product_decode(assay_slice_over(row.bytes + ASSAY_TASK_CLIENT_RESULT_HEAD,
                                                   row.len - ASSAY_TASK_CLIENT_RESULT_HEAD),
                                  &product) != ASSAY_OK)
        return ASSAY_E_VERSION;
    assay_bytes_copy(last->salt, 32, product.salt, 32);
    last->state_len = product.state.len;
    assay_bytes_copy(last->state, sizeof last->state, product.state.bytes, product.state.len);
    assay_task_blob_digest(product.salt, product.state, last->digest);
    return ASSAY_OK;
}

enum assay_status assay_requestor_last(const struct assay_task_client *client,
                                       struct assay_requestor_last *last)
{
    uint8_t head[ASSAY_TASK_CLIENT_RESULT_HEAD], name[32];
    uint8_t bytes[ASSAY_TASK_CLIENT_RESULT_HEAD + ASSAY_TASK_PLAIN_MAX];
    struct assay_slice row;
    if (client->results == 0) return ASSAY_E_NOT_FOUND;
    *last = (struct assay_requestor_last){ .step = client->results };
    assay_bytes_copy(last->task, 32, client->task, 32);
    assay_bytes_copy(last->code, 32, client->terms.code, 32);
    encode_head(client->task, client->results, head, name);
    enum assay_status status =
        assay_vault_get(client->vault, ASSAY_VAULT_RESULT, name, bytes, sizeof bytes, &row);
    if (status == ASSAY_OK) status = read_last(row, last);
    assay_secret_wipe(bytes, sizeof bytes);
    return status;
}

const struct assay_task_open *assay_requestor_terms(const struct assay_task_client *client)
{
    return client->state == ASSAY_TASK_CLIENT_IDLE ? NULL : &client->terms;
}

bool assay_requestor_has_input(const struct assay_task_client *client, struct assay_slice input,
                               const uint8_t *salt)
{
    return client->state != ASSAY_TASK_CLIENT_IDLE && input.len == client->input_len &&
           assay_bytes_equal(input.bytes, client->input, input.len) &&
           (salt == NULL || assay_bytes_equal(salt, client->salt, 32));
}

/* --- opening */

static void apply_record(void *context, uint32_t slot, enum assay_service_kind kind,
                         struct assay_slice payload);
static void on_result(void *context, enum assay_service_kind kind, struct assay_slice payload,
                      const char *word);
static void on_refused(void *context, enum assay_service_kind kind, struct assay_slice why);
static void on_begin(void *context);
static void facts(void *context, const struct assay_registry_facts *facts);
static void on_close(void *context);
static void on_verdict(void *context, uint64_t serial, bool good,
                       enum assay_registry_standing standing);

static enum assay_status set_up(struct assay_task_client *c,
                                char message[static ASSAY_TASK_CLIENT_MESSAGE_LEN])
{
    ASSAY_ASSERT(c->vault == NULL && c->follower == NULL);
    const struct assay_follower_config follower = {
        .path = c->config.ledger,
        .role = ASSAY_SERVICE_ROLE_REQUESTOR,
        .callbacks = { .record = apply_record,
                       .became = on_result,
                       .refused = on_refused,
                       .begun = on_begin,
                       .facts = facts,
                       .closed = on_close,
                       .verdict = on_verdict },
        .context = c,
    };
    ASSAY_TRY(assay_vault_open(c->config.store, c->config.store_key, &c->vault, message));
    (void)snprintf(message, ASSAY_TASK_CLIENT_MESSAGE_LEN,
                   "the key of the account, the task in the store or the socket's path");
    ASSAY_TRY(assay_requestor_init_keys(c, NULL));
    const enum assay_status status = decode_task(c);
    if (status != ASSAY_OK && status != ASSAY_E_NOT_FOUND) return status;
    ASSAY_TRY(assay_queue_create(
        c->config.again_ms != 0 ? c->config.again_ms : ASSAY_RECORD_QUEUE_RESEND_MS, &c->pending));
    return assay_follower_create(&follower, &c->follower);
}

enum assay_status assay_requestor_open(const struct assay_task_client_config *config,
                                       assay_task_on_result *result_callback, void *context,
                                       struct assay_task_client **out,
                                       char message[static ASSAY_TASK_CLIENT_MESSAGE_LEN])
{
    struct assay_task_client *c = calloc(1, sizeof *c);
    *out = NULL;
    (void)snprintf(message, ASSAY_TASK_CLIENT_MESSAGE_LEN, "out of memory");
    if (c == NULL) return ASSAY_E_MEMORY;
    c->config = *config;
    c->result_callback = result_callback;
    c->context = context;
    c->secret = *config->key;
    c->on_chain = config->place != NULL;
    if (c->on_chain) c->place = *config->place;
    c->wake_at_ms = UINT64_MAX;
    const enum assay_status status = set_up(c, message);
    c->config.key = c->config.store_key = NULL;
    c->config.place = NULL;
    if (status != ASSAY_OK) assay_requestor_close(&c);
    *out = c;
    return status;
}

void assay_requestor_close(struct assay_task_client **client)
{
    struct assay_task_client *c = *client;
    if (c == NULL) return;
    assay_listener_connection_close(&c->call);
    assay_follower_destroy(&c->follower);
    assay_queue_destroy(&c->pending);
    assay_requestor_keys_deinit(&c->keys);
    assay_vault_close(&c->vault);
    assay_secret_wipe(c, sizeof *c);
    free(c);
    *client = NULL;
}

/* --- submission */

static enum assay_status submit_record(struct assay_task_client *c)
{
    uint8_t bytes[ASSAY_TASK_RECORD_MAX];
    struct assay_slice payload;
    ASSAY_TRY(assay_task_open_encode(&c->terms, bytes, sizeof bytes, &payload));
    return assay_queue_add(c->pending, ASSAY_SERVICE_TASK_OPEN, payload);
}

static bool names(const struct assay_task_offer *offer, const uint8_t code[static 32])
{
    for (uint32_t i = 0; offer != NULL && i < offer->count; i++)
        if (assay_bytes_equal(offer->code[i], code, 32)) return true;
    return false;
}

/* The highest score is chosen first (docs/services.md 6.3), so when that is too low all are.
 * Returns: its offer; NULL: there is none */
const struct assay_task_offer *assay_requestor_choose(struct assay_task_client *c,
                                                      const struct assay_task_request *request)
{
    const struct assay_task_ledger *ledger = assay_follower_tasks(c->follower);
    const struct assay_follower_state *home = home_of(c);
    const uint64_t price_max = c->on_chain ? UINT64_MAX : request->price_max;
    const uint64_t hold_max = c->on_chain ? UINT64_MAX : request->hold_max;
    const uint32_t slot = request->named
                              ? request->executor
                              : assay_task_ledger_choose(ledger, request->code, price_max, hold_max,
                                                         request->min_standing);
    const struct assay_task_offer *offer = assay_task_ledger_find_offer(ledger, slot);
    if (slot >= home->members || !names(offer, request->code) || offer->price > price_max ||
        !assay_task_offer_holds(offer, hold_max))
        return NULL;
    const struct assay_registry_member *member = &home->member[slot];
    c->terms.executor = slot;
    const bool is_valid = (int)member->standing >= (int)request->min_standing &&
                          member->score_bp >= request->min_score_bp;
    return is_valid ? offer : NULL;
}

enum assay_status assay_requestor_take_input(struct assay_task_client *c,
                                             const struct assay_task_request *request)
{
    ASSAY_ASSERT(request->input.len <= sizeof c->input);
    if (request->salt != NULL) assay_bytes_copy(c->salt, 32, request->salt, 32);
    else ASSAY_TRY(assay_random(c->salt, 32));
    assay_task_blob_digest(c->salt, request->input, c->terms.input);
    c->input_len = request->input.len;
    assay_bytes_copy(c->input, sizeof c->input, request->input.bytes, request->input.len);
    return ASSAY_OK;
}

static enum assay_status make_terms(struct assay_task_client *c,
                                    const struct assay_task_request *request)
{
    ASSAY_ASSERT(!c->on_chain && c->state == ASSAY_TASK_CLIENT_IDLE);
    const struct assay_task_ledger *ledger = assay_follower_tasks(c->follower);
    struct assay_task_open *t = &c->terms;
    uint8_t account[32], digest[32];
    uint64_t balance = 0, amount = 0;
    *t = (struct assay_task_open){ .steps = request->steps,
                                   .deadline = assay_task_ledger_get_epoch(ledger) + request->ahead,
                                   .min_standing = request->min_standing };
    const struct assay_task_offer *offer = assay_requestor_choose(c, request);
    assay_task_account(c->keys.key, account);
    if (offer == NULL) return ASSAY_E_NOT_FOUND;
    if (!assay_task_ledger_get_balance(ledger, account, &balance, &t->sequence)) return ASSAY_E_KEY;
    /* A record without effect is not signed: it would stay valid. */
    t->price = offer->price;
    t->hold = offer->hold;
    if (assay_task_open_amount(t, assay_task_ledger_get_epoch(ledger), &amount) != ASSAY_OK ||
        amount > balance)
        return ASSAY_E_FULL;
    assay_bytes_copy(t->key, sizeof t->key, c->keys.key, sizeof t->key);
    assay_bytes_copy(t->code, 32, request->code, 32);
    assay_bytes_copy(t->box, 32, c->keys.box, 32);
    ASSAY_TRY(assay_requestor_take_input(c, request));
    assay_task_open_statement(home_of(c)->chain_id, t, digest);
    return assay_p256_sign(c->keys.signer, digest, t->signature);
}

enum assay_status assay_requestor_submit(struct assay_task_client *client,
                                         const struct assay_task_request *request)
{
    struct assay_task_client *c = client;
    if (c->state != ASSAY_TASK_CLIENT_IDLE || c->on_chain) return ASSAY_E_INVALID;
    if (assay_follower_tasks(c->follower) == NULL) return ASSAY_E_AGAIN;
    if (request->steps == 0 || request->steps > ASSAY_TASK_STEPS_MAX ||
        request->input.len > ASSAY_TASK_BLOB_MAX || request->price_max == 0 ||
        request->ahead == 0 || request->ahead > ASSAY_TASK_AHEAD_MAX ||
        request->min_standing < ASSAY_TASK_STAND_RESTRICTED)
        return ASSAY_E_RANGE;
    ASSAY_TRY(make_terms(c, request));
    ASSAY_TRY(store_task(c));
    c->state = ASSAY_TASK_CLIENT_OPENS;
    return submit_record(c);
}

/* --- executor */

static void request_verdict(struct assay_task_client *c)
{
    ASSAY_ASSERT(c->runs);
    struct assay_service_message m = {
        .verb = ASSAY_SERVICE_VERIFY,
        .serial = ++c->turn,
        .purpose = ASSAY_SERVICE_FOR_TASKS,
        .statement = assay_slice_over(c->r.statement, sizeof c->r.statement),
        .measurement = assay_slice_over(c->terms.code, 32),
        .evidence = c->r.evidence,
    };
    if (c->terms.executor < home_of(c)->members)
        assay_bytes_copy(m.node_id, 32, home_of(c)->node[c->terms.executor], 32);
    assay_status_ignore(assay_follower_request(c->follower, &m),
                        "keys are requested again once there is a connection");
}

/* A daemon that is gone gives no verdict, and the evidence was not kept: keys are requested again.
 * A verdict on the earlier evidence no longer counts. */
static void request_keys_again(struct assay_task_client *c)
{
    struct assay_task_outputs outs;
    uint8_t nonce[32];
    if (!c->runs || c->r.phase != ASSAY_TASK_JUDGING) return;
    c->turn++;
    const enum assay_status random = assay_random(nonce, sizeof nonce);
    assay_requestor_set_failure(c, random);
    if (random == ASSAY_OK &&
        assay_task_requestor_request_keys(&c->r, nonce, c->now_ms, &outs) == ASSAY_OK)
        assay_requestor_execute(c, &outs);
}

static void on_task_result(struct assay_task_client *c)
{
    ASSAY_ASSERT(c->runs && c->result_callback != NULL);
    struct assay_task_outputs outs;
    const uint32_t step = c->r.chain.step;
    assay_requestor_set_failure(c, store_result(c));
    if (c->failure != ASSAY_OK) return;
    c->results = step;
    c->result_callback(c->context, step, c->r.result.state, c->r.result.output);
    if (assay_task_requestor_next(&c->r, c->now_ms, &outs) == ASSAY_OK)
        assay_requestor_execute(c, &outs);
    if (c->results == c->terms.steps) assay_requestor_end(c, ASSAY_TASK_CLIENT_DONE, "");
}

void assay_requestor_execute(struct assay_task_client *c, const struct assay_task_outputs *outs)
{
    c->wake_at_ms = outs->wake_at_ms;
    if (outs->frame.len > 0 && c->call != NULL &&
        assay_listener_connection_send(c->call, outs->frame) != ASSAY_OK)
        assay_listener_connection_close(&c->call);
    if ((outs->events & ASSAY_TASK_EVENT_CHEATED) != 0)
        assay_requestor_end(c, ASSAY_TASK_CLIENT_CHEATED,
                            "the enclave signed what it did not give");
    if ((outs->events & ASSAY_TASK_EVENT_KEYS) != 0) request_verdict(c);
    if ((outs->events & ASSAY_TASK_EVENT_OUTPUT) != 0) on_task_result(c);
}

/* A step vouched for in an earlier run is processed before anything else: the receipt is verified
 * again, the voucher is the same, and the key may come from the executor or from a claim. Evidence
 * was appraised before the first voucher. A failure is retried. */
static void replay_vouched(struct assay_task_client *c)
{
    ASSAY_ASSERT(c->vouched_len <= sizeof c->vouched);
    const enum assay_task_requestor_phase before = c->r.phase;
    struct assay_task_outputs outs;
    if (c->vouched_len == 0 || !c->runs || before == ASSAY_TASK_JUDGING) return;
    if (before != ASSAY_TASK_ASKING && before != ASSAY_TASK_AWAITING) {
        c->vouched_len = 0; /* the executor has resent it meanwhile */
        return;
    }
    c->r.phase = ASSAY_TASK_AWAITING;
    const enum assay_status status = assay_task_requestor_on_frame(
        &c->r, assay_slice_over(c->vouched, c->vouched_len), c->now_ms, &outs);
    if (status != ASSAY_OK) {
        c->r.phase = before;
        return;
    }
    c->vouched_len = 0;
    c->state = ASSAY_TASK_CLIENT_WORKS;
    assay_requestor_execute(c, &outs);
}

void assay_requestor_start(struct assay_task_client *c,
                           const uint8_t key[static ASSAY_P256_PUBLIC_LEN])
{
    ASSAY_ASSERT(!c->runs && !assay_requestor_is_over(c->state));
    struct assay_task_requestor_config config = { .terms = c->terms,
                                                  .epoch = home_of(c)->epoch,
                                                  .crypto = &c->keys.crypto,
                                                  .payer = c->on_chain ? &c->payer : NULL };
    struct assay_task_outputs outs;
    uint8_t nonce[32];
    assay_bytes_copy(config.chain_id, 32, home_of(c)->chain_id, 32);
    assay_bytes_copy(config.key, sizeof config.key, key, sizeof config.key);
    assay_task_requestor_init(&c->r, &config);
    c->runs = true;
    if (!c->on_chain || c->has_chain) c->state = ASSAY_TASK_CLIENT_WORKS;
    if (assay_random(nonce, sizeof nonce) != ASSAY_OK)
        assay_requestor_set_failure(c, ASSAY_E_CRYPTO);
    const enum assay_status status =
        c->has_chain && c->chain.step > 0
            ? assay_task_requestor_resume(&c->r, &c->chain, c->now_ms, &outs)
            : assay_task_requestor_request_keys(&c->r, nonce, c->now_ms, &outs);
    if (status == ASSAY_OK) assay_requestor_execute(c, &outs);
    else assay_requestor_end(c, ASSAY_TASK_CLIENT_FAILED, "what was kept is not of this task");
    /* That voucher was sent, whether or not another may be. */
    replay_vouched(c);
    assay_task_requestor_on_epoch(&c->r, home_of(c)->epoch + 1, !c->held);
}

void assay_requestor_connect(struct assay_task_client *c)
{
    ASSAY_ASSERT(c->call == NULL);
    const struct assay_task_offer *offer =
        assay_task_ledger_find_offer(assay_follower_tasks(c->follower), c->terms.executor);
    char address[ASSAY_TASK_ADDRESS_MAX + 1] = "";
    if (offer == NULL || c->now_ms < c->call_at_ms) return;
    c->call_at_ms = c->now_ms + ASSAY_TASK_CLIENT_AGAIN_MS;
    assay_bytes_copy(address, sizeof address, offer->address, offer->address_len);
    assay_status_ignore(assay_listener_connection_open(address, &c->call), "called again");
}

static void on_executor_frame(struct assay_task_client *c)
{
    struct assay_slice bytes;
    for (int i = 0; i < FRAMES_PER_TURN && c->call != NULL && !assay_requestor_is_over(c->state) &&
                    c->failure == ASSAY_OK;
         i++) {
        struct assay_task_outputs outs = { .wake_at_ms = c->wake_at_ms };
        enum assay_status status = assay_listener_connection_receive(c->call, &bytes);
        if (status == ASSAY_E_AGAIN) return;
        if (status != ASSAY_OK) {
            assay_listener_connection_close(&c->call);
            return;
        }
        if (!c->runs) {
            assay_requestor_chain_frame(c, bytes);
            continue;
        }
        const bool awaited = c->r.phase == ASSAY_TASK_AWAITING;
        status = assay_task_requestor_on_frame(&c->r, bytes, c->now_ms, &outs);
        if (awaited && c->r.phase == ASSAY_TASK_PAYING)
            assay_requestor_set_failure(c, store_vouched(c, bytes));
        if (c->failure != ASSAY_OK) return;
        if (status != ASSAY_OK && status != ASSAY_E_STALE) c->refused++;
        if (status == ASSAY_OK || (outs.events & ASSAY_TASK_EVENT_CHEATED) != 0)
            assay_requestor_execute(c, &outs);
    }
}

/* --- the ledger */

static void apply_record(void *context, uint32_t slot, enum assay_service_kind kind,
                         struct assay_slice payload)
{
    struct assay_task_client *c = context;
    if (slot == home_of(c)->slot) assay_queue_remove(c->pending, kind, payload);
}

/* Whether that record is the one that opens the task. */
static bool is_open(const struct assay_task_client *c, enum assay_service_kind kind,
                    struct assay_slice payload)
{
    uint8_t bytes[ASSAY_TASK_RECORD_MAX];
    struct assay_slice own;
    return kind == ASSAY_SERVICE_TASK_OPEN && c->state == ASSAY_TASK_CLIENT_OPENS &&
           assay_task_open_encode(&c->terms, bytes, sizeof bytes, &own) == ASSAY_OK &&
           assay_slice_equal(own, payload);
}

/* A record that arrives a second time has no effect, but the task exists. */
static void on_result(void *context, enum assay_service_kind kind, struct assay_slice payload,
                      const char *word)
{
    struct assay_task_client *c = context;
    char why[ASSAY_TASK_CLIENT_WHY_MAX];
    if (!is_open(c, kind, payload) || strcmp(word, "applied") == 0) return;
    assay_task_open_statement(home_of(c)->chain_id, &c->terms, c->task);
    if (assay_task_ledger_find_task(assay_follower_tasks(c->follower), c->task) != NULL) return;
    assay_queue_clear_kind(c->pending, ASSAY_SERVICE_TASK_OPEN);
    (void)snprintf(why, sizeof why, "what opens the task is final, and without effect (%s)", word);
    assay_requestor_end(c, ASSAY_TASK_CLIENT_REFUSED, why);
}

static void on_refused(void *context, enum assay_service_kind kind, struct assay_slice why)
{
    struct assay_task_client *c = context;
    char text[ASSAY_TASK_CLIENT_WHY_MAX];
    if (kind != ASSAY_SERVICE_TASK_OPEN || c->state != ASSAY_TASK_CLIENT_OPENS) return;
    assay_queue_clear_kind(c->pending, ASSAY_SERVICE_TASK_OPEN);
    (void)snprintf(text, sizeof text, "the daemon refuses what opens the task: %.*s", (int)why.len,
                   (const char *)why.bytes);
    assay_requestor_end(c, ASSAY_TASK_CLIENT_REFUSED, text);
}

static void on_begin(void *context)
{
    struct assay_task_client *c = context;
    if (!c->on_chain) assay_task_open_statement(home_of(c)->chain_id, &c->terms, c->task);
    assay_queue_reset_due(c->pending);
    if (c->runs && c->r.epoch < home_of(c)->epoch + 1)
        assay_task_requestor_on_epoch(&c->r, home_of(c)->epoch + 1, false);
    request_keys_again(c);
}

static void facts(void *context, const struct assay_registry_facts *facts)
{
    struct assay_task_client *c = context;
    struct assay_task_outputs outs = { .wake_at_ms = c->wake_at_ms };
    for (uint32_t i = 0;
         i < facts->task_count && c->state != ASSAY_TASK_CLIENT_IDLE && !c->on_chain; i++) {
        const struct assay_task_fact *fact = &facts->task[i];
        assay_task_open_statement(home_of(c)->chain_id, &c->terms, c->task);
        if (!assay_bytes_equal(fact->task, c->task, 32)) continue;
        c->failed = c->failed || fact->kind == ASSAY_TASK_FAILED;
        c->uncertified = c->uncertified || fact->kind == ASSAY_TASK_UNCERTIFIED;
        if (c->runs && assay_task_requestor_on_fact(&c->r, fact, &outs) == ASSAY_OK)
            assay_requestor_execute(c, &outs);
    }
}

static void on_close(void *context)
{
    struct assay_task_client *c = context;
    c->held = c->failed || c->uncertified;
    if (c->on_chain) assay_requestor_chain_closed(c);
    if (c->runs) assay_task_requestor_on_epoch(&c->r, home_of(c)->epoch + 1, !c->held);
    c->failed = c->uncertified = false;
}

static void on_verdict(void *context, uint64_t serial, bool good,
                       enum assay_registry_standing standing)
{
    struct assay_task_client *c = context;
    struct assay_task_outputs outs = { .wake_at_ms = c->wake_at_ms };
    if (!c->runs || serial != c->turn || c->r.phase != ASSAY_TASK_JUDGING) return;
    if (!good || (int)standing < (int)c->terms.min_standing) {
        assay_task_requestor_reject(&c->r);
        assay_requestor_end(c, ASSAY_TASK_CLIENT_REJECTED,
                            "the evidence of the enclave does not hold");
    } else if (c->on_chain) {
        c->state = ASSAY_TASK_CLIENT_OPENS; /* the next step is assay_requestor_opened */
    } else if (assay_task_requestor_trust(&c->r, c->salt, assay_slice_over(c->input, c->input_len),
                                          c->now_ms, &outs) == ASSAY_OK) {
        assay_requestor_execute(c, &outs);
    }
}

/* --- turn */

static void check_ledger(struct assay_task_client *c)
{
    const struct assay_task_ledger *ledger = assay_follower_tasks(c->follower);
    ASSAY_ASSERT(ledger == NULL || home_of(c) != NULL);
    if (ledger == NULL || c->state == ASSAY_TASK_CLIENT_IDLE || assay_requestor_is_over(c->state))
        return;
    if (c->on_chain) {
        assay_requestor_chain_look(c);
        return;
    }
    assay_task_open_statement(home_of(c)->chain_id, &c->terms, c->task);
    const struct assay_task_row *row = assay_task_ledger_find_task(ledger, c->task);
    if (row == NULL && assay_queue_count(c->pending) == 0)
        assay_requestor_set_failure(c, submit_record(c));
    if (row == NULL) return;
    if (c->state == ASSAY_TASK_CLIENT_OPENS) c->state = ASSAY_TASK_CLIENT_AWAITS;
    const bool ended = row->end != ASSAY_TASK_END_NONE && row->end != ASSAY_TASK_END_PAID;
    if (ended || row->failed)
        assay_requestor_end(c, ASSAY_TASK_CLIENT_FAILED, "the task ended before its last step");
    else if (c->state == ASSAY_TASK_CLIENT_AWAITS && row->accepted)
        assay_requestor_start(c, row->key);
    if (c->state == ASSAY_TASK_CLIENT_WORKS && c->call == NULL) assay_requestor_connect(c);
}

enum assay_status assay_requestor_step(struct assay_task_client *client, int timeout_ms)
{
    struct assay_task_client *c = client;
    struct pollfd fds[2];
    struct assay_task_outputs outs;
    nfds_t count = 0;
    if (c->failure != ASSAY_OK) return c->failure;
    fds[count++] = assay_follower_poll(c->follower);
    if (c->call != NULL) fds[count++] = assay_listener_connection_poll(c->call);
    (void)poll(fds, count, timeout_ms < TURN_MS ? timeout_ms : TURN_MS);
    c->now_ms = assay_monotonic_ms();
    assay_status_ignore(assay_follower_step(c->follower, c->now_ms), "the daemon is dialled again");
    check_ledger(c);
    replay_vouched(c);
    assay_queue_send_due(c->pending, c->follower, c->now_ms);
    on_executor_frame(c);
    if (c->runs && !assay_requestor_is_over(c->state) && c->now_ms >= c->wake_at_ms) {
        assay_task_requestor_tick(&c->r, c->now_ms, &outs);
        assay_requestor_execute(c, &outs);
    }
    return c->failure;
}

struct assay_requestor_status assay_requestor_status(const struct assay_task_client *client)
{
    struct assay_requestor_status status = { .state = client->state,
                                             .executor = client->terms.executor,
                                             .results = client->results,
                                             .refused = client->refused,
                                             .why = client->why };
    assay_bytes_copy(status.task, 32, client->task, 32);
    return status;
}
