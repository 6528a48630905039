/*
 * tests/unit/apps/test_config.c - tests of assayd.yaml.
 *
 * apps/config.h, assayd.yaml: everything that does not fit is refused, with file, place and reason.
 */
#include "apps/config.h"
#include "base/crypto.h"
#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NODE_A "aa00000000000000000000000000000000000000000000000000000000000001"
#define NODE_B "AA00000000000000000000000000000000000000000000000000000000000002"

static const char good[] = "config_version: 1\n"                /* line 1 */
                           "node:\n"                            /* 2 */
                           "  state_dir: state\n"               /* 3 */
                           "  keys_dir: /var/lib/assay/keys\n"  /* 4 */
                           "  genesis: ../genesis\n"            /* 5 */
                           "listen:\n"                          /* 6 */
                           "  gossip: 127.0.0.1:7100\n"         /* 7 */
                           "  admin: admin.sock\n"              /* 8 */
                           "evidence:\n"                        /* 9 */
                           "  kind: soft\n"                     /* 10 */
                           "  credential: platform.key\n"       /* 11 */
                           "enclave:\n"                         /* 12 */
                           "  path: enclave\n"                  /* 13 */
                           "  restore_path: enclave.good\n"     /* 14 */
                           "  service: service.sock\n"          /* 15 */
                           "limits:\n"                          /* 16 */
                           "  verify_threads: 2\n"              /* 17 */
                           "log:\n"                             /* 18 */
                           "  level: debug\n"                   /* 19 */
                           "peers:\n"                           /* 20 */
                           "  - node: \"" NODE_A "\"\n"         /* 21 */
                           "    address: peer-a.example:7101\n" /* 22 */
                           "  - node: \"" NODE_B "\"\n"         /* 23 */
                           "    address: \"[::1]:65535\"\n";    /* 24 */

static struct folder folder;
static struct assay_config *config;
static char message[ASSAY_CONFIG_MESSAGE_MAX];

static void set_up(void)
{
    folder = folder_make();
    config = calloc(1, sizeof *config);
    cr_assert_not_null(config);
}

static void tear_down(void)
{
    free(config);
    folder_remove(&folder);
}

TestSuite(apps_config, .init = set_up, .fini = tear_down);

static enum assay_status load(const void *text, size_t len)
{
    return assay_config_load(folder_put(&folder, "assayd.yaml", text, len, 0644), config, message);
}

/* The good file with one part of it replaced. */
static enum assay_status load_with(const char *from, const char *to)
{
    static char text[3 * PATH_MAX];
    const char *at = strstr(good, from);
    cr_assert_not_null(at, "%s is not in the good file", from);
    const int len =
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
    cr_assert(len > 0 && (size_t)len < sizeof text);
    return load(text, (size_t)len);
}

/* Refused with this status; the message begins with "path:line:column: " and holds the words. */
static void expect_refused(const char *from, const char *to, enum assay_status status,
                           unsigned line, unsigned column, const char *words)
{
    char place[PATH_MAX + 64];
    memset(config, 0x5a, sizeof *config);
    const enum assay_status found = load_with(from, to);
    cr_expect_eq(found, status, "%s -> %s: %s: %s", from, to, assay_status_symbol(found), message);
    (void)snprintf(place, sizeof place, "%s:%u:%u: ", folder_at(&folder, "assayd.yaml"), line,
                   column);
    cr_expect(strncmp(message, place, strlen(place)) == 0, "%s -> %s: expected %s..., found %s",
              from, to, place, message);
    cr_expect_not_null(strstr(message, words), "%s -> %s: expected \"%s\" in: %s", from, to, words,
                       message);
    cr_expect_eq(config->peer_count, 0x5a5a5a5au, "%s -> %s: the output was touched", from, to);
}

Test(apps_config, reads_every_key)
{
    cr_assert_eq(load(good, sizeof good - 1), ASSAY_OK, "%s", message);
    cr_expect_str_eq(config->state_dir, folder_at(&folder, "state"));
    cr_expect_str_eq(config->keys_dir, "/var/lib/assay/keys");
    cr_expect_str_eq(config->genesis, folder_at(&folder, "../genesis"));
    cr_expect_str_eq(config->gossip, "127.0.0.1:7100");
    cr_expect_str_eq(config->admin, folder_at(&folder, "admin.sock"));
    cr_expect_str_eq(config->evidence.credential, folder_at(&folder, "platform.key"));
    cr_expect_str_eq(config->enclave_path, folder_at(&folder, "enclave"));
    cr_expect_str_eq(config->enclave_restore_path, folder_at(&folder, "enclave.good"));
    cr_expect_str_eq(config->enclave_service, folder_at(&folder, "service.sock"));
    cr_expect_eq(config->verify_threads, 2);
    cr_expect_eq(config->log_level, ASSAY_LOG_DEBUG);
    cr_assert_eq(config->peer_count, 2);
    cr_expect_eq(config->peers[0].node_id[0], 0xaa);
    cr_expect_eq(config->peers[0].node_id[31], 1);
    cr_expect_str_eq(config->peers[0].address, "peer-a.example:7101");
    cr_expect_eq(config->peers[1].node_id[31], 2);
    cr_expect_str_eq(config->peers[1].address, "[::1]:65535");
}

