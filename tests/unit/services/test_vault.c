/*
 * tests/unit/services/test_vault.c - tests of the vault.
 *
 * What programs keep, sealed: durable after a commit, bound to its place, of one key
 * (docs/services.md 5.13).
 */
#include "base/cursor.h"
#include "base/writer.h"
#include "net/services/shares/vault.h"
#include "net/services/shares/vault_key.h"
#include "services/shares/sodium.h"

#include <criterion/criterion.h>
#include <dirent.h>
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
    /* Two kinds under one key: the kind alone tells them apart. */
    cr_assert_eq(put(ASSAY_VAULT_CLAIM, two, "c"), ASSAY_OK);
    cr_assert_eq(assay_vault_commit(vault), ASSAY_OK);
    host_does("UPDATE rows SET kind = 5 WHERE kind = 4");
    cr_expect_str_eq(get(ASSAY_VAULT_TASK, two), "fault");
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
    host_does("PRAGMA user_version = 2");
    assay_vault_close(&vault);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    for (int i = 0; i < 1000; i++)
        (void)fputs("nonsense ", file);
    (void)fclose(file);
    cr_expect_eq(open_with(&key), ASSAY_E_STORE);
}

/* --- what was erased is gone */

static const char *const first_share = "the share of generation 1: worth a k-th of the secret";
static const char *const next_share = "the share of generation 2: worth a k-th of the secret";

/* How often a sealed share stands in a file of the folder, anywhere, under one key. */
static int found_under(const char *file, const struct assay_secret32 *with,
                       const uint8_t name[static 32], const char *text)
{
    static uint8_t bytes[1 << 22];
    static const char type[] = "assay/vault/v1";
    uint8_t about[64], plain[256];
    struct assay_writer w = assay_writer_over(about, sizeof about);
    const size_t len = strlen(text), more = ASSAY_SODIUM_NONCE_LEN + ASSAY_SODIUM_TAG_LEN;
    int found = 0;
    assay_writer_put(&w, type, sizeof type);
    assay_writer_u32be(&w, ASSAY_VAULT_SHARE);
    assay_writer_put(&w, name, 32);
    FILE *in = fopen(file, "rb");
    if (in == NULL) return 0;
    const size_t size = fread(bytes, 1, sizeof bytes, in);
    (void)fclose(in);
    for (size_t at = 0; at + len + more <= size; at++)
        found += assay_sodium_open(with, bytes + at, assay_slice_over(about, w.len),
                                   assay_slice_over(bytes + at + ASSAY_SODIUM_NONCE_LEN,
                                                    len + ASSAY_SODIUM_TAG_LEN),
                                   plain) == ASSAY_OK &&
                 assay_bytes_equal(plain, (const uint8_t *)text, len);
    return found;
}

/* Numbers of the files of wrapping keys in the folder. Returns: how many. */
static int key_numbers(uint64_t numbers[static 15])
{
    int count = 0;
    DIR *all = opendir(folder);
    cr_assert_not_null(all);
    for (const struct dirent *entry = readdir(all); entry != NULL && count < 15;
         entry = readdir(all)) {
        const char *at = strstr(entry->d_name, ".key.");
        char *end = NULL;
        if (at == NULL) continue;
        numbers[count] = strtoull(at + 5, &end, 10);
        if (*end == '\0') count++;
    }
    (void)closedir(all);
    return count;
}

static uint64_t key_number(void)
{
    uint64_t numbers[15];
    cr_assert_eq(key_numbers(numbers), 1);
    return numbers[0];
}

/* In all files of the folder, under the vault's key and every wrapping key that is there. */
static int found_anywhere(const uint8_t name[static 32], const char *text)
{
    struct assay_secret32 keys[16] = { key };
    uint64_t numbers[15];
    int count = 1, found = 0;
    char file[400];
    const int files = key_numbers(numbers);
    for (int i = 0; i < files; i++)
        if (assay_vault_key_read(path, numbers[i], &key, &keys[count]) == ASSAY_OK) count++;
    DIR *all = opendir(folder);
    cr_assert_not_null(all);
    for (const struct dirent *entry = readdir(all); entry != NULL; entry = readdir(all)) {
        (void)snprintf(file, sizeof file, "%s/%s", folder, entry->d_name);
        for (int i = 0; i < count; i++)
            found += found_under(file, &keys[i], name, text);
    }
    (void)closedir(all);
    return found;
}

static void keep_and_replace(void)
{
    cr_assert_eq(put(ASSAY_VAULT_SHARE, one, first_share), ASSAY_OK);
    cr_assert_eq(assay_vault_commit(vault), ASSAY_OK);
    for (uint8_t i = 0; i < 60; i++) {
        const uint8_t other[32] = { i, 1 };
        cr_assert_eq(put(ASSAY_VAULT_SHARE, other, "another"), ASSAY_OK);
        cr_assert_eq(assay_vault_commit(vault), ASSAY_OK);
    }
    cr_assert_eq(put(ASSAY_VAULT_SHARE, one, next_share), ASSAY_OK);
    cr_assert_eq(assay_vault_commit(vault), ASSAY_OK);
    /* What a disk keeps of a log that is cut: its blocks, in nobody's file. */
    char copy[800];
    (void)snprintf(copy, sizeof copy, "cp %s-wal %s/freed", path, folder);
    cr_assert_eq(system(copy), 0);
}

