/*
 * sim/services/tasks.c - requestors and executors with their hosts (docs/services.md 6.11): tasks
 * are opened, accepted, executed step by step, claimed; either side crashes, or leaves.
 */
#include "sim/services/tasks.h"

#include "base/crypto/model.h"

#include <stdlib.h>

enum { PRICE = 3, AHEAD_MIN = 3, AHEAD_MAX = 8, FORGOTTEN_EPOCHS = 3, EVIDENCE = 33 };
enum { TO_EXECUTOR, TO_REQUESTOR };

struct job *tasks_job(struct tasks *t, const uint8_t id[static 32])
{
    for (uint32_t i = 0; i < JOBS; i++)
        if (t->job[i].stage != JOB_FREE && assay_bytes_equal(t->job[i].id, id, 32))
            return &t->job[i];
    return NULL;
}

static const struct assay_task_ledger *ledger_of(const struct assay_sim_services *s, uint32_t node)
{
    return assay_registry_tasks(s->follower[node].registry);
}

static void send_frame(struct assay_sim_services *s, const struct job *j, unsigned whom,
                       struct assay_slice frame)
{
    const uint32_t from = whom == TO_EXECUTOR ? j->home : j->open.executor;
    const uint32_t to = whom == TO_EXECUTOR ? j->open.executor : j->home;
    const struct name name = { .program = PROGRAM_TASK,
                               .index = (uint32_t)(j - s->tasks->job) << 1 | whom,
                               .life = j->number };
    if (frame.len > 0) services_send(s, &name, from, &name, to, frame);
}

/* --- life */

static void account_make(struct account *a, struct assay_sim_random *random)
{
    services_key(random, &a->secret, a->key);
    assay_task_account(a->key, a->id);
}

void tasks_open(struct assay_sim_services *s)
{
    if (s->load->requestors == 0) return;
    struct assay_sim_random random = services_stream(s, PROGRAM_TASK, 0);
    struct tasks *t = calloc(1, sizeof *t);
    ASSAY_ASSERT(t != NULL);
    services_bytes(&random, t->code, sizeof t->code);
    t->now = 1;
    for (uint32_t i = 0; i < s->load->requestors; i++)
        account_make(&t->requestor[i], &random);
    for (uint32_t i = 0; i < s->nodes; i++)
        account_make(&t->payee[i], &random);
    s->tasks = t;
}

void tasks_plan(const struct assay_sim_services *s, struct assay_registry_plan *plan)
{
    const struct tasks *t = s->tasks;
    if (t == NULL) return;
    plan->has_tasks = true;
    plan->tasks.accounts_max = s->load->requestors + s->load->quota_abusers + s->nodes;
    plan->tasks.tasks_max = JOBS / 2;
    plan->tasks.balance_count = s->load->requestors + s->load->quota_abusers;
    for (uint32_t i = 0; i < plan->tasks.balance_count; i++) {
        const uint8_t *const id = i < s->load->requestors
                                      ? t->requestor[i].id
                                      : s->quota_abuse.abuser[i - s->load->requestors].account;
        uint32_t at = i; /* names ascend */
        for (; at > 0 && assay_bytes_compare(plan->tasks.balance[at - 1].account, id, 32) > 0; at--)
            plan->tasks.balance[at] = plan->tasks.balance[at - 1];
        plan->tasks.balance[at].amount = MONEY;
        assay_bytes_copy(plan->tasks.balance[at].account, 32, id, 32);
    }
}

static void job_free(struct job *j)
{
    free(j->r);
    free(j->e);
    *j = (struct job){ .stage = JOB_FREE };
}

void tasks_free(struct assay_sim_services *s)
{
    for (uint32_t i = 0; s->tasks != NULL && i < JOBS; i++)
        job_free(&s->tasks->job[i]);
    free(s->tasks);
}

