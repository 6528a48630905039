/*
 * apps/assay/services/anchor.h - helpers shared by the verbs of `assay anchor`: options, connection
 * to the chain, and closed epochs from a daemon (docs/services.md 8.8: advancing an anchor).
 */
#ifndef ASSAY_APPS_ASSAY_SERVICES_ANCHOR_H
#define ASSAY_APPS_ASSAY_SERVICES_ANCHOR_H

#include "apps/config/anchor.h"
#include "net/evm/finalized_epochs.h"
#include "net/evm/http.h"

enum { ASSAY_ANCHOR_MESSAGE_LEN = 320 };

struct assay_anchor_run {
    const char *command; /* "assay anchor advance" */
    struct assay_anchor_settings settings;
    const char *socket; /* admin socket that is asked */
    bool socket_named, json;
    const char *proof, *checkpoint; /* of `show` */
    uint64_t wait_ms;               /* in all */
    struct assay_evm_https https;
    struct assay_evm_rpc rpc;
    char message[ASSAY_ANCHOR_MESSAGE_LEN]; /* answer of a daemon without that epoch */
};

struct assay_anchor_sending {
    struct assay_anchor_run *run;
    struct assay_evm_sender sender;
    struct assay_json *transactions; /* of the document */
    uint64_t begun_ms;
    uint8_t *data; /* [ASSAY_EVM_DATA_LEN_MAX] of the order */
    char said[256];
};

/* To the nodes of settings that name one. */
void cli_anchor_link(struct assay_anchor_run *run);
/* One failure on stderr, of asking the node of the chain. Returns: an enum assay_exit. */
int cli_anchor_node_failed(const struct assay_anchor_run *run, enum assay_status status);
/* The same, of asking the daemon. Returns: an enum assay_exit. */
int cli_anchor_daemon_failed(const struct assay_anchor_run *run, enum assay_status status);
/* Reads the state of the contract; reports errors. Returns: an enum assay_exit. */
int cli_anchor_held(struct assay_anchor_run *run, struct assay_evm_anchored *held);
/* A daemon's document; of struct assay_evm_epoch_source, context: the run. Returns: as there; also
 * ASSAY_E_NOT_FOUND (not retained there, with run->message) and as assay_client_request */
enum assay_status cli_anchor_request_epoch(void *context, uint64_t epoch,
                                           struct assay_evm_finalized_epoch *closed);
/* "0x.." of an address. */
void cli_anchor_address(const uint8_t address[static ASSAY_EVM_ADDRESS_LEN],
                        char text[static 2 * ASSAY_EVM_ADDRESS_LEN + 3]);

/* Connects to the chain and reads the key. Reports errors; call close in any case. Returns: an enum
 * assay_exit. */
int cli_anchor_sending_open(struct assay_anchor_run *run, struct assay_anchor_sending *s);
void cli_anchor_sending_close(struct assay_anchor_sending *s);
/* One transaction until it is deep enough. Returns: an enum assay_exit; ASSAY_EXIT_DENIED: rejected
 * by the contract, not yet reported */
int cli_anchor_drive(struct assay_anchor_sending *s, const struct assay_evm_order *order);
/* Reports why the contract rejected it. Returns: ASSAY_EXIT_DENIED. */
int cli_anchor_refused(const struct assay_anchor_sending *s);

/* anchor_show.c, anchor_send.c. Each Returns: an enum assay_exit. */
int cli_anchor_show(struct assay_anchor_run *run);
int cli_anchor_advance(struct assay_anchor_run *run);
int cli_anchor_deploy(struct assay_anchor_run *run);

#endif
