/*
 * net/documents/document_status.c - document `status` of this node, most important facts first.
 *
 * Rendered from the snapshot of the runtime core alone (host/snapshot.h, host/fault_tolerance.h).
 */
#include "net/documents/document.h"

#include "base/assert.h"
#include "host/permit.h"

#include <stdio.h>

static struct assay_json *enclave_document(const struct assay_snapshot *s)
{
    struct assay_json *object = assay_json_object();
    assay_json_set_uint(object, "pid", (uint64_t)s->enclave.pid);
    assay_json_set_bool(object, "paused", s->enclave.paused);
    assay_json_set_uint(object, "starts", s->enclave.starts);
    assay_json_set_hex(object, "measurement", s->enclave.measurement,
                       sizeof s->enclave.measurement);
    return object;
}

static struct assay_json *service_document(const struct assay_snapshot *s)
{
    char name[ASSAY_NAME_MAX + 1];
    struct assay_json *object = assay_json_object();
    assay_json_set_uint(object, "counter", s->service.counter);
    assay_json_set_uint(object, "granted", s->service.granted);
    assay_json_set_text(object, "granted_by",
                        assay_document_name(s, s->service.granted_by, name, sizeof name));
    assay_json_set_bool(object, "refused", s->service.refused);
    return object;
}

static struct assay_json *neighbours_document(const struct assay_snapshot *s)
{
    struct assay_json *object = assay_json_object();
    const struct assay_overlay_figures *n = &s->neighbours;
    assay_json_set_bool(object, "used", s->has_neighbours);
    assay_json_set_uint(object, "chosen", n->outbound);
    assay_json_set_uint(object, "others", n->inbound);
    assay_json_set_uint(object, "asked", n->asked);
    assay_json_set_uint(object, "transient_links", n->transient_links);
    return object;
}

static struct assay_json *finality_document(const struct assay_snapshot *s)
{
    ASSAY_ASSERT(s->finality.newest_count <= ASSAY_SNAPSHOT_NEWEST);
    struct assay_json *object = assay_json_object();
    assay_json_set_uint(object, "samples", s->finality.samples);
    assay_json_set_uint(object, "p50_us", s->finality.p50_us);
    assay_json_set_uint(object, "p90_us", s->finality.p90_us);
    assay_json_set_uint(object, "p99_us", s->finality.p99_us);
    struct assay_json *newest = assay_json_array();
    for (uint32_t i = 0; i < s->finality.newest_count; i++)
        assay_json_append_uint(newest, s->finality.newest_us[i]);
    assay_json_set(object, "newest_us", newest);
    return object;
}

/* Health first, then figures: a stalled chain shows scores, too. */
static void set_head(struct assay_json *data, const struct assay_snapshot *s)
{
    const uint64_t final_ms = s->chain.final_at_ms;
    if (final_ms == 0) assay_json_set_null(data, "head_age_ms");
    else assay_json_set_uint(data, "head_age_ms", s->now_ms - final_ms);
    assay_json_set_bool(data, "stale", !assay_permit_fresh(&s->chain, s->epoch_ms, s->now_ms));
    assay_json_set_uint(data, "views_nullified", s->chain.views_nullified);
    assay_json_set_uint(data, "clock_lead_ms", s->chain.clock_lead_ms);
}

static void set_chain(struct assay_json *data, const struct assay_snapshot *s)
{
    const struct assay_engine_snapshot *snapshot = &s->chain;
    assay_json_set_hex(data, "chain_id", snapshot->chain_id, sizeof snapshot->chain_id);
    assay_json_set_uint(data, "era", snapshot->era);
    assay_json_set_uint(data, "epoch", snapshot->epoch);
    assay_json_set_uint(data, "epoch_ms", s->epoch_ms);
    assay_json_set_uint(data, "epoch_t0_ms", snapshot->epoch_t0_ms);
    assay_json_set_uint(data, "height", snapshot->height);
    assay_json_set_uint(data, "view", snapshot->view);
    assay_json_set_hex(data, "head_id", snapshot->head_id, sizeof snapshot->head_id);
    assay_json_set_hex(data, "state_root", snapshot->state_root, sizeof snapshot->state_root);
    assay_json_set_uint(data, "head_time_ms", snapshot->head_time_ms);
    set_head(data, s);
    assay_json_set_bool(data, "certified", snapshot->certified);
    assay_json_set_uint(data, "certified_epoch", snapshot->certified_epoch);
    assay_json_set_bool(data, "voting", snapshot->voting);
    assay_json_set_bool(data, "fenced", s->fenced);
    assay_json_set_bool(data, "behind", snapshot->behind);
    assay_json_set_uint(data, "total_weight", snapshot->total_weight);
    assay_json_set_uint(data, "seats", snapshot->seats);
    assay_json_set_uint(data, "seats_weight", snapshot->seats_weight);
    assay_json_set_bool(data, "operator_cap_met", snapshot->operator_cap_met);
    assay_json_set_bool(data, "vendor_cap_met", snapshot->vendor_cap_met);
    assay_json_set_text(data, "cuts", assay_cuts_text((enum assay_cuts)snapshot->cuts));
    assay_json_set_uint(data, "largest_operator_bp", snapshot->largest_operator_bp);
    assay_json_set_uint(data, "largest_vendor_bp", snapshot->largest_vendor_bp);
    assay_json_set_uint(data, "largest_platform_bp", snapshot->largest_platform_bp);
}

