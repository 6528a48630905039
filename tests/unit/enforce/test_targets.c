/*
 * tests/unit/enforce/test_targets.c - apps/enclave/targets.c: one of each kind at once, of which
 * most are out of reach; keys that cannot be used.
 */
#include "apps/enclave/supervisor.h"
#include "apps/enclave/targets.h"
#include "enforce/hook_runs.h"
#include "engine/store/store_memory.h"
#include "quote/source/soft/soft.h"
#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static struct folder folder;
static struct assay_store *store;
static struct assay_targets *targets;
static struct assay_config_enforcement *config;
static struct assay_journal *journal;
static struct assay_hook_runs *hook_runs;
static char message[ASSAY_RUNTIME_MESSAGE_LEN];
static const uint8_t node_id[32] = { 0xab };

static bool sleeps_on; /* SIGKILL has no effect, as in uninterruptible sleep */

/* In the place of the C library's. */
int kill(pid_t pid, int number)
{
    if (sleeps_on && number == SIGKILL) return 0;
    return (int)syscall(SYS_kill, pid, number);
}

static struct assay_config_target *add(const char *name, enum assay_config_driver driver)
{
    struct assay_config_target *const target = &config->targets[config->target_count++];
    snprintf(target->name, sizeof target->name, "%s", name);
    target->driver = driver;
    target->action_ms = 500;
    return target;
}

static void add_webhook(unsigned mode)
{
    struct assay_config_target *const target = add("pager", ASSAY_CONFIG_WEBHOOK);
    snprintf(target->url, sizeof target->url, "http://127.0.0.1:1/nobody");
    snprintf(target->secret, sizeof target->secret, "%s",
             folder_put(&folder, "secret", "0123456789abcdef\n", 17, mode));
    snprintf(target->spool, sizeof target->spool, "%s", folder_at(&folder, "spool"));
    target->spool_max = 10;
}

static void set_up(void)
{
    static const char script[] = "#!/bin/sh\ncat >/dev/null\n";
    folder = folder_make();
    config = calloc(1, sizeof *config);
    cr_assert_eq(assay_store_memory_create(&store), ASSAY_OK);
    cr_assert_eq(assay_hook_runs_open(&hook_runs), ASSAY_OK);
    const struct assay_journal_config journal_config = { .path = folder_at(&folder, "orders.log"),
                                                         .store = store };
    cr_assert_eq(assay_journal_open(&journal_config, &journal, message), ASSAY_OK);
    snprintf(add("script", ASSAY_CONFIG_HOOK)->path, PATH_MAX, "%s",
             folder_put(&folder, "hook", script, sizeof script - 1, 0700));
    snprintf(add("group", ASSAY_CONFIG_CGROUP)->path, PATH_MAX, "/nowhere/group");
    struct assay_config_target *const box = add("box", ASSAY_CONFIG_CONTAINER);
    snprintf(box->socket, sizeof box->socket, "/nowhere/engine.sock");
    snprintf(box->container, sizeof box->container, "web");
    struct assay_config_target *const unit = add("unit", ASSAY_CONFIG_SYSTEMD);
    snprintf(unit->unit, sizeof unit->unit, "shop.service");
    snprintf(unit->bus, sizeof unit->bus, "unix:path=/nowhere/bus");
}

static void tear_down(void)
{
    assay_targets_close(&targets);
    assay_hook_runs_close(&hook_runs);
    assay_journal_close(&journal);
    assay_store_close(&store);
    free(config);
    folder_remove(&folder);
}

TestSuite(targets, .init = set_up, .fini = tear_down);

static enum assay_status open_all(void)
{
    const struct assay_targets_config settings = {
        .enforcement = config,
        .store = store,
        .journal = journal,
        .hook_runs = hook_runs,
        .node_id = node_id,
    };
    return assay_targets_open(&settings, &targets, message);
}

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void step_for(uint64_t ms)
{
    for (const uint64_t end_ms = now_ms() + ms; now_ms() < end_ms;) {
        assay_targets_step(targets, now_ms());
        cr_assert_leq(assay_targets_wake_at(targets), now_ms() + 60000);
        nanosleep(&(struct timespec){ 0, 5000000 }, NULL);
    }
}

