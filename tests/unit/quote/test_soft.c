/*
 * tests/unit/quote/test_soft.c - tests of the issuer of SOFT evidence and its files.
 */
#include "tests/unit/quote/world.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *temporary(void)
{
    static char dir[] = "/tmp/assay-test-soft-XXXXXX";
    cr_assert_not_null(mkdtemp(dir));
    return dir;
}

static const char *below(const char *dir, const char *name)
{
    static char path[4][PATH_MAX];
    static int turn;
    turn = (turn + 1) % 4;
    (void)snprintf(path[turn], PATH_MAX, "%s/%s", dir, name);
    return path[turn];
}

static void remove_all(const char *dir)
{
    static const char *const names[] = { "ca.key", "root_ca.pem", "node.key" };
    for (int i = 0; i < ASSAY_PARTS; i++)
        (void)unlink(below(dir, assay_collateral_part_name((enum assay_collateral_part)i)));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        (void)unlink(below(dir, names[i]));
    cr_assert_eq(rmdir(dir), 0, "something was left in %s", dir);
}

static unsigned mode_of(const char *path)
{
    struct stat info;
    cr_assert_eq(stat(path, &info), 0, "%s", path);
    return info.st_mode & 0777;
}

Test(quote_soft, saves_and_loads_an_authority_and_a_credential)
{
    struct world *const w = world_open();
    struct assay_soft_ca *const ca = calloc(1, sizeof *ca);
    const char *const dir = temporary();
    cr_assert_not_null(ca);
    cr_assert_eq(assay_soft_ca_save(&w->ca, dir), ASSAY_OK);
    cr_assert_eq(assay_soft_ca_load(dir, ca), ASSAY_OK);
    cr_assert(assay_bytes_equal(ca, &w->ca, sizeof *ca));
    cr_assert_eq(assay_soft_node_save(&w->node, below(dir, "node.key")), ASSAY_OK);
    assay_soft_node_deinit(&w->node);
    cr_assert_eq(assay_soft_node_load(below(dir, "node.key"), &w->node), ASSAY_OK);
    world_quote(w);
    cr_assert_eq(world_judge(w), ASSAY_OK);
    cr_assert_eq(w->verdict.tier, ASSAY_TIER_AFFIRMING);
    remove_all(dir);
    assay_soft_ca_wipe(ca);
    free(ca);
    world_close(w);
}

Test(quote_soft, writes_secrets_for_the_owner_alone_and_never_over_another)
{
    struct world *const w = world_open();
    const char *const dir = temporary();
    const char *const key = below(dir, "ca.key");
    cr_assert_eq(assay_soft_ca_save(&w->ca, dir), ASSAY_OK);
    cr_assert_eq(mode_of(key), 0600);
    cr_assert_eq(assay_soft_ca_save(&w->ca, dir), ASSAY_E_DUPLICATE);
    cr_assert_eq(assay_soft_node_save(&w->node, below(dir, "node.key")), ASSAY_OK);
    cr_assert_eq(mode_of(below(dir, "node.key")), 0600);
    cr_assert_eq(assay_soft_node_save(&w->node, below(dir, "node.key")), ASSAY_E_DUPLICATE);
    cr_assert_eq(assay_soft_node_save(&w->node, "/nonexistent/node.key"), ASSAY_E_IO);
    remove_all(dir);
    world_close(w);
}

