/*
 * net/services/tasks/executor_node.c - process of an executor: listener, ledger, tasks and claims.
 */
#include "net/services/tasks/executor_internal.h"

#include "base/assert.h"
#include "base/system_clock.h"
#include "net/zmq/link.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FRAMES_PER_TURN = 64,
    OFFER_AGAIN_MS = 1000,
    QUOTE_LOST_MS = 5000, /* a quote that takes longer was lost */
    CLAIM_ROW_MAX = 2 * (12 + ASSAY_TASK_RECORD_MAX),
};

void assay_executor_set_failure(struct assay_executor_node *n, enum assay_status status)
{
    if (status != ASSAY_OK && n->failure == ASSAY_OK) n->failure = status;
}

/* --- claims: durable before the key that they pay for is sent */

static void encode_held(struct assay_writer *w, const struct assay_task_held *held)
{
    ASSAY_ASSERT(held->len <= sizeof held->bytes);
    assay_writer_u32be(w, held->step);
    assay_writer_u64be(w, held->epoch);
    assay_writer_u16be(w, (uint16_t)held->len);
    assay_writer_put(w, held->bytes, held->len);
}

static enum assay_status decode_held(struct assay_cursor *in, struct assay_task_held *held)
{
    uint16_t len = 0;
    ASSAY_TRY(assay_cursor_u32be(in, &held->step));
    ASSAY_TRY(assay_cursor_u64be(in, &held->epoch));
    ASSAY_TRY(assay_cursor_u16be(in, &len));
    if (len > sizeof held->bytes) return ASSAY_E_RANGE;
    held->len = len;
    return assay_cursor_copy(in, held->bytes, len);
}

static struct assay_executor_claim *find_claim(struct assay_executor_node *n,
                                               const uint8_t task[static 32])
{
    ASSAY_ASSERT(n->claim_count <= ASSAY_EXECUTOR_CLAIMS_MAX);
    for (uint32_t i = 0; i < n->claim_count; i++)
        if (assay_bytes_equal(n->claim[i].task, task, 32)) return &n->claim[i];
    return NULL;
}

static struct assay_executor_claim *claim_of(struct assay_executor_node *n,
                                             const uint8_t task[static 32])
{
    struct assay_executor_claim *const known = find_claim(n, task);
    if (known != NULL) return known;
    if (n->claim_count == ASSAY_EXECUTOR_CLAIMS_MAX) return NULL;
    struct assay_executor_claim *claim = &n->claim[n->claim_count++];
    *claim = (struct assay_executor_claim){ 0 };
    assay_bytes_copy(claim->task, 32, task, 32);
    return claim;
}

bool assay_executor_has_room_for_claim(struct assay_executor_node *n)
{
    ASSAY_ASSERT(n->claim_count <= ASSAY_EXECUTOR_CLAIMS_MAX);
    uint32_t count = n->claim_count;
    for (uint32_t i = 0; i < ASSAY_EXECUTOR_TASKS_MAX; i++)
        count +=
            n->work[i].runs && !n->work[i].on_chain && find_claim(n, n->work[i].e.task) == NULL;
    return count < ASSAY_EXECUTOR_CLAIMS_MAX;
}

static void store_claim(struct assay_executor_node *n, const struct assay_executor_work *work)
{
    ASSAY_ASSERT(work->runs && !work->on_chain);
    uint8_t bytes[CLAIM_ROW_MAX];
    struct assay_slice row;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    struct assay_executor_claim *claim = claim_of(n, work->e.task);
    ASSAY_ASSERT(claim != NULL); /* reserved when it was accepted */
    claim->newest = work->e.claim;
    claim->sure = work->e.sure;
    encode_held(&w, &claim->newest);
    encode_held(&w, &claim->sure);
    assay_executor_set_failure(n, assay_writer_finish(&w, &row));
    if (n->failure == ASSAY_OK)
        assay_executor_set_failure(n,
                                   assay_vault_put(n->vault, ASSAY_VAULT_CLAIM, claim->task, row));
    if (n->failure == ASSAY_OK) assay_executor_set_failure(n, assay_vault_commit(n->vault));
}

static enum assay_status load_claim(void *context, const uint8_t name[static 32],
                                    struct assay_slice bytes)
{
    struct assay_executor_node *n = context;
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_executor_claim *claim = claim_of(n, name);
    if (claim == NULL) return ASSAY_E_FULL;
    ASSAY_TRY(decode_held(&in, &claim->newest));
    ASSAY_TRY(decode_held(&in, &claim->sure));
    return assay_cursor_end(&in);
}

