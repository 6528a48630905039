/*
 * tests/unit/apps/test_contexts.c - tests of contexts.yaml: what is read, written and refused.
 */
#include "apps/config/contexts.h"
#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct assay_contexts contexts;
static char message[ASSAY_CONFIG_MESSAGE_MAX];
static char path[PATH_MAX];

static const char head[] = "contexts_version: 1\n";
static const char one[] =
    "contexts:\n"
    "  - name: prod\n"
    "    endpoints: [\"https://192.0.2.1:8443\", \"https://[2001:db8::1]:8443\"]\n"
    "    ca: ca.pem\n"
    "    certificate: /etc/me.pem\n"
    "    key: me.key\n"
    "    chain_id: \"0101010101010101010101010101010101010101010101010101010101010101\"\n";

static struct folder folder;

static void open_folder(void)
{
    folder = folder_make();
    (void)snprintf(path, sizeof path, "%s", folder_at(&folder, "contexts.yaml"));
}

static void close_folder(void)
{
    assay_contexts_free(&contexts);
    folder_remove(&folder);
}

TestSuite(apps_contexts, .init = open_folder, .fini = close_folder);

static enum assay_status load(const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    (void)fputs(text, file);
    cr_assert_eq(fclose(file), 0);
    cr_assert_eq(chmod(path, mode), 0);
    assay_contexts_free(&contexts);
    message[0] = '\0';
    return assay_contexts_load(path, &contexts, message);
}

static enum assay_status load_changed(const char *from, const char *to)
{
    char text[2048], changed[2048];
    (void)snprintf(text, sizeof text, "%s%s", head, one);
    char *at = strstr(text, from);
    cr_assert_not_null(at, "%s", from);
    (void)snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text), text, to,
                   at + strlen(from));
    return load(changed, 0600);
}

Test(apps_contexts, a_file_is_read_and_written_the_same)
{
    char text[2048];
    (void)snprintf(text, sizeof text, "%scurrent: prod\n%s", head, one);
    cr_assert_eq(load(text, 0600), ASSAY_OK, "%s", message);
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(contexts.count, 1);
        const struct assay_network_context *c = assay_contexts_find(&contexts, "prod");
        cr_assert_not_null(c);
        cr_expect_str_eq(contexts.current, "prod");
        cr_expect_eq(c->endpoint_count, 2);
        cr_expect_str_eq(c->endpoints[1], "https://[2001:db8::1]:8443");
        cr_expect_str_eq(c->ca, folder_at(&folder, "ca.pem"), "from the folder of the file");
        cr_expect_str_eq(c->certificate, "/etc/me.pem");
        cr_expect_eq(c->chain_id[31], 1);
        cr_assert_eq(assay_contexts_save(path, &contexts, message), ASSAY_OK, "%s", message);
        assay_contexts_free(&contexts);
        cr_assert_eq(assay_contexts_load(path, &contexts, message), ASSAY_OK, "%s", message);
    }
    cr_expect_null(assay_contexts_find(&contexts, "pro"));
    contexts.count = 0;
    contexts.current[0] = '\0';
    cr_assert_eq(assay_contexts_save(path, &contexts, message), ASSAY_OK);
    assay_contexts_free(&contexts);
    cr_assert_eq(assay_contexts_load(path, &contexts, message), ASSAY_OK, "%s", message);
    cr_expect_eq(contexts.count, 0);
}

/* The file decides which servers are trusted. */
Test(apps_contexts, a_file_that_others_may_change_is_refused)
{
    static const mode_t modes[] = { 0666, 0620, 0644, 0640 };
    char text[2048];
    (void)snprintf(text, sizeof text, "%s%s", head, one);
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        cr_expect_eq(load(text, modes[i]), ASSAY_E_INVALID, "%o", (unsigned)modes[i]);
        cr_expect_eq(contexts.count, 0);
        cr_expect_not_null(strstr(message, "contexts.yaml"), "%s", message);
    }
    cr_assert_eq(unlink(path), 0);
    assay_contexts_free(&contexts);
    cr_expect_eq(assay_contexts_load(path, &contexts, message), ASSAY_E_NOT_FOUND);
}

Test(apps_contexts, a_value_that_is_none_names_its_key)
{
    static const struct {
        const char *from, *to, *key;
    } rows[] = {
        { "name: prod", "name: local", "contexts[0].name" },
        { "name: prod", "name: \"a b\"", "contexts[0].name" },
        { "name: prod", "name: -x", "contexts[0].name" },
        { "https://192.0.2.1:8443", "http://192.0.2.1:8443", "contexts[0].endpoints[0]" },
        { "https://192.0.2.1:8443", "https://u@192.0.2.1", "contexts[0].endpoints[0]" },
        { "https://192.0.2.1:8443", "https://a/../b", "contexts[0].endpoints[0]" },
        { "https://192.0.2.1:8443", "https://a?b", "contexts[0].endpoints[0]" },
        { "https://192.0.2.1:8443", "https://", "contexts[0].endpoints[0]" },
        { "01010101\"", "0101\"", "contexts[0].chain_id" },
        { "    key: me.key\n", "", "key" },
        { "    ca: ca.pem\n", "    insecure: true\n", "insecure" },
        { "contexts_version: 1", "contexts_version: 2", "contexts_version" },
        { "contexts:\n", "current: nobody\ncontexts:\n", "current" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cr_expect_neq(load_changed(rows[i].from, rows[i].to), ASSAY_OK, "%s", rows[i].to);
        cr_expect_not_null(strstr(message, rows[i].key), "%s: %s", rows[i].to, message);
    }
    char twice[2048];
    (void)snprintf(twice, sizeof twice, "%s%s%s", head, one, strchr(one, '\n') + 1);
    cr_expect_eq(load(twice, 0600), ASSAY_E_DUPLICATE, "%s", message);
}

Test(apps_contexts, a_path_that_yaml_would_read_otherwise_is_not_written)
{
    static const char *const odd[] = { "/a\"b", "/a\\n", "/a\nb", "/a\x7f" };
    char text[2048];
    (void)snprintf(text, sizeof text, "%s%s", head, one);
    cr_assert_eq(load(text, 0600), ASSAY_OK);
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        (void)snprintf(contexts.list[0].ca, sizeof contexts.list[0].ca, "%s", odd[i]);
        cr_expect_eq(assay_contexts_save(path, &contexts, message), ASSAY_E_INVALID, "%zu", i);
    }
    assay_contexts_free(&contexts);
    cr_expect_eq(assay_contexts_load(path, &contexts, message), ASSAY_OK, "the file is as it was");
}
