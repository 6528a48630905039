/*
 * services/identity/ceremony_view.c - queries of programs on the fold of a group key, and its
 * invariants (docs/identity.md 3).
 */
#include "services/identity/ceremony_internal.h"
#include "services/identity/product.h"

static struct assay_ca_scope scope_of(uint64_t era, uint32_t ca_number, uint64_t generation,
                                      uint64_t attempt, const uint8_t node_id[static 32],
                                      const uint8_t key[static 32])
{
    struct assay_ca_scope scope = {
        .era = era, .ca_number = ca_number, .generation = generation, .attempt = attempt
    };
    assay_bytes_copy(scope.node_id, 32, node_id, 32);
    assay_bytes_copy(scope.key, 32, key, 32);
    return scope;
}

void assay_ca_force_scope(const struct assay_ca *ca, uint32_t number,
                          const uint8_t node_id[static 32], const uint8_t key[static 32],
                          struct assay_ca_scope *scope)
{
    const struct assay_ca_sharing *s = assay_ca_sharing_of(ca, number);
    ASSAY_ASSERT(s != NULL);
    *scope = scope_of(s->era, number, s->generation, s->attempt, node_id, key);
}

bool assay_ca_current_scope(const struct assay_ca *ca, const uint8_t node_id[static 32],
                            const uint8_t key[static 32], struct assay_ca_scope *scope)
{
    const struct assay_ca_ceremony *c = &ca->ceremony;
    if (c->phase == ASSAY_CA_IDLE) {
        *scope = scope_of(ca->era, ca->ca_number, ca->force.generation, ca->attempts, node_id, key);
        return false;
    }
    *scope = scope_of(c->next.era, c->ca_number, c->next.generation, c->next.attempt, node_id, key);
    return true;
}

uint32_t assay_ca_holder_of_node(const struct assay_ca_sharing *s, const uint8_t node_id[static 32])
{
    for (uint32_t i = 0; i < s->holders; i++)
        if (assay_bytes_equal(s->holder[i].node_id, node_id, 32)) return i;
    return UINT32_MAX;
}

uint32_t assay_ca_holder_of_index(const struct assay_ca_sharing *s, uint32_t index)
{
    ASSAY_ASSERT(index >= 1 && index <= s->count);
    uint32_t i = 0;
    while (index >= s->holder[i].first + s->holder[i].indices)
        i++;
    ASSAY_ASSERT(i < s->holders);
    return i;
}

uint32_t assay_ca_holder_of_dealer(const struct assay_ca *ca, uint32_t dealer)
{
    ASSAY_ASSERT(dealer >= 1 && dealer <= ca->ceremony.dealers);
    return ca->ceremony.is_reshare ? assay_ca_holder_of_index(assay_ca_reshared(ca), dealer)
                                   : dealer - 1;
}

/* The dealers of one epoch are a stride apart, so that those of one holder are spread. */
bool assay_ca_is_turn(const struct assay_ca *ca, uint32_t dealer)
{
    const struct assay_ca_ceremony *c = &ca->ceremony;
    if (c->phase != ASSAY_CA_DEALS || dealer < 1 || dealer > c->dealers) return false;
    ASSAY_ASSERT(c->deal_epochs > 0);
    return (dealer - 1) % c->deal_epochs == c->closes;
}

uint32_t assay_ca_used(const struct assay_ca *ca, uint32_t dealer[static ASSAY_FROST_INDICES_MAX])
{
    const struct assay_ca_ceremony *c = &ca->ceremony;
    uint32_t count = 0;
    for (uint32_t i = 0; i < c->dealers; i++)
        if (c->dealing[i].state == ASSAY_CA_DEALING_USED) dealer[count++] = i + 1;
    return count;
}

bool assay_ca_factor(const struct assay_ca *ca, const uint32_t *used, uint32_t count, uint32_t at,
                     struct assay_secret32 *factor)
{
    if (!ca->ceremony.is_reshare) return false;
    const enum assay_status status = assay_frost_lambda(used, count, at, factor);
    ASSAY_ASSERT(status == ASSAY_OK); /* as many indices as the old threshold, ascending */
    return true;
}

bool assay_ca_key_is_active(const struct assay_ca *ca, const struct assay_ca_holder *holder)
{
    const struct assay_ca_member *m = assay_ca_member_of(ca, holder->slot, holder->node_id);
    return m != NULL && m->keys_active && holder->behind <= ASSAY_CA_BEHIND_EPOCHS;
}

bool assay_ca_lives_in(const struct assay_ca *ca, const struct assay_ca_sharing *s, uint32_t index)
{
    const struct assay_ca_holder *h = &s->holder[assay_ca_holder_of_index(s, index)];
    return h->has && !h->lost && assay_ca_key_is_active(ca, h);
}

