/*
 * sim/services/audit.c - checker of tasks: money is conserved; a payment needs a receipt and a
 * voucher of that step, of an epoch in which the executor was certified, and happens once; neither
 * side loses more than one step (docs/services.md 6).
 *
 * Evaluated from final records and states, and from the signatures of either side, alone.
 */
#include "sim/services/tasks.h"

enum { QUIET_EPOCHS = 4, RENT_EPOCHS = 64, STEP_EPOCHS = 60 }; /* docs/services.md 6.8 */

static void report_job(struct assay_sim_services *s, const struct job *j, const char *what)
{
    services_report_check(s, ASSAY_SIM_CHECKER_TASKS,
                          "job %u of slot %u: %s; made %u, kept %u, paid %u of %u", j->number,
                          j->open.executor, what, j->seen.made, j->kept ? j->chain.step : 0,
                          j->seen.paid, j->open.steps);
}

/* --- final records */

/* Returns: NULL, or why this claim is not payable. */
static const char *fault_of(struct assay_sim_services *s, const struct job *j, uint32_t slot,
                            const struct assay_task_claim *c)
{
    const struct tasks *t = s->tasks;
    uint8_t digest[32];
    assay_task_receipt_digest(&c->receipt, digest);
    if (!side_has_signed(&j->theirs, digest)) return "paid for an unsigned receipt";
    assay_task_voucher_statement(s->chain_id, &c->voucher, digest);
    if (!side_has_signed(&j->mine, digest)) return "paid for an unsigned voucher";
    assay_sha256(c->opening, 32, digest);
    if (!assay_bytes_equal(digest, c->receipt.lock, 32) ||
        !assay_bytes_equal(digest, c->voucher.lock, 32))
        return "paid for a key that opens nothing";
    if (c->voucher.step != c->receipt.step) return "paid for a voucher of another step";
    if (!assay_bytes_equal(c->voucher.task, c->receipt.task, 32))
        return "paid for a voucher of another task";
    if (!assay_bytes_equal(c->task_key, j->key, sizeof j->key))
        return "paid for a receipt of another enclave";
    if (!assay_bytes_equal(c->requestor, j->open.key, sizeof j->open.key))
        return "paid for a voucher of another requestor";
    if (slot != j->open.executor || !j->seen.accepted) return "another was paid";
    if (j->seen.failed) return "paid after a fall";
    if (j->seen.ended || t->now > j->open.deadline) return "paid when it was over";
    const uint64_t epoch = c->receipt.epoch;
    if (epoch >= t->now || (epoch >= t->sure_from && (t->now - epoch >= CLOSED_KEPT ||
                                                      !t->certified[slot][epoch % CLOSED_KEPT])))
        return "paid for an epoch in which it was not certified";
    return NULL;
}

static void check_claim(struct assay_sim_services *s, uint32_t slot, struct assay_slice payload,
                        const struct assay_registry_facts *facts)
{
    struct assay_task_claim c;
    const enum assay_status status = assay_task_claim_decode(payload, &c);
    ASSAY_ASSERT(status == ASSAY_OK && facts->task_count > 0);
    struct job *j = tasks_job(s->tasks, c.receipt.task);
    services_report_check(s, ASSAY_SIM_CHECKER_TASKS, NULL);
    if (j == NULL && !s->tasks->forgot)
        services_report_check(s, ASSAY_SIM_CHECKER_TASKS, "an unknown task was paid");
    if (j == NULL) return;
    const char *fault = fault_of(s, j, slot, &c);
    if (fault != NULL) report_job(s, j, fault);
    const uint64_t amount = facts->task[0].amount;
    if (c.receipt.step <= j->seen.paid ||
        amount != (uint64_t)(c.receipt.step - j->seen.paid) * j->open.price)
        report_job(s, j, "paid twice");
    s->tasks->steps_paid += c.receipt.step - j->seen.paid;
    j->seen.paid = c.receipt.step;
    j->seen.last_claim_epoch = s->tasks->now;
    j->seen.amount += amount;
    if (j->seen.amount > (uint64_t)j->open.steps * j->open.price) report_job(s, j, "paid too much");
}

