/*
 * services/continuity/document.c - encoder and decoder of a group's documents (docs/services.md
 * 1.3.1).
 */
#include "services/continuity/document.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "services/continuity/group_internal.h"
#include "services/continuity/row.h"

enum {
    HEAD_ITEMS = 20,
    ROWS_SAID_ITEMS = 4, /* up to the items about rows */
    ROWS_ITEMS = 4,
    SILENCE_LEN_MAX = 1 + 2 + 2 + 2 + 9,
    ATTACH_LEN_MAX =
        1 + 9 + 1 + ASSAY_CONT_SEATS_MAX * (1 + 2 + ASSAY_P256_PUBLIC_LEN + 34) + 34 + 5,
    HEAD_LEN_MAX = 174 + 2 + 9 * ASSAY_CONT_MOVES_MAX + SILENCE_LEN_MAX * ASSAY_CONT_SEATS_MAX + 5 +
                   2 + ATTACH_LEN_MAX,
    CONTACT_LEN_MAX = 2 + 32 + 2 + ASSAY_CONT_ADDRESS_MAX,
    SEAT_LEN_MAX = 1 + 3 + 2 + ASSAY_P256_PUBLIC_LEN + CONTACT_LEN_MAX + 1 + 9 + 1 + 9 + 1 + 4,
    ROW_ITEMS = 15,
};

static const char head_type[] = "assay/group/v10";
static const char rows_type[] = "assay/group/rows/v1";

/* Rows dominate the size: the head fits where they do. */
_Static_assert(HEAD_LEN_MAX + (2 * ASSAY_CONT_SEATS_MAX + ASSAY_CONT_SLOTS_MAX) * SEAT_LEN_MAX <=
                   ASSAY_CONT_DOCUMENT_LEN_MAX,
               "the head is longer than the rows");

uint32_t assay_cont_documents(uint32_t instances_max)
{
    return 1 + (instances_max + ASSAY_CONT_DOCUMENT_ROWS - 1) / ASSAY_CONT_DOCUMENT_ROWS;
}

static uint32_t first_place(uint32_t document)
{
    ASSAY_ASSERT(document > 0);
    return (document - 1) * ASSAY_CONT_DOCUMENT_ROWS;
}

/* Behind the last place of a document. */
static uint32_t end_place(uint32_t document, uint32_t places)
{
    const uint32_t end = document * ASSAY_CONT_DOCUMENT_ROWS;
    return end < places ? end : places;
}

/* The next view's seats are valid only while it is pending. */
static bool has_next(const struct assay_cont_group *group)
{
    return group->phase == ASSAY_CONT_CHANGING;
}

/* --- writing */

static void encode_names(struct assay_writer *w, const struct assay_cont_roster *roster,
                         uint32_t seat)
{
    ASSAY_ASSERT(seat < ASSAY_CONT_SEATS_MAX);
    assay_cbor_put_bytes(w, roster->key[seat], ASSAY_P256_PUBLIC_LEN);
    assay_cbor_put_bytes(w, roster->contact[seat], sizeof roster->contact[seat]);
}

static void encode_seats(struct assay_writer *w, const struct assay_cont_seats *seats)
{
    ASSAY_ASSERT(seats->roster.count <= ASSAY_CONT_SEATS_MAX);
    assay_cbor_put_array(w, 2);
    assay_cbor_put_uint(w, seats->roster.view);
    assay_cbor_put_array(w, seats->roster.count);
    for (uint32_t i = 0; i < seats->roster.count; i++) {
        assay_cbor_put_array(w, 3);
        assay_cbor_put_uint(w, seats->slot[i]);
        encode_names(w, &seats->roster, i);
    }
}

