/*
 * sim/world/days.c - collateral days of a scenario: vendors publish, members offer, platforms are
 * updated or not (docs/protocol.md 8.8 to 8.14).
 *
 * A modelled set of endorsements is a head, followed by one row for each vendor root: an evaluation
 * number, a date, and the platforms that are too old for it. An offer has one row and the mark of
 * its vendor, which only the vendor can compute. Each part is valid as long as the scenario says
 * from its date on, or forever. sim/checkers/watch_updates.c checks what the ledger does with
 * offers; this file checks that no final block contains an offer with a flaw.
 */
#include "base/bitmap.h"
#include "base/writer.h"
#include "engine/parts/engine_internal.h"
#include "sim/world/changes_internal.h"

enum { US = 1000, ROW_LEN = 8 + LISTED_BITS, MARK_LEN = 8, OFFER_LEN_MAX = 64 + ROW_LEN };

static const uint8_t set_head[] = "model endorsements";
static const uint8_t offer_head[] = "model collateral";

struct row {
    uint32_t number, date;
    uint8_t old[NODE_BITS];
};

/* --- documents */

static bool has_prefix(struct assay_slice document, const uint8_t *head, size_t len)
{
    return document.len >= len && assay_bytes_equal(document.bytes, head, len);
}

static enum assay_status read_row(struct assay_cursor *c, struct row *row)
{
    const uint8_t *old = NULL;
    ASSAY_TRY(assay_cursor_u32le(c, &row->number));
    ASSAY_TRY(assay_cursor_u32le(c, &row->date));
    ASSAY_TRY(assay_cursor_take(c, LISTED_BITS, &old));
    assay_bytes_zero(row->old, sizeof row->old);
    assay_bytes_copy(row->old, sizeof row->old, old, LISTED_BITS);
    return ASSAY_OK;
}

static void put_row(struct assay_writer *w, const struct row *row)
{
    assay_writer_u32le(w, row->number);
    assay_writer_u32le(w, row->date);
    assay_writer_put(w, row->old, LISTED_BITS);
}

/* The row of a vendor in a set; the genesis set has number 1 and no outdated platform. */
static void find_row(struct assay_slice set, uint32_t vendor, struct row *row)
{
    *row = (struct row){ .number = 1 };
    if (set.len <= sizeof set_head) return;
    struct assay_cursor c = assay_cursor_over(set.bytes, set.len);
    const uint8_t *skipped = NULL;
    enum assay_status status = assay_cursor_take(&c, sizeof set_head, &skipped);
    for (uint32_t v = 0; status == ASSAY_OK && v <= vendor; v++)
        status = read_row(&c, row);
    ASSAY_ASSERT(status == ASSAY_OK); /* world_days_follow encoded it */
}

/* A mark that only the vendor can compute. */
static void compute_mark(struct assay_slice content, uint8_t mark[static MARK_LEN])
{
    static const uint8_t key[] = "key of a modelled vendor";
    const struct assay_slice pieces[] = { content, assay_slice_over(key, sizeof key) };
    uint8_t digest[32];
    assay_sha256_pieces(pieces, 2, digest);
    assay_bytes_copy(mark, MARK_LEN, digest, MARK_LEN);
}

/* Returns: Unix seconds; 0: never. */
static uint32_t expiry_of(const struct assay_sim_world *w, const struct row *row)
{
    const uint32_t life_s = w->run == NULL ? 0 : w->run->scenario->collateral_life_s;
    const uint32_t from = row->date != 0 ? row->date : (uint32_t)(w->genesis->time_ms / 1000);
    return life_s == 0 ? 0 : from + life_s;
}

struct offer {
    uint32_t vendor, day;
    struct row row;
    bool genuine;
};