static const struct assay_enforcement_target *look(const char *name)
{
    static struct assay_enforcement_target views[ASSAY_ENFORCEMENT_TARGETS_MAX];
    const size_t count = assay_targets_inspect(targets, views, ASSAY_ENFORCEMENT_TARGETS_MAX);
    cr_assert_eq(count, config->target_count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(views[i].name, name) == 0) return &views[i];
    cr_assert_fail("%s", name);
    return NULL;
}

Test(targets, one_that_obeys_waits_for_none_of_those_that_cannot_be_reached)
{
    add_webhook(0600);
    cr_assert_eq(open_all(), ASSAY_OK, "%s", message);
    const struct assay_order order = { .kind = ASSAY_ORDER_SUSPEND, .epoch = 7, .incarnation = 1 };
    cr_assert_eq(assay_targets_order(targets, &order, now_ms()), ASSAY_OK);
    for (int i = 0; i < 20 && !(look("script")->settled && look("pager")->settled); i++)
        step_for(200);
    cr_assert(look("script")->settled, "%s", look("script")->trouble);
    cr_assert_str_eq(look("script")->driver, "hook");
    cr_assert_str_eq(look("script")->ordered, "suspended");
    cr_assert(look("pager")->settled, "told: on disk");
    cr_assert_eq(look("pager")->waiting, 1);
    step_for(300);
    static const char *const others[][2] = { { "group", "/nowhere/group/cgroup.events" },
                                             { "box", "/nowhere/engine.sock" },
                                             { "unit", "bus of systemd" } };
    for (size_t i = 0; i < 3; i++) {
        cr_assert_not(look(others[i][0])->settled, "%s", others[i][0]);
        cr_assert_not_null(strstr(look(others[i][0])->trouble, others[i][1]), "%s",
                           look(others[i][0])->trouble);
    }
    cr_assert_not_null(strstr(look("pager")->trouble, "127.0.0.1"), "%s", look("pager")->trouble);
}

Test(targets, a_hold_reaches_all)
{
    const struct assay_order order = { .kind = ASSAY_ORDER_RELEASE, .incarnation = 1 };
    cr_assert_eq(open_all(), ASSAY_OK, "%s", message);
    for (int turn = 0; turn < 20; turn++)
        assay_targets_step(targets, now_ms());
    cr_assert_str_eq(look("script")->state, "unknown", "left as it is before the first order");
    cr_assert_str_eq(look("script")->ordered, "none");
    cr_assert_eq(assay_targets_order(targets, &order, now_ms()), ASSAY_OK);
    for (int i = 0; i < 20 && strcmp(look("script")->state, "runs") != 0; i++)
        step_for(100);
    cr_assert_str_eq(look("script")->state, "runs");
    assay_targets_hold(targets, true, now_ms());
    for (int i = 0; i < 20 && strcmp(look("script")->state, "frozen") != 0; i++)
        step_for(100);
    cr_assert_str_eq(look("script")->state, "frozen");
    cr_assert_str_eq(look("script")->ordered, "full", "the network did not say so");
}

Test(targets, a_key_that_others_may_read_or_that_is_too_short_is_refused)
{
    add_webhook(0644);
    cr_assert_eq(open_all(), ASSAY_E_INVALID);
    cr_assert_not_null(strstr(message, "enforcement.targets: pager: "), "%s", message);
    cr_assert_not_null(strstr(message, "mode 0600"), "%s", message);
    folder_put(&folder, "secret", "short\n", 6, 0600);
    cr_assert_eq(open_all(), ASSAY_E_RANGE);
    cr_assert_eq(unlink(folder_at(&folder, "secret")), 0);
    cr_assert_eq(open_all(), ASSAY_E_NOT_FOUND);
}

