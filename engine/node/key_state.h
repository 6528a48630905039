/*
 * engine/node/key_state.h - this node's own key set: what it may sign.
 */
#ifndef ASSAY_ENGINE_NODE_KEY_STATE_H
#define ASSAY_ENGINE_NODE_KEY_STATE_H

#include "engine/node/engine.h"

struct assay_key_state {
    struct assay_node_keys keys;
    bool keys_unused;       /* they signed nothing before this run: no log of theirs is missing */
    bool log_kept;          /* the store is the one that they began with, also where it is empty */
    bool listed;            /* keys are those of the listed incarnation: may vote, attest, ballot */
    bool rolled_back;       /* peers hold votes that our log lacks: this key set is finished */
    bool continues;         /* the log is this process's own: nothing of it can be missing */
    bool from_log;          /* this run began with a log, which may be an old one */
    bool shared_logged;       /* that somebody else signs as this node */
    uint8_t live_epochs;    /* in a row that opened while this process took part; stands at 2 */
    uint64_t began_unix_ms; /* ... at that time */
};

void assay_key_state_init(struct assay_engine *e, const struct assay_engine_config *config);
/* The process goes on with another engine; renewal NULL: it starts. */
void assay_key_state_renew(struct assay_engine *e, const struct assay_engine_renewal *renewal);
/* The run begins, from a log or not. */
void assay_key_state_start(struct assay_engine *e, bool from_log);
/* No older log can be at work any more. */
void assay_key_state_trust_log(struct assay_engine *e);
/* After a close: are our keys the listed ones? */
void assay_key_state_update_listed(struct assay_engine *e);
/* An epoch opens: does this process take part in it from its beginning? */
void assay_key_state_on_epoch(struct assay_engine *e);
/* Another process signs with this node's keys, now: its operator is told, once (docs/protocol.md
 * 2.15). incarnation: that was seen. */
void assay_key_state_note_shared(struct assay_engine *e, uint32_t incarnation);
/* Do waiting keys of ours stand in another member's entry? Returns: whether so. */
bool assay_key_state_is_taken(const struct assay_engine *e);
/* The host made another key set, or tells the same again. */
void assay_key_state_set_keys(struct assay_engine *e, const uint8_t voting_public[static 64],
                              const uint8_t transport_public[static 32]);
/* docs/protocol.md 2.7.3: does a state name something that this key set signed, or a set that came
 * after it? Returns: whether so. */
bool assay_key_state_is_recorded(const struct assay_engine *e, const struct assay_member *member);
/* After history that this process did not take part in. member: own entry of the state that is
 * reached, NULL: none; certificate: of a finality proof over `members` slots, empty: none. With a
 * store that had no log, keys that signed in it are finished. */
void assay_key_state_compare(struct assay_engine *e, const struct assay_member *member,
                             struct assay_slice finality, uint32_t members);
/* These keys signed what our log lacks (docs/protocol.md 2.9): finished. */
void assay_key_state_set_rolled_back(struct assay_engine *e);
/* May this node sign for the running epoch as the listed incarnation? Returns: whether it may. */
bool assay_eng_may_sign(const struct assay_engine *e);
/* Keys that wait to be listed, unless peers caught us rolling them back. Returns: whether so. */
bool assay_key_state_wants_listing(const struct assay_engine *e);

#endif
