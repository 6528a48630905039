/*
 * engine/ledger/records/finding.c - cached findings, and their outcome for a member
 * (docs/protocol.md 3.4 to 3.12).
 */
#include "engine/ledger/records/finding.h"

#include "base/assert.h"

#include <string.h>

static bool findings_are_valid(const struct assay_findings *findings)
{
    return findings->count > 0 && findings->newest < findings->count &&
           findings->items[findings->newest].stamp <= findings->stamp;
}

static bool matches(const struct assay_finding_record *f, const uint8_t *digest, int64_t at_unix_s,
                    enum assay_evidence_kind kind, bool before)
{
    return f->used && f->at_unix_s == at_unix_s && f->kind == kind && f->before == before &&
           f->digest[0] == digest[0] && assay_bytes_equal(f->digest, digest, 32);
}

/* Places are taken from the first one on and never given back: behind a free one all are. */
static struct assay_finding_record *find_finding(struct assay_findings *findings,
                                                 const uint8_t *digest, int64_t at_unix_s,
                                                 enum assay_evidence_kind kind, bool before)
{
    ASSAY_ASSERT(findings_are_valid(findings));

    struct assay_finding_record *newest = &findings->items[findings->newest];
    if (matches(newest, digest, at_unix_s, kind, before)) return newest;
    for (uint32_t i = 0; i < findings->count && findings->items[i].used; i++)
        if (matches(&findings->items[i], digest, at_unix_s, kind, before))
            return &findings->items[i];
    return NULL;
}

const struct assay_finding_record *assay_findings_get(struct assay_findings *findings,
                                                      const uint8_t digest[static 32],
                                                      int64_t at_unix_s,
                                                      enum assay_evidence_kind kind, bool before)
{
    struct assay_finding_record *f = find_finding(findings, digest, at_unix_s, kind, before);
    if (f != NULL) f->stamp = ++findings->stamp;
    ASSAY_ASSERT(f == NULL || (f->used && f->outcome != ASSAY_OUTCOME_ABSENT));
    return f;
}

static void append_text(char *text, size_t capacity, const char *piece)
{
    size_t at = strlen(text);
    ASSAY_ASSERT(at < capacity);
    for (size_t i = 0; piece[i] != '\0' && at + 1 < capacity; i++)
        text[at++] = piece[i];
    text[at] = '\0';
}

/* "rule: expected ..., observed ...", cut where it does not fit. */
static void format_reason(const struct assay_verdict *verdict, char *text, size_t capacity)
{
    text[0] = '\0';
    if (verdict->reason_count == 0) return;
    const struct assay_reason *reason = &verdict->reasons[0];
    append_text(text, capacity, assay_rule_name(reason->rule));
    if (reason->expected[0] != '\0') {
        append_text(text, capacity, ": expected ");
        append_text(text, capacity, reason->expected);
    }
    if (reason->observed[0] != '\0') {
        append_text(text, capacity, ", observed ");
        append_text(text, capacity, reason->observed);
    }
}