Test(apps_config, an_address_may_be_up_to_four)
{
    static const char key[] = "address: peer-a.example:7101";
    cr_assert_eq(load_with(key, "address: \" a.example:1 ,[::1]:2,  127.0.0.1:3,b:4\""), ASSAY_OK,
                 "%s", message);
    cr_expect_str_eq(config->peers[0].address, "a.example:1,[::1]:2,127.0.0.1:3,b:4");
    expect_refused(key, "address: \"a:1,b:1,c:1,d:1,e:1\"", ASSAY_E_RANGE, 22, 14,
                   "peers[0].address: expected at most 4 addresses");
    expect_refused(key, "address: \"a:1,\"", ASSAY_E_SYNTAX, 22, 14, "expected HOST:PORT");
    expect_refused(key, "address: \"a:1,,b:1\"", ASSAY_E_SYNTAX, 22, 14, "expected HOST:PORT");
    expect_refused(key, "address: \"a:1 b:1\"", ASSAY_E_SYNTAX, 22, 14, "expected HOST:PORT");
}

Test(apps_config, has_defaults_for_limits_and_log)
{
    cr_assert_eq(load_with("limits:\n  verify_threads: 2\nlog:\n  level: debug\n", ""), ASSAY_OK,
                 "%s", message);
    cr_expect_eq(config->verify_threads, 1);
    enum { MEMBERS = 24 };
    cr_expect_geq(config->key_tables_mib * (1u << 20) / ASSAY_P256_TABLE_LEN, MEMBERS,
                  "every voter of a network of that size has a table");
    cr_expect_eq(config->log_level, ASSAY_LOG_INFO);
    cr_assert_eq(load_with("  verify_threads: 2\nlog:\n  level: debug\n", "  {}\nlog: {}\n"),
                 ASSAY_OK, "%s", message);
    cr_expect_eq(config->verify_threads, 1);
    cr_expect_eq(config->log_level, ASSAY_LOG_INFO);
}

Test(apps_config, a_network_of_one_has_no_peers)
{
    const char *peers = strstr(good, "peers:");
    char rest[512];
    (void)snprintf(rest, sizeof rest, "%s", peers);
    cr_assert_eq(load_with(rest, "peers: []\n"), ASSAY_OK, "%s", message);
    cr_expect_eq(config->peer_count, 0);
}

Test(apps_config, a_file_without_a_folder_in_its_name_has_paths_as_they_are)
{
    (void)folder_put(&folder, "assayd.yaml", good, sizeof good - 1, 0644);
    cr_assert_eq(chdir(folder.path), 0);
    cr_assert_eq(assay_config_load("assayd.yaml", config, message), ASSAY_OK, "%s", message);
    cr_expect_str_eq(config->state_dir, "state");
}

Test(apps_config, refuses_an_unknown_key_and_guesses_what_was_meant)
{
    expect_refused("  admin:", "  admim:", ASSAY_E_SYNTAX, 8, 3,
                   "unknown key \"admim\"; is \"admin\" meant?");
    expect_refused("limits:", "limit:", ASSAY_E_SYNTAX, 16, 1,
                   "unknown key \"limit\"; is \"limits\" meant?");
    expect_refused("    address: peer", "    adress: peer", ASSAY_E_SYNTAX, 22, 5,
                   "is \"address\" meant?");
    expect_refused("log:", "quite_another_thing:", ASSAY_E_SYNTAX, 18, 1,
                   "unknown key \"quite_another_thing\"");
    cr_expect_null(strstr(message, "meant"), "%s", message);
}

Test(apps_config, refuses_every_missing_key_but_the_optional_ones)
{
    static const char *const lines[] = {
        "config_version: 1\n",
        "  state_dir: state\n",
        "  keys_dir: /var/lib/assay/keys\n",
        "  genesis: ../genesis\n",
        "  gossip: 127.0.0.1:7100\n",
        "  admin: admin.sock\n",
        "  kind: soft\n",
        "  credential: platform.key\n",
        "  path: enclave\n",
        "  restore_path: enclave.good\n",
        "  service: service.sock\n",
        "    address: peer-a.example:7101\n",
        "node:\n  state_dir: state\n  keys_dir: /var/lib/assay/keys\n  genesis: ../genesis\n",
        "listen:\n  gossip: 127.0.0.1:7100\n  admin: admin.sock\n",
        "evidence:\n  kind: soft\n  credential: platform.key\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char key[64], words[96];
        (void)snprintf(key, sizeof key, "%s", lines[i] + strspn(lines[i], " "));
        key[strcspn(key, ":")] = '\0';
        (void)snprintf(words, sizeof words, "lacks its key \"%s\"", key);
        cr_expect_eq(load_with(lines[i], ""), ASSAY_E_SYNTAX, "without %s", lines[i]);
        cr_expect_not_null(strstr(message, words), "without %s: %s", key, message);
    }
    const char *peers = strstr(good, "peers:");
    char rest[512];
    (void)snprintf(rest, sizeof rest, "%s", peers);
    cr_expect_eq(load_with(rest, ""), ASSAY_E_SYNTAX);
    cr_expect_not_null(strstr(message, "lacks its key \"peers\""), "%s", message);
}