static void encode_members(struct assay_writer *w, const struct assay_cont_group *group)
{
    uint32_t listed = 0;
    for (uint32_t i = 0; i < ASSAY_CONT_SLOTS_MAX; i++)
        listed += group->member[i].listed;
    assay_cbor_put_array(w, listed);
    for (uint32_t i = 0; i < ASSAY_CONT_SLOTS_MAX; i++) {
        const struct assay_cont_member *m = &group->member[i];
        if (!m->listed) continue;
        assay_cbor_put_array(w, 11);
        assay_cbor_put_uint(w, i);
        assay_cbor_put_bytes(w, m->key, ASSAY_P256_PUBLIC_LEN);
        assay_cont_contact_encode(w, &m->contact);
        assay_cbor_put_uint(w, m->relists);
        assay_cbor_put_uint(w, m->until);
        assay_cbor_put_uint(w, m->drains);
        assay_cbor_put_uint(w, m->alive);
        assay_cbor_put_uint(w, m->stood);
        assay_cbor_put_uint(w, m->reachable[0]);
        assay_cbor_put_uint(w, m->reachable[1]);
    }
}

static void encode_silence(struct assay_writer *w, const struct assay_cont_group *group)
{
    assay_cbor_put_array(w, ASSAY_CONT_MOVES_MAX);
    for (uint32_t i = 0; i < ASSAY_CONT_MOVES_MAX; i++)
        assay_cbor_put_uint(w, group->moved[i]);
    assay_cbor_put_array(w, group->now.roster.count);
    for (uint32_t i = 0; i < group->now.roster.count; i++) {
        const struct assay_cont_silence *s = &group->silence[i];
        assay_cbor_put_array(w, 4);
        assay_cbor_put_uint(w, s->by[0]);
        assay_cbor_put_uint(w, s->by[1]);
        assay_cbor_put_uint(w, s->cut);
        assay_cbor_put_uint(w, s->missing);
    }
}

static void encode_attach(struct assay_writer *w, const struct assay_cont_attach *attach)
{
    if (attach->roster.count == 0) {
        assay_cbor_put_null(w);
        return;
    }
    assay_cbor_put_array(w, 4);
    assay_cbor_put_uint(w, attach->roster.view);
    assay_cbor_put_array(w, attach->roster.count);
    for (uint32_t i = 0; i < attach->roster.count; i++) {
        assay_cbor_put_array(w, 2);
        encode_names(w, &attach->roster, i);
    }
    assay_cbor_put_bytes(w, attach->root, 32);
    assay_cbor_put_uint(w, attach->entries);
}

static void encode_rows(struct assay_writer *w, const struct assay_cont_group *group,
                        uint32_t document)
{
    ASSAY_ASSERT(group->instance_end <= group->instances_max);
    const uint32_t first = first_place(document), end = end_place(document, group->instance_end);
    uint32_t taken = 0;
    for (uint32_t place = first; place < end; place++)
        taken += group->instance[place].session != 0;
    assay_cbor_put_array(w, ROWS_ITEMS);
    assay_cbor_put_text(w, rows_type);
    assay_cbor_put_uint(w, group->home.group);
    assay_cbor_put_uint(w, document);
    assay_cbor_put_array(w, taken);
    for (uint32_t place = first; place < end; place++) {
        if (group->instance[place].session == 0) continue;
        assay_cbor_put_array(w, ROW_ITEMS);
        assay_cbor_put_uint(w, place);
        assay_cont_row_encode(w, &group->instance[place]);
    }
}

/* The items that a reader of single rows needs come first. */
static void encode_head(struct assay_writer *w, const struct assay_cont_group *group)
{
    struct assay_cont_rows rows;
    assay_cont_rows_of(group, &rows);
    assay_cbor_put_array(w, HEAD_ITEMS);
    assay_cbor_put_text(w, head_type);
    assay_cbor_put_uint(w, group->home.group);
    assay_cbor_put_uint(w, rows.count);
    assay_cbor_put_bytes(w, rows.root, 32);
    assay_cbor_put_uint(w, group->size);
    assay_cbor_put_uint(w, group->instances_max);
    assay_cbor_put_uint(w, (uint64_t)group->phase);
    assay_cbor_put_uint(w, has_next(group) ? group->changing : 0);
    assay_cbor_put_uint(w, group->view_last);
    assay_cbor_put_uint(w, has_next(group) ? group->barred : 0);
    assay_cbor_put_bytes(w, group->root, 32);
    assay_cbor_put_uint(w, group->entries);
    encode_seats(w, &group->now);
    if (has_next(group)) encode_seats(w, &group->next);
    else assay_cbor_put_null(w);
    encode_silence(w, group);
    assay_cbor_put_uint(w, group->era_closed);
    assay_cbor_put_uint(w, group->era_closes);
    encode_attach(w, &group->attach);
    encode_members(w, group);
}

