/*
 * sim/services/quota_abuse.c - members that exhaust what services give one author for nothing
 * (docs/services.md 1.2.3, 1.5, 6.4): instances that never certify a state, tasks without an
 * executor or released as early as possible, a replica under a new key in each epoch. And the
 * checker of quotas, recounted here from final records.
 */
#include "sim/services/tasks.h"

#include "base/crypto/model.h"

#include <string.h>

enum {
    BIRTHS = 4,   /* submissions of a quota_abuser, for each group and epoch */
    OPENINGS = 4, /* of tasks in an epoch, with successive numbers */
    DEADLINE_EPOCHS = 32,
    ROWS_MIN = 4, /* docs/services.md 1.2.3 */
    TASKS_MIN = 2,
    TASKS_PARTS = 64, /* 6.4 */
    STREAM = 77,
};

bool quota_abuse_is_abuser(const struct assay_sim_services *s, uint32_t node)
{
    return node < s->nodes && node + s->load->quota_abusers >= s->nodes;
}

void quota_abuse_open(struct assay_sim_services *s)
{
    s->quota_abuse.random = services_stream(s, PROGRAM_ENCLAVE, (uint64_t)STREAM << 32);
    for (uint32_t i = 0; i < s->load->quota_abusers; i++) {
        struct quota_abuser *h = &s->quota_abuse.abuser[i];
        services_key(&s->quota_abuse.random, &h->secret, h->key);
        assay_task_account(h->key, h->account);
    }
}

static struct quota_abuser *quota_abuser_of(struct assay_sim_services *s, uint32_t node)
{
    return &s->quota_abuse.abuser[node + s->load->quota_abusers - s->nodes];
}

/* --- submissions */

static void submit_birth(struct assay_sim_services *s, uint32_t node, uint32_t group)
{
    const struct assay_cont_group *g = assay_registry_group(s->follower[node].registry, group);
    const uint8_t *const node_id = follower_node_id(s, node);
    struct assay_cont_session_record record = { .group = group };
    struct assay_secret32 secret, link;
    uint8_t digest[32], bytes[ASSAY_CONT_RECORD_MAX];
    struct assay_slice payload;
    if (g == NULL || node_id == NULL) return;
    record.birth = (struct assay_cont_birth){ .era = g->era, .epoch = g->epoch };
    record.expected = assay_cont_number_next(g->era, 0);
    services_key(&s->quota_abuse.random, &secret, record.instance_key);
    services_bytes(&s->quota_abuse.random, link.bytes, 32);
    link.bytes[0] = PROGRAM_READER + 1; /* not the name of a program */
    assay_cont_link_name(&link, &record.link, &record.contact);
    record.contact.address[0] = 'h';
    record.contact.address_len = 1;
    assay_cont_session_statement(&g->home, node_id, &record, digest);
    assay_sodium_link_sign(&link, digest, record.link.signature);
    assay_model_sign(secret.bytes, digest, record.signature);
    if (assay_cont_session_record_encode(&record, bytes, sizeof bytes, &payload) == ASSAY_OK)
        services_submit_uncopied(s, node, ASSAY_SERVICE_SESSION, payload);
}

static void open_task(struct assay_sim_services *s, uint32_t node, uint64_t sequence)
{
    const struct assay_task_ledger *ledger = assay_registry_tasks(s->follower[node].registry);
    const struct quota_abuser *h = quota_abuser_of(s, node);
    const uint32_t slot = assay_sim_random_below(&s->quota_abuse.random, 2) == 0
                              ? node
                              : (uint32_t)assay_sim_random_below(&s->quota_abuse.random, s->nodes);
    const struct assay_task_offer *offer = assay_task_ledger_find_offer(ledger, slot);
    uint8_t digest[32], bytes[ASSAY_TASK_RECORD_MAX];
    struct assay_slice out;
    if (offer == NULL) return;
    struct assay_task_open record = { .sequence = sequence,
                                      .executor = slot,
                                      .price = offer->price,
                                      .hold = offer->hold,
                                      .steps = 1,
                                      .deadline =
                                          assay_task_ledger_get_epoch(ledger) + DEADLINE_EPOCHS,
                                      .min_standing = ASSAY_TASK_STAND_WARNING };
    assay_bytes_copy(record.key, sizeof record.key, h->key, sizeof h->key);
    assay_bytes_copy(record.code, 32, offer->code[0], 32);
    services_bytes(&s->quota_abuse.random, record.input, 32);
    services_bytes(&s->quota_abuse.random, record.box, 32);
    assay_task_open_statement(s->chain_id, &record, digest);
    assay_model_sign(h->secret.bytes, digest, record.signature);
    if (assay_task_open_encode(&record, bytes, sizeof bytes, &out) == ASSAY_OK)
        services_submit_uncopied(s, node, ASSAY_SERVICE_TASK_OPEN, out);
}