Test(apps_config, refuses_a_key_that_comes_twice)
{
    expect_refused("  admin: admin.sock\n", "  admin: admin.sock\n  admin: two.sock\n",
                   ASSAY_E_SYNTAX, 9, 3, "the key \"admin\" comes twice");
    expect_refused("log:", "node:\n  state_dir: a\n  keys_dir: b\n  genesis: c\nlog:",
                   ASSAY_E_SYNTAX, 18, 1, "the key \"node\" comes twice");
    expect_refused("  verify_threads: 2\n", "  verify_threads: 2\n  verify_threads: 2\n",
                   ASSAY_E_SYNTAX, 18, 3, "\"verify_threads\" comes twice");
}

Test(apps_config, reads_the_users_of_key_names_as_the_enclave_does)
{
    static const char line[] = "  service: service.sock\n";
    static const char *const bad[] = { "api",    "=5",      "api=",    "api=-1",         "API=1",
                                       "node=1", "api=1 2", "api=0x1", "api=4294967295", "a.b=1" };
    char text[160];
    cr_expect_eq(load_with("", ""), ASSAY_OK);
    cr_expect_eq(config->key_user_count, 0);
    cr_expect_eq(load_with(line, "  service: service.sock\n  key_users: [api=1001, signer=0]\n"),
                 ASSAY_OK, "%s", message);
    cr_assert_eq(config->key_user_count, 2);
    cr_expect_str_eq(config->key_users[0].text, "api=1001");
    cr_expect_str_eq(config->key_users[1].text, "signer=0");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        (void)snprintf(text, sizeof text, "%s  key_users: [\"web=7\", \"%s\"]\n", line, bad[i]);
        cr_expect_eq(load_with(line, text), ASSAY_E_RANGE, "%s", bad[i]);
        cr_expect_not_null(strstr(message, "enclave.key_users[1]"), "%s", message);
    }
    (void)snprintf(text, sizeof text, "%s  key_users: [api=7, api=8]\n", line);
    cr_expect_eq(load_with(line, text), ASSAY_E_DUPLICATE);
}

Test(apps_config, refuses_a_wrong_type)
{
    expect_refused("state_dir: state", "state_dir: [a, b]", ASSAY_E_SYNTAX, 3, 14,
                   "state_dir: expected a text, found a list");
    expect_refused("state_dir: state", "state_dir: {a: b}", ASSAY_E_SYNTAX, 3, 14,
                   "state_dir: expected a text, found keys with values");
    expect_refused("state_dir: state", "state_dir:", ASSAY_E_SYNTAX, 3, 13,
                   "state_dir: expected a text, found nothing");
    expect_refused("state_dir: state", "state_dir: \"\"", ASSAY_E_SYNTAX, 3, 14,
                   "expected a text, found nothing");
    expect_refused("evidence:\n  kind: soft\n  credential: platform.key\n", "evidence: soft\n",
                   ASSAY_E_SYNTAX, 9, 11, "evidence: expected keys with values, found a text");
    expect_refused("  - node: \"" NODE_A "\"\n    address: peer-a.example:7101\n", "  - word\n",
                   ASSAY_E_SYNTAX, 21, 5, "peers: expected keys with values, found a text");
}

Test(apps_config, numbers_are_plain_decimals_within_their_range)
{
    static const char *const bad[] = {
        "two", "-1", "+2", "2.5", "0x2", "02", "2e0", "2 3", "\" 2\""
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char line[64];
        (void)snprintf(line, sizeof line, "verify_threads: %s", bad[i]);
        expect_refused("verify_threads: 2", line, ASSAY_E_SYNTAX, 17, 19,
                       "limits.verify_threads: expected a whole number");
    }
    static const char *const outside[] = { "0", "17", "4294967297", "999999999999999999" };
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        char line[64];
        (void)snprintf(line, sizeof line, "verify_threads: %s", outside[i]);
        expect_refused("verify_threads: 2", line, ASSAY_E_RANGE, 17, 19, "expected 1 to 16");
    }
    cr_expect_eq(load_with("verify_threads: 2", "verify_threads: 1"), ASSAY_OK);
    cr_expect_eq(load_with("verify_threads: 2", "verify_threads: 16"), ASSAY_OK);
    cr_expect_eq(config->verify_threads, 16);
    expect_refused("verify_threads: 2", "key_tables_mib: 65", ASSAY_E_RANGE, 17, 19,
                   "expected 0 to 64");
    cr_expect_eq(load_with("verify_threads: 2", "key_tables_mib: 0"), ASSAY_OK);
    cr_expect_eq(config->key_tables_mib, 0);
    cr_expect_eq(load_with("verify_threads: 2", "key_tables_mib: 64"), ASSAY_OK);
    cr_expect_eq(config->key_tables_mib, 64);
}

Test(apps_config, reads_only_its_own_version)
{
    expect_refused("config_version: 1", "config_version: 2", ASSAY_E_VERSION, 1, 17,
                   "config_version: this program reads version 1, found 2");
    expect_refused("config_version: 1", "config_version: 0", ASSAY_E_VERSION, 1, 17, "found 0");
    expect_refused("config_version: 1", "config_version: one", ASSAY_E_SYNTAX, 1, 17,
                   "expected a whole number");
}