enum assay_status assay_cont_group_encode(const struct assay_cont_group *group, uint32_t document,
                                          struct assay_writer *w)
{
    struct assay_slice all;
    const size_t start = w->len;
    ASSAY_ASSERT(document < assay_cont_documents(group->instances_max));
    if (document == 0) encode_head(w, group);
    else encode_rows(w, group, document);
    ASSAY_ASSERT(w->full || w->len - start <= ASSAY_CONT_DOCUMENT_LEN_MAX);
    return assay_writer_finish(w, &all);
}

/* --- reading */

static enum assay_status decode_u32(struct assay_cursor *c, uint32_t max, uint32_t *out)
{
    uint64_t value = 0;
    ASSAY_TRY(assay_cbor_uint_max(c, max, &value));
    *out = (uint32_t)value;
    return ASSAY_OK;
}

static enum assay_status decode_names(struct assay_cursor *c, struct assay_cont_roster *roster,
                                      uint32_t seat)
{
    ASSAY_ASSERT(seat < ASSAY_CONT_SEATS_MAX);
    ASSAY_TRY(assay_cbor_bytes_exact(c, roster->key[seat], ASSAY_P256_PUBLIC_LEN));
    return assay_cbor_bytes_exact(c, roster->contact[seat], sizeof roster->contact[seat]);
}

static enum assay_status decode_seat(struct assay_cursor *c, struct assay_cont_seats *seats,
                                     uint32_t seat)
{
    ASSAY_TRY(assay_cbor_array_exact(c, 3));
    ASSAY_TRY(decode_u32(c, ASSAY_CONT_NO_SLOT, &seats->slot[seat]));
    return decode_names(c, &seats->roster, seat);
}

static enum assay_status decode_seats(struct assay_cursor *c, uint32_t count,
                                      struct assay_cont_seats *seats)
{
    ASSAY_ASSERT(count <= ASSAY_CONT_SEATS_MAX);
    ASSAY_TRY(assay_cbor_array_exact(c, 2));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &seats->roster.view));
    ASSAY_TRY(assay_cbor_array_exact(c, count));
    for (uint32_t i = 0; i < count; i++) {
        ASSAY_TRY(decode_seat(c, seats, i));
        for (uint32_t k = 0; k < i; k++)
            if ((seats->slot[k] == seats->slot[i] && seats->slot[i] != ASSAY_CONT_NO_SLOT) ||
                assay_bytes_equal(seats->roster.key[k], seats->roster.key[i],
                                  ASSAY_P256_PUBLIC_LEN))
                return ASSAY_E_INVALID;
    }
    seats->roster.count = count;
    return ASSAY_OK;
}

/* A key and a CURVE key belong to one member. */
static bool is_another(const struct assay_cont_group *group, uint32_t slot,
                       const struct assay_cont_member *member)
{
    for (uint32_t k = 0; k < slot; k++) {
        const struct assay_cont_member *m = &group->member[k];
        if (m->listed && (assay_bytes_equal(m->key, member->key, ASSAY_P256_PUBLIC_LEN) ||
                          assay_bytes_equal(m->contact.curve, member->contact.curve, 32)))
            return false;
    }
    return true;
}

/* Bits of seats; of none while there is no view. */
static enum assay_status decode_reachable(struct assay_cursor *c,
                                          const struct assay_cont_group *group,
                                          struct assay_cont_member *member)
{
    for (uint32_t i = 0; i < 2; i++) {
        uint32_t reachable = 0;
        ASSAY_TRY(decode_u32(c, (UINT32_C(1) << group->now.roster.count) - 1, &reachable));
        member->reachable[i] = (uint8_t)reachable;
    }
    return ASSAY_OK;
}

