/*
 * net/documents/document_condition.c - condition of a member: one word for all surfaces, and the
 * way back of a member that recovers.
 */
#include "net/documents/document.h"

#include "base/assert.h"
#include "base/rfc3339.h"
#include "engine/ledger/records/finding.h"
#include "scoring/score.h"
#include "scoring/tally.h"

#include <stdio.h>

/* ------------------------------------------------------------ the word */

_Static_assert(ASSAY_CONDITION_SUSPENDED == (int)ASSAY_STANDING_SUSPENDED &&
                   ASSAY_CONDITION_FULL == (int)ASSAY_STANDING_FULL,
               "standings are conditions");

const char *assay_document_condition_word(enum assay_condition condition)
{
    static const char *const words[] = { "FULL",    "WARNING",     "RESTRICTED", "SUSPENDED",
                                         "OFFLINE", "MAINTENANCE", "DRAINED",    "LEFT" };
    _Static_assert(sizeof words / sizeof words[0] == ASSAY_CONDITIONS, "one each");
    ASSAY_ASSERT(condition < ASSAY_CONDITIONS);
    return words[condition];
}

bool assay_document_is_attested(const struct assay_snapshot *s, uint32_t slot)
{
    ASSAY_ASSERT(slot < s->member_count);
    return s->members[slot].ledger.last_success_epoch + 2 >= s->chain.epoch;
}

/* A member that this node alone does not reach still attests in the ledger. Where nothing becomes
 * final, or it announced its end, the ledger has nothing newer to say. */
static bool is_offline(const struct assay_snapshot *s, uint32_t slot)
{
    ASSAY_ASSERT(slot < s->member_count);
    const struct assay_snapshot_member *const m = &s->members[slot];
    if (slot == s->self || m->present) return false;
    return m->ended || !assay_document_is_attested(s, slot) ||
           !assay_permit_fresh(&s->chain, s->epoch_ms, s->now_ms);
}

/* A member that fell by its evidence, too, must not hide that by a farewell or by going away. Its
 * integrity may stand better than SUSPENDED. A run of before the member's stage is over (7.16). */
static bool is_suspended_for_evidence(const struct assay_member_snapshot *l)
{
    const struct assay_fall *const fall = &l->fall;
    return l->trust.score.standing == ASSAY_STANDING_SUSPENDED && fall->integrity.epoch != 0 &&
           fall->integrity.epoch >= fall->first.epoch && fall->last.epoch >= l->stage_epoch;
}

enum assay_condition assay_document_condition(const struct assay_snapshot *s, uint32_t slot)
{
    ASSAY_ASSERT(slot < s->member_count);
    const struct assay_member_snapshot *const l = &s->members[slot].ledger;
    if (l->stage == ASSAY_STAGE_LEFT) return ASSAY_CONDITION_LEFT;
    if (l->stage == ASSAY_STAGE_RESTING) return ASSAY_CONDITION_DRAINED;
    if (l->trust.integrity.standing == ASSAY_STANDING_SUSPENDED) return ASSAY_CONDITION_SUSPENDED;
    if (l->in_maintenance) return ASSAY_CONDITION_MAINTENANCE;
    if (is_offline(s, slot) && !is_suspended_for_evidence(l)) return ASSAY_CONDITION_OFFLINE;
    return (enum assay_condition)l->trust.score.standing;
}

/* ------------------------------------------------------------ times */

uint64_t assay_document_epoch_time(const struct assay_snapshot *s, uint64_t epoch)
{
    const uint64_t t0 = s->chain.epoch_t0_ms, running = s->chain.epoch;
    const uint64_t apart = epoch > running ? epoch - running : running - epoch;
    if (t0 == 0 || s->epoch_ms == 0 || apart > UINT32_MAX) return 0;
    const uint64_t apart_ms = apart * s->epoch_ms;
    if (epoch >= running) return apart_ms > UINT64_MAX - t0 ? 0 : t0 + apart_ms;
    return apart_ms < t0 ? t0 - apart_ms : 0;
}

void assay_document_set_epoch(struct assay_json *object, const struct assay_snapshot *s)
{
    assay_json_set_uint(object, "epoch", s->chain.epoch);
    assay_json_set_uint(object, "epoch_t0_ms", s->chain.epoch_t0_ms);
    assay_json_set_uint(object, "epoch_ms", s->epoch_ms);
}

void assay_document_set_time(struct assay_json *object, const char *key, uint64_t at_ms)
{
    ASSAY_ASSERT(key[0] != '\0');
    if (at_ms == 0) assay_json_set_null(object, key);
    else assay_json_set_uint(object, key, at_ms);
}

const char *assay_document_when(const struct assay_snapshot *s, uint64_t epoch,
                                char text[static ASSAY_DOCUMENT_WHEN])
{
    return assay_document_when_of(s, assay_document_epoch_time(s, epoch), text);
}

