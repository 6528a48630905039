/*
 * services/identity/ceremony.c - closes of the fold of a group key: lost holders, phases of a
 * ceremony, generations (docs/identity.md 3.4 to 3.6, 3.10, 3.14).
 */
#include "services/identity/ceremony_internal.h"

#include "base/crypto.h"

enum { DEAL_LEN_FIXED = 512 };

void assay_ca_init(struct assay_ca *ca, const uint8_t chain_id[static 32],
                   const struct assay_ca_config *config)
{
    ASSAY_ASSERT(config->refresh >= ASSAY_CA_BAR_EPOCHS);
    *ca = (struct assay_ca){ .config = *config };
    assay_bytes_copy(ca->chain_id, 32, chain_id, 32);
}

void assay_ca_end_ceremony(struct assay_ca *ca)
{
    ca->ceremony = (struct assay_ca_ceremony){ .phase = ASSAY_CA_IDLE };
}

/* Statements of an ended era are void, hence so is what was built from them (3.16). */
void assay_ca_set_era(struct assay_ca *ca, uint64_t era)
{
    ASSAY_ASSERT(era >= ca->era && era <= INT64_MAX);
    ca->era = era;
    if (ca->ceremony.phase != ASSAY_CA_IDLE && ca->ceremony.next.era != era)
        assay_ca_end_ceremony(ca);
}

/* --- members and holders */

/* Is it a holder of the generation in force, and not lost? */
static bool is_present_holder(const struct assay_ca *ca, const uint8_t node_id[static 32])
{
    const uint32_t at = assay_ca_holder_of_node(&ca->force, node_id);
    return at != UINT32_MAX && !ca->force.holder[at].lost;
}

/* 3.1: WARNING is enough for a present holder, so that a weak epoch costs no shares. */
bool assay_ca_may_offer(const struct assay_ca *ca, uint32_t slot)
{
    ASSAY_ASSERT(slot < ASSAY_CA_SLOTS_MAX);
    const struct assay_ca_member *m = &ca->member[slot];
    if (!m->may_hold || !m->keys_active || m->weight == 0 || !m->is_warning) return false;
    if (!m->is_full && !is_present_holder(ca, m->node_id)) return false;
    return ca->lost_until[slot] <= ca->epoch && !assay_ca_is_convicted(ca, m->node_id);
}

static void lose(struct assay_ca *ca, struct assay_ca_holder *holder, struct assay_ca_facts *facts)
{
    holder->lost = true;
    if (holder->slot < ASSAY_CA_SLOTS_MAX)
        ca->lost_until[holder->slot] = ca->epoch + ASSAY_CA_BAR_EPOCHS;
    assay_ca_fact_add(facts, ASSAY_CA_FACT_LOST, holder->slot, ca->force.generation);
}

/* 3.4: what ends a holder's part in its generation. */
static void find_lost(struct assay_ca *ca, bool certified, struct assay_ca_facts *facts)
{
    for (uint32_t i = 0; i < ca->force.holders; i++) {
        struct assay_ca_holder *const h = &ca->force.holder[i];
        const struct assay_ca_member *m = assay_ca_member_of(ca, h->slot, h->node_id);
        if (h->lost) continue;
        if (assay_ca_key_is_active(ca, h)) h->inactive = 0;
        else if (certified) h->inactive++;
        if (m == NULL || m->renewed || !m->is_warning || m->incarnation != h->incarnation ||
            h->inactive >= ASSAY_CA_INACTIVE_EPOCHS)
            lose(ca, h, facts);
    }
}

static void set_members(struct assay_ca *ca, const struct assay_ca_member *member, uint32_t count,
                        uint64_t total_weight)
{
    const uint32_t n = count < ASSAY_CA_SLOTS_MAX ? count : ASSAY_CA_SLOTS_MAX;
    for (uint32_t i = 0; i < ASSAY_CA_SLOTS_MAX; i++)
        ca->member[i] = i < n ? member[i] : (struct assay_ca_member){ .weight = 0 };
    ca->total_weight = total_weight;
    ca->slots = n;
}