static void open_next(struct assay_sim_services *s, uint32_t node, struct quota_abuser *h)
{
    const struct assay_task_ledger *ledger = assay_registry_tasks(s->follower[node].registry);
    uint64_t balance = 0, sequence = 0;
    if (services_now(s) < h->open_at_ms || ledger == NULL) return;
    h->open_at_ms = services_now(s) + s->scenario->epoch_ms / OPENINGS;
    if (assay_task_ledger_get_balance(ledger, h->account, &balance, &sequence))
        open_task(s, node, sequence);
}

/* Accepts its own task, which pays only itself. */
static void accept_own(struct assay_sim_services *s, uint32_t node,
                       const struct assay_task_row *row)
{
    const struct quota_abuser *h = quota_abuser_of(s, node);
    struct assay_task_accept record = { 0 };
    uint8_t bytes[ASSAY_TASK_RECORD_MAX];
    struct assay_slice out;
    assay_bytes_copy(record.task, 32, row->task, 32);
    assay_bytes_copy(record.key, sizeof record.key, h->key, sizeof h->key);
    assay_bytes_copy(record.account, 32, h->account, 32);
    if (assay_task_accept_encode(&record, bytes, sizeof bytes, &out) == ASSAY_OK)
        services_submit_uncopied(s, node, ASSAY_SERVICE_TASK_ACCEPT, out);
}

/* Releases any task that it takes part in, as early as possible. */
static void release_task(struct assay_sim_services *s, uint32_t node,
                         const struct assay_task_row *row, bool is_signed)
{
    const struct quota_abuser *h = quota_abuser_of(s, node);
    struct assay_task_release record = { .paid = row->paid, .is_signed = is_signed };
    uint8_t digest[32], bytes[ASSAY_TASK_RECORD_MAX];
    struct assay_slice out;
    assay_bytes_copy(record.task, 32, row->task, 32);
    assay_bytes_copy(record.key, sizeof record.key, h->key, sizeof h->key);
    assay_task_release_statement(s->chain_id, &record, digest);
    assay_model_sign(h->secret.bytes, digest, record.signature);
    if (assay_task_release_encode(&record, bytes, sizeof bytes, &out) == ASSAY_OK)
        services_submit_uncopied(s, node, ASSAY_SERVICE_TASK_RELEASE, out);
}

static void accept_and_release(struct assay_sim_services *s, uint32_t node)
{
    const struct assay_task_ledger *ledger = assay_registry_tasks(s->follower[node].registry);
    const struct assay_task_row *row = NULL;
    if (ledger == NULL) return;
    for (uint32_t at = 0; (row = assay_task_ledger_next_task(ledger, &at)) != NULL;) {
        const bool own = assay_bytes_equal(row->requestor, quota_abuser_of(s, node)->account, 32);
        if (row->end != ASSAY_TASK_END_NONE || (!own && row->executor != node)) continue;
        if (own && row->executor == node && !row->accepted) accept_own(s, node, row);
        else release_task(s, node, row, own);
    }
}

void quota_abuse_step(struct assay_sim_services *s, uint32_t node)
{
    if (!quota_abuse_is_abuser(s, node) || !services_is_on(s)) return;
    struct quota_abuser *h = quota_abuser_of(s, node);
    open_next(s, node, h);
    if (h->epoch >= s->follower[node].feed.epoch) return;
    h->epoch = s->follower[node].feed.epoch;
    accept_and_release(s, node);
    for (uint32_t g = 0; g < s->plan.group_count; g++) {
        for (uint32_t i = 0; i < BIRTHS; i++)
            submit_birth(s, node, g);
        replicas_relist(s, g, node);
    }
}

/* --- quotas: rows of final records */

void quota_abuse_on_standings(struct assay_sim_services *s,
                              const struct assay_registry_member *member, uint32_t count)
{
    s->quota_abuse.standing = 0;
    for (uint32_t i = 0; i < count; i++)
        s->quota_abuse.standing += member[i].standing >= ASSAY_REGISTRY_STAND_WARNING;
    s->quota_abuse.known = true;
}

void quota_abuse_forget_standings(struct assay_sim_services *s)
{
    s->quota_abuse.known = false;
}