const char *assay_document_when_of(const struct assay_snapshot *s, uint64_t at_ms,
                                   char text[static ASSAY_DOCUMENT_WHEN])
{
    char minute[ASSAY_MINUTE_LEN + 1];
    text[0] = '\0';
    if (at_ms == 0) return text;
    assay_format_minute(at_ms, s->at_unix_ms, minute);
    (void)snprintf(text, ASSAY_DOCUMENT_WHEN, " (%s)", minute);
    return text;
}

uint64_t assay_document_reason_time(const struct assay_snapshot *s,
                                    const struct assay_snapshot_member *m, uint64_t epoch)
{
    const struct assay_fall *const fall = &m->ledger.fall;
    const struct assay_fall_step *const steps[] = { &fall->first, &fall->last, &fall->integrity };
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (epoch > 0 && steps[i]->epoch == epoch && steps[i]->begin_ms > 0)
            return steps[i]->begin_ms;
    return epoch > 0 ? assay_document_epoch_time(s, epoch) : 0;
}

/* Of the close that is so many closes away: the running epoch may be overdue. */
static uint64_t close_time(const struct assay_snapshot *s, uint32_t closes)
{
    ASSAY_ASSERT(closes > 0);
    const uint64_t at_ms = assay_document_epoch_time(s, s->chain.epoch + closes);
    const uint64_t least_ms = s->at_unix_ms + (uint64_t)(closes - 1) * s->epoch_ms;
    return at_ms == 0 || at_ms > least_ms ? at_ms : least_ms;
}

/* ------------------------------------------------------------ recovery */

/* docs/protocol.md 7.7. The ladder's age and the policy's grace are not at hand, what the last
 * close found is. */
static uint16_t ceiling_of(const struct assay_member_snapshot *l)
{
    const uint16_t i = l->trust.integrity_bp;
    const bool at_bound = l->change_reason == ASSAY_INTEGRITY_CEILING ||
                          l->change_reason == ASSAY_INTEGRITY_HELD_BOUND;
    if (at_bound && (i == ASSAY_CEILING_WARNING_BP || i == ASSAY_CEILING_RESTRICTED_BP)) return i;
    return l->trust.out_of_date_since_epoch != 0 ? ASSAY_CEILING_WARNING_BP : ASSAY_SCORE_BP_MAX;
}

static bool is_failing(const struct assay_snapshot *s, uint32_t slot)
{
    ASSAY_ASSERT(slot < s->member_count);
    const enum assay_outcome own = s->members[slot].ledger.own_outcome;
    if (assay_outcome_is_fail(own) || own == ASSAY_OUTCOME_ABSENT) return true;
    return !assay_outcome_is_pass(own) && !assay_document_is_attested(s, slot);
}

static void block(struct assay_document_recovery *r, const char *code, const char *text)
{
    ASSAY_ASSERT(r->blocked_code == NULL);
    r->blocked_code = code;
    r->blocked_text = text;
}

/* The best standing that is ahead. Returns: ASSAY_STANDING_SUSPENDED: none is. */
static enum assay_standing best_ahead(const struct assay_outlook *o)
{
    for (int s = ASSAY_STANDING_FULL; s < ASSAY_STANDING_SUSPENDED; s++)
        if (o->epochs[s] > 0) return (enum assay_standing)s;
    return ASSAY_STANDING_SUSPENDED;
}

bool assay_document_recovery(const struct assay_snapshot *s, uint32_t slot,
                             struct assay_document_recovery *recovery)
{
    ASSAY_ASSERT(slot < s->member_count);
    const struct assay_member_snapshot *const l = &s->members[slot].ledger;
    *recovery = (struct assay_document_recovery){ .blocked_code = NULL };
    if (l->stage != ASSAY_STAGE_MEMBER || l->trust.score.standing == ASSAY_STANDING_FULL)
        return false;
    if (l->in_maintenance) block(recovery, "maintenance", "not while it is in maintenance");
    else if (!assay_permit_fresh(&s->chain, s->epoch_ms, s->now_ms))
        block(recovery, "stalled", "not while no epoch closes");
    else if (is_offline(s, slot)) block(recovery, "offline", "not while it is offline");
    else if (is_failing(s, slot))
        block(recovery, "evidence", "not while its evidence does not pass");
    else if (!l->trust.listed_after_failure)
        block(recovery, "unlisted", "not before a new incarnation of it is listed");
    else {
        recovery->outlook = assay_outlook(&l->trust, ceiling_of(l));
        if (best_ahead(&recovery->outlook) == ASSAY_STANDING_SUSPENDED)
            block(recovery, "ceiling", "not before the TCB level of its platform is raised");
    }
    return true;
}