/* The enclave's memory is gone: its vouchers are on its host's disk. */
static void crash_executor(struct job *j)
{
    free(j->e);
    j->gone = j->gone || j->e != NULL;
    j->e = NULL;
    j->program_runs = false;
}

static void crash_requestor(struct job *j)
{
    free(j->r);
    j->r = NULL;
}

void tasks_die(struct assay_sim_services *s, uint32_t node)
{
    for (uint32_t i = 0; s->tasks != NULL && i < JOBS; i++) {
        struct job *j = &s->tasks->job[i];
        if (j->stage == JOB_FREE) continue;
        if (j->open.executor == node) crash_executor(j);
        if (j->home == node) crash_requestor(j);
    }
}

void tasks_epoch(struct assay_sim_services *s)
{
    struct tasks *t = s->tasks;
    if (t == NULL) return;
    struct assay_sim_random random = services_stream(s, PROGRAM_TASK, 1000 + s->epoch);
    for (uint32_t i = 0; services_is_on(s) && i < s->load->tasks; i++)
        t->wanted[assay_sim_random_below(&random, s->load->requestors)]++;
    for (uint32_t i = 0; i < JOBS; i++) {
        struct job *j = &t->job[i];
        const bool first = assay_sim_random_below(&random, 1000) < s->load->tasks_die_permille;
        const bool second = assay_sim_random_below(&random, 1000) < s->load->tasks_die_permille;
        if (j->stage == JOB_FREE || !services_is_on(s)) continue;
        if (first) crash_executor(j);
        if (second) crash_requestor(j);
    }
}

/* --- opening */

static void submit_open(struct assay_sim_services *s, struct job *j)
{
    uint8_t bytes[ASSAY_TASK_RECORD_MAX];
    struct assay_slice out;
    const uint64_t now_ms = services_now(s);
    if (now_ms < j->submit_at_ms) return;
    j->submit_at_ms = now_ms + AGAIN_MS;
    const enum assay_status status = assay_task_open_encode(&j->open, bytes, sizeof bytes, &out);
    ASSAY_ASSERT(status == ASSAY_OK);
    services_submit(s, j->home, ASSAY_SERVICE_TASK_OPEN, out);
}

static void open_task(struct assay_sim_services *s, uint32_t requestor, uint32_t home)
{
    struct tasks *t = s->tasks;
    const struct assay_task_ledger *ledger = ledger_of(s, home);
    struct job *j = NULL;
    uint64_t balance = 0, sequence = 0;
    uint8_t input[4];
    for (uint32_t i = 0; i < JOBS && j == NULL; i++)
        if (t->job[i].stage == JOB_FREE) j = &t->job[i];
    if (j == NULL ||
        !assay_task_ledger_get_balance(ledger, t->requestor[requestor].id, &balance, &sequence))
        return;
    const struct account *a = &t->requestor[requestor];
    *j = (struct job){ .number = ++t->numbers, .requestor = requestor, .home = home };
    j->random = services_stream(s, PROGRAM_TASK, (uint64_t)1 << 32 | j->number);
    j->open = (struct assay_task_open){
        .sequence = sequence,
        .price = PRICE + assay_sim_random_below(&j->random, 3),
        .hold = 1 + assay_sim_random_below(&j->random, 2),
        .steps = s->load->steps,
        .deadline = assay_task_ledger_get_epoch(ledger) +
                    assay_sim_random_between(&j->random, AHEAD_MIN, AHEAD_MAX),
        .min_standing = ASSAY_TASK_STAND_WARNING,
    };
    const uint32_t slot =
        assay_task_ledger_choose(ledger, t->code, j->open.price, 0, j->open.min_standing);
    /* The requestor names its executor, or leaves the choice to the ledger. */
    j->open.executor = assay_sim_random_below(&j->random, 2) == 0
                           ? slot
                           : (uint32_t)assay_sim_random_below(&j->random, s->nodes);
    if (j->open.executor >= s->nodes) return; /* no executor has an offer yet */
    side_of(&j->mine, &j->random, &a->secret);
    side_make(&j->theirs, &j->random, j->key);
    j->start = (uint32_t)assay_sim_random_below(&j->random, 1000);
    j->leaves = assay_sim_random_below(&j->random, 1000) < s->load->leavers_permille;
    services_bytes(&j->random, j->salt, sizeof j->salt);
    struct assay_writer in = assay_writer_over(input, sizeof input);
    assay_writer_u32be(&in, j->start);
    assay_task_blob_digest(j->salt, assay_slice_over(input, sizeof input), j->open.input);
    assay_bytes_copy(j->open.code, 32, t->code, 32);
    assay_bytes_copy(j->open.box, 32, j->mine.box, 32);
    assay_bytes_copy(j->open.key, sizeof j->open.key, a->key, sizeof a->key);
    assay_task_open_statement(s->chain_id, &j->open, j->id);
    assay_model_sign(a->secret.bytes, j->id, j->open.signature);
    j->stage = JOB_ASKED;
    t->wanted[requestor]--;
    submit_open(s, j);
}