/* While an executor works, its requestor cannot close the task. */
static void check_close(struct assay_sim_services *s, struct assay_slice payload)
{
    struct assay_task_close record;
    const enum assay_status status = assay_task_close_decode(payload, &record);
    ASSAY_ASSERT(status == ASSAY_OK);
    const struct job *j = tasks_job(s->tasks, record.task);
    services_report_check(s, ASSAY_SIM_CHECKER_TASKS, NULL);
    if (j == NULL) return;
    if (!assay_bytes_equal(record.key, j->open.key, sizeof record.key))
        report_job(s, j, "closed by another");
    if (j->seen.accepted && !j->seen.failed) report_job(s, j, "closed under its executor");
}

/* docs/services.md 6: neither side leaves before four closes without a claim; no other member
 * releases. */
static void check_release(struct assay_sim_services *s, uint32_t slot, struct assay_slice payload)
{
    struct assay_task_release record;
    const enum assay_status status = assay_task_release_decode(payload, &record);
    ASSAY_ASSERT(status == ASSAY_OK);
    const struct job *j = tasks_job(s->tasks, record.task);
    services_report_check(s, ASSAY_SIM_CHECKER_TASKS, NULL);
    if (j == NULL) return;
    const bool theirs = !record.is_signed && slot == j->open.executor;
    const bool ours =
        record.is_signed && assay_bytes_equal(record.key, j->open.key, sizeof record.key);
    if (!theirs && !ours) report_job(s, j, "released by another");
    if (s->tasks->now - j->seen.last_claim_epoch < QUIET_EPOCHS)
        report_job(s, j, "released too early");
}

static void check_accept(struct assay_sim_services *s, uint32_t slot, struct assay_slice payload)
{
    struct assay_task_accept record;
    const enum assay_status status = assay_task_accept_decode(payload, &record);
    ASSAY_ASSERT(status == ASSAY_OK);
    const struct job *j = tasks_job(s->tasks, record.task);
    services_report_check(s, ASSAY_SIM_CHECKER_TASKS, NULL);
    if (j == NULL) return;
    if (slot != j->open.executor) report_job(s, j, "accepted by another");
    if (j->seen.accepted) report_job(s, j, "accepted twice");
}

static void record_fact(struct assay_sim_services *s, const struct assay_task_fact *fact)
{
    struct job *j = tasks_job(s->tasks, fact->task);
    if (j == NULL) return;
    if (fact->kind == ASSAY_TASK_OPENED) {
        if (j->seen.opened) report_job(s, j, "opened twice");
        j->seen.opened = true;
        s->tasks->opened++;
    }
    if (fact->kind == ASSAY_TASK_ACCEPTED) j->seen.accepted = true;
    if (fact->kind == ASSAY_TASK_ACCEPTED) j->seen.last_claim_epoch = s->tasks->now;
    if (fact->kind == ASSAY_TASK_FAILED) j->seen.failed = true;
    if (fact->kind != ASSAY_TASK_ENDED) return;
    j->seen.ended = true;
    j->seen.ended_in = s->tasks->now;
    s->tasks->paid_up += fact->end == ASSAY_TASK_END_PAID;
}

void tasks_record(struct assay_sim_services *s, uint32_t slot, enum assay_service_kind kind,
                  struct assay_slice payload, bool applied,
                  const struct assay_registry_facts *facts)
{
    if (s->tasks == NULL) return;
    if (kind == ASSAY_SERVICE_TASK_CLAIM && applied) check_claim(s, slot, payload, facts);
    if (kind == ASSAY_SERVICE_TASK_CLAIM && !applied) s->tasks->refused++;
    if (kind == ASSAY_SERVICE_TASK_CLOSE && applied) check_close(s, payload);
    if (kind == ASSAY_SERVICE_TASK_ACCEPT && applied) check_accept(s, slot, payload);
    if (kind == ASSAY_SERVICE_TASK_RELEASE && applied) check_release(s, slot, payload);
    for (uint32_t i = 0; i < facts->task_count; i++)
        record_fact(s, &facts->task[i]);
}

