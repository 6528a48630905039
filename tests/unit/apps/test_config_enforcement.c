/*
 * tests/unit/apps/test_config_enforcement.c - tests of the configuration of enforcement.
 *
 * apps/config/enforcement.c: what obeys orders, with a key for what each driver needs and no other.
 */
#include "apps/config.h"
#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char head[] = "config_version: 1\n" /* line 1 */
                           "node: { state_dir: state, keys_dir: keys, genesis: genesis }\n"
                           "listen: { gossip: \"127.0.0.1:7100\", admin: admin.sock }\n"
                           "evidence: { kind: soft, credential: platform.key }\n"
                           "enclave: { path: enclave, restore_path: good, service: service.sock }\n"
                           "peers: []\n"     /* 6 */
                           "enforcement:\n"; /* 7 */

static struct folder folder;
static struct assay_config *config;
static char message[ASSAY_CONFIG_MESSAGE_MAX];

static void set_up(void)
{
    folder = folder_make();
    config = calloc(1, sizeof *config);
}

static void tear_down(void)
{
    free(config);
    folder_remove(&folder);
}

TestSuite(config_enforcement, .init = set_up, .fini = tear_down);

static enum assay_status load(const char *section)
{
    static char text[8192];
    const int len = snprintf(text, sizeof text, "%s%s", head, section);
    return assay_config_load(folder_put(&folder, "assayd.yaml", text, (size_t)len, 0644), config,
                             message);
}

Test(config_enforcement, without_targets_there_is_a_journal_in_the_state_folder)
{
    cr_assert_eq(load("  restarts_max: 3\n  restarts_window_s: 60\n"), ASSAY_OK, "%s", message);
    cr_assert_str_eq(config->enforcement.journal, folder_at(&folder, "state/orders.log"));
    cr_assert_eq(config->enforcement.restarts_max, 3);
    cr_assert_eq(config->enforcement.restarts_window_s, 60);
    cr_assert_eq(config->enforcement.target_count, 0);
    cr_assert_eq(load("  journal: /var/log/orders.log\n"), ASSAY_OK, "%s", message);
    cr_assert_str_eq(config->enforcement.journal, "/var/log/orders.log");
}

Test(config_enforcement, reads_every_driver_with_its_keys)
{
    cr_assert_eq(load("  targets:\n"
                      "    - { name: a, driver: hook, path: /bin/hook, arguments: [one, \"t w\"],"
                      " severity: suspend, dry_run: true, action_ms: 500 }\n"
                      "    - { name: b, driver: cgroup, path: /sys/fs/cgroup/b,"
                      " restricted: suspend, poll_ms: 300 }\n"
                      "    - { name: c, driver: container, socket: /run/podman.sock,"
                      " container: web, suspended: stop, restarts_max: 5,"
                      " restarts_window_s: 600 }\n"
                      "    - { name: d, driver: systemd, unit: nginx.service,"
                      " bus: \"unix:path=/run/bus\" }\n"
                      "    - { name: e, driver: webhook, url: https://alert.example/x,"
                      " secret: hook.key, spool_max: 10, ca_file: ca.pem }\n"),
                 ASSAY_OK, "%s", message);
    const struct assay_config_target *t = config->enforcement.targets;
    cr_assert_eq(config->enforcement.target_count, 5);
    cr_assert_eq(t[0].driver, ASSAY_CONFIG_HOOK);
    cr_assert_eq(t[0].argument_count, 2);
    cr_assert_str_eq(t[0].arguments[1], "t w");
    cr_assert_eq(t[0].severity, ASSAY_ORDER_SUSPEND);
    cr_assert(t[0].dry_run);
    cr_assert_eq(t[0].action_ms, 500);
    cr_assert_eq(t[1].driver, ASSAY_CONFIG_CGROUP);
    cr_assert(t[1].restrict_suspends);
    cr_assert_eq(t[1].severity, ASSAY_ORDER_NOTE);
    cr_assert_eq(t[2].driver, ASSAY_CONFIG_CONTAINER);
    cr_assert(t[2].suspend_stops);
    cr_assert_eq(t[2].restarts_max, 5);
    cr_assert_str_eq(t[3].unit, "nginx.service");
    cr_assert_eq(t[4].spool_max, 10);
    cr_assert_str_eq(t[4].spool, folder_at(&folder, "state/spool-e"));
    cr_assert_str_eq(t[4].secret, folder_at(&folder, "hook.key"));
}

