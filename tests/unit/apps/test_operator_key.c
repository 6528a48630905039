/*
 * tests/unit/apps/test_operator_key.c - tests of apps/assay/core/operator_key.h: errors of an
 * operator's key, and the place of notes about it.
 */
#include "apps/assay/core/command.h"
#include "apps/assay/core/operator_key.h"
#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct folder folder;
static struct cli_key_fault fault;
static char paths[CLI_KEY_NOTES_MAX][CLI_KEY_NOTE_PATH_MAX], expected[512];
static size_t count;
static const uint8_t id[32] = { 0xab, 0xcd };

static void set_up(void)
{
    folder = folder_make();
    (void)unsetenv("XDG_STATE_HOME");
    (void)setenv("HOME", folder.path, 1);
}

static void tear_down(void)
{
    folder_remove(&folder);
}

TestSuite(apps_operator_key, .init = set_up, .fini = tear_down);

static bool find_note(const char *key)
{
    count = cli_operator_key_note_paths(key, id, "recover-00-1", paths, &fault);
    return count > 0;
}

/* The folder of a note is there, for this user alone. */
static void expect_note_in(const char *place)
{
    struct stat info;
    (void)snprintf(expected, sizeof expected, "%s/%s/operator-abcd%060d.recover-00-1", folder.path,
                   place, 0);
    cr_expect_str_eq(paths[0], expected);
    cr_assert_eq(stat(folder_at(&folder, place), &info), 0);
    cr_expect_eq(info.st_mode & 0777, 0700);
}

/* A copy of the file is the same key, and another user of the file has another state folder. */
Test(apps_operator_key, notes_about_a_file_are_next_to_it_and_in_the_state_folder)
{
    cr_assert(find_note("keys/alpha.key"), "%s", fault.text);
    cr_assert_eq(count, 2);
    expect_note_in(".local/state/assay");
    cr_expect_str_eq(paths[1], "keys/alpha.key.recover-00-1");
}

/* By the key's id, so that every name of one key finds the same note. */
Test(apps_operator_key, a_note_about_another_key_is_in_the_state_folder)
{
    static const char *const names[] = { "ssh-agent:gamma", "pkcs11:token=a;object=b" };
    for (size_t i = 0; i < 2; i++) {
        cr_assert(find_note(names[i]), "%s", fault.text);
        cr_assert_eq(count, 1);
        expect_note_in(".local/state/assay");
    }
    (void)setenv("XDG_STATE_HOME", "relative/folder", 1); /* is ignored */
    cr_assert(find_note("ssh-agent:gamma"), "%s", fault.text);
    expect_note_in(".local/state/assay");
    (void)setenv("XDG_STATE_HOME", folder_at(&folder, "state/home"), 1);
    cr_assert(find_note("ssh-agent:gamma"), "%s", fault.text);
    expect_note_in("state/home/assay");
}

/* Without a note a key could sign two RECOVERs of one era, so nothing is signed. */
Test(apps_operator_key, without_a_place_for_the_note_there_is_an_error)
{
    (void)unsetenv("HOME");
    cr_expect_not(find_note("keys/alpha.key"));
    cr_expect_not(find_note("ssh-agent:gamma"));
    cr_expect_eq(fault.exit, ASSAY_EXIT_USAGE);
    cr_expect_not_null(strstr(fault.text, "XDG_STATE_HOME"));
    (void)folder_put(&folder, "file", "x", 1, 0600);
    (void)setenv("XDG_STATE_HOME", folder_at(&folder, "file"), 1);
    cr_expect_not(find_note("ssh-agent:gamma"));
    cr_expect_eq(fault.exit, ASSAY_EXIT_INTERNAL);
    cr_expect_not_null(strstr(fault.text, "Not a directory"), "%s", fault.text);
}

Test(apps_operator_key, errors_have_the_status_of_their_cause)
{
    struct assay_signer *signer = NULL;
    (void)unsetenv("SSH_AUTH_SOCK");
    cr_expect_not(cli_operator_key_open("ssh-agent:gamma", &signer, &fault));
    cr_expect(fault.exit == ASSAY_EXIT_UNREACHABLE && strcmp(fault.code, "unreachable") == 0);
    cr_expect_eq(strncmp(fault.text, "ssh-agent:gamma: ", 17), 0, "%s", fault.text);
    cr_expect_not(cli_operator_key_open("pkcs11:object=a?pin-value=49152", &signer, &fault));
    cr_expect(fault.exit == ASSAY_EXIT_USAGE && strcmp(fault.code, "usage") == 0);
    cr_expect_null(strstr(fault.text, "49152"), "%s", fault.text);
    const char *const none = folder_at(&folder, "none.key");
    cr_expect_not(cli_operator_key_open(none, &signer, &fault));
    cr_expect(fault.exit == ASSAY_EXIT_NOT_FOUND && strcmp(fault.code, "not_found") == 0);
    cr_expect_not_null(strstr(fault.text, "no such file"));
    cr_expect_null(signer);
}
