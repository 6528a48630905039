/*
 * net/documents/document_member.c - document of one member, and small documents.
 */
#include "net/documents/document.h"

#include "base/assert.h"
#include "base/base64.h"
#include "base/rfc3339.h"
#include "net/timeline/event_severity.h"
#include "scoring/tally.h"

#include <string.h>

enum { SCHEMA_VERSION = 1 };

char *assay_document_finish(const char *node, uint64_t at_unix_ms, const char *schema,
                            struct assay_json *data)
{
    ASSAY_ASSERT(schema[0] != '\0');
    struct assay_json *document = assay_json_object();
    assay_json_set_text(document, "schema", schema);
    assay_json_set_uint(document, "schema_version", SCHEMA_VERSION);
    assay_json_set_text(document, "node", node);
    assay_json_set_time_ms(document, "generated_at", at_unix_ms);
    assay_json_set(document, "data", data);
    char *text = assay_json_print(document, 0);
    assay_json_free(&document);
    return text;
}

/* ------------------------------------------------------------ identity */

const char *assay_document_name(const struct assay_snapshot *s, uint16_t slot, char *text,
                                size_t text_len)
{
    ASSAY_ASSERT(text_len > 0);
    text[0] = '\0';
    if (slot >= s->member_count) return text;
    /* Names come from genesis, which operators sign; terminals are protected all the same. */
    const struct assay_slice name = s->members[slot].ledger.name;
    size_t len = 0;
    for (; len < name.len && len + 1 < text_len; len++) {
        const uint8_t b = name.bytes[len];
        text[len] = (char)(b >= 0x20 && b < 0x7f ? b : '?');
    }
    text[len] = '\0';
    return text;
}

bool assay_document_slot(const struct assay_snapshot *s, const char *text, uint16_t *slot)
{
    ASSAY_ASSERT(s->member_count <= ASSAY_SLOT_SELF); /* a slot has 16 bits */
    const struct assay_slice name = assay_slice_over(text, strlen(text));
    uint8_t id[32];
    uint64_t number = 0;
    const bool is_id = assay_id_parse(text, name.len, id) == ASSAY_OK;
    bool left = false; /* one that left has the name: another member may have it now (9.6.5) */
    for (uint32_t i = 0; i < s->member_count; i++) {
        const struct assay_member_snapshot *m = &s->members[i].ledger;
        const bool named = assay_slice_equal(m->name, name);
        if (!named && !(is_id && assay_bytes_equal(m->node_id, id, sizeof id))) continue;
        if (named && left && m->stage == ASSAY_STAGE_LEFT) continue;
        *slot = (uint16_t)i;
        left = named && m->stage == ASSAY_STAGE_LEFT;
        if (!left) return true;
    }
    if (left) return true;
    if (!assay_document_number(text, &number) || number >= s->member_count) return false;
    *slot = (uint16_t)number;
    return true;
}

/* ------------------------------------------------------------ reasons of a low score */

static void append_reason(struct assay_json *list, const struct assay_snapshot *s,
                          const struct assay_snapshot_member *m, const char *about,
                          const struct assay_document_reason *reason)
{
    struct assay_json *object = assay_json_object();
    assay_json_set_text(object, "about", about);
    assay_json_set_text(object, "code", reason->code);
    assay_json_set_text(object, "text", reason->text);
    if (reason->epoch == 0) assay_json_set_null(object, "epoch");
    else assay_json_set_uint(object, "epoch", reason->epoch);
    assay_document_set_time(object, "at_unix_ms", assay_document_reason_time(s, m, reason->epoch));
    assay_json_append(list, object);
}

static void append_integrity(struct assay_json *list, const struct assay_snapshot *s,
                             const struct assay_snapshot_member *m)
{
    ASSAY_ASSERT(m->ledger.trust.integrity_bp <= ASSAY_SCORE_BP_MAX);
    const struct assay_document_reason reason = assay_document_integrity_reason(m);
    if (m->ledger.trust.integrity_bp < ASSAY_SCORE_BP_MAX)
        append_reason(list, s, m, "integrity", &reason);
}

static void append_availability(struct assay_json *list, const struct assay_snapshot *s,
                                const struct assay_snapshot_member *m)
{
    ASSAY_ASSERT(m->ledger.trust.availability_bp <= ASSAY_SCORE_BP_MAX);
    const struct assay_document_reason reason = assay_document_availability_reason(m);
    if (m->ledger.trust.availability_bp < ASSAY_SCORE_BP_MAX)
        append_reason(list, s, m, "availability", &reason);
}

