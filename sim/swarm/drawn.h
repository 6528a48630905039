/*
 * sim/swarm/drawn.h - which faults a scenario has: what a swarm says it has tried.
 */
#ifndef ASSAY_SIM_SWARM_DRAWN_H
#define ASSAY_SIM_SWARM_DRAWN_H

#include "sim/scenario.h"

/* X(symbol, name in documents, one line) */
#define ASSAY_SIM_DRAWN_LIST(X)                                                                    \
    X(TRAITORS, "traitors", "somebody lies")                                                       \
    X(LOSS, "loss", "links lose messages")                                                         \
    X(PARTITIONS, "partitions", "the network is cut, both ways or one")                            \
    X(CRASHES, "crashes", "processes die")                                                         \
    X(PAUSES, "pauses", "machines stand still and go on")                                          \
    X(LOST_STORES, "lost_stores", "a store is lost")                                               \
    X(OLD_DISKS, "old_disks", "a disk goes back, or breaks its promise")                           \
    X(DATES_AHEAD, "dates_ahead", "dates step forward")                                            \
    X(DATES_BEHIND, "dates_behind", "dates step back")                                             \
    X(DATES_OF_ALL, "dates_of_all", "dates of everybody at once")                                  \
    X(CHANGES, "changes", "operators change members, rules or themselves")                         \
    X(JOINS, "joins", "somebody joins")                                                            \
    X(BURNED, "burned", "no proposal comes through: views are nullified by the range")             \
    X(ERAS, "eras", "operators end an era")                                                        \
    X(SEATS, "seats", "fewer vote than there are members")                                         \
    X(SERVICES, "services", "the network has services, and programs that use them")

#define ASSAY_SIM_DRAWN_ENUM(symbol, name, line) ASSAY_SIM_DRAWN_##symbol,
enum assay_sim_drawn { ASSAY_SIM_DRAWN_LIST(ASSAY_SIM_DRAWN_ENUM) ASSAY_SIM_DRAWN_COUNT };
#undef ASSAY_SIM_DRAWN_ENUM

/* One more for each kind of fault that the scenario has. Returns: nothing. */
void assay_sim_swarm_count_drawn(const struct assay_scenario *scenario,
                                 uint64_t counts[static ASSAY_SIM_DRAWN_COUNT]);
/* Returns: static text. */
const char *assay_sim_drawn_name(enum assay_sim_drawn drawn);

#endif
