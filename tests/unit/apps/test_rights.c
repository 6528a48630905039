/*
 * tests/unit/apps/test_rights.c - tests of the list of files whose permissions assayd and assay
 * doctor check (apps/config/rights.h).
 */
#include "apps/config/rights.h"
#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char yaml[] = "config_version: 1\n"
                           "node: { state_dir: state, keys_dir: keys, genesis: genesis,\n"
                           "  checkpoint: checkpoint }\n"
                           "listen: { gossip: 127.0.0.1:7100, admin: run/admin.sock }\n"
                           "evidence: { kind: soft, credential: platform.key }\n"
                           "enclave: { path: program, restore_path: pristine, service: run/s }\n"
                           "peers: []\n";
static const char more[] = "log: { level: debug }\n";

static struct folder folder;
static struct assay_config *config;
static struct assay_config_layers layers;

static void set_up(void)
{
    static const char *const files[] = { "genesis", "checkpoint", "program", "pristine" };
    static const char *const folders[] = { "assayd.d", "state", "keys", "run" };
    char message[ASSAY_CONFIG_MESSAGE_MAX] = "";
    folder = folder_make();
    config = calloc(1, sizeof *config);
    cr_assert_not_null(config);
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        cr_assert_eq(mkdir(folder_at(&folder, folders[i]), 0755), 0);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        (void)folder_put(&folder, files[i], "x", 1, 0644);
    (void)folder_put(&folder, "assayd.yaml", yaml, sizeof yaml - 1, 0644);
    (void)folder_put(&folder, "assayd.d/more.yaml", more, sizeof more - 1, 0644);
    const struct assay_config_sources sources = { .path = folder_at(&folder, "assayd.yaml") };
    cr_assert_eq(assay_config_layers_open(&sources, &layers, message), ASSAY_OK, "%s", message);
    cr_assert_eq(assay_config_take_layers(&layers, sources.path, config, message), ASSAY_OK, "%s",
                 message);
}

static void tear_down(void)
{
    assay_config_layers_close(&layers);
    free(config);
    folder_remove(&folder);
}

TestSuite(apps_rights, .init = set_up, .fini = tear_down);

static bool is_faulty(char message[static ASSAY_FILE_MESSAGE_LEN])
{
    message[0] = '\0';
    return assay_config_rights_fault(folder_at(&folder, "assayd.yaml"), &layers, config, message);
}

Test(apps_rights, every_file_that_a_configuration_names_is_checked)
{
    static const struct {
        const char *name;
        unsigned good, bad;
    } rows[] = {
        { "assayd.yaml", 0644, 0666 },
        { "assayd.d", 0755, 0777 },
        { "assayd.d/more.yaml", 0644, 0646 },
        { "genesis", 0644, 0666 },
        { "state", 0755, 0777 },
        { "checkpoint", 0644, 0666 },
        { "program", 0755, 0777 },
        { "pristine", 0755, 0757 },
        { "run", 0755, 0777 },
    };
    char message[ASSAY_FILE_MESSAGE_LEN];
    cr_assert_not(is_faulty(message), "%s", message);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *const path = folder_at(&folder, rows[i].name);
        cr_assert_eq(chmod(path, rows[i].bad), 0);
        cr_expect(is_faulty(message), "%s", rows[i].name);
        cr_expect_not_null(strstr(message, rows[i].name), "%s", message);
        cr_expect_not_null(strstr(message, "others may change it"), "%s", message);
        cr_assert_eq(chmod(folder_at(&folder, rows[i].name), rows[i].good), 0);
        cr_expect_not(is_faulty(message), "%s", message);
    }
}

Test(apps_rights, what_is_not_there_is_no_fault)
{
    char message[ASSAY_FILE_MESSAGE_LEN];
    cr_assert_eq(rename(folder_at(&folder, "genesis"), folder_at(&folder, "away")), 0);
    cr_assert_eq(chmod(folder_at(&folder, "away"), 0666), 0);
    cr_expect_not(is_faulty(message), "%s", message);
}