static struct assay_executor_work *work_of(struct assay_executor_node *n,
                                           const uint8_t task[static 32])
{
    for (uint32_t i = 0; i < ASSAY_EXECUTOR_TASKS_MAX; i++)
        if (n->work[i].runs && assay_bytes_equal(n->work[i].e.task, task, 32)) return &n->work[i];
    return NULL;
}

static bool submit_claim(struct assay_executor_node *n, const struct assay_task_held *held,
                         const struct assay_task_row *row)
{
    ASSAY_ASSERT(held->len <= sizeof held->bytes);
    /* Its epoch has closed. */
    if (held->step <= row->paid || held->epoch > assay_follower_state(n->follower)->epoch)
        return false;
    assay_executor_set_failure(n, assay_queue_add(n->pending, ASSAY_SERVICE_TASK_CLAIM,
                                                  assay_slice_over(held->bytes, held->len)));
    return true;
}

/* Claims of a running task are submitted when they are due; of others, at once. */
static void submit_due_claims(struct assay_executor_node *n)
{
    const struct assay_task_ledger *ledger = assay_follower_tasks(n->follower);
    for (uint32_t i = n->claim_count; i-- > 0;) {
        struct assay_executor_claim *claim = &n->claim[i];
        const struct assay_task_row *row = assay_task_ledger_find_task(ledger, claim->task);
        struct assay_executor_work *work = work_of(n, claim->task);
        if (row == NULL || row->end != ASSAY_TASK_END_NONE || row->paid >= claim->newest.step) {
            if (work != NULL && row != NULL && row->end == ASSAY_TASK_END_NONE) continue;
            assay_executor_set_failure(n,
                                       assay_vault_erase(n->vault, ASSAY_VAULT_CLAIM, claim->task));
            assay_executor_set_failure(n, assay_vault_commit(n->vault));
            ASSAY_ASSERT(i < n->claim_count);
            *claim = n->claim[--n->claim_count];
        } else if (work != NULL) {
            const struct assay_slice due = assay_task_executor_claim(&work->e);
            if (due.len > 0 && assay_task_executor_claim_due(&work->e))
                assay_executor_set_failure(
                    n, assay_queue_add(n->pending, ASSAY_SERVICE_TASK_CLAIM, due));
        } else {
            (void)submit_claim(n, &claim->sure, row);
            (void)submit_claim(n, &claim->newest, row);
        }
    }
}

/* --- events of an enclave */

static void execute_outs(struct assay_executor_node *n, struct assay_executor_work *work,
                         uint64_t guest, const struct assay_task_outputs *outs);

static void run_step(struct assay_executor_node *n, struct assay_executor_work *work,
                     uint64_t guest)
{
    ASSAY_ASSERT(work->runs && work->e.input_len >= 32 &&
                 work->e.input_len <= sizeof work->e.input);
    struct assay_task_product product;
    struct assay_secret32 opening;
    struct assay_task_outputs outs;
    size_t state_len = 0, output_len = 0;
    const struct assay_slice input = assay_slice_over(work->e.input + 32, work->e.input_len - 32);
    if (n->config.program->step(input, assay_slice_over(work->state, work->state_len), work->e.step,
                                n->state, &state_len, n->output, &output_len) != ASSAY_OK)
        return;
    ASSAY_ASSERT(state_len <= sizeof n->state && output_len <= sizeof n->output);
    product.state = assay_slice_over(n->state, state_len);
    product.output = assay_slice_over(n->output, output_len);
    if (assay_random(product.salt, sizeof product.salt) != ASSAY_OK ||
        assay_random(opening.bytes, sizeof opening.bytes) != ASSAY_OK) {
        assay_executor_set_failure(n, ASSAY_E_CRYPTO);
        return;
    }
    if (assay_task_executor_step(&work->e, &product, &opening, &outs) == ASSAY_OK) {
        n->steps++;
        assay_bytes_copy(work->state, sizeof work->state, n->state, state_len);
        work->state_len = state_len;
        execute_outs(n, work, guest, &outs);
    }
    assay_secret_wipe(&opening, sizeof opening);
}