static enum assay_status read_offer(struct assay_slice bytes, struct offer *offer)
{
    struct assay_cursor c = assay_cursor_over(bytes.bytes, bytes.len);
    const uint8_t *skipped = NULL, *mark = NULL;
    uint8_t own[MARK_LEN];
    if (!has_prefix(bytes, offer_head, sizeof offer_head)) return ASSAY_E_SYNTAX;
    ASSAY_TRY(assay_cursor_take(&c, sizeof offer_head, &skipped));
    ASSAY_TRY(assay_cursor_u32le(&c, &offer->vendor));
    ASSAY_TRY(assay_cursor_u32le(&c, &offer->day));
    ASSAY_TRY(read_row(&c, &offer->row));
    compute_mark(assay_slice_over(bytes.bytes, c.pos), own);
    ASSAY_TRY(assay_cursor_take(&c, MARK_LEN, &mark));
    ASSAY_TRY(assay_cursor_end(&c));
    offer->genuine = assay_bytes_equal(own, mark, MARK_LEN);
    return ASSAY_OK;
}

/* --- callbacks of the ledger (struct assay_updates) */

enum assay_status world_days_appraise(void *context, struct assay_slice set,
                                      struct assay_slice bytes, int64_t at_unix_s,
                                      struct assay_update_facts *facts)
{
    const struct assay_sim_world *w = context;
    struct offer offer;
    struct row now;
    ASSAY_TRY(read_offer(bytes, &offer));
    if (!offer.genuine) return ASSAY_E_SIGNATURE;
    if (offer.vendor >= w->options.vendors) return ASSAY_E_INVALID;
    find_row(set, offer.vendor, &now);
    if (offer.row.number < now.number || offer.row.date < now.date) return ASSAY_E_INVALID;
    if ((int64_t)offer.row.date > at_unix_s) return ASSAY_E_EARLY;
    const uint32_t end = expiry_of(w, &offer.row);
    if (end != 0 && at_unix_s >= (int64_t)end) return ASSAY_E_INVALID;
    if (offer.row.number == now.number && offer.row.date == now.date) return ASSAY_E_STALE;
    *facts = (struct assay_update_facts){ .number = offer.row.number,
                                          .recovery = offer.row.number > now.number };
    world_fill_id(facts->root, 'v', offer.vendor);
    world_fill_id(facts->part, 'v', offer.vendor);
    return ASSAY_OK;
}

static void put_set(const struct assay_sim_world *w, struct assay_slice set,
                    const struct offer *offer, struct assay_writer *out)
{
    assay_writer_put(out, set_head, sizeof set_head);
    for (uint32_t v = 0; v < w->options.vendors; v++) {
        struct row row;
        find_row(set, v, &row);
        put_row(out, v == offer->vendor ? &offer->row : &row);
    }
}

enum assay_status world_days_follow(void *context, struct assay_slice set,
                                    const struct assay_slice *offers, size_t count,
                                    int64_t at_unix_s, struct assay_writer *w, bool *taken,
                                    int64_t *until_unix_s, bool *same)
{
    uint8_t bytes[2][sizeof set_head + ASSAY_SIM_VENDORS_MAX * ROW_LEN];
    struct assay_slice now = set;
    unsigned turn = 0;
    bool any = false;
    *until_unix_s = INT64_MAX;
    *same = true;
    for (size_t i = 0; i < count; i++) {
        struct assay_update_facts facts;
        struct offer offer;
        taken[i] = world_days_appraise(context, now, offers[i], at_unix_s, &facts) == ASSAY_OK &&
                   read_offer(offers[i], &offer) == ASSAY_OK;
        if (!taken[i]) continue;
        struct row before;
        find_row(set, offer.vendor, &before);
        *same = *same && before.number == offer.row.number &&
                assay_bytes_equal(before.old, offer.row.old, sizeof before.old);
        const uint32_t end = expiry_of(context, &before);
        if (end != 0 && (int64_t)end < *until_unix_s) *until_unix_s = (int64_t)end;
        struct assay_writer next = assay_writer_over(bytes[turn], sizeof bytes[turn]);
        put_set(context, now, &offer, &next);
        now = assay_slice_over(bytes[turn], next.len);
        turn ^= 1;
        any = true;
    }
    assay_writer_put(w, now.bytes, now.len);
    return any ? ASSAY_OK : ASSAY_E_STALE;
}

