/*
 * host/overlay/relay_tree.c - relay tree: a row for each neighbour, a parent for each source.
 */
#include "host/overlay/relay_tree.h"

#include "base/assert.h"
#include "base/bitmap.h"
#include "base/cbor.h"
#include "engine/consensus/block.h"
#include "engine/consensus/vote_inventory.h"

enum { ROWS = ASSAY_OVERLAY_NEIGHBOURS_MAX, NO_ROW = 0xff, NO_PARENT = 0xffff };

struct row {
    bool used;
    uint16_t slot;
    bool prune_due;           /* a PRUNE message to it is due */
    uint64_t late_epoch;      /* it was late, and cannot be a parent until this epoch */
    uint64_t theirs_until_ms; /* its PRUNE is valid until then; 0: none */
    uint8_t ours[ASSAY_PRUNE_LEN_MAX];   /* sources that we pruned at it */
    uint8_t theirs[ASSAY_PRUNE_LEN_MAX]; /* sources that it pruned at us */
};

struct assay_relay_tree {
    struct assay_relay_tree_config config;
    uint64_t epoch;
    uint64_t say_at_ms; /* UINT64_MAX: nothing */
    struct row rows[ROWS];
    struct {
        uint8_t row;     /* of this slot as a neighbour, or NO_ROW */
        uint16_t parent; /* of this slot as a source, a slot with a row, or NO_PARENT */
    } slots[];
};

static bool row_holds(const struct assay_relay_tree *r, const struct row *row)
{
    if (!row->used) return !row->prune_due;
    return row->slot < r->config.capacity && row->slot != r->config.self &&
           r->slots[row->slot].row == row - r->rows;
}

static bool routes_hold(const struct assay_relay_tree *r)
{
    for (size_t i = 0; i < ROWS; i++)
        if (!row_holds(r, &r->rows[i])) return false;
    return true;
}

size_t assay_relay_tree_size(uint32_t capacity)
{
    const struct assay_relay_tree *r = NULL;
    return (sizeof *r + capacity * sizeof r->slots[0] + 63) / 64 * 64;
}

struct assay_relay_tree *assay_relay_tree_init(void *memory,
                                               const struct assay_relay_tree_config *config)
{
    ASSAY_ASSERT(memory != NULL && (uintptr_t)memory % 64 == 0);
    ASSAY_ASSERT(config->capacity <= 8 * ASSAY_PRUNE_LEN_MAX && config->self < config->capacity);
    ASSAY_ASSERT(config->epoch_ms > 0);
    struct assay_relay_tree *r = memory;
    assay_bytes_zero(r, assay_relay_tree_size(config->capacity));
    r->config = *config;
    r->say_at_ms = UINT64_MAX;
    for (uint32_t i = 0; i < config->capacity; i++) {
        r->slots[i].row = NO_ROW;
        r->slots[i].parent = NO_PARENT;
    }
    ASSAY_ASSERT(routes_hold(r));
    return r;
}

/* A VOTE is [statement, slot, signature]: read without hashing what is signed. */
static bool vote_source(struct assay_slice payload, uint64_t *slot)
{
    struct assay_cursor c = assay_cursor_over(payload.bytes, payload.len);
    struct assay_slice statement;
    return assay_cbor_array_exact(&c, 3) == ASSAY_OK &&
           assay_cbor_skip(&c, &statement) == ASSAY_OK &&
           assay_cbor_uint_max(&c, ASSAY_SLOT_SELF, slot) == ASSAY_OK;
}

/* A PROPOSAL begins with the bytes of its header. */
static bool proposal_source(struct assay_slice payload, uint64_t *slot)
{
    struct assay_cursor c = assay_cursor_over(payload.bytes, payload.len);
    struct assay_slice header_bytes;
    struct assay_block_header header;
    uint64_t items = 0;
    if (assay_cbor_array(&c, 4, &items) != ASSAY_OK) return false;
    if (assay_cbor_bytes(&c, ASSAY_BLOCK_HEADER_LEN_MAX, &header_bytes) != ASSAY_OK) return false;
    if (assay_block_header_decode(header_bytes, &header) != ASSAY_OK) return false;
    *slot = header.leader;
    return true;
}

