/*
 * apps/assay/operate/capacity.c - resources of a node from the terms of capacity.h.
 */
#include "apps/assay/operate/capacity.h"

#include "apps/assay/operate/link_timing.h"
#include "base/assert.h"

enum {
    VOTERS_MAX = 100,   /* docs/protocol.md 5.22 */
    ALL_LINKS_MAX = 64, /* docs/protocol.md 4.12.1: above that there are neighbours */
    NEIGHBOURS = 15,    /* docs/scale.md, Daemons on one machine: the median */
    STATES = 64,        /* docs/operations.md 7, as what follows */
    STATE_EVERY = 1024,
    PROOF_TIMES = 10,
    ROWS_MIN = 256,
    ROWS_LATER = 720, /* an epoch an hour for 30 days */
    RECENT = 8,       /* epochs of evidence, votes and ballots */
    TIMELINE_LEN = 5300000,
    DAY_MS = 86400000,
    PERMILLE = 1000,
};

static uint64_t min_of(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t divide_up(uint64_t value, uint64_t by)
{
    return (value + by - 1) / by;
}

static void compute_traffic(const struct cli_capacity_network *n, struct cli_capacity *out)
{
    const uint64_t others = n->members - 1;
    out->bytes_epoch = others * (n->evidence_len + CLI_CAPACITY_OTHERS) +
                       n->members * min_of(n->members, VOTERS_MAX) * CLI_CAPACITY_RELAYED;
    out->bytes_day = out->bytes_epoch * DAY_MS / n->epoch_ms;
    out->link_kbit = divide_up(out->bytes_epoch * 8, n->epoch_ms);
    out->peak_kbit = divide_up(out->bytes_epoch * 8 * 8, n->epoch_ms * 3);
}

/* Of an epoch, without what passes with time. */
static uint64_t cpu_us_of_epoch(uint64_t members)
{
    return CLI_CAPACITY_CPU_EPOCH + members * CLI_CAPACITY_CPU_MEMBER +
           members * members * CLI_CAPACITY_CPU_PAIR;
}

static void compute_cpu(const struct cli_capacity_network *n, struct cli_capacity *out)
{
    const uint64_t fixed_us = cpu_us_of_epoch(n->members);
    const uint64_t link_us_s = out->links * CLI_CAPACITY_CPU_LINK;
    /* A core and a transport use one processor each, hardly more. */
    const uint64_t half_us_s = min_of(n->cores, 2) * 500000;
    out->cpu_us_epoch = fixed_us + link_us_s * n->epoch_ms / 1000;
    out->cpu_permille = divide_up(out->cpu_us_epoch, n->epoch_ms);
    out->cpu_epoch_ms =
        link_us_s < half_us_s ? divide_up(fixed_us * 1000, half_us_s - link_us_s) : 0;
}

static void compute_disk(const struct cli_capacity_network *n, struct cli_capacity *out)
{
    const uint64_t m = n->members, history = n->history_epochs;
    const uint64_t day = divide_up(DAY_MS, n->epoch_ms);
    const uint64_t block = CLI_CAPACITY_BLOCK_EPOCH + m * CLI_CAPACITY_BLOCK_MEMBER;
    const uint64_t proof =
        CLI_CAPACITY_PROOF_EPOCH + min_of(m, VOTERS_MAX) * CLI_CAPACITY_PROOF_MEMBER;
    const uint64_t state = CLI_CAPACITY_STATE + m * CLI_CAPACITY_STATE_MEMBER;
    const uint64_t row = m * CLI_CAPACITY_ROW_MEMBER;
    const uint64_t rows = min_of(day > ROWS_MIN ? day : ROWS_MIN, history) + ROWS_LATER;
    out->disk_bytes = history * block + PROOF_TIMES * history * proof +
                      (STATES + history / STATE_EVERY) * state + rows * row +
                      RECENT * (out->bytes_epoch + n->evidence_len) + TIMELINE_LEN;
    out->disk_bytes_day = day * (block + proof + row) + day / STATE_EVERY * state;
}

/* By the rule of `assay doctor net`. */
static void compute_links(const struct cli_capacity_network *n, struct cli_capacity *out)
{
    struct assay_link_advice advice;
    struct assay_link_peer peers[2] = {
        { .name = "self", .weight = 1, .is_self = true, .is_present = true },
        { .name = "peer",
          .weight = 1,
          .is_present = true,
          .is_measured = true,
          .last_ms = n->rtt_ms,
          .worst_ms = n->rtt_ms },
    };
    if (n->rtt_ms == 0) return;
    cli_links_advise(peers, 2, n->epoch_ms, &advice);
    out->links_epoch_ms = peers[1].needs_ms;
    out->links_never = peers[1].needs_ms == 0;
}

void cli_capacity_compute(const struct cli_capacity_network *n, struct cli_capacity *out)
{
    ASSAY_ASSERT(n->members > 0 && n->epoch_ms > 0);
    ASSAY_ASSERT(n->cores > 0 && n->memory_mib > 0 && n->disk_gb > 0 && n->link_mbit > 0);
    *out =
        (struct cli_capacity){ .links = n->members <= ALL_LINKS_MAX ? n->members - 1 : NEIGHBOURS };
    compute_traffic(n, out);
    compute_cpu(n, out);
    out->memory_kib = CLI_CAPACITY_MEMORY_NODE + n->members * CLI_CAPACITY_MEMORY_MEMBER +
                      out->links * CLI_CAPACITY_MEMORY_LINK +
                      min_of(n->members, CLI_CAPACITY_TABLES) * CLI_CAPACITY_MEMORY_TABLE;
    compute_disk(n, out);
    compute_links(n, out);
    out->permille[CLI_CAPACITY_CPU] = out->cpu_permille / min_of(n->cores, 2);
    out->permille[CLI_CAPACITY_LINK] = out->peak_kbit / n->link_mbit;
    out->permille[CLI_CAPACITY_MEMORY] = out->memory_kib * PERMILLE / 1024 / n->memory_mib;
    out->permille[CLI_CAPACITY_DISK] = out->disk_bytes / 1000000 / n->disk_gb;
    for (enum cli_capacity_resource r = 0; r < CLI_CAPACITY_RESOURCES; r++)
        if (out->permille[r] > out->permille[out->first]) out->first = r;
}
