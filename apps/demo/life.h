/*
 * apps/demo/life.h - one-year story of a network: rows of a table, one action each, checked in
 * sequence.
 *
 * life.c goes from row to row, turns the calendar, watches scores and bad news; life_deeds.c has
 * the rows. A row more is a line of life_steps and a function.
 */
#ifndef ASSAY_APPS_DEMO_LIFE_H
#define ASSAY_APPS_DEMO_LIFE_H

#include "apps/demo/demo.h"

/* How a row goes; the members are scratch of its own, zero when it begins. */
struct life_turn {
    unsigned phase;
    uint64_t epoch;  /* in which its phase began */
    uint64_t at_ms;  /* when that was */
    uint64_t number; /* of its change */
    uint32_t before, lowest; /* scores */
    char digest[65];
    bool passed;
    char figure[DEMO_TEXT]; /* what was measured */
};

struct life_step {
    unsigned days;       /* the calendar goes on by so many before it */
    const char *chapter; /* for display */
    const char *check;   /* what had to happen */
    /* One look and, where it is time, one deed. Returns: true when turn->passed is known. */
    bool (*look)(struct demo *demo, struct life_turn *turn);
    bool waits_long;      /* left out of the short form */
    unsigned patience_s;  /* a row that takes that and 40 epochs has failed; 0: as life.c has it */
    const char *expected; /* longer text of the check; NULL: the name is enough */
};

extern const struct life_step life_steps[];
extern const size_t life_step_count;

enum { LIFE_FOUNDERS = 7, LIFE_NEWCOMER = 7, LIFE_REPLACEMENT = 8, LIFE_SPARES = 2 };

/* --- life.c, for stories of rows */
/* One look at the network and the row that it is at. Returns: false when there is none any more, or
 * one has failed: then *failed. */
bool life_rows(struct demo *demo, const struct life_step *steps, size_t count, bool *failed);
/* What was watched all the while; evidence may have been late so often. */
void life_settle_watched(struct demo *demo, uint32_t late_max);

/* --- life.c, for the rows */
/* Falls of this peer's score have a cause from now on; life_settled: for two more epochs. */
void life_excuse(uint32_t peer);
void life_settled(struct demo *demo, uint32_t peer);
/* It is meant to be away: nothing waits for it. */
void life_away(uint32_t peer, bool away);
/* Returns: whether all expected members answer, are in sync, and vote. */
bool life_all_well(struct demo *demo);
/* Returns: the running epoch, as the witness sees it. */
uint64_t life_epoch(struct demo *demo);
/* Returns: the witness's report of a peer; NULL: unknown to it. */
const struct demo_member *life_seen(struct demo *demo, uint32_t peer);
/* The next phase of a row begins. Returns: false, for a row to return. */
bool life_next(struct demo *demo, struct life_turn *turn);
/* Returns: true, after writing down what was measured. */
__attribute__((format(printf, 3, 4))) bool life_known(struct life_turn *turn, bool passed,
                                                      const char *format, ...);

/* --- life_hands.c, for the rows */
typedef unsigned long long llu;
/* Returns: where the witness answers. */
const char *life_socket(struct demo *demo);
/* `assay change draft` with these actions, NULL at the end. Out: file, where it is; turn->number.
 * Returns: true when it was written */
bool life_draft(struct demo *demo, struct life_turn *turn, char file[PATH_MAX],
                const char *activation, const char *const actions[]);
/* One operator's signature; what is signed, handed to the witness. Each Returns: true when done. */
bool life_sign(struct demo *demo, const char *file, uint32_t operator_);
bool life_submit(struct demo *demo, const char *file);
/* All three, by as many operators as must. Returns: true when the witness took it. */
bool life_change(struct demo *demo, struct life_turn *turn, const char *const actions[]);
/* The same by the one operator that it takes: of a member of its own. */
bool life_change_alone(struct demo *demo, struct life_turn *turn, uint32_t operator_,
                       const char *const actions[]);
/* Returns: true: the row has failed, since a command did. */
bool life_refused(struct life_turn *turn);
/* Witness's report of a peer: its stage, FULL, no offence. */
bool life_is_at(struct demo *demo, uint32_t peer, const char *stage);
bool life_is_full(struct demo *demo, uint32_t peer);
bool life_is_whole(struct demo *demo, uint32_t peer);
/* Returns: whether all are well, epochs close certified, and two passed in this phase. */
bool life_goes_on(struct demo *demo, const struct life_turn *turn);
bool life_start(struct demo *demo, uint32_t peer);
/* It is meant to be away from now on, and excused. */
void life_stop(struct demo *demo, uint32_t peer, bool by_force);

/* --- life_disasters.c: rows */
bool life_look_rolling(struct demo *demo, struct life_turn *turn);
bool life_look_power_cut(struct demo *demo, struct life_turn *turn);
bool life_look_third(struct demo *demo, struct life_turn *turn);
/* --- life_lost.c: rows */
bool life_look_collateral(struct demo *demo, struct life_turn *turn);
bool life_look_recover(struct demo *demo, struct life_turn *turn);
/* Kills members until a third of the weight is gone. Returns: how many percent of it. */
uint32_t life_kill_a_third(struct demo *demo);

#endif
