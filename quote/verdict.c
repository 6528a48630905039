/*
 * quote/verdict.c - derivation of a verdict from reasons, and of a ballot from a verdict
 * (docs/protocol.md 3.3, 3.4).
 *
 * A verdict starts as "unknown, none" and can only become affirming through assay_verdict_conclude
 * once the kind reports that every check was reached, with every proof true and no reason against
 * it:
 * no early return can leave it good (evidence-rules.md 1.1).
 */
#include "quote/verdict.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "quote/text.h"

void assay_verdict_init(struct assay_verdict *verdict, enum assay_evidence_kind kind,
                        int64_t at_unix_s)
{
    ASSAY_ASSERT(verdict != NULL);
    assay_bytes_zero(verdict, sizeof *verdict);
    verdict->kind = kind;
    verdict->at_unix_s = at_unix_s;
}

/* Precedence: the enum is in falling order. */
static bool rule_outranks(enum assay_rule a, enum assay_rule b)
{
    return assay_rule_class_of(a) < assay_rule_class_of(b);
}

void assay_verdict_add(struct assay_verdict *verdict, enum assay_rule rule, uint32_t offset,
                       const char *expected, const char *observed)
{
    ASSAY_ASSERT(verdict->reason_count <= ASSAY_REASONS_MAX);
    uint32_t at = verdict->reason_count;
    if (at == ASSAY_REASONS_MAX) {
        at -= 1;
        if (!rule_outranks(rule, verdict->reasons[at].rule)) return;
        verdict->reason_count -= 1;
    }
    /*
     * Kept in order of precedence, first come first within a class: the first reason is the
     * verdict's.
     */
    while (at > 0 && rule_outranks(rule, verdict->reasons[at - 1].rule)) {
        verdict->reasons[at] = verdict->reasons[at - 1];
        at -= 1;
    }
    struct assay_reason *const reason = &verdict->reasons[at];
    assay_bytes_zero(reason, sizeof *reason);
    reason->rule = rule;
    reason->offset = offset;
    assay_text_copy(reason->expected, sizeof reason->expected, expected);
    assay_text_copy(reason->observed, sizeof reason->observed, observed);
    verdict->reason_count += 1;
    ASSAY_ASSERT(verdict->reason_count <= ASSAY_REASONS_MAX);
}

void assay_verdict_add_window(struct assay_verdict *verdict, const char *what, bool is_certificate,
                              int64_t from_unix_s, int64_t to_unix_s)
{
    ASSAY_ASSERT(verdict->window_count <= ASSAY_VERDICT_WINDOWS_MAX && what != NULL);
    if (verdict->window_count == ASSAY_VERDICT_WINDOWS_MAX) return;
    struct assay_verdict_window *const window = &verdict->windows[verdict->window_count++];
    assay_text_copy(window->what, sizeof window->what, what);
    window->is_certificate = is_certificate;
    window->from_unix_s = from_unix_s;
    window->to_unix_s = to_unix_s;
}

void assay_verdict_add_measured(struct assay_verdict *verdict, unsigned field,
                                enum assay_measured_state state, const uint8_t *value,
                                uint32_t value_len)
{
    ASSAY_ASSERT(verdict->measured_count <= ASSAY_VERDICT_MEASURED_MAX);
    ASSAY_ASSERT(value_len <= ASSAY_MEASUREMENT_MAX && field <= UINT8_MAX);
    if (verdict->measured_count == ASSAY_VERDICT_MEASURED_MAX) return;
    struct assay_verdict_measured *const m = &verdict->measured[verdict->measured_count++];
    m->field = (uint8_t)field;
    m->state = (uint8_t)state;
    m->len = (uint8_t)value_len;
    assay_bytes_copy(m->value, sizeof m->value, value, value_len);
}

