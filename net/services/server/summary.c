/*
 * net/services/server/summary.c - summary of a registry in plain values.
 */
#include "net/services/server/summary.h"

#include "base/assert.h"

/* A seat whose key no member lists has no slot, whatever the size of the network. */
static uint32_t find_member(const struct assay_cont_seats *seats, uint32_t seat)
{
    ASSAY_ASSERT(seat < ASSAY_CONT_SEATS_MAX);
    return seats->slot[seat] == ASSAY_CONT_NO_SLOT ? UINT32_MAX : seats->slot[seat];
}

static void set_seats(struct assay_summary_group *out, const struct assay_cont_group *g)
{
    ASSAY_ASSERT(g->now.roster.count <= ASSAY_CONT_SEATS_MAX);
    if (g->phase == ASSAY_CONT_FORMING) return;
    out->view = out->next_view = g->now.roster.view;
    out->seat_count = g->now.roster.count;
    for (uint32_t i = 0; i < out->seat_count; i++) {
        out->seat[i] = find_member(&g->now, i);
        out->state[i] = assay_cont_group_seat(g, i);
    }
    if (g->phase != ASSAY_CONT_CHANGING) return;
    out->next_view = g->next.roster.view;
    out->next_count = g->next.roster.count;
    for (uint32_t i = 0; i < out->next_count; i++)
        out->next[i] = find_member(&g->next, i);
}

static void set_group(struct assay_summary_group *out, const struct assay_registry_plan *plan,
                      const struct assay_registry *r, uint32_t number)
{
    ASSAY_ASSERT(number < plan->group_count);
    const struct assay_cont_group *g = assay_registry_group(r, number);
    ASSAY_ASSERT(g != NULL); /* the plan has it */
    *out = (struct assay_summary_group){ .size = g->size,
                                         .instances_max = g->instances_max,
                                         .phase = g->phase,
                                         .entries = g->entries,
                                         .instances = g->instance_count };
    assay_bytes_copy(out->name, sizeof out->name, plan->group[number].name, sizeof out->name);
    set_seats(out, g);
    out->alarms = assay_cont_group_alarms(g);
    for (uint32_t slot = 0; slot < ASSAY_CONT_SLOTS_MAX; slot++)
        if (g->member[slot].listed) out->listed[out->listed_count++] = slot;
    for (uint32_t i = 0; i < g->instance_end; i++)
        out->sessions += g->instance[i].session;
}

static void set_cluster(struct assay_summary_cluster *out, const struct assay_share_registry *r,
                        uint32_t number)
{
    ASSAY_ASSERT(number < r->config.clusters && r->config.slots <= ASSAY_SHARE_SLOTS_MAX);
    const struct assay_share_cluster *c = &r->cluster[number];
    *out = (struct assay_summary_cluster){
        .seated = c->seated,
        .alarm = c->alarm_epoch != 0 && c->alarm_epoch == r->epoch,
        .alarm_epoch = c->alarm_epoch,
        .alarms = c->alarms,
        .public_until = c->public_until,
    };
    if (r->round->phase != ASSAY_SHARE_PHASE_NONE && r->round->cluster == number)
        out->phase = r->round->phase;
    for (uint32_t slot = 0; c->seated && slot < r->config.slots; slot++) {
        const uint32_t member = c->seat[slot].member;
        out->member[slot] = member;
        if (member != ASSAY_SHARE_NO_MEMBER)
            out->silent_epoch[slot] = r->member[member].silent_epoch;
        out->ready[slot] = (c->ready >> slot & 1) != 0;
        out->lost[slot] = assay_share_registry_is_lost(r, number, slot);
    }
}

static void set_shares(struct assay_summary_shares *out, const struct assay_share_registry *r)
{
    ASSAY_ASSERT(r->config.clusters <= ASSAY_SHARE_CLUSTERS_MAX);
    *out = (struct assay_summary_shares){ .slots = r->config.slots,
                                          .k = r->config.k,
                                          .confirmations = r->config.confirmations,
                                          .ids_max = r->config.ids_max,
                                          .synced = r->synced_count,
                                          .resharing = r->reshare_count,
                                          .cluster_count = r->config.clusters };
    for (uint32_t i = 0; i < r->row_count; i++) {
        out->ids += !r->row[i].deleted;
        out->due += r->row[i].wanted != 0;
    }
    for (uint32_t i = 0; i < r->reshare_count; i++)
        out->in_public += r->reshare[i].is_public;
    out->quota = assay_share_registry_quota(r);
    out->deleted = r->row_count - out->ids;
    out->waiting = out->ids - out->synced;
    for (uint32_t m = 0; m < ASSAY_SHARE_MEMBERS_MAX; m++) {
        out->holders += r->member[m].listed;
        out->convicted += r->member[m].convicted;
        out->away += r->member[m].away_until > r->epoch;
    }
    for (uint32_t c = 0; c < out->cluster_count; c++)
        set_cluster(&out->cluster[c], r, c);
}

