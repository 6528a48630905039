/*
 * What programs keep, sealed: durable after a commit, bound to its place, of one key
 * (docs/services.md 5.13).
 */
#include "net/services/vault.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct assay_secret32 key = { { 1 } }, other_key = { { 2 } };
static const uint8_t one[32] = { 1 }, two[32] = { 2 };
static char folder[64], path[100];
static struct assay_vault *vault;

static enum assay_status open_with(const struct assay_secret32 *with)
{
    char message[ASSAY_VAULT_MESSAGE_LEN];
    return assay_vault_open(path, with, &vault, message);
}

static void set_up(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/assay-vault.XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/vault", folder);
    cr_assert_eq(open_with(&key), ASSAY_OK);
}

static void clear_up(void)
{
    char command[128];
    assay_vault_close(&vault);
    (void)snprintf(command, sizeof command, "rm -r %s", folder);
    cr_expect_eq(system(command), 0);
}

static enum assay_status put(enum assay_vault_kind kind, const uint8_t *name, const char *text)
{
    return assay_vault_put(vault, kind, name, assay_slice_over(text, strlen(text)));
}

static const char *get(enum assay_vault_kind kind, const uint8_t *name)
{
    static char text[64];
    struct assay_slice row;
    const enum assay_status status =
        assay_vault_get(vault, kind, name, (uint8_t *)text, sizeof text - 1, &row);
    if (status == ASSAY_E_NOT_FOUND) return "nothing";
    if (status != ASSAY_OK) return "fault";
    text[row.len] = '\0';
    return text;
}

/* SQL by somebody who has the file. */
static void host_does(const char *sql)
{
    char command[512];
    assay_vault_close(&vault);
    (void)snprintf(command, sizeof command,
                   "python3 -c 'import sqlite3; c = sqlite3.connect(\"%s\"); c.execute(\"%s\"); "
                   "c.commit(); c.close()'",
                   path, sql);
    cr_assert_eq(system(command), 0);
    cr_assert_eq(open_with(&key), ASSAY_OK);
}

Test(services_vault, what_is_committed_stays_and_the_rest_does_not, .init = set_up,
     .fini = clear_up)
{
    cr_assert_eq(put(ASSAY_VAULT_SHARE, one, "kept"), ASSAY_OK);
    cr_assert_eq(assay_vault_commit(vault), ASSAY_OK);
    cr_assert_eq(put(ASSAY_VAULT_SHARE, two, "not yet"), ASSAY_OK);
    cr_assert_eq(put(ASSAY_VAULT_SHARE, one, "changed"), ASSAY_OK);
    assay_vault_close(&vault);
    cr_assert_eq(open_with(&key), ASSAY_OK);
    cr_expect_str_eq(get(ASSAY_VAULT_SHARE, one), "kept");
    cr_expect_str_eq(get(ASSAY_VAULT_SHARE, two), "nothing");
    const uint64_t before = assay_vault_commits(vault);
    cr_expect_eq(assay_vault_commit(vault), ASSAY_OK);
    cr_expect_eq(assay_vault_commits(vault), before, "nothing is no commit");
}

Test(services_vault, rows_are_erased_and_kinds_wiped, .init = set_up, .fini = clear_up)
{
    cr_assert_eq(put(ASSAY_VAULT_SHARE, one, "a"), ASSAY_OK);
    cr_assert_eq(put(ASSAY_VAULT_SHARE, two, "b"), ASSAY_OK);
    cr_assert_eq(put(ASSAY_VAULT_OWN, one, "c"), ASSAY_OK);
    cr_assert_eq(assay_vault_commit(vault), ASSAY_OK);
    cr_assert_eq(assay_vault_erase(vault, ASSAY_VAULT_SHARE, one), ASSAY_OK);
    cr_expect_str_eq(get(ASSAY_VAULT_SHARE, one), "nothing");
    cr_expect_str_eq(get(ASSAY_VAULT_SHARE, two), "b");
    cr_assert_eq(assay_vault_wipe(vault, ASSAY_VAULT_SHARE), ASSAY_OK);
    cr_assert_eq(assay_vault_commit(vault), ASSAY_OK);
    cr_expect_str_eq(get(ASSAY_VAULT_SHARE, two), "nothing");
    cr_expect_str_eq(get(ASSAY_VAULT_OWN, one), "c", "of another kind");
}

Test(services_vault, another_key_opens_nothing, .init = set_up, .fini = clear_up)
{
    cr_assert_eq(put(ASSAY_VAULT_SHARE, one, "a"), ASSAY_OK);
    cr_assert_eq(assay_vault_commit(vault), ASSAY_OK);
    assay_vault_close(&vault);
    cr_expect_eq(open_with(&other_key), ASSAY_E_SIGNATURE);
    cr_expect_null(vault);
    cr_expect_eq(open_with(&key), ASSAY_OK);
}

static enum assay_status nothing_of(void *context, const uint8_t *name, struct assay_slice bytes)
{
    (void)name;
    (void)bytes;
    ++*(int *)context;
    return ASSAY_OK;
}

/* A host may hand out an old file; it cannot put a row where another stood, or change one. */
Test(services_vault, rows_do_not_change_places, .init = set_up, .fini = clear_up)
{
    int seen = 0;
    cr_assert_eq(put(ASSAY_VAULT_SHARE, one, "a"), ASSAY_OK);
    cr_assert_eq(put(ASSAY_VAULT_SHARE, two, "b"), ASSAY_OK);
    cr_assert_eq(assay_vault_commit(vault), ASSAY_OK);
    host_does("UPDATE rows SET sealed = (SELECT sealed FROM rows WHERE kind = 3 ORDER BY name) "
              "WHERE kind = 3");
    cr_expect_str_eq(get(ASSAY_VAULT_SHARE, one), "a");
    cr_expect_str_eq(get(ASSAY_VAULT_SHARE, two), "fault");
    cr_expect_eq(assay_vault_each(vault, ASSAY_VAULT_SHARE, nothing_of, &seen), ASSAY_E_SIGNATURE);
    cr_expect_eq(seen, 1);
    host_does("UPDATE rows SET kind = 4 WHERE kind = 3");
    cr_expect_str_eq(get(ASSAY_VAULT_CLAIM, one), "fault", "nor kinds");
    host_does("UPDATE rows SET sealed = zeroblob(1) WHERE kind = 4");
    cr_expect_str_eq(get(ASSAY_VAULT_CLAIM, one), "fault");
}

Test(services_vault, one_process_has_it, .init = set_up, .fini = clear_up)
{
    const pid_t pid = fork();
    cr_assert_geq(pid, 0);
    if (pid == 0) {
        vault = NULL;
        _exit(open_with(&key) == ASSAY_E_STORE ? 0 : 1);
    }
    int code = 0;
    cr_assert_eq(waitpid(pid, &code, 0), pid);
    cr_expect(WIFEXITED(code) && WEXITSTATUS(code) == 0, "locked");
}

Test(services_vault, what_is_no_vault_is_refused, .init = set_up, .fini = clear_up)
{
    host_does("PRAGMA user_version = 1");
    assay_vault_close(&vault);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    for (int i = 0; i < 1000; i++)
        (void)fputs("nonsense ", file);
    (void)fclose(file);
    cr_expect_eq(open_with(&key), ASSAY_E_STORE);
}