static void request_quote(struct assay_executor_node *n, struct assay_executor_work *work,
                          uint64_t guest)
{
    ASSAY_ASSERT(work->runs);
    work->guest = guest;
    work->turn = ++n->turns;
    const struct assay_service_message m = {
        .verb = ASSAY_SERVICE_QUOTE,
        .serial = work->turn,
        .purpose = ASSAY_SERVICE_FOR_TASKS,
        .statement = assay_slice_over(work->e.statement, sizeof work->e.statement),
    };
    work->quote_ms = 0;
    if (assay_follower_request(n->follower, &m) == ASSAY_OK) work->quote_ms = n->now_ms + 1;
}

static void execute_outs(struct assay_executor_node *n, struct assay_executor_work *work,
                         uint64_t guest, const struct assay_task_outputs *outs)
{
    ASSAY_ASSERT(work->runs);
    if ((outs->events & ASSAY_TASK_EVENT_CLAIM) != 0) {
        if (work->on_chain) assay_executor_store_owed(n, work);
        else store_claim(n, work);
    }
    if (n->failure != ASSAY_OK) return;
    if (outs->frame.len > 0) assay_listener_send(n->listener, guest, outs->frame);
    if ((outs->events & ASSAY_TASK_EVENT_ASKED) != 0) request_quote(n, work, guest);
    if ((outs->events & (ASSAY_TASK_EVENT_INPUT | ASSAY_TASK_EVENT_NEXT)) != 0)
        run_step(n, work, guest);
}

/* --- requests for keys: one of each client, in order. A stranger's do not replace another's. */

static struct assay_executor_ask *find_ask(struct assay_executor_node *n, uint64_t guest)
{
    for (size_t i = 0; i < ASSAY_CLIENT_LISTENER_CLIENTS_MAX; i++)
        if (n->ask[i].guest == guest) return &n->ask[i];
    return NULL;
}

static bool is_connected(const struct assay_executor_node *n, uint64_t guest)
{
    uint8_t site[16];
    return assay_listener_get_site(n->listener, guest, site);
}

/* A free place, or that of a client which is gone. */
static struct assay_executor_ask *find_ask_place(struct assay_executor_node *n)
{
    struct assay_executor_ask *place = find_ask(n, 0);
    for (size_t i = 0; i < ASSAY_CLIENT_LISTENER_CLIENTS_MAX && place == NULL; i++)
        if (!is_connected(n, n->ask[i].guest)) place = &n->ask[i];
    return place;
}

static void queue_ask(struct assay_executor_node *n, const struct assay_executor_work *work,
                      uint64_t guest, const struct assay_task_frame *frame)
{
    const bool is_repeated = work->quote_ms != 0 && work->guest == guest &&
                             assay_bytes_equal(work->e.nonce, frame->nonce, 32);
    struct assay_executor_ask *ask = find_ask(n, guest);
    if (is_repeated) return;
    if (ask == NULL && (ask = find_ask_place(n)) != NULL)
        *ask = (struct assay_executor_ask){ .guest = guest, .number = ++n->ask_count };
    ASSAY_ASSERT(ask != NULL); /* there are as many places as clients */
    assay_bytes_copy(ask->task, 32, frame->task, 32);
    assay_bytes_copy(ask->nonce, 32, frame->nonce, 32);
}

static void start_ask(struct assay_executor_node *n, struct assay_executor_work *work,
                      struct assay_executor_ask *ask)
{
    struct assay_task_frame frame = { .kind = ASSAY_TASK_ASK };
    uint8_t bytes[2 + 32 + 32];
    struct assay_slice encoded;
    struct assay_task_outputs outs;
    const uint64_t guest = ask->guest;
    assay_bytes_copy(frame.task, 32, ask->task, 32);
    assay_bytes_copy(frame.nonce, 32, ask->nonce, 32);
    *ask = (struct assay_executor_ask){ .guest = 0 };
    const enum assay_status status = assay_task_frame_encode(&frame, bytes, sizeof bytes, &encoded);
    ASSAY_ASSERT(status == ASSAY_OK);
    if (assay_task_executor_on_frame(&work->e, encoded, &outs) == ASSAY_OK)
        execute_outs(n, work, guest, &outs);
}

static bool is_quoting(const struct assay_executor_node *n, const struct assay_executor_work *work)
{
    return work->quote_ms != 0 && n->now_ms < work->quote_ms + QUOTE_LOST_MS;
}

