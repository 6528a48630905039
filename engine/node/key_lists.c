/*
 * engine/node/key_lists.c - lists of workload keys: stored with the final block that declares them,
 * dropped when no state names them, requested from peers when they are missing (docs/protocol.md
 * 2.16.7 to 2.16.9).
 */
#include "engine/parts/engine_internal.h"

#include "base/cbor.h"
#include "engine/ledger/records/record.h"
#include "engine/ledger/state/workload_keys.h"
#include "engine/sync/key_list_page.h"

enum {
    NAMED = 2,           /* of one member: declared last, certified last */
    ASK_PARTS = 8,       /* time-out of an answer, as a part of T */
    ROUND_MS_MIN = 1000, /* at most two or three requests of a peer in this time */
    DROPS = 16,          /* of one step */
};

static const uint8_t void_marker[1] = { 0xf6 }; /* stored in place of a dropped list */

static bool lists_are_valid(const struct assay_engine *e)
{
    const struct assay_declared_lists_state *s = e->key_lists;
    return s->missing <= NAMED * e->members && s->swept <= e->members &&
           s->cursor <= NAMED * e->members &&
           (s->asked_ms == 0 || s->asked_slot < ASSAY_MEMBERS_MAX);
}

/* --- what the head names */

/* Out: roots[NAMED], borrowed from the head, NULL where there is none: nobody needs the list of no
 * keys, and one that is named twice is needed once. */
static void find_named(const struct assay_engine *e, uint32_t slot, const uint8_t *roots[NAMED])
{
    const struct assay_declaration *d = &e->head->state.members[slot].declaration;
    uint8_t none[32];
    roots[0] = roots[1] = NULL;
    if (d->count == 0) return;
    assay_declared_keys_no_root(none);
    if (d->roots[0].binds && !assay_bytes_equal(d->roots[0].root, none, 32))
        roots[0] = d->roots[0].root;
    if (d->keys_epoch > 0 && (roots[0] == NULL || !assay_bytes_equal(d->keys_root, roots[0], 32)))
        roots[1] = d->keys_root;
}

/* Returns: the place of a list; ASSAY_DECLARED_LIST_PLACES: it is not stored. */
static uint32_t find_place(const struct assay_declared_list_places *p,
                           const uint8_t root[static 32])
{
    uint32_t place = 0;
    while (place < ASSAY_DECLARED_LIST_PLACES &&
           ((p->stored >> place & 1) == 0 || !assay_bytes_equal(p->roots[place], root, 32)))
        place++;
    return place;
}

static bool is_stored(const struct assay_engine *e, uint32_t slot, const uint8_t root[static 32])
{
    return find_place(&e->key_lists->places[slot], root) < ASSAY_DECLARED_LIST_PLACES;
}

static bool is_named(const struct assay_engine *e, uint32_t slot, const uint8_t root[static 32])
{
    const uint8_t *roots[NAMED];
    find_named(e, slot, roots);
    for (uint32_t i = 0; i < NAMED; i++)
        if (roots[i] != NULL && assay_bytes_equal(roots[i], root, 32)) return true;
    return false;
}

/* Returns: whether nothing needs what is stored in a place. */
static bool is_droppable(const struct assay_engine *e, uint32_t slot, uint32_t place)
{
    const struct assay_declared_list_places *p = &e->key_lists->places[slot];
    return (p->stored >> place & 1) != 0 && (p->fresh >> place & 1) == 0 &&
           !is_named(e, slot, p->roots[place]);
}

void assay_declared_lists_on_head(struct assay_engine *e)
{
    struct assay_declared_lists_state *s = &e->parts->key_lists;
    const uint8_t *roots[NAMED];
    s->missing = s->swept = 0;
    for (uint32_t slot = 0; slot < e->members; slot++) {
        s->places[slot].fresh = 0;
        find_named(e, slot, roots);
        for (uint32_t i = 0; i < NAMED; i++)
            s->missing += roots[i] != NULL && !is_stored(e, slot, roots[i]);
    }
    ASSAY_ASSERT(lists_are_valid(e));
}

