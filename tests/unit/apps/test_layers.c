/*
 * tests/unit/apps/test_layers.c - tests of configuration layers.
 *
 * apps/config/layers.h: later places win, lists are replaced, and every message names the place
 * that is to be mended.
 */
#include "apps/config/layers.h"
#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define NODE "aa00000000000000000000000000000000000000000000000000000000000001"

static const char good[] = "config_version: 1\n"
                           "node: { state_dir: state, keys_dir: keys, genesis: genesis }\n"
                           "listen:\n"
                           "  gossip: 127.0.0.1:7100\n"
                           "  admin: admin.sock\n"
                           "evidence: { kind: soft, credential: platform.key }\n"
                           "enclave: { path: e, restore_path: r, service: s }\n"
                           "log:\n"
                           "  level: debug\n"
                           "peers:\n"
                           "  - node: \"" NODE "\"\n"
                           "    address: peer-a.example:7101\n";

static struct folder folder;
static struct assay_config *config;
static struct assay_config_layers layers;
static char message[ASSAY_CONFIG_MESSAGE_MAX];

static void set_up(void)
{
    folder = folder_make();
    config = calloc(1, sizeof *config);
    cr_assert_not_null(config);
    (void)folder_put(&folder, "assayd.yaml", good, sizeof good - 1, 0644);
    cr_assert_eq(mkdir(folder_at(&folder, "assayd.d"), 0755), 0);
}

static void tear_down(void)
{
    assay_config_layers_close(&layers);
    free(config);
    folder_remove(&folder);
}

TestSuite(apps_layers, .init = set_up, .fini = tear_down);

static void part(const char *name, const char *text)
{
    char path[128];
    (void)snprintf(path, sizeof path, "assayd.d/%s", name);
    (void)folder_put(&folder, path, text, strlen(text), 0644);
}

static enum assay_status load(const char *const *environment, const char *const *sets,
                              size_t set_count)
{
    const struct assay_config_sources sources = { .path = folder_at(&folder, "assayd.yaml"),
                                                  .environment = environment,
                                                  .sets = sets,
                                                  .set_count = set_count };
    message[0] = '\0';
    return assay_config_load_layers(&sources, config, message);
}

static enum assay_status load_plain(void)
{
    return load(NULL, NULL, 0);
}

/* Refused, and the message begins so. */
static void expect_refused(enum assay_status found, enum assay_status status, const char *begin,
                           const char *words)
{
    char place[PATH_MAX + 64];
    (void)snprintf(place, sizeof place, "%s%s", begin[0] == '/' ? folder.path : "", begin);
    cr_expect_eq(found, status, "%s: %s", assay_status_symbol(found), message);
    cr_expect_eq(strncmp(message, place, strlen(place)), 0, "expected %s, found %s", place,
                 message);
    cr_expect_not_null(strstr(message, words), "expected %s in: %s", words, message);
}

Test(apps_layers, one_file_is_what_it_was)
{
    cr_assert_eq(load_plain(), ASSAY_OK, "%s", message);
    cr_expect_eq(config->log_level, ASSAY_LOG_DEBUG);
    cr_expect_eq(config->peer_count, 1);
    cr_expect_str_eq(config->state_dir, folder_at(&folder, "state"));
}

Test(apps_layers, each_place_wins_over_the_one_before)
{
    static const char *const environment[] = { "HOME=/root", "ASSAY_LOG__LEVEL=warning",
                                               "ASSAY_SOCKET=/no/key/of/ours",
                                               "ASSAY_LIMITS__VERIFY_THREADS=5", NULL };
    static const char *const sets[] = { "log.level=error" };
    part("10-a.yaml", "log: { level: info }\nlimits: { verify_threads: 2, drain_ms: 7 }\n");
    part("20-b.yaml", "limits: { verify_threads: 3 }\nnode: { history_epochs: 100 }\n");
    part("notes.txt", "this is: [no yaml");
    part(".hidden.yaml", "neither: [this");
    cr_assert_eq(load_plain(), ASSAY_OK, "%s", message);
    cr_expect_eq(config->log_level, ASSAY_LOG_INFO);
    cr_expect_eq(config->verify_threads, 3, "the later name wins");
    cr_expect_eq(config->drain_ms, 7, "and says nothing of what it does not name");
    cr_expect_eq(config->history_epochs, 100);
    cr_expect_str_eq(config->state_dir, folder_at(&folder, "state"), "sections are joined");
    cr_assert_eq(load(environment, NULL, 0), ASSAY_OK, "%s", message);
    cr_expect_eq(config->log_level, ASSAY_LOG_WARNING);
    cr_expect_eq(config->verify_threads, 5);
    cr_assert_eq(load(environment, sets, 1), ASSAY_OK, "%s", message);
    cr_expect_eq(config->log_level, ASSAY_LOG_ERROR);
    cr_expect_eq(config->verify_threads, 5);
}