/* --- outdated platforms */

/* Members of a day's cohort that the day does not leave out. */
static bool is_hit(const struct world_run *r, const struct assay_sim_day *day, uint32_t node)
{
    uint32_t before = 0;
    if (!day->by_cohort || r->cohort_of[node] != day->cohort) return false;
    for (uint32_t i = 0; i < node; i++)
        before += r->cohort_of[i] == day->cohort;
    return day->count == 0 || before < day->count;
}

/* An updated platform stays updated, whatever its vendors require later. */
static bool is_updated(const struct world_run *r, uint32_t node, uint64_t epoch)
{
    for (uint32_t k = 0; k < r->scenario->day_count; k++) {
        const struct assay_sim_day *day = &r->scenario->days[k];
        if (day->update_epoch != 0 && day->update_epoch <= epoch && is_hit(r, day, node))
            return true;
    }
    return false;
}

void world_days_rules(const struct assay_sim_world *w, struct assay_slice set, uint64_t epoch,
                      struct world_rules *rules)
{
    if (w->run == NULL || w->soft != NULL) return;
    for (uint32_t v = 0; v < w->options.vendors; v++) {
        struct row row;
        find_row(set, v, &row);
        rules->ends[v] = expiry_of(w, &row);
    }
    if (set.len <= sizeof set_head) return;
    for (uint32_t i = 0; i < w->options.nodes; i++) {
        struct row row;
        find_row(set, world_vendor(w, i), &row);
        if (assay_bit_has(row.old, i) && !is_updated(w->run, i, epoch))
            assay_bit_add(rules->fails, i);
    }
}

/* --- offers */

/* A vendor's evaluation number rises with each of its recoveries, whether or not the previous one
 * was applied. */
static uint32_t evaluation_number_of(const struct assay_scenario *s, uint32_t index)
{
    uint32_t number = 1;
    for (uint32_t k = 0; k <= index; k++)
        number += s->days[k].vendor == s->days[index].vendor && s->days[k].recovery &&
                  s->days[k].flaw == ASSAY_SIM_DAY_NONE;
    return number;
}

static struct world_payload *make_record(struct world_run *r, uint32_t index)
{
    const struct assay_sim_day *day = &r->scenario->days[index];
    uint8_t bytes[OFFER_LEN_MAX + 64], record[OFFER_LEN_MAX + 128];
    struct row row = { .number = evaluation_number_of(r->scenario, index),
                       .date = (uint32_t)(r->before.head_time_ms / 1000) };
    for (uint32_t i = 0; i < r->w->options.nodes; i++)
        if (is_hit(r, day, i) && world_vendor(r->w, i) == day->vendor) assay_bit_add(row.old, i);
    if (day->flaw == ASSAY_SIM_DAY_OLD) row.number = 0;
    if (day->flaw == ASSAY_SIM_DAY_EARLY) row.date += 100000;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_writer_put(&w, offer_head, sizeof offer_head);
    assay_writer_u32le(&w, day->flaw == ASSAY_SIM_DAY_STRANGER ? r->w->options.vendors
                                                               : day->vendor);
    assay_writer_u32le(&w, index);
    put_row(&w, &row);
    uint8_t mark[MARK_LEN];
    compute_mark(assay_slice_over(bytes, w.len), mark);
    if (day->flaw == ASSAY_SIM_DAY_FORGED) mark[0] ^= 1;
    assay_writer_put(&w, mark, sizeof mark);
    struct assay_writer out = assay_writer_over(record, sizeof record);
    const enum assay_status status =
        assay_record_put_update(&out, assay_slice_over(bytes, w.len));
    ASSAY_ASSERT(status == ASSAY_OK);
    return world_payload(r->w, record, out.len);
}