/* --- storing and dropping */

/* A place for another list of a member. Of three places the head names at most two, and one of
 * these may be the list that is to be stored. */
static uint32_t choose_place(const struct assay_engine *e, uint32_t slot)
{
    const struct assay_declared_list_places *p = &e->key_lists->places[slot];
    uint32_t chosen = ASSAY_DECLARED_LIST_PLACES;
    for (uint32_t place = 0; place < ASSAY_DECLARED_LIST_PLACES; place++) {
        if ((p->stored >> place & 1) == 0) return place;
        if (is_droppable(e, slot, place)) chosen = place;
        else if (chosen == ASSAY_DECLARED_LIST_PLACES && !is_named(e, slot, p->roots[place]))
            chosen = place; /* restored: older than the running epoch */
    }
    ASSAY_ASSERT(chosen < ASSAY_DECLARED_LIST_PLACES);
    return chosen;
}

static void persist_place(struct assay_engine *e, uint32_t slot, uint32_t place,
                          struct assay_slice value)
{
    struct assay_store_key key;
    assay_declared_list_store_key(slot, place, &key);
    assay_eng_persist(e, ASSAY_STORE_META, &key, value);
}

/* list: valid until the next step; the caller has room for one effect. fresh: of the running epoch.
 */
static void store_list(struct assay_engine *e, uint32_t slot, const uint8_t root[static 32],
                       struct assay_slice list, bool fresh)
{
    struct assay_declared_lists_state *s = &e->parts->key_lists;
    struct assay_declared_list_places *p = &s->places[slot];
    uint32_t place = find_place(p, root);
    if (place == ASSAY_DECLARED_LIST_PLACES) {
        place = choose_place(e, slot);
        if (is_named(e, slot, root)) s->missing--;
        assay_bytes_copy(p->roots[place], 32, root, 32);
        p->stored |= (uint8_t)(1u << place);
        p->fresh &= (uint8_t) ~(1u << place);
        persist_place(e, slot, place, list);
    }
    if (fresh) p->fresh |= (uint8_t)(1u << place);
    ASSAY_ASSERT(lists_are_valid(e));
}

static bool is_keyed(const struct assay_engine *e)
{
    return e->head->state.rules.parameters.level >= ASSAY_LEVEL_DECLARED_KEYS;
}

uint32_t assay_declared_lists_effects(const struct assay_engine *e)
{
    return is_keyed(e) ? ASSAY_KEYS_BLOCK_MAX : 0;
}

/* Cheaper than decoding evidence. */
static bool is_keys_record(struct assay_slice bytes)
{
    struct assay_cursor c = assay_cursor_over(bytes.bytes, bytes.len);
    uint64_t kind = 0;
    return assay_cbor_array_exact(&c, 3) == ASSAY_OK &&
           assay_cbor_uint_max(&c, UINT32_MAX, &kind) == ASSAY_OK && kind == ASSAY_RECORD_KEYS;
}

static void store_record(struct assay_engine *e, struct assay_slice bytes)
{
    struct assay_record r;
    uint8_t none[32];
    /* What a quorum made final against the rules stops this node elsewhere. */
    if (assay_record_decode(bytes, &r) != ASSAY_OK) return;
    const uint32_t slot = assay_state_slot_of(&e->head->state, r.keys.node_id);
    if (slot >= e->members) return;
    assay_declared_keys_no_root(none);
    if (!assay_bytes_equal(r.keys.root, none, 32))
        store_list(e, slot, r.keys.root, r.keys.list, true);
}

static uint32_t walk_lists(struct assay_engine *e, struct assay_slice body, bool stores)
{
    struct assay_cursor c;
    struct assay_slice bytes;
    uint64_t left = 0;
    uint32_t count = 0;
    if (!is_keyed(e) || assay_body_open(body, &c, &left) != ASSAY_OK) return 0;
    for (; left > 0 && count < ASSAY_KEYS_BLOCK_MAX; left--) {
        if (assay_body_next(&c, &bytes) != ASSAY_OK) break;
        if (!is_keys_record(bytes)) continue;
        count++;
        if (stores) store_record(e, bytes);
    }
    return count;
}