/* Returns: the oldest request whose task has no quote in the making. */
static struct assay_executor_ask *find_due_ask(struct assay_executor_node *n)
{
    struct assay_executor_ask *due = NULL;
    for (size_t i = 0; i < ASSAY_CLIENT_LISTENER_CLIENTS_MAX; i++) {
        struct assay_executor_ask *ask = &n->ask[i];
        if (ask->guest == 0 || (due != NULL && due->number < ask->number)) continue;
        const struct assay_executor_work *work = work_of(n, ask->task);
        if (work == NULL || !is_connected(n, ask->guest))
            *ask = (struct assay_executor_ask){ .guest = 0 };
        else if (!is_quoting(n, work)) due = ask;
    }
    return due;
}

static void start_due_requests(struct assay_executor_node *n)
{
    struct assay_executor_ask *ask = NULL;
    for (size_t i = 0; i < ASSAY_CLIENT_LISTENER_CLIENTS_MAX && n->failure == ASSAY_OK &&
                       (ask = find_due_ask(n)) != NULL;
         i++)
        start_ask(n, work_of(n, ask->task), ask);
}

static void on_client_frame(struct assay_executor_node *n)
{
    struct assay_slice bytes;
    uint64_t guest = 0;
    assay_listener_step(n->listener, n->now_ms);
    for (int i = 0; i < FRAMES_PER_TURN && n->failure == ASSAY_OK; i++) {
        struct assay_task_frame frame;
        struct assay_task_outputs outs;
        if (assay_listener_receive(n->listener, &guest, &bytes) != ASSAY_OK) return;
        if (assay_task_frame_decode(bytes, &frame) != ASSAY_OK) {
            assay_listener_disconnect(n->listener, guest);
            continue;
        }
        struct assay_executor_work *work = work_of(n, frame.task);
        if (work == NULL) assay_executor_on_frame(n, guest, &frame);
        else if (frame.kind == ASSAY_TASK_ASK) queue_ask(n, work, guest, &frame);
        else if ((frame.kind != ASSAY_TASK_INPUT || assay_executor_may_start(n, work)) &&
                 assay_task_executor_on_frame(&work->e, bytes, &outs) == ASSAY_OK)
            execute_outs(n, work, guest, &outs);
    }
}

/* --- the ledger */

struct assay_executor_work *assay_executor_free_work(struct assay_executor_node *n)
{
    for (uint32_t i = 0; i < ASSAY_EXECUTOR_TASKS_MAX; i++)
        if (!n->work[i].runs) return &n->work[i];
    return NULL;
}

/* docs/services.md 6.12: one account may use a quarter of the places, so that it cannot block
 * others with tasks for which it never sends an input. A task vouched to the last step only waits
 * for payment. */
static bool is_fully_vouched(const struct assay_executor_work *work)
{
    ASSAY_ASSERT(work->e.claim.step <= work->e.config.terms.steps);
    return work->e.claim.step == work->e.config.terms.steps;
}

static bool has_quota(const struct assay_executor_node *n)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < ASSAY_EXECUTOR_TASKS_MAX; i++)
        count += n->work[i].runs && !n->work[i].on_chain && !is_fully_vouched(&n->work[i]) &&
                 assay_bytes_equal(n->work[i].requestor, n->opened.key, sizeof n->opened.key);
    return count >= ASSAY_EXECUTOR_TASKS_MAX / 4;
}

static void accept_task(struct assay_executor_node *n, const uint8_t task[static 32])
{
    ASSAY_ASSERT(n->has_opened);
    struct assay_task_accept record;
    uint8_t bytes[ASSAY_TASK_RECORD_MAX];
    struct assay_slice payload;
    n->refuses = !assay_executor_has_room_for_claim(n);
    if (n->refuses || has_quota(n)) return; /* not accepted: it expires */
    struct assay_executor_work *work = assay_executor_free_work(n);
    if (work == NULL) work = assay_executor_evict_draft(n); /* counted by account */
    if (work == NULL) return;
    ASSAY_ASSERT(!work->runs);
    struct assay_task_executor_config config = { .terms = n->opened,
                                                 .epoch =
                                                     assay_follower_state(n->follower)->epoch + 1,
                                                 .crypto = &work->keys.crypto };
    if (assay_requestor_keys_init(&work->keys, NULL, NULL) != ASSAY_OK) {
        assay_executor_set_failure(n, ASSAY_E_CRYPTO);
        return;
    }
    assay_bytes_copy(config.chain_id, 32, assay_follower_state(n->follower)->chain_id, 32);
    assay_bytes_copy(config.key, sizeof config.key, work->keys.key, sizeof config.key);
    assay_bytes_copy(config.box, 32, work->keys.box, 32);
    assay_task_executor_init(&work->e, &config);
    work->runs = true;
    work->state_len = 0;
    assay_bytes_copy(work->requestor, sizeof work->requestor, n->opened.key, sizeof n->opened.key);
    assay_bytes_copy(record.task, 32, task, 32);
    assay_bytes_copy(record.key, sizeof record.key, work->keys.key, sizeof record.key);
    assay_bytes_copy(record.account, 32, n->config.account, 32);
    const enum assay_status status =
        assay_task_accept_encode(&record, bytes, sizeof bytes, &payload);
    ASSAY_ASSERT(status == ASSAY_OK && assay_bytes_equal(work->e.task, task, 32));
    assay_executor_set_failure(n, assay_queue_add(n->pending, ASSAY_SERVICE_TASK_ACCEPT, payload));
}