static enum assay_status decode_members(struct assay_cursor *c, struct assay_cont_group *group)
{
    uint64_t count = 0;
    uint32_t next_slot = 0;
    ASSAY_TRY(assay_cbor_array(c, ASSAY_CONT_SLOTS_MAX, &count));
    for (uint64_t i = 0; i < count; i++) {
        struct assay_cont_member member = { .listed = true };
        uint32_t slot = 0, drains = 0;
        ASSAY_TRY(assay_cbor_array_exact(c, 11));
        ASSAY_TRY(decode_u32(c, ASSAY_CONT_SLOTS_MAX - 1, &slot));
        ASSAY_TRY(assay_cbor_bytes_exact(c, member.key, ASSAY_P256_PUBLIC_LEN));
        ASSAY_TRY(assay_cont_contact_decode(c, &member.contact));
        ASSAY_TRY(decode_u32(c, ASSAY_CONT_RELISTS_MAX, &member.relists));
        ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &member.until));
        ASSAY_TRY(decode_u32(c, 1, &drains));
        member.drains = drains != 0;
        ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &member.alive));
        ASSAY_TRY(decode_u32(c, ASSAY_CONT_STOOD_CLOSES, &member.stood));
        ASSAY_TRY(decode_reachable(c, group, &member));
        if (slot < next_slot) return ASSAY_E_ENCODING;
        if (!is_another(group, slot, &member)) return ASSAY_E_INVALID;
        group->member[slot] = member;
        next_slot = slot + 1;
    }
    return ASSAY_OK;
}

static enum assay_status decode_seat_silence(struct assay_cursor *c, uint32_t seat, uint32_t count,
                                             struct assay_cont_silence *s)
{
    ASSAY_ASSERT(seat < count && count <= ASSAY_CONT_SEATS_MAX);
    uint32_t by = 0, cut = 0;
    ASSAY_TRY(assay_cbor_array_exact(c, 4));
    for (uint32_t i = 0; i < 2; i++) {
        ASSAY_TRY(decode_u32(c, (UINT32_C(1) << count) - 1, &by));
        if ((by >> seat & 1) != 0) return ASSAY_E_INVALID; /* no member reports itself */
        s->by[i] = (uint8_t)by;
    }
    ASSAY_TRY(decode_u32(c, ASSAY_CONT_CUT_CLOSES + 1, &cut));
    s->cut = (uint8_t)cut;
    return assay_cbor_uint_max(c, INT64_MAX, &s->missing);
}

static enum assay_status decode_silence(struct assay_cursor *c, struct assay_cont_group *group)
{
    ASSAY_TRY(assay_cbor_array_exact(c, ASSAY_CONT_MOVES_MAX));
    for (uint32_t i = 0; i < ASSAY_CONT_MOVES_MAX; i++) {
        ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &group->moved[i]));
        if (i > 0 && group->moved[i] != 0 && group->moved[i] >= group->moved[i - 1])
            return ASSAY_E_ENCODING;
    }
    ASSAY_TRY(assay_cbor_array_exact(c, group->now.roster.count));
    for (uint32_t i = 0; i < group->now.roster.count; i++)
        ASSAY_TRY(decode_seat_silence(c, i, group->now.roster.count, &group->silence[i]));
    return ASSAY_OK;
}

static enum assay_status decode_attach(struct assay_cursor *c, struct assay_cont_group *group)
{
    struct assay_cont_attach *attach = &group->attach;
    struct assay_cont_roster *roster = &attach->roster;
    enum assay_cbor_type item;
    ASSAY_TRY(assay_cbor_peek(c, &item));
    if (item != ASSAY_CBOR_ARRAY) return assay_cbor_null(c);
    if (group->phase == ASSAY_CONT_FORMING) return ASSAY_E_INVALID;
    ASSAY_TRY(assay_cbor_array_exact(c, 4));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &roster->view));
    if (roster->view <= group->now.roster.view) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cbor_array_exact(c, group->size));
    for (uint32_t i = 0; i < group->size; i++) {
        ASSAY_TRY(assay_cbor_array_exact(c, 2));
        ASSAY_TRY(decode_names(c, roster, i));
        roster->count = i;
        if (assay_cont_find_seat(roster, roster->key[i]) < i) return ASSAY_E_INVALID;
    }
    roster->count = group->size;
    ASSAY_TRY(assay_cbor_bytes_exact(c, attach->root, 32));
    return decode_u32(c, 2 * group->instances_max, &attach->entries);
}

