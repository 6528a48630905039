/*
 * sim/services/group_key/group_key.h - internal interface of the group key's programs on simulated
 * nodes: holders.c (a holder and its host on each node), misdeal.c (records of hostile holders),
 * audit.c (checkers group_key and ceremonies), numbers.c (group_key: CA numbers), and signing
 * sessions (sessions.h).
 *
 * The code under test is the product's: the registry's fold, which every node's engine has, and
 * services/identity/ceremony_holder.h. Modelled are vault and links of a holder's process
 * (net/services/identity/signer_node.h). Group operations are real.
 */
#ifndef ASSAY_SIM_SERVICES_GROUP_KEY_GROUP_KEY_H
#define ASSAY_SIM_SERVICES_GROUP_KEY_GROUP_KEY_H

#include "net/services/identity/dealing_exchange.h"
#include "services/identity/ceremony_holder.h"
#include "services/identity/signing_journal.h"
#include "sim/services/internal.h"

enum {
    KEY_ITEMS = 1024,   /* on a holder's disk */
    KEY_PENDING = 512,  /* its records that are not final */
    KEY_DEALINGS = 256, /* final dealings that it has seen */
    KEY_NUMBERS = 16,   /* CA numbers that the checker remembers */
    KEY_CERTIFIED = 8,
    KEY_VALIDITY_S = 600,
};

