/*
 * services/identity/ceremony.c - closes of the fold of a group key: lost holders, phases of a
 * ceremony, generations, CA numbers (docs/identity.md 3.4 to 3.6, 3.10, 3.14, 3.15).
 */
#include "services/identity/ceremony_internal.h"

#include "base/crypto.h"

enum { DEAL_LEN_FIXED = 512, RECORD_HEAD_LEN = 6 };

void assay_ca_init(struct assay_ca *ca, const uint8_t chain_id[static 32],
                   const struct assay_ca_config *config)
{
    ASSAY_ASSERT(config->refresh >= ASSAY_CA_BAR_EPOCHS);
    ASSAY_ASSERT(config->next_epochs >= ASSAY_CA_OVERLAP_MIN);
    ASSAY_ASSERT(config->old_epochs >= ASSAY_CA_OVERLAP_MIN);
    *ca = (struct assay_ca){ .config = *config };
    assay_bytes_copy(ca->chain_id, 32, chain_id, 32);
    assay_bytes_copy(ca->terms, 32, config->terms, 32);
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

static bool is_holder_of(const struct assay_ca_sharing *s, const uint8_t node_id[static 32])
{
    const uint32_t at = assay_ca_holder_of_node(s, node_id);
    return at != UINT32_MAX && !s->holder[at].lost;
}

/* 3.4: others reshare without it, and it counts again once its entry is active. */
static bool is_away(const struct assay_ca_holder *holder)
{
    return holder->inactive >= ASSAY_CA_INACTIVE_EPOCHS;
}

/* Is it a holder of a generation in force, and not lost? */
static bool is_present_holder(const struct assay_ca *ca, const uint8_t node_id[static 32])
{
    return is_holder_of(&ca->force, node_id) || is_holder_of(&ca->next.force, node_id);
}

/* Who lost the shares of one number may have those of the other. The author of an entry that took
 * the place of one that is not active any more may have lost them, too. */
static bool is_barred(const struct assay_ca *ca, const struct assay_ca_sharing *from, uint32_t slot)
{
    const uint32_t at =
        from != NULL ? assay_ca_holder_of_node(from, ca->member[slot].node_id) : UINT32_MAX;
    const struct assay_ca_holder *const h = at != UINT32_MAX ? &from->holder[at] : NULL;
    if (h != NULL && is_away(h) && !assay_ca_key_is_active(ca, h)) return true;
    if (ca->lost_until[slot] <= ca->epoch) return false;
    return h == NULL || !h->has || h->lost;
}

/* 3.1: WARNING is enough for a present holder, so that a weak epoch costs no shares. */
bool assay_ca_may_offer(const struct assay_ca *ca, const struct assay_ca_sharing *from,
                        uint32_t slot)
{
    ASSAY_ASSERT(slot < ASSAY_CA_SLOTS_MAX);
    const struct assay_ca_member *m = &ca->member[slot];
    if (!m->may_hold || !m->keys_active || m->weight == 0 || !m->is_warning) return false;
    if (!m->is_full && !is_present_holder(ca, m->node_id)) return false;
    return !is_barred(ca, from, slot) && !assay_ca_is_convicted(ca, m->node_id);
}

void assay_ca_lose(struct assay_ca *ca, const struct assay_ca_sharing *s,
                   struct assay_ca_holder *holder, struct assay_ca_facts *facts)
{
    holder->lost = true;
    if (holder->slot < ASSAY_CA_SLOTS_MAX)
        ca->lost_until[holder->slot] = ca->epoch + ASSAY_CA_BAR_EPOCHS;
    assay_ca_fact_add(facts, ASSAY_CA_FACT_LOST, holder->slot, s->generation);
}

/* 3.4.1: how many certified closes have passed since the list in which each holder showed its entry
 * was the certified one. Keys that ended once end that, too: the enclave may have restarted, so the
 * list of before says nothing of what is registered since. */
static void count_behind(const struct assay_ca *ca, struct assay_ca_sharing *s, bool certified)
{
    for (uint32_t i = 0; i < s->holders; i++) {
        struct assay_ca_holder *const h = &s->holder[i];
        const struct assay_ca_member *m = assay_ca_member_of(ca, h->slot, h->node_id);
        if (m == NULL || !m->keys_active) h->behind = ASSAY_CA_BEHIND_EPOCHS + 1;
        else if (assay_bytes_equal(m->keys_root, h->keys_root, 32)) h->behind = 0;
        else if (certified && h->behind <= ASSAY_CA_BEHIND_EPOCHS) h->behind++;
    }
}

/* 3.4: a holder whose member, its standing or its incarnation is not the one of the generation any
 * more. Who has not vouched when the next ceremony may begin holds nothing, and the others would be
 * without margin until `refresh`. In: since: epoch of the close that put the generation into force
 */
static void find_lost(struct assay_ca *ca, struct assay_ca_sharing *s, uint64_t since,
                      bool certified, struct assay_ca_facts *facts)
{
    for (uint32_t i = 0; i < s->holders; i++) {
        struct assay_ca_holder *const h = &s->holder[i];
        const struct assay_ca_member *m = assay_ca_member_of(ca, h->slot, h->node_id);
        if (!h->lost &&
            (m == NULL || m->renewed || !m->is_warning || m->incarnation != h->incarnation ||
             (certified && !h->has && ca->epoch - since >= ASSAY_CA_BEGIN_EPOCHS)))
            assay_ca_lose(ca, s, h, facts);
    }
}

/* 3.4: a holder whose entry is not active has its shares all the same, so it is not lost until
 * others have reshared without it. Closes at which they cannot, as when all enclaves restart, count
 * for no holder: those that return some closes after the first ones stay. */
static void find_inactive(const struct assay_ca *ca, struct assay_ca_sharing *s, bool certified)
{
    const bool counts = certified && assay_ca_live_of(ca, s) >= s->threshold;
    for (uint32_t i = 0; i < s->holders; i++) {
        struct assay_ca_holder *const h = &s->holder[i];
        if (h->lost) continue;
        if (assay_ca_key_is_active(ca, h)) h->inactive = 0;
        else if (counts && !is_away(h)) h->inactive++;
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

/* Whether enough members could offer, so that a ceremony has a chance. In: from: as
 * assay_ca_may_offer */
static bool could_begin(const struct assay_ca *ca, const struct assay_ca_sharing *from)
{
    uint32_t slot[ASSAY_FROST_HOLDERS_MAX], count = 0;
    struct assay_frost_indices indices;
    for (uint32_t i = 0; i < ASSAY_CA_SLOTS_MAX && count < ASSAY_FROST_HOLDERS_MAX; i++)
        if (assay_ca_may_offer(ca, from, i)) slot[count++] = i;
    return distribute(ca, slot, count, &indices);
}

/* --- CA numbers (docs/identity.md 3.14, 3.15): what is published */

static bool can_sign(const struct assay_ca *ca)
{
    return ca->ca_number > 0 && !ca->key_lost;
}

static void forget_active(struct assay_ca *ca)
{
    ca->ca_number = 0;
    ca->active_since = ca->since = 0;
    ca->few_closes = 0;
    ca->key_lost = false;
    assay_bytes_zero(ca->key, 32);
    ca->force = (struct assay_ca_sharing){ .generation = 0 };
}

static void forget_next(struct assay_ca *ca)
{
    ca->next = (struct assay_ca_next){ .number = 0 };
}

static void end_ceremony_of(struct assay_ca *ca, uint32_t number)
{
    if (ca->ceremony.phase != ASSAY_CA_IDLE && ca->ceremony.ca_number == number)
        assay_ca_end_ceremony(ca);
}

static void note_gone(struct assay_ca *ca, uint32_t number, struct assay_ca_facts *facts)
{
    ca->changed = ca->epoch;
    assay_ca_fact_add(facts, ASSAY_CA_FACT_GONE, 0, number);
}

/* The active number signs nothing from this close on; certificates under it expire while it is
 * still published. */
static void make_old(struct assay_ca *ca)
{
    if (ca->ca_number == 0) return;
    ASSAY_ASSERT(ca->olds < ASSAY_CA_OLD_MAX); /* wants_number waits for a place */
    struct assay_ca_old *const old = &ca->old[ca->olds++];
    *old = (struct assay_ca_old){ .number = ca->ca_number,
                                  .until = ca->epoch + ca->config.old_epochs };
    assay_bytes_copy(old->key, 32, ca->key, 32);
    end_ceremony_of(ca, ca->ca_number);
    forget_active(ca);
}

/* In: key, made: what becomes active, not part of the active number. */
static void make_active(struct assay_ca *ca, uint32_t number, const uint8_t key[static 32],
                        const struct assay_ca_sharing *made, uint64_t since,
                        struct assay_ca_facts *facts)
{
    make_old(ca);
    ca->ca_number = number;
    assay_bytes_copy(ca->key, 32, key, 32);
    ca->force = *made;
    ca->since = since;
    ca->active_since = ca->changed = ca->epoch;
    assay_ca_fact_add(facts, ASSAY_CA_FACT_ACTIVE, 0, number);
}

static void activate_next(struct assay_ca *ca, struct assay_ca_facts *facts)
{
    const struct assay_ca_next next = ca->next;
    ASSAY_ASSERT(next.number > 0);
    forget_next(ca);
    make_active(ca, next.number, next.key, &next.force, next.since, facts);
    ca->few_closes = next.few_closes;
}

/* --- at every close */

static void drop_old(struct assay_ca *ca, struct assay_ca_facts *facts)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < ca->olds; i++) {
        if (ca->old[i].until <= ca->epoch || ca->old[i].number <= ca->config.retired)
            note_gone(ca, ca->old[i].number, facts);
        else ca->old[kept++] = ca->old[i];
    }
    for (uint32_t i = kept; i < ca->olds; i++)
        ca->old[i] = (struct assay_ca_old){ .number = 0 };
    ca->olds = kept;
}

/* What operators retire is published no more from the next close on, certified or not. */
static void drop_numbers(struct assay_ca *ca, struct assay_ca_facts *facts)
{
    const uint32_t retired = ca->config.retired;
    drop_old(ca, facts);
    if (ca->ceremony.phase != ASSAY_CA_IDLE && ca->ceremony.ca_number <= retired)
        assay_ca_end_ceremony(ca);
    if (ca->ca_number > 0 && ca->ca_number <= retired) {
        note_gone(ca, ca->ca_number, facts);
        forget_active(ca);
    }
    if (ca->next.number > 0 && ca->next.number <= retired) {
        note_gone(ca, ca->next.number, facts);
        forget_next(ca);
    }
    if (ca->ca_number == 0 && ca->next.number > 0) activate_next(ca, facts);
    if (ca->numbers < retired) ca->numbers = retired;
}

/* --- at certified closes */

/* Planned ones wait until no number is old, so that a lost key always has a place. */
static bool wants_number(const struct assay_ca *ca)
{
    const bool is_ordered = ca->ca_number <= ca->config.replaced;
    if (ca->next.number > 0) return false;
    if (ca->ca_number == 0) return true;
    if (ca->key_lost)
        return (ca->config.replaces_lost_key || is_ordered) && ca->olds < ASSAY_CA_OLD_MAX;
    const bool is_aged =
        ca->config.rollover > 0 && ca->epoch - ca->active_since >= ca->config.rollover;
    return ca->olds == 0 && (is_aged || is_ordered);
}

static void fail_ceremony(struct assay_ca *ca, struct assay_ca_facts *facts)
{
    assay_ca_fact_add(facts, ASSAY_CA_FACT_FAILED, 0, (uint64_t)ca->ceremony.phase);
    assay_ca_end_ceremony(ca);
}

/* 3.14: those that lost their shares of a key that is lost may make the next one. */
static void forgive_lost(struct assay_ca *ca)
{
    for (uint32_t i = 0; i < ASSAY_CA_SLOTS_MAX; i++)
        ca->lost_until[i] = 0;
}

/* 3.14: t indices live again before another key was made: all relying parties have this one. A
 * number that was dealt in its place is wanted no more. */
static void regain_key(struct assay_ca *ca, struct assay_ca_facts *facts)
{
    ca->key_lost = false;
    ca->few_closes = 0;
    assay_ca_fact_add(facts, ASSAY_CA_FACT_ACTIVE, 0, ca->ca_number);
    const struct assay_ca_ceremony *c = &ca->ceremony;
    if (c->phase != ASSAY_CA_IDLE && !c->is_reshare && !wants_number(ca))
        assay_ca_end_ceremony(ca);
}

/* Counts closes with fewer than t live indices: another key may be made then. */
static void judge_active(struct assay_ca *ca, struct assay_ca_facts *facts)
{
    if (ca->ca_number == 0) return;
    const uint32_t live = assay_ca_live(ca), t = ca->force.threshold;
    if (ca->key_lost && live >= t) regain_key(ca, facts);
    if (ca->key_lost) {
        forgive_lost(ca); /* those of this close, too */
        return;
    }
    if (live < t + (ca->force.count + 1) / 4)
        assay_ca_fact_add(facts, ASSAY_CA_FACT_FEW_INDICES, 0, live);
    ca->few_closes = live < t ? ca->few_closes + 1 : 0;
    if (ca->few_closes < ASSAY_CA_FEW_EPOCHS) return;
    ca->key_lost = true;
    forgive_lost(ca);
    assay_ca_fact_add(facts, ASSAY_CA_FACT_KEY_LOST, 0, ca->ca_number);
    end_ceremony_of(ca, ca->ca_number); /* a reshare of it */
}

/* A next number without enough holders never signed a product: it goes. */
static void judge_next(struct assay_ca *ca, struct assay_ca_facts *facts)
{
    struct assay_ca_next *const n = &ca->next;
    if (n->number == 0) return;
    n->few_closes = assay_ca_live_of(ca, &n->force) < n->force.threshold ? n->few_closes + 1 : 0;
    if (n->few_closes < ASSAY_CA_FEW_EPOCHS) return;
    assay_ca_fact_add(facts, ASSAY_CA_FACT_KEY_LOST, 0, n->number);
    note_gone(ca, n->number, facts);
    end_ceremony_of(ca, n->number);
    forget_next(ca);
    if (!can_sign(ca)) forgive_lost(ca);
}

static void judge_numbers(struct assay_ca *ca, struct assay_ca_facts *facts)
{
    judge_active(ca, facts);
    judge_next(ca, facts);
    const struct assay_ca_next *n = &ca->next;
    /* Without a key that signs there is no overlap to wait for (3.14). */
    const bool is_due =
        n->number > 0 && (!can_sign(ca) || ca->epoch - n->made >= ca->config.next_epochs);
    if (is_due && n->few_closes == 0 && is_safe(ca, &n->force)) activate_next(ca, facts);
}

/* --- a ceremony's phases */

/* Whether a convicted holder has indices of the table that is made, and the others cannot do
 * without them: by their weights it never comes into force (3.5.5). */
static bool is_spoiled(const struct assay_ca *ca)
{
    const struct assay_ca_sharing *next = &ca->ceremony.next;
    bool has_convicted = false;
    if (ca->ceremony.phase <= ASSAY_CA_OFFERS) return false;
    for (uint32_t i = 0; i < next->holders; i++)
        has_convicted = has_convicted || assay_ca_is_convicted(ca, next->holder[i].node_id);
    return has_convicted && !is_safe(ca, next);
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
    const struct assay_ca_sharing *from =
        ca->ceremony.is_reshare ? assay_ca_reshared(ca) : NULL;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < next->holders; i++) {
        const struct assay_ca_holder *h = &next->holder[i];
        const struct assay_ca_member *m = assay_ca_member_of(ca, h->slot, h->node_id);
        if (m == NULL || m->incarnation != h->incarnation || !assay_ca_key_is_active(ca, h) ||
            !assay_ca_may_offer(ca, from, h->slot))
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

/* Bytes of dealings that an author has a place for in an epoch (docs/protocol.md 12.2.1): a quarter
 * of its part is for its other records of the ceremony. */
static uint32_t author_len(const struct assay_ca *ca)
{
    const uint32_t part = ASSAY_CA_EPOCH_LEN / (ca->slots > 0 ? ca->slots : 1);
    if (part < ASSAY_CA_AUTHOR_LEN_MIN) return ASSAY_CA_AUTHOR_LEN_MIN / 4 * 3;
    return (part < ASSAY_CA_AUTHOR_LEN ? part : ASSAY_CA_AUTHOR_LEN) / 4 * 3;
}

/* Epochs that dealings need: within their budget, and within what one author may submit. Dealers
 * take turns, so that an author has at most (its indices / epochs, rounded up) in one. */
static uint32_t deal_epochs(const struct assay_ca *ca)
{
    const struct assay_ca_ceremony *c = &ca->ceremony;
    const uint32_t len = DEAL_LEN_FIXED + 32 * (c->next.threshold + c->next.count);
    const struct assay_ca_sharing *from = assay_ca_reshared(ca);
    uint32_t most = 1;
    for (uint32_t i = 0; c->is_reshare && i < from->holders; i++)
        if (from->holder[i].indices > most) most = from->holder[i].indices;
    const uint32_t all = (c->dealers * len + ASSAY_CA_DEAL_BUDGET - 1) / ASSAY_CA_DEAL_BUDGET;
    const uint32_t at_once = author_len(ca) / (len + RECORD_HEAD_LEN);
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
    c->dealers = c->is_reshare ? assay_ca_reshared(ca)->count : c->next.holders;
    c->deal_epochs = deal_epochs(ca);
    enter_phase(ca, ASSAY_CA_DEALS, facts);
}

/* 3.6: all dealings that stand, of holders of t' indices at least, so that an honest one is among
 * them. 3.10: of those that stand the first t_old. */
static void end_disputes(struct assay_ca *ca, struct assay_ca_facts *facts)
{
    struct assay_ca_ceremony *const c = &ca->ceremony;
    const uint32_t wanted = c->is_reshare ? assay_ca_reshared(ca)->threshold : c->next.threshold;
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

/* Of which number the generation is, and what that number is from now on. */
static void place_generation(struct assay_ca *ca, const struct assay_ca_sharing *made,
                             struct assay_ca_facts *facts)
{
    const struct assay_ca_ceremony *c = &ca->ceremony;
    struct assay_ca_next *const n = &ca->next;
    const struct assay_ca_sharing sharing = *made; /* the ceremony may end */
    const uint32_t number = c->ca_number;
    uint8_t key[32];
    assay_bytes_copy(key, 32, c->key, 32);
    if (c->is_reshare && number == ca->ca_number) {
        ASSAY_ASSERT(assay_bytes_equal(ca->key, key, 32));
        ca->force = sharing;
        ca->since = ca->epoch;
        ca->few_closes = 0;
        return;
    }
    if (c->is_reshare) {
        ASSAY_ASSERT(number == n->number && assay_bytes_equal(n->key, key, 32));
        n->force = sharing;
        n->since = ca->epoch;
        n->few_closes = 0;
        return;
    }
    ca->numbers = number;
    if (!can_sign(ca)) {
        make_active(ca, number, key, &sharing, ca->epoch, facts);
        return;
    }
    *n = (struct assay_ca_next){
        .number = number, .made = ca->epoch, .since = ca->epoch, .force = sharing
    };
    assay_bytes_copy(n->key, 32, key, 32);
    assay_ca_fact_add(facts, ASSAY_CA_FACT_NEXT, 0, number);
}

/* 3.4: what a reshare leaves behind: a holder that was away for so long offers as late as one that
 * lost its shares. */
static void lose_away(struct assay_ca *ca, struct assay_ca_facts *facts)
{
    const struct assay_ca_ceremony *c = &ca->ceremony;
    if (!c->is_reshare) return;
    struct assay_ca_sharing *const s =
        c->ca_number == ca->ca_number ? &ca->force : &ca->next.force;
    for (uint32_t i = 0; i < s->holders; i++) {
        struct assay_ca_holder *const h = &s->holder[i];
        if (!h->lost && is_away(h) &&
            assay_ca_holder_of_node(&c->next, h->node_id) == UINT32_MAX)
            assay_ca_lose(ca, s, h, facts);
    }
}

static void put_into_force(struct assay_ca *ca, struct assay_ca_facts *facts)
{
    struct assay_ca_sharing *const next = &ca->ceremony.next;
    lose_away(ca, facts);
    for (uint32_t i = 0; i < next->holders; i++) {
        struct assay_ca_holder *const h = &next->holder[i];
        h->has = assay_bytes_equal(h->digest, next->table, 32);
        h->inactive = 0;
        assay_bytes_zero(h->digest, 32);
    }
    place_generation(ca, next, facts);
    ca->generations = next->generation;
    assay_ca_fact_add(facts, ASSAY_CA_FACT_GENERATION, 0, next->generation);
    assay_ca_end_ceremony(ca);
}

/* Nothing but its age demands a reshare. */
static bool is_whole(const struct assay_ca *ca, const struct assay_ca_sharing *s)
{
    for (uint32_t i = 0; i < s->holders; i++)
        if (s->holder[i].lost || is_away(&s->holder[i])) return false;
    return is_safe(ca, s);
}

/* 3.5.1: a reshare that only age demands, into a generation with fewer live indices than the one in
 * force: a holder that is away for seconds would be lost in it. Once a third gives up its shares,
 * the next loss would end the key. So long it can wait, and no holder delays it for longer. */
static bool can_wait(const struct assay_ca *ca, uint32_t vouched)
{
    const struct assay_ca_ceremony *c = &ca->ceremony;
    if (!c->is_reshare || vouched > c->next.threshold + (c->next.count - 1) / 3) return false;
    const struct assay_ca_sharing *s = assay_ca_reshared(ca);
    const uint64_t since = s == &ca->force ? ca->since : ca->next.since;
    if (!is_whole(ca, s) || assay_ca_live_of(ca, s) <= vouched) return false;
    return ca->epoch - since < (uint64_t)ca->config.refresh + ASSAY_CA_BAR_EPOCHS;
}

/* t' indices are enough: so no holder, and no third, can stop it by silence (3.10, attack 10). */
static void end_haves(struct assay_ca *ca, struct assay_ca_facts *facts)
{
    const struct assay_ca_ceremony *c = &ca->ceremony;
    const uint32_t vouched = c->has_table ? assay_ca_vouched(&c->next, c->next.table) : 0;
    const bool in_time = vouched == c->next.count || c->closes >= ASSAY_CA_HAVE_WAIT;
    if (c->has_table && vouched >= c->next.threshold && in_time && is_safe(ca, &c->next) &&
        !can_wait(ca, vouched)) {
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

/* --- the next ceremony */

static bool wants_reshare(const struct assay_ca *ca, const struct assay_ca_sharing *s,
                          uint64_t since)
{
    if (assay_ca_live_of(ca, s) < s->threshold) return false;
    return !is_whole(ca, s) || ca->epoch - since >= ca->config.refresh;
}

/* h / 2 is that of h = ceil(T / 2). */
static bool is_urgent(const struct assay_ca *ca)
{
    return can_sign(ca) && assay_ca_live(ca) < ca->force.threshold + (ca->force.count + 1) / 4;
}

/* The highest number that may have been published. A RECOVER forgets those that it undid, whose
 * certificates relying parties have: no key of a later era has the same (docs/identity.md 3.16). */
static uint32_t last_number(const struct assay_ca *ca)
{
    const uint64_t eras = ASSAY_CA_ORDERED_MAX / ASSAY_CA_ERA_NUMBERS - 1;
    const uint64_t era = ca->era < eras ? ca->era : eras;
    uint32_t last = (uint32_t)(era * ASSAY_CA_ERA_NUMBERS);
    if (last < ca->numbers) last = ca->numbers;
    return last > ca->config.retired ? last : ca->config.retired;
}

/* What is wanted takes turns with reshares of the active number: else holders that lose their
 * shares one after the other keep it waiting for ever. Few indices do not wait. Out: *is_reshare.
 * Returns: the number of which a generation is to be made; 0: none */
static uint32_t find_wanted(const struct assay_ca *ca, bool *is_reshare)
{
    const bool has_next =
        ca->next.number > 0 && wants_reshare(ca, &ca->next.force, ca->next.since);
    const bool is_other = has_next || wants_number(ca);
    const bool is_turn = !is_other || ca->attempts % 2 == 0 || is_urgent(ca);
    *is_reshare = true;
    if (is_turn && can_sign(ca) && wants_reshare(ca, &ca->force, ca->since)) return ca->ca_number;
    if (has_next) return ca->next.number;
    *is_reshare = false;
    return is_other ? last_number(ca) + 1 : 0;
}

/* Operators start members one after the other, and a holder that comes later waits for a reshare.
 * In: that the first ceremony could begin. */
static bool waits_for_members(struct assay_ca *ca)
{
    uint64_t weight = 0;
    if (ca->attempts > 0) return false;
    for (uint32_t i = 0; i < ASSAY_CA_SLOTS_MAX; i++)
        if (assay_ca_may_offer(ca, NULL, i)) weight += ca->member[i].weight;
    if (weight >= ca->total_weight) return false;
    if (ca->last_began == 0) ca->last_began = ca->epoch;
    return ca->epoch - ca->last_began < ASSAY_CA_FIRST_EPOCHS;
}

/* at_once: a hostile holder paid for the one before with its place; so there are few of these. */
static void begin_ceremony(struct assay_ca *ca, bool at_once, struct assay_ca_facts *facts)
{
    bool is_reshare = false;
    const uint32_t number = find_wanted(ca, &is_reshare);
    const bool now = at_once || (is_reshare && number == ca->ca_number && is_urgent(ca));
    if (number == 0) return;
    if (ca->attempts > 0 && ca->epoch - ca->last_began < ASSAY_CA_BEGIN_EPOCHS && !now) return;
    const struct assay_ca_sharing *from = number == ca->ca_number ? &ca->force : &ca->next.force;
    if (!could_begin(ca, is_reshare ? from : NULL) || waits_for_members(ca)) return;
    ca->attempts++;
    ca->last_began = ca->epoch;
    ca->ceremony = (struct assay_ca_ceremony){
        .phase = ASSAY_CA_OFFERS,
        .is_reshare = is_reshare,
        .ca_number = number,
        .began = ca->epoch,
        .next = { .generation = ca->generations + 1, .attempt = ca->attempts, .era = ca->era },
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
    assay_bytes_copy(ca->terms, 32, ca->config.terms, 32);
    set_members(ca, member, count, total_weight);
    count_behind(ca, &ca->force, certified);
    count_behind(ca, &ca->next.force, certified);
    count_behind(ca, &ca->ceremony.next, certified);
    find_lost(ca, &ca->force, ca->since, certified, facts);
    find_lost(ca, &ca->next.force, ca->next.since, certified, facts);
    find_inactive(ca, &ca->force, certified);
    find_inactive(ca, &ca->next.force, certified);
    drop_numbers(ca, facts);
    for (uint32_t i = 0; i < ASSAY_CA_SLOTS_MAX; i++)
        if (ca->member[i].renewed) ca->barred_until[i] = ca->lost_until[i] = 0;
    if (!certified) return;
    judge_numbers(ca, facts);
    const bool was_spoiled = is_spoiled(ca);
    if (was_spoiled) fail_ceremony(ca, facts);
    if (ca->ceremony.phase != ASSAY_CA_IDLE) advance_phase(ca, facts);
    if (ca->ceremony.phase == ASSAY_CA_IDLE) begin_ceremony(ca, was_spoiled, facts);
}