static enum assay_status decode_rows(struct assay_cursor *c, struct assay_cont_group *group,
                                     uint32_t document)
{
    const uint32_t end = end_place(document, group->instances_max);
    uint32_t number = 0, next = first_place(document);
    uint64_t count = 0;
    ASSAY_ASSERT(next < end && end <= group->instances_max);
    assay_bytes_zero(&group->instance[next], (end - next) * sizeof *group->instance);
    ASSAY_TRY(assay_cbor_array_exact(c, ROWS_ITEMS));
    ASSAY_TRY(assay_cbor_text_expect(c, rows_type));
    ASSAY_TRY(decode_u32(c, UINT32_MAX, &number));
    if (number != group->home.group) return ASSAY_E_CHAIN;
    ASSAY_TRY(decode_u32(c, ASSAY_CONT_DOCUMENTS_MAX, &number));
    if (number != document) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cbor_array(c, end - next, &count));
    for (uint64_t i = 0; i < count; i++) {
        struct assay_cont_instance_row row = { 0 };
        uint32_t place = 0;
        ASSAY_TRY(assay_cbor_array_exact(c, ROW_ITEMS));
        ASSAY_TRY(decode_u32(c, end - 1, &place));
        if (place < next) return ASSAY_E_ENCODING;
        ASSAY_TRY(assay_cont_row_decode(c, &row));
        group->instance[place] = row;
        next = place + 1;
    }
    return ASSAY_OK;
}

/* A key that sits may be listed only by its own member, and has the same slot in both views. */
static bool is_seat_its_own(const struct assay_cont_group *group, uint32_t slot, const uint8_t *key)
{
    ASSAY_ASSERT(slot <= ASSAY_CONT_NO_SLOT);
    const uint32_t other = assay_cont_find_seat(&group->next.roster, key);
    if (other < group->next.roster.count && group->next.slot[other] != slot) return false;
    for (uint32_t i = 0; i < ASSAY_CONT_SLOTS_MAX; i++)
        if (i != slot && group->member[i].listed &&
            assay_bytes_equal(group->member[i].key, key, ASSAY_P256_PUBLIC_LEN))
            return false;
    return true;
}

/* No member has two names, and no name has two members (group.c). */
static bool are_names_fit(const struct assay_cont_group *group)
{
    const struct assay_cont_seats *const all[] = { &group->now, &group->next };
    for (uint32_t v = 0; v < 2; v++)
        for (uint32_t i = 0; i < all[v]->roster.count; i++)
            if (!is_seat_its_own(group, all[v]->slot[i], all[v]->roster.key[i])) return false;
    for (uint32_t i = 0; i < ASSAY_CONT_SLOTS_MAX; i++)
        if (group->member[i].listed &&
            assay_cont_row_has_curve(group, group->member[i].contact.curve))
            return false;
    return true;
}

/* The numbers that each view may have (group.h); view 0 had no table. */
static bool are_views_fit(const struct assay_cont_group *group)
{
    const uint64_t now = group->now.roster.view;
    const bool has_table = group->entries > 0 || !assay_bytes_all_zero(group->root, 32);
    if (assay_cont_view_is_first(now) && has_table) return false;
    switch (group->phase) {
    case ASSAY_CONT_FORMING: return group->view_last == 0 && now == 0;
    case ASSAY_CONT_SERVING: return now <= group->view_last;
    case ASSAY_CONT_CHANGING:
        return group->next.roster.view == group->view_last && now < group->view_last;
    case ASSAY_CONT_GONE: return now <= group->view_last;
    }
    ASSAY_UNREACHABLE("a phase");
}

static enum assay_status decode_views(struct assay_cursor *c, struct assay_cont_group *group)
{
    uint32_t barred = 0;
    ASSAY_TRY(assay_cbor_uint_max(c, has_next(group) ? INT64_MAX : 0, &group->changing));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &group->view_last));
    ASSAY_TRY(decode_u32(c, (UINT32_C(1) << group->size) - 1, &barred));
    group->barred = (uint8_t)barred;
    ASSAY_TRY(assay_cbor_bytes_exact(c, group->root, 32));
    ASSAY_TRY(decode_u32(c, 2 * group->instances_max, &group->entries));
    const uint32_t seats = group->phase == ASSAY_CONT_FORMING ? 0 : group->size;
    ASSAY_TRY(decode_seats(c, seats, &group->now));
    if (!has_next(group)) {
        if (barred != 0) return ASSAY_E_RANGE;
        ASSAY_TRY(assay_cbor_null(c));
        group->next = group->now;
    } else {
        ASSAY_TRY(decode_seats(c, seats, &group->next));
    }
    return are_views_fit(group) ? ASSAY_OK : ASSAY_E_INVALID;
}

