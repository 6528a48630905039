/*
 * apps/daemon/node.h - resources of one assayd, for the files that open them.
 *
 *   node.c     configuration, genesis, checkpoint, keys, source of evidence
 *   effective_rules.c  rules in force in the store, and membership of this node
 *   store.c    the state folder
 *   reload.c   what changes while the node runs
 *   notify.c   notifications to systemd
 *   images.c   the enclave's images against the policy
 *   roles.c    the programs of the verifier and the transport process
 *
 * Each function sets node->message to the reason of a failure, in one line.
 */
#ifndef ASSAY_APPS_DAEMON_NODE_H
#define ASSAY_APPS_DAEMON_NODE_H

#include "apps/config/effective.h"
#include "apps/daemon/notify.h"
#include "apps/enclave/supervisor.h"
#include "engine/ledger/records/review.h"
#include "engine/store/store_sqlite.h"
#include "host/services.h"
#include "net/documents/collateral_updates.h"
#include "net/fetch/fetcher.h"
#include "net/keys/keyring.h"
#include "net/verifier/rule_documents.h"
#include "quote/source/soft/soft.h"
#include "quote/source/source.h"
#include "quote/source/tpm/tpm.h"

/* docs/protocol.md 9.10: what its ballots announce. A build that adds a level still supports the
 * previous one. */
enum { DAEMON_FEATURE_LEVEL = ASSAY_LEVEL_NEWEST };

/* What holds until the next boundary that changes it. */
struct daemon_effective_rules {
    void *memory; /* that effective points into */
    struct assay_effective_rules effective;
    struct assay_rules *rules;
    struct assay_genesis *joining; /* the genesis and this node, which it does not know: newcomer */
    struct assay_host_services *services; /* NULL: the network has none */
};

/* Program of a role process, open from the start on: what an upgrade puts in its place is not
 * executed by this daemon. */
struct daemon_role {
    int fd;        /* 0: none */
    char path[32]; /* of the descriptor, below /proc/self/fd */
};

/* Everything the daemon holds; freed in reverse order by daemon_close. */
struct daemon_node {
    uint64_t trim_ms;                    /* net/system/allocator.h */
    struct assay_config_sources sources; /* of the configuration; at a reload again */
    struct assay_config_layers layers;
    struct assay_config_rows rows; /* of the start */
    struct daemon_node *reloaded;  /* the last reload, whose live rows apply; NULL: none yet */
    struct assay_config *config;
    struct assay_config_enforcement *enforcement; /* what the supervisor's targets borrow */
    struct assay_genesis *genesis;
    uint8_t *genesis_bytes;
    size_t genesis_len;
    struct assay_checkpoint checkpoint;
    struct assay_accepted_recover recovers[ASSAY_CONFIG_RECOVERS_MAX]; /* [recover_count] */
    uint32_t recover_count;
    uint8_t node_id[32];
    struct assay_policy *founding_policy; /* of the genesis; outdated once there is a state */
    struct daemon_effective_rules in_force;
    struct assay_soft_node *credential;
    bool credential_loaded;
    struct assay_tpm_source *tpm; /* evidence.kind tpm: instead of the credential */
    struct assay_source *source;  /* every kind but soft and tpm */
    bool lent;                    /* a quote is still being made: its maker must not be freed */
    struct assay_runtime_peer *peers;
    char (*endpoints)[ASSAY_ADDRESSES_MAX];
    struct assay_store *store;
    struct assay_supervisor *supervisor;
    struct assay_collateral_updates *updates;
    struct assay_fetcher *fetcher; /* NULL: collateral is not fetched */
    struct assay_runtime *host;
    struct daemon_notify notify;
    struct daemon_role verifier, transport;
    const char *insecure[ASSAY_CONFIG_INSECURE_COUNT]; /* [insecure_count] that are in use */
    size_t insecure_count;
    bool unfit; /* what did not open must be fixed by the operator: exit status 2 */
    char timeline_path[PATH_MAX + 16];
    char message[ASSAY_CONFIG_MESSAGE_MAX];
};

/* --- node.c */

/* Nothing is reported with ASSAY_OK. Returns: status */
enum assay_status daemon_say(struct daemon_node *node, const char *what, enum assay_status status);
/* Puts the place of a key in the configuration, and the key, before node->message. Returns:
 * nothing.
 */
void daemon_place(struct daemon_node *node, const char *key);
/* Returns: text; NULL when it is empty. */
const char *daemon_said(const char *text);
/* Returns: the address advertised to peers: listen.advertise, or listen.gossip. Borrowed. */
const char *daemon_advertised(const struct assay_config *config);
/* Returns: whether the identity is a member. */
bool daemon_is_in(const struct assay_genesis *genesis, const uint8_t node_id[static 32]);
/* The keys of this node, which the caller wipes. Returns: ASSAY_OK | as assay_keyring_open */
ASSAY_CHECKED enum assay_status daemon_load_keys(struct daemon_node *node,
                                                 struct assay_keyring *ring);
/* The configuration, and what it names that can be read while another daemon runs by it: genesis,
 * checkpoint, keys. In: node->sources. Returns: ASSAY_OK | why not */
ASSAY_CHECKED enum assay_status daemon_read_config(struct daemon_node *node);
/* That, and the source of evidence of the node. Returns: ASSAY_OK | the failure */
ASSAY_CHECKED enum assay_status daemon_open_config(struct daemon_node *node);
/* Settings that are insecure under the policy of the genesis or the one in force, against the list
 * `insecure` of the configuration. Out: node->insecure. Returns: ASSAY_OK | ASSAY_E_INVALID (one is
 * not named there) */
