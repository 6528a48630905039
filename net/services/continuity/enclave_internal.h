/*
 * net/services/continuity/enclave_internal.h - state shared by the files of an enclave: its session
 * (enclave.c) and the ledger that it verifies (enclave_ledger.c).
 */
#ifndef ASSAY_NET_SERVICES_CONTINUITY_ENCLAVE_INTERNAL_H
#define ASSAY_NET_SERVICES_CONTINUITY_ENCLAVE_INTERNAL_H

#include "host/light/light_group.h"
#include "net/services/continuity/enclave.h"
#include "net/services/continuity/light_feed.h"
#include "net/services/continuity/link_names.h"
#include "net/services/follower.h"
#include "net/tls/client.h"

enum { ENCLAVE_PARTIES = 2 * ASSAY_CONT_SEATS_MAX }; /* replicas of two views */

/* What a closed epoch proves of the group and the instance. */
struct enclave_proven {
    bool is_set;
    uint64_t epoch;
    uint8_t instance[32]; /* whose row it is */
    struct assay_cont_view view;
    struct assay_cont_row_proven row;
};

/* docs/services.md 4.4.5: the last KEEP that the daemon reported as final, while the ledger is in
 * an era that the enclave cannot verify. It decides when the next one is submitted, and nothing
 * else. */
struct enclave_unverified_keep {
    bool is_other_era;
    uint64_t epoch, index;    /* of the one that is final; 0: none in this era */
    uint8_t submitted[32];    /* SHA-256 of the newest record */
    uint64_t submitted_index; /* of its state */
};

struct assay_enclave {
    struct assay_enclave_identity identity;
    uint32_t lease;
    bool is_birth; /* the identity was generated here */
    bool named;    /* the identity is complete: instance is its name */
    struct assay_p256_signer *signer;
    uint8_t instance_key[ASSAY_P256_PUBLIC_LEN];
    uint8_t instance[32];
    int epoll; /* of its links and of the ledger's socket */
    struct assay_resolver *resolver;
    struct assay_tls_client *links;
    struct {
        uint8_t link[32]; /* its key on links; zeros: none */
        uint8_t key[ASSAY_P256_PUBLIC_LEN];
    } party[ENCLAVE_PARTIES];          /* replicas that are dialled, by slot */
    struct assay_cont_contact contact; /* its own */
    struct assay_secret32 link_seed;
    uint64_t now_ms;

    /* --- the ledger: hostile until it is verified */
    struct assay_follower *follower;
    struct assay_light light;
    struct assay_enclave_feed feed;
    struct assay_enclave_trust sealed; /* as given: the view to start from */
    size_t later_len;                  /* of a checkpoint of the owner that comes next; 0: none */
    uint8_t later[ASSAY_CHECKPOINT_LEN_MAX], later_signature[ASSAY_P256_SIGNATURE_LEN];
    struct assay_checkpoint later_at;
    bool trusts_view;                          /* of the ledger: the owner has signed for it */
    uint64_t asked_closed;                     /* the epoch that the pending request leads to */
    bool is_proof_requested, is_row_requested; /* a request is pending */
    uint64_t asked_ms;                         /* since then */
    struct enclave_proven proven;
    bool elsewhere;   /* the ledger is of another chain than the identity */
    bool gone;        /* the group's memory is lost, permanently */
    bool no_row;      /* the ledger has removed the instance, permanently */
    bool retires;     /* it has submitted RETIRE */
    bool is_retiring; /* assay_enclave_retire runs */
    bool retired;
    bool kept; /* the ledger keeps the row; checked once */
    uint64_t submit_at_ms, keep_at_ms;
    struct enclave_unverified_keep unverified;
    uint64_t expected;     /* number that the last SESSION record asked for */
    uint8_t submitted[32]; /* SHA-256 of it */
    bool is_submitted;
    uint64_t submit_epoch; /* no session is submitted until this epoch is proven */
    enum assay_enclave_result refusal; /* of the last record; OK: none, or reported already */
    char why[ASSAY_SERVICE_WHY_MAX + 1];
    const char *socket_fault; /* of the last step; "": none */

    /* --- the session */
    bool numbered;          /* the client runs; until a quorum has answered the number is a guess */
    uint64_t numbered_from; /* newest epoch that the daemon showed then: later ones have its row */
    uint32_t handover_ms;   /* of the configuration */
    uint64_t handover_at_ms, handover_since_ms; /* of requests to a later view; 0: none */
    bool failed;
    struct assay_cont_client client;
    struct assay_cont_outputs outs;
};

/* --- enclave.c */
/* Starts the client with a number that the ledger may have given. */
void enclave_start_session(struct assay_enclave *e, uint64_t session);
/* The key of the identity; of a birth, a new one. */
ASSAY_CHECKED enum assay_status enclave_load_key(struct assay_enclave *e);
bool enclave_generate_nonce(struct assay_enclave *e, uint8_t nonce[static 32]);
/* Sends what the last step of the client put out. */
void enclave_execute(struct assay_enclave *e);

/* --- enclave_ledger.c */
/* The later checkpoint of the configuration. Returns: ASSAY_OK | ASSAY_E_SIGNATURE |
 * ASSAY_E_CHAIN | as assay_checkpoint_decode; message: the reason */
ASSAY_CHECKED enum assay_status enclave_set_later(struct assay_enclave *e,
                                                  const struct assay_enclave_config *config,
                                                  char message[static ASSAY_ENCLAVE_MESSAGE_LEN]);
ASSAY_CHECKED enum assay_status enclave_open_ledger(struct assay_enclave *e,
                                                    const struct assay_enclave_config *config);
/* Reads what the daemon sent, requests what is needed next, and submits records that are due. */
void enclave_step_ledger(struct assay_enclave *e);
/* Returns: when enclave_step_ledger has something to do; UINT64_MAX: when the socket says so. */
uint64_t enclave_ledger_wake_at(const struct assay_enclave *e);
/* The record that retires the instance. Returns: ASSAY_OK | as assay_p256_sign */
ASSAY_CHECKED enum assay_status enclave_submit_retire(struct assay_enclave *e);
/* What assay_enclave_get_failure returns. */
void enclave_set_why(struct assay_enclave *e, const char *why);

#endif
