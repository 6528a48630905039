/*
 * net/runtime/runtime_log.c - log lines and timeline events of engine notes.
 */
#include "net/runtime/runtime_internal.h"

#include "base/rfc3339.h"
#include "base/system_clock.h"
#include "net/documents/document.h"
#include "net/runtime/log_fields.h"
#include "net/verifier/shared_devices.h"
#include "quote/accept/policy.h"

#include <stdarg.h>
#include <string.h>

const char *runtime_standing_name(uint64_t standing)
{
    return assay_document_standing(standing);
}

const char *runtime_slot_name(const struct assay_runtime *runtime, uint16_t slot, char *text,
                              size_t text_len)
{
    ASSAY_ASSERT(text_len > 0);
    text[0] = '\0';
    if (slot >= runtime->members) return text;
    /* Names are from the genesis, which operators sign; they are escaped for terminals all the
     * same. */
    const struct assay_slice name = runtime->config.genesis->members[slot].name;
    size_t len = 0;
    for (; len < name.len && len + 1 < text_len; len++) {
        const uint8_t b = name.bytes[len];
        text[len] = (char)(b >= 0x20 && b < 0x7f ? b : '?');
    }
    text[len] = '\0';
    return text;
}

static void log_timeline_failed(struct assay_runtime *runtime, enum assay_status status)
{
    ASSAY_ASSERT(status != ASSAY_OK && runtime->config.timeline_path != NULL);
    if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_WARNING, "timeline_failed")) {
        assay_log_text(&runtime->log, "path", runtime->config.timeline_path);
        assay_log_text(&runtime->log, "status", assay_status_symbol(status));
        assay_log_text(&runtime->log, "note", "events from now on are lost at the next restart");
    }
    assay_log_end(&runtime->log);
}

void runtime_timeline_open(struct assay_runtime *runtime)
{
    const char *path = runtime->config.timeline_path;
    if (path == NULL || path[0] == '\0' || runtime->renewed) return; /* taken over */
    const enum assay_status status = assay_timeline_log_open(runtime->timeline, path);
    if (status != ASSAY_OK) log_timeline_failed(runtime, status);
}

/* Events of a close belong to the epoch that closed, as in log and export, not to the running one.
 */
static bool belongs_to_close(const char *code)
{
    return strcmp(code, assay_note_name(ASSAY_NOTE_EPOCH_CLOSED)) == 0 ||
           strcmp(code, assay_note_name(ASSAY_NOTE_STANDING)) == 0 ||
           strcmp(code, assay_note_name(ASSAY_NOTE_KEYS_ACTIVE)) == 0 ||
           strcmp(code, assay_note_name(ASSAY_NOTE_KEYS_ENDED)) == 0;
}

void runtime_log_event(struct assay_runtime *runtime, const char *code, uint16_t slot, uint64_t a,
                       uint64_t b, const char *format, ...)
{
    ASSAY_ASSERT(code != NULL);
    ASSAY_ASSERT(runtime->engine != NULL);
    struct assay_engine_snapshot snapshot;
    assay_engine_snapshot(runtime->engine, &snapshot);
    struct assay_timeline_event event = {
        .at_unix_ms = runtime->at_unix_ms, .epoch = snapshot.epoch, .slot = slot, .a = a, .b = b
    };
    (void)snprintf(event.code, sizeof event.code, "%s", code);
    (void)runtime_slot_name(runtime, slot, event.name, sizeof event.name);
    if (belongs_to_close(code)) event.epoch = runtime->closed_epoch;
    va_list args;
    va_start(args, format);
    const int len = vsnprintf(event.text, sizeof event.text, format, args);
    va_end(args);
    if (len > 0) assay_document_mark_cut(event.text, sizeof event.text, (size_t)len);
    for (char *c = event.text; *c != '\0'; c++) /* reasons are whatever a user wrote */
        if (*c < ' ' || *c > '~') *c = '?';
    const enum assay_status kept = assay_timeline_log_add(runtime->timeline, &event);
    if (kept != ASSAY_OK) log_timeline_failed(runtime, kept);
}

/* ------------------------------------------------------------ notes */

