/*
 * tests/unit/net/keyring/test_keyring.c - tests of the keyring.
 *
 * net/keys/keyring.h: keys survive crashes and full disks; only the owner's own files are used.
 */
#include "base/cbor.h"
#include "net/keys/keyring.h"
#include "tests/unit/apps/folder.h"
#include "tests/unit/net/keyring/faults.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct folder folder;
static struct assay_keyring ring, again;

static void set_up(void)
{
    folder = folder_make();
}

static void tear_down(void)
{
    faults_set(FAULT_NONE, 0);
    folder_remove(&folder);
}

TestSuite(net_keyring, .init = set_up, .fini = tear_down);

static const char *const files[] = { "identity.key", "bootstrap.key", "incarnation.key" };
enum { FILES = sizeof files / sizeof files[0], CONTENT_MAX = 256 };

static const char *keys(void)
{
    return folder_at(&folder, "keys");
}

static const char *key_path(const char *name)
{
    static char path[2][PATH_MAX];
    static unsigned turn;
    char *at = path[turn++ % 2];
    (void)snprintf(at, PATH_MAX, "%s/%s", keys(), name);
    return at;
}

static size_t read_key(const char *name, uint8_t content[static CONTENT_MAX])
{
    FILE *in = fopen(key_path(name), "rbe");
    cr_assert_not_null(in, "%s", name);
    const size_t len = fread(content, 1, CONTENT_MAX, in);
    (void)fclose(in);
    return len;
}

static void write_key(const char *name, const uint8_t *content, size_t len)
{
    char inside[128];
    (void)snprintf(inside, sizeof inside, "keys/%s", name);
    (void)folder_put(&folder, inside, content, len, 0600);
}

static void expect_wiped(void)
{
    cr_expect(assay_bytes_all_zero(&again, sizeof again), "a refused ring leaves secrets behind");
}

static void expect_same(const struct assay_keyring *a, const struct assay_keyring *b)
{
    cr_expect_arr_eq(a->identity_private.bytes, b->identity_private.bytes, 32);
    cr_expect_arr_eq(a->identity_public, b->identity_public, 64);
    cr_expect_arr_eq(a->node_id, b->node_id, 32);
    cr_expect_arr_eq(a->bootstrap_private.bytes, b->bootstrap_private.bytes, 32);
    cr_expect_arr_eq(a->bootstrap_public, b->bootstrap_public, 32);
    cr_expect_eq(a->current.incarnation, b->current.incarnation);
    cr_expect_arr_eq(a->current.voting_private.bytes, b->current.voting_private.bytes, 32);
    cr_expect_arr_eq(a->current.voting_public, b->current.voting_public, 64);
    cr_expect_arr_eq(a->current.transport_private.bytes, b->current.transport_private.bytes, 32);
    cr_expect_arr_eq(a->current.transport_public, b->current.transport_public, 32);
    cr_expect_eq(a->next.incarnation, b->next.incarnation);
    cr_expect_arr_eq(a->next.voting_public, b->next.voting_public, 64);
    cr_expect_arr_eq(a->next.transport_public, b->next.transport_public, 32);
}

/* ------------------------------------------------------------ a whole life */

Test(net_keyring, what_was_created_is_loaded)
{
    cr_assert_eq(assay_keyring_create(keys(), &ring), ASSAY_OK);
    cr_expect_eq(ring.current.incarnation, 1);
    cr_expect_eq(ring.next.incarnation, 0);
    uint8_t expected[32];
    assay_sha256(ring.identity_public, sizeof ring.identity_public, expected);
    cr_expect_arr_eq(ring.node_id, expected, 32);
    cr_assert_eq(assay_keyring_load(keys(), &again), ASSAY_OK);
    expect_same(&ring, &again);

    struct stat info;
    cr_assert_eq(stat(keys(), &info), 0);
    cr_expect_eq(info.st_mode & 07777, 0700);
    for (size_t i = 0; i < FILES; i++) {
        cr_assert_eq(stat(key_path(files[i]), &info), 0, "%s", files[i]);
        cr_expect_eq(info.st_mode & 07777, 0600, "%s", files[i]);
    }
    assay_keyring_wipe(&ring);
    cr_expect(assay_bytes_all_zero(&ring, sizeof ring));
}

Test(net_keyring, no_two_nodes_are_alike)
{
    cr_assert_eq(assay_keyring_create(keys(), &ring), ASSAY_OK);
    cr_assert_eq(assay_keyring_create(folder_at(&folder, "other"), &again), ASSAY_OK);
    cr_expect_neq(assay_bytes_compare(ring.node_id, again.node_id, 32), 0);
    cr_expect_neq(assay_bytes_compare(ring.bootstrap_public, again.bootstrap_public, 32), 0);
    cr_expect_neq(assay_bytes_compare(ring.current.voting_public, again.current.voting_public, 64),
                  0);
}

Test(net_keyring, creating_twice_touches_nothing)
{
    cr_assert_eq(assay_keyring_create(keys(), &ring), ASSAY_OK);
    cr_expect_eq(assay_keyring_create(keys(), &again), ASSAY_E_DUPLICATE);
    cr_assert_eq(assay_keyring_load(keys(), &again), ASSAY_OK);
    expect_same(&ring, &again);
}