/* The rule that made the standing comes first. This node's last finding is shown only while it
 * holds. */
static struct assay_json *member_reasons(const struct assay_snapshot *s,
                                         const struct assay_snapshot_member *m)
{
    struct assay_json *list = assay_json_array();
    const struct assay_member_snapshot *l = &m->ledger;
    if (assay_document_is_low_by_integrity(l)) {
        append_integrity(list, s, m);
        append_availability(list, s, m);
    } else {
        append_availability(list, s, m);
        append_integrity(list, s, m);
    }
    const bool judged_well =
        l->own_outcome == ASSAY_OUTCOME_PASS_UP_TO_DATE || l->own_outcome == ASSAY_OUTCOME_NONE;
    const struct assay_document_reason own = { "judged", l->last_reason, l->last_attempt_epoch };
    if (!judged_well && l->last_reason[0] != '\0') append_reason(list, s, m, "judgement", &own);
    return list;
}

/* ------------------------------------------------------------ the last fall */

static struct assay_json *cause_document(const struct assay_fall_step *step)
{
    const struct assay_document_reason reason = assay_document_step_reason(step);
    struct assay_json *object = assay_json_object();
    assay_json_set_text(object, "about", assay_document_step_number(step));
    assay_json_set_text(object, "code", reason.code);
    assay_json_set_text(object, "text", reason.text);
    return object;
}

/* As the ledger has it, whatever the member did since. */
static struct assay_json *fall_document(const struct assay_fall *fall)
{
    struct assay_json *object = assay_json_object();
    assay_json_set_uint(object, "since_epoch", fall->first.epoch);
    assay_json_set_uint(object, "since_unix_ms", fall->first.begin_ms);
    assay_json_set(object, "since_cause", cause_document(&fall->first));
    assay_json_set_uint(object, "epoch", fall->last.epoch);
    assay_json_set_uint(object, "epoch_unix_ms", fall->last.begin_ms);
    assay_json_set(object, "cause", cause_document(&fall->last));
    assay_json_set_text(object, "from", assay_document_standing((uint64_t)fall->from));
    assay_json_set_text(object, "to", assay_document_standing((uint64_t)fall->to));
    return object;
}

/* ------------------------------------------------------------ a member */

static void set_trust(struct assay_json *object, const struct assay_snapshot *s,
                      const struct assay_snapshot_member *member)
{
    const struct assay_member_snapshot *m = &member->ledger;
    ASSAY_ASSERT(m->lo_bp <= ASSAY_SCORE_BP_MAX && m->hi_bp <= ASSAY_SCORE_BP_MAX);
    assay_json_set_uint(object, "score_bp", assay_trust_score_bp(&m->trust));
    assay_json_set_uint(object, "integrity_bp", m->trust.integrity_bp);
    assay_json_set_uint(object, "availability_bp", m->trust.availability_bp);
    assay_json_set_text(object, "standing",
                        assay_document_standing(assay_document_effective_standing(m)));
    assay_json_set_text(object, "integrity_standing",
                        assay_document_standing(m->trust.integrity.standing));
    assay_json_set_bool(object, "probation", assay_trust_on_probation(&m->trust));
    assay_json_set_uint(object, "weight", m->weight);
    assay_json_set_uint(object, "seat_weight", m->seat_weight);
    assay_json_set_bool(object, "votes_lost", m->votes_lost);
    assay_json_set_bool(object, "votes_retained", m->votes_retained);
    assay_json_set_uint(object, "positive_bp", m->positive_bp);
    assay_json_set_uint(object, "negative_bp", m->negative_bp);
    assay_json_set_uint(object, "unjudged_bp", m->unjudged_bp);
    assay_json_set_uint(object, "unjudged_epochs", m->trust.unjudged_epochs);
    assay_json_set_uint(object, "mute_epochs", m->trust.mute_epochs);
    assay_json_set_uint(object, "quiet_epochs", m->trust.quiet_epochs);
    assay_json_set_uint(object, "electorate_bp", m->electorate_bp);
    assay_json_set_uint(object, "lo_bp", m->lo_bp);
    assay_json_set_uint(object, "hi_bp", m->hi_bp);
    assay_json_set_text(object, "reason",
                        assay_integrity_reason_text((enum assay_integrity_reason)m->change_reason));
    assay_json_set_text(object, "integrity_rule", assay_document_integrity_code(m->change_reason));
    assay_json_set_text(object, "availability_rule",
                        assay_document_availability_code(m->availability_rule));
    assay_json_set(object, "reasons", member_reasons(s, member));
    if (assay_fall_is_set(&m->fall)) assay_json_set(object, "last_fall", fall_document(&m->fall));
    else assay_json_set_null(object, "last_fall");
    assay_json_set_text(object, "last_reason", m->last_reason);
    assay_json_set_uint(object, "change_epoch", m->change_epoch);
    assay_json_set_text(object, "own_outcome", assay_outcome_text(m->own_outcome));
    assay_json_set_uint(object, "last_attempt_epoch", m->last_attempt_epoch);
    assay_json_set_uint(object, "last_success_epoch", m->last_success_epoch);
    assay_json_set_uint(object, "offences", m->trust.offences.count);
}