/* --- closes */

/* Every account belongs to this run: money outside the accounts is locked. */
static void check_balance(struct assay_sim_services *s)
{
    const struct assay_task_ledger *ledger = assay_registry_tasks(s->recount.registry);
    const struct tasks *t = s->tasks;
    uint64_t sum = 0, amount = 0, sequence = 0;
    const uint64_t first = (uint64_t)MONEY * (s->load->requestors + s->load->quota_abusers);
    for (uint32_t i = 0; i < s->load->quota_abusers; i++)
        if (assay_task_ledger_get_balance(ledger, s->quota_abuse.abuser[i].account, &amount,
                                          &sequence))
            sum += amount;
    for (uint32_t i = 0; i < s->load->requestors; i++)
        if (assay_task_ledger_get_balance(ledger, t->requestor[i].id, &amount, &sequence))
            sum += amount;
    for (uint32_t i = 0; i < s->nodes; i++)
        if (assay_task_ledger_get_balance(ledger, t->payee[i].id, &amount, &sequence))
            sum += amount;
    const struct assay_task_row *row = NULL;
    for (uint32_t at = 0; (row = assay_task_ledger_next_task(ledger, &at)) != NULL;)
        if (row->end == ASSAY_TASK_END_NONE) sum += row->locked;
    services_report_check(s, ASSAY_SIM_CHECKER_TASKS, NULL);
    if (sum != first)
        services_report_check(s, ASSAY_SIM_CHECKER_TASKS, "epoch %llu: %llu in all, %llu at first",
                              (unsigned long long)t->now - 1, (unsigned long long)sum,
                              (unsigned long long)first);
}

/* docs/services.md 6.8.1: a task that occupies a place has cost a step for each 60 epochs. */
static void check_places(struct assay_sim_services *s)
{
    const struct assay_task_ledger *ledger = assay_registry_tasks(s->recount.registry);
    const struct assay_task_row *row = NULL;
    for (uint32_t at = 0; (row = assay_task_ledger_next_task(ledger, &at)) != NULL;) {
        if (row->end != ASSAY_TASK_END_NONE || row->failed) continue;
        const uint64_t kept = s->tasks->now - row->opened, all = row->deadline - row->opened + 1;
        const uint64_t rent = (all < RENT_EPOCHS ? all : RENT_EPOCHS) - row->rent;
        const uint64_t cost = row->paid * row->price + rent * row->hold;
        services_report_check(s, ASSAY_SIM_CHECKER_TASKS, NULL);
        /* It may have waited for its executor. */
        if (kept > QUIET_EPOCHS && STEP_EPOCHS * cost < (kept - QUIET_EPOCHS) * row->price)
            services_report_check(s, ASSAY_SIM_CHECKER_TASKS,
                                  "a place was kept for %llu epochs, at %llu a step, for %llu",
                                  (unsigned long long)kept, (unsigned long long)row->price,
                                  (unsigned long long)cost);
    }
}

/* An executor whose host withholds its ledger may be too late for its money. */
static void note_hampered(struct assay_sim_services *s, const struct assay_state *after)
{
    for (uint32_t i = 0; i < JOBS; i++) {
        struct job *j = &s->tasks->job[i];
        const uint32_t slot = j->open.executor;
        if (j->stage == JOB_FREE || slot >= after->member_count) continue;
        const bool behind = s->world.engine(s->world.context, slot) == NULL ||
                            !s->follower[slot].begun ||
                            s->follower[slot].feed.epoch < after->epoch ||
                            after->members[slot].trust.score.standing != ASSAY_STANDING_FULL;
        j->seen.hampered = j->seen.hampered || behind || !after->certified ||
                           !s->tasks->certified[slot][after->epoch % CLOSED_KEPT];
    }
}