void assay_ca_set_members(struct assay_ca *ca, uint64_t epoch, const struct assay_ca_member *member,
                          uint32_t count, uint64_t total_weight)
{
    set_members(ca, member, count, total_weight);
    ca->epoch = epoch;
}

/* --- tables */

/* Weights of today, by holder of a sharing; a holder that is gone or lost weighs nothing. */
static void find_weights(const struct assay_ca *ca, const struct assay_ca_sharing *s,
                         struct assay_frost_holder holder[static ASSAY_FROST_HOLDERS_MAX],
                         uint8_t of[static ASSAY_FROST_HOLDERS_MAX])
{
    ASSAY_ASSERT(s->holders <= ASSAY_FROST_HOLDERS_MAX);
    for (uint32_t i = 0; i < s->holders; i++) {
        const struct assay_ca_holder *h = &s->holder[i];
        const struct assay_ca_member *m = assay_ca_member_of(ca, h->slot, h->node_id);
        holder[i].weight = m != NULL ? m->weight : 0;
        of[i] = (uint8_t)h->indices;
    }
}

/* Holders of h indices weigh more than a third, by today's weights (3.2, 3.4). A lost holder still
 * has its shares, so it counts with whatever weight it has. */
static bool is_safe(const struct assay_ca *ca, const struct assay_ca_sharing *s)
{
    struct assay_frost_holder holder[ASSAY_FROST_HOLDERS_MAX] = { 0 };
    uint8_t of[ASSAY_FROST_HOLDERS_MAX] = { 0 };
    ASSAY_ASSERT(s->count <= ASSAY_FROST_INDICES_MAX);
    find_weights(ca, s, holder, of);
    const uint64_t lightest = assay_frost_lightest(holder, of, s->holders, (s->count + 1) / 2);
    return lightest != UINT64_MAX && lightest > ca->total_weight / 3;
}

/* What must be compared among those who want indices: node ids, by their digest with the chain. */
static void order_of(const struct assay_ca *ca, const uint8_t node_id[static 32],
                     uint8_t order[static 32])
{
    const struct assay_slice pieces[] = { assay_slice_over(ca->chain_id, 32),
                                          assay_slice_over(node_id, 32) };
    assay_sha256_pieces(pieces, 2, order);
}

/* W is the weight of all seats, not of those who offer (3.1, attack 2). */
static bool distribute(const struct assay_ca *ca, const uint32_t *slot, uint32_t count,
                       struct assay_frost_indices *out)
{
    struct assay_frost_holder holder[ASSAY_FROST_HOLDERS_MAX];
    ASSAY_ASSERT(count <= ASSAY_FROST_HOLDERS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        holder[i].weight = ca->member[slot[i]].weight;
        order_of(ca, ca->member[slot[i]].node_id, holder[i].order);
    }
    return count > 0 && assay_frost_distribute(holder, count, ca->total_weight, out) == ASSAY_OK;
}

/* Whether enough members could offer, so that a ceremony has a chance. */
static bool could_begin(const struct assay_ca *ca)
{
    uint32_t slot[ASSAY_FROST_HOLDERS_MAX], count = 0;
    struct assay_frost_indices indices;
    for (uint32_t i = 0; i < ASSAY_CA_SLOTS_MAX && count < ASSAY_FROST_HOLDERS_MAX; i++)
        if (assay_ca_may_offer(ca, i)) slot[count++] = i;
    return distribute(ca, slot, count, &indices);
}

/* --- a ceremony's phases */

static void fail_ceremony(struct assay_ca *ca, struct assay_ca_facts *facts)
{
    assay_ca_fact_add(facts, ASSAY_CA_FACT_FAILED, 0, (uint64_t)ca->ceremony.phase);
    assay_ca_end_ceremony(ca);
}

