/*
 * sim/services/shares.h - internal interface of shares.c (holders and their hosts), secrets.c
 * (owners and readers) and shares_audit.c (checker).
 */
#ifndef ASSAY_SIM_SERVICES_SHARES_H
#define ASSAY_SIM_SERVICES_SHARES_H

#include "services/registry/share_statements.h"
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
    size_t len; /* 0: none */
    uint8_t bytes[ASSAY_SHARE_STORED_MAX];
    /* As read by the checker at the time of writing. */
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
    uint32_t closes; /* of epochs since it was added */
    uint8_t *bytes;
};

/* The holder of a node. Its key, its ledger position and its rows are on its disk. */
struct holder_host {
    uint32_t node, cluster;
    uint32_t life; /* counts keys: a lost disk takes its key along */
    bool is_liar;
    struct assay_secret32 secret;
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    struct assay_secret32 link; /* seed of its link key */
    /* Ledger position of the last write: an older ledger is not followed. */
    uint64_t seen_epoch;
    size_t seen_at; /* in the log of that epoch */
    struct kept disk[SECRETS];
    size_t keys_len; /* of its slot; 0: none */
    uint8_t keys[128];
    void *memory;
    struct assay_share_holder
        *core; /* NULL: it does not run, or its ledger has not been read yet */
    uint64_t wake_at_ms, list_at_ms;
    struct waiting_record waiting[PENDING];
    struct assay_share_statements statements;
    struct assay_sim_random random;
};

/* One side of an exchange of an owner or a reader with a slot. */
struct outside {
    bool under_way;
    uint64_t again_at_ms;
    struct assay_share_exchange x;
};

/* A secret; its owner never loses it. */
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
    uint32_t lost; /* lost disks that had a share of it */
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
    struct holder_host holder[NODES];
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

/* shares.c */
/* Returns: the secret of an id; NULL when there is none. */
struct secret *shares_secret(struct shares *h, const uint8_t id[static 32]);
/* The ledger of the programs of a node. Returns: NULL when there is none yet. */
const struct assay_share_registry *shares_ledger(const struct assay_sim_services *s, uint32_t node);
struct assay_share_epoch shares_epoch(const struct assay_sim_services *s, uint32_t node);
/* Modelled evidence of a node. Returns: whether it is by that node, over that data. */
bool shares_evidence_is(const struct assay_sim_services *s, uint32_t at_node,
                        struct assay_slice evidence, const uint8_t report_data[static 64],
                        const uint8_t node_id[static 32]);
/* secrets.c. Frames of outsiders: a kind, then the id, or a message. */
enum { SECRET_HAND = 1, SECRET_MESSAGE };
void secrets_open(struct assay_sim_services *s);
void secrets_epoch(struct assay_sim_services *s);
void secrets_turn(struct assay_sim_services *s, uint32_t node);
void secrets_receive(struct assay_sim_services *s, uint32_t node, const struct name *to,
                     struct assay_slice frame);
void secrets_final(struct assay_sim_services *s, uint32_t node, enum assay_service_kind kind,
                   struct assay_slice payload);

/* shares_audit.c */
/* A row was written: reads it, and checks its shares. */
void audit_row(struct assay_sim_services *s, struct holder_host *k, uint32_t secret);
/* A holder has finished its turn. */
void audit_holder(struct assay_sim_services *s, const struct holder_host *k);
/* A reader has combined a secret. */
void audit_read(struct assay_sim_services *s, const struct secret *secret,
                const struct assay_secret32 *read);

#endif