/* --------------------------------------------------------------- other targets in their place */

static struct assay_supervisor *supervisor;
static struct assay_runtime_enclave enclave;
static struct assay_soft_ca *ca;
static struct assay_soft_node *credential;

static uint32_t suspend_ms; /* 0: the default */

/* A hook and a webhook, of config. */
static void open_again(void)
{
    assay_journal_close(&journal); /* it opens that file itself */
    snprintf(config->journal, sizeof config->journal, "%s", folder_at(&folder, "orders.log"));
    config->target_count = 1; /* the hook */
    add_webhook(0600);
    const struct assay_supervisor_config settings = {
        .path = folder_at(&folder, "no-enclave"),
        .service_path = folder_at(&folder, "service"),
        .credential = credential,
        .enforcement = config,
        .hold_path = folder_at(&folder, "hold"),
        .node_id = node_id,
        .store = store,
        .suspend_ms = suspend_ms,
    };
    cr_assert_eq(assay_supervisor_open(&settings, &supervisor, message), ASSAY_OK, "%s", message);
    assay_supervisor_callbacks(supervisor, &enclave);
}

static void open_supervisor(void)
{
    ca = calloc(1, sizeof *ca);
    credential = calloc(1, sizeof *credential);
    cr_assert_eq(assay_soft_ca_create("Nest", 1700000000, 2000000000, ca), ASSAY_OK);
    cr_assert_eq(assay_soft_node_create(ca, "nest", NULL, credential), ASSAY_OK);
    open_again();
}

static void close_supervisor(void)
{
    cr_assert(assay_supervisor_close(&supervisor));
    assay_soft_node_deinit(credential);
    assay_soft_ca_wipe(ca);
    free(credential);
    free(ca);
}

static const struct assay_enforcement_target *look_at(size_t i)
{
    static struct assay_enforcement view;
    enclave.enforcement(enclave.context, &view);
    cr_assert_eq(view.target_count, 2);
    return &view.targets[i];
}

static void step_until_obeyed(size_t i, const char *state)
{
    struct assay_enclave_event event;
    for (int turn = 0; turn < 1000; turn++) {
        enclave.step(enclave.context, now_ms(), NULL, 0);
        while (enclave.next(enclave.context, &event))
            continue;
        if (look_at(i)->settled && strcmp(look_at(i)->state, state) == 0) return;
        nanosleep(&(struct timespec){ 0, 5000000 }, NULL);
    }
    cr_assert_fail("%s: %s", look_at(i)->name, look_at(i)->trouble);
}

static void order_suspend(uint64_t epoch)
{
    const struct assay_order order = { .kind = ASSAY_ORDER_SUSPEND,
                                       .epoch = epoch,
                                       .incarnation = 1 };
    cr_assert_eq(enclave.order(enclave.context, &order), ASSAY_OK);
}

Test(targets, a_reload_with_a_key_that_cannot_be_used_leaves_those_before, .timeout = 60)
{
    open_supervisor();
    struct assay_config_enforcement *const next = malloc(sizeof *next);
    cr_assert_not_null(next);
    *next = *config;
    snprintf(next->targets[1].secret, sizeof next->targets[1].secret, "%s",
             folder_put(&folder, "other", "0123456789abcdef\n", 17, 0644));
    cr_assert_eq(unlink(config->targets[1].secret), 0);
    cr_assert_eq(assay_supervisor_targets(supervisor, next, message), ASSAY_E_INVALID);
    cr_assert_not_null(strstr(message, "enforcement.targets: pager: "), "%s", message);
    cr_assert(assay_supervisor_targets_are_open(supervisor), "nothing was closed");
    order_suspend(7);
    step_until_obeyed(0, "frozen");
    step_until_obeyed(1, "frozen");
    close_supervisor();
    free(next);
}

