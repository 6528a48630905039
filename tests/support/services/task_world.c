/* tests/support/services/task_world.c - simulated world of a task: ledger, requestor, executor. */
#include "tests/support/services/task_world_internal.h"

#include <stdio.h>
#include <stdlib.h>

uint64_t task_world_draw(struct world *w, uint64_t below)
{
    uint64_t x = w->random += 0x9e3779b97f4a7c15ULL;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
    return (x ^ x >> 31) % below;
}

static void violated(struct world *w, const char *what, const struct job *j)
{
    if (w->result->violation != NULL) return;
    w->result->violation = what;
    snprintf(w->result->story, sizeof w->result->story,
             "seed %llu epoch %llu job %td: made %u, kept %u, paid %u of %u",
             (unsigned long long)w->plan->seed, (unsigned long long)w->epoch, j - w->job, j->made,
             j->kept ? j->chain.step : 0, j->paid, j->open.steps);
}

bool task_world_hostile_requestor(const struct world *w, uint32_t requestor)
{
    return w->plan->hostile_requestors && requestor == REQUESTORS - 1;
}

bool task_world_hostile_executor(const struct world *w, uint32_t slot)
{
    return w->plan->hostile_executors && slot >= SLOTS - 2;
}

/* --- the ledger */

static struct job *job_of(struct world *w, const uint8_t id[static 32])
{
    for (uint32_t i = 0; i < w->job_count; i++)
        if (assay_bytes_equal(w->job[i].id, id, 32)) return &w->job[i];
    return NULL;
}

/* Was this claim worth what it was paid? From what was signed and closed alone. */
static void look_at_paid(struct world *w, uint32_t slot, const struct assay_task_claim *c,
                         uint64_t amount)
{
    uint8_t digest[32], lock[32];
    struct job *j = job_of(w, c->receipt.task);
    ASSAY_ASSERT(j != NULL);
    w->result->claims++;
    assay_task_receipt_digest(&c->receipt, digest);
    bool good = task_world_signed(&j->receipts, digest);
    assay_task_voucher_statement(w->chain, &c->voucher, digest);
    good = good && task_world_signed(&j->vouchers, digest) && c->voucher.step == c->receipt.step;
    assay_sha256(c->opening, 32, lock);
    good = good && assay_bytes_equal(lock, c->receipt.lock, 32) &&
           assay_bytes_equal(lock, c->voucher.lock, 32);
    good = good && slot == j->slot && j->accepted && !j->failed && w->epoch <= j->open.deadline;
    good = good && c->receipt.epoch < w->epoch && w->certified[slot][c->receipt.epoch];
    if (!good) violated(w, "PAID", j);
    if (c->receipt.step <= j->paid || amount != (c->receipt.step - j->paid) * j->open.price)
        violated(w, "TWICE", j);
    j->paid = c->receipt.step;
    j->amount += amount;
    j->quiet = 0;
    if (j->amount > j->open.price * j->open.steps) violated(w, "TWICE", j);
}

static void requestor_did(struct world *w, struct job *j);

static void event_add(struct job *j, const struct event *event)
{
    ASSAY_ASSERT(j->event_count < EVENTS);
    j->event[j->event_count++] = *event;
}

/* A RELEASE by one side starts the notice for the other. */
static void look_at_leaving(struct world *w, struct job *j, bool signed_, uint32_t slot)
{
    if (j->quiet < 4 || (!signed_ && slot != j->slot)) violated(w, "RELEASE", j);
    w->result->released += j->leaving == 0;
    j->leaving = 1;
}

/* An end before the deadline without a failed executor: there was a notice, or it was unpaid. */
static void look_at_release(struct world *w, const struct job *j)
{
    const bool unpaid = j->quiet >= 60 && j->kept_in >= 64;
    if (j->leaving <= 4 && !unpaid) violated(w, "RELEASE", j);
}

static void tell(struct world *w, const struct assay_task_fact *fact)
{
    struct job *j = job_of(w, fact->task);
    if (j == NULL) return;
    if (fact->kind == ASSAY_TASK_ENDED && fact->end == ASSAY_TASK_END_RELEASED)
        look_at_release(w, j);
    if (fact->kind == ASSAY_TASK_ENDED) {
        j->ended = true;
        j->paid_up = fact->end == ASSAY_TASK_END_PAID;
        w->result->completed += j->paid_up;
    }
    event_add(j, &(struct event){ .fact = *fact });
}