void assay_verdict_name_device(const struct assay_verdict *verdict, uint32_t index,
                               char name[static ASSAY_REASON_TEXT])
{
    enum { SHOWN = 8 };
    const struct assay_verdict_device *const d = &verdict->devices[index];
    struct assay_text text = assay_text_empty();
    size_t number = 0, first = 0;
    ASSAY_ASSERT(index < verdict->device_count && verdict->device_count <= ASSAY_DEVICES_MAX);
    for (uint32_t i = 0; i < index; i++)
        number += verdict->devices[i].kind == d->kind;
    while (first < sizeof d->serial && d->serial[first] == 0)
        first += 1;
    assay_text_add(&text, d->kind == ASSAY_KIND_NVIDIA_SWITCH ? "switch " : "gpu ");
    assay_text_add_u64(&text, number);
    assay_text_add(&text, " (");
    assay_text_add(&text, d->product[0] != '\0' ? d->product : "unknown");
    if (first < sizeof d->serial) {
        const bool is_long = sizeof d->serial - first > SHOWN;
        if (is_long) first = sizeof d->serial - SHOWN;
        assay_text_add(&text, is_long ? ", serial .." : ", serial ");
        assay_text_add_hex(&text, d->serial + first, sizeof d->serial - first);
    }
    assay_text_add(&text, ")");
    assay_text_copy(name, ASSAY_REASON_TEXT, text.text);
}

bool assay_verdict_has(const struct assay_verdict *verdict, enum assay_rule rule)
{
    ASSAY_ASSERT(verdict->reason_count <= ASSAY_REASONS_MAX);
    for (uint32_t i = 0; i < verdict->reason_count; i++)
        if (verdict->reasons[i].rule == rule) return true;
    return false;
}

bool assay_verdict_has_class(const struct assay_verdict *verdict, enum assay_rule_class class_)
{
    ASSAY_ASSERT(verdict->reason_count <= ASSAY_REASONS_MAX);
    for (uint32_t i = 0; i < verdict->reason_count; i++)
        if (assay_rule_class_of(verdict->reasons[i].rule) == class_) return true;
    return false;
}

bool assay_verdict_name_expiry(const struct assay_verdict *verdict,
                               char text[static ASSAY_REASON_TEXT])
{
    char name[ASSAY_REASON_TEXT];
    struct assay_text out = assay_text_empty();
    ASSAY_ASSERT(verdict->device_count <= ASSAY_DEVICES_MAX);
    for (uint32_t i = 0; verdict->has_expiry && i < verdict->device_count; i++) {
        const struct assay_verdict_device *const d = &verdict->devices[i];
        if (!d->has_expiry || d->expires_unix_s != verdict->expires_unix_s ||
            assay_text_compare(d->expires_first, verdict->expires_first,
                               sizeof d->expires_first) != 0)
            continue;
        assay_verdict_name_device(verdict, i, name);
        assay_text_add(&out, name);
        assay_text_add(&out, ": ");
        break;
    }
    if (verdict->has_expiry) assay_text_add(&out, verdict->expires_first);
    assay_text_copy(text, ASSAY_REASON_TEXT, out.text);
    return verdict->has_expiry;
}

void assay_verdict_rest_on(struct assay_verdict *verdict, const char *what, int64_t to_unix_s)
{
    ASSAY_ASSERT(what != NULL);
    if (verdict->has_expiry && to_unix_s >= verdict->expires_unix_s) return;
    verdict->has_expiry = true;
    verdict->expires_unix_s = to_unix_s;
    assay_text_copy(verdict->expires_first, sizeof verdict->expires_first, what);
}

void assay_verdict_policy_ends(struct assay_verdict *verdict, int64_t unix_s)
{
    static const int64_t last_unix_s = 253402300799; /* of the year 9999, which texts can express */
    if (unix_s < 0 || unix_s > last_unix_s) return;
    if (!verdict->has_policy_end || unix_s < verdict->policy_ends_unix_s)
        verdict->policy_ends_unix_s = unix_s;
    verdict->has_policy_end = true;
    ASSAY_ASSERT(verdict->policy_ends_unix_s <= unix_s);
}