/* ------------------------------------------------------------ the margin */

static struct assay_json *clock_document(const struct assay_snapshot *s)
{
    struct assay_json *object = assay_json_object();
    assay_json_set_bool(object, "known", s->clock_known);
    assay_json_set_bool(object, "off", s->clock_out_of_sync);
    if (s->clock_known) assay_json_set_int(object, "ahead_ms", s->clock_ahead_ms);
    else assay_json_set_null(object, "ahead_ms");
    assay_json_set_uint(object, "bound_ms", s->clock_bound_ms);
    return object;
}

static void append_member(const struct assay_snapshot *s, struct assay_json *list, uint16_t slot)
{
    ASSAY_ASSERT(slot < s->member_count);
    char name[ASSAY_NAME_MAX + 1];
    assay_json_append_text(list, assay_document_name(s, slot, name, sizeof name));
}

/* Missing contributions of one member of weight to the running epoch; NULL: none. */
static struct assay_json *missing_document(const struct assay_snapshot *s, uint16_t slot)
{
    ASSAY_ASSERT(slot < s->member_count);
    char name[ASSAY_NAME_MAX + 1];
    const struct assay_snapshot_member *m = &s->members[slot];
    const bool late = s->margin.overdue;
    const bool no_evidence = late && !m->ledger.announced && slot != s->self;
    const bool no_ballot = late && s->chain.has_roll && !m->ledger.balloted;
    if (m->ledger.weight == 0 || (m->present && !no_evidence && !no_ballot)) return NULL;
    struct assay_json *object = assay_json_object();
    assay_json_set_uint(object, "slot", slot);
    assay_json_set_text(object, "name", assay_document_name(s, slot, name, sizeof name));
    assay_json_set_uint(object, "weight", m->ledger.weight);
    assay_json_set_bool(object, "present", m->present);
    if (m->was_received) assay_json_set_uint(object, "last_message_age_ms", m->received_age_ms);
    else assay_json_set_null(object, "last_message_age_ms");
    assay_json_set_bool(object, "ended", m->ended);
    assay_json_set_bool(object, "evidence", m->ledger.announced || slot == s->self);
    assay_json_set_bool(object, "ballot", m->ledger.balloted);
    return object;
}

static struct assay_json *closing_document(const struct assay_snapshot *s)
{
    ASSAY_ASSERT(s->member_count <= ASSAY_SLOT_SELF); /* a slot has 16 bits */
    const struct assay_fault_tolerance *o = &s->margin;
    struct assay_json *object = assay_json_object(), *missing = assay_json_array();
    assay_json_set_bool(object, "overdue", o->overdue);
    assay_json_set_uint(object, "open_ms", o->open_ms);
    assay_json_set_bool(object, "progress", o->progress);
    assay_json_set_uint(object, "quorum_weight", o->quorum_weight);
    assay_json_set_uint(object, "present_weight", o->present_weight);
    assay_json_set_bool(object, "roll", s->chain.has_roll);
    assay_json_set_bool(object, "ballots_short", o->ballots_short);
    for (uint16_t slot = 0; slot < s->member_count; slot++) {
        struct assay_json *lacks = missing_document(s, slot);
        if (lacks != NULL) assay_json_append(missing, lacks);
    }
    assay_json_set(object, "missing", missing);
    return object;
}