Test(net_keyring, a_waiting_set_becomes_the_current_one)
{
    cr_assert_eq(assay_keyring_create(keys(), &ring), ASSAY_OK);
    cr_expect_eq(assay_keyring_promote(keys(), 2, &ring), ASSAY_E_NOT_FOUND);
    cr_assert_eq(assay_keyring_make_next(keys(), 2, &ring), ASSAY_OK);
    cr_assert_eq(assay_keyring_load(keys(), &again), ASSAY_OK);
    expect_same(&ring, &again);
    cr_expect_eq(again.next.incarnation, 2);

    cr_assert_eq(assay_keyring_make_next(keys(), 5, &ring),
                 ASSAY_OK); /* replaces the waiting one */
    cr_assert_eq(assay_keyring_load(keys(), &again), ASSAY_OK);
    expect_same(&ring, &again);

    const struct assay_key_set set = ring.next;
    cr_assert_eq(assay_keyring_promote(keys(), 5, &ring), ASSAY_OK);
    cr_expect_eq(ring.current.incarnation, 5);
    cr_expect_arr_eq(ring.current.voting_public, set.voting_public, 64);
    cr_expect_eq(ring.next.incarnation, 0);
    cr_expect(assay_bytes_all_zero(&ring.next, sizeof ring.next));
    cr_assert_eq(assay_keyring_load(keys(), &again), ASSAY_OK);
    expect_same(&ring, &again);
    cr_expect_eq(assay_keyring_promote(keys(), 6, &ring), ASSAY_E_NOT_FOUND);
}

/* Whoever kept the old file open, or finds its blocks, finds no key in them. */
Test(net_keyring, the_key_that_is_over_is_destroyed)
{
    char path[600], copy[600];
    uint8_t bytes[300] = { 1 };
    size_t len = 0;
    cr_assert_eq(assay_keyring_create(keys(), &ring), ASSAY_OK);
    cr_assert_eq(assay_keyring_make_next(keys(), 2, &ring), ASSAY_OK);
    (void)snprintf(path, sizeof path, "%s/incarnation.key", keys());
    (void)snprintf(copy, sizeof copy, "%s/old", keys());
    cr_assert_eq(link(path, copy), 0); /* the same blocks under another name */
    cr_assert_eq(assay_keyring_promote(keys(), 2, &ring), ASSAY_OK);
    FILE *old = fopen(copy, "rb");
    cr_assert_not_null(old);
    len = fread(bytes, 1, sizeof bytes, old);
    (void)fclose(old);
    cr_assert_gt(len, 64);
    cr_expect(assay_bytes_all_zero(bytes, len));
    cr_assert_eq(assay_keyring_load(keys(), &again), ASSAY_OK);
    expect_same(&ring, &again);
}

/* docs/protocol.md 9.18: all stores are lost, and the new era begins on genesis. The ledger lists
 * the set with a lower number than the files have. */
Test(net_keyring, a_set_that_is_listed_with_a_lower_number_gets_that_number)
{
    cr_assert_eq(assay_keyring_create(keys(), &ring), ASSAY_OK);
    cr_assert_eq(assay_keyring_make_next(keys(), 2, &ring), ASSAY_OK);
    cr_assert_eq(assay_keyring_promote(keys(), 2, &ring), ASSAY_OK);
    cr_assert_eq(assay_keyring_make_next(keys(), assay_keyring_following_number(&ring), &ring),
                 ASSAY_OK);
    cr_assert_eq(ring.next.incarnation, 3);
    const struct assay_key_set set = ring.next;
    cr_assert_eq(assay_keyring_promote(keys(), 2, &ring), ASSAY_OK);
    cr_expect_eq(ring.current.incarnation, 2);
    cr_expect_arr_eq(ring.current.voting_public, set.voting_public, 64);
    cr_assert_eq(assay_keyring_load(keys(), &again), ASSAY_OK);
    expect_same(&ring, &again);
    cr_expect_neq(access(key_path("incarnation.next.key"), F_OK), 0);
}

/* A store is lost twice before the first new set is listed: the second set has number 3, and the
 * ledger lists it as 2. */
Test(net_keyring, a_number_that_the_ledger_did_not_assign_does_not_last)
{
    cr_assert_eq(assay_keyring_create(keys(), &ring), ASSAY_OK);
    for (uint32_t lost = 1; lost <= 2; lost++) {
        cr_assert_eq(assay_keyring_generate_next(assay_keyring_following_number(&ring), &ring),
                     ASSAY_OK);
        cr_expect_eq(ring.next.incarnation, lost + 1);
        cr_assert_eq(assay_keyring_save_next(keys(), &ring), ASSAY_OK);
    }
    cr_assert_eq(assay_keyring_promote(keys(), 2, &ring), ASSAY_OK);
    cr_assert_eq(assay_keyring_load(keys(), &again), ASSAY_OK);
    expect_same(&ring, &again);
    cr_expect_eq(again.current.incarnation, 2);
    cr_expect_eq(assay_keyring_following_number(&again), 3, "the number that the ledger assigns");
}

