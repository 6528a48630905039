/*
 * apps/sim/commands/tally.h - the tally of one epoch: members, ballots and faults in, each number
 * of docs/protocol.md 6 and 7 out.
 *
 * tally_read.c reads the JSON, tally_run.c calls scoring/weight.c and scoring/tally.c, and tally.c
 * is the command. Nothing is computed here that those two do not compute.
 */
#ifndef ASSAY_APPS_SIM_COMMANDS_TALLY_H
#define ASSAY_APPS_SIM_COMMANDS_TALLY_H

#include "net/json/json.h"
#include "scoring/tally.h"
#include "scoring/weight.h"

enum { ASSAY_SIM_TALLY_MESSAGE_MAX = 512 };

struct assay_sim_tally {
    struct assay_json *document; /* owner of the texts below */
    uint32_t count;
    const char **ids;           /* [count] in the order of the file */
    struct assay_place *places; /* [count] ranks of the texts, in byte order */
    struct assay_weight_rules caps;
    struct assay_trust_state *trust;    /* [count] as stated */
    bool *unlisted;                     /* [count] */
    struct assay_tally_member *members; /* [count] */
    uint8_t *ballots;                   /* [count] rows */
    const uint8_t **rows;               /* [count] NULL: no ballot */
    struct assay_json *notes;           /* array of texts: fields that were adjusted */

    /* Set by sim_tally_run. */
    struct assay_weight_stages stages;
    uint32_t *weights; /* [count] */
    struct assay_tolerance tolerance;
    struct assay_tally_result *results; /* [count] */
    struct assay_tally_summary summary;
    struct assay_trust_state *after; /* [count] */
};

/*
 * sim_tally_read - the file, checked: every key known, every id of a member, no id twice.
 *
 * In:       text[text_len], hostile
 * Out:      *tally, to be freed whatever the status; message (unless ASSAY_OK): the position, the
 *           expected and the found value
 * Returns:  ASSAY_OK | ASSAY_E_SYNTAX (no JSON) | ASSAY_E_RANGE (too large, too deep) |
 *           ASSAY_E_INVALID (the message has the reason) | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status sim_tally_read(const char *text, size_t text_len,
                                               struct assay_sim_tally *tally,
                                               char message[static ASSAY_SIM_TALLY_MESSAGE_MAX]);

/* The weights of the epoch, then its close. Returns: ASSAY_OK | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status sim_tally_run(struct assay_sim_tally *tally);

/* Frees what read and run allocated, and zeroes it. */
void sim_tally_free(struct assay_sim_tally *tally);

/* Returns: "data" of the answer, freed by the caller. */
struct assay_json *sim_tally_json(const struct assay_sim_tally *tally);

#endif