void tasks_closed(struct assay_sim_services *s, const struct assay_state *after,
                  const struct assay_registry_member *member, uint32_t count)
{
    struct tasks *t = s->tasks;
    if (t == NULL) return;
    for (uint32_t i = 0; i < NODES; i++)
        t->certified[i][after->epoch % CLOSED_KEPT] = i < count && member[i].certified;
    for (uint32_t i = 0; i < JOBS; i++) {
        struct job *j = &t->job[i];
        if (j->seen.accepted && j->open.executor < count)
            j->seen.failed = j->seen.failed || member[j->open.executor].failed ||
                             member[j->open.executor].renewed ||
                             member[j->open.executor].standing == ASSAY_REGISTRY_STAND_NONE;
    }
    note_hampered(s, after);
    t->now = after->epoch + 1;
    if (assay_registry_tasks(s->recount.registry) == NULL) return;
    check_balance(s);
    check_places(s);
}

/* Money was moved or moved back: the present amounts of each task are the new start. */
void tasks_adopt(struct assay_sim_services *s)
{
    struct tasks *t = s->tasks;
    const struct assay_task_ledger *ledger = assay_registry_tasks(s->recount.registry);
    if (t == NULL || ledger == NULL) return;
    t->now = t->sure_from = assay_task_ledger_get_epoch(ledger);
    t->forgot = true;
    for (uint32_t i = 0; i < JOBS; i++) {
        struct job *j = &t->job[i];
        const struct assay_task_row *row =
            j->stage == JOB_FREE ? NULL : assay_task_ledger_find_task(ledger, j->id);
        if (j->stage == JOB_FREE) continue;
        j->seen.opened = row != NULL;
        j->seen.accepted = row != NULL && row->accepted;
        j->seen.failed = row != NULL && row->failed;
        j->seen.ended = row != NULL && row->end != ASSAY_TASK_END_NONE;
        j->seen.ended_in = t->now;
        j->seen.paid = row != NULL ? row->paid : 0;
        j->seen.last_claim_epoch = row != NULL ? t->now - row->quiet : 0;
        j->seen.amount = (uint64_t)j->seen.paid * j->open.price;
        j->seen.hampered = true;
    }
}

/* --- the sides */

void audit_key(struct assay_sim_services *s, const struct job *j, struct assay_slice frame)
{
    struct assay_task_frame f;
    uint8_t digest[32];
    if (frame.len == 0 || assay_task_frame_decode(frame, &f) != ASSAY_OK ||
        f.kind != ASSAY_TASK_KEY_IS)
        return;
    struct assay_task_voucher voucher = { .step = f.step };
    assay_bytes_copy(voucher.task, 32, f.task, 32);
    assay_sha256(f.nonce, 32, voucher.lock);
    assay_task_voucher_statement(s->chain_id, &voucher, digest);
    services_report_check(s, ASSAY_SIM_CHECKER_TASKS, NULL);
    if (!side_has_signed(&j->mine, digest)) report_job(s, j, "a key left without a voucher");
}

void audit_vouched(struct assay_sim_services *s, const struct job *j)
{
    services_report_check(s, ASSAY_SIM_CHECKER_TASKS, NULL);
    if (!side_has_signed(&j->theirs, j->r->next.head)) report_job(s, j, "vouched for nothing");
}

/* The program counts up. */
void audit_result(struct assay_sim_services *s, const struct job *j)
{
    const struct assay_slice output = j->r->result.output;
    struct assay_cursor in = assay_cursor_over(output.bytes, output.len);
    uint32_t count = 0;
    services_report_check(s, ASSAY_SIM_CHECKER_TASKS, NULL);
    if (assay_cursor_u32be(&in, &count) != ASSAY_OK || count != j->start + j->r->chain.step)
        report_job(s, j, "another result than its program's");
}

/* At the end of a job. */
void audit_job(struct assay_sim_services *s, const struct job *j)
{
    if (!j->seen.opened) return;
    services_report_check(s, ASSAY_SIM_CHECKER_TASKS, NULL);
    if (j->seen.paid > (j->kept ? j->chain.step : 0) + 1)
        report_job(s, j, "the requestor lost more than one step");
    if (j->seen.ended && j->seen.accepted && !j->seen.hampered && !j->seen.failed &&
        j->seen.made > j->seen.paid + 1)
        report_job(s, j, "the executor lost more than one step");
}
