/*
 * services/registry/registry.c - state of all services: memory, epoch closes, documents
 * (docs/services.md 7.2, 7.3).
 */
#include "services/continuity/document.h"
#include "services/identity/ceremony_document.h"
#include "services/registry/registry_internal.h"
#include "services/shares/document.h"
#include "services/tasks/document.h"

enum { ALIGN = 16, GENESIS = 0 };

_Static_assert(ASSAY_PLAN_GROUPS_MAX + ASSAY_PLAN_PAGES_MAX + ASSAY_SHARE_DOCUMENTS_MAX + 1 +
                       ASSAY_CA_DOCUMENTS <
                   (int)ASSAY_REGISTRY_DOCUMENTS_MAX,
               "a plan at its limits has more documents than are foreseen");
_Static_assert((int)ASSAY_PLAN_PAGE_ROWS == (int)ASSAY_CONT_DOCUMENT_ROWS,
               "a plan counts pages of another length");
_Static_assert((int)ASSAY_CONT_DOCUMENT_LEN_MAX <= (int)ASSAY_REGISTRY_DOCUMENT_LEN_MAX,
               "a document of a group is too long");
_Static_assert((int)ASSAY_SHARE_DOCUMENT_LEN_MAX <= (int)ASSAY_REGISTRY_DOCUMENT_LEN_MAX,
               "a document of shares is too long");
_Static_assert(ASSAY_TASK_DOCUMENT_HEAD_MAX +
                       ASSAY_TASK_ACCOUNTS_MAX * ASSAY_TASK_DOCUMENT_ACCOUNT_MAX +
                       ASSAY_REGISTRY_SLOTS_MAX * ASSAY_TASK_DOCUMENT_SEAT_MAX +
                       ASSAY_TASK_TASKS_MAX * ASSAY_TASK_DOCUMENT_ROW_MAX <=
                   ASSAY_REGISTRY_DOCUMENT_LEN_MAX,
               "the document of tasks is too long");
_Static_assert((int)ASSAY_CA_DOCUMENT_LEN_MAX <= (int)ASSAY_REGISTRY_DOCUMENT_LEN_MAX &&
                   (int)ASSAY_CA_SLOTS_MAX == (int)ASSAY_REGISTRY_SLOTS_MAX,
               "the group key has other limits");
_Static_assert((int)ASSAY_REGISTRY_SLOTS_MAX <= (int)ASSAY_CONT_SLOTS_MAX &&
                   (int)ASSAY_REGISTRY_SLOTS_MAX <= (int)ASSAY_SHARE_MEMBERS_MAX &&
                   (int)ASSAY_REGISTRY_SLOTS_MAX <= (int)ASSAY_TASK_SLOTS_MAX,
               "a service has fewer slots");

/* --- memory */