/* Whatever number the files have, another set may wait: the keys are compared. */
Test(net_keyring, a_waiting_set_may_have_any_number)
{
    cr_assert_eq(assay_keyring_create(keys(), &ring), ASSAY_OK);
    cr_assert_eq(assay_keyring_make_next(keys(), 7, &ring), ASSAY_OK);
    cr_assert_eq(assay_keyring_promote(keys(), 7, &ring), ASSAY_OK);
    for (uint32_t number = 6; number <= 8; number++) {
        cr_assert_eq(assay_keyring_make_next(keys(), number, &ring), ASSAY_OK);
        cr_assert_eq(assay_keyring_load(keys(), &again), ASSAY_OK, "number %u", number);
        expect_same(&ring, &again);
        cr_expect_eq(assay_keyring_following_number(&again), number > 7 ? number + 1 : 8);
    }
    cr_assert_eq(assay_keyring_make_next(keys(), UINT32_MAX, &ring), ASSAY_OK);
    cr_expect_eq(assay_keyring_following_number(&ring), UINT32_MAX, "no number wraps to 0");
}

Test(net_keyring, number_0_is_no_incarnation, .signal = SIGABRT)
{
    cr_assert_eq(assay_keyring_create(keys(), &ring), ASSAY_OK);
    assay_status_ignore(assay_keyring_make_next(keys(), 0, &ring), "it aborts");
}

Test(net_keyring, a_waiting_set_that_is_the_current_one_is_refused)
{
    uint8_t content[CONTENT_MAX];
    cr_assert_eq(assay_keyring_create(keys(), &ring), ASSAY_OK);
    const size_t len = read_key("incarnation.key", content);
    write_key("incarnation.next.key", content, len);
    cr_expect_eq(assay_keyring_load(keys(), &again), ASSAY_E_INVALID);
    expect_wiped();
}

/* The file with the provisional number has the same secrets: no copy of it remains. */
Test(net_keyring, the_file_with_the_provisional_number_is_destroyed)
{
    char path[600], copy[600];
    uint8_t bytes[300] = { 1 };
    cr_assert_eq(assay_keyring_create(keys(), &ring), ASSAY_OK);
    cr_assert_eq(assay_keyring_make_next(keys(), 3, &ring), ASSAY_OK);
    (void)snprintf(path, sizeof path, "%s/incarnation.next.key", keys());
    (void)snprintf(copy, sizeof copy, "%s/old", keys());
    cr_assert_eq(link(path, copy), 0);
    cr_assert_eq(assay_keyring_promote(keys(), 2, &ring), ASSAY_OK);
    FILE *old = fopen(copy, "rb");
    cr_assert_not_null(old);
    const size_t len = fread(bytes, 1, sizeof bytes, old);
    (void)fclose(old);
    cr_assert_gt(len, 64);
    cr_expect(assay_bytes_all_zero(bytes, len));
}

/* ------------------------------------------------------------ files that do not fit */

Test(net_keyring, refuses_a_missing_file)
{
    cr_expect_eq(assay_keyring_load(keys(), &again), ASSAY_E_NOT_FOUND);
    for (size_t i = 0; i < FILES; i++) {
        uint8_t content[CONTENT_MAX];
        if (i == 0) cr_assert_eq(assay_keyring_create(keys(), &ring), ASSAY_OK);
        const size_t len = read_key(files[i], content);
        cr_assert_eq(unlink(key_path(files[i])), 0);
        cr_expect_eq(assay_keyring_load(keys(), &again), ASSAY_E_NOT_FOUND, "%s", files[i]);
        expect_wiped();
        write_key(files[i], content, len);
        cr_expect_eq(assay_keyring_load(keys(), &again), ASSAY_OK, "%s", files[i]);
    }
}

Test(net_keyring, refuses_every_truncation_and_every_byte_too_many)
{
    cr_assert_eq(assay_keyring_create(keys(), &ring), ASSAY_OK);
    cr_assert_eq(assay_keyring_make_next(keys(), 2, &ring), ASSAY_OK);
    static const char *const all[] = { "identity.key", "bootstrap.key", "incarnation.key",
                                       "incarnation.next.key" };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        uint8_t content[CONTENT_MAX];
        const size_t whole = read_key(all[i], content);
        for (size_t len = 0; len < whole; len++) {
            write_key(all[i], content, len);
            cr_expect_eq(assay_keyring_load(keys(), &again), ASSAY_E_TRUNCATED, "%s at %zu: %s",
                         all[i], len, assay_status_symbol(assay_keyring_load(keys(), &again)));
            expect_wiped();
        }
        content[whole] = 0;
        write_key(all[i], content, whole + 1);
        cr_expect_eq(assay_keyring_load(keys(), &again), ASSAY_E_TRAILING, "%s", all[i]);
        static const uint8_t large[CONTENT_MAX];
        write_key(all[i], large, sizeof large);
        cr_expect_eq(assay_keyring_load(keys(), &again), ASSAY_E_RANGE, "%s", all[i]);
        write_key(all[i], content, whole);
        cr_expect_eq(assay_keyring_load(keys(), &again), ASSAY_OK, "%s", all[i]);
    }
}

