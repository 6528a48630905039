/*
 * engine/ledger/fold/close_keys.c - workload keys at the close of an epoch (docs/protocol.md 2.16).
 */
#include "engine/ledger/fold/close.h"
#include "engine/ledger/state/workload_keys.h"

/* Weight of the counted votes that say PASS of a slot's evidence with the keys that it declared.
 * Its own platform has no vote on it (docs/protocol.md 7.1). */
static uint64_t bound_weight(const struct assay_groups *groups, const struct assay_close *s,
                             uint32_t members, uint32_t slot)
{
    uint64_t weight = 0;
    for (uint32_t v = 0; v < members; v++) {
        if (s->rows[v] == NULL || groups->platform[v] == groups->platform[slot]) continue;
        const uint8_t code = assay_votes_row_get(s->rows[v], slot);
        if (assay_outcome_is_pass(assay_votes_outcome(code)) && !assay_votes_without_keys(code))
            weight += s->weights_before[v];
    }
    return weight;
}

/* docs/protocol.md 2.16.5: what this epoch's ballots certify of declared keys. */
void assay_close_keys(const struct assay_state *before, const struct assay_ledger *ledger,
                      const struct assay_groups *groups, uint64_t total_weight,
                      const struct assay_close *s, struct assay_state *next)
{
    uint8_t none[32];
    assay_declared_keys_no_root(none);
    for (uint32_t i = 0; i < before->member_count; i++) {
        struct assay_member *m = &next->members[i];
        const uint8_t *root = assay_declaration_root_at(&m->declaration, next->epoch);
        if (root == NULL) continue;
        struct assay_declaration_close close = { .epoch = next->epoch,
                                                 .certified_pass = m->found.certified_pass,
                                                 .ended = ledger->incarnated[i] };
        close.bound = close.certified_pass && !assay_bytes_equal(root, none, 32) &&
                      assay_declaration_is_bound(bound_weight(groups, s, before->member_count, i),
                                                 m->found.electorate_weight, total_weight);
        assay_declaration_on_close(&m->declaration, &close);
    }
}

/* What evidence of the next epoch binds: what was declared in this one. A newcomer and a new
 * incarnation declare no keys. (docs/protocol.md 2.16.2.) */
void assay_close_declare(const struct assay_ledger *ledger, struct assay_state *next)
{
    const bool keyed = next->rules.parameters.level >= ASSAY_LEVEL_DECLARED_KEYS;
    const uint64_t since = next->epoch + 1;
    uint8_t none[32];
    if (keyed) assay_declared_keys_no_root(none);
    for (uint32_t i = 0; i < next->member_count; i++) {
        struct assay_declaration *d = &next->members[i].declaration;
        const bool known = d->count > 0 && d->roots[0].binds && i < ledger->members;
        const struct assay_declaration_close end = { .epoch = next->epoch, .ended = true };
        if (d->count > 0 && (!keyed || !assay_member_serves(&next->members[i])))
            assay_declaration_on_close(d, &end);
        if (!keyed) {
            if (d->count > 0) assay_declaration_set(d, since, NULL);
        } else if (!known || ledger->incarnated[i]) {
            assay_declaration_set(d, since, none);
        } else if (ledger->declares[i]) {
            assay_declaration_set(d, since, ledger->declared[i]);
        }
    }
}
