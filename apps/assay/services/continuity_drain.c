/*
 * apps/assay/services/continuity_drain.c - `assay continuity drain`: the seat of a replica moves to
 * another member, with its memory (docs/services.md 1.9.2).
 */
#include "apps/assay/core/command.h"
#include "apps/assay/core/options.h"
#include "apps/assay/core/view.h"
#include "apps/assay/services/services.h"
#include "base/system_clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { POLL_MS = 500 };

static const char command[] = "assay continuity drain";

/* Where the seat of the daemon's member is. */
struct seat {
    bool is_known, is_held, is_group_gone;
    bool has_no_candidate;
    unsigned long long view;
};

/* A lost seat is of an earlier process: nothing of it moves. */
static bool holds(const struct assay_json *seats, uint64_t slot)
{
    for (size_t i = 0; i < assay_json_count(seats); i++) {
        const struct assay_json *const seat = assay_json_at(seats, i);
        if (assay_json_uint(seat, "slot", UINT64_MAX) == slot &&
            !assay_json_bool(seat, "lost", false))
            return true;
    }
    return false;
}

static bool has_alarm(const struct assay_json *group, const char *word)
{
    const struct assay_json *const alarms = assay_json_get(group, "alarms");
    for (size_t i = 0; i < assay_json_count(alarms); i++) {
        const char *const text = assay_json_as_text(assay_json_at(alarms, i));
        if (text != NULL && strcmp(text, word) == 0) return true;
    }
    return false;
}

/* Returns: an enum assay_exit, after its error was printed */
static int find_seat(const struct assay_daemon_request *q, uint64_t number, uint64_t slot,
                     struct seat *seat)
{
    struct assay_json *document = NULL;
    const int result = cli_daemon_get_document(q, &document, "services");
    if (result != ASSAY_EXIT_OK) return result;
    const struct assay_json *const groups =
        assay_json_get(assay_json_get(document, "data"), "groups");
    *seat = (struct seat){ .is_known = false };
    for (size_t i = 0; i < assay_json_count(groups); i++) {
        const struct assay_json *const group = assay_json_at(groups, i);
        if (assay_json_uint(group, "number", UINT64_MAX) != number) continue;
        seat->is_known = true;
        seat->view = cli_number_of(group, "view");
        seat->is_group_gone = strcmp(assay_json_text(group, "phase", ""), "gone") == 0;
        seat->is_held = holds(assay_json_get(group, "seats"), slot) ||
                        holds(assay_json_get(group, "next_seats"), slot);
        seat->has_no_candidate = has_alarm(group, "no-candidate") || has_alarm(group, "operators");
    }
    assay_json_free(&document);
    return ASSAY_EXIT_OK;
}

static void print_progress(const struct seat *seat, bool *said)
{
    if (!seat->has_no_candidate || *said) return;
    *said = true;
    (void)fprintf(stderr,
                  "%s: no member may take the seat over yet: start a replica beside another member "
                  "of another operator; until then this one serves on\n",
                  command);
}

/* Returns: an enum assay_exit */
static int wait_until_moved(const struct assay_daemon_request *q, uint64_t number, uint64_t slot,
                            uint32_t wait_s, struct seat *seat)
{
    const uint64_t until_ms = assay_monotonic_ms() + (uint64_t)wait_s * 1000;
    bool said = false;
    for (;;) {
        const int result = find_seat(q, number, slot, seat);
        if (result != ASSAY_EXIT_OK) return result;
        if (seat->is_group_gone) {
            (void)fprintf(stderr,
                          "%s: the group is gone, too few of its memories are left, so no seat of "
                          "it moves: stop the replica\n",
                          command);
            return ASSAY_EXIT_CONFLICT;
        }
        if (seat->is_known && !seat->is_held) return ASSAY_EXIT_OK;
        if (wait_s == 0) return ASSAY_EXIT_OK;
        print_progress(seat, &said);
        if (assay_monotonic_ms() >= until_ms) break;
        const struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };
        (void)nanosleep(&pause, NULL);
    }
    (void)fprintf(stderr,
                  "%s: the seat has not moved within %u s (--wait); the replica serves on and "
                  "drains: assay continuity status shows its seat\n",
                  command, (unsigned)wait_s);
    return ASSAY_EXIT_TIMEOUT;
}

static const char drain_view[] =
    "group          {name}\n"
    "replicas       {replicas} at this daemon drain\n"
    "[?known seat           [?held still here, in view {view}|none here any more: view {view} "
    "serves]\n]";

int cli_services_drain(const struct assay_daemon_request *q, const char *which, uint32_t wait_s)
{
    const char *const group = which != NULL ? which : "0";
    struct assay_json *document = NULL;
    struct seat seat = { .is_known = false };
    if (strpbrk(group, " \n") != NULL) return cli_misuse("--group is a name or a number");
    int result = cli_daemon_get_document(q, &document, "drain %s", group);
    if (result != ASSAY_EXIT_OK) return result;
    struct assay_json *data = assay_json_object();
    const struct assay_json *const answer = assay_json_get(document, "data");
    const uint64_t number = assay_json_uint(answer, "group", 0);
    assay_json_set_uint(data, "group", number);
    assay_json_set_text(data, "name", assay_json_text(answer, "name", ""));
    assay_json_set_uint(data, "replicas", assay_json_uint(answer, "replicas", 0));
    result =
        wait_until_moved(q, number, assay_json_uint(answer, "slot", UINT64_MAX), wait_s, &seat);
    assay_json_free(&document);
    assay_json_set_bool(data, "known", seat.is_known);
    assay_json_set_bool(data, "held", seat.is_held);
    assay_json_set_uint(data, "view", seat.view);
    if (result != ASSAY_EXIT_OK) {
        assay_json_free(&data);
        return result;
    }
    return cli_view_result(q->json, "assay.drain", data, drain_view);
}