Test(apps_config, refuses_bad_hexadecimal)
{
    expect_refused("\"" NODE_A "\"", "\"zz00\"", ASSAY_E_SYNTAX, 21, 11,
                   "peers[0].node: expected 64 hexadecimal digits, found 4 bytes");
    expect_refused(NODE_A, NODE_A "0", ASSAY_E_SYNTAX, 21, 11, "found 65 bytes");
    expect_refused("02\"", "0g\"", ASSAY_E_SYNTAX, 23, 11, "peers[1].node");
}

Test(apps_config, refuses_a_bad_address)
{
    static const char *const bad[] = {
        "x",        ":7101",      "host:",           "host:0",   "host:65536",
        "host:-1",  "host:71a",   "host: 7101",      "a b:7101", "a/b:7101",
        "a;b:7101", "host:07101", "\"\\e[1m:7101\"",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char line[64];
        (void)snprintf(line, sizeof line, "address: %s", bad[i]);
        (void)load_with("address: peer-a.example:7101", line);
        if (strcmp(bad[i], "host: 7101") == 0 || strcmp(bad[i], "host:") == 0)
            cr_expect_not_null(strstr(message, ":22:"), "%s", message); /* grammar of YAML */
        else
            expect_refused("address: peer-a.example:7101", line, ASSAY_E_SYNTAX, 22, 14,
                           "peers[0].address: expected HOST:PORT");
        for (const char *c = message; *c != '\0'; c++)
            cr_expect(*c != '\x1b', "a message may not carry escapes to the terminal");
    }
    char longest[256] = "address: ", host[128];
    memset(host, 'h', sizeof host);
    (void)snprintf(longest + 9, sizeof longest - 9, "%.122s:7101", host); /* 127 bytes fit */
    cr_expect_eq(load_with("address: peer-a.example:7101", longest), ASSAY_OK, "%s", message);
    (void)snprintf(longest + 9, sizeof longest - 9, "%.123s:7101", host);
    expect_refused("address: peer-a.example:7101", longest, ASSAY_E_SYNTAX, 22, 14, "HOST:PORT");
}

Test(apps_config, refuses_a_peer_that_is_named_twice)
{
    expect_refused(NODE_B, NODE_A, ASSAY_E_DUPLICATE, 23, 11, "peers[1].node: " NODE_A);
    char upper[] = "peers:\n  - {node: \"" NODE_B "\", address: \"b:1\"}\n";
    expect_refused("peers:\n", upper, ASSAY_E_DUPLICATE, 24, 11, "is named twice");
}

Test(apps_config, refuses_anchors_aliases_tags_nuls_and_second_documents)
{
    expect_refused("state_dir: state", "state_dir: &x state", ASSAY_E_SYNTAX, 3, 14, "anchors");
    expect_refused("node:\n", "node: &n\n", ASSAY_E_SYNTAX, 2, 7, "anchors");
    expect_refused("peers:\n", "peers: &p\n", ASSAY_E_SYNTAX, 20, 8, "anchors");
    expect_refused("state_dir: state", "state_dir: *x", ASSAY_E_SYNTAX, 3, 14, "anchors");
    expect_refused("state_dir: state", "state_dir: !!str state", ASSAY_E_SYNTAX, 3, 14, "tags");
    expect_refused("node:\n", "node: !!map\n", ASSAY_E_SYNTAX, 2, 7, "tags");
    expect_refused("peers:\n", "peers: !x\n", ASSAY_E_SYNTAX, 20, 8, "tags");
    expect_refused("state_dir: state", "state_dir: \"a\\0b\"", ASSAY_E_SYNTAX, 3, 14, "NUL");
    expect_refused("peers:\n", "---\npeers:\n", ASSAY_E_SYNTAX, 20, 1, "second document");
    expect_refused("node:\n", "? [a]\n: b\nnode:\n", ASSAY_E_SYNTAX, 2, 3, "plain text");
}

Test(apps_config, refuses_nesting_beyond_reason)
{
    expect_refused("state_dir: state", "state_dir: [[[[[[[[[[[]]]]]]]]]]]", ASSAY_E_RANGE, 3, 20,
                   "nested too deeply");
    static char deep[ASSAY_CONFIG_LEN_MAX];
    memset(deep, '[', sizeof deep);
    cr_expect_eq(load(deep, sizeof deep), ASSAY_E_RANGE);
}

Test(apps_config, refuses_what_is_no_mapping_and_what_is_no_yaml)
{
    static const char *const bad[] = { "",
                                       "# only a comment\n",
                                       "\n\n",
                                       "word",
                                       "- a\n",
                                       "a: [\n",
                                       "a: b: c\n",
                                       "a\n\tb: c\n",
                                       "\xff\xfe\x61\x00",
                                       "a: \x80\n",
                                       "{a: b}}",
                                       "%YAML 3.0\n---\na: b\n",
                                       "\"open" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_expect_eq(load(bad[i], strlen(bad[i])), ASSAY_E_SYNTAX, "case %zu: %s", i, message);
        cr_expect(strncmp(message, folder.path, strlen(folder.path)) == 0, "%s", message);
        cr_expect(strlen(message) > strlen(folder_at(&folder, "assayd.yaml")) + 3, "%s", message);
    }
}