/* What its sender alone could have sent otherwise: another form, or the pieces that are missing. */
static bool is_unusable(const struct assay_verdict *verdict)
{
    static const enum assay_rule rules[] = {
        ASSAY_RULE_UNSUPPORTED,   ASSAY_RULE_CERT_TYPE,   ASSAY_RULE_EVIDENCE_INCOMPLETE,
        ASSAY_RULE_KEY_MISSING,   ASSAY_RULE_PCR_MISSING, ASSAY_RULE_AK_UNPROVEN,
        ASSAY_RULE_CHAIN_MISSING,
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (assay_verdict_has(verdict, rules[i])) return true;
    return false;
}

/* Returns: whether every fault of it is a matter of time alone (docs/protocol.md 3.11). Header time
 * may lead real time (4.5), so that is as if nothing had come, and nobody's guilt. */
static bool depends_on_time(const struct assay_verdict *verdict)
{
    bool by_time = false;
    for (uint32_t i = 0; i < verdict->reason_count; i++) {
        const enum assay_rule rule = verdict->reasons[i].rule;
        const enum assay_rule_class class_ = assay_rule_class_of(rule);
        if (rule == ASSAY_RULE_SIGNER_EXPIRED || rule == ASSAY_RULE_TCB_GRACE) by_time = true;
        else if (class_ == ASSAY_RULE_FORGED || class_ == ASSAY_RULE_REFUSED ||
                 class_ == ASSAY_RULE_OLD)
            return false;
    }
    return by_time; /* the list is in order of precedence: what was cut is lighter */
}

const struct assay_finding_record *assay_findings_put(struct assay_findings *findings,
                                                      const uint8_t digest[static 32],
                                                      int64_t at_unix_s, bool before,
                                                      const struct assay_verdict *verdict)
{
    ASSAY_ASSERT(findings_are_valid(findings));
    struct assay_finding_record *f =
        find_finding(findings, digest, at_unix_s, verdict->kind, before);
    for (uint32_t i = 0; f == NULL && i < findings->count; i++) {
        if (!findings->items[i].used) f = &findings->items[i];
    }
    if (f == NULL) {
        f = &findings->items[0];
        for (uint32_t i = 1; i < findings->count; i++) {
            if (findings->items[i].stamp < f->stamp) f = &findings->items[i];
        }
    }
    *f = (struct assay_finding_record){
        .used = true, .before = before, .at_unix_s = at_unix_s, .kind = verdict->kind
    };
    assay_bytes_copy(f->digest, 32, digest, 32);
    const bool late = depends_on_time(verdict);
    f->outcome = late ? ASSAY_OUTCOME_NONE : assay_verdict_outcome(verdict);
    f->unusable = late || is_unusable(verdict);
    f->grants = late ? 0 : assay_grants_of_verdict(findings->grants, verdict);
    f->has_claims = verdict->has_claims;
    f->has_platform = verdict->has_platform;
    f->platform_masked = verdict->platform_masked;
    assay_bytes_copy(f->report_data, 64, verdict->report_data, 64);
    assay_bytes_copy(f->platform_id, 32, verdict->platform_id, 32);
    assay_bytes_copy(f->vendor_root, 32, verdict->vendor_root, 32);
    format_reason(verdict, f->reason, sizeof f->reason);
    f->stamp = ++findings->stamp;
    findings->newest = (uint32_t)(f - findings->items);
    ASSAY_ASSERT(findings_are_valid(findings));
    ASSAY_ASSERT(find_finding(findings, digest, at_unix_s, verdict->kind, before) == f);
    ASSAY_ASSERT(f->outcome != ASSAY_OUTCOME_ABSENT); /* only the engine says that */
    return f;
}

/*
 * The roster pins platform, vendor root and kind (protocol.md 3.9, 9.2). A masked id names nothing,
 * so it is only what a roster without an id can ask for: else a host could mask its way anywhere.
 */
static bool matches_roster(const struct assay_finding_record *f, const struct assay_member *member)
{
    ASSAY_ASSERT(f->used);

    if (!f->has_platform) return false;
    if ((uint32_t)f->kind != member->evidence_kind) return false;
    if (!assay_bytes_equal(f->vendor_root, member->vendor_root, 32)) return false;
    if (f->platform_masked && assay_bytes_all_zero(member->platform_id, 32)) return true;
    return assay_bytes_equal(f->platform_id, member->platform_id, 32);
}

bool assay_finding_judge(const struct assay_finding_record *finding,
                         const struct assay_member *member, enum assay_evidence_kind kind,
                         const uint8_t expected[static 64], enum assay_outcome *outcome)
{
    ASSAY_ASSERT(finding->used);
    *outcome = ASSAY_OUTCOME_NONE;
    if (finding->has_claims && !assay_bytes_equal(finding->report_data, expected, 64)) return false;
    if ((uint32_t)kind != member->evidence_kind) { /* its owner signed that it is another kind */
        *outcome = ASSAY_OUTCOME_FAIL_HARD;
        return true;
    }
    if (finding->outcome == ASSAY_OUTCOME_NONE || finding->outcome == ASSAY_OUTCOME_UNJUDGED) {
        /* Of a form that no build here decodes: a member that sends it permanently must lose score
         * like a silent one. What collateral or a limit of ours left unjudged is nobody's guilt,
         * and what lies with the platform has its patience (docs/protocol.md 7.15). */
        *outcome = finding->outcome;
        return !finding->unusable;
    }
    *outcome = matches_roster(finding, member) ? finding->outcome : ASSAY_OUTCOME_FAIL_HARD;
    ASSAY_ASSERT(*outcome != ASSAY_OUTCOME_ABSENT);
    return true;
}

static void format_ids(const char *rule, const uint8_t expected[static 32],
                       const uint8_t observed[static 32], char *text, size_t capacity)
{
    enum { SHOWN = 32 }; /* whole: to be compared, and copied */
    char hex[2 * SHOWN + 1];
    text[0] = '\0';
    append_text(text, capacity, rule);
    append_text(text, capacity, ": expected ");
    assay_hex_encode(expected, SHOWN, hex, sizeof hex);
    append_text(text, capacity, hex);
    append_text(text, capacity, ", observed ");
    assay_hex_encode(observed, SHOWN, hex, sizeof hex);
    append_text(text, capacity, hex);
}

static void format_kinds(enum assay_evidence_kind expected, enum assay_evidence_kind observed,
                         char *text, size_t capacity)
{
    text[0] = '\0';
    append_text(text, capacity, ASSAY_FINDING_KIND ": expected ");
    append_text(text, capacity, assay_kind_text(expected));
    append_text(text, capacity, ", observed ");
    append_text(text, capacity, assay_kind_text(observed));
}

void assay_finding_reason(const struct assay_finding_record *finding,
                          const struct assay_member *member, enum assay_evidence_kind kind,
                          char text[static ASSAY_FINDING_REASON_LEN])
{
    ASSAY_ASSERT(finding->used);
    const enum assay_evidence_kind listed = (enum assay_evidence_kind)member->evidence_kind;
    text[0] = '\0';
    if (kind != listed) format_kinds(listed, kind, text, ASSAY_FINDING_REASON_LEN);
    else if (finding->outcome == ASSAY_OUTCOME_NONE || finding->outcome == ASSAY_OUTCOME_UNJUDGED ||
             finding->outcome == ASSAY_OUTCOME_FAIL_HARD || matches_roster(finding, member))
        append_text(text, ASSAY_FINDING_REASON_LEN, finding->reason);
    else if (finding->kind != listed)
        format_kinds(listed, finding->kind, text, ASSAY_FINDING_REASON_LEN);
    else if (!assay_bytes_equal(finding->vendor_root, member->vendor_root, 32))
        format_ids(ASSAY_FINDING_ROOT, member->vendor_root, finding->vendor_root, text,
                   ASSAY_FINDING_REASON_LEN);
    else
        format_ids(ASSAY_FINDING_PLATFORM, member->platform_id, finding->platform_id, text,
                   ASSAY_FINDING_REASON_LEN);
}
