/*
 * tests/unit/apps/test_effective.c - tests of the effective configuration.
 *
 * apps/config/effective.h and keys.h: what a configuration comes to and where from, and that the
 * table of keys is the schema's.
 */
#include "apps/config/effective.h"
#include "apps/config/yaml.h"
#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char good[] = "config_version: 1\n"
                           "node: { state_dir: state, keys_dir: keys, genesis: genesis }\n"
                           "listen: { gossip: \"127.0.0.1:7100\", admin: admin.sock }\n"
                           "evidence: { kind: soft, credential: platform.key }\n"
                           "enclave: { path: e, restore_path: r, service: s }\n"
                           "enforcement:\n"
                           "  targets:\n"
                           "    - name: hooks\n"
                           "      driver: webhook\n"
                           "      url: https://example.com/secret-token\n"
                           "      secret: hook.key\n"
                           "    - { name: run, driver: hook, path: /r, arguments: [-p, word] }\n"
                           "peers: []\n";

static struct folder folder;
static struct assay_config *config;
static struct assay_config_layers layers;
static struct assay_config_rows rows;
static char message[ASSAY_CONFIG_MESSAGE_MAX];

static void tear_down(void)
{
    assay_config_rows_close(&rows);
    assay_config_layers_close(&layers);
    free(config);
    folder_remove(&folder);
}

static void set_up(void)
{
    static const char *const environment[] = { "ASSAY_LOG__LEVEL=warning", NULL };
    static const char *const sets[] = { "limits.verify_threads=4" };
    folder = folder_make();
    config = calloc(1, sizeof *config);
    cr_assert_not_null(config);
    const struct assay_config_sources sources = {
        .path = folder_put(&folder, "assayd.yaml", good, sizeof good - 1, 0644),
        .environment = environment,
        .sets = sets,
        .set_count = 1,
    };
    cr_assert_eq(assay_config_layers_open(&sources, &layers, message), ASSAY_OK, "%s", message);
    cr_assert_eq(assay_config_take_layers(&layers, sources.path, config, message), ASSAY_OK, "%s",
                 message);
    cr_assert_eq(assay_config_rows_open(&layers, config, &rows), ASSAY_OK);
}

TestSuite(apps_effective, .init = set_up, .fini = tear_down);

static void expect_row(const char *key, const char *text, enum assay_config_layer layer,
                       const char *origin)
{
    char found[ASSAY_CONFIG_ORIGIN_MAX];
    const struct assay_config_row *row = assay_config_rows_find(&rows, key);
    cr_assert_not_null(row, "%s", key);
    cr_expect_str_eq(assay_config_row_text(row), text, "%s", key);
    cr_expect_eq(row->layer, layer, "%s", key);
    assay_config_row_origin(row, found);
    cr_expect_not_null(strstr(found, origin), "%s: expected %s in %s", key, origin, found);
}

Test(apps_effective, every_value_says_where_it_comes_from)
{
    expect_row("listen.gossip", "127.0.0.1:7100", ASSAY_CONFIG_FILE, "/assayd.yaml:3");
    expect_row("log.level", "warning", ASSAY_CONFIG_ENVIRONMENT, "$ASSAY_LOG__LEVEL");
    expect_row("limits.verify_threads", "4", ASSAY_CONFIG_FLAG, "--set limits.verify_threads");
    expect_row("limits.drain_ms", "2000", ASSAY_CONFIG_DEFAULT, "default");
    expect_row("evidence.deadline_ms", "2000", ASSAY_CONFIG_DEFAULT, "default");
    expect_row("peers", "", ASSAY_CONFIG_FILE, "/assayd.yaml:13");
}

Test(apps_effective, what_follows_from_other_keys_is_shown)
{
    expect_row("listen.advertise", "127.0.0.1:7100", ASSAY_CONFIG_DEFAULT, "default");
    expect_row("listen.http", "admin.http", ASSAY_CONFIG_DEFAULT, "default");
    expect_row("enforcement.journal", "state/orders.log", ASSAY_CONFIG_DEFAULT, "default");
}

Test(apps_effective, what_may_hold_a_password_is_hidden)
{
    expect_row("enforcement.targets[0].url", "(hidden)", ASSAY_CONFIG_FILE, "/assayd.yaml:10");
    expect_row("enforcement.targets[1].arguments[1]", "(hidden)", ASSAY_CONFIG_FILE, ":12");
    expect_row("enforcement.targets[0].secret", "hook.key", ASSAY_CONFIG_FILE, ":11");
}

/* A default of the table that the reader does not have would be a lie. */
Test(apps_effective, the_table_says_what_the_reader_takes)
{
    char number[16];
    (void)snprintf(number, sizeof number, "%u", (unsigned)config->drain_ms);
    expect_row("limits.drain_ms", number, ASSAY_CONFIG_DEFAULT, "default");
    (void)snprintf(number, sizeof number, "%u", (unsigned)config->evidence.deadline_ms);
    expect_row("evidence.deadline_ms", number, ASSAY_CONFIG_DEFAULT, "default");
    (void)snprintf(number, sizeof number, "%u", (unsigned)config->evidence.close_ms);
    expect_row("evidence.close_ms", number, ASSAY_CONFIG_DEFAULT, "default");
    (void)snprintf(number, sizeof number, "%u", (unsigned)config->collateral.every_s);
    expect_row("collateral.every_s", number, ASSAY_CONFIG_DEFAULT, "default");
    cr_expect_eq(config->log_format, ASSAY_CONFIG_LOG_AUTO);
    expect_row("log.format", "auto", ASSAY_CONFIG_DEFAULT, "default");
}

/* ------------------------------------------------------------ the table and the schema */

static unsigned walk(const cyaml_schema_value_t *value, const char *key);

static unsigned walk_fields(const cyaml_schema_field_t *fields, const char *key)
{
    unsigned count = 0;
    for (; fields->key != NULL; fields++) {
        char name[160];
        (void)snprintf(name, sizeof name, "%s%s%s", key, key[0] != '\0' ? "." : "", fields->key);
        count += walk(&fields->value, name);
    }
    return count;
}

static unsigned walk(const cyaml_schema_value_t *value, const char *key)
{
    char item[160];
    if (value->type == CYAML_MAPPING) return walk_fields(value->mapping.fields, key);
    const struct assay_config_key *row = assay_config_key_find(key);
    cr_expect_not_null(row, "the table of keys has no %s", key);
    if (row == NULL) return 0;
    cr_expect_eq(row->is_list, value->type == CYAML_SEQUENCE, "%s", key);
    if (value->type != CYAML_SEQUENCE || value->sequence.entry->type != CYAML_MAPPING) return 1;
    (void)snprintf(item, sizeof item, "%s[]", key);
    return 1 + walk(value->sequence.entry, item);
}

Test(apps_effective, the_table_has_the_keys_of_the_schema_and_no_others)
{
    size_t count = 0;
    (void)assay_config_keys(&count);
    cr_expect_eq(walk(&assay_config_schema, ""), count);
    cr_expect_null(assay_config_key_find("log.levle"), "the check can fail");
    cr_expect_str_eq(assay_config_key_near("log.levle"), "log.level");
    cr_expect_null(assay_config_key_near("entirely.other"));
}