uint32_t assay_ca_live_of(const struct assay_ca *ca, const struct assay_ca_sharing *s)
{
    uint32_t live = 0;
    for (uint32_t i = 0; i < s->holders; i++)
        if (assay_ca_lives_in(ca, s, s->holder[i].first)) live += s->holder[i].indices;
    return live;
}

bool assay_ca_index_lives(const struct assay_ca *ca, uint32_t index)
{
    return assay_ca_lives_in(ca, &ca->force, index);
}

uint32_t assay_ca_live(const struct assay_ca *ca)
{
    return assay_ca_live_of(ca, &ca->force);
}

/* --- CA numbers */

const struct assay_ca_sharing *assay_ca_sharing_of(const struct assay_ca *ca, uint32_t number)
{
    if (number == 0) return NULL;
    if (number == ca->ca_number) return &ca->force;
    return number == ca->next.number ? &ca->next.force : NULL;
}

static bool is_of_next(const struct assay_ca *ca)
{
    return ca->next.number > 0 && ca->ceremony.ca_number == ca->next.number;
}

const struct assay_ca_sharing *assay_ca_reshared(const struct assay_ca *ca)
{
    return is_of_next(ca) ? &ca->next.force : &ca->force;
}

const uint8_t *assay_ca_reshared_key(const struct assay_ca *ca)
{
    return is_of_next(ca) ? ca->next.key : ca->key;
}

const struct assay_ca_sharing *assay_ca_dealers(const struct assay_ca *ca)
{
    return ca->ceremony.is_reshare ? assay_ca_reshared(ca) : &ca->ceremony.next;
}

_Static_assert((int)ASSAY_CA_PUBLISHED_MAX == (int)ASSAY_CREDENTIAL_KEYS_MAX,
               "all numbers that are published fit a key set");

static void add_published(struct assay_ca_published *out, uint32_t *count,
                          enum assay_ca_state state, uint32_t number, const uint8_t key[static 32],
                          uint64_t since, uint64_t until)
{
    struct assay_ca_published *const p = &out[(*count)++];
    *p = (struct assay_ca_published){
        .state = state, .number = number, .since = since, .until = until
    };
    assay_bytes_copy(p->key, 32, key, 32);
}

uint32_t assay_ca_published(const struct assay_ca *ca,
                            struct assay_ca_published out[static ASSAY_CA_PUBLISHED_MAX])
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < ca->olds; i++)
        add_published(out, &count, ASSAY_CA_OLD, ca->old[i].number, ca->old[i].key, 0,
                      ca->old[i].until);
    if (ca->ca_number > 0)
        add_published(out, &count, ASSAY_CA_ACTIVE, ca->ca_number, ca->key, ca->since, 0);
    if (ca->next.number > 0)
        add_published(out, &count, ASSAY_CA_NEXT, ca->next.number, ca->next.key, ca->next.since,
                      ca->next.made + ca->config.next_epochs);
    return count;
}

enum assay_ca_state assay_ca_state_of(const struct assay_ca *ca, uint32_t number)
{
    struct assay_ca_published published[ASSAY_CA_PUBLISHED_MAX];
    const uint32_t count = assay_ca_published(ca, published);
    for (uint32_t i = 0; i < count; i++)
        if (published[i].number == number) return published[i].state;
    return ASSAY_CA_GONE;
}

bool assay_ca_is_convicted(const struct assay_ca *ca, const uint8_t node_id[static 32])
{
    for (uint32_t i = 0; i < ca->convicted; i++)
        if (assay_bytes_equal(ca->conviction[i].node_id, node_id, 32)) return true;
    return false;
}

enum assay_status assay_ca_group(const struct assay_ca *ca, struct assay_signing_group *group)
{
    return assay_ca_group_of(ca, ca->ca_number, group);
}

enum assay_status assay_ca_group_of(const struct assay_ca *ca, uint32_t number,
                                    struct assay_signing_group *group)
{
    const struct assay_ca_sharing *s = assay_ca_sharing_of(ca, number);
    if (s == NULL) return ASSAY_E_NOT_FOUND;
    const uint8_t *key = s == &ca->force ? ca->key : ca->next.key;
    struct assay_signing_group made = {
        .era = ca->era,
        .generation = s->generation,
        .ca_number = number,
        .threshold = s->threshold,
        .indices = s->count,
        .holders = s->holders,
    };
    struct assay_credential_ca about = { .number = number };
    assay_bytes_copy(made.chain_id, 32, ca->chain_id, 32);
    assay_bytes_copy(made.key, 32, key, 32);
    assay_bytes_copy(about.chain_id, 32, ca->chain_id, 32);
    assay_bytes_copy(about.public_key, 32, key, 32);
    ASSAY_TRY(assay_credential_token_key(&about, &made.token_offset, made.token_key));
    for (uint32_t i = 0; i < s->holders; i++) {
        const struct assay_ca_holder *h = &s->holder[i];
        assay_bytes_copy(made.holder[i].node_id, 32, h->node_id, 32);
        assay_bytes_copy(made.holder[i].key, 32, h->key, 32);
        for (uint32_t k = 0; k < h->indices; k++)
            made.owner[h->first + k] = (uint8_t)i;
    }
    for (uint32_t i = 1; i <= s->count; i++)
        assay_bytes_copy(made.public_share[i], 32, s->public_share[i - 1], 32);
    *group = made;
    return ASSAY_OK;
}