static void executor_sees(struct job *j)
{
    if (j->theirs_seen == j->event_count) return;
    const struct event *event = &j->event[j->theirs_seen++];
    if (j->e == NULL) return;
    if (event->epoch > 0) assay_task_executor_on_epoch(j->e, event->epoch, event->certified);
    else assay_task_executor_on_fact(j->e, &event->fact);
    assay_task_executor_check(j->e);
}

static void requestor_sees(struct world *w, struct job *j)
{
    if (j->mine_seen == j->event_count) return;
    const struct event *event = &j->event[j->mine_seen++];
    if (j->r == NULL) return;
    if (event->epoch > 0) {
        assay_task_requestor_on_epoch(j->r, event->epoch, event->certified);
        return;
    }
    if (assay_task_requestor_on_fact(j->r, &event->fact, &w->outs) == ASSAY_OK ||
        w->outs.events != 0)
        requestor_did(w, j);
}

bool task_world_apply(struct world *w, enum payload_kind kind, uint32_t slot,
                      struct assay_slice bytes)
{
    union {
        struct assay_task_transfer transfer;
        struct assay_task_open open;
        struct assay_task_close close;
        struct assay_task_offer offer;
        struct assay_task_accept accept;
        struct assay_task_claim claim;
        struct assay_task_release release;
    } u;
    struct assay_task_facts facts = { 0 };
    enum assay_task_result result = ASSAY_TASK_UNKNOWN;
    switch (kind) {
    case TRANSFER:
        if (assay_task_transfer_decode(bytes, &u.transfer) != ASSAY_OK) return false;
        if (!assay_task_transfer_check(w->chain, &u.transfer)) return false;
        result = assay_task_ledger_apply_transfer(w->ledger, &u.transfer, &facts);
        break;
    case OPEN:
        if (assay_task_open_decode(bytes, &u.open) != ASSAY_OK) return false;
        if (!assay_task_open_check(w->chain, &u.open)) return false;
        result = assay_task_ledger_apply_open(w->ledger, &u.open, &facts);
        break;
    case CLOSE:
        if (assay_task_close_decode(bytes, &u.close) != ASSAY_OK) return false;
        if (!assay_task_close_check(w->chain, &u.close)) return false;
        result = assay_task_ledger_apply_close(w->ledger, &u.close, &facts);
        break;
    case OFFER:
        if (assay_task_offer_decode(bytes, &u.offer) != ASSAY_OK) return false;
        result = assay_task_ledger_apply_offer(w->ledger, slot, &u.offer, &facts);
        break;
    case ACCEPT:
        if (assay_task_accept_decode(bytes, &u.accept) != ASSAY_OK) return false;
        result = assay_task_ledger_apply_accept(w->ledger, slot, &u.accept, &facts);
        break;
    case CLAIM:
        if (assay_task_claim_decode(bytes, &u.claim) != ASSAY_OK) return false;
        if (!assay_task_claim_check(w->chain, &u.claim)) return false;
        result = assay_task_ledger_apply_claim(w->ledger, slot, &u.claim, &facts);
        if (result == ASSAY_TASK_APPLIED) look_at_paid(w, slot, &u.claim, facts.fact[0].amount);
        else w->result->refused++;
        break;
    case RELEASE:
        if (assay_task_release_decode(bytes, &u.release) != ASSAY_OK) return false;
        if (!assay_task_release_check(w->chain, &u.release)) return false;
        result = assay_task_ledger_apply_release(w->ledger, slot, &u.release, &facts);
        if (result == ASSAY_TASK_APPLIED)
            look_at_leaving(w, job_of(w, u.release.task), u.release.is_signed, slot);
        break;
    }
    assay_task_ledger_check(w->ledger);
    for (uint32_t i = 0; i < facts.count; i++)
        tell(w, &facts.fact[i]);
    return result == ASSAY_TASK_APPLIED;
}

bool task_world_submit(struct world *w, enum payload_kind kind, uint32_t slot,
                       struct assay_slice bytes)
{
    struct payload *p = &w->payload[w->payload_count++ % PAYLOADS];
    *p = (struct payload){ .kind = kind, .slot = slot, .len = bytes.len };
    assay_bytes_copy(p->bytes, sizeof p->bytes, bytes.bytes, bytes.len);
    return task_world_apply(w, kind, slot, bytes);
}

/* --- messages */

static void message_drop(struct world *w, uint32_t at)
{
    free(w->message[at].bytes);
    w->message[at] = w->message[--w->message_count];
}

