/*
 * apps/sim/commands/swarm_state.h - progress of a swarm, in a file that survives kill -9.
 *
 * JSON, replaced atomically (base/file/file.h): the old state or the new one, never a torn one. It
 * contains the program that wrote it, by version and by the digest of its bytes, and the options:
 * results of two builds or of two kinds of scenario are never added up.
 */
#ifndef ASSAY_APPS_SIM_COMMANDS_SWARM_STATE_H
#define ASSAY_APPS_SIM_COMMANDS_SWARM_STATE_H

#include "apps/sim/report/files.h"
#include "base/status.h"
#include "sim/scenario/scenario.h"
#include "sim/swarm/drawn.h"
#include "sim/swarm/situation.h"

#include <stdint.h>

enum {
    ASSAY_SIM_SWARM_FAILURES_MAX = 1000, /* listed; all are counted */
    ASSAY_SIM_SWARM_ARGUMENTS_MAX = 8192,
};

struct assay_sim_swarm_failure {
    uint64_t seed, epoch;
    char what[128], message[160];
};

struct assay_sim_swarm_state {
    char program[ASSAY_SIM_SWARM_PROGRAM_MAX];
    /* The options that decide the scenarios besides the seeds: --nodes, --set, as in the
     * reproduction line; "" for none. */
    char arguments[ASSAY_SIM_SWARM_ARGUMENTS_MAX];
    uint64_t from;      /* first seed */
    uint64_t done;      /* seeds from .. from + done - 1 have run */
    uint8_t digest[32]; /* chain over (seed, trace hash) of all of them, in order */
    uint64_t beyond, events, messages, epochs, simulated_ms, wall_ms;
    uint64_t cpu_us;                          /* of all runs that ended */
    uint64_t drawn[ASSAY_SIM_DRAWN_COUNT];    /* seeds with each kind of fault */
    uint64_t effects[ASSAY_SIM_EFFECT_COUNT]; /* and with the effects of the draws */
    struct assay_sim_coverage coverage;       /* of situations and their pairs */
    uint64_t failed;
    uint32_t failure_count;
    struct assay_sim_swarm_failure failures[ASSAY_SIM_SWARM_FAILURES_MAX];
};

/* Version and the first 16 digits of the digest of the running program. */
void sim_swarm_program(char name[static ASSAY_SIM_SWARM_PROGRAM_MAX]);

struct assay_json;
/* Seeds by kind of fault, as an object. Returns: a document, owned by the caller. */
struct assay_json *sim_swarm_drawn_json(const struct assay_sim_swarm_state *state);
struct assay_json *sim_swarm_effects_json(const struct assay_sim_swarm_state *state);

/* coverage_file.c: situations as {NAME: [drawn, happened]}, and pairs as {NAME: HEX}, of each
 * situation with those before it, 4 bytes each. Returns: a document, owned by the caller. */
struct assay_json *sim_coverage_situations_json(const struct assay_sim_coverage *coverage);
struct assay_json *sim_coverage_pairs_json(const struct assay_sim_coverage *coverage);
/* Out: *coverage. Returns: whether both are of this table, with no number above done and no pair
 * more often than its situations. */
bool sim_coverage_get(const struct assay_json *situations, const struct assay_json *pairs,
                      uint64_t done, struct assay_sim_coverage *coverage);

/* Writes it durably. Returns: ASSAY_OK | ASSAY_E_IO | ASSAY_E_RANGE (path) | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status sim_swarm_state_save(const char *path,
                                                     const struct assay_sim_swarm_state *state);

/*
 * sim_swarm_state_load - continue where a file ends.
 *
 * In:       *state: the present program, arguments and from
 * Out:      *state, untouched unless ASSAY_OK; message otherwise
 * Returns:  ASSAY_OK | ASSAY_E_NOT_FOUND (no file: start) | ASSAY_E_VERSION (another program) |
 *           ASSAY_E_INVALID (other arguments) | ASSAY_E_SYNTAX (no state of a swarm, or one of
 *           another version of the format) | ASSAY_E_IO
 */
ASSAY_CHECKED enum assay_status sim_swarm_state_load(const char *path,
                                                     struct assay_sim_swarm_state *state,
                                                     char message[static ASSAY_SIM_MESSAGE_MAX]);

/* The same for reports alone: of any program, arguments and first seed. In: *state: any */
ASSAY_CHECKED enum assay_status sim_swarm_state_read(const char *path,
                                                     struct assay_sim_swarm_state *state,
                                                     char message[static ASSAY_SIM_MESSAGE_MAX]);

#endif