Test(apps_config, names_the_line_of_bytes_that_are_no_text)
{
    cr_expect_eq(load("a: b\nc: \x80\n", 10), ASSAY_E_SYNTAX);
    cr_expect_not_null(strstr(message, "assayd.yaml:2:4: "), "%s", message);
}

Test(apps_config, refuses_missing_unreadable_and_oversized_files)
{
    cr_expect_eq(assay_config_load(folder_at(&folder, "none.yaml"), config, message),
                 ASSAY_E_NOT_FOUND);
    cr_expect_not_null(strstr(message, "none.yaml: cannot be opened: No such file"), "%s", message);
    cr_expect_eq(assay_config_load(folder.path, config, message), ASSAY_E_IO);
    cr_expect_not_null(strstr(message, ": is a directory, expected a regular file"), "%s", message);

    static char huge[ASSAY_CONFIG_LEN_MAX + 1];
    memset(huge, '#', sizeof huge);
    cr_expect_eq(load(huge, sizeof huge), ASSAY_E_RANGE);
    cr_expect_not_null(strstr(message, "is larger than 262144 bytes"), "%s", message);
    const int len = snprintf(huge, sizeof huge, "%s#", good);
    memset(huge + len, '#', sizeof huge - (size_t)len);
    cr_expect_eq(load(huge, sizeof huge - 1), ASSAY_OK, "%s", message); /* at the limit */
}

Test(apps_config, refuses_a_socket_whose_path_has_no_room)
{
    char line[256] = "admin: /", *at = line + 8;
    memset(at, 's', 106);
    cr_expect_eq(load_with("admin: admin.sock", line), ASSAY_OK, "%s", message); /* 107 bytes */
    memset(at, 's', 107);
    expect_refused("admin: admin.sock", line, ASSAY_E_RANGE, 8, 10,
                   "a UNIX socket's path has at most 107 bytes, found 108");
    expect_refused("service: service.sock", "service: admin.sock", ASSAY_E_DUPLICATE, 15, 12,
                   "listen.admin has the same path");
}

/* listen.http */
Test(apps_config, http_listens_beside_the_admin_socket_unless_told_otherwise)
{
    char line[256] = "admin: /", *at = line + 8;
    cr_assert_eq(load(good, sizeof good - 1), ASSAY_OK, "%s", message);
    const size_t len = strlen(config->http.socket_path);
    cr_expect_str_eq(config->http.socket_path + len - 11, "/admin.http");
    cr_expect_str_eq(config->http.address, "");
    cr_assert_eq(load_with("admin: admin.sock", "admin: /run/a"), ASSAY_OK, "%s", message);
    cr_expect_str_eq(config->http.socket_path, "/run/a.http");
    memset(at, 's', 106);
    cr_assert_eq(load_with("admin: admin.sock", line), ASSAY_OK, "%s", message);
    cr_expect_eq(strlen(config->http.socket_path), 107, "a longer name has no room");
    cr_assert_eq(load_with("  admin: admin.sock\n", "  admin: admin.sock\n  http: off\n"),
                 ASSAY_OK);
    cr_expect_str_eq(config->http.socket_path, "");
    cr_assert_eq(load_with("  admin: admin.sock\n", "  admin: admin.sock\n  http: /run/h\n"),
                 ASSAY_OK);
    cr_expect_str_eq(config->http.socket_path, "/run/h");
    cr_assert_eq(
        load_with("  admin: admin.sock\n", "  admin: admin.sock\n  http: 127.0.0.1:8080\n"),
        ASSAY_OK);
    cr_expect_str_eq(config->http.address, "127.0.0.1:8080");
    cr_expect_str_eq(config->http.socket_path, "");
    expect_refused("  admin: admin.sock\n", "  admin: admin.sock\n  http: admin.sock\n",
                   ASSAY_E_DUPLICATE, 9, 9, "listen.admin has the same path");
}

/* listen.services */
Test(apps_config, programs_of_services_have_a_socket_beside_the_admin_socket)
{
    cr_assert_eq(load(good, sizeof good - 1), ASSAY_OK, "%s", message);
    const size_t len = strlen(config->services);
    cr_expect_str_eq(config->services + len - 11, "/admin.svcs");
    cr_assert_eq(load_with("  admin: admin.sock\n", "  admin: admin.sock\n  services: off\n"),
                 ASSAY_OK);
    cr_expect_str_eq(config->services, "");
    cr_assert_eq(load_with("  admin: admin.sock\n", "  admin: admin.sock\n  services: /run/s\n"),
                 ASSAY_OK);
    cr_expect_str_eq(config->services, "/run/s");
    expect_refused("  admin: admin.sock\n", "  admin: admin.sock\n  services: admin.sock\n",
                   ASSAY_E_DUPLICATE, 9, 13, "listen.admin has the same path");
    expect_refused("  admin: admin.sock\n", "  admin: admin.sock\n  services: admin.http\n",
                   ASSAY_E_DUPLICATE, 9, 13, "listen.http has the same path");
}

