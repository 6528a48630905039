/*
 * apps/demo/services.c - story of services: rollback protection of states, a secret that survives
 * its holders, a task that is paid by the step (docs/services.md).
 *
 * Real daemons, and next to them the programs that follow their ledger; users and enclaves are
 * processes of hand/. Evidence is SOFT and nothing is sealed by hardware: INSECURE.
 */
#include "apps/demo/services.h"

#include <string.h>

/* ------------------------------------------------------------ the beginning and the end */

static bool all_full(struct demo *demo)
{
    for (uint32_t i = 0; i < demo->options.peer_count; i++)
        if (!life_is_full(demo, i) || !demo->peers[i].now.reachable) return false;
    return true;
}

static bool begins_with(const char *words, const char *with)
{
    char rest[SERVICES_LINE];
    return services_seen(words, rest) && strncmp(rest, with, strlen(with)) == 0;
}

static bool is_ready(const char *cluster)
{
    char rest[SERVICES_LINE];
    unsigned count = 0;
    return services_seen(cluster, rest) && services_numbers(rest, "ready", &count, 1) == 1 &&
           count == SERVICES_GROUP;
}

static bool has_offers(void)
{
    char rest[SERVICES_LINE];
    unsigned count = 0;
    if (!services_seen("offers", rest)) return false;
    for (const char *at = strchr(rest, ':'); at != NULL; at = strchr(at + 1, ':'))
        count++;
    return count == 3 * SERVICES_EXECUTORS; /* colons of each */
}

static bool look_birth(struct demo *demo, struct life_turn *turn)
{
    switch (turn->phase) {
    case 0:
        if (!all_full(demo)) return false;
        if (!services_start(demo)) return life_known(turn, false, "a program did not start");
        demo_report(demo, life_epoch(demo), "all", "FULL",
                    "the network runs; programs are started");
        return life_next(demo, turn);
    case 1: /* then the spare is no candidate for a first slot */
        if (!is_ready("cluster 0") || !is_ready("cluster 1")) return false;
        if (!services_start_spare(demo)) return life_known(turn, false, "a holder did not start");
        return life_next(demo, turn);
    default:
        if (!begins_with("group 0", " serving ") || !begins_with("group 1", " serving ") ||
            !has_offers())
            return false;
        return life_known(turn, true,
                          "%u members FULL; two groups of %d serve, two clusters of %d are ready, "
                          "%d executors offer",
                          (unsigned)demo->options.peer_count, SERVICES_GROUP, SERVICES_GROUP,
                          SERVICES_EXECUTORS);
    }
}

enum { PATIENCE = SERVICES_PATIENCE_S };