void assay_verdict_policy_spans(struct assay_verdict *verdict, int64_t from_unix_s, uint64_t span_s)
{
    if (from_unix_s < 0 || span_s > (uint64_t)(INT64_MAX - from_unix_s)) return;
    assay_verdict_policy_ends(verdict, from_unix_s + (int64_t)span_s);
}

bool assay_verdict_end(const struct assay_verdict *verdict, int64_t *unix_s)
{
    ASSAY_ASSERT(verdict != NULL && unix_s != NULL);
    const bool by_policy =
        verdict->has_policy_end &&
        (!verdict->has_expiry || verdict->policy_ends_unix_s < verdict->expires_unix_s);
    if (!by_policy && !verdict->has_expiry) return false;
    *unix_s = by_policy ? verdict->policy_ends_unix_s : verdict->expires_unix_s;
    return true;
}

void assay_verdict_proof(struct assay_verdict *verdict, enum assay_proof proof,
                         enum assay_proof_state state)
{
    ASSAY_ASSERT((unsigned)proof < ASSAY_PROOF_COUNT);
    ASSAY_ASSERT((unsigned)state <= ASSAY_PROOF_FALSE);
    if (verdict->proofs[proof] != ASSAY_PROOF_FALSE) verdict->proofs[proof] = (uint8_t)state;
}

static bool has_proof(const struct assay_verdict *verdict, enum assay_proof_state state)
{
    for (size_t i = 0; i < ASSAY_PROOF_COUNT; i++)
        if (verdict->proofs[i] == state) return true;
    return false;
}

void assay_verdict_conclude(struct assay_verdict *verdict)
{
    ASSAY_ASSERT(verdict->reason_count <= ASSAY_REASONS_MAX);
    verdict->genuine = ASSAY_GENUINE_UNKNOWN;
    verdict->tier = ASSAY_TIER_NONE;
    if (assay_verdict_has_class(verdict, ASSAY_RULE_FORGED) ||
        has_proof(verdict, ASSAY_PROOF_FALSE)) {
        verdict->genuine = ASSAY_GENUINE_FALSE;
        verdict->tier = ASSAY_TIER_CONTRAINDICATED;
        return;
    }
    /* Nothing forged, but nothing proven either. */
    if (assay_verdict_has_class(verdict, ASSAY_RULE_UNJUDGED)) return;
    if (!verdict->appraised || has_proof(verdict, ASSAY_PROOF_UNKNOWN)) return;

    verdict->genuine = ASSAY_GENUINE_TRUE;
    if (assay_verdict_has_class(verdict, ASSAY_RULE_REFUSED) ||
        assay_verdict_has_class(verdict, ASSAY_RULE_OLD))
        verdict->tier = ASSAY_TIER_CONTRAINDICATED;
    else if (assay_verdict_has_class(verdict, ASSAY_RULE_NOTE)) verdict->tier = ASSAY_TIER_WARNING;
    else verdict->tier = ASSAY_TIER_AFFIRMING;
}

void assay_verdict_refuse(struct assay_verdict *verdict, enum assay_rule rule, const char *expected,
                          const char *observed)
{
    ASSAY_ASSERT(assay_rule_class_of(rule) == ASSAY_RULE_REFUSED);
    if (verdict->reason_count == ASSAY_REASONS_MAX) verdict->reason_count -= 1;
    assay_verdict_add(verdict, rule, 0, expected, observed);
    assay_verdict_conclude(verdict);
    verdict->tier = ASSAY_TIER_CONTRAINDICATED;
}

/*
 * The ladder of docs/protocol.md 7.7; the last three never reach it: they bring a reason with them.
 */