/* One record of an account is in flight at a time: later numbers would wait for it. */
static void requestor_turn(struct assay_sim_services *s, uint32_t requestor, uint32_t node)
{
    struct tasks *t = s->tasks;
    if (requestor % s->nodes != node) return;
    for (uint32_t i = 0; i < JOBS; i++)
        if (t->job[i].stage == JOB_ASKED && t->job[i].requestor == requestor) return;
    if (t->wanted[requestor] > 0) open_task(s, requestor, node);
}

/* --- requestor */

static void on_requestor_events(struct assay_sim_services *s, struct job *j);

static void draw_nonce(struct job *j, uint8_t nonce[static 32])
{
    services_bytes(&j->random, nonce, 32);
}

static void start_requestor(struct assay_sim_services *s, struct job *j,
                            const struct assay_task_row *row)
{
    struct tasks *t = s->tasks;
    const struct registry_follower *d = &s->follower[j->home];
    struct assay_task_requestor_config config = { .terms = j->open,
                                                  .epoch = d->feed.epoch,
                                                  .crypto = &j->mine.crypto };
    uint8_t nonce[32];
    config.held = j->open.executor >= d->feed.last.members ||
                  !d->feed.last.member[j->open.executor].certified;
    assay_bytes_copy(config.chain_id, 32, s->chain_id, 32);
    assay_bytes_copy(config.key, sizeof config.key, row->key, sizeof row->key);
    j->r = malloc(sizeof *j->r);
    ASSAY_ASSERT(j->r != NULL);
    assay_task_requestor_init(j->r, &config);
    draw_nonce(j, nonce);
    const enum assay_status status =
        j->kept ? assay_task_requestor_resume(j->r, &j->chain, services_now(s), &t->outs)
                : assay_task_requestor_request_keys(j->r, nonce, services_now(s), &t->outs);
    ASSAY_ASSERT(status == ASSAY_OK);
    on_requestor_events(s, j);
}

/* The quote covers the statement, by that slot. */
static void appraise_quote(struct assay_sim_services *s, struct job *j)
{
    struct tasks *t = s->tasks;
    uint8_t input[4], nonce[32];
    const struct assay_slice e = j->r->evidence;
    struct assay_writer in = assay_writer_over(input, sizeof input);
    assay_writer_u32be(&in, j->start);
    const bool good = e.len == EVIDENCE && assay_bytes_equal(e.bytes, j->r->statement, 32) &&
                      e.bytes[32] == j->open.executor;
    draw_nonce(j, nonce);
    const enum assay_status status =
        good ? assay_task_requestor_trust(j->r, j->salt, assay_slice_over(input, sizeof input),
                                          services_now(s), &t->outs)
             : assay_task_requestor_request_keys(j->r, nonce, services_now(s), &t->outs);
    ASSAY_ASSERT(status == ASSAY_OK);
    j->r_wake_ms = t->outs.wake_at_ms;
    send_frame(s, j, TO_EXECUTOR, t->outs.frame);
}

