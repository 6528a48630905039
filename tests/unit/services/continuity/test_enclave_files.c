/*
 * tests/unit/services/continuity/test_enclave_files.c - sealed files of an instance
 * (net/services/continuity/enclave_files.h), without a session. Goal: clean-up never removes a
 * state that a session may need, and digests reveal nothing.
 */
#include "net/services/continuity/enclave_files.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct assay_enclave_files files;
static const uint8_t instance[32] = { 7 };

static void set_up(void)
{
    files = (struct assay_enclave_files){ .folder = "/tmp/assay-files.XXXXXX",
                                          .key = { { 1, 2 } },
                                          .state_max = 1000 };
    cr_assert_not_null(mkdtemp(files.folder));
}

static int count_files(bool removes)
{
    DIR *const folder = opendir(files.folder);
    int count = 0;
    char path[sizeof files.folder + 300];
    cr_assert_not_null(folder);
    for (const struct dirent *d; (d = readdir(folder)) != NULL;) {
        if (d->d_name[0] == '.') continue;
        count++;
        (void)snprintf(path, sizeof path, "%s/%s", files.folder, d->d_name);
        if (removes) (void)unlink(path);
    }
    closedir(folder);
    return count;
}

static void tear_down(void)
{
    (void)count_files(true);
    (void)rmdir(files.folder);
}

static struct assay_enclave_state put(uint64_t index, uint64_t session, const char *text)
{
    struct assay_enclave_state state = { .index = index, .session = session };
    cr_assert_eq(
        assay_enclave_files_put(&files, instance, &state, assay_slice_over(text, strlen(text))),
        ASSAY_OK);
    return state;
}

static bool has_state(const struct assay_enclave_state *state)
{
    struct assay_cont_entry found = { .index = state->index };
    struct assay_enclave_state there;
    char unreadable[64];
    assay_bytes_copy(found.instance, 32, instance, 32);
    assay_cont_state_digest(instance, state->index, state->prev, state->hash, found.digest);
    cr_assert_eq(assay_enclave_files_find(&files, &found, &there, unreadable), ASSAY_OK);
    const bool is_there =
        there.index == state->index && assay_bytes_equal(there.hash, state->hash, 32);
    assay_enclave_state_free(&there);
    return is_there;
}

TestSuite(services_enclave_files, .init = set_up, .fini = tear_down);

/* A program that adopted a state and was fenced before it cleans up. */
Test(services_enclave_files, what_a_later_session_has_written_stays)
{
    const struct assay_enclave_state adopted = put(5, 10, "adopted");
    const struct assay_enclave_state older = put(4, 10, "older"), lost = put(6, 9, "in flight");
    const struct assay_enclave_state other = put(5, 9, "another"), own = put(6, 11, "own");
    const struct assay_enclave_state later = put(6, 12, "of the later session");
    assay_enclave_files_sweep(&files, 5, 11, &adopted);
    cr_expect(has_state(&adopted));
    cr_expect(has_state(&own));
    cr_expect(has_state(&later));
    cr_expect_not(has_state(&older));
    cr_expect_not(has_state(&lost));
    cr_expect_not(has_state(&other));
    cr_expect_eq(count_files(false), 3);
}

Test(services_enclave_files, equal_states_have_different_hashes)
{
    const struct assay_enclave_state a = put(1, 1, "yes"), b = put(1, 2, "yes");
    cr_expect_not(assay_bytes_equal(a.hash, b.hash, 32), "a state that can be guessed");
    cr_expect(has_state(&a));
    cr_expect(has_state(&b));
}

Test(services_enclave_files, the_certified_state_is_found_whatever_it_is_called)
{
    char from[5000], to[5000];
    const struct assay_enclave_state first = put(1, 1, "first"), second = put(1, 2, "second");
    (void)snprintf(from, sizeof from, "%s/state-00000000000000000001-0000000000000001",
                   files.folder);
    (void)snprintf(to, sizeof to, "%s/state-00000000000000000001-0000000000000009", files.folder);
    cr_assert_eq(rename(from, to), 0);
    cr_expect(has_state(&first));
    cr_expect(has_state(&second));
}

/* As the host may make them. */
Test(services_enclave_files, folders_links_and_long_files_in_place_of_a_state_are_no_state)
{
    char path[5000];
    struct assay_cont_entry found = { .index = 3 };
    struct assay_enclave_state state;
    char unreadable[64];
    const struct assay_enclave_state first = put(2, 1, "first");
    (void)first;
    (void)snprintf(path, sizeof path, "%s/state-00000000000000000003-0000000000000001",
                   files.folder);
    FILE *const f = fopen(path, "w");
    cr_assert_not_null(f);
    cr_assert_eq(fseek(f, 1L << 30, SEEK_SET), 0);
    cr_assert_neq(fputc(1, f), EOF);
    (void)fclose(f);
    cr_assert_eq(assay_enclave_files_find(&files, &found, &state, unreadable), ASSAY_OK);
    cr_expect_str_eq(unreadable, "state-00000000000000000003-0000000000000001");
    assay_enclave_state_free(&state);
}

/* The host fills the folder: a search ends, with an error that can be reported. */
Test(services_enclave_files, a_folder_with_too_many_names_is_refused, .timeout = 300)
{
    enum { MOST = ASSAY_ENCLAVE_FILES_FILES_MAX - 1 - 2 /* . and .. */ };
    char path[5000], unreadable[64];
    struct assay_cont_entry found = { .index = 3 };
    struct assay_enclave_state state;
    for (int i = 0; i <= MOST; i++) {
        if (i == MOST)
            cr_assert_eq(assay_enclave_files_find(&files, &found, &state, unreadable), ASSAY_OK);
        (void)snprintf(path, sizeof path, "%s/x%d", files.folder, i);
        cr_assert_eq(mknod(path, S_IFREG | 0600, 0), 0);
    }
    cr_expect_eq(assay_enclave_files_find(&files, &found, &state, unreadable), ASSAY_E_RANGE);
}