void task_world_send(struct world *w, const struct job *j, bool to_executor,
                     struct assay_slice frame)
{
    if (frame.len == 0) return;
    if (w->message_count == MESSAGES) message_drop(w, (uint32_t)task_world_draw(w, MESSAGES));
    struct message *m = &w->message[w->message_count++];
    *m = (struct message){ .job = (uint32_t)(j - w->job),
                           .to_executor = to_executor,
                           .len = frame.len,
                           .bytes = malloc(frame.len) };
    ASSAY_ASSERT(m->bytes != NULL);
    assay_bytes_copy(m->bytes, m->len, frame.bytes, frame.len);
}

static bool may_crash(struct world *w)
{
    if (w->crashes >= w->plan->crashes || task_world_draw(w, 12) != 0) return false;
    w->crashes++;
    w->result->crashes++;
    return true;
}

static void executor_crash(struct job *j)
{
    free(j->e);
    j->e = NULL;
    j->e_gone = true;
    j->program_runs = false;
}

void task_world_requestor_crash(struct job *j)
{
    free(j->r);
    j->r = NULL;
    j->r_crashed = true;
}

/* A key that leaves was paid for. */
static void look_at_key(struct world *w, const struct job *j, struct assay_slice frame)
{
    struct assay_task_frame f;
    uint8_t digest[32];
    if (frame.len == 0 || assay_task_frame_decode(frame, &f) != ASSAY_OK ||
        f.kind != ASSAY_TASK_KEY_IS)
        return;
    struct assay_task_voucher voucher = { .step = f.step };
    assay_bytes_copy(voucher.task, 32, f.task, 32);
    assay_sha256(f.nonce, 32, voucher.lock);
    assay_task_voucher_statement(w->chain, &voucher, digest);
    if (!task_world_signed(&j->vouchers, digest)) violated(w, "EXECUTOR", j);
}

/* What the executor's host does after a call. */
static void executor_did(struct world *w, struct job *j)
{
    const uint32_t told = w->outs.events;
    const struct assay_slice frame = w->outs.frame;
    assay_task_executor_check(j->e);
    if (told & (ASSAY_TASK_EVENT_INPUT | ASSAY_TASK_EVENT_NEXT)) j->program_runs = true;
    if (told & ASSAY_TASK_EVENT_ASKED) {
        struct assay_task_outputs outs;
        const struct assay_slice quote = assay_slice_over(j->e->statement, 32);
        ASSAY_ASSERT(assay_task_executor_on_evidence(j->e, quote, &outs) == ASSAY_OK);
        task_world_send(w, j, false, outs.frame);
        return;
    }
    if (told & ASSAY_TASK_EVENT_CLAIM) {
        if (may_crash(w)) {
            executor_crash(j);
            return;
        }
        j->held[0] = j->e->claim;
        j->held[1] = j->e->sure;
        if (may_crash(w)) {
            executor_crash(j);
            return;
        }
    }
    look_at_key(w, j, frame);
    task_world_send(w, j, false, frame);
}

/* The program counts. */
static void look_at_result(struct world *w, const struct job *j)
{
    const struct assay_slice output = j->r->result.output;
    struct assay_cursor in = assay_cursor_over(output.bytes, output.len);
    uint32_t count = 0;
    if (assay_cursor_u32be(&in, &count) != ASSAY_OK || count != j->start + j->r->chain.step ||
        !assay_slice_equal(output, j->r->result.state))
        violated(w, "RESULT", j);
}

static void requestor_did(struct world *w, struct job *j)
{
    assay_task_requestor_check(j->r);
    task_world_send(w, j, true, w->outs.frame);
    /* What is vouched for was signed in the enclave. */
    if (j->r->phase == ASSAY_TASK_PAYING && !task_world_signed(&j->receipts, j->r->next.head))
        violated(w, "REQUESTOR", j);
    if (w->outs.events & ASSAY_TASK_EVENT_CHEATED) {
        w->result->cheated++;
        /* An honest side is never reported as a liar, whatever a network changes. */
        if (!j->contradicted) violated(w, "RESULT", j);
    }
    if (w->outs.events & ASSAY_TASK_EVENT_KEYS) {
        uint8_t input[4];
        struct assay_writer in = assay_writer_over(input, sizeof input);
        assay_writer_u32be(&in, j->start);
        const bool vouched = j->r->evidence.len == 32 &&
                             assay_bytes_equal(j->r->evidence.bytes, j->r->statement, 32);
        uint8_t nonce[32];
        kit_bytes('n', ++w->salts, nonce);
        ASSAY_ASSERT((vouched ? assay_task_requestor_trust(j->r, j->salt,
                                                           assay_slice_over(input, sizeof input),
                                                           w->now_ms, &w->outs)
                              : assay_task_requestor_request_keys(j->r, nonce, w->now_ms,
                                                                  &w->outs)) == ASSAY_OK);
        task_world_send(w, j, true, w->outs.frame);
    }
    if (!(w->outs.events & ASSAY_TASK_EVENT_OUTPUT)) return;
    if (!j->contradicted) look_at_result(w, j);
    if (may_crash(w)) {
        task_world_requestor_crash(j);
        return;
    }
    j->kept = true;
    j->chain = j->r->chain;
    assay_bytes_copy(j->state_salt, 32, j->r->result.salt, 32);
    w->result->read++;
    ASSAY_ASSERT(assay_task_requestor_next(j->r, w->now_ms, &w->outs) == ASSAY_OK);
    task_world_send(w, j, true, w->outs.frame);
}