Test(targets, one_that_cannot_be_opened_again_obeys_no_order_and_the_others_do, .timeout = 60)
{
    open_supervisor();
    struct assay_config_enforcement *const next = malloc(sizeof *next);
    cr_assert_not_null(next);
    *next = *config;
    snprintf(next->targets[1].secret, sizeof next->targets[1].secret, "%s",
             folder_put(&folder, "other", "0123456789abcdef\n", 17, 0600));
    snprintf(next->targets[1].spool, sizeof next->targets[1].spool, "/nowhere/spool");
    cr_assert_eq(unlink(config->targets[1].secret), 0);
    cr_assert_eq(assay_supervisor_targets(supervisor, next, message), ASSAY_E_IO);
    cr_assert_not(assay_supervisor_targets_are_open(supervisor));
    order_suspend(7);
    step_until_obeyed(0, "frozen");
    cr_assert_str_eq(look_at(1)->name, "pager");
    cr_assert_not(look_at(1)->settled);
    cr_assert_not_null(strstr(look_at(1)->trouble, "not open, repair it and reload"), "%s",
                       look_at(1)->trouble);
    folder_put(&folder, "secret", "0123456789abcdef\n", 17, 0600);
    *next = *config;
    cr_assert_eq(assay_supervisor_targets(supervisor, next, message), ASSAY_OK, "%s", message);
    cr_assert(assay_supervisor_targets_are_open(supervisor));
    step_until_obeyed(1, "frozen");
    cr_assert_eq(look_at(1)->waiting, 1, "the order was pending, and has its event now");
    close_supervisor();
    free(next);
}

static void step_supervisor_for(uint64_t ms)
{
    struct assay_enclave_event event;
    for (const uint64_t end_ms = now_ms() + ms; now_ms() < end_ms;) {
        enclave.step(enclave.context, now_ms(), NULL, 0);
        while (enclave.next(enclave.context, &event))
            continue;
        nanosleep(&(struct timespec){ 0, 5000000 }, NULL);
    }
}

/* Returns: how many runs the hook recorded. Out: the process of the last one. */
static size_t count_runs(long *pid)
{
    char line[64];
    size_t count = 0;
    FILE *const file = fopen(folder_at(&folder, "hook.log"), "r");
    if (file == NULL) return 0;
    for (; fgets(line, sizeof line, file) != NULL; count++)
        *pid = strtol(line, NULL, 10);
    cr_assert_eq(fclose(file), 0);
    return count;
}

Test(targets, a_reload_does_not_forget_a_hook_that_was_killed_and_sleeps_on, .timeout = 60)
{
    static const char script[] = "#!/bin/sh\necho $$ >>\"$0.log\"\nexec sleep 40\n";
    struct assay_config_enforcement *next[2] = { malloc(sizeof *config), malloc(sizeof *config) };
    long pid = 0;
    folder_put(&folder, "hook", script, sizeof script - 1, 0700);
    open_supervisor();
    order_suspend(7);
    for (int i = 0; i < 200 && count_runs(&pid) == 0; i++)
        step_supervisor_for(10);
    cr_assert_eq(count_runs(&pid), 1);
    sleeps_on = true;
    step_supervisor_for(700); /* the act has timed out */
    for (size_t i = 0; i < 2; i++) {
        *next[i] = *config;
        next[i]->targets[0].action_ms = 600 + (uint32_t)i;
        cr_assert_eq(assay_supervisor_targets(supervisor, next[i], message), ASSAY_OK, "%s",
                     message);
        step_supervisor_for(700);
        cr_assert_eq(count_runs(&pid), 1, "two never run at once");
        cr_assert_not_null(strstr(look_at(0)->trouble, "was killed and has not ended"), "%s",
                           look_at(0)->trouble);
    }
    sleeps_on = false;
    const long first = pid;
    cr_assert_eq(kill((pid_t)first, SIGKILL), 0);
    for (int i = 0; i < 300 && count_runs(&pid) == 1; i++)
        step_supervisor_for(10);
    cr_assert_geq(count_runs(&pid), 2, "it ended, and the act is repeated");
    cr_assert_eq(kill((pid_t)first, 0), -1, "it is reaped");
    close_supervisor();
    free(next[0]);
    free(next[1]);
}