static void set_stage(struct assay_json *object, const struct assay_snapshot_member *member)
{
    const struct assay_member_snapshot *m = &member->ledger;
    assay_json_set_text(object, "stage", assay_document_stage((uint64_t)m->stage));
    assay_json_set_bool(object, "in_maintenance", m->in_maintenance);
    assay_json_set_uint(object, "level", m->level);
    if (m->maintenance.until != 0) {
        assay_json_set_uint(object, "maintenance_from", m->maintenance.from);
        assay_json_set_uint(object, "maintenance_until", m->maintenance.until);
    }
    assay_json_set_bool(object, "present", member->present);
    if (member->was_received)
        assay_json_set_uint(object, "last_message_age_ms", member->received_age_ms);
    else assay_json_set_null(object, "last_message_age_ms");
    assay_json_set_bool(object, "ended", member->ended);
    assay_json_set_bool(object, "connected", member->connected);
    if (member->has_date) assay_json_set_int(object, "date_ahead_ms", member->date_ahead_ms);
    else assay_json_set_null(object, "date_ahead_ms");
    assay_json_set_uint(object, "peer_score", member->peer_score);
    assay_json_set_bool(object, "shut_out", member->is_shut_out);
    if (!member->has_round) return;
    assay_json_set_uint(object, "round_ms", member->round_ms);
    assay_json_set_uint(object, "round_worst_ms", member->round_worst_ms);
}

static void set_faults(struct assay_json *object, const struct assay_snapshot_member *member)
{
    struct assay_json *faults = assay_json_object();
    for (unsigned i = 0; i < ASSAY_PEER_SCORE_FAULTS; i++)
        assay_json_set_uint(faults, assay_peer_score_name((enum assay_peer_score_fault)i),
                            member->peer_score_faults[i]);
    assay_json_set(object, "peer_score_faults", faults);
}

/* docs/evidence.md: a sign of relayed reports or of a cloned key, as this node verified both. */
static void set_shared_device(struct assay_json *object, const struct assay_snapshot *s,
                              const struct assay_snapshot_shared_device *shared)
{
    char name[ASSAY_NAME_MAX + 1];
    if (shared->last_epoch == 0) {
        assay_json_set_null(object, "shared_device");
        return;
    }
    struct assay_json *const out = assay_json_set_object(object, "shared_device");
    assay_json_set_text(out, "device", shared->name);
    assay_json_set_uint(out, "other_slot", shared->other);
    assay_json_set_text(out, "other", assay_document_name(s, shared->other, name, sizeof name));
    assay_json_set_uint(out, "first_epoch", shared->first_epoch);
    assay_json_set_uint(out, "last_epoch", shared->last_epoch);
}

void assay_document_set_node_id_base32(struct assay_json *object, const uint8_t id[static 32])
{
    char text[ASSAY_NODE_ID_BASE32_LEN + 1];
    assay_id_format_base32(id, text);
    assay_json_set_text(object, "node_id_base32", text);
}

