/*
 * apps/demo/life.h - a year of a network: rows of a table, one deed each, checked one after the
 * other.
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
    uint32_t before; /* a score */
    char digest[65];
    bool passed;
    char figure[DEMO_TEXT]; /* what was measured */
};

struct life_step {
    unsigned days;       /* the calendar goes on by so many before it */
    const char *chapter; /* for who watches */
    const char *check;   /* what had to happen */
    /* One look and, where it is time, one deed. Returns: true when turn->passed is known. */
    bool (*look)(struct demo *demo, struct life_turn *turn);
    bool waits_long; /* left out of the short form */
};

extern const struct life_step life_steps[];
extern const size_t life_step_count;

enum { LIFE_FOUNDERS = 7, LIFE_NEWCOMER = 7, LIFE_REPLACEMENT = 8, LIFE_SPARES = 2 };

/* --- life.c, for the rows */
/* Falls of this peer's score have a cause from now on; life_settled: for two more epochs. */
void life_excuse(uint32_t peer);
void life_settled(struct demo *demo, uint32_t peer);
/* It is meant to be away: nothing waits for it. */
void life_away(uint32_t peer, bool away);
/* Returns: whether all who are not meant to be away answer, are not behind, and vote. */
bool life_all_well(struct demo *demo);
/* Returns: the running epoch, as the witness sees it. */
uint64_t life_epoch(struct demo *demo);
/* Returns: what the witness says of a peer, NULL: it does not know it. */
const struct demo_member *life_seen(struct demo *demo, uint32_t peer);
/* The next phase of a row begins. Returns: false, for a row to return. */
bool life_next(struct demo *demo, struct life_turn *turn);
/* Returns: true, after writing down what was measured. */
__attribute__((format(printf, 3, 4))) bool life_known(struct life_turn *turn, bool passed,
                                                      const char *format, ...);

#endif