void assay_executor_release(struct assay_executor_work *work)
{
    ASSAY_ASSERT(work->runs);
    assay_task_executor_stop(&work->e);
    assay_requestor_keys_deinit(&work->keys);
    assay_secret_wipe(work, sizeof *work);
    ASSAY_ASSERT(!work->runs);
}

static void apply_record(void *context, uint32_t slot, enum assay_service_kind kind,
                         struct assay_slice payload)
{
    struct assay_executor_node *n = context;
    n->has_opened =
        kind == ASSAY_SERVICE_TASK_OPEN && assay_task_open_decode(payload, &n->opened) == ASSAY_OK;
    n->is_own = slot == assay_follower_state(n->follower)->slot;
    if (n->is_own) assay_queue_remove(n->pending, kind, payload);
}

/* A claim that was submitted twice has no effect the second time, and its step is paid. */
static void on_result(void *context, enum assay_service_kind kind, struct assay_slice payload,
                      const char *word)
{
    struct assay_executor_node *n = context;
    struct assay_task_claim claim;
    if (kind != ASSAY_SERVICE_TASK_CLAIM || !n->is_own ||
        assay_task_claim_decode(payload, &claim) != ASSAY_OK)
        return;
    const struct assay_task_row *row =
        assay_task_ledger_find_task(assay_follower_tasks(n->follower), claim.receipt.task);
    if (strcmp(word, "applied") == 0) n->claims_paid++;
    else if (row == NULL || row->paid < claim.receipt.step) n->claims_refused++;
}

static void notify_work(struct assay_executor_node *n, const struct assay_task_fact *fact)
{
    struct assay_executor_work *work = work_of(n, fact->task);
    if (fact->kind == ASSAY_TASK_OPENED) {
        const bool ours = fact->executor == assay_follower_state(n->follower)->slot &&
                          n->has_opened && work == NULL &&
                          assay_bytes_equal(n->opened.code, n->config.program->code, 32);
        if (ours) accept_task(n, fact->task);
        return;
    }
    if (work == NULL) return;
    assay_task_executor_on_fact(&work->e, fact);
    if (fact->kind == ASSAY_TASK_RELEASED) submit_due_claims(n);
    work->failed = work->failed || fact->kind == ASSAY_TASK_FAILED;
    work->uncertified = work->uncertified || fact->kind == ASSAY_TASK_UNCERTIFIED;
    if (fact->kind == ASSAY_TASK_ENDED) assay_executor_release(work);
}

static void facts(void *context, const struct assay_registry_facts *facts)
{
    struct assay_executor_node *n = context;
    for (uint32_t i = 0; i < facts->task_count && n->failure == ASSAY_OK; i++)
        notify_work(n, &facts->task[i]);
    n->has_opened = false;
}

/* A paid claim makes room for other tasks. */
static void check_room(struct assay_executor_node *n)
{
    if (n->refuses) n->refuses = !assay_executor_has_room_for_claim(n);
}

/* docs/services.md 6.8.2: whether there is nothing to wait for. */
static bool is_idle(struct assay_executor_node *n, const struct assay_task_row *row)
{
    ASSAY_ASSERT(assay_follower_state(n->follower) != NULL);
    if (row->executor != assay_follower_state(n->follower)->slot ||
        row->end != ASSAY_TASK_END_NONE || !row->accepted || row->failed || row->leaving > 0 ||
        row->quiet < ASSAY_TASK_QUIET_EPOCHS)
        return false;
    const struct assay_executor_work *work = work_of(n, row->task);
    /* Of an earlier run: its claims are stored until they are paid. */
    if (work == NULL) return find_claim(n, row->task) == NULL;
    return row->rent == 0 && assay_task_executor_is_idle(&work->e);
}

