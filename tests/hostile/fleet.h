/*
 * tests/hostile/fleet.h - real daemons on loopback, and eyes on them from outside.
 */
#ifndef ASSAY_TESTS_HOSTILE_FLEET_H
#define ASSAY_TESTS_HOSTILE_FLEET_H

#include "engine/ledger/state/genesis.h"

#include <stdatomic.h>
#include <sys/types.h>

enum {
    FLEET_MAX = 16,
    FLEET_SAMPLES = 65536,
};

/* What is seen of one honest daemon. */
struct fleet_node {
    pid_t pid, transport; /* the daemon, and its process that has the sockets; figures of both */
    uint16_t port, slot;
    char dir[96], socket[112];
    uint64_t samples;               /* of finality, as it counts them */
    uint64_t private_kib, peak_kib; /* private memory now, and at most since the window began */
    uint32_t files, files_peak;
    uint64_t cpu_ticks;
    uint64_t score_bp[FLEET_MAX]; /* of each member, as it sees them, by number */
    char standing[FLEET_MAX][16];
    uint32_t shuts; /* how many of the hostile it has shut out or banned */
};

struct fleet {
    char dir[64], bin[256];
    uint32_t epoch_ms;      /* set before it is opened */
    const char *overlay;    /* so is this: ABOVE,DEGREE of tests/byzantine/byzantine.h, or NULL */
    uint32_t count, honest; /* the first are honest */
    struct fleet_node nodes[FLEET_MAX];
    struct assay_genesis genesis;
    uint8_t *genesis_bytes;
    atomic_uint_fast64_t epoch;
    uint64_t since_epoch, held; /* reports of a HELD epoch that began since then */
};

/* Samples of one window. */
struct fleet_window {
    uint32_t count;
    uint32_t us[FLEET_SAMPLES];
    uint64_t cpu_ticks, ms;
};

/* Makes the network and starts every daemon. Exits with a word when it cannot. */
void fleet_open(struct fleet *fleet, const char *source, const char *bin, uint32_t count,
                uint32_t honest);
/* Ends the daemons; exits with a word when an honest one had ended before. */
void fleet_close(struct fleet *fleet);
/* Looks for so long, adding what is seen to *window. */
void fleet_watch(struct fleet *fleet, uint64_t ms, struct fleet_window *window);
/* Standings, scores, banned members. */
void fleet_judge(struct fleet *fleet);
/* Resets the peaks. */
void fleet_begin(struct fleet *fleet);
/* Epochs that begin from now on count. */
void fleet_begin_epochs(struct fleet *fleet);
/* One sample of memory and descriptors. */
void fleet_look(struct fleet *fleet);
/* Permille of what a window saw, in microseconds. */
uint32_t fleet_us(struct fleet_window *window, uint32_t permille);
/* Reports the fault and ends daemons and program. */
_Noreturn void fleet_fail(const char *what, const char *about);
uint64_t fleet_ms(void);

#endif
