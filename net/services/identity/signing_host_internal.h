/*
 * net/services/identity/signing_host_internal.h - state of signing sessions in a holder's process,
 * shared by the files that implement signing_host.h.
 *
 *   signing_host.c       epochs, the signer, the coordinator
 *   signing_workload.c   renewal of the member's certificates
 *   signing_issue.c      certificates and tokens that the daemon requests
 *   signing_authority.c  certificates of keys: what is here, and what others signed
 *   signing_work.c       processor time that frames of others take
 */
#ifndef ASSAY_NET_SERVICES_IDENTITY_SIGNING_HOST_INTERNAL_H
#define ASSAY_NET_SERVICES_IDENTITY_SIGNING_HOST_INTERNAL_H

#include "net/services/identity/signing_host.h"

enum {
    /* Of sessions that it joins in an epoch, and of texts in them: 81 for each of 100
     * coordinators. */
    ROWS = 8192,
    JOINS = 8192,
    /* that it coordinates at once: one of its own, one of its daemon's */
    REQUESTS = ASSAY_COSIGNER_PLACES,
    /* Holders coordinate one after the other, by their places, until one has the certificate. */
    TURN_MS = 1500,
    AGAIN_MS = 1000,   /* after a request that failed */
    SPREAD_MS = 10000, /* within which all holders begin to renew; half of an epoch at most */
    COST_US = 250,     /* about, of a text of a request, or a commitment of a list that is signed */
    STANDING_MAX = 32 * 1024,
    ISSUED_MAX = 2 * ASSAY_DECLARED_KEYS_MAX,
    /* of each number that is published, the one that the active number signs, and the one of the
     * active number by the one before */
    AUTHORITIES_MAX = ASSAY_CREDENTIAL_KEYS_MAX + 2,
};

/* Locked. */
struct secrets {
    struct assay_cosigner signer;
    struct assay_cosigner_nonces nonces[ASSAY_COSIGNER_SESSIONS_MAX];
    struct assay_secret32 share[ASSAY_FROST_INDICES_MAX + 1];
};

/* A list of keys with the bytes that it borrows from. */
struct shown_list {
    uint8_t bytes[ASSAY_DECLARED_KEYS_LEN_MAX];
    struct assay_declared_keys keys;
};

/* Certificates of workload keys of this member. */
struct workload {
    bool is_shown;
    size_t standing_len;
    uint8_t standing[STANDING_MAX];
    struct shown_list listed, declared;
    bool has_declared;
    bool is_done[ASSAY_DECLARED_KEYS_MAX]; /* by entry: it has one, or cannot have one */
    uint64_t due_ms[ASSAY_DECLARED_KEYS_MAX];
    /* the request that runs */
    bool is_requested;
    uint64_t number;
    uint32_t entry;
    size_t tbs_len;
    uint8_t tbs[ASSAY_CREDENTIAL_TBS_MAX], item[STANDING_MAX + 2048];
    /* what was issued, by SHA-256 of the entry */
    uint32_t known;
    struct {
        uint8_t digest[32];
        uint32_t ca_number;
        uint64_t at_ms;
    } of[ISSUED_MAX];
};

/* A certificate of a key that relying parties want. */
struct authority {
    uint32_t which;                           /* as ASSAY_SIGNING_CROSS says; 0: none */
    bool is_here;                             /* the newest that is here: */
    uint64_t epoch;                           /* that it names */
    uint64_t since;                           /* the close that put the generation into force */
    uint8_t record[ASSAY_SIGNING_RECORD_LEN]; /* of it */
    /* a request to the holder at this place */
    bool is_requested;
    uint32_t place;
    uint32_t asked; /* requests for that of this generation */
    uint64_t due_ms;
};

/* A certificate of a key that is to be signed in this epoch. */
struct key_text {
    enum assay_credential_product product;
    uint32_t which;
    bool is_due, is_requested;
    uint64_t due_ms, number; /* of the coordinator */
    size_t tbs_len;
    uint8_t tbs[ASSAY_CREDENTIAL_TBS_MAX];
};

enum { OWN, CROSS, KEY_TEXTS };

/* The request of the daemon that is at work. */
struct issue {
    bool is_requested;
    uint64_t serial, number; /* of the daemon; of the coordinator */
    enum assay_service_product product;
    size_t tbs_len;
    uint8_t tbs[ASSAY_CREDENTIAL_TBS_MAX], item[STANDING_MAX + 2048];
    struct shown_list listed, declared;
};

/* Processor time that is taken; it drains with time. */
struct work_bucket {
    uint64_t at_ms, used_us;
};