static void check_rows(struct assay_sim_services *s, const struct assay_cont_group *g,
                       uint32_t slot)
{
    const uint32_t members = s->quota_abuse.standing > 0 ? s->quota_abuse.standing : 1;
    const uint32_t part = g->instances_max / (2 * members);
    const uint32_t most = part > ROWS_MIN ? part : ROWS_MIN;
    uint32_t rows = 0, provisional = 0;
    for (uint32_t i = 0; i < g->instance_end; i++) {
        if (g->instance[i].session == 0) continue; /* a free place names slot 0 */
        rows += g->instance[i].payer == slot;
        provisional += g->instance[i].payer == slot && !g->instance[i].kept;
    }
    services_report_check(s, ASSAY_SIM_CHECKER_BOUNDS, NULL);
    if (rows > most || 2 * provisional > most)
        services_report_check(s, ASSAY_SIM_CHECKER_BOUNDS,
                              "slot %u has %u instances, %u of them provisional; %u is the most",
                              slot, rows, provisional, most);
}

static void check_tasks(struct assay_sim_services *s, const struct assay_registry_facts *facts)
{
    const struct assay_task_ledger *ledger = assay_registry_tasks(s->recount.registry);
    const uint32_t part = s->plan.tasks.tasks_max / TASKS_PARTS;
    const uint32_t most = part > TASKS_MIN ? part : TASKS_MIN;
    if (facts->task_count == 0) return;
    const struct assay_task_row *own = assay_task_ledger_find_task(ledger, facts->task[0].task);
    const struct assay_task_row *row = NULL;
    uint32_t open = 0;
    if (own == NULL) return;
    for (uint32_t at = 0; (row = assay_task_ledger_next_task(ledger, &at)) != NULL;)
        open += row->end == ASSAY_TASK_END_NONE &&
                assay_bytes_equal(row->requestor, own->requestor, 32);
    services_report_check(s, ASSAY_SIM_CHECKER_BOUNDS, NULL);
    if (open > most)
        services_report_check(s, ASSAY_SIM_CHECKER_BOUNDS,
                              "one account has %u tasks that have not ended, %u is the most", open,
                              most);
}

/* Within the plan, for all authors together. */
static void check_tables(struct assay_sim_services *s)
{
    const struct assay_task_ledger *tasks = assay_registry_tasks(s->recount.registry);
    const struct assay_share_registry *shares = assay_registry_shares(s->recount.registry);
    uint32_t accounts = 0;
    uint64_t total = 0, locked = 0;
    services_report_check(s, ASSAY_SIM_CHECKER_BOUNDS, NULL);
    if (tasks != NULL) assay_task_ledger_get_sums(tasks, &accounts, &total, &locked);
    if (accounts > s->plan.tasks.accounts_max)
        services_report_check(s, ASSAY_SIM_CHECKER_BOUNDS, "%u accounts, %u is the most", accounts,
                              s->plan.tasks.accounts_max);
    if (shares != NULL && shares->row_count > shares->config.ids_max)
        services_report_check(s, ASSAY_SIM_CHECKER_BOUNDS, "%u ids, %u is the most",
                              shares->row_count, shares->config.ids_max);
}

void quota_abuse_record(struct assay_sim_services *s, uint32_t slot, enum assay_service_kind kind,
                        struct assay_slice payload, const char *became,
                        const struct assay_registry_facts *facts)
{
    const bool applied = strcmp(became, "applied") == 0;
    const bool abuses = quota_abuse_is_abuser(s, slot);
    const bool refused = strcmp(became, "quota") == 0 || strcmp(became, "no-room") == 0;
    s->quota_abuse.refused += abuses && refused;
    check_tables(s);
    if (!applied) return;
    if (kind == ASSAY_SERVICE_REPLICA) s->quota_abuse.relisted += abuses;
    if (kind == ASSAY_SERVICE_TASK_OPEN) check_tasks(s, facts);
    if (kind == ASSAY_SERVICE_TASK_OPEN || kind == ASSAY_SERVICE_SESSION)
        s->quota_abuse.taken += abuses;
    struct assay_cont_session_record record;
    if (kind != ASSAY_SERVICE_SESSION || !s->quota_abuse.known ||
        assay_cont_session_record_decode(payload, &record) != ASSAY_OK)
        return;
    const struct assay_cont_group *g = assay_registry_group(s->recount.registry, record.group);
    /* A row that continues is charged to no author again, and quotas shrink as the membership
     * grows. */
    if (g != NULL && record.birth.era == g->era &&
        record.expected == assay_cont_number_next(g->era, 0))
        check_rows(s, g, slot);
}