static bool same_group(const struct assay_snapshot *s, uint16_t a, uint16_t b, bool vendor)
{
    ASSAY_ASSERT(a < s->member_count && b < s->member_count);
    const struct assay_member_snapshot *x = &s->members[a].ledger, *y = &s->members[b].ledger;
    return vendor ? assay_bytes_equal(x->vendor_root, y->vendor_root, 32)
                  : assay_bytes_equal(x->operator_id, y->operator_id, 32);
}

static bool is_first_of_group(const struct assay_snapshot *s, uint16_t slot, bool vendor)
{
    ASSAY_ASSERT(slot < s->member_count);
    for (uint16_t before = 0; before < slot; before++)
        if (same_group(s, before, slot, vendor)) return false;
    return true;
}

enum margin { STOPS, BREAKS, OUTVOTES };

static bool is_in_group(const struct assay_snapshot_member *m, bool vendor, enum margin what)
{
    ASSAY_ASSERT(vendor || what != OUTVOTES); /* operators have no votes of their own */
    switch (what) {
    case STOPS: return vendor ? m->vendor_stops : m->operator_stops;
    case BREAKS: return vendor ? m->vendor_breaks : m->operator_breaks;
    case OUTVOTES: return m->vendor_outvotes;
    }
    ASSAY_UNREACHABLE("of the list");
}

/* Operators (or vendor roots) of which one alone is too much, each with its members. */
static struct assay_json *groups_document(const struct assay_snapshot *s, bool vendor,
                                          enum margin what)
{
    ASSAY_ASSERT(s->member_count == 0 || s->members != NULL);
    struct assay_json *list = assay_json_array();
    for (uint16_t slot = 0; slot < s->member_count; slot++) {
        const struct assay_snapshot_member *m = &s->members[slot];
        if (!is_in_group(m, vendor, what)) continue;
        if (!is_first_of_group(s, slot, vendor)) continue;
        struct assay_json *group = assay_json_object(), *members = assay_json_array();
        assay_json_set_hex(group, "id", vendor ? m->ledger.vendor_root : m->ledger.operator_id, 32);
        if (!vendor)
            assay_json_set_text_n(group, "name", m->ledger.operator_name.bytes,
                                  m->ledger.operator_name.len);
        for (uint16_t other = slot; other < s->member_count; other++)
            if (same_group(s, slot, other, vendor)) append_member(s, members, other);
        assay_json_set(group, "members", members);
        assay_json_append(list, group);
    }
    return list;
}

static struct assay_json *tolerance_document(const struct assay_snapshot *s)
{
    struct assay_json *object = assay_json_object();
    assay_json_set_uint(object, "members_stop", s->margin.members_stop);
    assay_json_set_uint(object, "members_break", s->margin.members_break);
    assay_json_set_uint(object, "platforms_stop", s->margin.platforms_stop);
    assay_json_set_uint(object, "platforms_break", s->margin.platforms_break);
    assay_json_set_bool(object, "shares_platforms", s->margin.shares_platforms);
    assay_json_set_uint(object, "any_operators_stop", s->margin.operators_stop);
    assay_json_set_uint(object, "any_operators_break", s->margin.operators_break);
    assay_json_set_uint(object, "any_vendors_stop", s->margin.roots_stop);
    assay_json_set_uint(object, "any_vendors_break", s->margin.roots_break);
    assay_json_set(object, "operators_stop", groups_document(s, false, STOPS));
    assay_json_set(object, "vendors_stop", groups_document(s, true, STOPS));
    assay_json_set(object, "operators_break", groups_document(s, false, BREAKS));
    assay_json_set(object, "vendors_break", groups_document(s, true, BREAKS));
    assay_json_set(object, "vendors_outvote", groups_document(s, true, OUTVOTES));
    return object;
}

static void append_proposals_advice(const struct assay_snapshot *s, struct assay_json *list)
{
    char text[160];
    struct assay_json *object = assay_json_object();
    const unsigned waiting = s->proposals.waiting, missing = s->proposals.missing;
    if (waiting == 1)
        (void)snprintf(text, sizeof text,
                       "a proposal waits for approval of %u operator%s: assay change inbox",
                       missing, missing == 1 ? "" : "s");
    else
        (void)snprintf(text, sizeof text,
                       "%u proposals wait for approval, the next one of %u operator%s: assay "
                       "change inbox",
                       waiting, missing, missing == 1 ? "" : "s");
    assay_json_set_text(object, "code", "proposal_waits");
    assay_json_set_text(object, "text", text);
    assay_json_append(list, object);
}