Test(quote_soft, refuses_files_that_others_may_read_or_that_are_not_whole)
{
    struct world *const w = world_open();
    const char *const dir = temporary();
    const char *const path = below(dir, "node.key");
    struct assay_soft_node node;
    struct stat info;
    cr_assert_eq(assay_soft_node_load(path, &node), ASSAY_E_NOT_FOUND);
    cr_assert_eq(assay_soft_node_save(&w->node, path), ASSAY_OK);
    cr_assert_eq(chmod(path, 0640), 0);
    cr_assert_eq(assay_soft_node_load(path, &node), ASSAY_E_INVALID);
    cr_assert_eq(chmod(path, 0600), 0);
    cr_assert_eq(assay_soft_node_load(path, &node), ASSAY_OK);
    assay_soft_node_deinit(&node);
    cr_assert_eq(stat(path, &info), 0);
    for (off_t len = info.st_size - 1; len >= 0; len -= 37) {
        cr_assert_eq(truncate(path, len), 0);
        cr_assert_eq(assay_soft_node_load(path, &node), ASSAY_E_TRUNCATED, "%ld bytes", (long)len);
    }
    /* The key of an authority is no credential. */
    cr_assert_eq(assay_soft_ca_save(&w->ca, dir), ASSAY_OK);
    cr_assert_neq(assay_soft_node_load(below(dir, "ca.key"), &node), ASSAY_OK);
    remove_all(dir);
    world_close(w);
}

Test(quote_soft, saves_a_bundle_under_the_names_of_the_vectors)
{
    struct world *const w = world_open();
    const char *const dir = temporary();
    struct assay_collateral_files files;
    uint8_t a[32], b[32];
    cr_assert_eq(assay_soft_bundle_save(&w->bundle, dir), ASSAY_OK);
    cr_assert_eq(assay_soft_bundle_save(&w->bundle, dir), ASSAY_OK); /* replaces */
    parts_read(dir, &files);
    assay_collateral_digest(&files, a);
    assay_collateral_digest(&w->bundle.files, b);
    cr_assert_arr_eq(a, b, 32);
    parts_free(&files);
    remove_all(dir);
    world_close(w);
}

Test(quote_soft, wants_plain_names_and_sane_times)
{
    struct assay_soft_ca *const ca = calloc(1, sizeof *ca);
    cr_assert_not_null(ca);
    static const char *const bad[] = { "", "a/b", "name\n", "\"",
                                       "123456789012345678901234567890ab" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_assert_eq(assay_soft_ca_create(bad[i], WORLD_FROM, WORLD_TO, ca), ASSAY_E_RANGE);
    cr_assert_eq(assay_soft_ca_create("a", WORLD_TO, WORLD_FROM, ca), ASSAY_E_RANGE);
    cr_assert_eq(assay_soft_ca_create("a", -1, WORLD_FROM, ca), ASSAY_E_RANGE);
    cr_assert_eq(assay_soft_ca_create("a", 0, INT64_C(2524608000), ca), ASSAY_E_RANGE);
    cr_assert_eq(assay_soft_ca_create("a", 0, INT64_C(2524607999), ca), ASSAY_OK);
    assay_soft_ca_wipe(ca);
    cr_assert(assay_bytes_all_zero(ca, sizeof *ca));
    free(ca);
}

Test(quote_soft, says_when_a_quote_does_not_fit)
{
    struct world *const w = world_open();
    size_t len = 0;
    for (size_t capacity = 0; capacity < w->quote_len; capacity += 97) {
        uint8_t *const exact = malloc(capacity == 0 ? 1 : capacity);
        cr_assert_not_null(exact);
        cr_assert_eq(assay_soft_quote(&w->node, &w->request, exact, capacity, &len), ASSAY_E_FULL);
        free(exact);
    }
    world_close(w);
}

Test(quote_soft, gives_every_node_its_own_platform_and_certificate)
{
    struct world *const w = world_open();
    struct assay_soft_node other;
    cr_assert_eq(assay_soft_node_create(&w->ca, "other", NULL, &other), ASSAY_OK);
    cr_assert_not(assay_bytes_equal(other.ppid, w->node.ppid, 16));
    cr_assert_not(assay_bytes_equal(other.pck_serial, w->node.pck_serial, 20));
    cr_assert_not(assay_bytes_equal(other.attestation_public, w->node.attestation_public, 64));
    assay_soft_node_deinit(&other);
    cr_assert(assay_bytes_all_zero(&other, sizeof other));
    world_close(w);
}
