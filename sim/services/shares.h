/*
 * sim/services/shares.h - what shares.c (holders and their hosts), secrets.c (owners and readers)
 * and shares_audit.c (what must hold of them) share.
 */
#ifndef ASSAY_SIM_SERVICES_SHARES_H
#define ASSAY_SIM_SERVICES_SHARES_H

#include "services/shares/holder.h"
#include "sim/services/internal.h"

enum {
    SECRETS = ASSAY_SIM_SECRETS_MAX,
    READS = 16,   /* at a time */
    PENDING = 48, /* records of a holder that are not final */
    SHARE_EVIDENCE = 65, /* report data, slot */
};

/* A row of a holder's disk. */
struct kept {
    size_t len; /* 0: nothing */
    uint8_t bytes[ASSAY_SHARE_STORED_MAX];
    /* As the audit has read it when it was written. */
    uint32_t pieces;
    struct {
        uint32_t generation;
        uint64_t attempt;
        uint8_t digest[32];
    } piece[2];
};

struct waiting_record {
    enum assay_service_kind kind;
    size_t len; /* 0: none */
    uint64_t submit_at_ms;
    uint8_t *bytes;
};

/* The holder beside a node. Its key, what it has seen and its rows are on its disk. */
struct keeper {
    uint32_t node, cluster;
    uint32_t life; /* key after key: a disk that is lost takes it away */
    bool lies;
    struct assay_secret32 secret;
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    struct assay_secret32 link; /* seed of its link key */
    /* How far the ledger was when it wrote last: an older one is not followed. */
    uint64_t seen_epoch;
    size_t seen_at; /* in the log of that epoch */
    struct kept disk[SECRETS];
    size_t keys_len; /* of its slot; 0: none */
    uint8_t keys[128];
    void *memory;
    struct assay_share_holder *core; /* NULL: it does not run, or its ledger has not told yet */
    uint64_t wake_at_ms, list_at_ms;
    struct waiting_record waiting[PENDING];
    struct assay_sim_random random;
};

/* One side of an exchange of an owner or a reader with a slot. */
struct outside {
    bool under_way;
    uint64_t again_at_ms;
    struct assay_share_exchange x;
};

/* A secret and its owner, who knows it for ever. */
struct secret {
    uint32_t home, cluster;
    uint64_t put_at_ms;
    bool wanted; /* it is to be put */
    struct assay_secret32 owner;
    uint8_t owner_key[ASSAY_P256_PUBLIC_LEN];
    uint8_t name[32], id[32];
    struct assay_share_polynomial polynomial;
    struct assay_share_commitments commitments;
    uint8_t digest[32];
    struct outside with[ASSAY_SHARE_SLOTS_MAX];
    uint32_t lost; /* disks that had a share of it and are gone */
    struct assay_sim_random random;
};

struct reading {
    bool under_way, is_final;
    uint32_t secret, home, number;
    uint64_t submit_at_ms, until_epoch;
    struct assay_share_read_record record;
    struct assay_secret32 seed;
    uint32_t generation, cluster;
    uint64_t attempt;
    struct outside with[ASSAY_SHARE_SLOTS_MAX];
    uint32_t has; /* slots; bits */
    struct assay_share_piece piece[ASSAY_SHARE_SLOTS_MAX];
};

struct shares {
    struct keeper keeper[NODES];
    struct secret secret[SECRETS];
    struct reading reading[READS];
    uint32_t readings; /* numbers given */
    struct assay_sim_random random;
    struct assay_share_effects effects;
    uint8_t room[ASSAY_SHARE_MESSAGE_MAX], gift[2 * ASSAY_SHARE_PIECE_MAX];
    uint8_t bytes[ASSAY_SHARE_MESSAGE_MAX], scratch[ASSAY_SHARE_GIFT_MAX + 32];
    struct {
        uint64_t synced, renewed, read, moved, convicted;
    } count;
};

/* --- shares.c */
/* Returns: the secret of an id; NULL when it is nobody's. */
struct secret *shares_secret(struct shares *h, const uint8_t id[static 32]);
/* The ledger as the programs of a node see it. Returns: NULL when they see none yet. */
const struct assay_share_registry *shares_ledger(const struct assay_sim_services *s, uint32_t node);
struct assay_share_epoch shares_epoch(const struct assay_sim_services *s, uint32_t node);
/* Modelled evidence of a node. Is it that node's, over that? Returns: whether. */
bool shares_evidence_is(const struct assay_sim_services *s, uint32_t at_node,
                        struct assay_slice evidence, const uint8_t report_data[static 64],
                        const uint8_t node_id[static 32]);
/* --- secrets.c. Frames of outsiders: a word, then the id, or a message. */
enum { SECRET_HAND = 1, SECRET_MESSAGE };
void secrets_open(struct assay_sim_services *s);
void secrets_epoch(struct assay_sim_services *s);
void secrets_turn(struct assay_sim_services *s, uint32_t node);
void secrets_heard(struct assay_sim_services *s, uint32_t node, const struct name *to,
                   struct assay_slice frame);
void secrets_final(struct assay_sim_services *s, uint32_t node, enum assay_service_kind kind,
                   struct assay_slice payload);

/* --- shares_audit.c */
/* A row was written: reads it, and looks whether its shares stand. */
void audit_kept(struct assay_sim_services *s, struct keeper *k, uint32_t secret);
/* A holder has done its turn. */
void audit_keeper(struct assay_sim_services *s, const struct keeper *k);
/* A reader has put a secret together. */
void audit_read(struct assay_sim_services *s, const struct secret *secret,
                const struct assay_secret32 *read);

#endif