static void enter_phase(struct assay_ca *ca, enum assay_ca_phase phase,
                        struct assay_ca_facts *facts)
{
    ca->ceremony.phase = phase;
    ca->ceremony.closes = 0;
    assay_ca_fact_add(facts, ASSAY_CA_FACT_PHASE, 0, (uint64_t)phase);
}

/* Offers of members that may still hold, with an active key. */
static void drop_offers(struct assay_ca *ca)
{
    struct assay_ca_sharing *const next = &ca->ceremony.next;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < next->holders; i++) {
        const struct assay_ca_holder *h = &next->holder[i];
        const struct assay_ca_member *m = assay_ca_member_of(ca, h->slot, h->node_id);
        if (m == NULL || m->incarnation != h->incarnation || !assay_ca_key_is_active(ca, h) ||
            !assay_ca_may_offer(ca, h->slot))
            continue;
        if (kept != i) next->holder[kept] = *h;
        kept++;
    }
    next->holders = kept;
}

/* Those without an index deal nothing and hold nothing. */
static void number_indices(struct assay_ca_sharing *next, const struct assay_frost_indices *indices)
{
    uint32_t kept = 0, first = 1;
    for (uint32_t i = 0; i < next->holders; i++) {
        if (indices->of[i] == 0) continue;
        if (kept != i) next->holder[kept] = next->holder[i];
        next->holder[kept].first = first;
        next->holder[kept].indices = indices->of[i];
        first += indices->of[i];
        kept++;
    }
    next->holders = kept;
    next->count = indices->count;
    next->threshold = indices->threshold;
    ASSAY_ASSERT(first == next->count + 1);
}

/* Bytes of dealings that an author surely has a place for in an epoch (docs/protocol.md 12.2): a
 * quarter of its part is for its other records. One record has a place in any case, and of so many
 * members only that one. */
static uint32_t author_len(const struct assay_ca *ca, uint32_t deal_len)
{
    const uint32_t slots = ca->slots > 0 ? ca->slots : 1;
    const uint32_t part = ASSAY_CA_EPOCH_LEN / slots;
    const uint32_t len = (part < ASSAY_CA_AUTHOR_LEN ? part : ASSAY_CA_AUTHOR_LEN) / 4 * 3;
    return len < deal_len || slots == ASSAY_CA_SLOTS_MAX ? deal_len : len;
}

/* Epochs that dealings need: within their budget, and within what one author may submit. Dealers
 * take turns, so that an author has at most (its indices / epochs, rounded up) in one. */
static uint32_t deal_epochs(const struct assay_ca *ca)
{
    const struct assay_ca_ceremony *c = &ca->ceremony;
    const uint32_t len = DEAL_LEN_FIXED + 32 * (c->next.threshold + c->next.count);
    uint32_t most = 1;
    for (uint32_t i = 0; c->is_reshare && i < ca->force.holders; i++)
        if (ca->force.holder[i].indices > most) most = ca->force.holder[i].indices;
    const uint32_t all = (c->dealers * len + ASSAY_CA_DEAL_BUDGET - 1) / ASSAY_CA_DEAL_BUDGET;
    const uint32_t at_once = author_len(ca, len) / len;
    const uint32_t one = (most + at_once - 1) / at_once;
    return all > one ? all : one;
}

static void end_offers(struct assay_ca *ca, struct assay_ca_facts *facts)
{
    struct assay_ca_ceremony *const c = &ca->ceremony;
    struct assay_frost_indices indices;
    uint32_t slot[ASSAY_FROST_HOLDERS_MAX];
    uint64_t weight = 0;
    drop_offers(ca);
    for (uint32_t i = 0; i < c->next.holders; i++) {
        slot[i] = c->next.holder[i].slot;
        weight += ca->member[slot[i]].weight;
    }
    if (!distribute(ca, slot, c->next.holders, &indices)) {
        assay_ca_fact_add(facts, ASSAY_CA_FACT_FEW_HOLDERS, 0, weight);
        fail_ceremony(ca, facts);
        return;
    }
    number_indices(&c->next, &indices);
    c->dealers = c->is_reshare ? ca->force.count : c->next.holders;
    c->deal_epochs = deal_epochs(ca);
    enter_phase(ca, ASSAY_CA_DEALS, facts);
}