/* Rule, expected and observed value, for the log of the failing node. */
static void log_reason(struct assay_runtime *runtime, uint16_t slot)
{
    ASSAY_ASSERT(slot < runtime->members);
    char reason[ASSAY_LOG_REASON_LEN];
    struct assay_member_snapshot snapshot;
    assay_engine_member_snapshot(runtime->engine, slot, &snapshot);
    if (snapshot.last_reason[0] != '\0')
        assay_log_text(&runtime->log, "reason", assay_log_reason(&snapshot, reason));
}

static void log_note(struct assay_runtime *runtime, const struct assay_effect *effect)
{
    char name[ASSAY_NAME_MAX + 1];
    const uint16_t slot = effect->as.note.slot;
    const enum assay_note note = effect->as.note.note;
    if (assay_log_begin(&runtime->log, assay_severity_of_note(note), assay_note_name(note))) {
        if (slot < runtime->members)
            assay_log_text(&runtime->log, "subject",
                           runtime_slot_name(runtime, slot, name, sizeof name));
        assay_log_note_fields(&runtime->log, note, effect->as.note.a, effect->as.note.b);
        if (note == ASSAY_NOTE_FAIL_PROVEN && slot < runtime->members) log_reason(runtime, slot);
    }
    assay_log_end(&runtime->log);
}

/* A note about a member's evidence or signatures, with the reason that belongs to it. */
static void log_subject(struct assay_runtime *runtime, const struct assay_effect *effect)
{
    char name[ASSAY_NAME_MAX + 1], reason[ASSAY_LOG_REASON_LEN];
    struct assay_member_snapshot snapshot = { 0 };
    const uint16_t slot = effect->as.note.slot;
    const enum assay_note note = effect->as.note.note;
    if (slot < runtime->members) assay_engine_member_snapshot(runtime->engine, slot, &snapshot);
    const bool has_reason = assay_log_has_reason(note, &snapshot);
    runtime_log_event(runtime, assay_note_name(note), slot, effect->as.note.a, effect->as.note.b,
                      "%s %s%s%s", runtime_slot_name(runtime, slot, name, sizeof name),
                      assay_log_predicate(note, &snapshot), has_reason ? ": " : "",
                      has_reason ? assay_log_reason(&snapshot, reason) : "");
}

/* This is not an appraisal, so the last reason does not apply. */
static void log_listed(struct assay_runtime *runtime, const struct assay_effect *effect)
{
    ASSAY_ASSERT(effect->as.note.note == ASSAY_NOTE_INCARNATION_LISTED);
    char name[ASSAY_NAME_MAX + 1];
    runtime_log_event(runtime, assay_note_name(effect->as.note.note), effect->as.note.slot,
                      effect->as.note.a, effect->as.note.b, "%s re-registered, with new keys",
                      runtime_slot_name(runtime, effect->as.note.slot, name, sizeof name));
}

/* docs/protocol.md 2.16.6. */
static void log_workload_keys(struct assay_runtime *runtime, const struct assay_effect *effect)
{
    char name[ASSAY_NAME_MAX + 1];
    const uint64_t a = effect->as.note.a, b = effect->as.note.b;
    const enum assay_note note = effect->as.note.note;
    (void)runtime_slot_name(runtime, effect->as.note.slot, name, sizeof name);
    if (note == ASSAY_NOTE_KEYS_ACTIVE)
        runtime_log_event(runtime, assay_note_name(note), effect->as.note.slot, a, b,
                          "workload keys of %s are active: its evidence of epoch %llu binds them",
                          name, (unsigned long long)a);
    else
        runtime_log_event(runtime, assay_note_name(note), effect->as.note.slot, a, b,
                          "workload keys of %s ended: %s", name,
                          assay_keys_state_text((enum assay_keys_state)b));
}

/* The cause is that of the ledger, which is the same at every node; what this node found itself
 * follows it. */