static void deliver(struct world *w, uint32_t at)
{
    const struct message *m = &w->message[at];
    struct job *j = &w->job[m->job];
    if (task_world_draw(w, 12) == 0)
        m->bytes[task_world_draw(w, m->len)] ^= (uint8_t)(1u << task_world_draw(w, 8));
    const struct assay_slice bytes = assay_slice_over(m->bytes, m->len);
    if (m->to_executor && j->e != NULL) {
        if (assay_task_executor_on_frame(j->e, bytes, &w->outs) == ASSAY_OK) executor_did(w, j);
    } else if (!m->to_executor && j->r != NULL) {
        if (assay_task_requestor_on_frame(j->r, bytes, w->now_ms, &w->outs) == ASSAY_OK ||
            w->outs.events != 0)
            requestor_did(w, j);
    }
}

static void deliver_one(struct world *w)
{
    if (w->message_count == 0) return;
    const uint32_t at = (uint32_t)task_world_draw(w, w->message_count);
    const uint64_t what = task_world_draw(w, 10);
    if (what == 0) {
        message_drop(w, at);
        return;
    }
    /* What is delivered may add messages, and move this one. */
    struct message copy = w->message[at];
    if (what == 1) {
        task_world_send(w, &w->job[copy.job], copy.to_executor,
                        assay_slice_over(copy.bytes, copy.len));
    }
    for (uint32_t i = 0; i < w->message_count; i++) {
        if (w->message[i].bytes != copy.bytes) continue;
        w->message[i] = w->message[--w->message_count];
        w->message[w->message_count] = copy;
        deliver(w, w->message_count);
        break;
    }
    free(copy.bytes);
}

/* --- a task's life */

static void requestor_start(struct world *w, struct job *j)
{
    struct assay_task_requestor_config config = { .terms = j->open,
                                                  .epoch = w->epoch,
                                                  .crypto = &j->mine.crypto };
    uint8_t nonce[32];
    /* It queries the ledger first, which reports the last epoch if that was in the task. */
    j->mine_seen = j->event_count;
    config.held = w->epoch > j->accepted_in && !w->certified[j->slot][w->epoch - 1];
    assay_bytes_copy(config.chain_id, 32, w->chain, 32);
    assay_bytes_copy(config.key, 64, j->theirs.key.key, 64);
    j->r = malloc(sizeof *j->r);
    ASSAY_ASSERT(j->r != NULL);
    assay_task_requestor_init(j->r, &config);
    if (j->kept) {
        ASSAY_ASSERT(assay_task_requestor_resume(j->r, &j->chain, w->now_ms, &w->outs) == ASSAY_OK);
    } else {
        kit_bytes('n', ++w->salts, nonce);
        ASSAY_ASSERT(assay_task_requestor_request_keys(j->r, nonce, w->now_ms, &w->outs) ==
                     ASSAY_OK);
    }
    requestor_did(w, j);
}

static void accept(struct world *w, struct job *j)
{
    struct assay_task_accept record = { 0 };
    uint8_t bytes[ASSAY_TASK_RECORD_MAX];
    struct assay_slice out;
    if (j->accepted || j->ended) return;
    assay_bytes_copy(record.task, 32, j->id, 32);
    assay_bytes_copy(record.key, 64, j->theirs.key.key, 64);
    assay_bytes_copy(record.account, 32, w->payee[j->slot].account, 32);
    ASSAY_ASSERT(assay_task_accept_encode(&record, bytes, sizeof bytes, &out) == ASSAY_OK);
    if (!task_world_submit(w, ACCEPT, j->slot, out)) return;
    struct assay_task_executor_config config = { .terms = j->open,
                                                 .epoch = w->epoch,
                                                 .crypto = &j->theirs.crypto };
    assay_bytes_copy(config.chain_id, 32, w->chain, 32);
    assay_bytes_copy(config.key, 64, j->theirs.key.key, 64);
    assay_bytes_copy(config.box, 32, j->theirs.box, 32);
    j->accepted = true;
    j->accepted_in = w->epoch;
    j->theirs_seen = j->event_count;
    j->e = malloc(sizeof *j->e);
    ASSAY_ASSERT(j->e != NULL);
    assay_task_executor_init(j->e, &config);
    requestor_start(w, j);
}

