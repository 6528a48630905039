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