/* 3.6: all dealings that stand, of holders of t' indices at least, so that an honest one is among
 * them. 3.10: of those that stand the first t_old. */
static void end_disputes(struct assay_ca *ca, struct assay_ca_facts *facts)
{
    struct assay_ca_ceremony *const c = &ca->ceremony;
    const uint32_t wanted = c->is_reshare ? ca->force.threshold : c->next.threshold;
    uint32_t found = 0;
    for (uint32_t i = 0; i < c->dealers; i++) {
        if (c->dealing[i].state != ASSAY_CA_DEALING_VALID) continue;
        if (c->is_reshare && found == wanted) break;
        c->dealing[i].state = ASSAY_CA_DEALING_USED;
        found += c->is_reshare ? 1 : c->next.holder[i].indices;
    }
    if (found < wanted) {
        fail_ceremony(ca, facts);
        return;
    }
    enter_phase(ca, ASSAY_CA_HAVES, facts);
}

uint32_t assay_ca_vouched(const struct assay_ca_sharing *s, const uint8_t digest[static 32])
{
    uint32_t indices = 0;
    for (uint32_t i = 0; i < s->holders; i++)
        if (!s->holder[i].lost && assay_bytes_equal(s->holder[i].digest, digest, 32))
            indices += s->holder[i].indices;
    return indices;
}

static void put_into_force(struct assay_ca *ca, struct assay_ca_facts *facts)
{
    struct assay_ca_ceremony *const c = &ca->ceremony;
    struct assay_ca_sharing *const next = &c->next;
    for (uint32_t i = 0; i < next->holders; i++) {
        struct assay_ca_holder *const h = &next->holder[i];
        h->has = assay_bytes_equal(h->digest, next->table, 32);
        h->inactive = 0;
        assay_bytes_zero(h->digest, 32);
    }
    ASSAY_ASSERT(!c->is_reshare || assay_bytes_equal(ca->key, c->key, 32));
    ca->ca_number = c->ca_number;
    assay_bytes_copy(ca->key, 32, c->key, 32);
    ca->force = *next;
    ca->since = ca->epoch;
    ca->few_closes = 0;
    ca->key_lost = false;
    assay_ca_fact_add(facts, ASSAY_CA_FACT_GENERATION, 0, ca->force.generation);
    assay_ca_end_ceremony(ca);
}

/* t' indices are enough: so no holder, and no third, can stop it by silence (3.10, attack 10). */
static void end_haves(struct assay_ca *ca, struct assay_ca_facts *facts)
{
    const struct assay_ca_ceremony *c = &ca->ceremony;
    const uint32_t vouched = c->has_table ? assay_ca_vouched(&c->next, c->next.table) : 0;
    const bool in_time = vouched == c->next.count || c->closes >= ASSAY_CA_HAVE_WAIT;
    if (c->has_table && vouched >= c->next.threshold && in_time && is_safe(ca, &c->next)) {
        put_into_force(ca, facts);
        return;
    }
    if (c->closes >= ASSAY_CA_HAVE_EPOCHS) fail_ceremony(ca, facts);
}

static void advance_phase(struct assay_ca *ca, struct assay_ca_facts *facts)
{
    struct assay_ca_ceremony *const c = &ca->ceremony;
    c->closes++;
    switch (c->phase) {
    case ASSAY_CA_IDLE: c->closes = 0; break;
    case ASSAY_CA_OFFERS: end_offers(ca, facts); break;
    case ASSAY_CA_DEALS:
        if (c->closes >= c->deal_epochs) enter_phase(ca, ASSAY_CA_DISPUTES, facts);
        break;
    case ASSAY_CA_DISPUTES:
        if (c->closes >= ASSAY_CA_DISPUTE_EPOCHS) end_disputes(ca, facts);
        break;
    case ASSAY_CA_HAVES: end_haves(ca, facts); break;
    }
}