static enum assay_outcome pass_level(enum assay_tcb_status status)
{
    switch (status) {
    case ASSAY_TCB_UP_TO_DATE: return ASSAY_OUTCOME_PASS_UP_TO_DATE;
    case ASSAY_TCB_SW_HARDENING_NEEDED:
    case ASSAY_TCB_CONFIGURATION_NEEDED:
    case ASSAY_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED: return ASSAY_OUTCOME_PASS_NEEDS_HARDENING;
    case ASSAY_TCB_OUT_OF_DATE:
    case ASSAY_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED:
    case ASSAY_TCB_TD_RELAUNCH_ADVISED:
    case ASSAY_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED: return ASSAY_OUTCOME_PASS_OUT_OF_DATE;
    case ASSAY_TCB_REVOKED: return ASSAY_OUTCOME_FAIL_HARD;
    case ASSAY_TCB_NOT_SUPPORTED: return ASSAY_OUTCOME_FAIL_SOFT;
    /* The kinds without a TCB status: minimum versions are the policy's. */
    case ASSAY_TCB_NONE: return ASSAY_OUTCOME_PASS_UP_TO_DATE;
    }
    ASSAY_UNREACHABLE("a TCB status");
}

/*
 * docs/protocol.md 4.3.4: is the platform responsible for a missing verdict? It is if its
 * certificates are not valid at the time, or have no collateral. It is not if the vendor's
 * collateral or the policy leaves it open, regardless of other gaps.
 */
static bool platform_unjudged(const struct assay_verdict *verdict)
{
    static const enum assay_rule vendors[] = {
        ASSAY_RULE_COLLATERAL_EXPIRED, ASSAY_RULE_COLLATERAL_EARLY, ASSAY_RULE_COLLATERAL_FORMAT,
        ASSAY_RULE_COLLATERAL_AGE,     ASSAY_RULE_ROOT_MISSING,     ASSAY_RULE_EVENT_LOG_MISSING,
    };
    for (size_t i = 0; i < sizeof vendors / sizeof vendors[0]; i++)
        if (assay_verdict_has(verdict, vendors[i])) return false;
    return assay_verdict_has(verdict, ASSAY_RULE_CERT_TIME) ||
           assay_verdict_has(verdict, ASSAY_RULE_COLLATERAL_MISSING);
}

enum assay_outcome assay_verdict_outcome(const struct assay_verdict *verdict)
{
    if (verdict->genuine == ASSAY_GENUINE_FALSE) return ASSAY_OUTCOME_FAIL_HARD;
    if (verdict->genuine == ASSAY_GENUINE_UNKNOWN)
        return platform_unjudged(verdict) ? ASSAY_OUTCOME_UNJUDGED : ASSAY_OUTCOME_NONE;
    if (assay_verdict_has_class(verdict, ASSAY_RULE_REFUSED)) return ASSAY_OUTCOME_FAIL_HARD;
    if (assay_verdict_has_class(verdict, ASSAY_RULE_OLD)) return ASSAY_OUTCOME_FAIL_SOFT;
    /* What runs now counts like what was launched (evidence-rules.md 2.13). */
    if (assay_verdict_has(verdict, ASSAY_RULE_TCB_NOW_WARNING))
        return ASSAY_OUTCOME_PASS_OUT_OF_DATE;
    return pass_level(verdict->tcb_status);
}

/* --- texts */
const char *assay_outcome_text(enum assay_outcome outcome)
{
    switch (outcome) {
    case ASSAY_OUTCOME_NONE: return "none";
    case ASSAY_OUTCOME_ABSENT: return "absent";
    case ASSAY_OUTCOME_FAIL_SOFT: return "fail-soft";
    case ASSAY_OUTCOME_FAIL_HARD: return "fail-hard";
    case ASSAY_OUTCOME_PASS_UP_TO_DATE: return "pass-up-to-date";
    case ASSAY_OUTCOME_PASS_NEEDS_HARDENING: return "pass-needs-hardening";
    case ASSAY_OUTCOME_PASS_OUT_OF_DATE: return "pass-out-of-date";
    case ASSAY_OUTCOME_UNJUDGED: return "unjudged";
    }
    return "unknown";
}

#define STATUS_TEXT(symbol, number, text)                                                          \
    case symbol: return text;