/* Releases a place that is not paid for, and a task without an enclave. */
static void release_idle(struct assay_executor_node *n)
{
    const struct assay_task_ledger *ledger = assay_follower_tasks(n->follower);
    const struct assay_task_row *row = NULL;
    for (uint32_t at = 0; (row = assay_task_ledger_next_task(ledger, &at)) != NULL;) {
        struct assay_task_release record = { .paid = row->paid };
        uint8_t bytes[ASSAY_TASK_RECORD_MAX];
        struct assay_slice payload;
        if (!is_idle(n, row)) continue;
        assay_bytes_copy(record.task, 32, row->task, 32);
        const enum assay_status status =
            assay_task_release_encode(&record, bytes, sizeof bytes, &payload);
        ASSAY_ASSERT(status == ASSAY_OK);
        assay_executor_set_failure(
            n, assay_queue_add(n->pending, ASSAY_SERVICE_TASK_RELEASE, payload));
    }
}

static void on_close(void *context)
{
    struct assay_executor_node *n = context;
    for (uint32_t i = 0; i < ASSAY_EXECUTOR_TASKS_MAX; i++) {
        struct assay_executor_work *work = &n->work[i];
        if (!work->runs) continue;
        assay_task_executor_on_epoch(&work->e, assay_follower_state(n->follower)->epoch + 1,
                                     !work->failed && !work->uncertified);
        work->failed = work->uncertified = false;
    }
    if (n->failure == ASSAY_OK) submit_due_claims(n);
    if (n->failure == ASSAY_OK) release_idle(n);
}

static void notify_released(struct assay_executor_work *work, const struct assay_task_row *row)
{
    ASSAY_ASSERT(work->runs && !work->on_chain && row->leaving > 0);
    struct assay_task_fact fact = { .kind = ASSAY_TASK_RELEASED, .closes = row->leaving };
    assay_bytes_copy(fact.task, 32, row->task, 32);
    assay_task_executor_on_fact(&work->e, &fact);
}

/* Missed facts are unknown: ended tasks are dropped, the others continue with facts from here
 * on. */
static void on_begin(void *context)
{
    struct assay_executor_node *n = context;
    const struct assay_task_ledger *ledger = assay_follower_tasks(n->follower);
    assay_queue_reset_due(n->pending);
    for (uint32_t i = 0; i < ASSAY_EXECUTOR_TASKS_MAX; i++) {
        struct assay_executor_work *work = &n->work[i];
        if (!work->runs) continue;
        work->quote_ms = 0; /* what the daemon had in hand is lost */
        const struct assay_task_row *row = assay_task_ledger_find_task(ledger, work->e.task);
        if (work->on_chain)
            assay_task_executor_on_epoch(&work->e, assay_follower_state(n->follower)->epoch + 1,
                                         false);
        else if (row == NULL || row->end != ASSAY_TASK_END_NONE || row->failed)
            assay_executor_release(work);
        else if (work->e.epoch < assay_follower_state(n->follower)->epoch + 1)
            assay_task_executor_on_epoch(&work->e, assay_follower_state(n->follower)->epoch + 1,
                                         false);
        if (work->runs && !work->on_chain && row != NULL && row->leaving > 0)
            notify_released(work, row);
    }
    if (n->failure == ASSAY_OK) submit_due_claims(n);
}

static void evidence(void *context, uint64_t serial, struct assay_slice bytes)
{
    struct assay_executor_node *n = context;
    struct assay_task_outputs outs;
    for (uint32_t i = 0; i < ASSAY_EXECUTOR_TASKS_MAX; i++) {
        struct assay_executor_work *work = &n->work[i];
        if (!work->runs || work->turn != serial) continue;
        work->quote_ms = 0;
        if (assay_task_executor_on_evidence(&work->e, bytes, &outs) == ASSAY_OK)
            execute_outs(n, work, work->guest, &outs);
    }
}

static bool is_offered(const struct assay_executor_node *n)
{
    ASSAY_ASSERT(n->offer.count == 1);
    const struct assay_task_offer *offer = assay_task_ledger_find_offer(
        assay_follower_tasks(n->follower), assay_follower_state(n->follower)->slot);
    return offer != NULL && offer->count == 1 && offer->price == n->offer.price &&
           offer->hold == n->offer.hold &&
           assay_bytes_equal(offer->code[0], n->offer.code[0], 32) &&
           offer->address_len == n->offer.address_len &&
           assay_bytes_equal(offer->address, n->offer.address, offer->address_len);
}

