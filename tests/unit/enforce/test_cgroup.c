/*
 * tests/unit/enforce/test_cgroup.c - a group on a folder that stands in for the kernel's, and on a
 * real one where this machine lets us make it.
 */
#include "enforce/agent.h"
#include "enforce/cgroup.h"
#include "engine/store/store_memory.h"
#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct folder folder;
static struct assay_target *target;
static enum assay_target_state state;
static char message[ASSAY_DRIVER_MESSAGE_LEN];

static void put(const char *name, const char *text)
{
    folder_put(&folder, name, text, strlen(text), 0600);
}

static void set_up(void)
{
    folder = folder_make();
    put("cgroup.freeze", "0\n");
    put("cgroup.kill", "");
    put("cgroup.procs", "10\n11\n");
    put("cgroup.events", "populated 1\nfrozen 0\n");
}

static void tear_down(void)
{
    if (target != NULL) target->ops->close(target);
    if (access(folder.path, F_OK) == 0) folder_remove(&folder);
}

TestSuite(cgroup, .init = set_up, .fini = tear_down);

static void open_it(void)
{
    cr_assert_eq(assay_cgroup_open(folder.path, &target), ASSAY_OK);
}

/* As the kernel removes it: with all its files. */
static void remove_group(void)
{
    static const char *const names[] = { "cgroup.freeze", "cgroup.kill", "cgroup.procs",
                                         "cgroup.events" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        cr_assert_eq(unlink(folder_at(&folder, names[i])), 0);
    cr_assert_eq(rmdir(folder.path), 0);
}

/* By its manager: another group of the same name. */
static void make_group(const char *processes)
{
    cr_assert_eq(mkdir(folder.path, 0700), 0);
    put("cgroup.freeze", "0\n");
    put("cgroup.kill", "");
    put("cgroup.procs", processes);
    put("cgroup.events", "populated 1\nfrozen 0\n");
}

static enum assay_status begin(enum assay_target_verb verb)
{
    const struct assay_target_act act = { .verb = verb };
    return target->ops->begin(target, &act, 0, message);
}

static enum assay_status step(void)
{
    return target->ops->step(target, 0, &state, message);
}

static const char *get(const char *name)
{
    static char text[64];
    FILE *file = fopen(folder_at(&folder, name), "r");
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

Test(cgroup, is_frozen_when_the_kernel_says_so_and_not_before)
{
    open_it();
    cr_assert_eq(begin(ASSAY_TARGET_SUSPEND), ASSAY_OK, "%s", message);
    cr_assert_str_eq(get("cgroup.freeze"), "1");
    cr_assert_eq(step(), ASSAY_E_AGAIN, "asked for, not so");
    put("cgroup.events", "populated 1\nfrozen 1\n");
    cr_assert_eq(step(), ASSAY_OK);
    cr_assert_eq(begin(ASSAY_TARGET_INSPECT), ASSAY_OK);
    cr_assert_eq(step(), ASSAY_OK);
    cr_assert_eq(state, ASSAY_TARGET_FROZEN);
    cr_assert_eq(begin(ASSAY_TARGET_RUN), ASSAY_OK);
    cr_assert_eq(step(), ASSAY_E_AGAIN);
    put("cgroup.events", "populated 1\nfrozen 0\n");
    cr_assert_eq(step(), ASSAY_OK);
}

Test(cgroup, is_stopped_when_none_of_those_it_had_is_left_and_stays_frozen)
{
    open_it();
    cr_assert_eq(begin(ASSAY_TARGET_STOP), ASSAY_OK, "%s", message);
    cr_assert_str_eq(get("cgroup.kill"), "1");
    cr_assert_str_eq(get("cgroup.freeze"), "1", "whoever comes next does not work");
    cr_assert_eq(step(), ASSAY_E_AGAIN);
    put("cgroup.procs", "11\n");
    cr_assert_eq(step(), ASSAY_E_AGAIN, "one is left");
    put("cgroup.procs", "110\n1\n");
    cr_assert_eq(step(), ASSAY_OK, "started again by its manager, and frozen");
}

Test(cgroup, is_not_stopped_while_a_group_below_has_one_of_those_it_had)
{
    cr_assert_eq(mkdir(folder_at(&folder, "below"), 0700), 0);
    cr_assert_eq(mkdir(folder_at(&folder, "below/deep"), 0700), 0);
    put("below/cgroup.procs", "20\n");
    put("below/deep/cgroup.procs", "30\n");
    open_it();
    cr_assert_eq(begin(ASSAY_TARGET_STOP), ASSAY_OK, "%s", message);
    put("cgroup.procs", "");
    cr_assert_eq(step(), ASSAY_E_AGAIN, "two are left below");
    put("below/cgroup.procs", "");
    cr_assert_eq(step(), ASSAY_E_AGAIN, "one is left, two groups below");
    put("below/deep/cgroup.procs", "");
    put("below/cgroup.procs", "30\n");
    cr_assert_eq(step(), ASSAY_E_AGAIN, "it was moved, and is left");
    put("below/cgroup.procs", "");
    put("below/deep/cgroup.procs", "40\n");
    cr_assert_eq(step(), ASSAY_OK, "started again, and frozen");
}

Test(cgroup, is_not_stopped_by_what_is_started_below_while_its_own_are_left)
{
    cr_assert_eq(mkdir(folder_at(&folder, "below"), 0700), 0);
    put("cgroup.procs", "");
    put("below/cgroup.procs", "20\n");
    open_it();
    cr_assert_eq(begin(ASSAY_TARGET_STOP), ASSAY_OK, "%s", message);
    cr_assert_eq(step(), ASSAY_E_AGAIN);
    put("cgroup.procs", "50\n");
    cr_assert_eq(step(), ASSAY_E_AGAIN, "one that starts again does not end the other");
    put("below/cgroup.procs", "");
    cr_assert_eq(step(), ASSAY_OK);
}

static void put_processes(const char *name, unsigned first, unsigned end)
{
    FILE *const file = fopen(folder_at(&folder, name), "w");
    cr_assert_not_null(file);
    for (unsigned id = first; id < end; id++)
        cr_assert_gt(fprintf(file, "%u\n", id), 0);
    cr_assert_eq(fclose(file), 0);
}

Test(cgroup, of_many_processes_is_stopped_when_the_last_one_is_gone)
{
    put_processes("cgroup.procs", 100000, 130000);
    open_it();
    cr_assert_eq(begin(ASSAY_TARGET_STOP), ASSAY_OK, "%s", message);
    put_processes("cgroup.procs", 129999, 130000);
    cr_assert_eq(step(), ASSAY_E_AGAIN, "one of 30,000 is left");
    put_processes("cgroup.procs", 130000, 130001);
    cr_assert_eq(step(), ASSAY_OK);
}

Test(cgroup, of_more_than_are_listed_is_stopped_when_it_is_empty)
{
    for (int turn = 0; turn < 2; turn++) {
        if (turn == 0) put_processes("cgroup.procs", 100000, 170000);
        else put("cgroup.procs", "10\n");
        for (int i = 0; turn == 1 && i < 1100; i++) {
            char name[32], file[64];
            snprintf(name, sizeof name, "below-%d", i);
            snprintf(file, sizeof file, "below-%d/cgroup.procs", i);
            cr_assert_eq(mkdir(folder_at(&folder, name), 0700), 0);
            put(file, "");
        }
        put("cgroup.events", "populated 1\nfrozen 1\n");
        open_it();
        cr_assert_eq(begin(ASSAY_TARGET_STOP), ASSAY_OK, "%s", message);
        put("cgroup.procs", "9\n");
        cr_assert_eq(step(), ASSAY_E_AGAIN, "one that is not listed may be left");
        put("cgroup.events", "populated 0\nfrozen 1\n");
        cr_assert_eq(step(), ASSAY_OK);
        target->ops->close(target);
        target = NULL;
    }
}

Test(cgroup, whose_processes_cannot_be_read_is_not_stopped)
{
    static const char *const bad[] = { "x\n", "10 \n", "-1\n", "99999999999\n" };
    open_it();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        put("cgroup.procs", bad[i]);
        cr_assert_eq(begin(ASSAY_TARGET_STOP), ASSAY_E_SYNTAX, "%s", bad[i]);
        cr_assert_not_null(strstr(message, "cgroup.procs: "), "%s", message);
    }
    cr_assert_eq(unlink(folder_at(&folder, "cgroup.procs")), 0);
    cr_assert_eq(begin(ASSAY_TARGET_STOP), ASSAY_E_IO);
    cr_assert_not_null(strstr(message, "cgroup.procs: No such file"), "%s", message);
}

Test(cgroup, a_group_below_that_is_removed_meanwhile_is_no_trouble)
{
    cr_assert_eq(mkdir(folder_at(&folder, "below"), 0700), 0); /* without files */
    open_it();
    cr_assert_eq(begin(ASSAY_TARGET_STOP), ASSAY_OK, "%s", message);
    put("cgroup.procs", "");
    cr_assert_eq(step(), ASSAY_OK, "%s", message);
}

Test(cgroup, an_empty_one_is_stopped)
{
    open_it();
    cr_assert_eq(begin(ASSAY_TARGET_STOP), ASSAY_OK);
    put("cgroup.events", "populated 0\nfrozen 1\n");
    cr_assert_eq(step(), ASSAY_OK);
}

/* A manager removes an empty group: before a stop, during one, and after it. */
Test(cgroup, one_that_its_manager_removed_is_stopped)
{
    open_it();
    cr_assert_eq(begin(ASSAY_TARGET_INSPECT), ASSAY_OK);
    cr_assert_eq(step(), ASSAY_OK);
    cr_assert_eq(begin(ASSAY_TARGET_STOP), ASSAY_OK, "%s", message);
    cr_assert_eq(step(), ASSAY_E_AGAIN);
    remove_group();
    cr_assert_eq(step(), ASSAY_OK, "nothing of it is left: %s", message);
    cr_assert_eq(begin(ASSAY_TARGET_STOP), ASSAY_OK, "%s", message);
    cr_assert_eq(step(), ASSAY_OK, "%s", message);
    cr_assert_eq(begin(ASSAY_TARGET_INSPECT), ASSAY_OK);
    cr_assert_eq(step(), ASSAY_OK, "%s", message);
    cr_assert_eq(state, ASSAY_TARGET_DOWN);
    cr_assert_eq(begin(ASSAY_TARGET_STOP), ASSAY_OK, "%s", message);
    make_group("10\n");
    cr_assert_eq(step(), ASSAY_OK, "what is in it was started after the stop: %s", message);
    cr_assert_eq(begin(ASSAY_TARGET_INSPECT), ASSAY_OK);
    cr_assert_eq(step(), ASSAY_OK);
    cr_assert_eq(state, ASSAY_TARGET_RUNS);
}

/* A path that is wrong in the configuration: only a stop has nothing to do. */
Test(cgroup, one_that_never_was_there_is_said)
{
    static const enum assay_target_verb acts[] = { ASSAY_TARGET_START, ASSAY_TARGET_RUN,
                                                   ASSAY_TARGET_SUSPEND };
    remove_group();
    open_it();
    cr_assert_eq(begin(ASSAY_TARGET_STOP), ASSAY_OK, "%s", message);
    cr_assert_eq(step(), ASSAY_OK, "%s", message);
    cr_assert_eq(begin(ASSAY_TARGET_INSPECT), ASSAY_OK);
    cr_assert_eq(step(), ASSAY_E_IO);
    cr_assert_not_null(strstr(message, "cgroup.events: No such file"), "%s", message);
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        cr_assert_eq(begin(acts[i]), ASSAY_E_IO);
        cr_assert_not_null(strstr(message, "cgroup.freeze: No such file"), "%s", message);
    }
}