struct assay_keyholder_signing {
    struct assay_keyholder_signing_config config;
    struct secrets *secrets;
    struct assay_cosigner_slot slot[ASSAY_COSIGNER_SESSIONS_MAX];
    struct assay_cosigner_row row[ROWS];
    struct assay_cosigner_join join[JOINS];
    struct assay_coordinator coordinator;
    struct assay_coordinator_slot request[REQUESTS];
    struct assay_signing_group group;
    struct assay_derivation derivation;
    struct assay_registry_plan plan; /* of the epoch: what the derivation borrows */
    struct assay_cosigner_out out;
    struct assay_coordinator_out effect;
    uint8_t frame[ASSAY_SIGNING_FRAME_MAX];
    uint8_t random[32];
    bool is_open, has_signer;
    uint32_t place;
    uint64_t generation, era;       /* of the signer */
    uint64_t lacking;               /* generation in force of which it has no share; 0: none */
    struct work_bucket work_of_all; /* of the main side, for both */
    struct work_bucket work[ASSAY_FROST_HOLDERS_MAX + 1];
    struct key_text text[KEY_TEXTS];
    struct workload workload;
    struct issue issue;
    /* the numbers that are published at this checkpoint, with their certificates */
    struct assay_checkpoint at;
    uint32_t published_count;
    struct assay_credential_ca published[ASSAY_CREDENTIAL_KEYS_MAX];
    struct authority authority[AUTHORITIES_MAX];
    /* The side of the next CA number: NULL: none. It has `main`, and neither workload, issue nor
     * authority of its own. */
    struct assay_keyholder_signing *next, *main;
    struct assay_keyholder_signing_status status;
};

/* --- signing_host.c */
void signing_send_frame(struct assay_keyholder_signing *h, const uint8_t to[static 32],
                        enum assay_signing_frame kind, struct assay_slice bytes);
bool signing_is_self(const struct assay_keyholder_signing *h, const uint8_t node_id[static 32]);

/* --- signing_work.c */
/* Returns: whether a frame of this holder, which may take so long, is worked on now. */
bool signing_may_work(struct assay_keyholder_signing *h, const uint8_t from[static 32],
                      uint64_t expected_us, uint64_t now_ms);
/* A frame of this holder took so much processor time. */
void signing_note_work(struct assay_keyholder_signing *h, const uint8_t from[static 32],
                       uint64_t took_us);
/* Processor time of this thread. */
uint64_t signing_cpu_us(const struct assay_keyholder_signing *h);

/* --- signing_workload.c */
/* One of its own at a time: the other place of the coordinator is its daemon's. */
void signing_request_workload(struct assay_keyholder_signing *h, struct assay_cosigner_time now);
/* The request of the coordinator that ended is the one for a workload key. Returns: ASSAY_OK |
 * ASSAY_E_STORE */
ASSAY_CHECKED enum assay_status signing_end_workload(struct assay_keyholder_signing *h,
                                                     struct assay_cosigner_time now);

/* --- signing_issue.c */
/* Returns: whether the bytes are a list of keys. */
bool signing_load_list(struct assay_slice bytes, struct shown_list *list);
/* The entry at this place of the listed keys, and the same key of the declared ones; without it,
 * holders refuse the item as withdrawn. declared: NULL: the same list. */
void signing_set_entries(const struct shown_list *listed, const struct shown_list *declared,
                         uint32_t place, struct assay_derivation_item *item);
/* A request of the coordinator has ended. Returns: whether it is that of the daemon, which is
 * answered */
bool signing_end_issue(struct assay_keyholder_signing *h);
/* The request of the daemon is answered: nothing is signed in this epoch any more. */
void signing_stop_issue(struct assay_keyholder_signing *h);

/* --- signing_authority.c */
/* A certificate of this epoch is complete. Returns: ASSAY_OK | ASSAY_E_STORE */
ASSAY_CHECKED enum assay_status signing_keep_certificate(struct assay_keyholder_signing *h,
                                                         uint32_t which,
                                                         const uint8_t signature[static 64]);
/* Out: *whole: this certificate, in der. Returns: false: it is not here, or not wanted. */
bool signing_get_certificate(const struct assay_keyholder_signing *h, uint32_t which, uint8_t *der,
                             size_t capacity, struct assay_slice *whole);
/* Returns: whether one of the newest generation is here. */
bool signing_has_certificate(const struct assay_keyholder_signing *h, uint32_t which);
/* Returns: whether every other holder was requested to give it, in this generation. */
bool signing_asked_all(const struct assay_keyholder_signing *h, uint32_t which);
/* What is published after a close. In: plan: whose section the fold names */
void signing_load_certificates(struct assay_keyholder_signing *h, const struct assay_ca *ca,
                               const struct assay_checkpoint *at, uint64_t now_ms);
/* Requests what is missing of one other holder after the other. */
void signing_request_certificates(struct assay_keyholder_signing *h, uint64_t now_ms);
/* Frames. Returns: ASSAY_OK, whatever it was | ASSAY_E_STORE */
void signing_on_want(struct assay_keyholder_signing *h, const uint8_t from[static 32],
                     struct assay_slice bytes);
ASSAY_CHECKED enum assay_status signing_on_stored(struct assay_keyholder_signing *h,
                                                  const uint8_t from[static 32],
                                                  struct assay_slice bytes);

#endif