const char *assay_ca_result_word(enum assay_ca_result result)
{
    switch (result) {
    case ASSAY_CA_APPLIED: return "applied";
    case ASSAY_CA_SAME: return "same";
    case ASSAY_CA_NOT_HERE: return "not-here";
    case ASSAY_CA_NOT_YOURS: return "not-yours";
    case ASSAY_CA_WRONG_TIME: return "wrong-time";
    case ASSAY_CA_STRANGER: return "stranger";
    case ASSAY_CA_MISMATCH: return "mismatch";
    case ASSAY_CA_UNPROVEN: return "unproven";
    case ASSAY_CA_BARRED: return "barred";
    case ASSAY_CA_BUSY: return "busy";
    case ASSAY_CA_HONEST: return "honest";
    case ASSAY_CA_EARLY: return "early";
    }
    ASSAY_UNREACHABLE("a result of a ceremony's record");
}

/* --- invariants */

static void check_sharing(const struct assay_ca_sharing *s, bool has_indices)
{
    uint32_t first = 1;
    ASSAY_ASSERT(s->holders <= ASSAY_FROST_HOLDERS_MAX && s->count <= ASSAY_FROST_INDICES_MAX);
    for (uint32_t i = 0; i < s->holders; i++) {
        const struct assay_ca_holder *h = &s->holder[i];
        ASSAY_ASSERT(h->slot < ASSAY_CA_SLOTS_MAX);
        ASSAY_ASSERT(i == 0 || h->slot > s->holder[i - 1].slot);
        ASSAY_ASSERT(h->behind <= ASSAY_CA_BEHIND_EPOCHS + 1);
        ASSAY_ASSERT(!has_indices || (h->first == first && h->indices > 0));
        first += h->indices;
    }
    ASSAY_ASSERT(first == s->count + 1);
    ASSAY_ASSERT(!has_indices || s->threshold == s->count - (s->count + 1) / 2 + 1);
}

/* Numbers ascend from old over active to next, none above the highest that was made. */
static void check_numbers(const struct assay_ca *ca)
{
    struct assay_ca_published published[ASSAY_CA_PUBLISHED_MAX];
    ASSAY_ASSERT(ca->olds <= ASSAY_CA_OLD_MAX);
    const uint32_t count = assay_ca_published(ca, published);
    for (uint32_t i = 0; i < count; i++) {
        ASSAY_ASSERT(published[i].number > 0 && published[i].number <= ca->numbers);
        ASSAY_ASSERT(i == 0 || published[i].number > published[i - 1].number);
    }
    ASSAY_ASSERT((ca->ca_number == 0) == (ca->force.generation == 0));
    ASSAY_ASSERT((ca->next.number == 0) == (ca->next.force.generation == 0));
    /* a place for what the next number, or the one that is dealt, replaces */
    ASSAY_ASSERT(ca->next.number == 0 || (ca->ca_number > 0 && ca->olds == 0));
    ASSAY_ASSERT(ca->force.generation <= ca->generations);
    ASSAY_ASSERT(ca->next.force.generation <= ca->generations);
}

void assay_ca_check(const struct assay_ca *ca)
{
    const struct assay_ca_ceremony *c = &ca->ceremony;
    ASSAY_ASSERT(ca->convicted <= ASSAY_CA_CONVICTED_MAX);
    check_sharing(&ca->force, ca->ca_number > 0);
    check_sharing(&ca->next.force, ca->next.number > 0);
    check_numbers(ca);
    if (c->phase == ASSAY_CA_IDLE) {
        ASSAY_ASSERT(c->next.holders == 0 && c->dealers == 0);
        return;
    }
    check_sharing(&c->next, c->phase != ASSAY_CA_OFFERS);
    ASSAY_ASSERT(c->next.era == ca->era && c->next.attempt == ca->attempts);
    ASSAY_ASSERT(c->next.generation == ca->generations + 1);
    ASSAY_ASSERT(c->is_reshare == (assay_ca_sharing_of(ca, c->ca_number) != NULL));
    ASSAY_ASSERT(c->is_reshare || (c->ca_number > ca->numbers && ca->next.number == 0));
    ASSAY_ASSERT(c->is_reshare || ca->ca_number == 0 || ca->olds < ASSAY_CA_OLD_MAX);
    ASSAY_ASSERT(c->dealers <= ASSAY_FROST_INDICES_MAX);
}
