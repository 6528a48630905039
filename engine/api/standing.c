/*
 * engine/api/standing.c - verification of network proofs (include/assay/standing.h,
 * docs/proofs.md).
 *
 * The numbers of the public header and those of the rooms are the same enums; results are copied
 * out, so that no struct of the ledger is part of the interface.
 */
#include "engine/api/standing_parts.h"

_Static_assert((int)ASSAY_CHECKPOINT_BYTES_MAX == (int)ASSAY_CHECKPOINT_LEN_MAX, "one bound");
_Static_assert((int)ASSAY_MEMBER_RESTS == (int)ASSAY_STAGE_RESTING &&
                   (int)ASSAY_MEMBER_LEFT == (int)ASSAY_STAGE_LEFT,
               "one number");
_Static_assert((int)ASSAY_PROOF_BYTES_MAX == (int)ASSAY_PROOF_LEN_MAX, "one bound");

static enum assay_status fill_standing(const struct assay_proven_state *p, uint64_t expires_ms,
                                       struct assay_standing_report *r)
{
    const struct assay_member *m = &p->member;
    if (r->answer == ASSAY_PROVEN) {
        /* docs/protocol.md 11.3.1: no checkpoint follows from a proof of unknown age. */
        struct assay_writer w = assay_writer_over(r->checkpoint, sizeof r->checkpoint);
        ASSAY_TRY(assay_checkpoint_encode(&p->next, &w));
        r->checkpoint_len = w.len;
    }
    assay_bytes_copy(r->node_id, 32, m->node_id, 32);
    assay_bytes_copy(r->chain_id, 32, p->next.chain_id, 32);
    assay_bytes_copy(r->block_id, 32, p->next.id, 32);
    assay_bytes_copy(r->policy_digest, 32, p->policy_digest, 32);
    r->standing = assay_proof_standing_of(p);
    r->stage = (enum assay_member_stage)m->stage;
    r->stage_epoch = m->stage_epoch;
    r->score_bp = assay_trust_score_bp(&m->trust);
    r->integrity_bp = m->trust.integrity_bp;
    r->availability_bp = m->trust.availability_bp;
    r->outcome = assay_proof_outcome_of(p);
    r->pass_weight = m->found.pass_weight;
    r->negative_weight = m->found.negative_weight;
    r->electorate_weight = m->found.electorate_weight;
    r->certified = p->certified;
    r->last_pass_epoch = m->pass_epoch;
    r->incarnation = m->lives[0].incarnation;
    r->weight = m->weight;
    r->era = p->next.era;
    r->epoch = p->next.epoch;
    r->time_ms = p->time_ms;
    r->expires_ms = expires_ms;
    return ASSAY_OK;
}

enum assay_status assay_standing_prove(struct assay_slice proof, struct assay_slice checkpoint,
                                       uint64_t now_ms, uint32_t max_age_s,
                                       struct assay_standing_report *report,
                                       struct assay_proven_state *proven)
{
    struct assay_checkpoint from;
    *report =
        (struct assay_standing_report){ .size = sizeof *report, .answer = ASSAY_PROOF_OTHER_CHAIN };
    ASSAY_TRY(assay_checkpoint_decode(checkpoint, &from));
    ASSAY_TRY(assay_proof_verify(proof, &from, &report->answer, proven));
    if (report->answer != ASSAY_PROVEN) return ASSAY_OK;
    report->answer = assay_proof_age(&from, proven, now_ms, max_age_s);
    if (report->answer != ASSAY_PROVEN && report->answer != ASSAY_PROOF_AGE_UNKNOWN)
        return ASSAY_OK;
    return fill_standing(proven, assay_proof_expires_ms(&from, proven, max_age_s), report);
}

enum assay_status assay_standing_verify(const uint8_t *proof, size_t proof_len,
                                        const uint8_t *checkpoint, size_t checkpoint_len,
                                        uint64_t now_ms, uint32_t max_age_s,
                                        struct assay_standing_report *report)
{
    struct assay_proven_state proven;
    if (proof == NULL || checkpoint == NULL || report == NULL) return ASSAY_E_INVALID;
    if (report->size < sizeof *report) return ASSAY_E_INVALID;
    return assay_standing_prove(assay_slice_over(proof, proof_len),
                                assay_slice_over(checkpoint, checkpoint_len), now_ms,
                                max_age_s == 0 ? ASSAY_PROOF_AGE_S : max_age_s, report, &proven);
}

const char *assay_name_of_standing(enum assay_standing standing)
{
    switch (standing) {
    case ASSAY_STANDING_FULL: return "FULL";
    case ASSAY_STANDING_WARNING: return "WARNING";
    case ASSAY_STANDING_RESTRICTED: return "RESTRICTED";
    case ASSAY_STANDING_SUSPENDED: return "SUSPENDED";
    }
    return "unknown";
}

const char *assay_name_of_outcome(enum assay_proof_outcome outcome)
{
    return assay_proof_outcome_text(outcome);
}

const char *assay_describe_answer(enum assay_proof_answer answer)
{
    return assay_proof_answer_text(answer);
}