Test(targets, a_hook_that_a_reload_removes_is_reaped_once_it_ends, .timeout = 60)
{
    static const char script[] = "#!/bin/sh\necho $$ >>\"$0.log\"\nexec sleep 40\n";
    struct assay_config_enforcement *const next = malloc(sizeof *config);
    long pid = 0;
    folder_put(&folder, "hook", script, sizeof script - 1, 0700);
    open_supervisor();
    order_suspend(7);
    for (int i = 0; i < 200 && count_runs(&pid) == 0; i++)
        step_supervisor_for(10);
    sleeps_on = true;
    *next = *config;
    next->targets[0] = next->targets[1];
    next->target_count = 1;
    cr_assert_eq(assay_supervisor_targets(supervisor, next, message), ASSAY_OK, "%s", message);
    sleeps_on = false;
    cr_assert_eq(kill((pid_t)pid, 0), 0, "it has not ended");
    cr_assert_eq(kill((pid_t)pid, SIGKILL), 0);
    for (int i = 0; i < 300 && kill((pid_t)pid, 0) == 0; i++)
        step_supervisor_for(10);
    cr_assert_eq(kill((pid_t)pid, 0), -1, "it is reaped");
    close_supervisor();
    free(next);
}

Test(targets, a_hold_survives_the_loss_of_the_store_and_ends_by_a_release, .timeout = 60)
{
    struct assay_enforcement view;
    open_supervisor();
    cr_assert_eq(enclave.hold(enclave.context, true, "ticket 7"), ASSAY_OK);
    for (int turn = 0; turn < 3; turn++) {
        cr_assert(assay_supervisor_close(&supervisor));
        assay_store_close(&store);
        cr_assert_eq(assay_store_memory_create(&store), ASSAY_OK);
        if (turn == 1) folder_put(&folder, "hold", "?", 1, 0600);
        open_again();
        enclave.enforcement(enclave.context, &view);
        cr_assert_eq(view.held, turn < 2, "%d", turn);
        if (turn == 0) cr_assert_str_eq(view.held_reason, "ticket 7");
        if (turn == 1) cr_assert_not_null(strstr(view.held_reason, "/hold cannot be read"));
        if (turn < 2) step_until_obeyed(0, "frozen");
        if (turn == 1) cr_assert_eq(enclave.hold(enclave.context, false, "done"), ASSAY_OK);
    }
    cr_assert_eq(access(folder_at(&folder, "hold"), F_OK), -1);
    close_supervisor();
}

Test(targets, a_suspension_that_cannot_be_stored_is_executed_before_the_end, .timeout = 60)
{
    static const char script[] = "#!/bin/sh\nsleep 0.2\ncat >>\"$0.log\"\n";
    char log[4096] = "";
    folder_put(&folder, "hook", script, sizeof script - 1, 0700);
    open_supervisor();
    assay_store_memory_fail(store, ASSAY_STORE_FAULT_COMMIT, 1, true);
    const struct assay_order order = { .kind = ASSAY_ORDER_SUSPEND, .epoch = 7, .incarnation = 1 };
    cr_assert_eq(enclave.order(enclave.context, &order), ASSAY_E_STORE);
    close_supervisor(); /* the host stops */
    FILE *const file = fopen(folder_at(&folder, "hook.log"), "r");
    cr_assert_not_null(file);
    cr_assert_gt(fread(log, 1, sizeof log - 1, file), 0);
    cr_assert_eq(fclose(file), 0);
    cr_assert_not_null(strstr(log, "\"act\":\"suspend\""), "%s", log);
}