static void log_standing(struct assay_runtime *runtime, const struct assay_effect *effect)
{
    char name[ASSAY_NAME_MAX + 1], reason[ASSAY_LOG_REASON_LEN];
    struct assay_member_snapshot snapshot;
    ASSAY_ASSERT(effect->as.note.slot < runtime->members);
    ASSAY_ASSERT(effect->as.note.a != effect->as.note.b);
    ASSAY_ASSERT(runtime->closed_epoch > 0); /* by the close before it (ASSAY_NOTE_STANDING) */
    const bool worse = effect->as.note.b > effect->as.note.a; /* better is smaller */
    assay_engine_member_snapshot(runtime->engine, effect->as.note.slot, &snapshot);
    const char *const cause =
        worse ? assay_document_fall_cause(&snapshot.fall, runtime->closed_epoch) : NULL;
    runtime_log_event(
        runtime, assay_note_name(ASSAY_NOTE_STANDING), effect->as.note.slot, effect->as.note.a,
        effect->as.note.b, "%s: %s -> %s (score %u %%%s%s)%s%s",
        runtime_slot_name(runtime, effect->as.note.slot, name, sizeof name),
        runtime_standing_name(effect->as.note.a), runtime_standing_name(effect->as.note.b),
        (unsigned)assay_trust_score_bp(&snapshot.trust) / 100, cause != NULL ? "; " : "",
        cause != NULL ? cause : "", worse && snapshot.last_reason[0] != '\0' ? ": " : "",
        worse ? assay_log_reason(&snapshot, reason) : "");
}

/* docs/protocol.md 6.7. */
static void log_votes(struct assay_runtime *runtime, const struct assay_effect *effect)
{
    char name[ASSAY_NAME_MAX + 1];
    const enum assay_note note = effect->as.note.note;
    ASSAY_ASSERT(note == ASSAY_NOTE_VOTES_LOST || note == ASSAY_NOTE_VOTES_RETAINED ||
                 note == ASSAY_NOTE_VOTES_RETURNED);
    const unsigned long long b = effect->as.note.b;
    const uint16_t slot = effect->as.note.slot;
    (void)runtime_slot_name(runtime, slot, name, sizeof name);
    if (note == ASSAY_NOTE_VOTES_LOST)
        runtime_log_event(
            runtime, assay_note_name(note), slot, effect->as.note.a, b,
            "the votes of %s do not count: it ballots and shows no evidence; repair its "
            "quotes (assay doctor there), or drain it",
            name);
    else if (note == ASSAY_NOTE_VOTES_RETAINED)
        runtime_log_event(
            runtime, assay_note_name(note), slot, effect->as.note.a, b,
            "%s sends no evidence and retains its votes: no more than the floor of %llu %% "
            "has any: repair its quotes, or drain it",
            name, b);
    else
        runtime_log_event(runtime, assay_note_name(note), slot, effect->as.note.a, b,
                          "the votes of %s count again: its evidence passes", name);
}

static void log_plain(struct assay_runtime *runtime, const struct assay_effect *effect,
                      const char *text)
{
    runtime_log_event(runtime, assay_note_name(effect->as.note.note), effect->as.note.slot,
                      effect->as.note.a, effect->as.note.b, "%s", text);
}

static void log_change_ended(struct assay_runtime *runtime, const struct assay_effect *effect)
{
    ASSAY_ASSERT(effect->as.note.note == ASSAY_NOTE_CHANGE_ENDED && effect->as.note.a != 0);
    char names[ASSAY_TIMELINE_TEXT - 80];
    runtime_change_end_save(runtime, effect->as.note.a, (enum assay_change_end)effect->as.note.b);
    if (effect->as.note.b != ASSAY_CHANGE_REVERTED) {
        log_plain(runtime, effect, "the change could not be applied completely: it is void");
        return;
    }
    runtime_suspensions_save(runtime, effect->as.note.a, names, sizeof names);
    runtime_log_event(runtime, assay_note_name(effect->as.note.note), effect->as.note.slot,
                      effect->as.note.a, effect->as.note.b,
                      "suspended more than a fifth: the previous rules are back. Suspended: %s",
                      names);
}

static void log_collateral_taken(struct assay_runtime *runtime, const struct assay_effect *effect)
{
    ASSAY_ASSERT(effect->as.note.note == ASSAY_NOTE_COLLATERAL_INCLUDED);
    char until[ASSAY_RFC3339_LEN + 1] = "";
    const uint64_t a = effect->as.note.a, b = effect->as.note.b;
    assay_rfc3339_format((int64_t)(b / 1000), until);
    runtime_log_event(runtime, assay_note_name(effect->as.note.note), effect->as.note.slot, a, b,
                      "newer collateral is in a block: in force from the first epoch after %s "
                      "(assay collateral status)",
                      until);
}