static struct assay_store *store;
static struct assay_agent *agent;
static uint64_t now_ms = 1000;

static void give(enum assay_order_kind kind, uint64_t epoch, uint32_t incarnation)
{
    const struct assay_order order = { .kind = kind, .epoch = epoch, .incarnation = incarnation };
    cr_assert_eq(assay_agent_order(agent, &order, now_ms), ASSAY_OK);
}

static void step_for(uint64_t ms)
{
    for (const uint64_t end_ms = now_ms + ms; now_ms < end_ms; now_ms += 10)
        assay_agent_step(agent, now_ms);
}

/* The manager removes the group, and makes it again when the node is trusted. */
Test(cgroup, a_restart_of_one_that_its_manager_removes_ends)
{
    struct assay_driver *driver = NULL;
    open_it();
    const struct assay_target_config config = { .target = target, .poll_ms = 300 };
    cr_assert_eq(assay_target_open(&config, &driver), ASSAY_OK);
    target = NULL; /* the driver's */
    cr_assert_eq(assay_store_memory_create(&store), ASSAY_OK);
    const struct assay_agent_config settings = { .store = store, .driver = driver, .name = "g" };
    cr_assert_eq(assay_agent_open(&settings, &agent), ASSAY_OK);
    give(ASSAY_ORDER_RELEASE, 0, 1);
    step_for(200);
    give(ASSAY_ORDER_RESTART, 10, 1);
    step_for(100);
    cr_assert_str_eq(get("cgroup.kill"), "1");
    remove_group();
    step_for(1000);
    cr_assert_eq(assay_agent_get_memory(agent)->restarted, 1, "it has ended");
    give(ASSAY_ORDER_RELEASE, 11, 2);
    make_group("20\n");
    step_for(3000);
    cr_assert_str_eq(get("cgroup.kill"), "", "what was started after it is left alone");
    cr_assert(assay_agent_is_settled(agent));
    assay_agent_close(&agent);
    assay_target_close(&driver);
    assay_store_close(&store);
}