static void on_requestor_events(struct assay_sim_services *s, struct job *j)
{
    struct tasks *t = s->tasks;
    const uint32_t events = t->outs.events;
    assay_task_requestor_check(j->r);
    j->r_wake_ms = t->outs.wake_at_ms;
    send_frame(s, j, TO_EXECUTOR, t->outs.frame);
    if (j->r->phase == ASSAY_TASK_PAYING) audit_vouched(s, j);
    if ((events & ASSAY_TASK_EVENT_CHEATED) != 0)
        services_report_check(s, ASSAY_SIM_CHECKER_TASKS,
                              "job %u: an honest executor is reported as dishonest", j->number);
    if ((events & ASSAY_TASK_EVENT_KEYS) != 0) appraise_quote(s, j);
    if ((events & ASSAY_TASK_EVENT_OUTPUT) == 0) return;
    audit_result(s, j);
    t->results++;
    j->kept = true;
    j->chain = j->r->chain;
    const enum assay_status status = assay_task_requestor_next(j->r, services_now(s), &t->outs);
    ASSAY_ASSERT(status == ASSAY_OK);
    j->r_wake_ms = t->outs.wake_at_ms;
    send_frame(s, j, TO_EXECUTOR, t->outs.frame);
}

/* One that has left requests the key, and the next step, for a voucher that it never signed. */
static void forge_request(struct assay_sim_services *s, struct job *j)
{
    struct assay_task_frame f = { .step = j->shown.step };
    uint8_t bytes[256];
    struct assay_slice out;
    if (services_now(s) < j->forge_at_ms) return;
    j->forge_at_ms = services_now(s) + AGAIN_MS;
    f.kind = assay_sim_random_below(&j->random, 2) == 0 ? ASSAY_TASK_VOUCH : ASSAY_TASK_NEXT;
    assay_bytes_copy(f.task, 32, j->id, 32);
    assay_bytes_copy(f.nonce, 32, j->shown.lock, 32);
    services_bytes(&j->random, f.signature, sizeof f.signature);
    const enum assay_status status = assay_task_frame_encode(&f, bytes, sizeof bytes, &out);
    ASSAY_ASSERT(status == ASSAY_OK);
    send_frame(s, j, TO_EXECUTOR, out);
}

/* And its money back, whichever executor worked for it. */
static void close_early(struct assay_sim_services *s, struct job *j)
{
    const struct account *a = &s->tasks->requestor[j->requestor];
    struct assay_task_close record = { 0 };
    uint8_t digest[32], bytes[ASSAY_TASK_RECORD_MAX];
    struct assay_slice out;
    if (s->load->forged_permille == 0 || services_now(s) < j->close_at_ms) return;
    j->close_at_ms = services_now(s) + AGAIN_MS;
    assay_bytes_copy(record.key, sizeof record.key, a->key, sizeof a->key);
    assay_bytes_copy(record.task, 32, j->id, 32);
    assay_task_close_statement(s->chain_id, &record, digest);
    assay_model_sign(a->secret.bytes, digest, record.signature);
    const enum assay_status status = assay_task_close_encode(&record, bytes, sizeof bytes, &out);
    ASSAY_ASSERT(status == ASSAY_OK);
    services_submit(s, j->home, ASSAY_SERVICE_TASK_CLOSE, out);
}

