/*
 * host/snapshot.h - everything that people may ask of a node, at one moment, in plain values.
 *
 * The admin socket renders it, and so will HTTP and metrics; none of them looks into the engine or
 * the host. What is a history (timeline, scores of past epochs) is asked of those who keep it.
 */
#ifndef ASSAY_HOST_SNAPSHOT_H
#define ASSAY_HOST_SNAPSHOT_H

#include "engine/engine.h"
#include "host/counters.h"
#include "host/limit.h"

enum { ASSAY_SNAPSHOT_TEXT = 128 };

struct assay_snapshot_member {
    struct assay_member_snapshot ledger; /* slices point into the genesis */
    bool has_address;                /* there is a way to it */
    bool banned;
};

struct assay_snapshot {
    uint64_t at_unix_ms, now_ms, uptime_ms; /* now_ms: the engine's monotonic clock */
    uint16_t self;
    uint32_t epoch_ms; /* T */
    struct assay_engine_snapshot chain;
    uint32_t member_count;
    struct assay_snapshot_member *members; /* [member_count], the caller's memory */

    /* The rest is the host's to fill in. */
    bool incarnation_waiting; /* new keys wait to be listed */
    bool insecure;            /* profile development */
    char listen[ASSAY_SNAPSHOT_TEXT];
    uint64_t verifications_pending, evidence_cached_bytes, timeline_seq;
    struct {
        int64_t pid; /* 0: not running */
        bool paused;
        uint32_t starts;
        uint8_t measurement[32];
    } enclave;
    struct {
        uint64_t counter, got;
        uint16_t got_from;
        bool refused;
    } service;
    struct {
        uint64_t samples, p50_us, p99_us;
    } finality;
    struct assay_counters counters;
};

/*
 * What engine and budgets know: chain, members' ledger and ban. members and member_count are set
 * before; limits[member_count]. Returns: nothing.
 */
void assay_snapshot_take(struct assay_snapshot *snapshot, const struct assay_engine *engine,
                         const struct assay_limit *limits, uint64_t now_ms);

#endif
