/*
 * tests/unit/services/identity/signing_hosts.h - four processes of holders in one thread, whose
 * frames the test carries and changes.
 */
#ifndef ASSAY_TESTS_UNIT_SERVICES_IDENTITY_SIGNING_HOSTS_H
#define ASSAY_TESTS_UNIT_SERVICES_IDENTITY_SIGNING_HOSTS_H

#include "net/services/identity/signing_host.h"
#include "tests/unit/services/identity/boundary_maker.h"
#include "tests/unit/services/identity/group.h"

enum {
    HOSTS = 4,
    HOSTS_THRESHOLD = 3,
    HOSTS_EPOCH = 3,
    HOSTS_QUEUE = 64,
    HOSTS_GENERATION = 1,
    HOSTS_PERIOD_MS = 60000
};

struct hosts_frame {
    uint32_t from, to;
    size_t len;
    uint8_t bytes[ASSAY_SIGNING_FRAME_MAX];
};

struct signing_hosts {
    char folder[64];
    struct boundary_maker *maker;
    struct assay_registry *registry;
    struct assay_keyholder_proof *proof;
    struct group *key, *next_key; /* next_key: of CA number 2; NULL: there is none */
    struct assay_holder_vault *vault[HOSTS];
    struct assay_ceremony_holder *holder[HOSTS];
    struct assay_keyholder_signing *host[HOSTS];
    uint8_t node[HOSTS][32], link[HOSTS][32];
    uint32_t certified[HOSTS];
    uint8_t digest[HOSTS][32]; /* of the certificate */
    bool has_record[HOSTS];    /* of its certificate, durable */
    uint8_t record[HOSTS][ASSAY_SIGNING_RECORD_LEN];
    struct hosts_authority {
        uint32_t certified;
        size_t len;
        uint8_t der[ASSAY_CREDENTIAL_CERTIFICATE_MAX];
        bool has_record;
        uint8_t record[ASSAY_SIGNING_RECORD_LEN];
    } next[HOSTS], cross[HOSTS]; /* of CA number 2: by itself, by number 1 */
    uint32_t wanted;             /* frames that requested a certificate */
    uint32_t queued;
    struct hosts_frame *queue;
    uint8_t journal[HOSTS][32];
    uint32_t answers; /* that left */
    struct assay_cosigner_time now;
    /* workload keys, of MAKER_VOTERS members: the last of them has no holder */
    uint8_t list[ASSAY_DECLARED_KEYS_LEN_MAX], root[32];
    size_t list_len;
    uint32_t issued[HOSTS]; /* certificates of the own member */
    uint32_t answered;      /* requests of holder 0's daemon */
    uint64_t serial;        /* of the last of them */
    enum assay_service_outcome outcome;
    uint8_t product[ASSAY_SERVICE_ISSUED_MAX];
    size_t product_len;
    /* faults */
    uint32_t silent;         /* bits: frames to and from these are lost */
    bool keeps_certificates; /* holder 0 sends none to the others */
    bool is_disk_full;       /* of the holder that is to answer first */
    void (*hostile)(void);   /* acts in each step */
    bool is_held;            /* epochs that close are not certified */
    uint64_t cost_us;        /* of each frame that a holder works on */
    uint64_t cpu_us;         /* processor time of all of them */
};

extern struct signing_hosts hosts;

/* Four holders of a key that is in force since epoch HOSTS_EPOCH, which is closed. */
void hosts_set_up(void);
void hosts_tear_down(void);
/* The fold of the group key, which a test may change. */
struct assay_ca *hosts_fold(void);
/* CA number 2 is the next one from the next close on, with a share of each holder. */
void hosts_make_next(void);
/* The process of a holder starts. */
void hosts_open_host(uint32_t i);
/* The next epoch closes and is verified. Each member's evidence passes and binds its list. */
void hosts_close_epoch(void);
/* The holder has no share of any generation. */
void hosts_lose_shares(uint32_t i);
/* The process of a holder acts on the newest close. */
void hosts_act(uint32_t i);
/* A frame arrives. */
void hosts_deliver(uint32_t from, uint32_t to, struct assay_slice frame);
/* Time passes, and frames arrive. */
void hosts_pass(uint64_t ms);
struct assay_slice hosts_text(const char *of);

#endif