const char *assay_tcb_status_text(enum assay_tcb_status status)
{
    switch (status) {
        ASSAY_TCB_STATUS_LIST(STATUS_TEXT)
    }
    return "unknown";
}
#undef STATUS_TEXT

const char *assay_tier_text(enum assay_tier tier)
{
    switch (tier) {
    case ASSAY_TIER_NONE: return "none";
    case ASSAY_TIER_AFFIRMING: return "affirming";
    case ASSAY_TIER_WARNING: return "warning";
    case ASSAY_TIER_CONTRAINDICATED: return "contraindicated";
    }
    return "unknown";
}

#define RULE_NAME(symbol, number, class_, name, text)                                              \
    case symbol: return name;
const char *assay_rule_name(enum assay_rule rule)
{
    switch (rule) {
        ASSAY_RULE_LIST(RULE_NAME)
    }
    return "unknown";
}
#undef RULE_NAME

#define RULE_TEXT(symbol, number, class_, name, text)                                              \
    case symbol: return text;
const char *assay_rule_text(enum assay_rule rule)
{
    switch (rule) {
        ASSAY_RULE_LIST(RULE_TEXT)
    }
    return "unknown";
}
#undef RULE_TEXT

#define RULE_CLASS(symbol, number, class_, name, text)                                             \
    case symbol: return ASSAY_RULE_##class_;
enum assay_rule_class assay_rule_class_of(enum assay_rule rule)
{
    switch (rule) {
        ASSAY_RULE_LIST(RULE_CLASS)
    }
    return ASSAY_RULE_FORGED;
}
#undef RULE_CLASS

#define KIND_TEXT(symbol, number, text, row, families)                                             \
    case symbol: return text;
const char *assay_kind_text(enum assay_evidence_kind kind)
{
    switch (kind) {
        ASSAY_KIND_LIST(KIND_TEXT)
    case ASSAY_KIND_NONE: return "none";
    }
    return "unknown";
}
#undef KIND_TEXT

#define PROOF_NAME(symbol, number, name)                                                           \
    case symbol: return name;
const char *assay_verdict_proof_name(enum assay_proof proof)
{
    switch (proof) {
        ASSAY_PROOF_LIST(PROOF_NAME)
    }
    return "unknown";
}
#undef PROOF_NAME

const char *assay_verdict_proof_state_text(enum assay_proof_state state)
{
    switch (state) {
    case ASSAY_PROOF_NOT_USED: return "not-used";
    case ASSAY_PROOF_UNKNOWN: return "unknown";
    case ASSAY_PROOF_TRUE: return "true";
    case ASSAY_PROOF_FALSE: return "false";
    }
    return "unknown";
}

#define MEASURED_TEXT(symbol, number, text)                                                        \
    case symbol: return text;
const char *assay_measured_text(enum assay_measured_state state)
{
    switch (state) {
        ASSAY_MEASURED_LIST(MEASURED_TEXT)
    }
    return "unknown";
}
#undef MEASURED_TEXT

enum assay_status assay_tcb_status_parse(const char *text, size_t len,
                                         enum assay_tcb_status *status)
{
    for (int number = 1; number < ASSAY_TCB_STATUS_COUNT; number++) {
        const enum assay_tcb_status candidate = (enum assay_tcb_status)number;
        const char *const name = assay_tcb_status_text(candidate);
        if (assay_text_len(name, ASSAY_REASON_TEXT) != len) continue;
        if (!assay_bytes_equal(name, text, len)) continue;
        *status = candidate;
        return ASSAY_OK;
    }
    return ASSAY_E_NOT_FOUND;
}

enum assay_status assay_kind_parse(const char *text, enum assay_evidence_kind *kind)
{
    for (int number = 1; number < ASSAY_KIND_COUNT; number++) {
        const enum assay_evidence_kind candidate = (enum assay_evidence_kind)number;
        if (assay_text_compare(text, assay_kind_text(candidate), ASSAY_REASON_TEXT) != 0) continue;
        *kind = candidate;
        return ASSAY_OK;
    }
    return ASSAY_E_NOT_FOUND;
}