Test(apps_config, http_is_reached_from_other_machines_by_mutual_tls_alone)
{
    static const char tls[] = "  admin: admin.sock\n  http: 192.0.2.1:8443\n"
                              "http: { certificate: c.pem, key: k.pem, clients: a.pem }\n";
    expect_refused("  admin: admin.sock\n", "  admin: admin.sock\n  http: 192.0.2.1:8080\n",
                   ASSAY_E_INVALID, 9, 9,
                   "can be reached from other machines: expected a UNIX socket");
    expect_refused("  admin: admin.sock\n", "  admin: admin.sock\n  http: 0.0.0.0:8080\n",
                   ASSAY_E_INVALID, 9, 9, "can be reached from other machines");
    expect_refused("  admin: admin.sock\n",
                   "  admin: admin.sock\n  http: 192.0.2.1:8443\nhttp: { certificate: c.pem }\n",
                   ASSAY_E_INVALID, 9, 9, "belong together");
    expect_refused("  admin: admin.sock\n", "  admin: admin.sock\n  http: example.org:80\n",
                   ASSAY_E_SYNTAX, 9, 9, "numeric HOST");
    cr_assert_eq(load_with("  admin: admin.sock\n", tls), ASSAY_OK, "%s", message);
    cr_expect_str_eq(config->http.address, "192.0.2.1:8443");
    const size_t len = strlen(config->http.clients);
    cr_expect_str_eq(config->http.clients + len - 6, "/a.pem");
}

Test(apps_config, a_role_without_certificates_is_of_a_loopback_address_alone)
{
    static const char socket[] = "  admin: admin.sock\nhttp: { local_role: service }\n",
                      other[] = "  admin: admin.sock\n  http: 127.0.0.1:8080\n"
                                "http: { local_role: operator }\n",
                      good_role[] = "  admin: admin.sock\n  http: 127.0.0.1:8080\n"
                                    "http: { local_role: service }\n";
    cr_assert_eq(load(good, sizeof good - 1), ASSAY_OK, "%s", message);
    cr_expect_eq(config->http.local_role, ASSAY_HTTP_ROLE_VIEWER);
    cr_expect_eq(load_with("  admin: admin.sock\n", socket), ASSAY_E_INVALID);
    cr_expect_eq(load_with("  admin: admin.sock\n", other), ASSAY_E_SYNTAX);
    cr_assert_eq(load_with("  admin: admin.sock\n", good_role), ASSAY_OK, "%s", message);
    cr_expect_eq(config->http.local_role, ASSAY_HTTP_ROLE_SERVICE);
}

Test(apps_config, metrics_by_member_are_opt_in_and_bounded)
{
    static const char key[] = "log:\n";
    cr_assert_eq(load(good, sizeof good - 1), ASSAY_OK, "%s", message);
    cr_expect_eq(config->metrics_members, 0);
    cr_assert_eq(load_with(key, "metrics: { members: 128 }\nlog:\n"), ASSAY_OK, "%s", message);
    cr_expect_eq(config->metrics_members, 128);
    expect_refused(key, "metrics: { members: 129 }\nlog:\n", ASSAY_E_RANGE, 18, 21,
                   "metrics.members: expected 0 to 128, found 129");
}

Test(apps_config, refuses_a_path_that_has_no_room)
{
    static char line[PATH_MAX + 64];
    memset(line, 'p', sizeof line - 1);
    assay_bytes_copy(line, sizeof line, "state_dir: ", 11);
    line[11 + PATH_MAX - 1] = '\0'; /* fits alone, not behind the folder */
    expect_refused("state_dir: state", line, ASSAY_E_RANGE, 3, 14, "the path is longer than");
    line[11 + PATH_MAX - 1] = 'p';
    line[11 + PATH_MAX] = '\0';
    expect_refused("state_dir: state", line, ASSAY_E_SYNTAX, 3, 14, "STRING length");
}

Test(apps_config, evidence_comes_from_a_soft_platform_or_from_a_tpm)
{
    cr_assert_eq(load(good, sizeof good - 1), ASSAY_OK, "%s", message);
    cr_expect_eq(config->evidence.kind, ASSAY_CONFIG_SOFT);
    cr_expect_eq(config->evidence.deadline_ms, 2000);
    cr_expect_eq(config->evidence.close_ms, 3000);
    cr_assert_eq(load_with("kind: soft", "kind: tpm"), ASSAY_OK, "%s", message);
    cr_expect_eq(config->evidence.kind, ASSAY_CONFIG_TPM);
    cr_expect_str_eq(config->evidence.tcti, "device:/dev/tpmrm0");
    cr_assert_eq(load_with("kind: soft", "kind: tpm\n  tcti: \"swtpm:path=/run/t.sock\""), ASSAY_OK,
                 "%s", message);
    cr_expect_str_eq(config->evidence.tcti, "swtpm:path=/run/t.sock");
    expect_refused("kind: soft", "kind: soft\n  tcti: \"device:/dev/tpm0\"", ASSAY_E_UNSUPPORTED,
                   11, 9, "evidence.tcti: kind soft has no such key");
    char line[16 + 2 * ASSAY_TCTI_MAX] = "kind: tpm\n  tcti: ";
    const size_t head = strlen(line);
    for (size_t i = 0; i < ASSAY_TCTI_MAX; i++)
        line[head + i] = 't';
    expect_refused("kind: soft", line, ASSAY_E_RANGE, 11, 9, "at most 255 characters");
}

#define EVIDENCE "kind: soft\n  credential: platform.key\n"