static void log_collateral_reverted(struct assay_runtime *runtime,
                                    const struct assay_effect *effect)
{
    ASSAY_ASSERT(effect->as.note.note == ASSAY_NOTE_COLLATERAL_REVERTED);
    char names[ASSAY_TIMELINE_TEXT - 100];
    runtime_suspensions_save(runtime, 0, names, sizeof names);
    runtime_log_event(
        runtime, assay_note_name(effect->as.note.note), effect->as.note.slot, effect->as.note.a,
        effect->as.note.b,
        "newer collateral suspended more than a fifth: the previous set is back. Suspended: %s",
        names);
}

static void record_fail(struct assay_runtime *runtime, uint16_t slot)
{
    struct assay_engine_snapshot snapshot;
    assay_engine_snapshot(runtime->engine, &snapshot);
    if (slot < runtime->members) runtime->fail_epoch[slot] = snapshot.epoch;
}

/* Missing data by the number of ASSAY_NOTE_CANNOT_CATCH_UP, and the remedy. */
static const char *missing_text(uint64_t what)
{
    switch (what) {
    case ASSAY_MISSING_BLOCKS:
        return "no peer has blocks or boundaries of this epoch any more: give a checkpoint "
               "(node.checkpoint)";
    case ASSAY_MISSING_STATE:
        return "no peer has the state after this epoch: give a newer checkpoint";
    case ASSAY_MISSING_MEMBERSHIP:
        return "no change that joins this node is in force (assay change list at a member), or the "
               "checkpoint is older than that";
    case ASSAY_MISSING_TRUTH:
        return "two histories of one epoch are both signed by its voters: old voting keys have "
               "leaked; get a checkpoint from operators that you trust (node.checkpoint)";
    case ASSAY_MISSING_ACCEPTANCE:
        return "the next boundary is of a RECOVER that this node takes only when its operator "
               "accepts it: compare its id with the other operators, then assay recover accept";
    case ASSAY_MISSING_ANSWERS:
        return "no peer answers: look at peers, listen.advertise and the network between";
    }
    return "something that no peer has";
}

static void log_era(struct assay_runtime *runtime, const struct assay_effect *effect)
{
    const enum assay_note note = effect->as.note.note;
    const unsigned long long a = effect->as.note.a, b = effect->as.note.b;
    const char *name = assay_note_name(note);
    if (note == ASSAY_NOTE_FENCED)
        runtime_log_event(runtime, name, ASSAY_SLOT_ALL, a, b,
                          "the operators have fenced era %llu: nothing is signed in it any more",
                          a);
    else if (note == ASSAY_NOTE_ERA_FORKED)
        runtime_log_event(
            runtime, name, effect->as.note.slot, a, b,
            "a member is in another era %llu, at height %llu: two RECOVERs, or one and an "
            "era that goes on; operators compare assay recover status",
            a, b);
    else if (note == ASSAY_NOTE_RELEASED)
        runtime_log_event(
            runtime, name, ASSAY_SLOT_ALL, a, b,
            "the operators in force have released the fence of era %llu: this node signs "
            "again from the next epoch, or restart, on",
            a);
    else if (note == ASSAY_NOTE_RECOVER_UNCONFIRMED)
        runtime_log_event(
            runtime, name, ASSAY_SLOT_ALL, a, b,
            "a RECOVER that begins era %llu waits: members of more than a third of the "
            "weight must confirm that they accepted it; if they cannot, compare its id with "
            "another operator and accept it (assay recover accept)",
            a);
    else if (note == ASSAY_NOTE_RECOVER_ACCEPTED)
        runtime_log_event(runtime, name, ASSAY_SLOT_ALL, a, b,
                          "this node's operator accepted the RECOVER at height %llu: no other "
                          "block of this era is taken from there on",
                          a);
    else if (note == ASSAY_NOTE_RECOVERED)
        runtime_log_event(runtime, name, ASSAY_SLOT_ALL, a, b,
                          "era %llu begins, by decision of the operators", a);
    else
        runtime_log_event(
            runtime, name, ASSAY_SLOT_ALL, a, b,
            "a RECOVER on height %llu is refused: what is final here, up to height %llu, "
            "would be undone, or is another chain",
            b, a);
}

static void log_collateral_active(struct assay_runtime *runtime, const struct assay_effect *effect)
{
    log_plain(runtime, effect,
              effect->as.note.b ? "newer collateral is in force, with a higher evaluation number"
                                : "newer collateral is in force");
}

static void log_services_fetched(struct assay_runtime *runtime, const struct assay_effect *effect)
{
    log_plain(runtime, effect, "every document of services is here");
}