/* One of each pair: the record of the other member names the same device. */
static void append_shared_devices(const struct assay_snapshot *s, struct assay_json *list)
{
    ASSAY_ASSERT(s->member_count == 0 || s->members != NULL);
    char name[ASSAY_NAME_MAX + 1];
    char text[ASSAY_NAME_MAX + sizeof ": " + ASSAY_DOCUMENT_SHARED_DEVICE];
    char shared[ASSAY_DOCUMENT_SHARED_DEVICE];
    for (uint16_t slot = 0; slot < s->member_count; slot++) {
        const struct assay_snapshot_shared_device *const d = &s->members[slot].shared_device;
        if (d->last_epoch == 0 ||
            (d->other < slot && s->members[d->other].shared_device.other == slot))
            continue;
        struct assay_json *const object = assay_json_append_object(list);
        (void)snprintf(text, sizeof text, "%s: %s",
                       assay_document_name(s, slot, name, sizeof name),
                       assay_document_shared_device(s, d, shared));
        assay_json_set_text(object, "code", "device_shared");
        assay_json_set_text(object, "text", text);
    }
}

static struct assay_json *advice_document(const struct assay_snapshot *s)
{
    struct assay_json *list = assay_json_array();
    if (s->identity_in_use) {
        struct assay_json *object = assay_json_object();
        assay_json_set_text(object, "code", "identity_in_use");
        assay_json_set_text(object, "text",
                            "two processes use the identity of this node: was its folder copied? "
                            "Stop one of the two, and make new keys for it");
        assay_json_append(list, object);
    }
    if (s->proposals.waiting > 0) append_proposals_advice(s, list);
    append_shared_devices(s, list);
    for (int i = 0; i < ASSAY_ADVICE_COUNT; i++) {
        if (!s->margin.advised[i]) continue;
        struct assay_json *object = assay_json_object();
        assay_json_set_text(object, "code", assay_advice_code((enum assay_advice)i));
        assay_json_set_text(object, "text", assay_advice_text((enum assay_advice)i));
        assay_json_append(list, object);
    }
    return list;
}

/* Members that vote without attesting (docs/protocol.md 6.7): their votes do not count, or they
 * still do. */
static struct assay_json *quiet_document(const struct assay_snapshot *s, bool spared)
{
    struct assay_json *list = assay_json_array();
    for (uint16_t slot = 0; slot < s->member_count; slot++) {
        const struct assay_member_snapshot *m = &s->members[slot].ledger;
        if (spared ? m->votes_retained : m->votes_lost) append_member(s, list, slot);
    }
    return list;
}

/* ------------------------------------------------------------ changes of the operators */

static struct assay_json *trial_document(const struct assay_snapshot *s)
{
    const struct assay_trial *trial = &s->changes.trial;
    ASSAY_ASSERT(assay_trial_runs(trial));
    uint64_t felled = 0, unjudged = 0;
    for (uint32_t i = 0; i < s->member_count; i++) {
        const struct assay_member_snapshot *m = &s->members[i].ledger;
        if (m->felled) felled += m->watched_weight;
        else if (m->last_success_epoch < trial->epoch) unjudged += m->watched_weight;
    }
    struct assay_json *object = assay_json_object();
    assay_json_set_uint(object, "sequence", trial->sequence);
    assay_json_set_uint(object, "epoch", trial->epoch);
    assay_json_set_uint(object, "total_weight", trial->total_weight);
    assay_json_set_uint(object, "suspended_weight", felled);
    assay_json_set_uint(object, "unjudged_weight", unjudged);
    return object;
}

static struct assay_json *ended_document(const struct assay_ended *ended)
{
    ASSAY_ASSERT(ended->end != ASSAY_CHANGE_NONE);
    struct assay_json *object = assay_json_object();
    assay_json_set_text(object, "end", assay_document_change_end((uint64_t)ended->end));
    assay_json_set_uint(object, "sequence", ended->sequence);
    assay_json_set_uint(object, "epoch", ended->epoch);
    assay_json_set_uint(object, "suspended_weight", ended->suspended_weight);
    assay_json_set_uint(object, "total_weight", ended->total_weight);
    return object;
}