uint64_t assay_document_recovery_time(const struct assay_snapshot *s,
                                      const struct assay_document_recovery *recovery)
{
    if (recovery->blocked_code != NULL) return 0;
    const enum assay_standing best = best_ahead(&recovery->outlook);
    ASSAY_ASSERT(best < ASSAY_STANDING_SUSPENDED && recovery->outlook.epochs[best] > 0);
    return close_time(s, (uint32_t)recovery->outlook.epochs[best]);
}

const char *assay_document_recovery_text(const struct assay_snapshot *s,
                                         const struct assay_document_recovery *recovery,
                                         char text[static ASSAY_DOCUMENT_RECOVERY])
{
    const struct assay_outlook *const o = &recovery->outlook;
    char minute[ASSAY_MINUTE_LEN + 1];
    int len = 0;
    if (recovery->blocked_code != NULL) {
        (void)snprintf(text, ASSAY_DOCUMENT_RECOVERY, "%s", recovery->blocked_text);
        return text;
    }
    const enum assay_standing best = best_ahead(o);
    ASSAY_ASSERT(best < ASSAY_STANDING_SUSPENDED && o->epochs[best] > 0);
    enum assay_standing first = ASSAY_STANDING_RESTRICTED;
    while (first > best && o->epochs[first] <= 0)
        first--;
    if (first != best)
        len = snprintf(text, ASSAY_DOCUMENT_RECOVERY, "%s in %d epoch%s, ",
                       assay_document_standing(first), o->epochs[first],
                       o->epochs[first] == 1 ? "" : "s");
    len += snprintf(text + len, ASSAY_DOCUMENT_RECOVERY - (size_t)len, "%s in %d%s",
                    assay_document_standing(best), o->epochs[best],
                    first != best          ? ""
                    : o->epochs[best] == 1 ? " epoch"
                                           : " epochs");
    const uint64_t at_ms = assay_document_recovery_time(s, recovery);
    if (at_ms > 0) {
        assay_format_minute(at_ms, s->at_unix_ms, minute);
        len += snprintf(text + len, ASSAY_DOCUMENT_RECOVERY - (size_t)len, ", about %s", minute);
    }
    if (best != ASSAY_STANDING_FULL)
        (void)snprintf(text + len, ASSAY_DOCUMENT_RECOVERY - (size_t)len,
                       "; FULL not before the TCB level of its platform is raised");
    return text;
}

static struct assay_json *steps_ahead(const struct assay_snapshot *s, const struct assay_outlook *o)
{
    struct assay_json *list = assay_json_array();
    for (int i = ASSAY_STANDING_RESTRICTED; i >= (int)ASSAY_STANDING_FULL; i--) {
        if (o->epochs[i] <= 0) continue;
        struct assay_json *object = assay_json_object();
        assay_json_set_text(object, "standing", assay_document_standing((uint64_t)i));
        assay_json_set_uint(object, "epochs", (uint64_t)o->epochs[i]);
        assay_json_set_uint(object, "epoch", s->chain.epoch + (uint64_t)o->epochs[i] - 1);
        assay_document_set_time(object, "at_unix_ms", close_time(s, (uint32_t)o->epochs[i]));
        assay_json_append(list, object);
    }
    return list;
}

void assay_document_set_insecure_settings(struct assay_json *object, const struct assay_snapshot *s)
{
    ASSAY_ASSERT(s->insecure_count == 0 || s->insecure_names != NULL);
    struct assay_json *const accepted = assay_json_array();
    for (uint32_t i = 0; i < s->insecure_count; i++)
        assay_json_append_text(accepted, s->insecure_names[i]);
    assay_json_set_bool(object, "insecure", s->insecure);
    assay_json_set(object, "insecure_settings", accepted);
}

void assay_document_set_condition(struct assay_json *object, const struct assay_snapshot *s,
                                  uint32_t slot)
{
    struct assay_document_recovery r;
    char text[ASSAY_DOCUMENT_RECOVERY];
    assay_json_set_text(object, "condition",
                        assay_document_condition_word(assay_document_condition(s, slot)));
    if (!assay_document_recovery(s, slot, &r)) {
        assay_json_set_null(object, "recovery");
        return;
    }
    struct assay_json *recovery = assay_json_object();
    if (r.blocked_code != NULL) assay_json_set_text(recovery, "blocked", r.blocked_code);
    else assay_json_set_null(recovery, "blocked");
    assay_json_set_text(recovery, "text", assay_document_recovery_text(s, &r, text));
    assay_json_set_text(recovery, "assumes", "every verification of its evidence is good");
    assay_json_set(recovery, "steps", steps_ahead(s, &r.outlook));
    assay_json_set(object, "recovery", recovery);
}
