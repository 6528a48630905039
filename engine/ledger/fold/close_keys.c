/*
 * engine/ledger/fold/close_keys.c - workload keys and granted names at the close of an epoch
 * (docs/protocol.md 2.16, 2.17).
 */
#include "engine/ledger/fold/close.h"
#include "engine/ledger/state/workload_keys.h"

/* The weights that decide on the keys of one member. */
struct electorate {
    const struct assay_groups *groups;
    const struct assay_ledger *ledger;
    const struct assay_close *close;
    uint32_t members, slot;
};

/* Does a counted vote say PASS of the slot's evidence with the keys that it declared? Its own
 * platform has no vote on it (docs/protocol.md 7.1). */
static bool is_bound_by(const struct electorate *e, uint32_t voter)
{
    const uint8_t *row = e->close->rows[voter];
    if (row == NULL || e->groups->platform[voter] == e->groups->platform[e->slot]) return false;
    const uint8_t code = assay_votes_row_get(row, e->slot);
    return assay_outcome_is_pass(assay_votes_outcome(code)) && !assay_votes_without_keys(code);
}

static uint64_t bound_weight(const struct electorate *e)
{
    uint64_t weight = 0;
    for (uint32_t v = 0; v < e->members; v++)
        if (is_bound_by(e, v)) weight += e->close->weights_before[v];
    return weight;
}

/* The same of those votes that say that the evidence has a granted name. */
static uint64_t granting_weight(const struct electorate *e, uint32_t place)
{
    const uint32_t names = e->ledger->grants.names;
    const size_t row_len = assay_grants_row_len(e->members, names);
    uint64_t weight = 0;
    for (uint32_t v = 0; v < e->members; v++) {
        if (!is_bound_by(e, v)) continue;
        const uint8_t *row = e->ledger->grants.rows + v * row_len;
        const unsigned bits = assay_grants_row_get(row, names, e->slot);
        if ((bits >> place & 1u) != 0) weight += e->close->weights_before[v];
    }
    return weight;
}

/* docs/protocol.md 2.17.3: names for which as much weight is wanted as for the keys. */
static uint8_t granted_names(const struct electorate *e, const struct assay_grants *grants,
                             uint64_t total_weight)
{
    uint8_t bits = 0;
    if (grants == NULL) return 0;
    ASSAY_ASSERT(grants->count == e->ledger->grants.names);
    for (uint32_t k = 0; k < grants->count; k++)
        if (assay_declaration_is_bound(granting_weight(e, k), total_weight))
            bits |= (uint8_t)(1u << k);
    return bits;
}

static void list_names(const struct assay_grants *grants, struct assay_declaration_close *close)
{
    close->name_count = grants != NULL ? grants->count : 0;
    for (uint32_t k = 0; k < close->name_count; k++)
        close->names[k] = grants->name[k].digest;
}

/* docs/protocol.md 2.16.5, 2.17.3: what this epoch's ballots certify of declared keys. */
void assay_close_keys(const struct assay_context *context, const struct assay_ledger *ledger,
                      const struct assay_groups *groups, uint64_t total_weight,
                      const struct assay_close *s, struct assay_state *next)
{
    const struct assay_grants *grants = assay_context_grants(context);
    struct electorate e = {
        .groups = groups, .ledger = ledger, .close = s, .members = context->state->member_count
    };
    uint8_t none[32];
    assay_declared_keys_no_root(none);
    for (e.slot = 0; e.slot < e.members; e.slot++) {
        struct assay_member *m = &next->members[e.slot];
        const uint8_t *root = assay_declaration_root_at(&m->declaration, next->epoch);
        if (root == NULL) continue;
        struct assay_declaration_close close = { .epoch = next->epoch,
                                                 .certified_pass = m->found.certified_pass,
                                                 .ended = ledger->incarnated[e.slot] };
        list_names(grants, &close);
        close.bound = close.certified_pass && !assay_bytes_equal(root, none, 32) &&
                      assay_declaration_is_bound(bound_weight(&e), total_weight);
        if (close.bound) close.granted = granted_names(&e, grants, total_weight);
        assay_declaration_on_close(&m->declaration, &close);
    }
}

/* What evidence of the next epoch binds: what was declared in this one. A newcomer and a new
 * incarnation declare no keys. (docs/protocol.md 2.16.2.) */
void assay_close_declare(const struct assay_ledger *ledger, struct assay_state *next)
{
    const bool keyed = next->rules.parameters.level >= ASSAY_LEVEL_DECLARED_KEYS;
    /* Builds of a lower level read no leaf with names. */
    const bool granting = next->rules.parameters.level >= ASSAY_LEVEL_GROUP_KEY;
    const uint64_t since = next->epoch + 1;
    uint8_t none[32];
    if (keyed) assay_declared_keys_no_root(none);
    for (uint32_t i = 0; i < next->member_count; i++) {
        struct assay_declaration *d = &next->members[i].declaration;
        const bool known = d->count > 0 && d->roots[0].binds && i < ledger->members;
        const struct assay_declaration_close end = { .epoch = next->epoch, .ended = true };
        if (d->count > 0 && (!keyed || !assay_member_serves(&next->members[i])))
            assay_declaration_on_close(d, &end);
        if (!granting) assay_declaration_end_grants(d);
        if (!keyed) {
            if (d->count > 0) assay_declaration_set(d, since, NULL);
        } else if (!known || ledger->incarnated[i]) {
            assay_declaration_set(d, since, none);
        } else if (ledger->declares[i]) {
            assay_declaration_set(d, since, ledger->declared[i]);
        }
    }
}