/* 10 s are not enough for a hook whose own limit is longer. */
Test(targets, a_suspension_that_takes_long_has_twice_its_time_limit, .timeout = 60)
{
    static const char script[] = "#!/bin/sh\nsleep 1\necho $$ >>\"$0.log\"\n";
    long pid = 0;
    folder_put(&folder, "hook", script, sizeof script - 1, 0700);
    config->targets[0].action_ms = 5000;
    suspend_ms = 200;
    open_supervisor();
    assay_store_memory_fail(store, ASSAY_STORE_FAULT_COMMIT, 1, true);
    const struct assay_order order = { .kind = ASSAY_ORDER_SUSPEND, .epoch = 7, .incarnation = 1 };
    cr_assert_eq(enclave.order(enclave.context, &order), ASSAY_E_STORE);
    close_supervisor();
    cr_assert_eq(count_runs(&pid), 1);
}

Test(targets, a_suspension_that_hangs_does_not_keep_the_end, .timeout = 60)
{
    static const char script[] = "#!/bin/sh\nexec sleep 50\n";
    folder_put(&folder, "hook", script, sizeof script - 1, 0700);
    suspend_ms = 200;
    open_supervisor();
    assay_store_memory_fail(store, ASSAY_STORE_FAULT_COMMIT, 1, true);
    const struct assay_order order = { .kind = ASSAY_ORDER_SUSPEND, .epoch = 7, .incarnation = 1 };
    cr_assert_eq(enclave.order(enclave.context, &order), ASSAY_E_STORE);
    const uint64_t begin_ms = now_ms();
    close_supervisor();
    const uint64_t took_ms = now_ms() - begin_ms;
    cr_assert(took_ms >= 1000 && took_ms < 20000, "%lu ms", (unsigned long)took_ms);
}

static bool is_held(void)
{
    struct assay_enforcement view;
    enclave.enforcement(enclave.context, &view);
    return view.held;
}

Test(targets, a_hold_takes_effect_where_its_copy_or_nothing_can_be_written, .timeout = 60)
{
    open_supervisor();
    assay_store_memory_fail(store, ASSAY_STORE_FAULT_COMMIT, 1, true);
    cr_assert_eq(enclave.hold(enclave.context, true, "full disk"), ASSAY_OK, "the copy has it");
    cr_assert(is_held());
    step_until_obeyed(0, "frozen");
    cr_assert_eq(enclave.hold(enclave.context, false, "done"), ASSAY_E_STORE);
    cr_assert(is_held(), "a release that cannot be stored releases nothing");
    assay_store_memory_fail(store, ASSAY_STORE_FAULT_COMMIT, 0, false);
    cr_assert_eq(enclave.hold(enclave.context, false, "done"), ASSAY_OK);
    cr_assert_eq(mkdir(folder_at(&folder, "hold"), 0700), 0);
    assay_store_memory_fail(store, ASSAY_STORE_FAULT_COMMIT, 1, true);
    cr_assert_eq(enclave.hold(enclave.context, true, "nothing can be written"), ASSAY_E_STORE);
    cr_assert(is_held());
    close_supervisor();
    cr_assert_eq(rmdir(folder_at(&folder, "hold")), 0);
}

Test(targets, a_hold_that_only_one_place_has_is_in_both_after_a_start, .timeout = 60)
{
    static const char *const lost[] = { "copy", "store", "copy" };
    open_supervisor();
    cr_assert_eq(mkdir(folder_at(&folder, "hold"), 0700), 0); /* nothing can be written there */
    cr_assert_eq(enclave.hold(enclave.context, true, "ticket 8"), ASSAY_OK);
    cr_assert_eq(rmdir(folder_at(&folder, "hold")), 0);
    for (size_t turn = 0; turn < 3; turn++) {
        cr_assert(assay_supervisor_close(&supervisor));
        if (strcmp(lost[turn], "store") == 0) {
            assay_store_close(&store);
            cr_assert_eq(assay_store_memory_create(&store), ASSAY_OK);
        } else {
            (void)unlink(folder_at(&folder, "hold"));
        }
        open_again();
        cr_assert(is_held(), "%zu", turn);
        cr_assert_eq(access(folder_at(&folder, "hold"), F_OK), 0, "%zu", turn);
    }
    close_supervisor();
}