/* The sender of a wrong offer: a Byzantine member, which the node may ban for it; where all members
 * are honest, a stranger at its socket. */
static uint16_t find_hostile_peer(const struct world_run *r, uint32_t node)
{
    const uint32_t n = r->scenario->nodes;
    for (uint32_t k = 1; k < n; k++)
        if (r->byzantine[(node + k) % n]) return (uint16_t)((node + k) % n);
    return ASSAY_SLOT_SELF;
}

/* Submits to members as a fetcher would, or, with a flaw, as a hostile peer would. */
static void submit_offer(struct world_run *r, uint32_t index)
{
    const struct assay_sim_day *day = &r->scenario->days[index];
    const uint32_t n = r->scenario->nodes;
    const uint32_t first = (uint32_t)assay_sim_random_below(&r->changes->random, n);
    struct world_payload *record = make_record(r, index);
    uint32_t left = day->given_to;
    for (uint32_t k = 0; k < n && left > 0; k++) {
        const uint32_t node = (first + k) % n;
        const struct world_node *to = &r->w->nodes[node];
        if (!to->alive || !world_is_trusted(r->w, node) || to->closed != r->before.epoch) continue;
        struct item *item = world_item(r->w, node, ITEM_MESSAGE);
        const bool hostile = day->flaw != ASSAY_SIM_DAY_NONE;
        item->from = hostile ? find_hostile_peer(r, node) : ASSAY_SLOT_SELF;
        item->message = ASSAY_MESSAGE_RECORD;
        item->payload = record;
        record->refs++;
        world_push(r->w, item, r->w->now_us + US);
        left--;
    }
    world_payload_drop(r->w, record);
}

void world_days_turn(struct world_run *r)
{
    for (uint32_t k = 0; k < r->scenario->day_count; k++) {
        const struct assay_sim_day *day = &r->scenario->days[k];
        if (day->at_epoch > r->epoch || r->days_over[k]) continue;
        submit_offer(r, k);
        r->days_over[k] = day->flaw != ASSAY_SIM_DAY_NONE;
    }
}

/* --- records of blocks */

void world_days_taken(struct world_run *r, const struct assay_record *record)
{
    struct offer offer;
    world_count_check(r->w, ASSAY_SIM_CHECKER_CHANGES);
    if (read_offer(record->offer, &offer) != ASSAY_OK || offer.day >= r->scenario->day_count) {
        world_report_violation(r->w, ASSAY_SIM_CHECKER_CHANGES,
                               "a final block contains unknown collateral");
        return;
    }
    const struct assay_sim_day *day = &r->scenario->days[offer.day];
    if (day->flaw != ASSAY_SIM_DAY_NONE)
        world_report_violation(r->w, ASSAY_SIM_CHECKER_CHANGES,
                               "a final block holds collateral, flaw %s",
                               assay_sim_day_flaw_name(day->flaw));
    r->days_over[offer.day] = true;
    if (r->updates_count == ASSAY_UPDATES_EPOCH_MAX) {
        world_report_violation(r->w, ASSAY_SIM_CHECKER_CHANGES,
                               "an epoch takes more than %u updates", ASSAY_UPDATES_EPOCH_MAX);
        return;
    }
    r->updates[r->updates_count] = world_payload(r->w, record->bytes.bytes, record->bytes.len);
    r->update_bytes[r->updates_count] =
        assay_slice_over(r->updates[r->updates_count]->bytes, record->bytes.len);
    r->updates_count++;
}

void world_days_closed(struct world_run *r, struct assay_sim_closed *closed)
{
    closed->updates = r->update_bytes;
    closed->update_count = r->updates_count;
    closed->model = &r->w->updates;
}

void world_days_turned(struct world_run *r)
{
    for (uint32_t i = 0; i < r->updates_count; i++)
        world_payload_drop(r->w, r->updates[i]);
    r->updates_count = 0;
}