/* --- the generation in force */

static bool wants_reshare(const struct assay_ca *ca)
{
    for (uint32_t i = 0; i < ca->force.holders; i++)
        if (ca->force.holder[i].lost) return true;
    return !is_safe(ca, &ca->force) || ca->epoch - ca->since >= ca->config.refresh;
}

/* Counts closes with fewer than t live indices: the key is lost then, and never comes back. */
static void judge_force(struct assay_ca *ca, struct assay_ca_facts *facts)
{
    if (ca->ca_number == 0 || ca->key_lost) return;
    const uint32_t live = assay_ca_live(ca), t = ca->force.threshold;
    if (live < t + (ca->force.count + 1) / 4)
        assay_ca_fact_add(facts, ASSAY_CA_FACT_FEW_INDICES, 0, live);
    ca->few_closes = live < t ? ca->few_closes + 1 : 0;
    if (ca->few_closes < ASSAY_CA_FEW_EPOCHS) return;
    ca->key_lost = true;
    assay_ca_fact_add(facts, ASSAY_CA_FACT_KEY_LOST, 0, ca->ca_number);
    assay_ca_end_ceremony(ca); /* a reshare of it */
}

/* h / 2 is that of h = ceil(T / 2). */
static bool is_urgent(const struct assay_ca *ca)
{
    return ca->ca_number > 0 && !ca->key_lost &&
           assay_ca_live(ca) < ca->force.threshold + (ca->force.count + 1) / 4;
}

static void begin_ceremony(struct assay_ca *ca, struct assay_ca_facts *facts)
{
    const bool has_key = ca->ca_number > 0 && !ca->key_lost;
    if (has_key && (!wants_reshare(ca) || assay_ca_live(ca) < ca->force.threshold)) return;
    if (ca->key_lost && !ca->config.replaces_lost_key) return;
    if (ca->attempts > 0 && ca->epoch - ca->last_began < ASSAY_CA_BEGIN_EPOCHS && !is_urgent(ca))
        return;
    if (!could_begin(ca)) return;
    ca->attempts++;
    ca->last_began = ca->epoch;
    ca->ceremony = (struct assay_ca_ceremony){
        .phase = ASSAY_CA_OFFERS,
        .is_reshare = has_key,
        .ca_number = has_key ? ca->ca_number : ca->ca_number + 1,
        .began = ca->epoch,
        .next = { .generation = ca->force.generation + 1, .attempt = ca->attempts, .era = ca->era },
    };
    assay_ca_fact_add(facts, ASSAY_CA_FACT_BEGAN, 0, ca->attempts);
}

void assay_ca_close_epoch(struct assay_ca *ca, uint64_t epoch, bool certified,
                          const struct assay_ca_member *member, uint32_t count,
                          uint64_t total_weight, struct assay_ca_facts *facts)
{
    ASSAY_ASSERT(epoch > ca->epoch && epoch < INT64_MAX);
    if (facts != NULL) facts->count = 0;
    ca->epoch = epoch;
    ca->accusations = 0;
    set_members(ca, member, count, total_weight);
    find_lost(ca, certified, facts);
    for (uint32_t i = 0; i < ASSAY_CA_SLOTS_MAX; i++)
        if (ca->member[i].renewed) ca->barred_until[i] = ca->lost_until[i] = 0;
    if (!certified) return;
    judge_force(ca, facts);
    if (ca->ceremony.phase != ASSAY_CA_IDLE) advance_phase(ca, facts);
    if (ca->ceremony.phase == ASSAY_CA_IDLE) begin_ceremony(ca, facts);
}