/* Opens a task; `before` is the task that a successor continues. */
static void open_task(struct world *w, uint32_t requestor, const struct job *before)
{
    if (w->job_count == w->plan->jobs) return;
    struct job *j = &w->job[w->job_count];
    uint8_t bytes[ASSAY_TASK_RECORD_MAX], input[4];
    uint64_t balance = 0;
    struct assay_slice out;
    *j = (struct job){ .requestor = requestor };
    j->open = (struct assay_task_open){
        .price = 3 + task_world_draw(w, 4) + (task_world_draw(w, 3) == 0 ? 100u : 0u),
        .steps = 1 + (uint32_t)task_world_draw(w, 4),
        .deadline = w->epoch + 2 + task_world_draw(w, w->plan->long_ ? 200 : 6),
        .min_standing = ASSAY_TASK_STAND_WARNING,
    };
    j->open.hold = assay_task_hold_least(j->open.price) + task_world_draw(w, 2);
    j->slot = assay_task_ledger_choose(w->ledger, w->code, j->open.price, 0, j->open.min_standing);
    if (task_world_draw(w, 2) == 0)
        j->slot = (uint32_t)task_world_draw(w, SLOTS); /* the requestor's choice */
    if (j->slot >= SLOTS) return;
    j->open.executor = j->slot;
    task_world_side(w, &j->mine, w->job_count, 1 + requestor, false);
    task_world_side(w, &j->theirs, w->job_count, 100 + ++w->keys, true);
    j->start =
        before == NULL ? (uint32_t)task_world_draw(w, 1000) : before->start + before->chain.step;
    kit_bytes('s', ++w->salts, j->salt);
    if (before != NULL) assay_bytes_copy(j->salt, 32, before->state_salt, 32);
    struct assay_writer in = assay_writer_over(input, sizeof input);
    assay_writer_u32be(&in, j->start);
    assay_task_blob_digest(j->salt, assay_slice_over(input, sizeof input), j->open.input);
    if (before != NULL && !before->contradicted &&
        !assay_bytes_equal(j->open.input, before->chain.state, 32))
        violated(w, "RESULT", before);
    j->count = j->start;
    assay_bytes_copy(j->open.code, 32, w->code, 32);
    assay_bytes_copy(j->open.box, 32, j->mine.box, 32);
    ASSAY_ASSERT(assay_task_ledger_get_balance(w->ledger, w->account[requestor].account, &balance,
                                               &j->open.sequence));
    kit_sign_open(w->chain, &w->account[requestor], &j->open);
    assay_task_open_statement(w->chain, &j->open, j->id);
    ASSAY_ASSERT(assay_task_open_encode(&j->open, bytes, sizeof bytes, &out) == ASSAY_OK);
    w->job_count++;
    j->opened_in = w->epoch;
    if (!task_world_submit(w, OPEN, 0, out)) {
        w->job_count--;
        return;
    }
    w->result->opened++;
    w->result->successors += before != NULL;
}

/* The program has made a step. */
static void make_step(struct world *w, struct job *j)
{
    struct assay_task_product result;
    struct assay_secret32 opening;
    uint8_t count[4];
    if (j->e == NULL || !j->program_runs) return;
    struct assay_writer out = assay_writer_over(count, sizeof count);
    assay_writer_u32be(&out, j->start + j->e->step);
    kit_bytes('t', ++w->salts, result.salt);
    kit_bytes('k', ++w->salts, opening.bytes);
    result.state = result.output = assay_slice_over(count, sizeof count);
    if (assay_task_executor_step(j->e, &result, &opening, &w->outs) != ASSAY_OK) return;
    j->program_runs = false;
    j->made++;
    w->result->made++;
    if (task_world_hostile_executor(w, j->slot) && task_world_draw(w, 4) == 0) task_world_lie(w, j);
    else executor_did(w, j);
}

