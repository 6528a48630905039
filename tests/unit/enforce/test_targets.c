/*
 * tests/unit/enforce/test_targets.c - apps/enclave/targets.c: one of each kind at once, of which
 * most are out of reach; keys that cannot be used.
 */
#include "apps/enclave/targets.h"
#include "engine/store/store_memory.h"
#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct folder folder;
static struct assay_store *store;
static struct assay_targets *targets;
static struct assay_config_enforcement *config;
static struct assay_journal *journal;
static char message[ASSAY_RUNTIME_MESSAGE_LEN];
static const uint8_t node_id[32] = { 0xab };

static struct assay_config_target *add(const char *name, enum assay_config_driver driver)
{
    struct assay_config_target *const target = &config->targets[config->target_count++];
    snprintf(target->name, sizeof target->name, "%s", name);
    target->driver = driver;
    target->act_ms = 500;
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
    assay_journal_close(&journal);
    assay_store_close(&store);
    free(config);
    folder_remove(&folder);
}

TestSuite(targets, .init = set_up, .fini = tear_down);

static enum assay_status open_all(void)
{
    const struct assay_targets_config settings = {
        .enforcement = config, .store = store, .journal = journal, .node_id = node_id
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
    const size_t count = assay_targets_look(targets, views, ASSAY_ENFORCEMENT_TARGETS_MAX);
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
    cr_assert_eq(open_all(), ASSAY_OK, "%s", message);
    step_for(600);
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
