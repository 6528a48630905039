/*
 * apps/demo/identity.h - story of attested identities: a network as certificate authority, two
 * workloads that authenticate each other with its certificates, and what a fault costs.
 *
 * identity.c has the rows; identity_cast.c the plan, holders, fetchers and what the ledger has of
 * the group key; identity_clients.c nginx, curl and openssl; identity_faults.c the deeds of rows.
 */
#ifndef ASSAY_APPS_DEMO_IDENTITY_H
#define ASSAY_APPS_DEMO_IDENTITY_H

#include "apps/demo/services.h"

enum {
    IDENTITY_PEERS = 7,
    IDENTITY_THRESHOLD = 4,       /* of seven equal weights (docs/identity.md 3.2) */
    IDENTITY_EPOCH_MS = 1000,     /* of a machine that starts programs quickly, and at least: */
    IDENTITY_EPOCH_MS_MIN = 1500, /* the certificate of the key is signed within one */
    IDENTITY_VALIDITY_S = 300,    /* the least that a plan may have (docs/identity.md 3.21) */
    IDENTITY_BACKDATED_S = 300,   /* of notBefore (docs/identity.md 5.5) */
    IDENTITY_STOPPED = 3,
    /* Members by their place. */
    IDENTITY_API = 1,    /* its enclave has the key of the server */
    IDENTITY_OTHER = 2,  /* its enclave gets keys later; its own holder is stopped then */
    IDENTITY_CLIENT = 4, /* its enclave has the key of the client, and is tampered with */
    IDENTITY_LIAR = 5,   /* its holder signs wrongly */
};

extern const uint32_t identity_stopped[IDENTITY_STOPPED]; /* peers */

/* Of the ledger, as the witness has it (document `authority`). */
struct identity_authority {
    char state[16];
    unsigned generation, threshold, indices, holders;
    unsigned long long epoch, since;
    bool has_conviction; /* the first one: */
    char convicted[65], reason[32];
    unsigned long long convicted_epoch;
};

/* What curl got. */
struct identity_reply {
    int exit;        /* of curl; -1: it did not run */
    unsigned status; /* of HTTP; 0: none */
    char reason[32]; /* header Assay-Reason */
    char body[256];
};

/* --- identity_cast.c */
bool identity_plan(struct demo *demo, FILE *plan);
/* Returns: whether it runs */
bool identity_start_holder(struct demo *demo, uint32_t peer, bool lying);
bool identity_stop_holder(struct demo *demo, uint32_t peer);
/* Whether the process of the peer's holder reported that it signs. */
bool identity_signs(struct demo *demo, uint32_t peer);
/* Returns: false: it could not be read just now */
bool identity_read(struct demo *demo, struct identity_authority *authority);
/* Returns: the CA certificate, as the witness's holder published it. */
const char *identity_ca(struct demo *demo);
/* `assay identity fetch` of the key `name`, with the enclave of the peer, into the folder `name`;
 * it stays and renews, or ends. Returns: its process */
struct services_process *identity_fetch(struct demo *demo, const char *name, uint32_t peer,
                                        bool stays);
bool identity_is_fetched(struct demo *demo, const char *name);
/* Ends the fetchers that stay. */
void identity_end_fetchers(void);

/* --- identity_clients.c */
bool identity_ready(void);
bool identity_start_nginx(struct demo *demo);
/* GET of nginx over TLS, expecting the key `server`, with the certificate and key in the folder
 * `from`; NULL: none. */
void identity_get(struct demo *demo, const char *path, const char *server, const char *from,
                  struct identity_reply *reply);
/* GET of the witness over HTTP. */
void identity_request(struct demo *demo, const char *path, struct identity_reply *reply);
/* A copy of the newest certificate and key of `name`, in the folder `to`. Returns: whether it is */
bool identity_copy(struct demo *demo, const char *name, const char *to);
/* A self-signed certificate in the folder `to`. Returns: whether it was made */
bool identity_make_stranger(struct demo *demo, const char *to);
/* Whether openssl verifies the certificate in the folder under the CA, at this time; 0: now. */
bool identity_verifies(struct demo *demo, const char *folder, long long at_s);
/* Its validity, s of Unix time. Returns: whether it could be read */
bool identity_dates(struct demo *demo, const char *folder, long long *from_s, long long *until_s);

/* --- rows: identity_faults.c */
bool identity_look_stopped(struct demo *demo, struct life_turn *turn);
bool identity_look_liar(struct demo *demo, struct life_turn *turn);
bool identity_look_refused(struct demo *demo, struct life_turn *turn);
bool identity_look_bound(struct demo *demo, struct life_turn *turn);
bool identity_look_healed(struct demo *demo, struct life_turn *turn);
bool identity_look_expired(struct demo *demo, struct life_turn *turn);

#endif