Test(apps_config, evidence_comes_from_every_source_with_its_own_keys)
{
    static const char *const texts[] = { "tsm", "gramine", "nsm" };
    static const enum assay_config_evidence kinds[] = { ASSAY_CONFIG_TSM, ASSAY_CONFIG_GRAMINE,
                                                        ASSAY_CONFIG_NSM };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char line[96];
        (void)snprintf(line, sizeof line, "kind: %s\n", texts[i]);
        cr_assert_eq(load_with(EVIDENCE, line), ASSAY_OK, "%s", message);
        cr_expect_eq(config->evidence.kind, kinds[i]);
        cr_expect_str_eq(config->evidence.path, "");
        cr_expect_str_eq(assay_config_evidence_text(kinds[i]), texts[i]);
        (void)snprintf(line, sizeof line,
                       "kind: %s\n  path: /there\n  deadline_ms: 60000\n  close_ms: 100\n",
                       texts[i]);
        cr_assert_eq(load_with(EVIDENCE, line), ASSAY_OK, "%s", message);
        cr_expect_str_eq(config->evidence.path, "/there");
        cr_expect_eq(config->evidence.deadline_ms, 60000);
        cr_expect_eq(config->evidence.close_ms, 100);
        cr_expect_not(config->evidence.has_privlevel);
    }
    cr_assert_eq(load_with(EVIDENCE, "kind: recorded\n  path: quotes\n"), ASSAY_OK, "%s", message);
    cr_expect_eq(config->evidence.kind, ASSAY_CONFIG_RECORDED);
    cr_expect_str_eq(config->evidence.path, folder_at(&folder, "quotes"));
    cr_assert_eq(load_with(EVIDENCE, "kind: tsm\n  privlevel: 3\n  service_provider: svsm\n"
                                     "  service_guid: c476f1eb-0123-45a5-9641-b4e7dde5bfe3\n"
                                     "  service_manifest_version: 1\n"),
                 ASSAY_OK, "%s", message);
    cr_expect(config->evidence.has_privlevel);
    cr_expect_eq(config->evidence.privlevel, 3);
    cr_expect_str_eq(config->evidence.service_provider, "svsm");
    cr_expect_str_eq(config->evidence.service_guid, "c476f1eb-0123-45a5-9641-b4e7dde5bfe3");
    cr_expect_eq(config->evidence.service_manifest_version, 1);
}

Test(apps_config, refuses_keys_that_a_source_does_not_have)
{
    static const struct {
        const char *section, *reason;
        enum assay_status status;
    } cases[] = {
        { "kind: soft\n", ":10:9: evidence.kind: soft lacks its key \"credential\"",
          ASSAY_E_SYNTAX },
        { "kind: tpm\n", "evidence.kind: tpm lacks its key \"credential\"", ASSAY_E_SYNTAX },
        { "kind: recorded\n", "evidence.kind: recorded lacks its key \"path\"", ASSAY_E_SYNTAX },
        { "kind: tsm\n  credential: platform.key\n",
          "evidence.credential: kind tsm has no such key", ASSAY_E_UNSUPPORTED },
        { "kind: nsm\n  tcti: x\n", "evidence.tcti: kind nsm has no such key",
          ASSAY_E_UNSUPPORTED },
        { "kind: tpm\n  credential: c\n  path: x\n", "evidence.path: kind tpm has no such key",
          ASSAY_E_UNSUPPORTED },
        { "kind: gramine\n  privlevel: 0\n", "evidence.privlevel: kind gramine has no such key",
          ASSAY_E_UNSUPPORTED },
        { "kind: nsm\n  service_provider: svsm\n",
          "evidence.service_provider: kind nsm has no such key", ASSAY_E_UNSUPPORTED },
        { "kind: tsm\n  privlevel: 4\n", "evidence.privlevel: expected 0 to 3, found 4",
          ASSAY_E_RANGE },
        { "kind: tsm\n  service_guid: x\n", "lacks its key \"service_provider\"", ASSAY_E_SYNTAX },
        { "kind: tsm\n  deadline_ms: 99\n", "evidence.deadline_ms: expected 100 to 60000, found 99",
          ASSAY_E_RANGE },
        { "kind: tsm\n  deadline_ms: 60001\n",
          "evidence.deadline_ms: expected 100 to 60000, found 60001", ASSAY_E_RANGE },
        { "kind: tsm\n  close_ms: 99\n", "evidence.close_ms: expected 100 to 60000, found 99",
          ASSAY_E_RANGE },
        { "kind: nsm\n  close_ms: 60001\n", "evidence.close_ms: expected 100 to 60000, found 60001",
          ASSAY_E_RANGE },
        { "kind: tsm\n  service_provider: "
          "0123456789012345678901234567890123456789012345678901234567890123\n",
          "evidence.service_provider: expected at most 63 characters", ASSAY_E_RANGE },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_expect_eq(load_with(EVIDENCE, cases[i].section), cases[i].status, "%s: %s",
                     cases[i].section, message);
        cr_expect_not_null(strstr(message, cases[i].reason), "%s: %s", cases[i].section, message);
    }
}

