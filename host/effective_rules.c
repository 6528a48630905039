/*
 * host/effective_rules.c - lookup of the rules and the roster in force.
 */
#include "host/effective_rules.h"

#include "base/assert.h"

enum { DOCUMENTS = 4 }; /* policy, endorsements, operators, plan of services */

struct room {
    struct assay_genesis genesis;
    struct assay_state state;
    /* Room for a roster that is full, and for the members that its last change adds. */
    _Alignas(16) uint8_t members[(ASSAY_MEMBERS_MAX + ASSAY_JOINS_MAX) *
                                     (sizeof(struct assay_member) + sizeof(int64_t)) +
                                 64];
    uint8_t documents[DOCUMENTS][ASSAY_SET_LEN_MAX];
    uint32_t document_count;
    struct assay_store *store;
    bool has_state;
    enum assay_status status;
};

size_t assay_host_rules_size(void)
{
    return (sizeof(struct room) + 63) / 64 * 64;
}

static void store_range(struct assay_store_key *to)
{
    *to = (struct assay_store_key){ .era = UINT32_MAX,
                                    .epoch = ASSAY_STORE_NUMBER_MAX,
                                    .number = ASSAY_STORE_NUMBER_MAX };
    for (size_t i = 0; i < sizeof to->id; i++)
        to->id[i] = 0xff;
}

/* In the order of epochs: the last one stays. */
static bool read_state(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct room *room = context;
    (void)key;
    room->status = assay_state_decode(value, &room->state);
    room->has_state = room->status == ASSAY_OK;
    return room->has_state;
}

struct search {
    bool by_id; /* of values that are documents, and not records that have them */
    const uint8_t *digest;
    uint8_t *memory;
    size_t capacity;
    struct assay_slice found;
    bool full;
};

static bool read_newest_state(void *context, const struct assay_store_key *key,
                              struct assay_slice value)
{
    struct search *search = context;
    struct assay_slice document;
    if (search->by_id && !assay_bytes_equal(key->id, search->digest, 32)) return true;
    if (!assay_effective_rules_in_kept(value, search->digest, &document)) return true;
    search->full = document.len > search->capacity;
    if (search->full) return false;
    assay_bytes_copy(search->memory, search->capacity, document.bytes, document.len);
    search->found = assay_slice_over(search->memory, document.len);
    return false;
}

static enum assay_status find_newest_state(struct assay_store *store, struct search *search)
{
    const struct assay_store_key from = { 0 };
    struct assay_store_key to;
    store_range(&to);
    ASSAY_TRY(
        assay_store_scan(store, ASSAY_STORE_CHANGE, &from, &to, false, read_newest_state, search));
    search->by_id = true;
    if (!search->full && search->found.len == 0)
        ASSAY_TRY(assay_store_scan(store, ASSAY_STORE_COLLATERAL, &from, &to, false,
                                   read_newest_state, search));
    if (search->full) return ASSAY_E_FULL;
    return search->found.len > 0 ? ASSAY_OK : ASSAY_E_NOT_FOUND;
}

static bool load_state(void *context, const uint8_t digest[static 32], struct assay_slice *document)
{
    struct room *room = context;
    ASSAY_ASSERT(room->document_count < DOCUMENTS);
    struct search search = { .digest = digest,
                             .memory = room->documents[room->document_count],
                             .capacity = ASSAY_SET_LEN_MAX };
    if (find_newest_state(room->store, &search) != ASSAY_OK) return false;
    room->document_count++;
    *document = search.found;
    return true;
}

enum assay_status assay_host_rules_document(const struct assay_genesis *genesis,
                                            struct assay_store *store,
                                            const uint8_t digest[static 32], uint8_t *memory,
                                            size_t capacity, struct assay_slice *document)
{
    struct search search = { .digest = digest, .memory = memory, .capacity = capacity };
    const bool policy = assay_bytes_equal(genesis->policy_digest, digest, 32);
    if (policy || assay_bytes_equal(genesis->endorsements_digest, digest, 32)) {
        *document = policy ? genesis->policy : genesis->endorsements;
        return ASSAY_OK;
    }
    ASSAY_TRY(find_newest_state(store, &search));
    *document = search.found;
    return ASSAY_OK;
}

enum assay_status assay_host_rules_load(void *memory, size_t memory_len,
                                        const struct assay_genesis *genesis,
                                        struct assay_store *store,
                                        struct assay_effective_rules *effective)
{
    struct room *room = memory;
    const struct assay_store_key from = { 0 };
    struct assay_store_key to;
    ASSAY_ASSERT((uintptr_t)memory % 64 == 0 && memory_len >= assay_host_rules_size());
    store_range(&to);
    room->store = store;
    room->has_state = false;
    room->status = ASSAY_OK;
    room->document_count = 0;
    room->state = (struct assay_state){ 0 };
    assay_state_init(&room->state, room->members, ASSAY_MEMBERS_MAX + ASSAY_JOINS_MAX);
    assay_bytes_copy(room->state.chain_id, 32, genesis->chain_id, 32);
    ASSAY_TRY(store->ops->scan(store, ASSAY_STORE_STATE, &from, &to, false, read_state, room));
    ASSAY_TRY(room->status);
    *effective = (struct assay_effective_rules){ .genesis = genesis };
    if (!room->has_state) return ASSAY_OK;
    ASSAY_TRY(assay_effective_rules_of(genesis, &room->state, load_state, room, &room->genesis));
    *effective = (struct assay_effective_rules){ .genesis = &room->genesis, .state = &room->state };
    return ASSAY_OK;
}
