/* tests/support/world_internal.h - what the files of the world share. */
#ifndef ASSAY_TESTS_WORLD_INTERNAL_H
#define ASSAY_TESTS_WORLD_INTERNAL_H

#include "base/assert.h"
#include "engine/store/store_memory.h"
#include "engine/sync.h"
#include "tests/support/world.h"

enum {
    EVIDENCE_LEN = 96,
    EVIDENCE_KEPT = 2048,
    SIGNED_KEPT = 8192,
    EPOCHS_KEPT = 4096,
    QUOTE_MS = 2,
    VERIFY_MS = 1,
    AGENT_MS = 40,
};

struct evidence {
    uint8_t digest[32];
    uint8_t bytes[EVIDENCE_LEN];
};

enum item_kind { ITEM_EVENT, ITEM_WAKE, ITEM_SYNC_ASK, ITEM_RESTARTED, ITEM_REBOOT };

/* One thing that is going to happen. */
struct item {
    uint64_t at_ms, order;
    uint32_t node, life;
    enum item_kind kind;
    struct assay_event event;
    uint16_t from;
    uint8_t *bytes; /* owned: payload, evidence or quote */
    size_t len;
    struct assay_verdict *verdict; /* owned */
};

struct own_signature {
    uint16_t kind; /* message, or vote type */
    uint8_t key[64];
    uint64_t epoch, view;
    uint8_t digest[32];
    bool is_vote;
    unsigned type;
};

struct world_node {
    struct assay_engine *engine;
    void *memory;
    struct assay_store *store;
    uint32_t life;
    bool alive;
    uint64_t wake_ms;
    struct assay_own_keys keys;
    struct assay_p256_signer *voting, *identity;
    uint64_t key_turn;
    struct world_acts acts;
    uint32_t restarted; /* newest incarnation that the agent restarted */
    size_t orders[5];
    struct evidence *evidence;
    size_t evidence_count;
    uint8_t first_quote[EVIDENCE_LEN];
    bool has_first_quote;
    struct own_signature *signed_;
    size_t signed_count;
    uint64_t closed;
    int64_t skew_ms;
};

struct world {
    struct world_options options;
    struct assay_genesis *genesis;
    uint8_t *genesis_bytes;
    uint32_t deal[WORLD_NODES_MAX]; /* which key set a node has */
    struct world_node nodes[WORLD_NODES_MAX];
    struct item **heap;
    size_t heap_count, heap_capacity;
    uint64_t now_ms, order, steps, random, engine_ns, extra_delay_ms;
    uint32_t groups[WORLD_NODES_MAX];
    bool partitioned;
    struct world_note *notes;
    size_t note_count, note_capacity;
    uint8_t (*roots)[32]; /* by epoch */
    uint8_t (*heads)[32];
    char violation[256];
    struct assay_effects *effects;
    uint8_t *scratch, *page;
};

/* world.c */
uint64_t world_random(struct world *w);
void world_broken(struct world *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct item *world_item(struct world *w, uint32_t node, enum item_kind kind, uint64_t at_ms);
void world_push(struct world *w, struct item *item);
void world_item_free(struct item *item);
void world_step(struct world *w, uint32_t node, const struct assay_event *event);
bool world_hears(const struct world *w, uint32_t from, uint32_t to);

/* world_node.c */
void world_node_open(struct world *w, uint32_t node, bool restore);
void world_node_close(struct world *w, uint32_t node);
void world_node_obey(struct world *w, uint32_t node, struct assay_effects *effects);
void world_node_keys(struct world *w, uint32_t node);
void world_node_sync(struct world *w, uint32_t node, uint16_t from, struct assay_slice ask);

/* world_evidence.c */
void world_genesis_make(struct world *w);
void world_key(const struct world *w, uint32_t node, unsigned purpose, uint64_t turn,
               struct assay_secret32 *key);
void world_quote(struct world *w, uint32_t node, const uint8_t report_data[64], uint8_t *bytes);
void world_verify(const struct world *w, struct assay_slice bytes, enum assay_evidence_kind kind,
                  int64_t at_unix_s, struct assay_verdict *verdict);
void world_evidence_keep(struct world *w, uint32_t node, const uint8_t *bytes, size_t len);
const struct evidence *world_evidence_find(const struct world *w, uint32_t node,
                                           const uint8_t digest[32]);

/* world_checker.c */
void world_check_signed(struct world *w, uint32_t node, const struct assay_effect *effect);
void world_check_closed(struct world *w, uint32_t node);

/* world_byzantine.c */
void world_tamper_sign(struct world *w, uint32_t node, struct assay_effect *effect,
                       uint8_t *payload, size_t capacity);
void world_tamper_sent(struct world *w, uint32_t node, const struct assay_effect *effect,
                       struct assay_slice payload);

#endif