/* As after init, except for the rows, which are in other documents. */
static void begin_head(struct assay_cont_group *group)
{
    const struct assay_cont_home home = group->home;
    const uint32_t size = group->size, instances_max = group->instances_max;
    struct assay_cont_instance_row *const rows = group->instance;
    assay_bytes_zero(group, sizeof *group);
    group->home = home;
    group->size = size;
    group->instances_max = instances_max;
    group->instance = rows;
    for (uint32_t slot = 0; slot < ASSAY_CONT_SLOTS_MAX; slot++)
        group->member[slot].operator_ = (uint8_t)slot;
}

/* The first items of a head. */
static enum assay_status decode_row_summary(struct assay_cursor *c, uint32_t group,
                                            struct assay_cont_rows *rows)
{
    struct assay_cont_rows read = { 0 };
    ASSAY_TRY(assay_cbor_array_exact(c, HEAD_ITEMS));
    ASSAY_TRY(assay_cbor_text_expect(c, head_type));
    ASSAY_TRY(decode_u32(c, UINT32_MAX, &read.group));
    if (read.group != group) return ASSAY_E_CHAIN;
    ASSAY_TRY(decode_u32(c, ASSAY_CONT_INSTANCES_MAX, &read.count));
    ASSAY_TRY(assay_cbor_bytes_exact(c, read.root, 32));
    *rows = read;
    return ASSAY_OK;
}

enum assay_status assay_cont_rows_read(uint32_t group, struct assay_slice head,
                                       struct assay_cont_rows *rows)
{
    struct assay_cursor c = assay_cursor_over(head.bytes, head.len);
    struct assay_cont_rows read;
    struct assay_slice skipped;
    ASSAY_TRY(decode_row_summary(&c, group, &read));
    for (uint32_t i = ROWS_SAID_ITEMS; i < HEAD_ITEMS; i++)
        ASSAY_TRY(assay_cbor_skip(&c, &skipped));
    ASSAY_TRY(assay_cursor_end(&c));
    *rows = read;
    return ASSAY_OK;
}

/* --- the view alone */

static enum assay_status skip_items(struct assay_cursor *c, uint32_t count)
{
    struct assay_slice skipped;
    for (uint32_t i = 0; i < count; i++)
        ASSAY_TRY(assay_cbor_skip(c, &skipped));
    return ASSAY_OK;
}

static void set_contact(struct assay_cont_view *view, const uint8_t *key,
                        const struct assay_cont_contact *contact)
{
    uint8_t digest[32];
    for (uint32_t i = 0; i < view->roster.count; i++) {
        if (!assay_bytes_equal(view->roster.key[i], key, ASSAY_P256_PUBLIC_LEN)) continue;
        assay_cont_contact_digest(contact, digest);
        if (assay_bytes_equal(view->roster.contact[i], digest, 32)) view->contact[i] = *contact;
    }
}

static enum assay_status decode_contacts(struct assay_cursor *c, struct assay_cont_view *view)
{
    enum { BEHIND_CONTACT = 7 };
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_array(c, ASSAY_CONT_SLOTS_MAX, &count));
    for (uint64_t i = 0; i < count; i++) {
        uint8_t key[ASSAY_P256_PUBLIC_LEN];
        struct assay_cont_contact contact = { .address_len = 0 };
        uint32_t slot = 0;
        ASSAY_TRY(assay_cbor_array_exact(c, 11));
        ASSAY_TRY(decode_u32(c, ASSAY_CONT_SLOTS_MAX - 1, &slot));
        ASSAY_TRY(assay_cbor_bytes_exact(c, key, sizeof key));
        ASSAY_TRY(assay_cont_contact_decode(c, &contact));
        ASSAY_TRY(skip_items(c, BEHIND_CONTACT));
        set_contact(view, key, &contact);
    }
    return ASSAY_OK;
}