static void log_change(struct assay_runtime *runtime, const struct assay_effect *effect)
{
    ASSAY_ASSERT(effect->as.note.note == ASSAY_NOTE_CHANGE_INCLUDED);
    const unsigned long long a = effect->as.note.a, b = effect->as.note.b;
    runtime_log_event(runtime, assay_note_name(effect->as.note.note), effect->as.note.slot, a, b,
                      "change %llu is in a block: in force from epoch %llu", a, b);
}

static const char shared_text[] =
    "another process uses the identity of this node: was its folder copied? Stop one of the two "
    "and make new keys for it, before both are suspended";

static void log_shared_identity(struct assay_runtime *runtime, const struct assay_effect *effect)
{
    runtime->shared.is_logged = true;
    runtime->shared.logged_ms = runtime->now_ms;
    log_plain(runtime, effect, shared_text);
}

void runtime_on_shared_identity(struct assay_runtime *runtime, const char *where)
{
    if (runtime->shared.is_logged) return;
    runtime->shared.is_logged = true;
    runtime->shared.logged_ms = runtime->now_ms;
    if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_ERROR,
                        assay_note_name(ASSAY_NOTE_IDENTITY_IN_USE)) &&
        where[0] != '\0')
        assay_log_text(&runtime->log, "address", where);
    assay_log_end(&runtime->log);
    runtime_log_event(runtime, assay_note_name(ASSAY_NOTE_IDENTITY_IN_USE), ASSAY_SLOT_ALL, 0, 0,
                      "%s", shared_text);
}

static void log_in_force(struct assay_runtime *runtime, const struct assay_effect *effect)
{
    ASSAY_ASSERT(effect->as.note.note == ASSAY_NOTE_CHANGE_ACTIVE);
    const unsigned long long change = effect->as.note.a;
    runtime_log_event(runtime, assay_note_name(effect->as.note.note), effect->as.note.slot, change,
                      effect->as.note.b, "change %llu is in force", change);
}

static void log_epoch_closed(struct assay_runtime *runtime, const struct assay_effect *effect)
{
    ASSAY_ASSERT(effect->as.note.note == ASSAY_NOTE_EPOCH_CLOSED);
    runtime->closed_epoch = effect->as.note.a;
    log_plain(runtime, effect,
              effect->as.note.b ? "closed, certified"
                                : "closed without a certificate: no score moved");
}