Test(apps_layers, lists_are_replaced_as_a_whole)
{
    static const char *const none[] = { "peers=[]" };
    static const char *const two[] = { "peers=[{node: " NODE ", address: 'b.example:1'}, {node: "
                                       "bb00000000000000000000000000000000000000000000000000000000"
                                       "000002, address: 'c.example:2'}]",
                                       "enforcement.targets=[{name: h, driver: hook, path: "
                                       "/bin/h, arguments: [-x, 'a \"b\"']}]" };
    cr_assert_eq(load(NULL, none, 1), ASSAY_OK, "%s", message);
    cr_expect_eq(config->peer_count, 0);
    cr_assert_eq(load(NULL, two, 2), ASSAY_OK, "%s", message);
    cr_assert_eq(config->peer_count, 2);
    cr_expect_str_eq(config->peers[0].address, "b.example:1");
    cr_expect_str_eq(config->peers[1].address, "c.example:2");
    cr_assert_eq(config->enforcement.target_count, 1);
    cr_assert_eq(config->enforcement.targets[0].argument_count, 2);
    cr_expect_str_eq(config->enforcement.targets[0].arguments[1], "a \"b\"");
    part("10.yaml", "peers:\n  - { node: " NODE ", address: e.example:4 }\n  - { node: bb"
                    "00000000000000000000000000000000000000000000000000000000000002, "
                    "address: f.example:5 }\n");
    part("20.yaml", "peers:\n  - { node: " NODE ", address: d.example:3 }\n");
    cr_assert_eq(load_plain(), ASSAY_OK, "%s", message);
    cr_assert_eq(config->peer_count, 1);
    cr_expect_str_eq(config->peers[0].address, "d.example:3");
}

/* What a value holds is never taken for structure. */
Test(apps_layers, a_value_is_only_a_value)
{
    static const char *const odd[] = { "a: b", "x # y", "{a}", "[a", "'", "\"", "a\\nb", "- a",
                                       "\t", "\xc3\xa4", "%", "@", "`", "!tag", "&anchor",
                                       "*alias", "null", "true", "~" };
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        char set[64], expected[PATH_MAX];
        const char *const sets[] = { set };
        (void)snprintf(set, sizeof set, "node.checkpoint=%s", odd[i]);
        cr_assert_eq(load(NULL, sets, 1), ASSAY_OK, "%s: %s", odd[i], message);
        (void)snprintf(expected, sizeof expected, "%s", folder_at(&folder, odd[i]));
        cr_expect_str_eq(config->checkpoint, expected);
    }
}

Test(apps_layers, a_message_names_the_place_that_is_wrong)
{
    static const char *const loud[] = { "ASSAY_LOG__LEVEL=loud", NULL };
    static const char *const flag[] = { "limits.verify_threads=99" };
    part("10.yaml", "# nothing wrong here\nlog: { level: info }\n");
    part("20.yaml", "\nlimits:\n  verify_threads: many\n");
    expect_refused(load_plain(), ASSAY_E_SYNTAX, "/assayd.d/20.yaml:3:19: ",
                   "limits.verify_threads: expected a whole number, found \"many\"");
    part("20.yaml", "limits: { verify_thread: 2 }\n");
    expect_refused(load_plain(), ASSAY_E_SYNTAX, "/assayd.d/20.yaml:1:11: ",
                   "unknown key \"verify_thread\"; is \"verify_threads\" meant?");
    part("20.yaml", "log:\n  level: info\n  level: debug\n");
    expect_refused(load_plain(), ASSAY_E_SYNTAX, "/assayd.d/20.yaml:3:3: ",
                   "the key \"level\" comes twice");
    part("20.yaml", "log: {level: info}\nlog: {format: json}\n");
    expect_refused(load_plain(), ASSAY_E_SYNTAX, "/assayd.d/20.yaml:2:1: ",
                   "the key \"log\" comes twice");
    part("20.yaml", "peers:\n  - address: a.example:1\n");
    expect_refused(load_plain(), ASSAY_E_SYNTAX, "/assayd.d/20.yaml:2:", "lacks its key \"node\"");
    static const char *const odd[] = { "log.level", "peers[0]", "a[", "]", "a[[[b", "", ".", "[]" };
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        char text[64];
        (void)snprintf(text, sizeof text, "\"%s\": debug\n", odd[i]);
        part("20.yaml", text);
        expect_refused(load_plain(), ASSAY_E_SYNTAX, "/assayd.d/20.yaml:1:1: ", "unknown key");
    }
    part("20.yaml", "just words\n");
    expect_refused(load_plain(), ASSAY_E_SYNTAX, "/assayd.d/20.yaml:1:1: ", "expected keys");
    part("20.yaml", "a: &b c\n");
    expect_refused(load_plain(), ASSAY_E_SYNTAX, "/assayd.d/20.yaml:1:", "anchors");
    part("20.yaml", "log: { level: [info] }\n");
    expect_refused(load_plain(), ASSAY_E_SYNTAX, "/assayd.d/20.yaml:1:", "level");
    part("20.yaml", "config_version: 2\n");
    expect_refused(load_plain(), ASSAY_E_VERSION, "/assayd.d/20.yaml:1:17: ", "found 2");
    part("20.yaml", "log: { level: info }\n");
    expect_refused(load(loud, NULL, 0), ASSAY_E_SYNTAX, "$ASSAY_LOG__LEVEL: ",
                   "log.level: expected error, warning, info or debug, found \"loud\"");
    expect_refused(load(NULL, flag, 1), ASSAY_E_RANGE, "--set limits.verify_threads: ",
                   "expected 1 to 16, found 99");
    /* What the file itself has wrong is told where it stands there, with others beside it. */
    (void)folder_put(&folder, "assayd.yaml", "config_version: 1\nlog: { level: x }\n", 36, 0644);
    expect_refused(load_plain(), ASSAY_E_SYNTAX, "/assayd.", "lacks its key \"node\"");
}