static size_t align_up(size_t len)
{
    return (len + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

static size_t rows_size(const struct assay_registry_plan *plan, uint32_t group)
{
    ASSAY_ASSERT(group < plan->group_count);
    return align_up(plan->group[group].instances_max * sizeof(struct assay_cont_instance_row));
}

static size_t groups_size(const struct assay_registry_plan *plan)
{
    size_t size = align_up(plan->group_count * sizeof(struct assay_cont_group));
    for (uint32_t i = 0; i < plan->group_count; i++)
        size += rows_size(plan, i);
    return size;
}

static size_t shares_size(const struct assay_registry_plan *plan)
{
    return plan->has_shares ? align_up(assay_share_registry_size(plan->shares.ids_max)) : 0;
}

static size_t tasks_size(const struct assay_registry_plan *plan)
{
    return plan->has_tasks
               ? align_up(assay_task_ledger_size(plan->tasks.accounts_max, plan->tasks.tasks_max,
                                                 ASSAY_REGISTRY_SLOTS_MAX))
               : 0;
}

static size_t discarded_size(const struct assay_registry_plan *plan)
{
    return plan->has_shares ? align_up(sizeof(struct assay_share_facts)) : 0;
}

static size_t identity_size(const struct assay_registry_plan *plan)
{
    return plan->has_identity ? align_up(sizeof(struct assay_ca)) : 0;
}

size_t assay_registry_size(const struct assay_registry_plan *plan)
{
    return align_up(sizeof(struct assay_registry)) + groups_size(plan) + shares_size(plan) +
           tasks_size(plan) + identity_size(plan) + discarded_size(plan);
}

size_t assay_registry_size_max(void)
{
    struct assay_registry_plan most = {
        .group_count = ASSAY_PLAN_GROUPS_MAX,
        .has_shares = true,
        .shares = { .ids_max = ASSAY_SHARE_IDS_MAX },
        .has_tasks = true,
        .tasks = { .accounts_max = ASSAY_TASK_ACCOUNTS_MAX, .tasks_max = ASSAY_TASK_TASKS_MAX },
        .has_identity = true,
    };
    for (uint32_t i = 0; i < ASSAY_PLAN_GROUPS_MAX; i++)
        most.group[i].instances_max =
            ASSAY_PLAN_PAGES_MAX / ASSAY_PLAN_GROUPS_MAX * ASSAY_PLAN_PAGE_ROWS;
    return assay_registry_size(&most);
}

static struct assay_cont_home home_of(const struct assay_registry *r, uint32_t group)
{
    ASSAY_ASSERT(group < r->plan.group_count);
    struct assay_cont_home home = { .group = group };
    assay_bytes_copy(home.chain_id, 32, r->chain_id, 32);
    return home;
}

/* Returns: the number of bytes used. */
static size_t init_groups(struct assay_registry *r, uint8_t *memory)
{
    size_t at = align_up(r->plan.group_count * sizeof *r->group);
    r->group = (struct assay_cont_group *)(void *)memory;
    for (uint32_t i = 0; i < r->plan.group_count; i++) {
        const struct assay_cont_home home = home_of(r, i);
        assay_cont_group_init(&r->group[i], &home, r->plan.group[i].size,
                              r->plan.group[i].instances_max,
                              (struct assay_cont_instance_row *)(void *)(memory + at));
        at += rows_size(&r->plan, i);
    }
    ASSAY_ASSERT(at == groups_size(&r->plan));
    return at;
}

static void init_shares(struct assay_registry *r, uint8_t *memory)
{
    ASSAY_ASSERT(r->plan.has_shares && r->shares == NULL);
    struct assay_share_config config = {
        .clusters = r->plan.shares.clusters,
        .slots = r->plan.shares.slots,
        .k = r->plan.shares.k,
        .confirmations = r->plan.shares.confirmations,
        .ids_max = r->plan.shares.ids_max,
    };
    assay_bytes_copy(config.home.chain_id, 32, r->chain_id, 32);
    r->shares = assay_share_registry_init(memory, shares_size(&r->plan), &config);
}

static enum assay_status init_tasks(struct assay_registry *r, uint8_t *memory)
{
    ASSAY_ASSERT(r->plan.has_tasks && r->tasks == NULL);
    struct assay_task_ledger_config config = {
        .accounts_max = r->plan.tasks.accounts_max,
        .tasks_max = r->plan.tasks.tasks_max,
        .slots_max = ASSAY_REGISTRY_SLOTS_MAX,
        .epoch = GENESIS + 1,
        .balances = r->plan.tasks.balance,
        .balance_count = r->plan.tasks.balance_count,
    };
    assay_bytes_copy(config.chain_id, 32, r->chain_id, 32);
    return assay_task_ledger_init(memory, tasks_size(&r->plan), &config, &r->tasks);
}

static void init_identity(struct assay_registry *r, uint8_t *memory)
{
    struct assay_ca_config config = {
        .refresh = r->plan.identity.refresh,
        .replaces_lost_key = r->plan.identity.replaces_lost_key,
        .rollover = r->plan.identity.rollover,
        .next_epochs = r->plan.identity.next_epochs,
        .old_epochs = r->plan.identity.old_epochs,
        .replaced = r->plan.identity.replaced,
        .retired = r->plan.identity.retired,
    };
    ASSAY_ASSERT(r->plan.has_identity && r->identity == NULL);
    assay_registry_plan_identity_digest(&r->plan, config.terms);
    r->identity = (struct assay_ca *)(void *)memory;
    assay_ca_init(r->identity, r->chain_id, &config);
}

enum assay_status assay_registry_init(void *memory, size_t memory_len,
                                      const struct assay_registry_plan *plan,
                                      const uint8_t chain_id[static 32],
                                      struct assay_registry **registry)
{
    ASSAY_TRY(assay_registry_plan_check(plan));
    ASSAY_ASSERT(memory_len >= assay_registry_size(plan));
    struct assay_registry *r = memory;
    uint8_t *at = memory;
    *r = (struct assay_registry){ .plan = *plan, .epoch = GENESIS };
    assay_bytes_copy(r->chain_id, 32, chain_id, 32);
    at += align_up(sizeof *r);
    at += init_groups(r, at);
    if (plan->has_shares) init_shares(r, at);
    at += shares_size(plan);
    if (plan->has_tasks) ASSAY_TRY(init_tasks(r, at));
    at += tasks_size(plan);
    if (plan->has_identity) init_identity(r, at);
    at += identity_size(plan);
    if (plan->has_shares) r->discarded_facts = (struct assay_share_facts *)(void *)at;
    ASSAY_ASSERT(at + discarded_size(plan) <= (uint8_t *)memory + memory_len);
    *registry = r;
    return ASSAY_OK;
}

void assay_registry_copy(struct assay_registry *to, const struct assay_registry *from)
{
    ASSAY_ASSERT(to != from);
    ASSAY_ASSERT(to->plan.group_count == from->plan.group_count);
    ASSAY_ASSERT(to->plan.has_shares == from->plan.has_shares);
    ASSAY_ASSERT(to->plan.has_tasks == from->plan.has_tasks);
    ASSAY_ASSERT(to->plan.has_identity == from->plan.has_identity);
    ASSAY_ASSERT(assay_bytes_equal(to->chain_id, from->chain_id, 32));
    to->era = from->era;
    to->epoch = from->epoch;
    to->other_weight = from->other_weight;
    to->missing = from->missing;
    for (uint32_t i = 0; i < from->plan.group_count; i++)
        assay_cont_group_copy(&to->group[i], &from->group[i]);
    if (from->shares != NULL) assay_share_registry_copy(to->shares, from->shares);
    if (from->tasks != NULL) assay_task_ledger_copy(to->tasks, from->tasks);
    if (from->identity != NULL) *to->identity = *from->identity;
}

/* --- epochs */

void assay_registry_clear_facts(struct assay_registry_facts *facts)
{
    facts->group = 0;
    facts->continuity.count = 0;
    facts->shares.count = 0;
    facts->task_count = 0;
    facts->identity.count = 0;
}

/* The same standing in each service's terms (docs/services.md 7.3). */
struct standings {
    uint32_t count;
    enum assay_cont_standing cont[ASSAY_REGISTRY_SLOTS_MAX];
    enum assay_share_standing share[ASSAY_REGISTRY_SLOTS_MAX];
    uint16_t score[ASSAY_REGISTRY_SLOTS_MAX];
    uint8_t operator_[ASSAY_REGISTRY_SLOTS_MAX];
    struct assay_task_member task[ASSAY_REGISTRY_SLOTS_MAX];
};

/* RESTRICTED: it loses a seat like an unknown member, but its memory is not in doubt. */
static enum assay_cont_standing cont_standing(enum assay_registry_standing standing)
{
    switch (standing) {
    case ASSAY_REGISTRY_STAND_NONE:
    case ASSAY_REGISTRY_STAND_RESTRICTED: return ASSAY_CONT_STAND_NONE;
    case ASSAY_REGISTRY_STAND_SUSPENDED: return ASSAY_CONT_STAND_SUSPENDED;
    case ASSAY_REGISTRY_STAND_WARNING: return ASSAY_CONT_STAND_WARNING;
    case ASSAY_REGISTRY_STAND_FULL: return ASSAY_CONT_STAND_FULL;
    }
    ASSAY_UNREACHABLE("a standing");
}

static enum assay_share_standing share_standing(enum assay_registry_standing standing)
{
    switch (standing) {
    case ASSAY_REGISTRY_STAND_NONE:
    case ASSAY_REGISTRY_STAND_RESTRICTED: return ASSAY_SHARE_STAND_NONE;
    case ASSAY_REGISTRY_STAND_SUSPENDED: return ASSAY_SHARE_STAND_SUSPENDED;
    case ASSAY_REGISTRY_STAND_WARNING: return ASSAY_SHARE_STAND_WARNING;
    case ASSAY_REGISTRY_STAND_FULL: return ASSAY_SHARE_STAND_FULL;
    }
    ASSAY_UNREACHABLE("a standing");
}

static enum assay_task_standing task_standing(enum assay_registry_standing standing)
{
    switch (standing) {
    case ASSAY_REGISTRY_STAND_NONE: return ASSAY_TASK_STAND_NONE;
    case ASSAY_REGISTRY_STAND_SUSPENDED: return ASSAY_TASK_STAND_SUSPENDED;
    case ASSAY_REGISTRY_STAND_RESTRICTED: return ASSAY_TASK_STAND_RESTRICTED;
    case ASSAY_REGISTRY_STAND_WARNING: return ASSAY_TASK_STAND_WARNING;
    case ASSAY_REGISTRY_STAND_FULL: return ASSAY_TASK_STAND_FULL;
    }
    ASSAY_UNREACHABLE("a standing");
}

static void translate_standings(const struct assay_registry_member *member, uint32_t count,
                                struct standings *out)
{
    out->count = count < ASSAY_REGISTRY_SLOTS_MAX ? count : ASSAY_REGISTRY_SLOTS_MAX;
    for (uint32_t i = 0; i < out->count; i++) {
        const struct assay_registry_member *m = &member[i];
        out->cont[i] = cont_standing(m->standing);
        out->share[i] = share_standing(m->standing);
        out->score[i] = m->score_bp;
        out->operator_[i] = m->operator_;
        out->task[i] = (struct assay_task_member){
            .standing = task_standing(m->standing),
            .score = m->score_bp,
            .certified = m->certified,
            .failed = m->failed,
            .renewed = m->renewed,
        };
    }
}

/* The slot's previous member is gone, with its entries; the tasks' close clears its own. */
static void clear_slot(struct assay_registry *r, uint32_t slot)
{
    ASSAY_ASSERT(slot < ASSAY_REGISTRY_SLOTS_MAX);
    for (uint32_t i = 0; i < r->plan.group_count; i++)
        assay_cont_group_clear_slot(&r->group[i], slot);
    if (r->shares != NULL) assay_share_registry_clear_member(r->shares, slot);
}

static void close_groups(struct assay_registry *r, const struct standings *s,
                         struct assay_registry_facts *scratch, assay_registry_report *on_facts,
                         void *context)
{
    for (uint32_t i = 0; i < r->plan.group_count; i++) {
        assay_registry_clear_facts(scratch);
        scratch->group = i;
        assay_cont_group_close_epoch(&r->group[i], r->epoch, s->cont, s->score, s->operator_,
                                     s->count, &scratch->continuity);
        if (on_facts != NULL && scratch->continuity.count > 0) on_facts(context, scratch);
    }
}

void assay_registry_set_era(struct assay_registry *r, uint64_t era)
{
    ASSAY_ASSERT(era >= r->era && era <= ASSAY_REGISTRY_ERA_MAX);
    r->era = era;
    for (uint32_t i = 0; i < r->plan.group_count; i++)
        r->group[i].era = era;
    if (r->shares != NULL) assay_share_registry_set_era(r->shares, era);
    if (r->tasks != NULL) assay_task_ledger_set_era(r->tasks, era);
    if (r->identity != NULL) assay_ca_set_era(r->identity, era);
}

void assay_registry_set_other_weight(struct assay_registry *r, uint64_t weight)
{
    ASSAY_ASSERT(weight <= INT64_MAX);
    r->other_weight = weight;
}

/* Of the table of voters: seats, those beyond the slots too, and rows without a key. */
static uint64_t weigh_table(const struct assay_registry *r,
                            const struct assay_registry_member *member, uint32_t count)
{
    uint64_t total = r->other_weight;
    for (uint32_t i = 0; i < count; i++)
        total += member[i].seat_weight;
    return total;
}

/* An epoch is certified when any member was (an epoch that is HELD certifies none). */
static void close_identity(struct assay_registry *r, const struct assay_registry_member *member,
                           uint32_t count, struct assay_ca_facts *facts)
{
    struct assay_ca_member translated[ASSAY_REGISTRY_SLOTS_MAX];
    const uint32_t slots = count < ASSAY_REGISTRY_SLOTS_MAX ? count : ASSAY_REGISTRY_SLOTS_MAX;
    bool certified = false;
    for (uint32_t i = 0; i < count; i++)
        certified = certified || member[i].certified;
    assay_registry_identity_members(member, slots, translated);
    assay_ca_close_epoch(r->identity, r->epoch, certified, translated, slots,
                         weigh_table(r, member, count), facts);
}

void assay_registry_close_epoch(struct assay_registry *r, uint64_t epoch,
                                const struct assay_registry_member *member, uint32_t count,
                                struct assay_registry_facts *scratch,
                                assay_registry_report *on_facts, void *context)
{
    struct standings s;
    bool certified[ASSAY_REGISTRY_SLOTS_MAX] = { false };
    ASSAY_ASSERT(r->missing == 0);
    ASSAY_ASSERT(epoch > r->epoch && epoch < INT64_MAX);
    translate_standings(member, count, &s);
    for (uint32_t i = 0; i < s.count; i++)
        if (member[i].renewed) clear_slot(r, i);
    r->epoch = epoch;
    close_groups(r, &s, scratch, on_facts, context);
    if (r->shares != NULL) {
        assay_registry_clear_facts(scratch);
        for (uint32_t i = 0; i < s.count; i++)
            certified[i] = member[i].certified;
        assay_share_registry_set_certified(r->shares, certified, s.count);
        assay_share_registry_close_epoch(r->shares, epoch, s.share, s.score, s.count,
                                         &scratch->shares);
        if (on_facts != NULL && scratch->shares.count > 0) on_facts(context, scratch);
    }
    if (r->tasks != NULL) {
        assay_registry_clear_facts(scratch);
        scratch->task_count = assay_task_ledger_close_epoch(r->tasks, epoch + 1, s.task, s.count,
                                                            scratch->task, ASSAY_TASK_TASKS_MAX);
        if (on_facts != NULL && scratch->task_count > 0) on_facts(context, scratch);
    }
    if (r->identity != NULL) {
        assay_registry_clear_facts(scratch);
        close_identity(r, member, count, &scratch->identity);
        if (on_facts != NULL && scratch->identity.count > 0) on_facts(context, scratch);
    }
}

void assay_registry_set_standing(struct assay_registry *r, uint64_t epoch,
                                 const struct assay_registry_member *member, uint32_t count)
{
    struct standings s;
    ASSAY_ASSERT(r->missing == 0);
    ASSAY_ASSERT(epoch < INT64_MAX);
    translate_standings(member, count, &s);
    r->epoch = epoch;
    for (uint32_t i = 0; i < r->plan.group_count; i++)
        assay_cont_group_set_standing(&r->group[i], epoch, s.cont, s.score, s.operator_, s.count);
    if (r->shares != NULL)
        assay_share_registry_set_standing(r->shares, epoch, s.share, s.score, s.count);
    if (r->tasks != NULL) assay_task_ledger_set_standing(r->tasks, epoch + 1, s.task, s.count);
    if (r->identity == NULL) return;
    struct assay_ca_member translated[ASSAY_REGISTRY_SLOTS_MAX];
    assay_registry_identity_members(member, s.count, translated);
    assay_ca_set_members(r->identity, epoch, translated, s.count, weigh_table(r, member, count));
}

/* --- documents: groups, then shares, then tasks, then the group key */

static uint32_t share_documents(const struct assay_registry_plan *plan)
{
    return plan->has_shares ? assay_share_documents(plan->shares.ids_max) : 0;
}

/* Of the groups before this one. */
static uint32_t group_documents(const struct assay_registry_plan *plan, uint32_t group)
{
    ASSAY_ASSERT(group <= plan->group_count);
    uint32_t count = 0;
    for (uint32_t i = 0; i < group; i++)
        count += assay_cont_documents(plan->group[i].instances_max);
    return count;
}

/* Finds the group of a document, below group_documents of all. *part: which of its documents. */
static uint32_t group_of_document(const struct assay_registry_plan *plan, uint32_t document,
                                  uint32_t *part)
{
    ASSAY_ASSERT(document < group_documents(plan, plan->group_count));
    uint32_t group = 0;
    while (document >= group_documents(plan, group + 1))
        group++;
    *part = document - group_documents(plan, group);
    ASSAY_ASSERT(group < plan->group_count);
    return group;
}

uint32_t assay_registry_documents(const struct assay_registry_plan *plan)
{
    return group_documents(plan, plan->group_count) + share_documents(plan) +
           (plan->has_tasks ? 1 : 0) + (plan->has_identity ? ASSAY_CA_DOCUMENTS : 0);
}

uint32_t assay_registry_document_before(const struct assay_registry_plan *before,
                                        const struct assay_registry_plan *after, uint32_t document)
{
    const uint32_t none = ASSAY_REGISTRY_DOCUMENTS_MAX;
    ASSAY_ASSERT(document < assay_registry_documents(after));
    if (before == NULL) return none;
    const uint32_t groups = group_documents(before, before->group_count);
    const uint32_t all_groups = group_documents(after, after->group_count);
    /* Existing groups come first, unchanged. */
    if (document < all_groups) return document < groups ? document : none;
    document -= all_groups;
    const uint32_t shares = share_documents(after);
    if (document < shares) return before->has_shares ? groups + document : none;
    document -= shares;
    const uint32_t tasks = groups + share_documents(before);
    if (after->has_tasks && document == 0) return before->has_tasks ? tasks : none;
    document -= after->has_tasks ? 1 : 0;
    return before->has_identity ? tasks + (before->has_tasks ? 1 : 0) + document : none;
}

void assay_registry_document_name(const struct assay_registry_plan *plan, uint32_t document,
                                  char name[static 80])
{
    struct assay_writer w = assay_writer_over(name, 80);
    const uint32_t groups = group_documents(plan, plan->group_count);
    ASSAY_ASSERT(document < assay_registry_documents(plan));
    if (document < groups) {
        uint32_t part = 0;
        const char *const of = plan->group[group_of_document(plan, document, &part)].name;
        assay_writer_put(&w, "group/", 6);
        assay_writer_put(&w, of, strlen(of));
        if (part > 0) assay_writer_u8(&w, '/');
        if (part > 9) assay_writer_u8(&w, (uint8_t)('0' + part / 10));
        if (part > 0) assay_writer_u8(&w, (uint8_t)('0' + part % 10));
    } else if (document - groups < share_documents(plan)) {
        const uint32_t number = document - groups;
        ASSAY_ASSERT(number < 10);
        assay_writer_put(&w, "shares/", 7);
        assay_writer_u8(&w, (uint8_t)('0' + number));
    } else if (plan->has_tasks && document == groups + share_documents(plan)) {
        assay_writer_put(&w, "tasks", 5);
    } else {
        const uint32_t number = document - (assay_registry_documents(plan) - ASSAY_CA_DOCUMENTS);
        ASSAY_ASSERT(plan->has_identity && number < ASSAY_CA_DOCUMENTS);
        assay_writer_put(&w, "identity/", 9);
        assay_writer_u8(&w, (uint8_t)('0' + number));
    }
    assay_writer_u8(&w, 0);
    ASSAY_ASSERT(!w.full);
}

enum assay_status assay_registry_encode(const struct assay_registry *r, uint32_t document,
                                        struct assay_writer *w)
{
    ASSAY_ASSERT(r->missing == 0);
    ASSAY_ASSERT(document < assay_registry_documents(&r->plan));
    const uint32_t groups = group_documents(&r->plan, r->plan.group_count);
    uint32_t part = 0;
    if (document < groups) {
        const uint32_t group = group_of_document(&r->plan, document, &part);
        return assay_cont_group_encode(&r->group[group], part, w);
    }
    document -= groups;
    if (document < share_documents(&r->plan))
        return assay_share_registry_encode(r->shares, document, w);
    document -= share_documents(&r->plan);
    if (r->plan.has_tasks && document == 0) return assay_task_ledger_encode(r->tasks, w);
    return assay_ca_document_encode(r->identity, document - (r->plan.has_tasks ? 1 : 0), w);
}

static enum assay_status decode_one(struct assay_registry *r, uint32_t document,
                                    struct assay_slice bytes)
{
    ASSAY_ASSERT(document < assay_registry_documents(&r->plan));
    if (bytes.len > ASSAY_REGISTRY_DOCUMENT_LEN_MAX) return ASSAY_E_RANGE;
    const uint32_t groups = group_documents(&r->plan, r->plan.group_count);
    uint32_t part = 0;
    if (document < groups) {
        const uint32_t group = group_of_document(&r->plan, document, &part);
        return assay_cont_group_decode(&r->group[group], part, bytes);
    }
    document -= groups;
    if (document < share_documents(&r->plan))
        return assay_share_registry_decode(r->shares, document, bytes);
    document -= share_documents(&r->plan);
    if (r->plan.has_tasks && document == 0) return assay_task_ledger_decode(bytes, r->tasks);
    return assay_ca_document_decode(r->identity, document - (r->plan.has_tasks ? 1 : 0), bytes);
}

/* All documents were decoded: validates and joins the parts. */
static enum assay_status join_parts(struct assay_registry *r)
{
    for (uint32_t i = 0; i < r->plan.group_count; i++)
        ASSAY_TRY(assay_cont_group_join(&r->group[i]));
    if (r->shares != NULL) ASSAY_TRY(assay_share_registry_join(r->shares));
    return r->identity != NULL ? assay_ca_document_join(r->identity) : ASSAY_OK;
}

/* A document was decoded, or added empty. Returns: status; after the last one the result of
 * joining. */
static enum assay_status mark_document_read(struct assay_registry *r, uint32_t document,
                                            enum assay_status status)
{
    ASSAY_ASSERT(document < ASSAY_REGISTRY_DOCUMENTS_MAX);
    const uint32_t count = assay_registry_documents(&r->plan);
    const uint64_t all = (UINT64_C(1) << count) - 1;
    const uint64_t left = (r->missing == 0 ? all : r->missing) & ~(UINT64_C(1) << document);
    ASSAY_ASSERT(document < count);
    if (r->missing == 0) r->era = r->epoch = GENESIS; /* the first one: resets the epoch */
    if (status == ASSAY_OK && left == 0) status = join_parts(r);
    r->missing = status == ASSAY_OK ? left : all;
    return status;
}

enum assay_status assay_registry_decode(struct assay_registry *r, uint32_t document,
                                        struct assay_slice bytes)
{
    ASSAY_ASSERT(document < assay_registry_documents(&r->plan));
    return mark_document_read(r, document, decode_one(r, document, bytes));
}

void assay_registry_add_document(struct assay_registry *r, uint32_t document)
{
    const enum assay_status status = mark_document_read(r, document, ASSAY_OK);
    ASSAY_ASSERT(status == ASSAY_OK); /* untouched shares are valid */
}

/* --- parts */

const struct assay_registry_plan *assay_registry_get_plan(const struct assay_registry *r)
{
    return &r->plan;
}

const struct assay_cont_group *assay_registry_group(const struct assay_registry *r, uint32_t group)
{
    return group < r->plan.group_count ? &r->group[group] : NULL;
}

const struct assay_share_registry *assay_registry_shares(const struct assay_registry *r)
{
    return r->shares;
}

const struct assay_task_ledger *assay_registry_tasks(const struct assay_registry *r)
{
    return r->tasks;
}

const struct assay_ca *assay_registry_identity(const struct assay_registry *r)
{
    return r->identity;
}

void assay_registry_check(const struct assay_registry *r)
{
    ASSAY_ASSERT(r->missing == 0);
    for (uint32_t i = 0; i < r->plan.group_count; i++)
        assay_cont_group_check(&r->group[i]);
    if (r->shares != NULL) assay_share_registry_check(r->shares);
    if (r->tasks != NULL) assay_task_ledger_check(r->tasks);
    if (r->identity != NULL) assay_ca_check(r->identity);
}