void runtime_log_note(struct assay_runtime *runtime, const struct assay_effect *effect)
{
    ASSAY_ASSERT(effect->kind == ASSAY_EFFECT_NOTE);
    const uint64_t a = effect->as.note.a, b = effect->as.note.b;
    log_note(runtime, effect);
    if (effect->as.note.note == ASSAY_NOTE_EPOCH_CLOSED ||
        effect->as.note.note == ASSAY_NOTE_FAST_SYNCED ||
        effect->as.note.note == ASSAY_NOTE_CAUGHT_UP)
        runtime->missing = 0;
    switch (effect->as.note.note) {
    case ASSAY_NOTE_FINALISED:
        assay_latency_final(&runtime->latency, b, a, assay_monotonic_us());
        return; /* many a second: see counters and height */
    case ASSAY_NOTE_BALLOT_CAST:
    case ASSAY_NOTE_STANDSTILL:
    case ASSAY_NOTE_REFUSED: return;
    case ASSAY_NOTE_EPOCH_CLOSED: log_epoch_closed(runtime, effect); return;
    case ASSAY_NOTE_VIEW_NULLIFIED: log_plain(runtime, effect, "view nullified"); return;
    case ASSAY_NOTE_STANDING: log_standing(runtime, effect); return;
    case ASSAY_NOTE_FAIL_PROVEN:
        record_fail(runtime, effect->as.note.slot);
        log_subject(runtime, effect);
        return;
    case ASSAY_NOTE_INCARNATION_LISTED: log_listed(runtime, effect); return;
    case ASSAY_NOTE_OFFENCE_PROVEN:
    case ASSAY_NOTE_EVIDENCE_FOREIGN:
    case ASSAY_NOTE_EVIDENCE_MISSING:
    case ASSAY_NOTE_EQUIVOCATION: log_subject(runtime, effect); return;
    case ASSAY_NOTE_RESUMED: log_plain(runtime, effect, "resumed"); return;
    case ASSAY_NOTE_BEHIND: log_plain(runtime, effect, "behind: fetching blocks"); return;
    case ASSAY_NOTE_CAUGHT_UP: log_plain(runtime, effect, "caught up"); return;
    case ASSAY_NOTE_ROOT_MISMATCH:
        log_plain(runtime, effect, "state root differs from the network's: stopped voting");
        return;
    case ASSAY_NOTE_CHANGE_INCLUDED: log_change(runtime, effect); return;
    case ASSAY_NOTE_CHANGE_ACTIVE: log_in_force(runtime, effect); return;
    case ASSAY_NOTE_CHANGE_ENDED:
        if (a != 0) log_change_ended(runtime, effect);
        return; /* of collateral: below */
    case ASSAY_NOTE_COLLATERAL_INCLUDED: log_collateral_taken(runtime, effect); return;
    case ASSAY_NOTE_COLLATERAL_ACTIVE: log_collateral_active(runtime, effect); return;
    case ASSAY_NOTE_COLLATERAL_REVERTED: log_collateral_reverted(runtime, effect); return;
    case ASSAY_NOTE_COLLATERAL_VOID:
        log_plain(runtime, effect, "collateral that waited is not newer any more, or has ended");
        return;
    case ASSAY_NOTE_SERVICES_FETCHED: log_services_fetched(runtime, effect); return;
    case ASSAY_NOTE_CLOCK: log_plain(runtime, effect, "the chain is ahead of our clock"); return;
    case ASSAY_NOTE_FAST_SYNCED:
        log_plain(runtime, effect, "leapt over history, by what its voters have signed");
        return;
    case ASSAY_NOTE_FENCED:
    case ASSAY_NOTE_RECOVERED:
    case ASSAY_NOTE_RELEASED:
    case ASSAY_NOTE_ERA_FORKED:
    case ASSAY_NOTE_RECOVER_UNCONFIRMED:
    case ASSAY_NOTE_RECOVER_ACCEPTED:
    case ASSAY_NOTE_RECOVER_REFUSED: log_era(runtime, effect); return;
    case ASSAY_NOTE_VOTES_LOST:
    case ASSAY_NOTE_VOTES_RETURNED:
    case ASSAY_NOTE_VOTES_RETAINED: log_votes(runtime, effect); return;
    case ASSAY_NOTE_KEYS_ACTIVE:
    case ASSAY_NOTE_KEYS_ENDED: log_workload_keys(runtime, effect); return;
    case ASSAY_NOTE_IDENTITY_IN_USE: log_shared_identity(runtime, effect); return;
    case ASSAY_NOTE_CANNOT_CATCH_UP:
        runtime->missing = b;
        log_plain(runtime, effect, missing_text(b));
        return;
    }
    log_plain(runtime, effect, "");
}

/* ------------------------------------------------------------ snapshot */

static void snapshot_components(struct assay_runtime *runtime, struct assay_snapshot *s)
{
    ASSAY_ASSERT(runtime->service != NULL);
    struct assay_enclave_snapshot enclave = { 0 };
    struct assay_service_probe_snapshot service;
    runtime->config.enclave.look(runtime->config.enclave.context, &enclave);
    s->enclave.pid = enclave.pid;
    s->enclave.paused = enclave.paused;
    s->enclave.starts = enclave.starts;
    assay_bytes_copy(s->enclave.measurement, sizeof s->enclave.measurement, enclave.measurement,
                     sizeof enclave.measurement);
    if (runtime->config.enclave.enforcement != NULL)
        runtime->config.enclave.enforcement(runtime->config.enclave.context, &s->enforcement);
    ASSAY_ASSERT(s->enforcement.target_count <= ASSAY_ENFORCEMENT_TARGETS_MAX);
    s->has_neighbours = runtime_overlay_is_used(runtime);
    if (s->has_neighbours) assay_overlay_get_figures(runtime->driver.overlay, &s->neighbours);
    assay_service_probe_get_snapshot(runtime->service, &service);
    s->service.counter = service.last_value;
    s->service.granted = service.last_got;
    s->service.granted_by = service.last_got_from;
    s->service.refused = service.refused_by_last;
    s->finality.samples = runtime->latency.count;
    s->finality.p50_us = assay_latency_us(&runtime->latency, 500);
    s->finality.p90_us = assay_latency_us(&runtime->latency, 900);
    s->finality.newest_count =
        assay_latency_newest(&runtime->latency, s->finality.newest_us, ASSAY_SNAPSHOT_NEWEST);
    ASSAY_ASSERT(s->finality.newest_count <= ASSAY_SNAPSHOT_NEWEST);
    s->finality.p99_us = assay_latency_us(&runtime->latency, 990);
}