static void set_keys(struct assay_json *object, const struct assay_snapshot_member *member)
{
    const struct assay_member_snapshot *m = &member->ledger;
    assay_document_set_node_id_base32(object, m->node_id);
    assay_json_set_hex(object, "platform_id", m->platform_id, sizeof m->platform_id);
    assay_json_set_hex(object, "voting_public", m->voting_public, sizeof m->voting_public);
    assay_json_set_hex(object, "transport_public", m->transport_public, sizeof m->transport_public);
    assay_json_set_hex(object, "bootstrap_public", m->bootstrap_public, sizeof m->bootstrap_public);
    assay_json_set_bool(object, "has_address", member->has_address);
    if (member->has_date) assay_json_set_uint(object, "date_round_ms", member->date_round_ms);
    assay_json_set_bool(object, "banned", member->banned);
    set_faults(object, member);
}

struct assay_json *assay_document_member(const struct assay_snapshot *s, uint32_t slot, bool whole)
{
    ASSAY_ASSERT(slot < s->member_count);
    const struct assay_snapshot_member *member = &s->members[slot];
    const struct assay_member_snapshot *m = &member->ledger;
    struct assay_json *object = assay_json_object();
    assay_json_set_uint(object, "slot", slot);
    assay_json_set_text_n(object, "name", m->name.bytes, m->name.len);
    assay_json_set_hex(object, "node_id", m->node_id, sizeof m->node_id);
    assay_json_set_text_n(object, "operator", m->operator_name.bytes, m->operator_name.len);
    assay_json_set_hex(object, "operator_id", m->operator_id, sizeof m->operator_id);
    assay_json_set_hex(object, "vendor_root", m->vendor_root, sizeof m->vendor_root);
    assay_json_set_uint(object, "incarnation", m->incarnation);
    set_trust(object, s, member);
    set_stage(object, member);
    assay_document_set_condition(object, s, slot);
    set_shared_device(object, s, &member->shared_device);
    if (!whole) return object;
    set_keys(object, member);
    assay_document_set_key_summary(object, s, slot);
    assay_document_set_insecure_settings(object, s);
    return object;
}

/* ------------------------------------------------------------ the small ones */

struct assay_json *assay_document_permit(const struct assay_snapshot *s, uint64_t now_ms,
                                         bool critical, struct assay_permission *permission)
{
    ASSAY_ASSERT(s->self < s->member_count);
    const struct assay_member_snapshot *own = &s->members[s->self].ledger;
    *permission = assay_permit(&s->chain, own, s->epoch_ms, now_ms, critical);
    /* docs/protocol.md 10.8: manual hold on this machine, independent of the network. */
    if (s->enforcement.held) *permission = (struct assay_permission){ false, "held" };
    struct assay_json *data = assay_json_object();
    assay_json_set_text(data, "class", critical ? "critical" : "normal");
    assay_json_set_bool(data, "permitted", permission->permitted);
    assay_json_set_text(data, "reason", permission->reason);
    assay_json_set_text(data, "standing", assay_document_standing(own->trust.score.standing));
    assay_json_set_uint(data, "score_bp", assay_trust_score_bp(&own->trust));
    return data;
}

struct assay_json *assay_document_counters(const struct assay_snapshot *s)
{
    struct assay_json *data = assay_json_object();
    for (unsigned i = 0; i < ASSAY_COUNTER_COUNT; i++)
        assay_json_set_uint(data, assay_counter_name((enum assay_counter)i), s->counters.value[i]);
    return data;
}

struct assay_json *assay_document_event(const struct assay_timeline_event *event)
{
    ASSAY_ASSERT(event->code[0] != '\0');
    struct assay_json *object = assay_json_object();
    assay_json_set_uint(object, "seq", event->seq);
    assay_json_set_uint(object, "at_unix_ms", event->at_unix_ms);
    assay_json_set_uint(object, "epoch", event->epoch);
    assay_json_set_text(object, "event", event->code);
    assay_json_set_text(object, "severity",
                        assay_severity_word(assay_severity_of_event(event->code)));
    if (event->name[0] != '\0') {
        assay_json_set_uint(object, "slot", event->slot);
        assay_json_set_text(object, "name", event->name);
    }
    assay_json_set_uint(object, "count", event->count);
    assay_json_set_uint(object, "first_seq", event->first_seq);
    assay_json_set_uint(object, "first_epoch", event->first_epoch);
    assay_json_set_uint(object, "first_unix_ms", event->first_unix_ms);
    assay_json_set_uint(object, "a", event->a);
    assay_json_set_uint(object, "b", event->b);
    assay_json_set_text(object, "text", event->text);
    return object;
}
