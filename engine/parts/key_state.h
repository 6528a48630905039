/*
 * engine/parts/key_state.h - this node's own key set, and whether it may sign.
 */
#ifndef ASSAY_ENGINE_PARTS_KEY_STATE_H
#define ASSAY_ENGINE_PARTS_KEY_STATE_H

#include "engine/engine.h"

struct assay_key_state {
    struct assay_node_keys keys;
    bool keys_unused;       /* they signed nothing before this run: no log of theirs is missing */
    bool log_kept;          /* the store is the one that they started with, even if it is empty */
    bool listed;            /* keys are those of the listed incarnation: may vote, attest, ballot */
    bool rolled_back;       /* peers have votes that our log lacks: this key set is retired */
    bool continues;         /* the log is this process's own: it is complete */
    bool from_log;          /* this run started with a log, which may be an old one */
    bool shared_logged;       /* another process that signs as this node was reported */
    /* Consecutive epochs that opened while this process took part; saturates at 2. */
    uint8_t live_epochs;
    uint64_t began_unix_ms; /* start time of the run */
};

/* Copies the key set of the configuration. */
void assay_keys_init(struct assay_engine *e, const struct assay_engine_config *config);
/* The process continues with another engine; renewal NULL: it starts. */
void assay_keys_renew(struct assay_engine *e, const struct assay_engine_renewal *renewal);
/* The run starts, from a log or not. */
void assay_keys_start(struct assay_engine *e, bool from_log);
/* No older log can be in use any more. */
void assay_keys_trust_log(struct assay_engine *e);
/* After a close: updates whether our keys are the listed ones. */
void assay_keys_update_listed(struct assay_engine *e);
/* An epoch opens: records whether this process takes part from its beginning. */
void assay_keys_on_epoch(struct assay_engine *e);
/* Another process signs with this node's keys: reports it to the operator, once (docs/protocol.md
 * 2.15). incarnation: the one that was seen. */
void assay_keys_note_shared(struct assay_engine *e, uint32_t incarnation);
/* Returns: whether unlisted keys of ours appear in another member's entry. */
bool assay_keys_is_taken(const struct assay_engine *e);
/* The host made another key set, or reports the same again. */
void assay_keys_set_keys(struct assay_engine *e, const uint8_t voting_public[static 64],
                         const uint8_t transport_public[static 32]);
/* Returns: whether a state contains something that this key set signed, or a later set of keys
 * (docs/protocol.md 2.7.3). */
bool assay_keys_is_recorded(const struct assay_engine *e, const struct assay_member *member);
/* After history in which this process did not take part. member: own entry of the state that is
 * reached, NULL: none; certificate: of a finality proof over `members` slots, empty: none. With a
 * store that had no log, keys that signed in it are retired. */
void assay_keys_compare(struct assay_engine *e, const struct assay_member *member,
                        struct assay_slice finality, uint32_t members);
/* These keys signed what our log lacks (docs/protocol.md 2.9): retires them. */
void assay_keys_set_rolled_back(struct assay_engine *e);
/* Returns: whether this node may sign for the running epoch as the listed incarnation. */
bool assay_eng_may_sign(const struct assay_engine *e);
/* Returns: whether our keys wait to be listed, and no roll-back of them was detected. */
bool assay_keys_wants_listing(const struct assay_engine *e);

#endif