static const struct life_step rows[] = {
    { .chapter = "a network with services is born",
      .check = "programs of every service follow their daemons",
      .look = look_birth,
      .patience_s = PATIENCE,
      .expected = "two groups serve, two clusters are ready, three executors offer" },
    { .chapter = "state: an enclave counts",
      .check = "states are certified over two lives of an enclave",
      .look = services_look_states,
      .patience_s = PATIENCE,
      .expected = "state 5 by the first process, state 10 by the next one" },
    { .chapter = "state: its host hands it yesterday's",
      .check = "a state that is rolled back is refused",
      .look = services_look_rollback,
      .patience_s = PATIENCE,
      .expected = "both states named with their digests; with the right one it goes on" },
    { .chapter = "state: its folder is copied, and the copy started",
      .check = "of two clones the older is fenced, one goes on",
      .look = services_look_clone,
      .patience_s = PATIENCE,
      .expected = "the older one ends as fenced at state 20, the newer one certifies 25" },
    { .chapter = "database: rows are committed, and the process is killed",
      .check = "no row that was reported is lost by a kill",
      .look = services_look_rows,
      .patience_s = PATIENCE,
      .expected = "the next process finds the reported rows, at most one that was in flight as "
                  "well, and goes on" },
    { .chapter = "database: its host restores yesterday's files",
      .check = "a database that its host rolls back does not open",
      .look = services_look_restored,
      .patience_s = PATIENCE,
      .expected = "ROLLBACK with the certified root and the one found; with the right files it "
                  "goes on" },
    { .chapter = "database: a copy of its folder is opened on another node",
      .check = "of two copies of a database the older is fenced, one goes on",
      .look = services_look_copied,
      .patience_s = PATIENCE,
      .expected = "the older one ends as fenced and commits no further row, the copy commits" },
    { .chapter = "state: a replica is killed under load",
      .check = "states are certified while a replica dies and view 1 takes over",
      .look = services_look_load,
      .waits_long = true,
      .patience_s = PATIENCE,
      .expected =
          "certified by four of five, then by the next view; the rate is reported, not evaluated" },
    { .chapter = "state: what was certified is looked for",
      .check = "nothing that was certified is lost",
      .look = services_look_kept,
      .waits_long = true,
      .patience_s = PATIENCE,
      .expected = "the next process finds the last certified state, by number and digest" },
    { .chapter = "state: three of five replicas of another group die",
      .check = "a group that lost its memory says so, and for ever",
      .look = services_look_gone,
      .waits_long = true,
      .patience_s = PATIENCE,
      .expected = "GONE on the ledger, its enclave halted with its state kept, the rest goes on" },
    { .chapter = "shares: a secret is dealt, 3 of 5",
      .check = "a secret is kept in shares by two clusters",
      .look = services_look_dealt,
      .patience_s = PATIENCE,
      .expected = "generation 1, five of five slots of each cluster" },
    { .chapter = "shares: the enclave of a holder's member is swapped",
      .check = "the member of a holder is SUSPENDED by its score",
      .look = services_look_tampered,
      .patience_s = PATIENCE,
      .expected = "the others judge the tampered build" },
    { .chapter = "shares: its slot is given away",
      .check = "its slot moves to the spare",
      .look = services_look_moved,
      .patience_s = PATIENCE,
      .expected = "the same slot, nobody asked for it" },
    { .chapter = "shares: the secret is dealt again",
      .check = "the secret is dealt again without a hand",
      .look = services_look_renewed,
      .patience_s = PATIENCE,
      .expected = "generation 2 or later, five of five slots of each cluster" },
    { .chapter = "shares: the secret is read",
      .check = "the secret is read back equal",
      .look = services_look_read,
      .patience_s = PATIENCE,
      .expected = "the 32 bytes that were dealt" },
    { .chapter = "tasks: an executor is chosen",
      .check = "an executor is chosen by score and price, the fallen one passed over",
      .look = services_look_chosen,
      .patience_s = PATIENCE,
      .expected = "the highest score, then the lowest price; the cheapest has a low score" },
    { .chapter = "tasks: three steps run on a private text",
      .check = "it is paid by verified steps",
      .look = services_look_paid,
      .patience_s = PATIENCE,
      .expected = "three steps at its price and rent meanwhile, from one balance to the other; the "
                  "result is right" },
    { .chapter = "tasks: who has the text?",
      .check = "the input stays private",
      .look = services_look_private,
      .patience_s = PATIENCE,
      .expected = "in no file of daemons, programs and logs" },
    { .chapter = "tasks: a receipt is changed",
      .check = "a changed receipt is refused with its reason",
      .look = services_look_forged,
      .patience_s = PATIENCE,
      .expected = "handed in by the executor's own daemon; nothing more is paid" },
};

/* Nothing ends by itself here: a terminated process has logged the reason, and the story cannot
 * continue without it. */
static bool all_live(struct demo *demo)
{
    for (uint32_t i = 0; i < demo->options.peer_count; i++)
        if (demo->peers[i].pid == 0) return false;
    return services_lost() == 0;
}

static bool step_services(struct demo *demo, bool *failed)
{
    services_look(demo);
    *failed = !all_live(demo);
    if (*failed) return false;
    return life_rows(demo, rows, sizeof rows / sizeof rows[0], failed);
}

static void after_services(struct demo *demo)
{
    life_settle_watched(demo, UINT32_MAX);
    demo_audit_proofs(demo, demo_witness(demo), "every epoch was finalised");
}

const struct demo_story demo_story_services = { .name = "services",
                                                .peers = SERVICES_PEERS,
                                                .title = "enclaves, and services over their ledger",
                                                .plan = services_plan,
                                                .step = step_services,
                                                .end = services_end,
                                                .after = after_services };