/* An honest host claims in time, whether its enclave lives or not. */
static void claim_in_time(struct world *w, struct job *j)
{
    if (j->ended || !j->accepted) return;
    if (j->e != NULL) {
        uint8_t bytes[ASSAY_TASK_RECORD_MAX];
        const struct assay_slice claim = assay_task_executor_claim(j->e);
        if (!assay_task_executor_claim_due(j->e) && task_world_draw(w, 6) != 0) return;
        assay_bytes_copy(bytes, sizeof bytes, claim.bytes, claim.len);
        if (claim.len > 0)
            (void)task_world_submit(w, CLAIM, j->slot, assay_slice_over(bytes, claim.len));
        return;
    }
    for (uint32_t i = 0; i < 2; i++)
        if (j->held[i].step > j->paid && j->held[i].epoch < w->epoch)
            (void)task_world_submit(w, CLAIM, j->slot,
                                    assay_slice_over(j->held[i].bytes, j->held[i].len));
}

/* --- what a place costs */

struct before {
    bool runs; /* accepted, perhaps by an ACCEPT that was refused once, and it has not ended */
    uint64_t locked;
};

static uint64_t has(const struct world *w, const uint8_t account[static 32])
{
    uint64_t balance = 0, sequence = 0;
    return assay_task_ledger_get_balance(w->ledger, account, &balance, &sequence) ? balance : 0;
}

static void look_before(struct world *w, struct before before[static JOBS],
                        uint64_t had[static SLOTS])
{
    for (uint32_t slot = 0; slot < SLOTS; slot++)
        had[slot] = has(w, w->payee[slot].account);
    for (uint32_t i = 0; i < w->job_count; i++) {
        const struct assay_task_row *row = assay_task_ledger_find_task(w->ledger, w->job[i].id);
        before[i].runs = row != NULL && row->accepted && row->end == ASSAY_TASK_END_NONE;
        before[i].locked = before[i].runs ? row->locked : 0;
    }
}

/* The amount locked for a task decreases at a close by the executor's gain and by refunds. */
static uint64_t rent_of(struct world *w, const struct job *j, const struct before *before,
                        const struct assay_task_fact *fact, uint32_t facts)
{
    const struct assay_task_row *row = assay_task_ledger_find_task(w->ledger, j->id);
    for (uint32_t i = 0; i < facts; i++)
        if (fact[i].kind == ASSAY_TASK_ENDED && assay_bytes_equal(fact[i].task, j->id, 32))
            return before->locked - fact[i].amount;
    return row == NULL ? before->locked : before->locked - row->locked;
}

/* T1 of docs/services.md 6.8.1, over the life of each place. */
static void look_at_price(struct world *w, struct job *j, bool ended)
{
    const uint64_t epochs = j->open.deadline - j->opened_in + 1;
    const uint64_t most = j->open.hold * (epochs < 64 ? epochs : 64);
    if (j->rent > most) violated(w, "RENT", j);
    if (j->fallen || ended) return;
    if (60 * (j->rent + j->amount) < j->open.price * j->kept_in) violated(w, "RENT", j);
}

static void look_at_rent(struct world *w, const struct before before[static JOBS],
                         const uint64_t had[static SLOTS], const struct assay_task_fact *fact,
                         uint32_t facts)
{
    uint64_t gained[SLOTS] = { 0 };
    for (uint32_t i = 0; i < w->job_count; i++) {
        struct job *j = &w->job[i];
        if (!before[i].runs) continue;
        const uint64_t rent = rent_of(w, j, &before[i], fact, facts);
        const struct assay_task_row *row = assay_task_ledger_find_task(w->ledger, j->id);
        if (rent > j->open.hold) violated(w, "RENT", j);
        gained[j->slot] += rent;
        j->rent += rent;
        j->kept_in++;
        j->quiet++;
        j->leaving += j->leaving > 0;
        w->result->lasted++;
        if (row != NULL && row->failed) j->fallen = true;
        look_at_price(w, j, row == NULL || row->end != ASSAY_TASK_END_NONE);
    }
    for (uint32_t slot = 0; slot < SLOTS; slot++)
        if (has(w, w->payee[slot].account) - had[slot] != gained[slot])
            violated(w, "RENT", &w->job[0]);
}

