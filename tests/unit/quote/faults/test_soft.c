/*
 * tests/unit/quote/faults/test_soft.c - fault injection into the issuer of SOFT evidence: no
 * partial key, quote or bundle; and its key files, truncated at every byte.
 */
#include "tests/support/faults/fault.h"
#include "tests/unit/apps/folder.h"

#include "base/file/file.h"
#include "quote/source/soft/soft.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct bench {
    struct folder folder;
    struct assay_soft_ca ca, other_ca;
    struct assay_soft_terms terms;
    struct assay_soft_bundle bundle;
    struct assay_soft_platform platform;
    struct assay_soft_node node, other_node;
    uint8_t quote[ASSAY_SOFT_QUOTE_MAX];
};

static struct bench *b;

static void set_up(void)
{
    b = calloc(1, sizeof *b);
    cr_assert_not_null(b);
    b->folder = folder_make();
    fault_arm(0);
    cr_assert_eq(assay_soft_ca_create("test", 1000, 2000, &b->ca), ASSAY_OK);
    assay_soft_terms_default(&b->ca, &b->terms);
    assay_soft_platform_default(&b->platform);
    cr_assert_eq(assay_soft_node_create(&b->ca, "node", &b->platform, &b->node), ASSAY_OK);
}

static void tear_down(void)
{
    fault_arm(0);
    assay_soft_node_deinit(&b->node);
    folder_remove(&b->folder);
    free(b);
}

TestSuite(quote_faults_soft, .init = set_up, .fini = tear_down);

/* Each of its calls fails once: the status is the failing part's. */
static void expect_failures(enum assay_status (*op)(void), enum assay_status status,
                            enum assay_status other, const char *what)
{
    fault_arm(0);
    cr_assert_eq(op(), ASSAY_OK, "%s", what);
    const size_t calls = fault_count();
    cr_assert_gt(calls, 0, "%s", what);
    for (size_t i = 1; i <= calls; i++) {
        fault_arm(i);
        const enum assay_status got = op();
        cr_expect(got == status || got == other, "%s, call %zu of %zu: %s", what, i, calls,
                  assay_status_symbol(got));
    }
    fault_arm(0);
    cr_expect_eq(op(), ASSAY_OK, "%s", what);
}

static enum assay_status create_ca(void)
{
    return assay_soft_ca_create("other", 1000, 2000, &b->other_ca);
}

static enum assay_status make_bundle(void)
{
    return assay_soft_collateral(&b->ca, &b->terms, &b->bundle);
}

static enum assay_status create_node(void)
{
    const enum assay_status status =
        assay_soft_node_create(&b->ca, "other", &b->platform, &b->other_node);
    if (status == ASSAY_OK) assay_soft_node_deinit(&b->other_node);
    return status;
}

static enum assay_status make_quote(void)
{
    const struct assay_soft_request request = { .isvsvn = 1 };
    size_t len = 0;
    return assay_soft_quote(&b->node, &request, b->quote, sizeof b->quote, &len);
}

static enum assay_status save_ca(void)
{
    (void)unlink(folder_at(&b->folder, "ca.key"));
    return assay_soft_ca_save(&b->ca, b->folder.path);
}

static enum assay_status load_ca(void) { return assay_soft_ca_load(b->folder.path, &b->other_ca); }

static enum assay_status save_bundle(void)
{
    return assay_soft_bundle_save(&b->bundle, b->folder.path);
}

static enum assay_status save_node(void)
{
    const char *const path = folder_at(&b->folder, "node.key");
    (void)unlink(path);
    return assay_soft_node_save(&b->node, path);
}

static enum assay_status load_node(void)
{
    const enum assay_status status =
        assay_soft_node_load(folder_at(&b->folder, "node.key"), &b->other_node);
    if (status == ASSAY_OK) assay_soft_node_deinit(&b->other_node);
    return status;
}

Test(quote_faults_soft, no_authority_node_quote_or_bundle_is_made_by_halves)
{
    expect_failures(create_ca, ASSAY_E_CRYPTO, ASSAY_E_CRYPTO, "authority");
    expect_failures(make_bundle, ASSAY_E_CRYPTO, ASSAY_E_CRYPTO, "bundle");
    expect_failures(create_node, ASSAY_E_CRYPTO, ASSAY_E_CRYPTO, "node");
    expect_failures(make_quote, ASSAY_E_CRYPTO, ASSAY_E_CRYPTO, "quote");
}

Test(quote_faults_soft, files_that_cannot_be_written_or_read_are_said)
{
    cr_assert_eq(make_bundle(), ASSAY_OK);
    expect_failures(save_ca, ASSAY_E_IO, ASSAY_E_CRYPTO, "authority's key");
    expect_failures(load_ca, ASSAY_E_CRYPTO, ASSAY_E_CRYPTO, "authority's key");
    expect_failures(save_bundle, ASSAY_E_IO, ASSAY_E_IO, "bundle");
    expect_failures(save_node, ASSAY_E_IO, ASSAY_E_IO, "node's key");
    expect_failures(load_node, ASSAY_E_CRYPTO, ASSAY_E_CRYPTO, "node's key");
}

/* Every cut of a key file, and a byte more, is refused. */
static void expect_whole(const char *name, enum assay_status (*load)(void))
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    cr_assert_eq(assay_file_read(folder_at(&b->folder, name), 65536, &bytes, &len), ASSAY_OK);
    for (size_t cut = 0; cut < len; cut++) {
        (void)folder_put(&b->folder, name, bytes, cut, 0600);
        cr_expect_eq(load(), ASSAY_E_TRUNCATED, "%s: %zu of %zu", name, cut, len);
    }
    uint8_t *const more = calloc(1, len + 1);
    cr_assert_not_null(more);
    assay_bytes_copy(more, len, bytes, len);
    (void)folder_put(&b->folder, name, more, len + 1, 0600);
    cr_expect_eq(load(), ASSAY_E_TRAILING, "%s", name);
    for (size_t i = 0; i + 2 < len; i++)
        if (more[i] == '/' && more[i + 1] == 'v' && more[i + 2] == '1') {
            more[i + 2] = '2';
            break;
        }
    (void)folder_put(&b->folder, name, more, len, 0600);
    cr_expect_eq(load(), ASSAY_E_VERSION, "%s", name);
    free(more);
    free(bytes);
}

Test(quote_faults_soft, key_files_are_read_whole_or_not_at_all, .timeout = 600)
{
    cr_assert_eq(save_ca(), ASSAY_OK);
    cr_assert_eq(save_node(), ASSAY_OK);
    expect_whole("ca.key", load_ca);
    expect_whole("node.key", load_node);
}

Test(quote_faults_soft, what_does_not_fit_is_not_written)
{
    const struct assay_soft_request request = { .isvsvn = 1 };
    size_t len = 0, none = 0;
    cr_assert_eq(assay_soft_quote(&b->node, &request, b->quote, sizeof b->quote, &len), ASSAY_OK);
    for (size_t room = 0; room < len; room += 61)
        cr_expect_eq(assay_soft_quote(&b->node, &request, b->quote, room, &none), ASSAY_E_FULL,
                     "%zu", room);
    b->terms.level_count = ASSAY_SOFT_LEVELS_MAX + 1;
    cr_expect_eq(make_bundle(), ASSAY_E_RANGE);
    assay_soft_terms_default(&b->ca, &b->terms);
    b->terms.revoked_count = ASSAY_SOFT_REVOKED_MAX + 1;
    cr_expect_eq(make_bundle(), ASSAY_E_RANGE);
}