static void step_requestor(struct assay_sim_services *s, struct job *j)
{
    const struct assay_task_row *row = assay_task_ledger_find_task(ledger_of(s, j->home), j->id);
    if (j->stage == JOB_ASKED) {
        if (row != NULL) j->stage = JOB_OPEN;
        else if (s->follower[j->home].feed.epoch > j->open.deadline) job_free(j);
        else submit_open(s, j);
        return;
    }
    if (j->left) {
        forge_request(s, j);
        close_early(s, j);
    }
    const bool over =
        row == NULL || (row->end != ASSAY_TASK_END_NONE && row->end != ASSAY_TASK_END_PAID);
    if (j->r == NULL && !j->left && !over && row->accepted) start_requestor(s, j, row);
    if (j->r == NULL || services_now(s) < j->r_wake_ms) return;
    assay_task_requestor_tick(j->r, services_now(s), &s->tasks->outs);
    on_requestor_events(s, j);
}

/* --- executor */

static void on_executor_events(struct assay_sim_services *s, struct job *j)
{
    struct tasks *t = s->tasks;
    const uint32_t events = t->outs.events;
    assay_task_executor_check(j->e);
    if ((events & (ASSAY_TASK_EVENT_INPUT | ASSAY_TASK_EVENT_NEXT)) != 0) j->program_runs = true;
    if ((events & ASSAY_TASK_EVENT_ASKED) != 0) {
        uint8_t quote[EVIDENCE];
        struct assay_task_outputs outs;
        assay_bytes_copy(quote, sizeof quote, j->e->statement, 32);
        quote[32] = (uint8_t)j->open.executor;
        const enum assay_status status =
            assay_task_executor_on_evidence(j->e, assay_slice_over(quote, sizeof quote), &outs);
        ASSAY_ASSERT(status == ASSAY_OK);
        send_frame(s, j, TO_REQUESTOR, outs.frame);
        return;
    }
    if ((events & ASSAY_TASK_EVENT_CLAIM) != 0) {
        j->held[0] = j->e->claim;
        j->held[1] = j->e->sure;
    }
    audit_key(s, j, t->outs.frame);
    send_frame(s, j, TO_REQUESTOR, t->outs.frame);
}

static void submit_offer(struct assay_sim_services *s, uint32_t node)
{
    struct tasks *t = s->tasks;
    struct assay_task_offer record = { .count = 1, .price = PRICE, .hold = 1 };
    uint8_t bytes[ASSAY_TASK_RECORD_MAX];
    struct assay_slice out;
    if (assay_task_ledger_find_offer(ledger_of(s, node), node) != NULL) return;
    if (services_now(s) < t->offer_at_ms[node] || !services_is_on(s)) return;
    t->offer_at_ms[node] = services_now(s) + AGAIN_MS;
    assay_bytes_copy(record.code[0], 32, t->code, 32);
    record.address[0] = 'x';
    record.address_len = 1;
    const enum assay_status status = assay_task_offer_encode(&record, bytes, sizeof bytes, &out);
    ASSAY_ASSERT(status == ASSAY_OK);
    services_submit(s, node, ASSAY_SERVICE_TASK_OFFER, out);
}

static void start_executor(struct assay_sim_services *s, struct job *j)
{
    struct assay_task_executor_config config = { .terms = j->open,
                                                 .epoch = s->follower[j->open.executor].feed.epoch,
                                                 .crypto = &j->theirs.crypto };
    assay_bytes_copy(config.chain_id, 32, s->chain_id, 32);
    assay_bytes_copy(config.key, sizeof config.key, j->key, sizeof j->key);
    assay_bytes_copy(config.box, 32, j->theirs.box, 32);
    j->accepted = true;
    j->e = malloc(sizeof *j->e);
    ASSAY_ASSERT(j->e != NULL);
    assay_task_executor_init(j->e, &config);
}

static void submit_accept(struct assay_sim_services *s, struct job *j)
{
    struct assay_task_accept record = { 0 };
    uint8_t bytes[ASSAY_TASK_RECORD_MAX];
    struct assay_slice out;
    if (services_now(s) < j->accept_at_ms) return;
    j->accept_at_ms = services_now(s) + AGAIN_MS;
    assay_bytes_copy(record.task, 32, j->id, 32);
    assay_bytes_copy(record.key, sizeof record.key, j->key, sizeof j->key);
    assay_bytes_copy(record.account, 32, s->tasks->payee[j->open.executor].id, 32);
    const enum assay_status status = assay_task_accept_encode(&record, bytes, sizeof bytes, &out);
    ASSAY_ASSERT(status == ASSAY_OK);
    services_submit(s, j->open.executor, ASSAY_SERVICE_TASK_ACCEPT, out);
}