Test(net_keyring, a_flipped_bit_of_the_form_is_refused)
{
    cr_assert_eq(assay_keyring_create(keys(), &ring), ASSAY_OK);
    uint8_t content[CONTENT_MAX];
    const size_t whole = read_key("identity.key", content);
    const size_t form = whole - 32; /* behind it stands the secret, of which any bits are a key */
    for (size_t bit = 0; bit < form * 8; bit++) {
        content[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        write_key("identity.key", content, whole);
        cr_expect_neq(assay_keyring_load(keys(), &again), ASSAY_OK, "bit %zu", bit);
        content[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
}

Test(net_keyring, refuses_a_file_in_the_place_of_another)
{
    cr_assert_eq(assay_keyring_create(keys(), &ring), ASSAY_OK);
    uint8_t content[FILES][CONTENT_MAX];
    size_t len[FILES];
    for (size_t i = 0; i < FILES; i++)
        len[i] = read_key(files[i], content[i]);
    for (size_t i = 0; i < FILES; i++)
        for (size_t k = 0; k < FILES; k++) {
            if (i == k) continue;
            write_key(files[i], content[k], len[k]);
            const enum assay_status status = assay_keyring_load(keys(), &again);
            cr_expect(status == ASSAY_E_UNSUPPORTED || status == ASSAY_E_RANGE, "%s in %s: %s",
                      files[k], files[i], assay_status_symbol(status));
            expect_wiped();
            write_key(files[i], content[i], len[i]);
        }
}

static void put_set(const char *role, uint64_t number, uint8_t fill, size_t secret_len)
{
    uint8_t bytes[CONTENT_MAX], secret[64];
    struct assay_slice content;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    memset(secret, fill, sizeof secret);
    assay_cbor_put_array(&w, 5);
    assay_cbor_put_text(&w, "assay/key/v1");
    assay_cbor_put_text(&w, role);
    assay_cbor_put_uint(&w, number);
    assay_cbor_put_bytes(&w, secret, secret_len);
    assay_cbor_put_bytes(&w, secret, 32);
    cr_assert_eq(assay_writer_finish(&w, &content), ASSAY_OK);
    write_key("incarnation.key", content.bytes, content.len);
}

Test(net_keyring, refuses_numbers_and_secrets_out_of_range)
{
    cr_assert_eq(assay_keyring_create(keys(), &ring), ASSAY_OK);
    put_set("incarnation", 7, 0x11, 32);
    cr_assert_eq(assay_keyring_load(keys(), &again), ASSAY_OK);
    cr_expect_eq(again.current.incarnation, 7);
    put_set("incarnation", UINT32_MAX, 0x11, 32);
    cr_expect_eq(assay_keyring_load(keys(), &again), ASSAY_OK);
    put_set("incarnation", (uint64_t)UINT32_MAX + 1, 0x11, 32);
    cr_expect_eq(assay_keyring_load(keys(), &again), ASSAY_E_RANGE);
    put_set("incarnation", 0, 0x11, 32);
    cr_expect_eq(assay_keyring_load(keys(), &again), ASSAY_E_RANGE);
    put_set("incarnation", 7, 0x11, 31);
    cr_expect_eq(assay_keyring_load(keys(), &again), ASSAY_E_RANGE);
    put_set("incarnation", 7, 0x11, 33);
    cr_expect_eq(assay_keyring_load(keys(), &again), ASSAY_E_RANGE);
    put_set("incarnation", 7, 0x00, 32); /* 0 is no private key of P-256, nor is n or more */
    cr_expect_eq(assay_keyring_load(keys(), &again), ASSAY_E_KEY);
    put_set("incarnation", 7, 0xff, 32);
    cr_expect_eq(assay_keyring_load(keys(), &again), ASSAY_E_KEY);
    expect_wiped();
    put_set("identity", 7, 0x11, 32);
    cr_expect_eq(assay_keyring_load(keys(), &again), ASSAY_E_UNSUPPORTED);
}

Test(net_keyring, refuses_a_file_that_others_may_touch)
{
    static const mode_t wide[] = { 0644, 0640, 0620, 0610, 0604, 0602, 0601, 0666, 0777 };
    cr_assert_eq(assay_keyring_create(keys(), &ring), ASSAY_OK);
    for (size_t i = 0; i < FILES; i++) {
        for (size_t k = 0; k < sizeof wide / sizeof wide[0]; k++) {
            cr_assert_eq(chmod(key_path(files[i]), wide[k]), 0);
            cr_expect_eq(assay_keyring_load(keys(), &again), ASSAY_E_IO, "%s %o", files[i],
                         (unsigned)wide[k]);
            expect_wiped();
        }
        cr_assert_eq(chmod(key_path(files[i]), 0400), 0);
        cr_expect_eq(assay_keyring_load(keys(), &again), ASSAY_OK, "%s", files[i]);
    }
}

Test(net_keyring, refuses_links_folders_and_pipes)
{
    cr_assert_eq(assay_keyring_create(keys(), &ring), ASSAY_OK);
    for (size_t i = 0; i < FILES; i++) {
        const char *path = key_path(files[i]), *aside = folder_at(&folder, "aside");
        cr_assert_eq(rename(path, aside), 0);
        cr_assert_eq(symlink(aside, path), 0);
        cr_expect_eq(assay_keyring_load(keys(), &again), ASSAY_E_IO, "%s is a link", files[i]);
        cr_assert_eq(unlink(path), 0);
        cr_assert_eq(mkdir(path, 0700), 0);
        cr_expect_eq(assay_keyring_load(keys(), &again), ASSAY_E_IO, "%s is a folder", files[i]);
        cr_assert_eq(rmdir(path), 0);
        cr_assert_eq(rename(aside, path), 0);
    }
    cr_expect_eq(assay_keyring_load(keys(), &again), ASSAY_OK);
}

Test(net_keyring, a_pipe_in_the_place_of_a_key_does_not_hold_the_node, .timeout = 120)
{
    cr_assert_eq(assay_keyring_create(keys(), &ring), ASSAY_OK);
    cr_assert_eq(unlink(key_path("bootstrap.key")), 0);
    cr_assert_eq(mkfifo(key_path("bootstrap.key"), 0600), 0);
    cr_expect_eq(assay_keyring_load(keys(), &again), ASSAY_E_IO);
}

/* ------------------------------------------------------------ as a daemon opens it */

Test(net_keyring, a_daemon_is_told_which_file_is_wrong_and_why)
{
    char why[ASSAY_FILE_MESSAGE_LEN];
    cr_expect_eq(assay_keyring_open(keys(), NULL, &again, why), ASSAY_E_NOT_FOUND);
    cr_expect_not_null(strstr(why, "keys: there is no such folder"), "%s", why);
    cr_assert_eq(assay_keyring_create(keys(), &ring), ASSAY_OK);
    cr_assert_eq(assay_keyring_open(keys(), NULL, &again, why), ASSAY_OK);
    cr_expect(assay_bytes_equal(again.node_id, ring.node_id, 32));
    for (size_t i = 0; i < FILES; i++) {
        cr_assert_eq(chmod(key_path(files[i]), 0644), 0);
        cr_expect_eq(assay_keyring_open(keys(), "", &again, why), ASSAY_E_IO);
        cr_expect_not_null(strstr(why, files[i]), "%s", why);
        cr_expect_not_null(strstr(why, "found mode 0644"), "%s", why);
        expect_wiped();
        cr_assert_eq(chmod(key_path(files[i]), 0600), 0);
        cr_assert_eq(truncate(key_path(files[i]), 7), 0);
        cr_expect_eq(assay_keyring_open(keys(), NULL, &again, why), ASSAY_E_TRUNCATED);
        cr_expect_not_null(strstr(why, files[i]), "%s", why);
        cr_expect_not_null(strstr(why, "assay keys generate"), "%s", why);
        cr_assert_eq(unlink(key_path("identity.key")), 0);
        cr_assert_eq(assay_keyring_create(keys(), &ring), ASSAY_OK);
    }
    cr_assert_eq(chmod(keys(), 0770), 0);
    cr_expect_eq(assay_keyring_open(keys(), NULL, &again, why), ASSAY_E_IO);
    cr_expect_not_null(strstr(why, "mode 0770, expected 0700"), "%s", why);
}

Test(net_keyring, keys_for_life_may_lie_where_nothing_is_written)
{
    char why[ASSAY_FILE_MESSAGE_LEN];
    const char *life = folder_at(&folder, "life");
    cr_assert_eq(assay_keyring_create(keys(), &ring), ASSAY_OK);
    cr_assert_eq(mkdir(life, 0700), 0);
    cr_assert_eq(rename(key_path("identity.key"), folder_at(&folder, "life/identity.key")), 0);
    cr_expect_eq(assay_keyring_open(keys(), life, &again, why), ASSAY_E_NOT_FOUND);
    cr_expect_not_null(strstr(why, "life/bootstrap.key: there is no such file"), "%s", why);
    cr_assert_eq(rename(key_path("bootstrap.key"), folder_at(&folder, "life/bootstrap.key")), 0);
    cr_assert_eq(assay_keyring_open(keys(), life, &again, why), ASSAY_OK, "%s", why);
    cr_expect(assay_bytes_equal(again.node_id, ring.node_id, 32));
    cr_expect_eq(again.current.incarnation, 1);
    cr_expect_eq(assay_keyring_open(keys(), NULL, &again, why), ASSAY_E_NOT_FOUND);
}

/* ------------------------------------------------------------ disks that fail, power that goes */

Test(net_keyring, leftovers_of_an_interrupted_write_are_no_obstacle)
{
    static const char *const left[] = { ".identity.key.new", ".bootstrap.key.new",
                                        ".incarnation.key.new", ".incarnation.next.key.new" };
    cr_assert_eq(mkdir(keys(), 0700), 0);
    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++)
        write_key(left[i], (const uint8_t *)"half", 4);
    cr_assert_eq(assay_keyring_create(keys(), &ring), ASSAY_OK);
    cr_assert_eq(assay_keyring_make_next(keys(), 2, &ring), ASSAY_OK);
    cr_assert_eq(assay_keyring_load(keys(), &again), ASSAY_OK);
    expect_same(&ring, &again);
    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++)
        cr_expect_neq(access(key_path(left[i]), F_OK), 0, "%s is still there", left[i]);
}

Test(net_keyring, a_link_laid_for_the_temporary_file_is_not_followed)
{
    cr_assert_eq(mkdir(keys(), 0700), 0);
    const char *victim = folder_put(&folder, "victim", "mine", 4, 0644);
    cr_assert_eq(symlink(victim, key_path(".identity.key.new")), 0);
    cr_assert_eq(assay_keyring_create(keys(), &ring), ASSAY_OK);
    struct stat info;
    cr_assert_eq(stat(victim, &info), 0);
    cr_expect_eq(info.st_size, 4);
}

Test(net_keyring, a_full_disk_leaves_the_old_keys)
{
    const struct rlimit none = { 0, RLIM_INFINITY };
    struct rlimit before;
    cr_assert_eq(assay_keyring_create(keys(), &ring), ASSAY_OK);
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
    const enum assay_status next = assay_keyring_make_next(keys(), 2, &ring);
    const enum assay_status other = assay_keyring_create(folder_at(&folder, "other"), &again);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    cr_expect_eq(next, ASSAY_E_IO);
    cr_expect_eq(other, ASSAY_E_IO);
    expect_wiped();
    cr_expect_eq(ring.next.incarnation, 0);
    cr_assert_eq(assay_keyring_load(keys(), &again), ASSAY_OK);
    expect_same(&ring, &again);
    cr_expect_eq(assay_keyring_create(folder_at(&folder, "other"), &again), ASSAY_OK,
                 "with room again the same folder serves");
}

Test(net_keyring, whatever_call_fails_the_ring_stays_whole)
{
    for (unsigned call = 1;; call++) {
        char dir[32];
        (void)snprintf(dir, sizeof dir, "create-%u", call);
        const char *path = folder_at(&folder, dir);
        faults_set(FAULT_FAIL, call);
        const enum assay_status status = assay_keyring_create(path, &ring);
        const unsigned made = faults_calls();
        faults_set(FAULT_NONE, 0);
        if (made < call) {
            cr_expect_eq(status, ASSAY_OK);
            cr_expect(call > 9, "three files take at least nine calls");
            break;
        }
        cr_expect_eq(status, ASSAY_E_IO, "call %u", call);
        cr_expect(assay_bytes_all_zero(&ring, sizeof ring), "call %u", call);
        const enum assay_status loaded = assay_keyring_load(path, &again);
        if (loaded == ASSAY_OK) continue; /* only the last sync of the folder failed */
        cr_expect_eq(loaded, ASSAY_E_NOT_FOUND, "call %u", call);
        cr_expect_eq(assay_keyring_create(path, &ring), ASSAY_OK, "call %u: it must be repeatable",
                     call);
    }
}

/* Runs one action in a process that ends at the given call. Returns: true when it ended there. */
static bool stopped_at(enum fault_kind kind, unsigned call, int action)
{
    const pid_t child = fork();
    cr_assert(child >= 0);
    if (child == 0) {
        enum assay_status status = ASSAY_OK;
        faults_set(kind, call);
        if (action == 0) status = assay_keyring_create(keys(), &again);
        else {
            status = assay_keyring_load(keys(), &again);
            if (status == ASSAY_OK && action == 1)
                status = assay_keyring_make_next(keys(), 2, &again);
            if (status == ASSAY_OK && action == 2)
                status = assay_keyring_promote(keys(), 2, &again);
            if (status == ASSAY_OK && action == 3)
                status = assay_keyring_promote(keys(), 4, &again);
        }
        _exit(status == ASSAY_OK ? 0 : 1);
    }
    int result = 0;
    cr_assert_eq(waitpid(child, &result, 0), child);
    cr_assert(WIFEXITED(result));
    cr_assert_neq(WEXITSTATUS(result), 1, "call %u", call);
    return WEXITSTATUS(result) == FAULT_EXIT;
}

static void remove_keys(void)
{
    const struct folder all = folder;
    struct folder inside;
    (void)snprintf(inside.path, sizeof inside.path, "%.50s/keys", all.path);
    folder_remove(&inside);
}

static const enum fault_kind stops[] = { FAULT_STOP_BEFORE, FAULT_STOP_AFTER };

Test(net_keyring, a_crash_while_creating_leaves_nothing_or_everything)
{
    unsigned incomplete = 0;
    for (size_t i = 0; i < 2; i++) {
        for (unsigned call = 1; stopped_at(stops[i], call, 0); call++) {
            const enum assay_status status = assay_keyring_load(keys(), &ring);
            if (status != ASSAY_OK) {
                incomplete++;
                cr_expect_eq(status, ASSAY_E_NOT_FOUND, "call %u", call);
                cr_expect_eq(assay_keyring_create(keys(), &ring), ASSAY_OK, "call %u", call);
            }
            remove_keys();
        }
        remove_keys();
    }
    cr_expect(incomplete > 8, "the crash never hit: %u", incomplete);
}

Test(net_keyring, a_crash_while_making_or_listing_a_set_leaves_the_old_or_the_new)
{
    for (size_t i = 0; i < 2; i++) {
        cr_assert_eq(assay_keyring_create(keys(), &ring), ASSAY_OK);
        unsigned seen[2] = { 0, 0 };
        for (unsigned call = 1; stopped_at(stops[i], call, 1); call++) {
            cr_assert_eq(assay_keyring_load(keys(), &again), ASSAY_OK, "call %u", call);
            cr_expect_arr_eq(again.current.voting_public, ring.current.voting_public, 64);
            cr_assert(again.next.incarnation == 0 || again.next.incarnation == 2);
            seen[again.next.incarnation / 2]++;
            (void)unlink(key_path("incarnation.next.key"));
        }
        cr_expect(seen[0] > 0 && seen[1] > 0, "%u %u", seen[0], seen[1]);
        remove_keys();

        seen[0] = seen[1] = 0;
        for (unsigned call = 1;; call++) {
            cr_assert_eq(assay_keyring_create(keys(), &ring), ASSAY_OK);
            cr_assert_eq(assay_keyring_make_next(keys(), 2, &ring), ASSAY_OK);
            const bool stopped = stopped_at(stops[i], call, 2);
            cr_assert_eq(assay_keyring_load(keys(), &again), ASSAY_OK, "call %u", call);
            const bool listed = again.current.incarnation == 2;
            seen[listed]++;
            cr_expect_eq(again.next.incarnation, listed ? 0 : 2);
            cr_expect_arr_eq(listed ? again.current.voting_public : again.next.voting_public,
                             ring.next.voting_public, 64);
            remove_keys();
            if (!stopped) break;
        }
        cr_expect(seen[1] > 0, "%u %u", seen[0], seen[1]);
    }
}

/* Listed with a lower number than both files have: its file is replaced, and then renamed. */
Test(net_keyring, a_crash_while_a_set_gets_its_number_leaves_it_waiting_or_listed)
{
    for (size_t i = 0; i < 2; i++) {
        unsigned waiting[2] = { 0, 0 }, listed = 0;
        for (unsigned call = 1;; call++) {
            cr_assert_eq(assay_keyring_create(keys(), &ring), ASSAY_OK);
            cr_assert_eq(assay_keyring_make_next(keys(), 5, &ring), ASSAY_OK);
            cr_assert_eq(assay_keyring_promote(keys(), 5, &ring), ASSAY_OK);
            cr_assert_eq(assay_keyring_make_next(keys(), 6, &ring), ASSAY_OK);
            const bool stopped = stopped_at(stops[i], call, 3);
            cr_assert_eq(assay_keyring_load(keys(), &again), ASSAY_OK, "call %u", call);
            const bool waits = again.next.incarnation != 0;
            cr_expect_arr_eq(waits ? again.next.voting_public : again.current.voting_public,
                             ring.next.voting_public, 64);
            if (waits) waiting[again.next.incarnation == 4]++;
            else listed++;
            cr_expect_eq(again.current.incarnation, waits ? 5 : 4, "call %u", call);
            if (waits) cr_expect_eq(assay_keyring_promote(keys(), 4, &again), ASSAY_OK);
            cr_assert_eq(assay_keyring_load(keys(), &again), ASSAY_OK, "call %u", call);
            cr_expect_eq(again.current.incarnation, 4, "call %u: repeatable", call);
            remove_keys();
            if (!stopped) break;
        }
        cr_expect(waiting[0] > 0 && waiting[1] > 0 && listed > 0, "%u %u %u", waiting[0],
                  waiting[1], listed);
    }
}

/* ------------------------------------------------------------ operators */

/* docs/protocol.md 2.7: what the old set has signed since the backup is not known. */
Test(net_keyring, a_node_of_a_backup_has_its_name_and_another_voting_set)
{
    char other[128];
    (void)snprintf(other, sizeof other, "%s/restored", folder.path);
    cr_assert_eq(assay_keyring_create(keys(), &ring), ASSAY_OK);
    const struct assay_keyring old = ring;
    cr_assert_eq(assay_keyring_restore(other, &old.identity_private, &old.bootstrap_private,
                                       old.node_id, 7, &ring),
                 ASSAY_OK);
    cr_assert_eq(assay_keyring_load(other, &again), ASSAY_OK);
    expect_same(&ring, &again);
    cr_expect_arr_eq(again.node_id, old.node_id, 32);
    cr_expect_arr_eq(again.bootstrap_public, old.bootstrap_public, 32);
    cr_expect_eq(again.current.incarnation, 7);
    cr_expect_eq(again.next.incarnation, 0);
    cr_expect_not(assay_bytes_equal(again.current.voting_public, old.current.voting_public, 64));
    cr_expect_not(
        assay_bytes_equal(again.current.transport_public, old.current.transport_public, 32));
    cr_expect_eq(assay_keyring_restore(keys(), &old.identity_private, &old.bootstrap_private,
                                       old.node_id, 7, &again),
                 ASSAY_E_DUPLICATE);
    cr_assert_eq(assay_keyring_load(keys(), &again), ASSAY_OK);
    expect_same(&old, &again);
}

/* Keys for life that lie apart survive the folder of the set: that gets a fresh set and nothing
 * else, and a set that is there is never replaced. */
Test(net_keyring, a_lost_set_is_made_next_to_keys_for_life)
{
    char life[PATH_MAX], message[ASSAY_FILE_MESSAGE_LEN];
    (void)snprintf(life, sizeof life, "%s/life", folder.path);
    cr_assert_eq(assay_keyring_create(life, &ring), ASSAY_OK);
    const struct assay_keyring old = ring;
    cr_assert_eq(assay_keyring_open_life(life, &again, message), ASSAY_OK);
    cr_expect_arr_eq(again.node_id, old.node_id, 32);
    cr_expect_arr_eq(again.bootstrap_private.bytes, old.bootstrap_private.bytes, 32);
    cr_expect_eq(again.current.incarnation, 0, "a set was read");

    cr_assert_eq(mkdir(keys(), 0700), 0);
    cr_assert_eq(assay_keyring_open_life(keys(), &again, message), ASSAY_E_NOT_FOUND);
    cr_expect_not_null(strstr(message, "identity.key"), "%s", message);
    expect_wiped();
    cr_assert_eq(assay_keyring_restore_set(keys(), 7), ASSAY_OK);
    cr_expect_neq(access(key_path("identity.key"), F_OK), 0);
    cr_assert_eq(assay_keyring_open(keys(), life, &again, message), ASSAY_OK, "%s", message);
    cr_expect_arr_eq(again.node_id, old.node_id, 32);
    cr_expect_eq(again.current.incarnation, 7);
    cr_expect_not(assay_bytes_equal(again.current.voting_public, old.current.voting_public, 64));

    const struct assay_keyring made = again;
    cr_expect_eq(assay_keyring_restore_set(keys(), 8), ASSAY_E_DUPLICATE);
    cr_assert_eq(assay_keyring_open(keys(), life, &again, message), ASSAY_OK);
    expect_same(&made, &again);
}

Test(net_keyring, a_key_of_backups_is_no_operator_key)
{
    uint8_t made[64], found[64];
    struct assay_secret32 secret;
    const char *path = folder_at(&folder, "backup.key");
    cr_assert_eq(assay_keyring_create_backup_key(path, made), ASSAY_OK);
    cr_assert_eq(assay_keyring_load_backup_key(path, &secret, found), ASSAY_OK);
    cr_expect_arr_eq(made, found, 64);
    cr_expect_eq(assay_keyring_create_backup_key(path, found), ASSAY_E_DUPLICATE);
    cr_expect_neq(assay_keyring_operator_load(path, &secret, found), ASSAY_OK);
    cr_expect(assay_bytes_all_zero(&secret, sizeof secret));
}

Test(net_keyring, an_operator_key_is_one_file)
{
    uint8_t made[64], found[64];
    struct assay_secret32 secret;
    const char *path = folder_at(&folder, "operator.key");
    cr_assert_eq(assay_keyring_operator_create(path, made), ASSAY_OK);
    cr_assert_eq(assay_keyring_operator_load(path, &secret, found), ASSAY_OK);
    cr_expect_arr_eq(made, found, 64);
    cr_expect_eq(assay_keyring_operator_create(path, found), ASSAY_E_DUPLICATE);
    struct stat info;
    cr_assert_eq(stat(path, &info), 0);
    cr_expect_eq(info.st_mode & 07777, 0600);
    cr_assert_eq(chmod(path, 0644), 0);
    cr_expect_eq(assay_keyring_operator_load(path, &secret, found), ASSAY_E_IO);
    cr_expect(assay_bytes_all_zero(&secret, sizeof secret));
    cr_assert_eq(chdir(folder.path), 0);
    cr_expect_eq(assay_keyring_operator_create("bare.key", made), ASSAY_OK);
    cr_expect_eq(assay_keyring_operator_load("bare.key", &secret, found), ASSAY_OK);
}

Test(net_keyring, an_operator_key_is_no_key_of_a_node)
{
    uint8_t found[64];
    struct assay_secret32 secret;
    cr_assert_eq(assay_keyring_create(keys(), &ring), ASSAY_OK);
    cr_expect_eq(assay_keyring_operator_load(key_path("identity.key"), &secret, found),
                 ASSAY_E_UNSUPPORTED);
    cr_expect(assay_bytes_all_zero(&secret, sizeof secret));
    cr_expect_eq(assay_keyring_operator_load(folder_at(&folder, "none"), &secret, found),
                 ASSAY_E_NOT_FOUND);
    cr_expect_eq(assay_keyring_operator_load(folder_at(&folder, "keys/"), &secret, found),
                 ASSAY_E_IO);
    cr_expect_eq(assay_keyring_operator_create(folder_at(&folder, "none/operator.key"), found),
                 ASSAY_E_IO);
}
