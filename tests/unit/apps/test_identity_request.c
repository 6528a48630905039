/*
 * tests/unit/apps/test_identity_request.c - the file of `assay keys rotate --identity --out`: what
 * it holds, and what it must not replace.
 */
#include "apps/assay/members/identity_request.h"

#include "apps/assay/core/command.h"
#include "base/file/file.h"
#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct folder folder;

static void set_up(void)
{
    folder = folder_make();
}

static void tear_down(void)
{
    folder_remove(&folder);
}

TestSuite(apps_identity_request, .init = set_up, .fini = tear_down);

#define BYTES(text) assay_slice_over((const uint8_t *)(text), sizeof(text) - 1)
#define OPERATOR                                                                                   \
    "\x84\x6c"                                                                                     \
    "assay/key/v1"                                                                                 \
    "\x68"                                                                                         \
    "operator"
#define BOOTSTRAP                                                                                  \
    "\x84\x6c"                                                                                     \
    "assay/key/v1"                                                                                 \
    "\x69"                                                                                         \
    "bootstrap"
#define GENESIS                                                                                    \
    "\x83\x70"                                                                                     \
    "assay/genesis/v1"
#define CHANGE                                                                                     \
    "\x83\x07\x59\x01\x6e\x87\x6f"                                                                 \
    "assay/change/v1"

static int write_request(const char *name, uint8_t fill)
{
    struct cli_identity_request request = {
        .chain_id = { 1 }, .node_id = { 2 }, .era = 8, .sequence = 9
    };
    request.public_key[0] = fill;
    return cli_identity_request_write("assay keys rotate", folder_at(&folder, name), &request);
}

Test(apps_identity_request, an_earlier_request_is_replaced)
{
    struct cli_identity_request found;
    const char *field = NULL;
    cr_assert_eq(write_request("node.identity", 3), ASSAY_EXIT_OK);
    cr_assert_eq(write_request("node.identity", 4), ASSAY_EXIT_OK);
    cr_assert_eq(cli_identity_request_read(folder_at(&folder, "node.identity"), &found, &field),
                 ASSAY_OK);
    cr_assert_eq(found.chain_id[0], 1);
    cr_assert_eq(found.node_id[0], 2);
    cr_assert_eq(found.public_key[0], 4);
    cr_assert_eq(found.era, 8);
    cr_assert_eq(found.sequence, 9);
}

/* Its change is part of what the key signed: a request without one is none. */
Test(apps_identity_request, a_request_names_its_change)
{
    static const char *const lacks[][2] = { { "\"era\"", "data.era" },
                                            { "\"sequence\"", "data.sequence" } };
    const char *const path = folder_at(&folder, "node.identity");
    for (size_t i = 0; i < 2; i++) {
        struct cli_identity_request found;
        const char *field = NULL;
        uint8_t *bytes = NULL;
        size_t len = 0;
        cr_assert_eq(write_request("node.identity", 3), ASSAY_EXIT_OK);
        cr_assert_eq(assay_file_read(path, 4096, &bytes, &len), ASSAY_OK);
        char *const name = memmem(bytes, len, lacks[i][0], strlen(lacks[i][0]));
        cr_assert_not_null(name);
        name[1] = 'x';
        cr_assert_eq(assay_file_replace(path, ASSAY_FILE_PUBLIC, assay_slice_over(bytes, len)),
                     ASSAY_OK);
        free(bytes);
        cr_expect_neq(cli_identity_request_read(path, &found, &field), ASSAY_OK);
        cr_assert_not_null(field);
        cr_expect_str_eq(field, lacks[i][1]);
    }
}

Test(apps_identity_request, a_request_replaces_no_other_file)
{
    const struct assay_slice others[] = { BYTES(OPERATOR), BYTES(BOOTSTRAP), BYTES(GENESIS),
                                          BYTES(CHANGE), BYTES("policy_version: 1\n") };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        uint8_t *bytes = NULL;
        size_t len = 0;
        const char *const path = folder_at(&folder, "other");
        cr_assert_eq(assay_file_replace(path, ASSAY_FILE_SECRET, others[i]), ASSAY_OK);
        cr_expect_eq(write_request("other", 3), ASSAY_EXIT_CONFLICT, "file %zu", i);
        cr_assert_eq(assay_file_read(path, 4096, &bytes, &len), ASSAY_OK);
        cr_expect(len == others[i].len && assay_bytes_equal(bytes, others[i].bytes, len),
                  "file %zu is as it was", i);
        free(bytes);
    }
}

Test(apps_identity_request, a_folder_that_is_not_there_is_an_error)
{
    cr_expect_eq(write_request("nothing/node.identity", 3), ASSAY_EXIT_INTERNAL);
}