static void close_epoch(struct world *w)
{
    struct assay_task_fact fact[JOBS];
    ASSAY_ASSERT(w->epoch + 1 < EPOCHS);
    for (uint32_t i = 0; i < w->job_count; i++) {
        struct job *j = &w->job[i];
        /* A daemon that lags does so by less than an epoch. */
        while (j->theirs_seen < j->event_count)
            executor_sees(j);
        while (j->mine_seen < j->event_count)
            requestor_sees(w, j);
        if (!task_world_hostile_executor(w, j->slot)) claim_in_time(w, j);
    }
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        struct assay_task_member *m = &w->member[slot];
        m->standing = ASSAY_TASK_STAND_FULL;
        m->certified = true;
        m->failed = false;
        m->score = (uint16_t)task_world_draw(w, 4);
        if (w->plan->lapses && task_world_draw(w, 8) == 0) m->certified = false;
        if (w->plan->lapses && task_world_draw(w, 14) == 0) m->failed = true;
        if (w->plan->lapses && task_world_draw(w, 10) == 0)
            m->standing = ASSAY_TASK_STAND_RESTRICTED;
        w->certified[slot][w->epoch] = m->certified;
    }
    for (uint32_t i = 0; i < w->job_count; i++) {
        struct job *j = &w->job[i];
        if (!j->accepted || j->ended) continue;
        j->failed |= w->member[j->slot].failed;
        j->lapsed |= j->failed || !w->member[j->slot].certified;
    }
    struct before before[JOBS];
    uint64_t had[SLOTS];
    look_before(w, before, had);
    const uint32_t facts =
        assay_task_ledger_close_epoch(w->ledger, ++w->epoch, w->member, SLOTS, fact, JOBS);
    for (uint32_t i = 0; i < w->job_count; i++) {
        struct job *j = &w->job[i];
        const bool certified = w->member[j->slot].certified && !w->member[j->slot].failed;
        event_add(j, &(struct event){ .epoch = w->epoch, .certified = certified });
    }
    look_at_rent(w, before, had, fact, facts);
    for (uint32_t i = 0; i < facts; i++)
        tell(w, &fact[i]);
}

/* --- a schedule */

static void crash_someone(struct world *w, struct job *j)
{
    if (!may_crash(w)) return;
    if (task_world_draw(w, 2) && j->e != NULL) executor_crash(j);
    else if (j->r != NULL) task_world_requestor_crash(j);
}

/* An honest requestor whose task ended early continues with another executor. */
static void go_on(struct world *w, struct job *j)
{
    if (!j->ended || j->succeeded || !j->kept || j->contradicted) return;
    if (j->chain.step == j->open.steps) return;
    j->succeeded = true;
    open_task(w, j->requestor, j);
}

/* Either side, honest or not, as soon as it likes: the ledger knows when that is. */
static void leave(struct world *w, const struct job *j)
{
    struct assay_task_release record = { .paid = j->paid };
    uint8_t bytes[ASSAY_TASK_RECORD_MAX];
    struct assay_slice out;
    const bool theirs = task_world_draw(w, 2) == 0;
    assay_bytes_copy(record.task, 32, j->id, 32);
    if (!theirs) kit_sign_release(w->chain, &w->account[j->requestor], &record);
    ASSAY_ASSERT(assay_task_release_encode(&record, bytes, sizeof bytes, &out) == ASSAY_OK);
    (void)task_world_submit(w, RELEASE, theirs ? j->slot : (uint32_t)task_world_draw(w, SLOTS),
                            out);
}

/* A NEXT is not signed: a network can forge one. */
static void forge_next(struct world *w, const struct job *j)
{
    struct assay_task_frame f = { .kind = ASSAY_TASK_NEXT };
    uint8_t bytes[64];
    struct assay_slice out;
    if (j->e == NULL || j->e->step == 0) return;
    f.step = j->e->step;
    assay_bytes_copy(f.task, 32, j->id, 32);
    ASSAY_ASSERT(assay_task_frame_encode(&f, bytes, sizeof bytes, &out) == ASSAY_OK);
    task_world_send(w, j, true, out);
}