struct assay_json *assay_document_change_status(const struct assay_snapshot *s)
{
    const struct assay_changes_snapshot *c = &s->changes;
    ASSAY_ASSERT(c->pending_count <= ASSAY_PENDING_MAX);
    struct assay_json *object = assay_json_object();
    assay_json_set_uint(object, "sequence", c->sequence);
    assay_json_set_uint(object, "pending", c->pending_count);
    if (c->pending_count > 0)
        assay_json_set_uint(object, "next_activation", c->pending[0].activation);
    assay_json_set_hex(object, "policy_digest", c->rules.policy_digest, 32);
    assay_json_set_hex(object, "endorsements_digest", c->rules.endorsements_digest, 32);
    if (assay_trial_runs(&c->trial)) assay_json_set(object, "trial", trial_document(s));
    else assay_json_set_null(object, "trial");
    if (c->ended.end != ASSAY_CHANGE_NONE)
        assay_json_set(object, "ended", ended_document(&c->ended));
    else assay_json_set_null(object, "ended");
    return object;
}

/* ------------------------------------------------------------ the document */

struct assay_json *assay_document_status(const struct assay_snapshot *s)
{
    ASSAY_ASSERT(s->self < s->member_count);
    ASSAY_ASSERT(s->insecure_count == 0 || s->insecure_names != NULL);
    const struct assay_member_snapshot *own = &s->members[s->self].ledger;
    char sentence[ASSAY_DOCUMENT_SENTENCE];
    struct assay_json *data = assay_json_object();
    assay_json_set_text(data, "sentence", assay_document_sentence(s, sentence));
    set_chain(data, s);
    assay_json_set(data, "clock", clock_document(s));
    assay_json_set(data, "closing", closing_document(s));
    assay_json_set(data, "tolerance", tolerance_document(s));
    assay_json_set_bool(data, "no_votes", own->votes_lost);
    assay_json_set(data, "votes_lost", quiet_document(s, false));
    assay_json_set(data, "votes_retained", quiet_document(s, true));
    assay_json_set(data, "advice", advice_document(s));
    assay_json_set_uint(data, "member_count", s->member_count);
    assay_json_set_uint(data, "slot", s->self);
    assay_json_set_hex(data, "node_id", own->node_id, sizeof own->node_id);
    assay_document_set_node_id_base32(data, own->node_id);
    assay_json_set_uint(data, "incarnation", own->incarnation);
    assay_json_set_bool(data, "incarnation_waiting", s->incarnation_waiting);
    assay_json_set_text(data, "stage",
                        s->newcomer ? "newcomer" : assay_document_stage((uint64_t)own->stage));
    if (s->cannot_catch_up != NULL)
        assay_json_set_text(data, "cannot_catch_up", s->cannot_catch_up);
    else assay_json_set_null(data, "cannot_catch_up");
    assay_json_set_bool(data, "identity_in_use", s->identity_in_use);
    assay_json_set_bool(data, "in_maintenance", own->in_maintenance);
    assay_json_set_uint(data, "level", s->changes.rules.parameters.level);
    assay_json_set(data, "changes", assay_document_change_status(s));
    assay_json_set_uint(data, "proposals_open", s->proposals.open);
    assay_json_set_uint(data, "weight", own->weight);
    assay_json_set_uint(data, "seat_weight", own->seat_weight);
    assay_json_set_uint(data, "score_bp", assay_trust_score_bp(&own->trust));
    assay_json_set_text(data, "standing", assay_document_standing(own->trust.score.standing));
    assay_document_set_condition(data, s, s->self);
    assay_document_set_insecure_settings(data, s);
    assay_json_set_uint(data, "uptime_ms", s->uptime_ms);
    assay_json_set_text(data, "listen", s->listen);
    assay_json_set_text(data, "http", s->http);
    assay_json_set_bool(data, "http_tls", s->http_tls);
    assay_json_set_uint(data, "verifications_pending", s->verifications_pending);
    assay_json_set_uint(data, "evidence_cached_bytes", s->evidence_cached_bytes);
    assay_json_set_uint(data, "timeline_seq", s->timeline_seq);
    assay_json_set(data, "enclave", enclave_document(s));
    assay_json_set(data, "enforcement", assay_document_enforcement(s));
    assay_json_set(data, "service", service_document(s));
    assay_json_set(data, "neighbours", neighbours_document(s));
    assay_json_set(data, "finality", finality_document(s));
    return data;
}