static void make_step(struct assay_sim_services *s, struct job *j)
{
    struct tasks *t = s->tasks;
    struct assay_task_product result;
    struct assay_secret32 opening;
    uint8_t count[4];
    struct assay_writer out = assay_writer_over(count, sizeof count);
    assay_writer_u32be(&out, j->start + j->e->step);
    services_bytes(&j->random, result.salt, sizeof result.salt);
    services_bytes(&j->random, opening.bytes, sizeof opening.bytes);
    result.state = result.output = assay_slice_over(count, sizeof count);
    if (assay_task_executor_step(j->e, &result, &opening, &t->outs) != ASSAY_OK) return;
    j->program_runs = false;
    j->seen.made++;
    on_executor_events(s, j);
}

/* With the enclave alive or not. */
static void submit_claim(struct assay_sim_services *s, struct job *j,
                         const struct assay_task_row *row)
{
    const uint32_t slot = j->open.executor;
    if (services_now(s) < j->claim_at_ms) return;
    if (j->e != NULL) {
        const struct assay_slice claim = assay_task_executor_claim(j->e);
        if (claim.len == 0 || !assay_task_executor_claim_due(j->e)) return;
        services_submit(s, slot, ASSAY_SERVICE_TASK_CLAIM, claim);
    } else {
        for (uint32_t i = 0; i < 2; i++)
            if (j->held[i].step > row->paid && j->held[i].epoch < s->follower[slot].feed.epoch)
                services_submit(s, slot, ASSAY_SERVICE_TASK_CLAIM,
                                assay_slice_over(j->held[i].bytes, j->held[i].len));
    }
    j->claim_at_ms = services_now(s) + AGAIN_MS;
}

static void step_executor(struct assay_sim_services *s, struct job *j)
{
    const struct assay_task_row *row =
        assay_task_ledger_find_task(ledger_of(s, j->open.executor), j->id);
    if (row == NULL) return;
    if (row->end == ASSAY_TASK_END_NONE && !row->accepted && !j->accepted) submit_accept(s, j);
    const bool mine = row->accepted && assay_bytes_equal(row->key, j->key, sizeof j->key);
    if (mine && j->e == NULL && !j->accepted && row->end == ASSAY_TASK_END_NONE)
        start_executor(s, j);
    if (j->e != NULL && j->program_runs && assay_sim_random_below(&j->random, 3) == 0)
        make_step(s, j);
    if (mine && row->end == ASSAY_TASK_END_NONE) submit_claim(s, j, row);
}

/* --- turns, frames, facts */

void tasks_turn(struct assay_sim_services *s, uint32_t node)
{
    struct tasks *t = s->tasks;
    if (t == NULL || ledger_of(s, node) == NULL) return; /* none, or not yet */
    if (node < s->follower[node].feed.last.members) submit_offer(s, node);
    for (uint32_t i = 0; i < s->load->requestors; i++)
        requestor_turn(s, i, node);
    for (uint32_t i = 0; i < JOBS; i++) {
        struct job *j = &t->job[i];
        if (j->stage != JOB_FREE && j->home == node) step_requestor(s, j);
        if (j->stage != JOB_FREE && j->open.executor == node) step_executor(s, j);
        if (j->stage == JOB_FREE || !j->seen.ended) continue;
        if (t->now < j->seen.ended_in + FORGOTTEN_EPOCHS) continue;
        audit_job(s, j);
        job_free(j);
    }
}