Test(cgroup, garbage_and_missing_files_are_said)
{
    static const char *const bad[] = { "",
                                       "populated 1\n",
                                       "frozen 1\n",
                                       "populated x\nfrozen 0\n",
                                       "populated 1\nfrozen 11\n",
                                       "populated1\nfrozen0\n" };
    open_it();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        put("cgroup.events", bad[i]);
        cr_assert_eq(begin(ASSAY_TARGET_INSPECT), ASSAY_OK);
        cr_assert_eq(step(), ASSAY_E_SYNTAX, "%zu", i);
    }
    cr_assert_eq(unlink(folder_at(&folder, "cgroup.events")), 0);
    cr_assert_eq(step(), ASSAY_E_IO);
    cr_assert_not_null(strstr(message, "cgroup.events: No such file"), "%s", message);
    cr_assert_eq(unlink(folder_at(&folder, "cgroup.freeze")), 0);
    cr_assert_eq(begin(ASSAY_TARGET_SUSPEND), ASSAY_E_IO);
}

Test(cgroup, must_be_named_from_the_root)
{
    struct assay_target *none = NULL;
    cr_assert_eq(assay_cgroup_open("sys/fs/cgroup/x", &none), ASSAY_E_RANGE);
}

/* --------------------------------------------------------------- the kernel's own */

