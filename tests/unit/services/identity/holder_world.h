/*
 * tests/unit/services/identity/holder_world.h - a ledger in memory and the holders of its group
 * key: they crash at drawn steps, some are hostile, and what must hold is checked at each step.
 */
#ifndef ASSAY_TESTS_UNIT_SERVICES_IDENTITY_HOLDER_WORLD_H
#define ASSAY_TESTS_UNIT_SERVICES_IDENTITY_HOLDER_WORLD_H

#include "services/identity/ceremony_holder.h"

enum { WORLD_NODES_MAX = 20, WORLD_ITEMS_MAX = 64, WORLD_RECORDS_MAX = 512, WORLD_DEALINGS = 512 };

/* Of a node. Bits. */
enum holders_hostility {
    WORLD_DEALS_WRONGLY = 1 << 0,    /* one value is sealed to nobody */
    WORLD_DEALS_BAD_POINTS = 1 << 1, /* a commitment is no point */
    WORLD_DEALS_LATE = 1 << 2,       /* after its turn */
    WORLD_DISPUTES_FALSELY = 1 << 3, /* a right value */
    WORLD_SAYS_OTHERWISE = 1 << 4,   /* HAVE of another table */
    WORLD_IS_SILENT = 1 << 5,        /* after its offer */
};

struct holders_item {
    bool is_used;
    struct assay_ceremony_item item;
    size_t len;
    uint8_t bytes[ASSAY_CEREMONY_ITEM_MAX];
};

/* What a disk has. */
struct holders_disk {
    struct holders_item item[WORLD_ITEMS_MAX];
};

struct holders_node {
    struct world *world;
    struct assay_ceremony_holder holder;
    struct assay_secret32 seed;
    struct assay_ceremony_entry entry;
    uint8_t node_id[32], keys_root[32], link_key[32];
    struct holders_disk disk, copy; /* copy: of an earlier time */
    unsigned hostility;
    bool is_down, was_restored, draws_r;
    uint8_t drawn_r[64]; /* of the dealing that it makes: what a hostile dealer knows */
    uint32_t starts;
};

struct holders_record {
    uint32_t slot, late;
    enum assay_ceremony_record kind;
    size_t len;
    uint8_t bytes[ASSAY_CEREMONY_ITEM_MAX];
};

struct world {
    struct assay_ca ca;
    uint32_t nodes;
    struct assay_ca_member member[WORLD_NODES_MAX];
    struct holders_node node[WORLD_NODES_MAX];
    uint32_t records;
    struct holders_record record[WORLD_RECORDS_MAX];
    uint32_t dealings;
    struct {
        uint8_t digest[32];
        size_t len;
        uint8_t bytes[ASSAY_CEREMONY_ITEM_MAX];
    } dealing[WORLD_DEALINGS];
    /* digests of what was handed in, by record */
    uint32_t handed;
    struct {
        uint32_t slot;
        struct assay_ceremony_item item;
        uint8_t digest[32];
    } hand[4096];
    uint32_t crash_of; /* a step crashes with 1 / crash_of; 0: never */
    uint32_t state;    /* of the drawing */
    uint8_t key[32];   /* of the CA number, once it is known */
    uint32_t ca_number;
    bool is_fenced;
};

/* Weights of 10 each. */
struct world *holders_new(uint32_t nodes, uint32_t seed, uint64_t refresh);
void holders_free(struct world *w);
uint32_t holders_draw(struct world *w, uint32_t below);
/* One epoch: all holders act, records are applied in a drawn order, the epoch closes, everything is
 * checked. */
void holders_epoch(struct world *w, bool is_certified);
/* Until this generation is in force. Returns: epochs that it took; fails after 64 */
uint32_t holders_until(struct world *w, uint64_t generation);
/* The process ends and starts again, from its disk. */
void holders_restart(struct world *w, uint32_t node);
/* Holders whose HAVE is on the ledger sign together. */
void holders_must_sign(struct world *w);
/* Whether these bytes are on a disk. */
bool holders_disk_has(const struct holders_disk *disk, const uint8_t *bytes, size_t len);
uint32_t holders_items(const struct holders_disk *disk, enum assay_ceremony_item_kind kind);

#endif