enum assay_summary_state assay_summary_state_of(const struct assay_task_row *row)
{
    switch (row->end) {
    case ASSAY_TASK_END_PAID: return ASSAY_SUMMARY_PAID;
    case ASSAY_TASK_END_CLOSED:
    case ASSAY_TASK_END_RELEASED: return ASSAY_SUMMARY_CLOSED;
    case ASSAY_TASK_END_DEADLINE: return ASSAY_SUMMARY_EXPIRED;
    case ASSAY_TASK_END_NONE: break;
    }
    if (row->failed) return ASSAY_SUMMARY_FAILED;
    return row->accepted ? ASSAY_SUMMARY_ACCEPTED : ASSAY_SUMMARY_OPEN;
}

static void set_tasks(struct assay_summary_tasks *out, const struct assay_registry_plan *plan,
                      const struct assay_task_ledger *ledger)
{
    const struct assay_task_row *row = NULL;
    *out = (struct assay_summary_tasks){ .accounts_max = plan->tasks.accounts_max,
                                         .tasks_max = plan->tasks.tasks_max };
    assay_task_ledger_get_sums(ledger, &out->accounts, &out->total, &out->locked);
    for (uint32_t at = 0; (row = assay_task_ledger_next_task(ledger, &at)) != NULL;)
        out->state[assay_summary_state_of(row)]++;
    for (uint32_t slot = 0; slot < ASSAY_REGISTRY_SLOTS_MAX; slot++) {
        const struct assay_task_offer *offer = assay_task_ledger_find_offer(ledger, slot);
        if (offer == NULL) continue;
        out->offer[out->offer_count++] =
            (struct assay_summary_offer){ .slot = slot, .offer = *offer };
    }
}

static enum assay_summary_key_state state_of_key(const struct assay_ca *ca)
{
    const uint32_t live = assay_ca_live(ca), t = ca->force.threshold;
    if (ca->key_lost) return ASSAY_SUMMARY_KEY_LOST;
    if (ca->ca_number == 0)
        return ca->ceremony.phase == ASSAY_CA_IDLE ? ASSAY_SUMMARY_KEY_NONE
                                                   : ASSAY_SUMMARY_KEY_MAKING;
    if (live < t) return ASSAY_SUMMARY_KEY_TOO_FEW;
    return live < t + (ca->force.count - t + 1) / 2 ? ASSAY_SUMMARY_KEY_FEW
                                                    : ASSAY_SUMMARY_KEY_ACTIVE;
}

void assay_summary_set_identity(struct assay_summary_identity *out, const struct assay_ca *ca)
{
    const struct assay_ca_sharing *const force = &ca->force;
    ASSAY_ASSERT(force->holders <= ASSAY_FROST_HOLDERS_MAX);
    *out = (struct assay_summary_identity){ .state = state_of_key(ca),
                                            .phase = ca->ceremony.phase,
                                            .is_reshare = ca->ceremony.is_reshare,
                                            .ca_number = ca->ca_number,
                                            .threshold = force->threshold,
                                            .indices = force->count,
                                            .live = assay_ca_live(ca),
                                            .convicted = ca->convicted,
                                            .generation = force->generation,
                                            .since = ca->since,
                                            .attempts = ca->attempts,
                                            .holder_count = force->holders };
    for (uint32_t i = 0; i < force->holders; i++) {
        const struct assay_ca_holder *const holder = &force->holder[i];
        out->holder[i] = (struct assay_summary_holder){ .slot = holder->slot,
                                                        .indices = holder->indices,
                                                        .lost = holder->lost };
        for (uint32_t index = holder->first; index < holder->first + holder->indices; index++)
            out->holder[i].live += assay_ca_index_lives(ca, index);
    }
}

void assay_summary_set(struct assay_services_summary *summary,
                       const struct assay_registry_plan *plan,
                       const struct assay_registry *registry)
{
    ASSAY_ASSERT(plan->group_count <= ASSAY_PLAN_GROUPS_MAX);
    summary->group_count = plan->group_count;
    for (uint32_t g = 0; g < plan->group_count; g++)
        set_group(&summary->group[g], plan, registry, g);
    summary->has_shares = plan->has_shares;
    if (plan->has_shares) set_shares(&summary->shares, assay_registry_shares(registry));
    summary->has_tasks = plan->has_tasks;
    if (plan->has_tasks) set_tasks(&summary->tasks, plan, assay_registry_tasks(registry));
    summary->has_identity = assay_registry_identity(registry) != NULL;
    if (summary->has_identity)
        assay_summary_set_identity(&summary->identity, assay_registry_identity(registry));
}

void assay_summary_set_account(struct assay_summary_account *account,
                               const struct assay_registry *registry, const uint8_t id[static 32])
{
    const struct assay_task_ledger *ledger = assay_registry_tasks(registry);
    const struct assay_task_row *row = NULL;
    ASSAY_ASSERT(ledger != NULL);
    *account = (struct assay_summary_account){ 0 };
    assay_bytes_copy(account->account, 32, id, 32);
    account->is_known =
        assay_task_ledger_get_balance(ledger, id, &account->balance, &account->sequence);
    for (uint32_t at = 0; (row = assay_task_ledger_next_task(ledger, &at)) != NULL;)
        if (assay_bytes_equal(row->requestor, id, 32)) account->locked += row->locked;
}