ASSAY_CHECKED enum assay_status daemon_check_insecure(struct daemon_node *node,
                                                      const struct assay_policy *in_force);
/* A line of its own before the node runs, in the format of the log. */
void daemon_warn(const char *message);
/* The last one of a daemon that ends or does not begin. */
void daemon_complain(const char *message);
/* Closes everything that was opened. */
void daemon_close(struct daemon_node *node);

/* --- effective_rules.c */

/* SHA-256 of what a ballot names as its verifier. */
void daemon_verifier_digest(uint8_t digest[static 32]);
/* Rules and roster of the newest state in the store, and this node's membership in it. A check
 * writes nothing; else the voting key of a node that left is destroyed.
 * Out:     *out, which daemon_close_effective_rules frees whatever the status
 * Returns: ASSAY_OK | ASSAY_E_STRANGER (no member, or not any more; a newer level) | the failure */
ASSAY_CHECKED enum assay_status daemon_open_effective_rules(struct daemon_node *node, bool is_check,
                                                            struct daemon_effective_rules *out);
/* */
void daemon_close_effective_rules(struct daemon_effective_rules *effective);

/* --- reload.c */

/*
 * daemon_reload - SIGHUP: read the configuration again, and apply the keys that may change while a
 * node runs.
 *
 * A configuration that does not fit is refused whole, and the one before goes on; what changed and
 * needs a restart is named. Everything is said in the log.
 */
void daemon_reload(struct daemon_node *node);
/* What reloads left. */
void daemon_reloaded_close(struct daemon_node *node);
/* Format of log lines, from log.format. */
void daemon_log_style(const struct assay_config *config);

/* --- store.c */

/* The store, the rules in force in its newest state, the images against those. Returns: ASSAY_OK |
 * ASSAY_E_CHAIN (another network's) | ASSAY_E_STORE | as daemon_open_effective_rules,
 * daemon_check_image */
ASSAY_CHECKED enum assay_status daemon_open_store(struct daemon_node *node);
/* What that would find, with nothing written. Returns: the same */
ASSAY_CHECKED enum assay_status daemon_check_store(struct daemon_node *node);

/* In force, and before a trial. */
enum { DAEMON_POLICIES = 2 };
/*
 * daemon_list_policies - policies that accept an image: the one in force, and the one before it
 * while it is on trial, since a trial may be taken back. Those of past epochs and of the genesis
 * accept what operators have denied since; where no store is open there is only the genesis'.
 * Out:     policies; [0]: in force
 * Returns: how many
 */
size_t daemon_list_policies(const struct daemon_node *node,
                            const struct assay_policy *policies[static DAEMON_POLICIES]);

/* --- check.c */

/* What would hinder a start or cost the node its trust: folders of sockets, ports, keys and
 * credential of another node; behind daemon_check_store. Returns: ASSAY_OK | why not */
ASSAY_CHECKED enum assay_status daemon_check_start(struct daemon_node *node);
/* Logs a warning if this node cannot verify what other members can. */
void daemon_check_library(void);
/* Whether a start would make new keys: warned of. Returns: ASSAY_OK | store.id cannot be read */
ASSAY_CHECKED enum assay_status daemon_check_store_binding(struct daemon_node *node);

/* --- roles.c */

/* Opens the programs of the roles in the libexec folder of this program's prefix. Files that others
 * may change are refused (base/file/trust.h). Returns: ASSAY_OK | ASSAY_E_IO | ASSAY_E_INVALID */
ASSAY_CHECKED enum assay_status daemon_open_roles(struct daemon_node *node);

/* --- images.c */

/*
 * daemon_check_image - what runs as the enclave, or what a RESTART puts in its place (restored).
 * In:      policies[count]: of daemon_list_policies; one that accepts it suffices, the first is
 *          quoted
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND, ASSAY_E_RANGE, ASSAY_E_IO (no image to be had) |
 *          ASSAY_E_INVALID (it matches nothing)
 */
ASSAY_CHECKED enum assay_status daemon_check_image(struct daemon_node *node, bool restored,
                                                   const struct assay_policy *const *policies,
                                                   size_t count, int64_t at_unix_s);
/* A copy of the image that restore_path names into the state folder, under its digest; reports
 * failures. A later start uses it only if the policy accepts it then. */
void daemon_pin_image(struct daemon_node *node);
/* Does each copy in the state folder match its name? A mismatch is an error, not ignored. Returns:
 * ASSAY_OK | ASSAY_E_INVALID (node->message: file and remedy) */
ASSAY_CHECKED enum assay_status daemon_check_pins(struct daemon_node *node);
/* Removes copies that no policy names and that are not used, but for the newest of them; logs how
 * many. */
void daemon_drop_images(struct daemon_node *node, const struct assay_policy *const *policies,
                        size_t count);
/*
 * daemon_use_pinned - if no policy accepts the program at restore_path, use an earlier copy that is
 * accepted, also for enclave.path if it is the same program.
 * In:      as daemon_check_image; node->message: the reason of its rejection; is_check: nothing is
 * written
 * Returns: ASSAY_OK (reported as a warning) | ASSAY_E_NOT_FOUND (none; node->message is unchanged)
 * |
 *          ASSAY_E_IO
 */
ASSAY_CHECKED enum assay_status daemon_use_pinned(struct daemon_node *node,
                                                  const struct assay_policy *const *policies,
                                                  size_t count, int64_t at_unix_s, bool is_check);

#endif