static void one_step(struct world *w)
{
    w->now_ms += task_world_draw(w, 400);
    /* The last two places are for successors. */
    if (w->job_count == 0 || (w->job_count + 2 < w->plan->jobs && task_world_draw(w, 20) == 0))
        open_task(w, (uint32_t)task_world_draw(w, REQUESTORS), NULL);
    if (w->job_count == 0) return;
    struct job *j = &w->job[task_world_draw(w, w->job_count)];
    switch (task_world_draw(w, w->plan->long_ ? 28 : 27)) {
    case 26: forge_next(w, j); break;
    case 24: executor_sees(j); break;
    case 25: requestor_sees(w, j); break;
    case 0:
    case 8: accept(w, j); break;
    case 1:
    case 2: make_step(w, j); break;
    case 3:
        if (j->r == NULL) {
            /* Crashed ones come back, unless they are hostile: those never pay again. */
            if (j->accepted && (!j->ended || j->paid_up) &&
                !task_world_hostile_requestor(w, j->requestor))
                requestor_start(w, j);
            break;
        }
        assay_task_requestor_tick(j->r, w->now_ms, &w->outs);
        requestor_did(w, j);
        break;
    case 4:
        if (w->plan->long_ && w->epoch + 220 < EPOCHS) close_epoch(w);
        else if (w->epoch + 40 < EPOCHS && task_world_draw(w, 3) == 0 && !w->plan->long_)
            close_epoch(w);
        break;
    case 5: crash_someone(w, j); break;
    case 6: go_on(w, j); break;
    case 27: leave(w, j); break;
    case 7:
        if (w->plan->hostile_requestors || w->plan->hostile_executors) task_world_attack(w);
        break;
    default: deliver_one(w); break;
    }
}

static void look_at_end(struct world *w, const struct job *j)
{
    const uint32_t read = j->kept ? j->chain.step : 0;
    w->result->paid += j->paid;
    if (!task_world_hostile_requestor(w, j->requestor)) {
        if (j->paid > read + 1) violated(w, "REQUESTOR", j);
        if (j->paid > read && !j->r_crashed && !j->contradicted) violated(w, "REQUESTOR", j);
    }
    if (!task_world_hostile_executor(w, j->slot) && !j->lapsed && j->made > j->paid + 1)
        violated(w, "EXECUTOR", j);
}

static void world_make(struct world *w)
{
    struct assay_task_balance first[REQUESTORS];
    struct assay_task_ledger_config config = { .accounts_max = ACCOUNTS,
                                               .tasks_max = JOBS,
                                               .slots_max = SLOTS,
                                               .epoch = FIRST_EPOCH,
                                               .balances = first,
                                               .balance_count = REQUESTORS };
    const size_t size = assay_task_ledger_size(ACCOUNTS, JOBS, SLOTS);
    w->random = w->plan->seed * 0x2545f4914f6cdd1dULL;
    w->epoch = FIRST_EPOCH;
    w->chain[0] = 77;
    kit_bytes('c', 1, w->code);
    assay_bytes_copy(config.chain_id, 32, w->chain, 32);
    for (uint32_t i = 0; i < REQUESTORS; i++) {
        kit_key_make(&w->account[i], 1 + i);
        first[i] = (struct assay_task_balance){ .amount = FIRST_BALANCE };
        assay_bytes_copy(first[i].account, 32, w->account[i].account, 32);
    }
    w->memory = malloc(size);
    ASSAY_ASSERT(w->memory != NULL);
    ASSAY_ASSERT(assay_task_ledger_init(w->memory, size, &config, &w->ledger) == ASSAY_OK);
    close_epoch(w);
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        struct assay_task_offer offer = { .count = 1, .price = 3, .hold = 1 };
        uint8_t bytes[ASSAY_TASK_RECORD_MAX];
        struct assay_slice out;
        kit_key_make(&w->payee[slot], 50 + slot);
        assay_bytes_copy(offer.code[0], 32, w->code, 32);
        ASSAY_ASSERT(assay_task_offer_encode(&offer, bytes, sizeof bytes, &out) == ASSAY_OK);
        ASSAY_ASSERT(task_world_apply(w, OFFER, slot, out));
    }
}

struct task_result task_world_run(const struct task_plan *plan)
{
    struct task_result result = { 0 };
    struct world *w = calloc(1, sizeof *w);
    ASSAY_ASSERT(w != NULL && plan->jobs <= JOBS);
    w->plan = plan;
    w->result = &result;
    world_make(w);
    for (uint32_t i = 0; i < plan->steps && result.violation == NULL; i++)
        one_step(w);
    for (uint32_t i = 0; i < (plan->long_ ? 210u : 12u) && result.violation == NULL; i++)
        close_epoch(w); /* every deadline passes */
    for (uint32_t i = 0; i < w->job_count && result.violation == NULL; i++) {
        if (!w->job[i].ended) violated(w, "PAID", &w->job[i]);
        look_at_end(w, &w->job[i]);
    }
    for (uint32_t i = 0; i < w->job_count; i++) {
        free(w->job[i].r);
        free(w->job[i].e);
    }
    while (w->message_count > 0)
        message_drop(w, 0);
    free(w->memory);
    free(w);
    return result;
}