void tasks_receive(struct assay_sim_services *s, uint32_t node, const struct name *to,
                   struct assay_slice frame)
{
    struct tasks *t = s->tasks;
    struct job *j = &t->job[to->index >> 1];
    struct assay_task_frame f;
    if (j->stage == JOB_FREE || j->number != to->life) return;
    if ((to->index & 1) == TO_EXECUTOR) {
        if (j->e == NULL || j->open.executor != node) return;
        if (assay_task_executor_on_frame(j->e, frame, &t->outs) == ASSAY_OK)
            on_executor_events(s, j);
        return;
    }
    if (j->r == NULL || j->home != node) return;
    if (j->leaves && assay_task_frame_decode(frame, &f) == ASSAY_OK &&
        f.kind == ASSAY_TASK_STEP_IS && f.receipt.step == (j->number % s->load->steps) + 1) {
        j->left = true; /* it saw the step and pays for no more */
        j->shown = f.receipt;
        crash_requestor(j);
        return;
    }
    if (assay_task_requestor_on_frame(j->r, frame, services_now(s), &t->outs) == ASSAY_OK ||
        t->outs.events != 0)
        on_requestor_events(s, j);
}

void tasks_fact(struct assay_sim_services *s, uint32_t node, const struct assay_task_fact *fact)
{
    struct tasks *t = s->tasks;
    if (t == NULL) return;
    struct job *j = tasks_job(t, fact->task);
    if (j == NULL) return;
    const bool lapse = fact->kind == ASSAY_TASK_UNCERTIFIED || fact->kind == ASSAY_TASK_FAILED;
    if (j->open.executor == node) {
        j->lapse[0] = j->lapse[0] || lapse;
        if (j->e != NULL) assay_task_executor_on_fact(j->e, fact);
    }
    if (j->home != node) return;
    j->lapse[1] = j->lapse[1] || lapse;
    if (j->r == NULL) return;
    if (assay_task_requestor_on_fact(j->r, fact, &t->outs) == ASSAY_OK || t->outs.events != 0)
        on_requestor_events(s, j);
}

void tasks_node_closed(struct assay_sim_services *s, uint32_t node)
{
    for (uint32_t i = 0; s->tasks != NULL && i < JOBS; i++) {
        struct job *j = &s->tasks->job[i];
        if (j->stage == JOB_FREE) continue;
        const uint64_t epoch = s->follower[node].feed.epoch;
        if (j->open.executor == node) {
            if (j->e != NULL) assay_task_executor_on_epoch(j->e, epoch, !j->lapse[0]);
            j->lapse[0] = false;
        }
        if (j->home != node) continue;
        if (j->r != NULL) assay_task_requestor_on_epoch(j->r, epoch, !j->lapse[1]);
        j->lapse[1] = false;
    }
}

/* Facts were missed: both sides restart from their disks. */
void tasks_on_restart(struct assay_sim_services *s, uint32_t node)
{
    tasks_die(s, node);
}

void tasks_end(struct assay_sim_services *s)
{
    for (uint32_t i = 0; s->tasks != NULL && i < JOBS; i++)
        if (s->tasks->job[i].stage != JOB_FREE) audit_job(s, &s->tasks->job[i]);
}

void tasks_figures(const struct assay_sim_services *s,
                   int64_t figures[static ASSAY_SIM_FIGURE_COUNT])
{
    const struct tasks *t = s->tasks;
    if (t == NULL) return;
    figures[ASSAY_SIM_FIGURE_TASKS_OPENED] = (int64_t)t->opened;
    figures[ASSAY_SIM_FIGURE_TASKS_PAID] = (int64_t)t->paid_up;
    figures[ASSAY_SIM_FIGURE_STEPS_PAID] = (int64_t)t->steps_paid;
    figures[ASSAY_SIM_FIGURE_RESULTS_READ] = (int64_t)t->results;
    figures[ASSAY_SIM_FIGURE_CLAIMS_REFUSED] = (int64_t)t->refused;
}
