/*
 * net/http/metrics_members.c - metrics whose labels name members.
 *
 * Opt-in and bounded (metrics.members of assayd.yaml): the members that need attention most have
 * rows, in an order that is the same at every scrape of one state. Labels are of a fixed set of
 * characters, so that no name ends a label, a line or a query.
 */
#include "net/http/answer_internal.h"
#include "net/http/http.h"

#include "base/assert.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------ labels */

/* Longer than any name, so that the id of one member is never the name of another. */
enum { ID_DIGITS = 64, PREFIX_DIGITS = 16 };
_Static_assert((int)ID_DIGITS > (int)ASSAY_NAME_MAX, "an id is no name");

/* Names are checked where the ledger accepts them; metrics do not rely on it. */
static void write_name(char out[static ID_DIGITS + 1], struct assay_slice name,
                       const uint8_t id[static 32], size_t digits)
{
    ASSAY_ASSERT(digits <= ID_DIGITS);
    char hex[ID_DIGITS + 1];
    if (assay_name_is_fit(name)) {
        assay_bytes_copy(out, ID_DIGITS, name.bytes, name.len);
        out[name.len] = '\0';
        return;
    }
    assay_hex_encode(id, 32, hex, sizeof hex);
    assay_bytes_copy(out, ID_DIGITS, hex, digits);
    out[digits] = '\0';
}

/* Names of vendors are free text of a policy: "Intel SGX". */
static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ' ||
           c == '.' || c == '-' || c == '_';
}

static void write_vendor(char out[static ID_DIGITS + 1], const struct assay_http_rules *rules,
                         const uint8_t root[static 32])
{
    const uint32_t count = rules != NULL ? rules->vendor_count : 0;
    write_name(out, assay_slice_over(NULL, 0), root, PREFIX_DIGITS);
    for (uint32_t i = 0; i < count; i++) {
        const struct assay_http_vendor *vendor = &rules->vendors[i];
        if (vendor->name[0] == '\0' || !assay_bytes_equal(vendor->root, root, 32)) continue;
        (void)snprintf(out, ID_DIGITS + 1, "%s", vendor->name);
        for (char *c = out; *c != '\0'; c++)
            if (!is_plain(*c)) *c = '_';
        return;
    }
}

void http_member_labels(const struct assay_http_snapshot *view, uint32_t slot,
                        struct http_member_labels *labels)
{
    ASSAY_ASSERT(slot < view->snapshot.member_count);
    const struct assay_member_snapshot *l = &view->snapshot.members[slot].ledger;
    write_name(labels->member, l->name, l->node_id, ID_DIGITS);
    write_name(labels->operator_, l->operator_name, l->operator_id, PREFIX_DIGITS);
    write_vendor(labels->vendor, view->rules, l->vendor_root);
}

/* ------------------------------------------------------------ the order */

bool http_has_fallen(const struct assay_member_snapshot *member)
{
    return assay_fall_is_set(&member->fall) && member->fall.last.epoch >= member->stage_epoch;
}

bool http_has_served(const struct assay_member_snapshot *member)
{
    if (member->trust.score.standing != ASSAY_STANDING_SUSPENDED) return true;
    return http_has_fallen(member) && member->fall.from != ASSAY_STANDING_SUSPENDED;
}

/* 0 needs attention most. A member that joined or was undrained climbs, and nothing is wrong. */
static unsigned rank_of(const struct assay_snapshot *s, uint32_t slot)
{
    ASSAY_ASSERT(slot < s->member_count);
    static const uint8_t ranks[ASSAY_CONDITIONS] = {
        [ASSAY_CONDITION_SUSPENDED] = 0,   [ASSAY_CONDITION_OFFLINE] = 1,
        [ASSAY_CONDITION_RESTRICTED] = 2,  [ASSAY_CONDITION_WARNING] = 3,
        [ASSAY_CONDITION_MAINTENANCE] = 5, [ASSAY_CONDITION_DRAINED] = 6,
        [ASSAY_CONDITION_FULL] = 7,
    };
    const enum assay_condition condition = assay_document_condition(s, slot);
    if (condition == ASSAY_CONDITION_SUSPENDED && !http_has_fallen(&s->members[slot].ledger))
        return 4;
    return ranks[condition];
}

