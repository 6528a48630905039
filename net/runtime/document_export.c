/*
 * net/runtime/document_export.c - document `export` of closed epochs: scores, rules applied,
 * votes, fault tolerance.
 *
 *   export [since=EPOCH] [until=EPOCH] [votes]
 *
 * By the hour as far as only hours are kept, then every epoch. An answer is bounded and says where
 * to go on; votes are read out of blocks, so that fewer epochs fit.
 */
#include "net/runtime/runtime_internal.h"

#include "net/documents/document.h"
#include "net/http/snapshot_slot.h"
#include "net/timeline/history.h"

#include <stdio.h>
#include <string.h>

enum {
    ROWS_MAX = 10000,      /* a document of some 4 MiB */
    ROWS_VOTES_MAX = 1000, /* a few milliseconds of decoding */
};

struct range {
    uint64_t since, until;
    bool votes;
};

struct exporting {
    struct assay_runtime *runtime;
    struct range range;
    struct assay_json *epochs, *members; /* members: of the epoch being written */
    struct assay_json *epoch_object;
    const struct assay_http_epoch *votes; /* of it; NULL: not requested, or not available */
    uint32_t era;
    uint64_t epoch, rows, first_full;
    bool more;
};

/* ------------------------------------------------------------ one row */

static void set_rules(struct assay_json *member, const struct assay_history_row *row)
{
    assay_json_set_uint(member, "positive_bp", row->positive_bp);
    assay_json_set_uint(member, "negative_bp", row->negative_bp);
    assay_json_set_uint(member, "unjudged_bp", row->unjudged_bp);
    assay_json_set_uint(member, "electorate_bp", row->electorate_bp);
    assay_json_set_uint(member, "lo_bp", row->lo_bp);
    assay_json_set_uint(member, "hi_bp", row->hi_bp);
    assay_json_set_text(member, "reason", assay_document_integrity_text(row->reason));
    assay_json_set_text(member, "integrity_rule", assay_document_integrity_code(row->reason));
    assay_json_set_text(member, "availability_rule",
                        assay_document_availability_code(row->availability_rule));
}

static void set_votes(struct assay_json *member, const struct assay_http_epoch *epoch,
                      uint64_t slot)
{
    if (slot >= epoch->count) return;
    ASSAY_ASSERT(epoch->outcomes != NULL);
    const struct assay_http_row *row = &epoch->rows[slot];
    assay_json_set_bool(member, "has_ballot", row->balloted);
    assay_json_set_text_n(member, "outcomes", epoch->outcomes + slot * epoch->count, epoch->count);
    assay_json_set_bool(member, "proven_fail", row->proven_fail);
}

/* "SUSPEND RESTART": the orders against it, in this order. */
static void set_orders(struct assay_json *member, uint32_t orders)
{
    char text[64] = "";
    for (uint32_t kind = 0; kind <= ASSAY_ORDER_RELEASE; kind++) {
        if ((orders & 1U << kind) == 0) continue;
        const size_t len = strlen(text);
        (void)snprintf(text + len, sizeof text - len, "%s%s", len > 0 ? " " : "",
                       assay_order_name((enum assay_order_kind)kind));
    }
    assay_json_set_text(member, "orders", text);
}

static void append_row(struct exporting *e, uint64_t slot, const struct assay_history_row *row)
{
    ASSAY_ASSERT(!e->more); /* the row is of an epoch that fits */
    char name[ASSAY_NAME_MAX + 1];
    struct assay_json *member = assay_json_object();
    const uint16_t known = (uint16_t)(slot < ASSAY_SLOT_SELF ? slot : ASSAY_SLOT_ALL);
    assay_json_set_uint(member, "slot", slot);
    assay_json_set_text(member, "name", runtime_slot_name(e->runtime, known, name, sizeof name));
    assay_json_set_uint(member, "incarnation", row->incarnation);
    assay_json_set_uint(member, "score_bp", row->score_bp);
    assay_json_set_uint(member, "integrity_bp", row->integrity_bp);
    assay_json_set_uint(member, "availability_bp", row->availability_bp);
    assay_json_set_text(member, "standing", assay_document_standing(row->standing));
    assay_json_set_uint(member, "weight", row->weight);
    set_orders(member, row->orders);
    set_rules(member, row);
    if (e->votes != NULL) set_votes(member, e->votes, slot);
    assay_json_append(e->members, member);
    e->rows++;
}

static void set_tolerance(struct assay_json *epoch, struct assay_slice value)
{
    struct assay_history_tolerance t;
    if (assay_history_tolerance_decode(value, &t) != ASSAY_OK) return;
    struct assay_json *object = assay_json_object();
    assay_json_set_uint(object, "total_weight", t.total_weight);
    assay_json_set_uint(object, "members_stop", t.members_stop);
    assay_json_set_uint(object, "members_break", t.members_break);
    assay_json_set_uint(object, "largest_operator_bp", t.largest_operator_bp);
    assay_json_set_uint(object, "largest_vendor_bp", t.largest_vendor_bp);
    assay_json_set_uint(object, "largest_platform_bp", t.largest_platform_bp);
    assay_json_set(epoch, "tolerance", object);
}

/* ------------------------------------------------------------ one epoch */

/* Returns: whether it fits into this response. Complete epochs only. */
static bool begin_epoch(struct exporting *e, uint32_t era, uint64_t number, bool certified,
                        bool full)
{
    ASSAY_ASSERT(!e->more);
    e->more = e->rows >= (e->range.votes ? ROWS_VOTES_MAX : ROWS_MAX);
    e->era = era;
    e->epoch = number;
    if (e->more) return false;
    e->epoch_object = assay_json_object();
    e->members = assay_json_array();
    assay_json_set_uint(e->epoch_object, "epoch", number);
    assay_json_set_uint(e->epoch_object, "era", era);
    assay_json_set_bool(e->epoch_object, "certified", certified);
    assay_json_set_text(e->epoch_object, "kept", full ? "full" : "hour");
    assay_json_set(e->epoch_object, "members", e->members);
    assay_json_append(e->epochs, e->epoch_object);
    return true;
}

