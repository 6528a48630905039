/*
 * apps/assay/members/evidence_owner.c - owner of stored evidence, found by its report data.
 */
#include "apps/assay/members/evidence_owner.h"

#include "engine/ledger/records/finding.h"
#include "engine/ledger/state/workload_keys.h"

bool cli_evidence_owner_epoch(const struct assay_state *s, uint64_t epoch, int64_t *at_unix_s,
                              uint8_t beacon[static 32])
{
    const struct assay_past_epoch *past = assay_state_past(s, epoch);
    if (past == NULL && epoch != s->epoch + 1) return false;
    *at_unix_s = (int64_t)((past != NULL ? past->t0_ms : s->head_time_ms) / 1000);
    assay_state_beacon(s, epoch, past != NULL ? past->base_id : s->head_id, beacon);
    return true;
}

/* Evidence binds the keys that are declared for its epoch, or none (docs/protocol.md 2.16.3). */
static bool is_bound(struct assay_binding *binding, const struct assay_member *m,
                     const uint8_t report_data[static 64])
{
    uint8_t expected[64], none[32];
    binding->keys_root = assay_declaration_root_at(&m->declaration, binding->epoch);
    assay_binding_report_data(binding, expected);
    if (assay_bytes_equal(expected, report_data, sizeof expected)) return true;
    if (binding->keys_root == NULL) return false;
    assay_declared_keys_no_root(none);
    binding->keys_root = none;
    assay_binding_report_data(binding, expected);
    binding->keys_root = NULL;
    return assay_bytes_equal(expected, report_data, sizeof expected);
}

uint32_t cli_evidence_owner_find(const struct assay_state *s, uint64_t epoch,
                                 const uint8_t beacon[static 32],
                                 const uint8_t report_data[static 64])
{
    for (uint32_t i = 0; i < s->member_count; i++) {
        const struct assay_member *m = &s->members[i];
        const struct assay_life *life = assay_member_life_at(m, epoch);
        if (life == NULL) continue;
        struct assay_binding binding = { .chain_id = s->chain_id,
                                         .era = s->era,
                                         .epoch = epoch,
                                         .beacon = beacon,
                                         .node_id = m->node_id,
                                         .incarnation = life->incarnation,
                                         .voting_public = life->voting_public,
                                         .transport_public = life->transport_public };
        if (is_bound(&binding, m, report_data)) return i;
    }
    return s->member_count;
}