static void update_from_ledger(struct assay_executor_node *n)
{
    uint8_t bytes[ASSAY_TASK_RECORD_MAX];
    struct assay_slice payload;
    const enum assay_status turned = assay_follower_step(n->follower, n->now_ms);
    if (turned != ASSAY_OK || assay_follower_follows(n->follower)) n->ledger = turned;
    if (assay_follower_tasks(n->follower) == NULL || n->failure != ASSAY_OK) return;
    if (n->now_ms >= n->offer_at_ms &&
        assay_follower_state(n->follower)->slot < ASSAY_REGISTRY_SLOTS_MAX) {
        n->offer_at_ms = n->now_ms + OFFER_AGAIN_MS;
        n->offered = is_offered(n);
        const enum assay_status status =
            assay_task_offer_encode(&n->offer, bytes, sizeof bytes, &payload);
        ASSAY_ASSERT(status == ASSAY_OK);
        if (!n->offered)
            assay_executor_set_failure(
                n, assay_queue_add(n->pending, ASSAY_SERVICE_TASK_OFFER, payload));
    }
    assay_queue_send_due(n->pending, n->follower, n->now_ms);
}

/* --- opening */

static enum assay_status submit_offer(struct assay_executor_node *n)
{
    const char *listen = n->config.client_listen, *colon = strrchr(listen, ':');
    ASSAY_ASSERT(n->config.host != NULL || colon != NULL);
    char text[ASSAY_TASK_ADDRESS_MAX + 64];
    const unsigned port = assay_listener_port(n->listener);
    const int len =
        n->config.host != NULL
            ? snprintf(text, sizeof text, "%s:%u", n->config.host, port)
            : snprintf(text, sizeof text, "%.*s:%u", (int)(colon - listen), listen, port);
    if (len <= 0 || len > ASSAY_TASK_ADDRESS_MAX) return ASSAY_E_RANGE;
    n->offer.count = 1;
    n->offer.price = n->config.price;
    n->offer.hold = n->config.hold > 0 ? n->config.hold : assay_task_hold_least(n->config.price);
    assay_bytes_copy(n->offer.code[0], 32, n->config.program->code, 32);
    assay_bytes_copy(n->offer.address, sizeof n->offer.address, text, (size_t)len);
    n->offer.address_len = (uint8_t)len;
    return ASSAY_OK;
}

/* Returns: status; message: of a failure, what failed (format) and why. */
__attribute__((format(printf, 3, 4))) static enum assay_status explain_failure(
    enum assay_status status, char message[static ASSAY_EXECUTOR_NODE_MESSAGE_LEN],
    const char *format, ...)
{
    if (status == ASSAY_OK) return status;
    va_list arguments;
    va_start(arguments, format);
    const int len = vsnprintf(message, ASSAY_EXECUTOR_NODE_MESSAGE_LEN, format, arguments);
    va_end(arguments);
    if (len > 0 && len < ASSAY_EXECUTOR_NODE_MESSAGE_LEN)
        (void)snprintf(message + len, ASSAY_EXECUTOR_NODE_MESSAGE_LEN - (size_t)len, ": %s",
                       assay_status_text(status));
    return status;
}

static enum assay_status set_up(struct assay_executor_node *n,
                                char message[static ASSAY_EXECUTOR_NODE_MESSAGE_LEN])
{
    ASSAY_ASSERT(n->vault == NULL && n->listener == NULL && n->follower == NULL);
    const struct assay_follower_config follower = {
        .path = n->config.ledger,
        .role = ASSAY_SERVICE_ROLE_EXECUTOR,
        .callbacks = { .record = apply_record,
                       .became = on_result,
                       .begun = on_begin,
                       .facts = facts,
                       .closed = on_close,
                       .evidence = evidence },
        .context = n,
    };
    const uint64_t resend_ms =
        n->config.again_ms != 0 ? n->config.again_ms : ASSAY_RECORD_QUEUE_RESEND_MS;
    ASSAY_TRY(assay_vault_open(n->config.store, n->config.key, &n->vault, message));
    ASSAY_TRY(explain_failure(assay_vault_each(n->vault, ASSAY_VAULT_CLAIM, load_claim, n), message,
                              "%s: a claim cannot be read", n->config.store));
    ASSAY_TRY(explain_failure(assay_executor_owed_load(n), message,
                              "%s: a payment that is owed cannot be read", n->config.store));
    ASSAY_TRY(assay_listener_open(n->config.client_listen, &n->listener, message));
    ASSAY_TRY(explain_failure(
        submit_offer(n), message, "%.200s: no address of an offer (at most %d bytes)",
        n->config.host != NULL ? n->config.host : n->config.client_listen, ASSAY_TASK_ADDRESS_MAX));
    ASSAY_TRY(
        explain_failure(assay_queue_create(resend_ms, &n->pending), message, "queue of records"));
    return explain_failure(assay_follower_create(&follower, &n->follower), message,
                           "%.200s: no path of the daemon's socket (at most %d bytes)",
                           n->config.ledger, ASSAY_FOLLOWER_PATH_MAX);
}