Test(apps_layers, a_name_that_is_no_key_is_refused_with_the_nearest)
{
    static const char *const variable[] = { "ASSAY_LOG__LEVLE=info", NULL };
    static const char *const section[] = { "ASSAY_LOGS__LEVEL=info", NULL };
    static const char *const others[] = { "ASSAY_VECTORS=/x", "ASSAYLOG__LEVEL=x", "ASSAY_=x",
                                          "ASSAY__=x", "NOT_ASSAY_LOG__LEVEL=x", "ASSAY_LOG__LEVEL",
                                          NULL };
    static const char *const item[] = { "peers[0].address=a.example:1" };
    static const char *const list[] = { "peers=a" };
    static const char *const bare[] = { "log.level" };
    static const char *const upper[] = { "ASSAY__PEERS=[]", NULL };
    expect_refused(load(variable, NULL, 0), ASSAY_E_SYNTAX, "$ASSAY_LOG__LEVLE: ",
                   "unknown key \"log.levle\"; is \"log.level\" meant?");
    expect_refused(load(section, NULL, 0), ASSAY_E_SYNTAX, "$ASSAY_LOGS__LEVEL: ",
                   "is \"log.level\" meant?");
    cr_expect_eq(load(others, NULL, 0), ASSAY_OK, "%s", message);
    expect_refused(load(NULL, item, 1), ASSAY_E_SYNTAX, "--set peers[0].address: ",
                   "set the complete list");
    expect_refused(load(NULL, list, 1), ASSAY_E_SYNTAX, "--set peers: ", "expected a list");
    expect_refused(load(NULL, bare, 1), ASSAY_E_SYNTAX, "--set: ", "expected KEY=VALUE");
    cr_expect_eq(load(upper, NULL, 0), ASSAY_OK, "%s", message);
    cr_expect_eq(config->peer_count, 0);
}

Test(apps_layers, too_much_is_refused)
{
    for (int i = 0; i <= ASSAY_CONFIG_FILES_MAX; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "%03d.yaml", i);
        part(name, "log: { level: info }\n");
    }
    expect_refused(load_plain(), ASSAY_E_RANGE, "/assayd.d: ", "at most 64 files");
}

Test(apps_layers, the_file_is_needed)
{
    const struct assay_config_sources sources = { .path = folder_at(&folder, "none.yaml") };
    expect_refused(assay_config_load_layers(&sources, config, message), ASSAY_E_NOT_FOUND,
                   "/none.yaml: ", "cannot be opened");
}

/* Every order in which two places can disagree about what a name is. */
Test(apps_layers, a_section_in_the_place_of_a_value_and_back)
{
    part("10.yaml", "log: words\n");
    expect_refused(load_plain(), ASSAY_E_SYNTAX, "/assayd.d/10.yaml:1:", "");
    part("20.yaml", "log: { level: info }\n");
    cr_expect_eq(load_plain(), ASSAY_OK, "the last one counts: %s", message);
    part("30.yaml", "peers: {}\n");
    expect_refused(load_plain(), ASSAY_E_SYNTAX, "/assayd.d/30.yaml:1:", "");
    part("35.yaml", "peers: { a: b }\nlimits: { verify_threads: 2 }\n");
    part("40.yaml", "peers: []\nlimits: {}\nenforcement: { targets: [] }\n");
    cr_expect_eq(load_plain(), ASSAY_OK, "%s", message);
    cr_expect_eq(config->peer_count, 0);
    cr_expect_eq(config->verify_threads, 2, "an empty section says nothing");
}