#define KEY_LOOK(s, checker, fine, ...)                                                            \
    do {                                                                                           \
        services_report_check((s), ASSAY_SIM_CHECKER_##checker, NULL);                             \
        if (!(fine)) services_report_check((s), ASSAY_SIM_CHECKER_##checker, __VA_ARGS__);         \
    } while (0)

struct key_bytes {
    size_t len; /* 0: none */
    uint8_t *bytes;
};

struct key_item {
    struct assay_ceremony_item item;
    struct key_bytes data; /* len 0: free */
};

struct key_disk {
    struct key_item item[KEY_ITEMS];
    uint64_t acted_era, acted_epoch;   /* newest close that the holder acted on */
    uint64_t signed_era, signed_epoch; /* newest epoch in which it joined a session */
    struct assay_signing_journal journal;
};

struct key_pending {
    enum assay_service_kind kind;
    struct key_bytes data;
    uint64_t submit_at_ms;
};

/* The holder of a node, with its host. */
struct key_host {
    struct assay_sim_services *s;
    uint32_t node, starts;
    uint8_t node_id[32]; /* of the member; zeros: there is none */
    struct assay_secret32 seed;
    struct assay_sim_random random;
    struct assay_ceremony_holder *holder; /* NULL: it does not run */
    uint64_t starts_at_ms;                /* then: not before */
    bool has_closed, must_step;
    bool is_fenced; /* its daemon said that nothing is signed in this era */
    uint64_t fenced_ms;
    struct assay_ca closed;     /* the fold as the last close left it */
    struct key_disk disk, copy; /* copy: of an earlier time */
    bool was_restored;          /* the disk was lost, or is an older one */
    uint64_t restored_epoch;    /* of the scenario */
    uint32_t closes; /* certified, that its process has seen since the generation in force */
    struct {
        uint64_t epoch, era;
        uint32_t ca_number;
        uint64_t generation;
    } seen; /* that closes counts for */
    struct {
        uint8_t digest[32];
        struct key_bytes data;
    } dealing[KEY_DEALINGS];
    uint32_t dealings; /* written so far */
    struct assay_keyholder_exchange exchange;
    uint64_t awake; /* certified closes in a row that its process has seen */
    struct key_pending pending[KEY_PENDING];
    bool draws_r;
    uint8_t drawn_r[ASSAY_SODIUM_WIDE_LEN]; /* of the last dealing that it made */
    uint64_t disputed;                      /* attempt of its last false accusation */
    /* Of the active number, and of NEXT; `sessions`: that which is at work; NULL: none signs */
    struct key_sessions *side[2], *sessions;
    uint64_t certified[KEY_CERTIFIED]; /* generations whose certificate of the key is here */
    uint32_t certifieds, cross_number; /* NEXT whose certificate by the active number is here */
    /* A proof that another signed wrongly: it cannot be derived again. */
    struct {
        struct key_bytes data;
        uint32_t closes; /* for which it is submitted */
        uint64_t submit_at_ms;
    } lie;
};

/* A CA number, as the checker has seen it. */
struct key_number {
    uint32_t number;
    uint8_t key[32];
    uint64_t published; /* since the close of this epoch, without a break */
    uint64_t issued;    /* epoch of the newest certificate under it; 0: none */
};

/* What the checker has seen. */
struct key_audit {
    uint32_t numbers;
    struct key_number known[KEY_NUMBERS];
    uint32_t active;              /* number that signed at the last close; 0: none */
    uint64_t generation, attempt; /* in force; of its ceremony */
    bool is_promised; /* hostile members had a third of W at most when it came into force */
    uint64_t steady;  /* slots of holders that were ready at every close of the ceremony */
    uint64_t widest;  /* the largest weight of all members at these closes */
    uint32_t ready_for[NODES]; /* certified closes in a row at which a holder was ready */
    uint32_t idle;             /* closes without ceremony and key, at which enough were ready */
    uint32_t usable;           /* shares in force that honest holders have */
    uint32_t useless;          /* closes of a key that no shares are left to sign for, the same */
    uint32_t next, usable_next, useless_next; /* number of NEXT; the same of it */
    uint32_t spoilers;    /* hostile holders that were convicted in the running ceremony */
    bool was_spoiled;     /* the ceremony that this close ended failed after that */
    bool was_reshare;     /* the ceremony of the close before */
    uint32_t have_closes; /* then, of its HAVES */
    bool was_planned, is_kept_useful; /* then: its age alone demanded it; what it reshares signs */
    uint32_t kept; /* reshares in a row that failed, and what was in force stayed */
    struct {
        uint64_t made, reshared, failed, convicted, lost, signatures, restarts, disks, rollovers,
            gone, copied, received;
    } count;
};

struct group_key {
    struct key_host host[NODES];
    struct key_audit audit;
    struct assay_sim_random random;
    struct assay_ceremony_effect effect;
    struct sessions_audit *sessions; /* NULL: no holder signs */
};

/* holders.c. Returns: the payload of a final CA_DEAL with this SHA-256; empty: it was not seen */
struct assay_slice key_dealing(const struct key_host *k, const uint8_t digest[static 32]);
void key_queue(struct key_host *k, enum assay_ceremony_record record, struct assay_slice bytes);
/* The process ends. */
void key_stop(struct key_host *k);
/* A proof for a CA_LIE about a generation in force of this number. */
void key_queue_lie(struct key_host *k, uint32_t number, uint64_t generation,
                   struct assay_slice proof);
/* The enclave's own uniform bytes. Returns: ASSAY_OK */
enum assay_status key_random(void *context, uint8_t *bytes, size_t len);

/* audit.c. Returns: whether nothing fails but hostile holders. */
bool key_is_calm(const struct assay_sim_services *s);
/* A node has an accusation of this slot in a final block. */
void key_disputed(const struct key_host *k, uint32_t slot, struct assay_slice payload);

/* sessions.c */
void key_sessions_open(struct group_key *g, struct assay_sim_services *s);
void key_sessions_free(struct assay_sim_services *s);
/* The holder acts on a close; its process ends; a turn; what its coordinator has to do. */
void key_sessions_on_close(struct key_host *k, bool certified);
void key_sessions_stop(struct key_host *k);
void key_sessions_turn(struct key_host *k);
void key_sessions_coordinate(struct key_host *k);

/* signing_audit.c: after each close, before numbers.c. In: ca: of the network. */
void key_sessions_closed(struct assay_sim_services *s, const struct assay_ca *ca, bool certified);

/* Returns: epochs after which a certificate has expired: an epoch lasts T at least. */
uint32_t key_validity_epochs(const struct assay_sim_services *s);
/* numbers.c: after each close. In: ca: of the network. */
void key_numbers_closed(struct assay_sim_services *s, const struct assay_ca *ca, bool certified);

/* misdeal.c: what a holder is about to submit, changed as the attack of its node says. Returns:
 * false: it does not submit it */
bool misdeal_record(struct key_host *k, enum assay_ceremony_record record,
                    struct assay_slice *bytes, uint8_t room[static ASSAY_CEREMONY_ITEM_MAX]);
/* In a turn: it accuses another of a right value. */
void misdeal_accuse(struct key_host *k);

#endif