static bool is_new_epoch(const struct exporting *e, uint32_t era, uint64_t number)
{
    return e->members == NULL || e->era != era || e->epoch != number;
}

static bool export_row(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct exporting *e = context;
    struct assay_history_row row;
    if (key->era == ASSAY_HISTORY_ERA || key->epoch > e->range.until) return false;
    if (key->number == ASSAY_HISTORY_TOLERANCE && !is_new_epoch(e, key->era, key->epoch))
        set_tolerance(e->epoch_object, value);
    if (assay_history_decode(value, &row) != ASSAY_OK) return true; /* no row, or another version */
    if (is_new_epoch(e, key->era, key->epoch)) {
        if (!begin_epoch(e, key->era, key->epoch, row.certified, true)) return false;
        runtime_votes_free(&e->votes);
        if (e->range.votes) e->votes = runtime_votes_load(e->runtime, key->era, key->epoch);
    }
    append_row(e, key->number, &row);
    return true;
}

static bool export_hour(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct exporting *e = context;
    ASSAY_ASSERT(key->era == ASSAY_HISTORY_ERA);
    struct assay_history_row row;
    uint32_t era = 0;
    uint64_t epoch = 0;
    if (assay_history_hour_decode(value, &era, &epoch, &row) != ASSAY_OK) return true;
    if (epoch < e->range.since || epoch > e->range.until || epoch >= e->first_full) return true;
    if (is_new_epoch(e, era, epoch) && !begin_epoch(e, era, epoch, row.certified, false))
        return false;
    append_row(e, key->number, &row);
    return true;
}

static bool find_first_row(void *context, const struct assay_store_key *key,
                           struct assay_slice value)
{
    struct exporting *e = context;
    (void)value;
    if (key->era != ASSAY_HISTORY_ERA) e->first_full = key->epoch;
    return false;
}

/* ------------------------------------------------------------ the walk */

static enum assay_status scan_rows(struct exporting *e, uint32_t era, uint64_t from, uint64_t to,
                                   assay_store_visit *visit)
{
    ASSAY_ASSERT(from <= to);
    struct assay_store *store = e->runtime->config.store;
    const struct assay_store_key first = { .era = era, .epoch = from };
    struct assay_store_key last = { .era = era == ASSAY_HISTORY_ERA ? era : ASSAY_HISTORY_ERA - 1,
                                    .epoch = to,
                                    .number = UINT64_MAX };
    for (size_t i = 0; i < sizeof last.id; i++)
        last.id[i] = 0xff;
    return store->ops->scan(store, ASSAY_STORE_SCORE, &first, &last, false, visit, e);
}

static enum assay_status export_hours(struct exporting *e)
{
    const uint64_t turn = runtime_history_oldest(e->runtime);
    ASSAY_ASSERT(turn < ASSAY_HISTORY_HOURS);
    ASSAY_TRY(scan_rows(e, ASSAY_HISTORY_ERA, turn, UINT64_MAX, export_hour));
    if (e->more || turn == 0) return ASSAY_OK;
    return scan_rows(e, ASSAY_HISTORY_ERA, 0, turn - 1, export_hour);
}

static enum assay_status export_rows(struct exporting *e)
{
    e->first_full = UINT64_MAX;
    ASSAY_TRY(scan_rows(e, 0, 0, UINT64_MAX, find_first_row));
    if (e->range.since < e->first_full) ASSAY_TRY(export_hours(e));
    if (e->more) return ASSAY_OK;
    return scan_rows(e, 0, e->range.since, UINT64_MAX, export_row);
}

/* ------------------------------------------------------------ the request */

static bool parse_word(const char *word, struct range *range)
{
    if (strcmp(word, "votes") == 0) return range->votes = true;
    if (strncmp(word, "since=", 6) == 0) return assay_document_number(word + 6, &range->since);
    if (strncmp(word, "until=", 6) == 0) return assay_document_number(word + 6, &range->until);
    return false;
}

static bool parse_range(const char *text, struct range *range)
{
    char word[40];
    *range = (struct range){ .until = UINT64_MAX };
    while (*text != '\0') {
        const size_t len = strcspn(text, " ");
        if (len == 0 || len >= sizeof word) return false;
        assay_bytes_copy(word, sizeof word, text, len);
        word[len] = '\0';
        if (!parse_word(word, range)) return false;
        text += len;
        if (*text == ' ') text++;
    }
    return true;
}

char *document_export(struct assay_runtime *runtime, const char *argument)
{
    struct exporting e = { .runtime = runtime };
    if (!parse_range(argument, &e.range))
        return document_error(runtime, "usage", "export [since=EPOCH] [until=EPOCH] [votes]");
    e.epochs = assay_json_array();
    const enum assay_status status = export_rows(&e);
    runtime_votes_free(&e.votes);
    if (status != ASSAY_OK) {
        assay_json_free(&e.epochs);
        return document_error(runtime, "store", "the history cannot be read");
    }
    struct assay_json *data = assay_json_object();
    assay_json_set_hex(data, "chain_id", runtime->config.genesis->chain_id, 32);
    assay_json_set(data, "epochs", e.epochs);
    if (e.more) assay_json_set_uint(data, "next_since", e.epoch);
    else assay_json_set_null(data, "next_since");
    return document_finish(runtime, "assay.export", data);
}