uint32_t assay_declared_lists_count(struct assay_engine *e, struct assay_slice body)
{
    return walk_lists(e, body, false);
}

void assay_declared_lists_on_final_block(struct assay_engine *e, struct assay_slice body)
{
    (void)walk_lists(e, body, true);
}

enum assay_status assay_declared_lists_restore(struct assay_engine *e,
                                               const struct assay_store_key *key,
                                               struct assay_slice value)
{
    struct assay_declared_lists_state *s = &e->parts->key_lists;
    const uint64_t slot = key->epoch / ASSAY_DECLARED_LIST_PLACES;
    const uint32_t place = (uint32_t)(key->epoch % ASSAY_DECLARED_LIST_PLACES);
    struct assay_declared_keys keys;
    uint8_t root[32];
    if (value.len <= sizeof void_marker || slot >= e->members) return ASSAY_OK;
    ASSAY_TRY(assay_declared_keys_decode(value, &keys));
    assay_declared_keys_root(&keys, root);
    if (is_stored(e, (uint32_t)slot, root)) return ASSAY_OK;
    struct assay_declared_list_places *p = &s->places[slot];
    if (is_named(e, (uint32_t)slot, root)) s->missing--;
    assay_bytes_copy(p->roots[place], 32, root, 32);
    p->stored |= (uint8_t)(1u << place);
    p->fresh |= (uint8_t)(1u << place); /* perhaps: until the next close */
    return ASSAY_OK;
}

static void drop_unnamed(struct assay_engine *e)
{
    struct assay_declared_lists_state *s = &e->parts->key_lists;
    uint32_t left = DROPS;
    while (s->swept < e->members) {
        struct assay_declared_list_places *p = &s->places[s->swept];
        for (uint32_t place = 0; place < ASSAY_DECLARED_LIST_PLACES; place++) {
            if (!is_droppable(e, s->swept, place)) continue;
            if (left == 0 || !assay_eng_has_room(e, 1)) return;
            left--;
            persist_place(e, s->swept, place, assay_slice_over(void_marker, sizeof void_marker));
            p->stored &= (uint8_t) ~(1u << place);
        }
        s->swept++;
    }
}

/* --- requests */

static uint64_t request_timeout_ms(const struct assay_engine *e)
{
    return assay_max_u64(assay_eng_epoch_ms(e) / ASK_PARTS, 50);
}

static bool may_request(const struct assay_engine *e)
{
    if (e->sync->active) return false; /* blocks have the budget of the peers first */
    return e->key_lists->missing > 0 && e->start_state->started && !e->newcomer;
}

/* From the cursor on. Returns: whether there is another one in this round. */
static bool find_missing(const struct assay_engine *e, uint32_t *cursor, const uint8_t **root)
{
    const uint8_t *roots[NAMED];
    for (; *cursor < NAMED * e->members; (*cursor)++) {
        find_named(e, *cursor / NAMED, roots);
        *root = roots[*cursor % NAMED];
        if (*root != NULL && !is_stored(e, *cursor / NAMED, *root)) return true;
    }
    return false;
}

/* The next round requests each list of the peer after the one that has not sent it. */
static void end_round(struct assay_engine *e)
{
    struct assay_declared_lists_state *s = &e->parts->key_lists;
    s->round++;
    s->position = s->cursor = 0;
    s->next_ms = e->now_ms + assay_max_u64(request_timeout_ms(e), ROUND_MS_MIN);
}