/* --- enforcement targets */

static struct assay_config_target *target_of(enum assay_config_driver driver)
{
    config->enforcement.target_count = 1;
    config->enforcement.targets[0] = (struct assay_config_target){ .driver = driver };
    return &config->enforcement.targets[0];
}

/* The folder is in order, writable for all, sticky, and not there. */
static void expect_checked(const char *name, const char *label)
{
    char message[ASSAY_FILE_MESSAGE_LEN], path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s", folder_at(&folder, name));
    cr_expect_not(is_faulty(message), "%s: it is not there: %s", label, message);
    cr_assert_eq(mkdir(path, 0755), 0);
    cr_expect_not(is_faulty(message), "%s: %s", label, message);
    static const unsigned bad[] = { 0777, 01777 };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_assert_eq(chmod(path, bad[i]), 0);
        cr_expect(is_faulty(message), "%s %04o", label, bad[i]);
        cr_expect_not_null(strstr(message, name), "%s", message);
        cr_expect_not_null(strstr(message, "others may change it"), "%s", message);
    }
    cr_assert_eq(chmod(path, 0755), 0);
}

Test(apps_rights, folders_of_enforcement_targets_are_checked)
{
    struct assay_config_target *t = target_of(ASSAY_CONFIG_CGROUP);
    (void)snprintf(t->path, sizeof t->path, "%s", folder_at(&folder, "group"));
    expect_checked("group", "cgroup");
    t = target_of(ASSAY_CONFIG_WEBHOOK);
    (void)snprintf(t->spool, sizeof t->spool, "%s", folder_at(&folder, "events"));
    expect_checked("events", "spool");
    t = target_of(ASSAY_CONFIG_SYSTEMD);
    (void)snprintf(t->bus, sizeof t->bus, "unix:path=%s,guid=00", folder_at(&folder, "bus/socket"));
    expect_checked("bus", "bus");
}

/* A link to the socket of another bus is as good as the folder of that one. */
Test(apps_rights, a_bus_is_as_good_as_the_folder_that_it_is_in)
{
    char message[ASSAY_FILE_MESSAGE_LEN], socket[PATH_MAX];
    struct assay_config_target *const t = target_of(ASSAY_CONFIG_SYSTEMD);
    cr_assert_eq(mkdir(folder_at(&folder, "other"), 0755), 0);
    (void)snprintf(socket, sizeof socket, "%s", folder_put(&folder, "other/socket", "x", 1, 0666));
    cr_assert_eq(symlink(socket, folder_at(&folder, "bus")), 0);
    (void)snprintf(t->bus, sizeof t->bus, "unix:path=%s", folder_at(&folder, "bus"));
    cr_expect_not(is_faulty(message), "%s", message);
    cr_assert_eq(chmod(folder_at(&folder, "other"), 0777), 0);
    cr_expect(is_faulty(message));
    cr_expect_not_null(strstr(message, "other: others may change it"), "%s", message);
}

Test(apps_rights, a_bus_whose_permissions_cannot_be_checked_is_refused)
{
    static const char *const bad[] = { "unix:abstract=/bus", "unix:path=bus",
                                       "unix:path=/run/bus;unix:path=/tmp/bus",
                                       "unix:path=/run/%62us", "unix:guid=00,path=/run/bus" };
    char message[ASSAY_FILE_MESSAGE_LEN];
    struct assay_config_target *const t = target_of(ASSAY_CONFIG_SYSTEMD);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        (void)snprintf(t->bus, sizeof t->bus, "%s", bad[i]);
        cr_expect(is_faulty(message), "%s", bad[i]);
        cr_expect_not_null(strstr(message, "expected unix:path="), "%s", message);
    }
    t->bus[0] = '\0';
    cr_expect_not(is_faulty(message), "the system's: %s", message);
}