uint16_t assay_relay_tree_source(const struct assay_relay_tree *r,
                                 const struct assay_engine *engine, enum assay_message_kind kind,
                                 struct assay_slice payload)
{
    uint64_t slot = UINT64_MAX;
    uint16_t sender = 0;
    if (kind == ASSAY_MESSAGE_VOTE && !vote_source(payload, &slot)) return ASSAY_SLOT_ALL;
    if (kind == ASSAY_MESSAGE_PROPOSAL && !proposal_source(payload, &slot)) return ASSAY_SLOT_ALL;
    if (kind == ASSAY_MESSAGE_CERTIFICATE && engine != NULL &&
        assay_engine_expected_sender(engine, payload, &sender))
        slot = sender;
    return slot < r->config.capacity ? (uint16_t)slot : (uint16_t)ASSAY_SLOT_ALL;
}

/* ------------------------------------------------------------ pruning by this node */

static void schedule_prune(struct assay_relay_tree *r, struct row *row, uint64_t now_ms)
{
    row->prune_due = true;
    if (r->say_at_ms == UINT64_MAX)
        r->say_at_ms = now_ms + assay_message_pause_ms(r->config.epoch_ms);
}

static struct row *find_row(struct assay_relay_tree *r, const struct assay_overlay *view,
                            uint16_t slot)
{
    if (slot >= r->config.capacity || !assay_overlay_has(view, slot)) return NULL;
    if (r->slots[slot].row != NO_ROW) return &r->rows[r->slots[slot].row];
    uint8_t at = 0;
    while (at < ROWS && r->rows[at].used)
        at++;
    if (at == ROWS) return NULL; /* neighbours that left are still known */
    r->rows[at] = (struct row){ .used = true, .slot = slot };
    r->slots[slot].row = at;
    ASSAY_ASSERT(row_holds(r, &r->rows[at]));
    return &r->rows[at];
}

static void set_want(struct assay_relay_tree *r, struct row *row, uint64_t now_ms, uint16_t source,
                     bool wanted)
{
    if (assay_bit_has(row->ours, source) == !wanted) return;
    assay_bit_set(row->ours, source, !wanted);
    schedule_prune(r, row, now_ms);
}

/* The source has no parent: any neighbour may send it. */
static void set_want_all(struct assay_relay_tree *r, uint64_t now_ms, uint16_t source)
{
    for (size_t i = 0; i < ROWS; i++)
        if (r->rows[i].used) set_want(r, &r->rows[i], now_ms, source, true);
    r->slots[source].parent = NO_PARENT;
}

static bool is_late(const struct assay_relay_tree *r, const struct row *row)
{
    return row->late_epoch > 0 && r->epoch <= row->late_epoch;
}

static void on_first(struct assay_relay_tree *r, struct row *row, uint64_t now_ms, uint16_t source)
{
    if (is_late(r, row)) return;
    r->slots[source].parent = row->slot;
    set_want(r, row, now_ms, source, true);
}

/* A parent is never pruned: its duplicates are retransmissions of the source. Own messages need no
 * relay. */
static void on_duplicate(struct assay_relay_tree *r, struct row *row, uint64_t now_ms,
                         uint16_t source)
{
    const uint16_t parent = r->slots[source].parent;
    if (parent == row->slot) return;
    if (parent == NO_PARENT && source != r->config.self) return;
    set_want(r, row, now_ms, source, false);
}

void assay_relay_tree_on_message(struct assay_relay_tree *r, const struct assay_overlay *view,
                                 uint64_t now_ms, uint16_t from, enum assay_message_kind kind,
                                 struct assay_slice payload, bool first)
{
    const uint16_t source = assay_relay_tree_source(r, NULL, kind, payload);
    struct row *row = find_row(r, view, from);
    if (source == ASSAY_SLOT_ALL || row == NULL) return;
    if (first) on_first(r, row, now_ms, source);
    else on_duplicate(r, row, now_ms, source);
    ASSAY_ASSERT(routes_hold(r));
}

/* The parent was late with a vote of the source: the neighbour that has it becomes the parent. */
static void replace_parent(struct assay_relay_tree *r, struct row *row, uint64_t now_ms,
                           uint16_t source)
{
    const uint16_t parent = r->slots[source].parent;
    if (parent != NO_PARENT && parent != row->slot)
        r->rows[r->slots[parent].row].late_epoch = r->epoch + ASSAY_PRUNE_LATE_EPOCHS;
    r->slots[source].parent = row->slot;
    set_want(r, row, now_ms, source, true);
}