static const char *mounts[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };

/* Returns: false where no group of version 2 can be made. */
static bool make_real(char path[static 96])
{
    for (size_t i = 0; i < sizeof mounts / sizeof mounts[0]; i++) {
        char file[128];
        snprintf(file, sizeof file, "%s/cgroup.controllers", mounts[i]);
        if (access(file, R_OK) != 0) continue;
        snprintf(path, 96, "%s/assay-test-%d", mounts[i], getpid());
        if (mkdir(path, 0755) != 0) continue;
        snprintf(file, sizeof file, "%s/cgroup.kill", path);
        if (access(file, W_OK) == 0) return true;
        rmdir(path);
    }
    return false;
}

static pid_t start_in(const char *path)
{
    const pid_t pid = fork();
    if (pid == 0) {
        char file[128];
        snprintf(file, sizeof file, "%s/cgroup.procs", path);
        FILE *procs = fopen(file, "w");
        if (procs == NULL || fprintf(procs, "%d", getpid()) < 0 || fclose(procs) != 0) _exit(1);
        for (;;)
            nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
    }
    return pid;
}

static enum assay_status run(enum assay_target_verb verb)
{
    enum assay_status status = begin(verb);
    for (int i = 0; status == ASSAY_OK && i < 2000; i++) {
        const enum assay_status now = step();
        if (now != ASSAY_E_AGAIN) return now;
        nanosleep(&(struct timespec){ 0, 2000000 }, NULL);
    }
    return status == ASSAY_OK ? ASSAY_E_AGAIN : status;
}

static void wait_for_process(const char *path)
{
    bool there = false;
    for (int i = 0; !there && i < 1000; i++) {
        char file[160], line[32];
        snprintf(file, sizeof file, "%s/cgroup.procs", path);
        FILE *procs = fopen(file, "r");
        there = fgets(line, sizeof line, procs) != NULL;
        fclose(procs);
        nanosleep(&(struct timespec){ 0, 5000000 }, NULL);
    }
}

Test(cgroup, of_the_kernel_is_frozen_thawed_and_killed)
{
    char path[96], below[128];
    if (!make_real(path)) cr_skip("no group of version 2 can be made here");
    snprintf(below, sizeof below, "%s/below", path);
    cr_assert_eq(mkdir(below, 0755), 0);
    cr_assert_eq(assay_cgroup_open(path, &target), ASSAY_OK);
    const pid_t pids[] = { start_in(path), start_in(below) };
    wait_for_process(path);
    wait_for_process(below);
    cr_expect_eq(run(ASSAY_TARGET_INSPECT), ASSAY_OK, "%s", message);
    cr_expect_eq(state, ASSAY_TARGET_RUNS);
    cr_expect_eq(run(ASSAY_TARGET_SUSPEND), ASSAY_OK, "%s", message);
    cr_expect_eq(run(ASSAY_TARGET_INSPECT), ASSAY_OK);
    cr_expect_eq(state, ASSAY_TARGET_FROZEN);
    cr_expect_eq(run(ASSAY_TARGET_STOP), ASSAY_OK, "killed while frozen: %s", message);
    for (size_t i = 0; i < 2; i++) {
        int status = 0;
        cr_expect_eq(waitpid(pids[i], &status, 0), pids[i]);
        cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    }
    cr_expect_eq(run(ASSAY_TARGET_RUN), ASSAY_OK, "%s", message);
    cr_expect_eq(rmdir(below), 0);
    cr_expect_eq(rmdir(path), 0);
    cr_expect_eq(run(ASSAY_TARGET_STOP), ASSAY_OK, "its manager removed it: %s", message);
    cr_expect_eq(run(ASSAY_TARGET_INSPECT), ASSAY_OK, "%s", message);
    cr_expect_eq(state, ASSAY_TARGET_DOWN);
}
