/*
 * apps/assay/operate/capacity.h - resources of a node, computed from what was measured. Pure:
 * figures of a network in, figures of a node out.
 *
 * Each term is a measurement with its source. Tests compare the result with the tables of
 * docs/scale.md and docs/operations.md, and tests/bench/net/bytes.py --plan with running daemons.
 */
#ifndef ASSAY_APPS_ASSAY_OPERATE_CAPACITY_H
#define ASSAY_APPS_ASSAY_OPERATE_CAPACITY_H

#include <stdbool.h>
#include <stdint.h>

/* Symbol, value, unit, source. n members, k links of a node, v voters (at most 100). */
#define CLI_CAPACITY_LIST(X)                                                                       \
    X(OTHERS, 2400, "bytes an epoch for each other member: envelopes, ballots, votes, blocks",     \
      "docs/scale.md, Bytes: 4 to 60 daemons")                                                     \
    X(RELAYED, 8, "bytes an epoch for each n x v: certificates, and votes through neighbours",     \
      "docs/scale.md, Bytes: 60 daemons, 100 and 1000 simulated")                                  \
    X(CPU_EPOCH, 5000, "us of a core an epoch", "docs/scale.md, Processor time: 4 daemons")        \
    X(CPU_MEMBER, 1300, "us of a core an epoch for each member",                                   \
      "docs/scale.md, Processor time: 4, 7, 20 daemons")                                           \
    X(CPU_PAIR, 5, "us of a core an epoch for each n x n",                                         \
      "docs/scale.md, Processor time: the engine alone, 4 to 100 members")                         \
    X(CPU_LINK, 100, "us of a core a second for each link",                                        \
      "docs/scale.md, Daemons on one machine: 60 members at 10 s and at 20 s")                     \
    X(MEMORY_NODE, 12900, "KiB of private memory: core, transport, judge",                         \
      "docs/scale.md, Daemons on one machine: 20 members")                                         \
    X(MEMORY_MEMBER, 92, "KiB of private memory for each member",                                  \
      "docs/scale.md, Daemons on one machine: 100 and 200 members")                                \
    X(MEMORY_LINK, 130, "KiB of private memory for each link",                                     \
      "docs/scale.md, Daemons on one machine: libzmq's of a peer")                                 \
    X(MEMORY_TABLE, 152, "KiB of private memory for the table of a voter's key, of 26 at most",    \
      "docs/configuration.md 3: limits.key_tables_mib, by default")                                \
    X(BLOCK_EPOCH, 570, "bytes of blocks an epoch", "docs/operations.md 7: 7 and 100 members")     \
    X(BLOCK_MEMBER, 389, "bytes of blocks an epoch for each member",                               \
      "docs/operations.md 7: 7 and 100 members")                                                   \
    X(PROOF_EPOCH, 2345, "bytes of a finality proof and a boundary",                               \
      "docs/operations.md 7: 7 and 100 members")                                                   \
    X(PROOF_MEMBER, 43, "bytes of a finality proof for each voter",                                \
      "docs/operations.md 7: 7 and 100 members")                                                   \
    X(STATE, 2000, "bytes of a state", "docs/operations.md 7: 7 and 100 members")                  \
    X(STATE_MEMBER, 428, "bytes of a state for each member",                                       \
      "docs/operations.md 7: 7 and 100 members")                                                   \
    X(ROW_MEMBER, 87, "bytes of a row of scores for each member",                                  \
      "docs/operations.md 7: 7 and 100 members")

#define CLI_CAPACITY_ENUM(symbol, value, unit, source) CLI_CAPACITY_##symbol = (value),
enum { CLI_CAPACITY_LIST(CLI_CAPACITY_ENUM) };
#undef CLI_CAPACITY_ENUM

/* What was measured: beyond it figures are extrapolated. */
enum {
    CLI_CAPACITY_BYTES_MEASURED = 60, /* daemons; simulated up to 1000 */
    CLI_CAPACITY_BYTES_SIMULATED = 1000,
    CLI_CAPACITY_CPU_MEASURED = 60, /* with a processor to spare; 200 on a machine that was full */
    CLI_CAPACITY_MEMORY_MEASURED = 200,
    CLI_CAPACITY_DISK_MEASURED = 100,
    CLI_CAPACITY_EVIDENCE_LEN = 4100, /* of a SOFT quote, about that of TDX */
    CLI_CAPACITY_HISTORY = 20000,     /* node.history_epochs */
    CLI_CAPACITY_TABLES = 26,         /* limits.key_tables_mib */
};

enum cli_capacity_resource {
    CLI_CAPACITY_CPU,
    CLI_CAPACITY_LINK,
    CLI_CAPACITY_MEMORY,
    CLI_CAPACITY_DISK,
    CLI_CAPACITY_RESOURCES
};

struct cli_capacity_network {
    uint64_t members;  /* 1..1024 */
    uint64_t epoch_ms; /* 100..3600000 */
    uint64_t rtt_ms;   /* largest between two members; 0: not known */
    uint64_t evidence_len, history_epochs;
    uint64_t cores, memory_mib, disk_gb, link_mbit; /* of the machine, each above 0 */
};

struct cli_capacity {
    uint64_t links;                      /* of a node */
    uint64_t bytes_epoch, bytes_day;     /* received; as many are sent */
    uint64_t link_kbit;                  /* mean; kbit/s each way */
    uint64_t peak_kbit;                  /* while quotes are pulled, 3T/8 */
    uint64_t cpu_us_epoch, cpu_permille; /* of one core */
    uint64_t memory_kib;
    uint64_t disk_bytes, disk_bytes_day; /* at its horizon; growth until then */
    uint64_t links_epoch_ms;             /* smallest T of the links; 0: unknown, or none has it */
    uint64_t cpu_epoch_ms;               /* smallest T of half of the processor; 0: none */
    bool links_never;                    /* the round trip is too long for every T */
    uint64_t permille[CLI_CAPACITY_RESOURCES]; /* used of the machine */
    enum cli_capacity_resource first;          /* the scarcest */
};

/* Fills in *out. */
void cli_capacity_compute(const struct cli_capacity_network *network, struct cli_capacity *out);

#endif
