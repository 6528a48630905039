/*
 * sim/world/final.c - contents of the final blocks of an epoch, recomputed: leaders, ballots,
 * proofs.
 *
 * The watch repeats the tally from what is recorded here (sim/checkers/watch_recount.c); this file
 * has a round robin of its own for the leader of a view (protocol.md 5.8).
 */
#include "engine/ledger/records/record.h"
#include "sim/world/run_internal.h"

enum { US = 1000 };

/* --- leaders */

void world_final_begin_epoch(struct world_run *r)
{
    r->robin_view = 0;
    r->has_roll = r->forked = false;
    assay_bytes_copy(r->newest_id, 32, r->before.head_id, 32);
    for (uint32_t i = 0; i < r->scenario->nodes; i++) {
        r->robin[i] = r->before.counters[i];
        r->row_of[i] = NULL;
        r->fails[i] = ASSAY_OUTCOME_NONE;
    }
}

/* protocol.md 5.8: every seat gains its weight; the seat with the most credit leads and pays the
 * total; on a tie the lower id leads. */
static uint32_t next_leader(struct world_run *r)
{
    const struct assay_member *m = r->before.members;
    int64_t total = 0;
    uint32_t richest = UINT32_MAX;
    for (uint32_t i = 0; i < r->before.member_count; i++) {
        const int64_t weight = m[i].seat_weight;
        total += weight;
        r->robin[i] = weight == 0 ? 0 : r->robin[i] + weight;
        if (weight == 0) continue;
        /* The slot of a newcomer does not follow from its id. */
        const bool ahead = richest == UINT32_MAX || r->robin[i] > r->robin[richest];
        if (ahead || (r->robin[i] == r->robin[richest] &&
                      assay_bytes_compare(m[i].node_id, m[richest].node_id, 32) < 0))
            richest = i;
    }
    ASSAY_ASSERT(richest != UINT32_MAX);
    r->robin[richest] -= total;
    return richest;
}

/* Views of final blocks ascend. Returns: UINT32_MAX for a view that was already requested. */
static uint32_t leader_of(struct world_run *r, uint64_t view)
{
    uint32_t leader = UINT32_MAX;
    while (r->robin_view < view) {
        leader = next_leader(r);
        r->robin_view++;
    }
    return leader;
}

static void check_leader(struct world_run *r, const struct assay_proposal *p)
{
    const uint32_t leader = leader_of(r, p->header.view);
    world_count_check(r->w, ASSAY_SIM_CHECKER_VALIDITY);
    if (leader == p->header.leader) return;
    world_report_violation(r->w, ASSAY_SIM_CHECKER_VALIDITY,
                           "view %llu of epoch %llu is led by %d, its final block is by %u",
                           (unsigned long long)p->header.view, (unsigned long long)p->header.epoch,
                           (int)leader, p->header.leader);
}

/* --- records */

static void record_roll(struct world_run *r, const struct assay_record *record)
{
    struct assay_cursor entries = assay_cursor_over(record->entries.bytes, record->entries.len);
    struct assay_merkle tree;
    assay_merkle_init(&tree);
    for (uint32_t i = 0; i < record->entry_count; i++) {
        uint8_t digest[32] = { 0 };
        uint8_t hash[32];
        bool present = false;
        if (assay_roll_next(&entries, &present, digest) != ASSAY_OK) return;
        assay_roll_leaf(present, digest, hash);
        assay_merkle_add_hash(&tree, hash);
    }
    assay_merkle_root(&tree, r->roll_root);
    r->has_roll = true;
}

/* protocol.md 7: a ballot over another roll, collateral or policy belongs to another electorate. */
static void record_ballot(struct world_run *r, const struct assay_ballot *b)
{
    const uint32_t voter = assay_state_slot_of(&r->before, b->node_id);
    if (voter >= r->before.member_count || r->row_of[voter] != NULL) return;
    if (!r->has_roll || !assay_bytes_equal(b->roll_root, r->roll_root, 32)) return;
    if (!assay_bytes_equal(b->policy_digest, r->before.rules.policy_digest, 32)) return;
    if (!assay_bytes_equal(b->endorsements_digest, r->before.rules.endorsements_digest, 32)) return;
    if (b->row.len > sizeof r->rows[voter]) return;
    assay_bytes_zero(r->rows[voter], sizeof r->rows[voter]);
    assay_bytes_copy(r->rows[voter], sizeof r->rows[voter], b->row.bytes, b->row.len);
    r->row_of[voter] = r->rows[voter];
}