Test(services_vault, what_was_replaced_is_nowhere_after_a_rewrap, .init = set_up, .fini = clear_up)
{
    keep_and_replace();
    cr_expect_gt(found_anywhere(one, first_share), 0, "the search finds what is there");
    cr_assert_eq(assay_vault_rewrap(vault), ASSAY_OK);
    cr_expect_eq(found_anywhere(one, first_share), 0);
    cr_expect_gt(found_anywhere(one, next_share), 0);
    const uint64_t before = assay_vault_commits(vault);
    cr_assert_eq(assay_vault_rewrap(vault), ASSAY_OK);
    cr_expect_eq(assay_vault_commits(vault), before, "nothing was touched since");
    assay_vault_close(&vault);
    cr_expect_eq(found_anywhere(one, first_share), 0);
    cr_assert_eq(open_with(&key), ASSAY_OK);
    cr_expect_str_eq(get(ASSAY_VAULT_SHARE, one), next_share);
    cr_expect_str_eq(get(ASSAY_VAULT_SHARE, (const uint8_t[32]){ 7, 1 }), "another");
    cr_assert_eq(assay_vault_erase(vault, ASSAY_VAULT_SHARE, one), ASSAY_OK);
    cr_assert_eq(assay_vault_rewrap(vault), ASSAY_OK);
    cr_expect_eq(found_anywhere(one, next_share), 0, "nor what was erased");
}

/* A crash before the commit leaves the next key's file, one after it the last key's. */
Test(services_vault, a_crash_in_a_rewrap_keeps_every_share, .init = set_up, .fini = clear_up)
{
    struct assay_secret32 made;
    char file[200], copy[800];
    keep_and_replace();
    const uint64_t first = key_number();
    cr_assert_eq(assay_vault_key_make(path, first + 1, &key, &made), ASSAY_OK);
    assay_vault_close(&vault);
    cr_assert_eq(open_with(&key), ASSAY_OK);
    cr_expect_str_eq(get(ASSAY_VAULT_SHARE, one), next_share);
    cr_expect_eq(assay_vault_key_read(path, first + 1, &key, &made), ASSAY_E_NOT_FOUND);
    (void)snprintf(file, sizeof file, "%s.key.%llu", path, (unsigned long long)first);
    (void)snprintf(copy, sizeof copy, "cp %s %s.kept", file, file);
    cr_assert_eq(system(copy), 0);
    cr_assert_eq(assay_vault_rewrap(vault), ASSAY_OK);
    assay_vault_close(&vault);
    (void)snprintf(copy, sizeof copy, "mv %s.kept %s", file, file);
    cr_assert_eq(system(copy), 0);
    cr_assert_eq(open_with(&key), ASSAY_OK);
    cr_expect_str_eq(get(ASSAY_VAULT_SHARE, one), next_share);
    cr_expect_eq(assay_vault_key_read(path, first, &key, &made), ASSAY_E_NOT_FOUND,
                 "destroyed now");
    cr_expect_eq(found_anywhere(one, first_share), 0);
}

Test(services_vault, without_its_wrapping_key_it_is_refused, .init = set_up, .fini = clear_up)
{
    keep_and_replace();
    const uint64_t number = key_number();
    assay_vault_close(&vault);
    cr_assert_eq(assay_vault_key_destroy(path, number), ASSAY_OK);
    cr_expect_eq(open_with(&key), ASSAY_E_STORE);
}

/* A disk that was not mounted, a store that was moved: the holder begins on an empty vault, and the
 * one that has the shares comes back later. */
Test(services_vault, one_that_begins_in_its_place_destroys_no_key, .init = set_up, .fini = clear_up)
{
    char command[900];
    keep_and_replace();
    assay_vault_close(&vault);
    (void)snprintf(command, sizeof command, "mv %s %s.away", path, path);
    cr_assert_eq(system(command), 0);
    cr_assert_eq(open_with(&key), ASSAY_OK);
    cr_assert_eq(put(ASSAY_VAULT_SHARE, one, first_share), ASSAY_OK);
    cr_assert_eq(assay_vault_rewrap(vault), ASSAY_OK);
    assay_vault_close(&vault);
    (void)snprintf(command, sizeof command, "rm -f %s-* && mv %s.away %s", path, path, path);
    cr_assert_eq(system(command), 0);
    cr_assert_eq(open_with(&key), ASSAY_OK);
    cr_expect_str_eq(get(ASSAY_VAULT_SHARE, one), next_share);
}
