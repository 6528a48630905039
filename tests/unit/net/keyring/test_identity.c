/*
 * tests/unit/net/keyring/test_identity.c - a new identity key in the folder of a node's keys.
 */
#include "net/keys/keyring.h"
#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static struct folder folder;
static struct assay_keyring ring, again;

static void set_up(void)
{
    folder = folder_make();
}

static void tear_down(void)
{
    folder_remove(&folder);
}

TestSuite(net_identity, .init = set_up, .fini = tear_down);

static const char *keys(void)
{
    return folder_at(&folder, "keys");
}

static const char *key_path(const char *name)
{
    static char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/%s", keys(), name);
    return path;
}

/* docs/protocol.md 9.6.8: the node keeps its id whatever key it has; the old key is not on the disk
 * any more. */
Test(net_identity, a_new_identity_waits_and_then_takes_the_place_of_the_old_one)
{
    char other[128], copy[160];
    uint8_t bytes[256];
    (void)snprintf(other, sizeof other, "%s/restored", folder.path);
    cr_assert_eq(assay_keyring_create(keys(), &ring), ASSAY_OK);
    const struct assay_keyring old = ring;
    for (unsigned round = 0; round < 3; round++) {
        const struct assay_keyring before = ring;
        cr_assert_eq(assay_keyring_make_next_identity(keys(), &ring), ASSAY_OK);
        cr_assert_eq(assay_keyring_load(keys(), &again), ASSAY_OK);
        cr_assert(again.has_next_identity);
        cr_expect_arr_eq(again.next_identity_public, ring.next_identity_public, 64);
        cr_expect_arr_eq(again.identity_public, before.identity_public, 64, "until it is listed");
        /* A request that is written again is of the same key: a change may wait with it. */
        cr_assert_eq(assay_keyring_make_next_identity(keys(), &again), ASSAY_OK);
        cr_expect_arr_eq(again.next_identity_public, ring.next_identity_public, 64);
        const int file = open(key_path("identity.key"), O_RDONLY | O_CLOEXEC);
        cr_assert_eq(assay_keyring_promote_identity(keys(), &again), ASSAY_OK);
        const ssize_t len = read(file, bytes, sizeof bytes);
        cr_assert_gt(len, 32);
        cr_expect(assay_bytes_all_zero(bytes, (size_t)len), "the old key stays on the disk");
        (void)close(file);
        cr_expect_arr_eq(again.identity_public, ring.next_identity_public, 64);
        cr_expect_not(again.has_next_identity);
        cr_assert_eq(assay_keyring_load(keys(), &ring), ASSAY_OK);
        cr_expect_arr_eq(ring.identity_public, again.identity_public, 64);
        cr_expect_not(assay_bytes_equal(ring.identity_public, before.identity_public, 64));
        cr_expect_arr_eq(ring.node_id, old.node_id, 32, "the node is the same");
        cr_expect_arr_eq(ring.current.voting_public, old.current.voting_public, 64);
        cr_expect_not(ring.has_next_identity);
    }
    cr_assert_eq(assay_keyring_restore(other, &ring.identity_private, &ring.bootstrap_private,
                                       ring.node_id, 7, &again),
                 ASSAY_OK);
    cr_assert_eq(assay_keyring_load(other, &again), ASSAY_OK);
    cr_expect_arr_eq(again.node_id, old.node_id, 32, "of a backup as well");
    cr_expect_arr_eq(again.identity_public, ring.identity_public, 64);
    /* A waiting key of another node is none of this one. */
    cr_assert_eq(assay_keyring_make_next_identity(keys(), &ring), ASSAY_OK);
    (void)snprintf(other, sizeof other, "%s/stranger", folder.path);
    (void)snprintf(copy, sizeof copy, "%s/identity.next.key", other);
    cr_assert_eq(assay_keyring_create(other, &again), ASSAY_OK);
    cr_assert_eq(link(key_path("identity.next.key"), copy), 0);
    cr_expect_eq(assay_keyring_load(other, &again), ASSAY_E_INVALID);
}