enum assay_status assay_cont_view_read(uint32_t group, struct assay_slice head,
                                       struct assay_cont_view *view)
{
    enum { OF_CHANGE = 5, BEHIND_SEATS = 6 }; /* items up to the seats, and up to the members */
    struct assay_cursor c = assay_cursor_over(head.bytes, head.len);
    struct assay_cont_view read = { .phase = ASSAY_CONT_FORMING };
    struct assay_cont_seats seats = { .roster = { .count = 0 } };
    uint32_t size = 0, instances_max = 0, phase = 0;
    ASSAY_TRY(decode_row_summary(&c, group, &read.rows));
    ASSAY_TRY(decode_u32(&c, ASSAY_CONT_SEATS_MAX, &size));
    ASSAY_TRY(decode_u32(&c, ASSAY_CONT_INSTANCES_MAX, &instances_max));
    ASSAY_TRY(decode_u32(&c, ASSAY_CONT_GONE, &phase));
    read.phase = (enum assay_cont_phase)phase;
    ASSAY_TRY(skip_items(&c, OF_CHANGE));
    ASSAY_TRY(decode_seats(&c, read.phase == ASSAY_CONT_FORMING ? 0 : size, &seats));
    read.roster = seats.roster;
    ASSAY_TRY(skip_items(&c, BEHIND_SEATS));
    ASSAY_TRY(decode_contacts(&c, &read));
    ASSAY_TRY(assay_cursor_end(&c));
    *view = read;
    return ASSAY_OK;
}

static enum assay_status decode_head(struct assay_cursor *c, struct assay_cont_group *group)
{
    uint32_t size = 0, instances_max = 0, phase = 0;
    begin_head(group);
    ASSAY_TRY(decode_row_summary(c, group->home.group, &group->said));
    group->was_read = true;
    ASSAY_TRY(decode_u32(c, ASSAY_CONT_SEATS_MAX, &size));
    ASSAY_TRY(decode_u32(c, ASSAY_CONT_INSTANCES_MAX, &instances_max));
    if (size != group->size || instances_max != group->instances_max) return ASSAY_E_RANGE;
    ASSAY_TRY(decode_u32(c, ASSAY_CONT_GONE, &phase));
    group->phase = (enum assay_cont_phase)phase;
    ASSAY_TRY(decode_views(c, group));
    ASSAY_TRY(decode_silence(c, group));
    ASSAY_TRY(assay_cbor_uint_max(c, ASSAY_CONT_ERA_MAX, &group->era_closed));
    ASSAY_TRY(decode_u32(c, ASSAY_CONT_ATTACH_CLOSES, &group->era_closes));
    ASSAY_TRY(decode_attach(c, group));
    return decode_members(c, group);
}

enum assay_status assay_cont_group_decode(struct assay_cont_group *group, uint32_t document,
                                          struct assay_slice bytes)
{
    struct assay_cursor c = assay_cursor_over(bytes.bytes, bytes.len);
    ASSAY_ASSERT(document < assay_cont_documents(group->instances_max));
    if (document == 0) ASSAY_TRY(decode_head(&c, group));
    else ASSAY_TRY(decode_rows(&c, group, document));
    return assay_cursor_end(&c);
}

/* The decoded rows match the root in the head. */
static bool are_rows_said(const struct assay_cont_group *group)
{
    struct assay_cont_rows rows;
    if (!group->was_read) return true; /* as after init */
    if (group->said.count != group->instance_count) return false;
    assay_cont_rows_of(group, &rows);
    return assay_bytes_equal(rows.root, group->said.root, 32);
}

enum assay_status assay_cont_group_join(struct assay_cont_group *group)
{
    if (!assay_cont_rows_build_indexes(group) || !are_names_fit(group) || !are_rows_said(group))
        return ASSAY_E_INVALID;
    group->was_read = false;
    group->said = (struct assay_cont_rows){ 0 };
    assay_cont_group_check(group);
    return ASSAY_OK;
}
