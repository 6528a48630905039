/*
 * tests/unit/apps/test_recover_note.c - tests of apps/assay/members/recover_note.h: a key signs one
 * RECOVER of an era, also when several processes ask it at once.
 */
#include "apps/assay/core/command.h"
#include "apps/assay/members/recover_note.h"
#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct folder folder;
static struct assay_recover first, second;
static struct cli_recover_note note;
static char file[256];
static const uint8_t id[32] = { 0xab, 0xcd };

static void set_up(void)
{
    folder = folder_make();
    (void)setenv("XDG_STATE_HOME", folder_at(&folder, "state"), 1);
    (void)snprintf(file, sizeof file, "%s", folder_at(&folder, "alpha.key"));
    first.header.era = second.header.era = 3;
    first.id[0] = 1;
    second.id[0] = 2;
    cr_redirect_stderr();
}

static void tear_down(void)
{
    folder_remove(&folder);
}

TestSuite(apps_recover_note, .init = set_up, .fini = tear_down, .timeout = 60);

static int begin(const char *key, const struct assay_recover *recover)
{
    note = (struct cli_recover_note){ .count = 0 };
    return cli_recover_note_begin(key, id, recover, false, &note);
}

static int sign(const char *key, const struct assay_recover *recover)
{
    const int result = begin(key, recover);
    return result == ASSAY_EXIT_OK ? cli_recover_note_signed(&note) : result;
}

static void expect_said(const char *text)
{
    char said[4096] = "";
    (void)fflush(stderr);
    FILE *const in = cr_get_redirected_stderr();
    (void)fread(said, 1, sizeof said - 1, in);
    cr_expect_not_null(strstr(said, text), "expected \"%s\", found \"%s\"", text, said);
}

Test(apps_recover_note, a_key_signs_one_recover_of_an_era)
{
    cr_expect_eq(sign(file, &first), ASSAY_EXIT_OK);
    cr_expect_eq(sign(file, &first), ASSAY_EXIT_OK, "the same one again");
    cr_expect_eq(sign(file, &second), ASSAY_EXIT_CONFLICT);
    expect_said("has signed another RECOVER of era 3");
    second.header.era = 4;
    cr_expect_eq(sign(file, &second), ASSAY_EXIT_OK, "of another era");
}

/* Whichever name or copy it is used by. */
Test(apps_recover_note, a_copy_of_a_key_is_the_same_key)
{
    char copy[256];
    (void)snprintf(copy, sizeof copy, "%s", folder_at(&folder, "copy.key"));
    cr_expect_eq(sign(file, &first), ASSAY_EXIT_OK);
    cr_expect_eq(sign(copy, &second), ASSAY_EXIT_CONFLICT);
    cr_expect_eq(sign("ssh-agent:alpha", &second), ASSAY_EXIT_CONFLICT);
    (void)setenv("XDG_STATE_HOME", folder_at(&folder, "of-another-user"), 1);
    cr_expect_eq(sign(file, &second), ASSAY_EXIT_CONFLICT);
    cr_expect_eq(sign(copy, &first), ASSAY_EXIT_OK, "what is refused has left no note");
}

/* Notes of earlier versions: the id alone. */
Test(apps_recover_note, a_note_without_a_mark_is_of_a_signature)
{
    uint8_t old[32] = { 1 };
    (void)folder_put(&folder, "alpha.key.recover-0000000000000000-3", old, sizeof old, 0644);
    cr_expect_eq(sign(file, &second), ASSAY_EXIT_CONFLICT);
    expect_said("has signed another RECOVER");
    cr_expect_eq(sign(file, &first), ASSAY_EXIT_OK);
}

Test(apps_recover_note, a_key_that_refused_is_said_to_have_signed_nothing)
{
    cr_expect_eq(begin("ssh-agent:alpha", &first), ASSAY_EXIT_OK);
    cli_recover_note_report(&note);
    cr_expect_eq(sign("ssh-agent:alpha", &second), ASSAY_EXIT_CONFLICT);
    expect_said("nothing was signed; ");
    cr_expect_eq(unlink(note.paths[0]), 0);
    cr_expect_eq(sign("ssh-agent:alpha", &second), ASSAY_EXIT_OK, "once the note is removed");
}

Test(apps_recover_note, the_refusal_of_another_has_the_reason)
{
    cr_expect_eq(begin("ssh-agent:alpha", &first), ASSAY_EXIT_OK);
    cr_expect_eq(sign("ssh-agent:alpha", &second), ASSAY_EXIT_CONFLICT);
    expect_said("was asked to sign another RECOVER of era 3 and this command wrote no signature");
}

/* A note that is removed while a key is asked: what it signs then is not used. */
Test(apps_recover_note, no_signature_is_used_without_its_note)
{
    cr_expect_eq(begin(file, &first), ASSAY_EXIT_OK);
    const struct cli_recover_note slow = note;
    for (size_t i = 0; i < slow.count; i++)
        cr_expect_eq(unlink(slow.paths[i]), 0);
    cr_expect_eq(cli_recover_note_signed(&slow), ASSAY_EXIT_CONFLICT);
    cr_expect_eq(sign(file, &second), ASSAY_EXIT_OK);
    cr_expect_eq(cli_recover_note_signed(&slow), ASSAY_EXIT_CONFLICT);
}

/* A process that signs one of the two once the gate opens. Its status: whether it may. */
static pid_t start_signer(const struct assay_recover *recover, const int gate[2])
{
    const pid_t child = fork();
    if (child != 0) return child;
    char byte = 0;
    (void)close(gate[1]);
    const ssize_t len = read(gate[0], &byte, 1); /* ends when no process has the other end */
    if (len != 0) _exit(99);
    _exit(sign(file, recover));
}

Test(apps_recover_note, of_two_at_once_one_signs)
{
    enum { ROUNDS = 200 };
    for (unsigned round = 0; round < ROUNDS; round++) {
        int gate[2], statuses[2] = { -1, -1 };
        first.header.era = second.header.era = 10 + round;
        cr_assert_eq(pipe(gate), 0);
        pid_t children[2];
        for (int i = 0; i < 2; i++) {
            children[i] = start_signer(i == 0 ? &first : &second, gate);
            cr_assert_gt(children[i], 0);
        }
        (void)close(gate[0]);
        (void)close(gate[1]);
        for (int i = 0; i < 2; i++)
            cr_assert_eq(waitpid(children[i], &statuses[i], 0), children[i]);
        const int a = WEXITSTATUS(statuses[0]), b = WEXITSTATUS(statuses[1]);
        cr_assert((a == ASSAY_EXIT_OK && b == ASSAY_EXIT_CONFLICT) ||
                      (b == ASSAY_EXIT_OK && a == ASSAY_EXIT_CONFLICT),
                  "round %u: exit statuses %d and %d", round, a, b);
    }
}
