/*
 * host/enforcement.h - enforcement status of a node (docs/enforcement.md), as plain data.
 */
#ifndef ASSAY_HOST_ENFORCEMENT_H
#define ASSAY_HOST_ENFORCEMENT_H

#include "base/bytes.h"

enum {
    ASSAY_ENFORCEMENT_TARGETS_MAX = 16,
    ASSAY_ENFORCEMENT_REASON_MAX = 200, /* of a manual hold */
};

/* Something next to the enclave that obeys orders. Texts are static unless they are arrays. */
struct assay_enforcement_target {
    char name[65];
    const char *driver;  /* "hook", "cgroup", ... */
    const char *state;   /* "unknown", "down", "runs", "frozen" */
    const char *ordered; /* "full", "restricted", "suspended" */
    bool settled;        /* it is as ordered */
    bool dry_run;
    uint64_t waiting; /* events that no receiver has taken yet */
    char trouble[256];
};

struct assay_enforcement {
    bool held; /* manually (docs/protocol.md 10.8) */
    uint64_t held_since_unix_ms;
    char held_reason[ASSAY_ENFORCEMENT_REASON_MAX + 1];
    uint64_t journal_lines, journal_lost;
    uint8_t journal_hash[32];
    size_t target_count;
    struct assay_enforcement_target targets[ASSAY_ENFORCEMENT_TARGETS_MAX];
};

#endif