static int compare_keys(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Rank, then score, then slot, as one number; of members that left there is none.
 * Returns: their number. */
static uint32_t sort_members(const struct assay_snapshot *s,
                             uint64_t keys[static ASSAY_MEMBERS_MAX])
{
    ASSAY_ASSERT(s->member_count <= ASSAY_MEMBERS_MAX);
    uint32_t count = 0;
    for (uint32_t i = 0; i < s->member_count; i++) {
        const struct assay_member_snapshot *l = &s->members[i].ledger;
        if (l->stage == ASSAY_STAGE_LEFT) continue;
        keys[count++] =
            (uint64_t)rank_of(s, i) << 32 | (uint64_t)assay_trust_score_bp(&l->trust) << 16 | i;
    }
    qsort(keys, count, sizeof keys[0], compare_keys);
    return count;
}

/* ------------------------------------------------------------ values */

/* Each Returns: false: this member has no such value now. */

static bool get_score(const struct assay_snapshot *s, uint32_t slot, uint64_t *value)
{
    ASSAY_ASSERT(slot < s->member_count);
    *value = assay_trust_score_bp(&s->members[slot].ledger.trust);
    return true;
}

static bool get_integrity(const struct assay_snapshot *s, uint32_t slot, uint64_t *value)
{
    ASSAY_ASSERT(slot < s->member_count);
    *value = s->members[slot].ledger.trust.integrity_bp;
    return true;
}

static bool get_availability(const struct assay_snapshot *s, uint32_t slot, uint64_t *value)
{
    ASSAY_ASSERT(slot < s->member_count);
    *value = s->members[slot].ledger.trust.availability_bp;
    return true;
}

static bool get_offline(const struct assay_snapshot *s, uint32_t slot, uint64_t *value)
{
    *value = assay_document_condition(s, slot) == ASSAY_CONDITION_OFFLINE;
    return true;
}

static bool get_fall(const struct assay_snapshot *s, uint32_t slot, uint64_t *value)
{
    ASSAY_ASSERT(slot < s->member_count);
    const struct assay_member_snapshot *l = &s->members[slot].ledger;
    *value = l->fall.first.begin_ms;
    return http_has_fallen(l) && *value > 0;
}

static bool get_recovery(const struct assay_snapshot *s, uint32_t slot, uint64_t *value)
{
    struct assay_document_recovery recovery;
    if (!assay_document_recovery(s, slot, &recovery)) return false;
    *value = assay_document_recovery_time(s, &recovery);
    return *value > 0;
}

/* ------------------------------------------------------------ lines */

struct rows {
    FILE *out;
    const struct assay_http_snapshot *view;
    uint32_t count, left_out;
    bool turns;                       /* the loop; else it does not know a member to be away */
    uint64_t keys[ASSAY_MEMBERS_MAX]; /* the slot of each is in its lowest 16 bits */
};

static void write_head(const struct rows *rows, const char *name, const char *help)
{
    (void)fprintf(rows->out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

/* more: further labels, or "". decimals: of the value. */
static void write_row(const struct rows *rows, const char *name, uint32_t slot, const char *more,
                      uint64_t value, unsigned decimals)
{
    static const uint64_t powers[] = { 1, 10, 100, 1000, 10000 };
    ASSAY_ASSERT(decimals < sizeof powers / sizeof powers[0]);
    struct http_member_labels labels;
    http_member_labels(rows->view, slot, &labels);
    (void)fprintf(rows->out, "%s{member=\"%s\",operator=\"%s\",vendor=\"%s\"%s} %" PRIu64, name,
                  labels.member, labels.operator_, labels.vendor, more, value / powers[decimals]);
    if (decimals > 0)
        (void)fprintf(rows->out, ".%0*" PRIu64, (int)decimals, value % powers[decimals]);
    (void)fputc('\n', rows->out);
}

static void write_standing(const struct rows *rows)
{
    ASSAY_ASSERT(rows->count <= rows->view->snapshot.member_count);
    static const char name[] = "assay_member_standing";
    write_head(rows, name,
               "Always 1; label standing has the current standing or condition of the member.");
    for (uint32_t i = 0; i < rows->count; i++) {
        const uint32_t slot = rows->keys[i] & UINT16_MAX;
        char more[48];
        (void)snprintf(more, sizeof more, ",standing=\"%s\"",
                       http_condition_label(assay_document_condition(&rows->view->snapshot, slot)));
        write_row(rows, name, slot, more, 1, 0);
    }
}

static const struct family {
    const char *name, *help;
    unsigned decimals;
    bool (*get)(const struct assay_snapshot *s, uint32_t slot, uint64_t *value);
} families[] = {
    { "assay_member_score_ratio", "Score of the member: the lower of integrity and availability.",
      4, get_score },
    { "assay_member_integrity_ratio", "Integrity of the member.", 4, get_integrity },
    { "assay_member_availability_ratio", "Availability of the member.", 4, get_availability },
    { "assay_member_offline", "1 while the condition of the member is offline.", 0, get_offline },
    { "assay_member_fall_timestamp_seconds",
      "Start of the epoch in which the last run of falls of its standing began, in Unix seconds.",
      3, get_fall },
    { "assay_member_recovery_timestamp_seconds",
      "Time of the best standing ahead if all its evidence passes, in Unix seconds.", 3,
      get_recovery },
};

static void write_families(const struct rows *rows)
{
    ASSAY_ASSERT(rows->count <= rows->view->snapshot.member_count);
    for (size_t f = 0; f < sizeof families / sizeof families[0]; f++) {
        const struct family *const family = &families[f];
        if (family->get == get_offline && !rows->turns) continue;
        write_head(rows, family->name, family->help);
        for (uint32_t i = 0; i < rows->count; i++) {
            const uint32_t slot = rows->keys[i] & UINT16_MAX;
            uint64_t value = 0;
            if (family->get(&rows->view->snapshot, slot, &value))
                write_row(rows, family->name, slot, "", value, family->decimals);
        }
    }
}

void http_metrics_members(FILE *out, const struct assay_http_content *book, bool turns)
{
    static const char left_out[] = "assay_members_left_out";
    ASSAY_ASSERT(book->metrics_members <= ASSAY_HTTP_METRICS_MEMBERS_MAX);
    struct rows rows = { .out = out, .view = book->view, .turns = turns };
    if (book->metrics_members == 0) return;
    rows.count = sort_members(&book->view->snapshot, rows.keys);
    if (rows.count > book->metrics_members) {
        rows.left_out = rows.count - book->metrics_members;
        rows.count = book->metrics_members;
    }
    write_families(&rows);
    write_standing(&rows);
    write_head(&rows, left_out, "Members without metrics of their own: metrics.members is less.");
    (void)fprintf(out, "%s %" PRIu32 "\n", left_out, rows.left_out);
}
