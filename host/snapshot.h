/*
 * host/snapshot.h - snapshot of a node for operators: plain values of one moment.
 *
 * The admin socket renders it, and so will HTTP and metrics; none of them looks into the engine or
 * the host. What is a history (timeline, scores of past epochs) is asked of those who keep it.
 */
#ifndef ASSAY_HOST_SNAPSHOT_H
#define ASSAY_HOST_SNAPSHOT_H

#include "engine/engine.h"
#include "host/enforcement.h"
#include "host/fault_tolerance.h"
#include "host/overlay/overlay.h"
#include "host/peers/counters.h"
#include "host/peers/limit.h"
#include "host/peers/peer_clocks.h"
#include "quote/verify.h"

enum {
    ASSAY_SNAPSHOT_TEXT = 128,
    ASSAY_SNAPSHOT_NEWEST = 32,
    ASSAY_SNAPSHOT_DEVICE_NAME = 72, /* "gpu 7 (PRODUCT, serial ..0123456789abcdef)" */
    /* A device of two members is one until so many epochs have begun after the last in which it
     * was found in both. */
    ASSAY_SHARED_DEVICE_EPOCHS = 3,
};

/* A device of a member that passes in another member's evidence of the same epoch, as this node
 * verified both. */
struct assay_snapshot_shared_device {
    uint64_t first_epoch, last_epoch; /* in which it was found; 0: it was not */
    uint16_t other;                   /* slot of the other member */
    char name[ASSAY_SNAPSHOT_DEVICE_NAME]; /* in the evidence of this one */
};

/* Expiry of the collateral of one root (docs/protocol.md 8.6). */
struct assay_snapshot_collateral {
    uint8_t root[32]; /* name of its key */
    uint32_t kinds;   /* a bit each */
    bool is_bounded;  /* false: nothing of it ends */
    int64_t from_unix_s, until_unix_s;
    const char *expires_first;  /* static text */
    const char *age;            /* static text: "fresh", "half", "ended", "early" */
    uint32_t evaluation_number; /* 0: has none */
};

struct assay_snapshot_member {
    struct assay_member_snapshot ledger; /* slices point into the genesis */
    bool has_address;                    /* there is a way to it */
    bool connected;                      /* ... and it stands */
    bool banned;
    /* Its peer score at this node (host/peers/peer_score.h): no statement about its hardware. */
    bool is_shut_out, is_served_last;
    uint32_t peer_score; /* 0 to ASSAY_PEER_SCORE_FULL */
    uint64_t peer_score_faults[ASSAY_PEER_SCORE_FAULTS];
    bool present; /* reachable recently; always true for this node */
    bool was_received;
    uint64_t received_age_ms; /* was_received */
    bool ended;               /* it sent a farewell, and nothing since (docs/protocol.md 4.5.5) */
    bool has_date;            /* its clock offset is recent: */
    int64_t date_ahead_ms;    /* ahead of ours by this amount, */
    uint64_t date_round_ms;   /* error: half of this */
    bool has_round;           /* it has answered in this run, whether it is there now or not: */
    uint64_t round_ms, round_worst_ms; /* the last way there and back, the longest of the last few
                                        */
    /* Without its complete operator or vendor root nothing more becomes final; if all of it is
     * faulty the network is not safe. */
    bool operator_stops, vendor_stops, operator_breaks, vendor_breaks;
    bool vendor_outvotes; /* its root has a third of the weight at most, and more of the votes */
    struct assay_snapshot_shared_device shared_device; /* filled in by the runtime */
};

/* Proposals of changes (host/reviews.h). */
struct assay_snapshot_proposals {
    uint32_t open, waiting; /* waiting: with too few approvals */
    uint32_t missing;       /* approvals that the next one of these lacks */
};

struct assay_services_summary; /* net/services/server/summary.h */
struct assay_authz_table;        /* net/documents/key_table.h */

struct assay_snapshot {
    uint64_t at_unix_ms, now_ms, uptime_ms; /* now_ms: the engine's monotonic clock */
    uint16_t self;
    uint32_t epoch_ms; /* T */
    struct assay_engine_snapshot chain;
    struct assay_changes_snapshot changes;
    bool fenced; /* nothing is signed in this era any more */
    bool recover_unconfirmed; /* a RECOVER waits for its operator (docs/protocol.md 9.16.5) */
    uint32_t member_count;
    struct assay_snapshot_member *members; /* [member_count], the caller's memory */

    struct assay_fault_tolerance margin;
    bool clock_known,
        clock_out_of_sync; /* our date against the others' (host/peers/peer_clocks.h) */
    int64_t clock_ahead_ms;
    uint64_t clock_bound_ms; /* limit of clock differences */

    /* The rest is filled in by the runtime. */
    bool incarnation_waiting; /* new keys wait to be listed */
    bool newcomer;            /* not in the state yet: catching up from genesis or a checkpoint */
    bool identity_in_use;     /* by another process (docs/protocol.md 2.15) */
    const char *cannot_catch_up;       /* static text; NULL: it can */
    bool insecure;                     /* profile development */
    const char *const *insecure_names; /* [insecure_count] that an operator accepted */
    uint32_t insecure_count;
    uint64_t config_reloads; /* applied in this run */
    bool config_refused;     /* the last one was */
    char listen[ASSAY_SNAPSHOT_TEXT];
    char http[ASSAY_SNAPSHOT_TEXT]; /* where HTTP listens, path or address; "": nowhere */
    bool http_tls;                  /* it demands certificates of its clients */
    uint32_t collateral_count;
    struct assay_snapshot_collateral collateral[ASSAY_ENDORSEMENTS_MAX];
    struct assay_snapshot_proposals proposals;
    uint64_t verifications_pending, evidence_cached_bytes, timeline_seq;
    struct {
        int64_t pid; /* 0: not running */
        bool paused;
        uint32_t starts;
        uint8_t measurement[32];
    } enclave;
    struct assay_enforcement enforcement;
    bool has_neighbours; /* docs/protocol.md 4.12.1; else full mesh */
    struct assay_overlay_figures neighbours;
    struct {
        uint64_t counter, granted;
        uint16_t granted_by;
        bool refused;
    } service;
    struct {
        uint64_t samples, p50_us, p90_us, p99_us;
        uint32_t newest_count, newest_us[ASSAY_SNAPSHOT_NEWEST]; /* newest first */
    } finality;
    const struct assay_services_summary *services; /* NULL: the network has none */
    struct assay_authz_table *keys; /* lists of workload keys; NULL: none was read yet */
    struct assay_traffic_counters counters;
};

/*
 * Fills in the state of engine, budgets and clocks: chain, members, bans, reachability, clock
 * offsets, margin. members, member_count, self and epoch_ms are set before; limits[member_count].
 */
void assay_snapshot_take(struct assay_snapshot *snapshot, const struct assay_engine *engine,
                         const struct assay_limit *limits, const struct assay_peer_clocks *dates,
                         uint64_t now_ms);

#endif