const struct assay_snapshot *runtime_snapshot(struct assay_runtime *runtime)
{
    ASSAY_ASSERT(runtime->link != NULL && runtime->snapshot.members != NULL);
    struct assay_snapshot *s = &runtime->snapshot;
    s->at_unix_ms = runtime->at_unix_ms;
    s->uptime_ms = runtime->now_ms - runtime->started_ms;
    s->self = runtime->self;
    s->epoch_ms = runtime->config.genesis->parameters.epoch_ms;
    s->member_count = runtime->members;
    assay_snapshot_take(s, runtime->engine, runtime->limits, &runtime->peer_clocks,
                        runtime->now_ms);
    for (uint16_t slot = 0; slot < runtime->members; slot++) {
        s->members[slot].has_address = assay_transport_has_peer(runtime->link, slot);
        s->members[slot].connected = assay_transport_is_up(runtime->link, slot);
        s->members[slot].shared_device = assay_shared_devices_get(runtime->shared_devices, slot);
    }
    s->incarnation_waiting = runtime->keyring.next.incarnation != 0;
    s->newcomer = runtime->config.newcomer;
    s->identity_in_use = runtime->shared.is_logged;
    s->cannot_catch_up = runtime->missing != 0 ? missing_text(runtime->missing) : NULL;
    s->insecure = runtime->config.policy->profile == ASSAY_PROFILE_DEVELOPMENT;
    s->insecure_names = runtime->config.insecure;
    s->insecure_count = (uint32_t)runtime->config.insecure_count;
    s->config_reloads = runtime->reloads;
    s->config_refused = runtime->reload_refused;
    (void)snprintf(s->listen, sizeof s->listen, "%s", assay_transport_endpoint(runtime->link));
    const struct assay_runtime_http *const http = &runtime->config.http;
    const char *const where = http->socket_path != NULL ? http->socket_path : http->address;
    (void)snprintf(s->http, sizeof s->http, "%s", where != NULL ? where : "");
    s->http_tls = http->clients != NULL;
    s->proposals = runtime_reviews_summary(runtime);
    s->verifications_pending = assay_verify_pool_pending(runtime->pool);
    s->evidence_cached_bytes = assay_evidence_cache_get_bytes(runtime->evidence_cache);
    s->timeline_seq = assay_timeline_log_last(runtime->timeline);
    s->counters = runtime->counters;
    snapshot_components(runtime, s);
    runtime_services_snapshot(runtime, s);
    runtime_key_table_update(runtime, s);
    return s;
}

/* ------------------------------------------------------------ an epoch closed */

void runtime_on_epoch_closed(struct assay_runtime *runtime, uint64_t epoch)
{
    struct assay_engine_snapshot snapshot;
    assay_engine_snapshot(runtime->engine, &snapshot);
    ASSAY_ASSERT(epoch < snapshot.epoch);
    runtime_publish_set_due(runtime); /* a close may suspend this node */
    runtime_update_roster(runtime);
    runtime_overlay_on_epoch_closed(runtime, epoch);
    assay_gossip_remove_before(runtime->gossip, epoch);
    runtime_evidence_on_epoch_closed(runtime, epoch);
    runtime_appraisals_on_epoch_closed(runtime, epoch + 1);
    assay_service_probe_step(runtime->service);
    runtime_changes_on_epoch(runtime);
    runtime_reviews_on_epoch(runtime);
    assay_dispatch_request_commit(runtime->dispatch);
    enum assay_status status = runtime_history_save(runtime, epoch, &snapshot);
    const bool kept = status == ASSAY_OK && snapshot.epoch == epoch + 1;
    if (status == ASSAY_OK) status = runtime_history_prune(runtime, epoch, snapshot.era);
    if (status != ASSAY_OK) runtime_fail(runtime, status, "store");
    else runtime_keys_on_epoch_closed(runtime);
    if (status == ASSAY_OK && kept) runtime_publish_on_epoch_closed(runtime, epoch);
}