static void record_fail(struct world_run *r, const struct assay_record *record)
{
    const uint32_t subject = assay_state_slot_of(&r->before, record->envelope.node_id);
    if (subject >= r->before.member_count) return;
    const struct world_epoch *e = world_truth_at(r, r->closed + 1);
    r->fails[subject] = e->evidence[subject] == ASSAY_SIM_EVIDENCE_SOFTLY ? ASSAY_OUTCOME_FAIL_SOFT
                                                                          : ASSAY_OUTCOME_FAIL_HARD;
}

/* protocol.md 9.4: validators verify it; one whose evidence fails is never listed. */
static void check_incarnate(struct world_run *r, const struct assay_record *record)
{
    const uint32_t slot = assay_state_slot_of(&r->before, record->incarnate.node_id);
    const int64_t at_unix_s = (int64_t)(r->before.head_time_ms / 1000);
    struct assay_verdict verdict;
    if (slot >= r->before.member_count) return;
    world_appraise(r->w, record->evidence,
                   (enum assay_evidence_kind)r->before.members[slot].evidence_kind, at_unix_s,
                   world_rules_of(r->w, r->closed + 1), &verdict);
    const bool foreign =
        verdict.has_platform && !verdict.platform_masked &&
        !assay_bytes_equal(verdict.platform_id, r->before.members[slot].platform_id, 32);
    world_count_check(r->w, ASSAY_SIM_CHECKER_VALIDITY);
    if (assay_outcome_is_pass(assay_verdict_outcome(&verdict)) && !foreign) return;
    world_report_violation(r->w, ASSAY_SIM_CHECKER_VALIDITY,
                           "a final block lists incarnation %u of %u, whose evidence fails",
                           record->incarnate.incarnation, slot);
}

static void record_content(struct world_run *r, const struct assay_record *record)
{
    switch (record->kind) {
    case ASSAY_RECORD_ROLL: record_roll(r, record); return;
    case ASSAY_RECORD_BALLOT: record_ballot(r, &record->ballot); return;
    case ASSAY_RECORD_FAIL:
        r->proofs++;
        record_fail(r, record);
        return;
    case ASSAY_RECORD_OFFENCE:
    case ASSAY_RECORD_CONTRADICTION: r->proofs++; return;
    case ASSAY_RECORD_INCARNATE: check_incarnate(r, record); return;
    case ASSAY_RECORD_CHANGE: world_changes_taken(r, record); return;
    case ASSAY_RECORD_COLLATERAL: world_days_taken(r, record); return;
    case ASSAY_RECORD_SERVICE: world_services_taken(r, record); return;
    case ASSAY_RECORD_REVIEW: world_proposals_taken(r, record); return;
    case ASSAY_RECORD_KEYS: return; /* workload_keys.c checks what follows from it */
    }
}

static void record_finality_time(struct world_run *r, const struct assay_proposal *p)
{
    uint64_t born_us = 0;
    if (!world_truth_born(r, p->id, &born_us)) return;
    const uint64_t ms = (r->w->now_us - born_us) / US;
    r->finality_ms[ms < WORLD_MS_KEPT ? ms : WORLD_MS_KEPT - 1]++;
    r->finality_count++;
}

/* The first node finalizes the block. */
void world_run_block(struct assay_sim_world *w, const struct assay_proposal *p)
{
    struct world_run *r = w->run;
    struct assay_cursor body;
    struct assay_slice bytes;
    struct assay_record record;
    uint64_t count = 0;
    if (r == NULL) return;
    r->blocks++;
    record_finality_time(r, p);
    if (p->header.epoch != r->closed + 1) return; /* of an epoch that closed unobserved */
    /* After a RECOVER in doubt members of the era before continue: their electorate differs from
     * the counted one, and operators were notified that there may be two. */
    if (w->split_reported && p->header.era != r->before.era) {
        r->forked = true;
        return;
    }
    if (!assay_bytes_equal(p->header.parent_id, r->newest_id, 32)) r->forked = true;
    assay_bytes_copy(r->newest_id, 32, p->id, 32);
    check_leader(r, p);
    if (assay_body_open(p->body, &body, &count) != ASSAY_OK) return;
    for (uint64_t i = 0; i < count && assay_body_next(&body, &bytes) == ASSAY_OK; i++)
        if (assay_record_decode(bytes, &record) == ASSAY_OK) record_content(r, &record);
}
