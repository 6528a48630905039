/*
 * tests/unit/enforce/test_agent_crash.c - an agent is killed between intent, act and outcome.
 *
 * Whatever the point: the restart is carried out before it counts as done, once it counts as done
 * it is never carried out again, and the host is told that new keys are wanted.
 */
#include "tests/unit/store/test_folder.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What one life said. */
struct life {
    bool killed;
    unsigned knew, restores, outcomes, rebuilt;
    bool ended;
};

static struct life live(const char *store, unsigned disk_at, unsigned act_at)
{
    struct life life = { 0 };
    char words[2][16], what[24];
    snprintf(words[0], sizeof words[0], "%u", disk_at);
    snprintf(words[1], sizeof words[1], "%u", act_at);
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    const pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execl(AGENT_VICTIM, AGENT_VICTIM, store, words[0], words[1], (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    FILE *said = fdopen(ends[0], "r");
    unsigned number = 0;
    char line[64];
    while (fgets(line, sizeof line, said) != NULL) {
        if (sscanf(line, "%23s %u", what, &number) != 2) continue; /* "before restore 0" */
        if (strcmp(what, "restarted") == 0) life.knew = number;
        if (strcmp(what, "restore") == 0) life.restores++;
        if (strcmp(what, "outcome") == 0 && number == 3) life.outcomes++;
        if (strcmp(what, "rebuilt") == 0) life.rebuilt = number;
        if (strcmp(what, "end") == 0) life.ended = true;
    }
    fclose(said);
    int status = 0;
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    life.killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    cr_assert(life.killed || (life.ended && status == 0), "status %x", status);
    return life;
}

/* Returns: whether the point was reached. */
static bool check_point(unsigned disk_at, unsigned act_at)
{
    struct test_folder place;
    test_folder_make(&place);
    const struct life first = live(place.store, disk_at, act_at);
    const struct life second = live(place.store, 0, 0);
    const struct life third = live(place.store, 0, 0);
    if (first.outcomes > 0) cr_assert_eq(second.knew, 1, "an outcome that was told is remembered");
    if (second.knew == 1) {
        cr_assert_geq(first.restores, 1, "done, and never carried out");
        cr_assert_eq(second.restores, 0, "disk %u act %u: carried out again", disk_at, act_at);
        cr_assert_eq(second.outcomes, 0);
    } else {
        cr_assert_eq(second.restores, 1, "disk %u act %u: not completed", disk_at, act_at);
        cr_assert_eq(second.outcomes, 1);
    }
    cr_assert_eq(second.rebuilt, 1, "disk %u act %u: nobody asks for keys", disk_at, act_at);
    cr_assert_eq(third.knew, 1);
    cr_assert_eq(third.restores, 0);
    cr_assert_eq(third.rebuilt, 1);
    test_folder_remove(&place);
    return first.killed;
}

Test(agent_crash, completes_a_restart_once_when_killed_at_every_change_of_the_disk, .timeout = 600)
{
    unsigned at = 1;
    while (check_point(at, 0))
        at++;
    cr_assert_gt(at, 8, "four commits write and sync: %u", at);
}

Test(agent_crash, completes_a_restart_once_when_killed_around_every_act, .timeout = 600)
{
    unsigned at = 1;
    while (check_point(0, at))
        at++;
    /* before and after: start, work, stop, restore, start, work */
    cr_assert_eq(at, 13, "%u", at);
}