static void request_list(struct assay_engine *e)
{
    struct assay_declared_lists_state *s = &e->parts->key_lists;
    struct assay_declared_list_page ask = { 0 };
    const uint8_t *root = NULL;
    if (!find_missing(e, &s->cursor, &root)) {
        end_round(e);
        return;
    }
    const uint16_t peer = assay_eng_find_peer(e, s->round + s->position);
    if (peer == ASSAY_SLOT_ALL) {
        end_round(e);
        return;
    }
    uint8_t *bytes = assay_eng_alloc(e, ASSAY_DECLARED_LIST_REQUEST_LEN_MAX);
    if (bytes == NULL) return;
    ask.slot = s->cursor / NAMED;
    assay_bytes_copy(ask.chain_id, 32, e->head->state.chain_id, 32);
    assay_bytes_copy(ask.root, 32, root, 32);
    struct assay_writer w = assay_writer_over(bytes, ASSAY_DECLARED_LIST_REQUEST_LEN_MAX);
    const enum assay_status status = assay_declared_list_request_encode(&ask, &w);
    ASSAY_ASSERT(status == ASSAY_OK);
    s->asked_ms = assay_max_u64(e->now_ms, 1);
    s->asked_peer = peer;
    s->asked_slot = ask.slot;
    assay_bytes_copy(s->asked_root, 32, root, 32);
    s->position++;
    s->cursor++;
    assay_eng_send(e, peer, ASSAY_SLOT_ALL, ASSAY_MESSAGE_SYNC_ASK, assay_slice_over(bytes, w.len));
}

void assay_declared_lists_tick(struct assay_engine *e)
{
    struct assay_declared_lists_state *s = &e->parts->key_lists;
    drop_unnamed(e);
    if (!may_request(e)) return;
    if (s->asked_ms != 0 && e->now_ms < s->asked_ms + request_timeout_ms(e)) return;
    s->asked_ms = 0; /* it did not answer */
    if (e->now_ms >= s->next_ms) request_list(e);
}

uint64_t assay_declared_lists_wake(const struct assay_engine *e)
{
    const struct assay_declared_lists_state *s = e->key_lists;
    if (s->swept < e->members) return e->now_ms;
    if (!may_request(e)) return UINT64_MAX;
    return s->asked_ms != 0 ? s->asked_ms + request_timeout_ms(e)
                            : assay_max_u64(s->next_ms, e->now_ms);
}

/* Whatever arrives for a request ends it: the next list is requested of the next peer. */
static enum assay_status receive_answer(struct assay_engine *e,
                                        const struct assay_declared_list_page *page)
{
    struct assay_declared_lists_state *s = &e->parts->key_lists;
    if (page->list.len == 0) return ASSAY_E_STALE; /* the peer may lack it, too: not its fault */
    /* No correct build sends it, whatever its state is: charged (docs/protocol.md 10.5.1). */
    if (!assay_declared_list_has_root(page->list, page->root)) return ASSAY_E_ENCODING;
    if (!is_named(e, s->asked_slot, page->root)) return ASSAY_E_STALE; /* no longer */
    const struct assay_slice kept = assay_eng_copy(e, page->list);
    if (kept.len == 0) return ASSAY_E_AGAIN;
    store_list(e, s->asked_slot, page->root, kept, false);
    return ASSAY_OK;
}

enum assay_status assay_declared_lists_receive(struct assay_engine *e, uint16_t from,
                                               struct assay_slice payload)
{
    struct assay_declared_lists_state *s = &e->parts->key_lists;
    struct assay_declared_list_page page;
    ASSAY_ASSERT(lists_are_valid(e));
    if (s->asked_ms == 0 || from != s->asked_peer) return ASSAY_E_STALE;
    ASSAY_TRY(assay_declared_list_page_decode(payload, &page));
    if (!assay_bytes_equal(page.chain_id, e->head->state.chain_id, 32)) return ASSAY_E_CHAIN;
    if (page.slot != s->asked_slot || !assay_bytes_equal(page.root, s->asked_root, 32))
        return ASSAY_E_STALE; /* of an earlier request */
    if (!assay_eng_has_room(e, 1)) return ASSAY_E_AGAIN;
    s->asked_ms = 0;
    return receive_answer(e, &page);
}