enum assay_status assay_executor_node_open(const struct assay_executor_node_config *config,
                                           struct assay_executor_node **out,
                                           char message[static ASSAY_EXECUTOR_NODE_MESSAGE_LEN])
{
    ASSAY_ASSERT(config->price > 0 && config->hold <= config->price);
    ASSAY_ASSERT(config->hold == 0 || config->hold >= assay_task_hold_least(config->price));
    struct assay_executor_node *n = calloc(1, sizeof *n);
    *out = NULL;
    if (n == NULL) {
        (void)snprintf(message, ASSAY_EXECUTOR_NODE_MESSAGE_LEN, "out of memory");
        return ASSAY_E_MEMORY;
    }
    n->config = *config;
    const enum assay_status status = set_up(n, message);
    n->config.key = NULL;
    if (status != ASSAY_OK) assay_executor_node_close(&n);
    else message[0] = '\0';
    *out = n;
    return status;
}

void assay_executor_node_close(struct assay_executor_node **node)
{
    struct assay_executor_node *n = *node;
    if (n == NULL) return;
    for (uint32_t i = 0; i < ASSAY_EXECUTOR_TASKS_MAX; i++)
        if (n->work[i].runs) assay_executor_release(&n->work[i]);
    assay_follower_destroy(&n->follower);
    assay_queue_destroy(&n->pending);
    assay_listener_close(&n->listener);
    assay_vault_close(&n->vault);
    assay_secret_wipe(n, sizeof *n);
    free(n);
    *node = NULL;
}

enum assay_status assay_executor_node_step(struct assay_executor_node *node, int timeout_ms)
{
    ASSAY_ASSERT(timeout_ms >= 0);
    struct assay_executor_node *n = node;
    struct pollfd fds[1 + ASSAY_CLIENT_LISTENER_FDS];
    if (n->failure != ASSAY_OK) return n->failure;
    fds[0] = assay_follower_poll(n->follower);
    const size_t count = 1 + assay_listener_poll(n->listener, fds + 1);
    (void)poll(fds, count, timeout_ms < 100 ? timeout_ms : 100);
    n->now_ms = assay_monotonic_ms();
    update_from_ledger(n);
    if (n->failure == ASSAY_OK) on_client_frame(n);
    if (n->failure == ASSAY_OK) start_due_requests(n);
    if (n->failure == ASSAY_OK) assay_executor_chain_step(n);
    check_room(n);
    return n->failure;
}

struct assay_executor_node_status assay_executor_node_status(const struct assay_executor_node *node)
{
    struct assay_executor_node_status status = { .follows = assay_follower_follows(node->follower),
                                                 .ledger = node->ledger,
                                                 .offered = node->offered,
                                                 .steps = node->steps,
                                                 .claims = node->claim_count,
                                                 .claims_paid = node->claims_paid,
                                                 .claims_refused = node->claims_refused,
                                                 .refuses = node->refuses,
                                                 .on_chain = node->config.chain != NULL };
    for (uint32_t i = 0; i < ASSAY_EXECUTOR_TASKS_MAX; i++)
        status.tasks += node->work[i].runs;
    if (node->config.chain != NULL) {
        const struct assay_payout_claims_status payouts =
            assay_payout_claims_status(node->config.chain->payouts);
        status.owed = payouts.owed;
        status.sent = payouts.sent;
        status.chain_answers = payouts.answers;
        assay_bytes_copy(status.chain_why, sizeof status.chain_why, payouts.why,
                         sizeof payouts.why);
    }
    return status;
}