Test(apps_config, refuses_kinds_and_levels_that_are_not_there)
{
    expect_refused("kind: soft", "kind: sgx3", ASSAY_E_UNSUPPORTED, 10, 9,
                   "evidence.kind: expected soft, tpm, tsm, gramine, nsm or recorded, "
                   "found \"sgx3\"");
    expect_refused("level: debug", "level: loud", ASSAY_E_SYNTAX, 19, 10,
                   "log.level: expected error, warning, info or debug, found \"loud\"");
    static const char *const levels[] = { "error", "warning", "info", "debug" };
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        char line[32];
        (void)snprintf(line, sizeof line, "level: %s", levels[i]);
        cr_expect_eq(load_with("level: debug", line), ASSAY_OK, "%s", message);
        cr_expect_eq((size_t)config->log_level, i);
    }
}

Test(apps_config, no_truncation_and_no_changed_byte_crashes)
{
    char text[sizeof good];
    for (size_t len = 0; len < sizeof good - 1; len += 3) {
        const enum assay_status status = load(good, len);
        cr_expect(status == ASSAY_OK || strlen(message) > 0, "at %zu", len);
    }
    for (size_t i = 0; i < sizeof good - 1; i += 5) {
        assay_bytes_copy(text, sizeof text, good, sizeof good);
        text[i] = (char)(text[i] ^ (1 << (i % 8)));
        const enum assay_status status = load(text, sizeof good - 1);
        cr_expect(status == ASSAY_OK || strlen(message) > 0, "at %zu", i);
    }
}

Test(apps_config, without_the_section_nobody_is_asked_for_collateral)
{
    cr_assert_eq(load(good, sizeof good - 1), ASSAY_OK, "%s", message);
    cr_expect_not(assay_config_fetches(&config->collateral));
    cr_expect_eq(config->collateral.every_s, 21600);
    cr_assert_eq(load_with("limits:", "collateral:\n  every_s: 60\nlimits:"), ASSAY_OK, "%s",
                 message);
    cr_expect_not(assay_config_fetches(&config->collateral));
    cr_expect_eq(config->collateral.every_s, 60);
}

Test(apps_config, says_whom_to_ask_for_collateral)
{
    cr_assert_eq(load_with("limits:", "collateral:\n"
                                      "  fetch:\n"
                                      "    intel: vendor\n"
                                      "    amd: https://kds.example\n"
                                      "    early: true\n"
                                      "    ca_file: ca.pem\n"
                                      "    lists:\n"
                                      "      - root: \"" NODE_A "\"\n"
                                      "        url: https://crl.example/root.crl\n"
                                      "  every_s: 604800\n"
                                      "limits:"),
                 ASSAY_OK, "%s", message);
    const struct assay_config_collateral *const c = &config->collateral;
    cr_expect(assay_config_fetches(c));
    cr_expect_eq(c->intel.mode, ASSAY_ROUND_VENDOR);
    cr_expect_eq(c->amd.mode, ASSAY_ROUND_URL);
    cr_expect_str_eq(c->amd.url, "https://kds.example");
    cr_expect(c->early);
    cr_expect_not_null(strstr(c->ca_file, "/ca.pem"));
    cr_assert_eq(c->list_count, 1);
    cr_expect_eq(c->lists[0].root[0], 0xaa);
    cr_expect_str_eq(c->lists[0].url, "https://crl.example/root.crl");
    cr_expect_eq(c->every_s, 604800);
    cr_assert_eq(load_with("limits:", "collateral:\n  fetch:\n    intel: \"off\"\nlimits:"),
                 ASSAY_OK, "%s", message);
    cr_expect_not(assay_config_fetches(c));
}

Test(apps_config, refuses_addresses_that_cannot_be_asked)
{
    expect_refused("limits:", "collateral:\n  fetch:\n    intel: http://pccs.example\nlimits:",
                   ASSAY_E_SYNTAX, 18, 12, "collateral.fetch.intel: expected https:");
    expect_refused("limits:", "collateral:\n  fetch:\n    amd: \"yes\"\nlimits:", ASSAY_E_SYNTAX,
                   18, 10, "collateral.fetch.amd");
    expect_refused("limits:", "collateral:\n  fetch:\n    intel: https://u@x\nlimits:",
                   ASSAY_E_SYNTAX, 18, 12, "without a user name");
    expect_refused("limits:", "collateral:\n  fetch:\n    early: 1\nlimits:", ASSAY_E_SYNTAX, 18,
                   12, "expected true or false");
    expect_refused("limits:", "collateral:\n  every_s: 59\nlimits:", ASSAY_E_RANGE, 17, 12,
                   "collateral.every_s");
    expect_refused("limits:",
                   "collateral:\n  fetch:\n    lists:\n      - root: aa\n        url: https://x\n"
                   "limits:",
                   ASSAY_E_SYNTAX, 19, 15, "collateral.fetch.lists[0].root");
    char url[ASSAY_ROUND_URL_MAX + 80], text[ASSAY_ROUND_URL_MAX + 160];
    for (int over = 0; over < 2; over++) {
        (void)snprintf(url, sizeof url, "https://%0*d", ASSAY_ROUND_URL_MAX - 9 + over, 0);
        (void)snprintf(text, sizeof text, "collateral:\n  fetch:\n    intel: %s\nlimits:", url);
        cr_expect_eq(load_with("limits:", text), over ? ASSAY_E_RANGE : ASSAY_OK, "%s", message);
    }
}