Test(config_enforcement, errors_name_file_line_and_what_was_expected)
{
    static const struct {
        const char *section, *place, *words;
    } cases[] = {
        { "  targets:\n    - { name: a, driver: docker }\n", ":9:26: enforcement.targets[0].driver",
          "expected hook, cgroup, container, systemd or webhook, found \"docker\"" },
        { "  targets:\n    - { name: a, driver: hook }\n", "enforcement.targets[0].path",
          "driver hook needs it: the executable" },
        { "  targets:\n    - { name: a b, driver: hook, path: /x }\n",
          ":9:15: enforcement.targets[0].name", "expected 1 to" },
        { "  targets:\n    - { name: enclave, driver: hook, path: /x }\n",
          ":9:15: enforcement.targets[0].name", "the node's own enclave" },
        { "  targets:\n    - { name: a, driver: hook, path: /x }\n"
          "    - { name: a, driver: hook, path: /x }\n",
          ":10:15: enforcement.targets[1].name", "named twice" },
        { "  targets:\n    - { name: a, driver: hook, path: /x, unit: n.service }\n",
          "enforcement.targets[0].unit", "driver hook has no such key" },
        { "  targets:\n    - { name: a, driver: webhook, url: \"https://x\", secret: k,"
          " suspended: stop }\n",
          "enforcement.targets[0].suspended", "driver webhook has no such key" },
        { "  targets:\n    - { name: a, driver: cgroup, path: /x, arguments: [x] }\n",
          "enforcement.targets[0].arguments", "driver cgroup has no such key" },
        { "  targets:\n    - { name: a, driver: cgroup, path: x }\n", "enforcement.targets[0].path",
          "expected a path from the root" },
        { "  targets:\n    - { name: a, driver: container, socket: /s, container: ../x }\n",
          "enforcement.targets[0].container", "expected a name or id" },
        { "  targets:\n    - { name: a, driver: systemd, unit: nginx }\n",
          ":9:41: enforcement.targets[0].unit", "expected a unit such as nginx.service" },
        { "  targets:\n    - { name: a, driver: systemd, unit: n.service, bus: \"tcp:x\" }\n",
          "enforcement.targets[0].bus", "expected unix:path=PATH" },
        { "  targets:\n    - { name: a, driver: webhook, url: \"http://alert.example\","
          " secret: k }\n",
          "enforcement.targets[0].url", "expected https://" },
        { "  targets:\n    - { name: a, driver: webhook, url: \"https://user@alert.example/\","
          " secret: k }\n",
          "enforcement.targets[0].url", "without a user name, or http://127.0.0.1:PORT" },
        { "  targets:\n    - { name: a, driver: webhook, url: "
          "\"http://127.0.0.1:80@alert.example\","
          " secret: k }\n",
          "enforcement.targets[0].url", "without a user name" },
        { "  targets:\n    - { name: a, driver: webhook, url: \"https:///x\", secret: k }\n",
          "enforcement.targets[0].url", "expected https:// and a host" },
        { "  targets:\n    - { name: a, driver: hook, path: /x, severity: high }\n",
          "enforcement.targets[0].severity", "expected note, restrict, suspend or restart" },
        { "  targets:\n    - { name: a, driver: hook, path: /x, dry_run: yes }\n",
          "enforcement.targets[0].dry_run", "expected false or true" },
        { "  targets:\n    - { name: a, driver: hook, path: /x, action_ms: 99 }\n",
          "enforcement.targets[0].action_ms", "expected 100 to 600000, found 99" },
        { "  restarts_max: 65\n", ":8:17: enforcement.restarts_max", "expected 0 to 64" },
        { "  restart_max: 6\n", ":8:3: ", "restarts_max" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_expect_neq(load(cases[i].section), ASSAY_OK, "%zu", i);
        cr_expect(strncmp(message, folder.path, strlen(folder.path)) == 0, "%s", message);
        cr_expect_not_null(strstr(message, cases[i].place), "%zu: %s", i, message);
        cr_expect_not_null(strstr(message, cases[i].words), "%zu: %s", i, message);
    }
}

/* A password in an URL is not repeated by the message that refuses it. */
Test(config_enforcement, a_refused_url_does_not_show_its_password)
{
    cr_expect_neq(load("  targets:\n    - { name: a, driver: webhook,"
                       " url: \"https://u:secret@alert.example/\", secret: k }\n"),
                  ASSAY_OK);
    cr_expect_null(strstr(message, "secret@"), "%s", message);
    cr_expect_neq(load("  targets:\n    - { name: a, driver: webhook,"
                       " url: \"http://alert.example/token\", secret: k }\n"),
                  ASSAY_OK);
    cr_expect_not_null(strstr(message, ", found \"http://alert.example\""), "%s", message);
    cr_expect(assay_config_url_is_https("HTTPS://host/a@b"));
    cr_expect_not(assay_config_url_is_https("https://a@host"));
    cr_expect_not(assay_config_url_is_https("http://host"));
}
