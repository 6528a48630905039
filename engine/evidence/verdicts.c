/*
 * engine/evidence/verdicts.c - verdicts on evidence: cached results and pending verifications.
 *
 * docs/protocol.md 5.23: evidence in blocks is verified before a vote. A verification is requested
 * once; a request that the host lost is repeated at a slow pace.
 */
#include "engine/parts/engine_internal.h"

/* All are taken: one whose answer a host has lost gives way. Returns: NULL when none is so old. */
static struct assay_asked *find_overdue(struct assay_engine *e)
{
    struct assay_asked *asked = e->parts->verdicts.asked;
    struct assay_asked *oldest = &asked[0];
    for (uint32_t i = 1; i < ASSAY_VERDICTS_MAX; i++)
        if (asked[i].asked_ms < oldest->asked_ms) oldest = &asked[i];
    ASSAY_ASSERT(oldest->used);
    return e->now_ms < oldest->asked_ms + assay_eng_epoch_ms(e) ? NULL : oldest;
}

/* What no envelope announced is of use to nobody once it is judged: kept, it would fill the disk of
 * everybody at its sender's will (docs/protocol.md 5.12.1). */
static bool is_announced(const struct assay_engine *e, const uint8_t digest[static 32])
{
    for (uint32_t i = 0; i < e->members; i++)
        if (e->seats[i].payload_len > 0 &&
            assay_bytes_equal(e->seats[i].envelope.evidence_digest, digest, 32))
            return true;
    return false;
}

const struct assay_finding_record *assay_verdicts_request(void *engine, const struct assay_ask *ask)
{
    struct assay_engine *e = engine;
    ASSAY_ASSERT(ask->epoch <= e->head->context.epoch);

    const struct assay_finding_record *finding =
        assay_verdicts_find(e, ask->digest, ask->at_unix_s, ask->kind, ask->before);
    ASSAY_ASSERT(ask->bytes.len > 0 && ask->bytes.len <= ASSAY_EVIDENCE_LEN_MAX);
    if (finding != NULL) return finding;
    struct assay_asked *slot = NULL;
    for (uint32_t i = 0; i < ASSAY_VERDICTS_MAX; i++) {
        struct assay_asked *v = &e->parts->verdicts.asked[i];
        if (!v->used) {
            if (slot == NULL) slot = v;
            continue;
        }
        if (v->at_unix_s != ask->at_unix_s || v->kind != ask->kind) continue;
        if (v->before != ask->before) continue;
        if (!assay_bytes_equal(v->digest, ask->digest, 32)) continue;
        /* A host may lose a request; it is repeated at a slow pace. */
        if (e->now_ms < v->asked_ms + assay_eng_epoch_ms(e)) return NULL;
        slot = v;
        break;
    }
    if (slot == NULL) slot = find_overdue(e);
    if (slot == NULL) return NULL; /* requested when an entry is free */
    struct assay_effect *effect = assay_eng_add_effect(e, ASSAY_EFFECT_VERIFY);
    const struct assay_slice bytes = assay_eng_copy(e, ask->bytes);
    if (effect == NULL || bytes.len == 0) {
        if (effect != NULL) assay_eng_remove_effect(e);
        return NULL;
    }
    *slot = (struct assay_asked){ .used = true,
                                  .at_unix_s = ask->at_unix_s,
                                  .kind = ask->kind,
                                  .before = ask->before,
                                  .asked_ms = e->now_ms };
    ASSAY_ASSERT(effect->kind == ASSAY_EFFECT_VERIFY && bytes.len == ask->bytes.len);
    assay_bytes_copy(slot->digest, 32, ask->digest, 32);
    assay_bytes_copy(effect->as.verify.digest, 32, ask->digest, 32);
    effect->as.verify.bytes = bytes;
    effect->as.verify.epoch = ask->epoch;
    effect->as.verify.at_unix_s = ask->at_unix_s;
    effect->as.verify.evidence_kind = ask->kind;
    effect->as.verify.before = ask->before;
    effect->as.verify.keep = is_announced(e, ask->digest);
    return NULL;
}

const struct assay_finding_record *assay_verdicts_find(struct assay_engine *e,
                                                       const uint8_t digest[static 32],
                                                       int64_t at_unix_s,
                                                       enum assay_evidence_kind kind, bool before)
{
    return assay_findings_get(&e->parts->verdicts.findings, digest, at_unix_s, kind, before);
}

void assay_verdicts_on_verdict(struct assay_engine *e, const uint8_t digest[static 32],
                               int64_t at_unix_s, bool before, const struct assay_verdict *verdict)
{
    struct assay_verdicts *v = &e->parts->verdicts;
    for (uint32_t i = 0; i < ASSAY_VERDICTS_MAX; i++) {
        struct assay_asked *asked = &v->asked[i];
        if (asked->used && asked->at_unix_s == at_unix_s && asked->before == before &&
            assay_bytes_equal(asked->digest, digest, 32))
            asked->used = false;
    }
    if (verdict == NULL) return;
    const struct assay_finding_record *kept =
        assay_findings_put(&v->findings, digest, at_unix_s, before, verdict);
    ASSAY_ASSERT(kept->used);
}