void assay_relay_tree_on_request(struct assay_relay_tree *r, const struct assay_overlay *view,
                                 uint64_t now_ms, uint16_t to, struct assay_slice payload)
{
    struct assay_vote_inventory lack;
    struct row *row = find_row(r, view, to);
    const enum assay_status status = assay_vote_inventory_decode(payload, &lack);
    ASSAY_ASSERT(status == ASSAY_OK); /* the engine made it */
    for (uint32_t i = 0; row != NULL && i < lack.count; i++)
        for (size_t type = 0; type < ASSAY_VOTE_TYPES; type++)
            for (uint32_t source = 0; source < r->config.capacity; source++) {
                const struct assay_slice bits = lack.views[i].bits[type];
                if (source / 8 < bits.len && assay_bit_has(bits.bytes, (uint16_t)source))
                    replace_parent(r, row, now_ms, (uint16_t)source);
            }
    ASSAY_ASSERT(routes_hold(r));
}

void assay_relay_tree_on_epoch_closed(struct assay_relay_tree *r, uint64_t now_ms, uint64_t epoch)
{
    r->epoch = epoch;
    for (size_t i = 0; i < ROWS; i++)
        if (r->rows[i].used && !assay_bytes_all_zero(r->rows[i].ours, ASSAY_PRUNE_LEN_MAX))
            schedule_prune(r, &r->rows[i], now_ms);
}

void assay_relay_tree_update(struct assay_relay_tree *r, const struct assay_overlay *view,
                             uint64_t now_ms)
{
    for (size_t i = 0; i < ROWS; i++) {
        struct row *row = &r->rows[i];
        if (!row->used || assay_overlay_has(view, row->slot)) continue;
        const uint16_t left = row->slot;
        *row = (struct row){ .used = false };
        r->slots[left].row = NO_ROW;
        for (uint32_t source = 0; source < r->config.capacity; source++)
            if (r->slots[source].parent == left) set_want_all(r, now_ms, (uint16_t)source);
    }
    ASSAY_ASSERT(routes_hold(r));
}

void assay_relay_tree_on_restart(struct assay_relay_tree *r, uint64_t now_ms, uint16_t slot)
{
    if (slot >= r->config.capacity || r->slots[slot].row == NO_ROW) return;
    struct row *row = &r->rows[r->slots[slot].row];
    row->theirs_until_ms = 0;
    if (!assay_bytes_all_zero(row->ours, ASSAY_PRUNE_LEN_MAX)) schedule_prune(r, row, now_ms);
}

/* ------------------------------------------------------------ pruning by neighbours */

enum assay_status assay_relay_tree_on_prune(struct assay_relay_tree *r,
                                            const struct assay_overlay *view, uint64_t now_ms,
                                            uint16_t from, struct assay_slice payload)
{
    if (payload.len == 0 || payload.len > ASSAY_PRUNE_LEN_MAX) return ASSAY_E_RANGE;
    struct row *row = find_row(r, view, from);
    if (row == NULL) return ASSAY_E_STRANGER;
    assay_bytes_zero(row->theirs, sizeof row->theirs);
    assay_bytes_copy(row->theirs, sizeof row->theirs, payload.bytes, payload.len);
    row->theirs_until_ms = now_ms + ASSAY_PRUNE_LASTS_EPOCHS * (uint64_t)r->config.epoch_ms;
    return ASSAY_OK;
}

bool assay_relay_tree_has_prune(const struct assay_relay_tree *r, uint64_t now_ms, uint16_t slot)
{
    if (slot >= r->config.capacity || r->slots[slot].row == NO_ROW) return false;
    return now_ms < r->rows[r->slots[slot].row].theirs_until_ms;
}

bool assay_relay_tree_is_wanted(const struct assay_relay_tree *r, uint64_t now_ms, uint16_t slot,
                                uint16_t source)
{
    ASSAY_ASSERT(source < r->config.capacity);
    return !assay_relay_tree_has_prune(r, now_ms, slot) ||
           !assay_bit_has(r->rows[r->slots[slot].row].theirs, source);
}

bool assay_relay_tree_next(struct assay_relay_tree *r, uint64_t now_ms,
                           struct assay_prune_message *say)
{
    if (now_ms < r->say_at_ms) return false;
    for (size_t at = 0; at < ROWS; at++) {
        struct row *row = &r->rows[at];
        if (!row->prune_due) continue;
        row->prune_due = false;
        *say = (struct assay_prune_message){ .to = row->slot, .len = 1 };
        assay_bytes_copy(say->payload, sizeof say->payload, row->ours, sizeof row->ours);
        for (size_t i = 1; i < ASSAY_PRUNE_LEN_MAX; i++)
            if (row->ours[i] != 0) say->len = i + 1;
        return true;
    }
    r->say_at_ms = UINT64_MAX;
    ASSAY_ASSERT(routes_hold(r));
    return false;
}

uint64_t assay_relay_tree_wake_at(const struct assay_relay_tree *r)
{
    return r->say_at_ms;
}
