/*
 * tests/unit/host/test_light_group.c - tests of groups after the trusted epoch of a light client
 * (docs/services.md 9.6).
 */
#include "host/light/light_group.h"

#include "tests/support/services/row_world.h"
#include "tests/unit/host/light_world.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { SEATS = 3, HEAD_LEN_MAX = 8192 };

static const uint8_t chain[32] = { 3, 1, 4 };
static struct light_world *world;
static struct assay_light light;
static struct assay_cont_group *group;
static struct assay_cont_instance_row rows[ROW_WORLD_ROWS];
static struct assay_cont_row_tree tree;
static struct assay_cont_view view;
static uint8_t head_bytes[2][HEAD_LEN_MAX];

/* A view of three replicas, which members 4, 5 and 6 list. */
static void seat_members(void)
{
    group->phase = ASSAY_CONT_SERVING;
    group->now.roster.count = SEATS;
    for (uint32_t i = 0; i < SEATS; i++) {
        struct assay_cont_member *m = &group->member[4 + i];
        m->listed = true;
        m->key[0] = (uint8_t)(i + 1);
        m->contact = (struct assay_cont_contact){ .curve = { (uint8_t)(i + 9) },
                                                  .address = "replica:7",
                                                  .address_len = 9 };
        group->now.slot[i] = 4 + i;
        assay_bytes_copy(group->now.roster.key[i], 64, m->key, 64);
        assay_cont_contact_digest(&m->contact, group->now.roster.contact[i]);
    }
}

static struct assay_slice head_of(int which)
{
    struct assay_writer w = assay_writer_over(head_bytes[which], HEAD_LEN_MAX);
    cr_assert_eq(assay_cont_group_encode(group, 0, &w), ASSAY_OK);
    return assay_slice_over(head_bytes[which], w.len);
}

static void take(uint64_t epoch)
{
    const struct assay_light_epoch e = light_world_epoch(world, epoch);
    cr_assert_eq(assay_light_take_epoch(&light, &e), ASSAY_LIGHT_TAKEN);
}

/* An epoch closes with this head. */
static struct assay_slice close_with_head(int which)
{
    const struct assay_slice head = head_of(which);
    light_world_set_document(world, head);
    light_world_close(world, NULL);
    return head;
}

static void set_up(void)
{
    struct assay_checkpoint genesis;
    world = light_world_new(chain, 4, 1);
    light_world_checkpoint(world, 0, &genesis);
    assay_light_init(&light, &genesis, NULL);
    cr_assert_eq(
        assay_light_take_base(&light, assay_slice_over(NULL, 0), light_world_epoch(world, 0).rows),
        ASSAY_LIGHT_TAKEN);
    group = calloc(1, sizeof *group);
    row_world_make(group, rows, ROW_WORLD_ROWS);
    seat_members();
}

static void tear_down(void)
{
    light_world_free(world);
    free(group);
}

TestSuite(light_group, .init = set_up, .fini = tear_down);

Test(light_group, the_view_is_that_of_the_trusted_epoch)
{
    const struct assay_slice head = close_with_head(0);
    cr_expect_eq(assay_light_read_view(&light, ROW_WORLD_GROUP, head, &view), ASSAY_E_NOT_FOUND,
                 "before its epoch was taken");
    take(1);
    cr_assert_eq(assay_light_read_view(&light, ROW_WORLD_GROUP, head, &view), ASSAY_OK);
    cr_expect_eq(view.phase, ASSAY_CONT_SERVING);
    cr_expect_eq(view.roster.count, SEATS);
    for (uint32_t i = 0; i < SEATS; i++) {
        cr_expect_eq(view.roster.key[i][0], i + 1);
        cr_expect_eq(view.contact[i].curve[0], i + 9);
        cr_expect_eq(view.contact[i].address_len, 9);
    }
    cr_expect_eq(assay_light_read_view(&light, ROW_WORLD_GROUP + 1, head, &view), ASSAY_E_CHAIN);
}

Test(light_group, an_older_head_and_a_forged_one_are_refused)
{
    const struct assay_slice old = close_with_head(0);
    group->phase = ASSAY_CONT_GONE;
    const struct assay_slice newer = close_with_head(1);
    take(1);
    cr_expect_eq(assay_light_read_view(&light, ROW_WORLD_GROUP, newer, &view), ASSAY_E_NOT_FOUND);
    take(2);
    cr_expect_eq(assay_light_read_view(&light, ROW_WORLD_GROUP, old, &view), ASSAY_E_NOT_FOUND);
    cr_assert_eq(assay_light_read_view(&light, ROW_WORLD_GROUP, newer, &view), ASSAY_OK);
    cr_expect_eq(view.phase, ASSAY_CONT_GONE);
    for (size_t i = 0; i < newer.len; i++) {
        head_bytes[1][i] ^= 1;
        cr_assert_eq(assay_light_read_view(&light, ROW_WORLD_GROUP, newer, &view),
                     ASSAY_E_NOT_FOUND);
        head_bytes[1][i] ^= 1;
    }
}

/* A member may list another contact; what the view was decided with is in its roster. */
Test(light_group, a_contact_that_the_roster_does_not_name_is_not_returned)
{
    group->member[5].contact.address[0] = 'x';
    const struct assay_slice head = close_with_head(0);
    take(1);
    cr_assert_eq(assay_light_read_view(&light, ROW_WORLD_GROUP, head, &view), ASSAY_OK);
    cr_expect_eq(view.contact[0].address_len, 9);
    cr_expect_eq(view.contact[1].address_len, 0);
    cr_expect_eq(view.contact[2].address_len, 9);
}

Test(light_group, a_row_is_proven_under_the_trusted_head_alone)
{
    uint8_t bytes[ASSAY_CONT_ROW_PROOF_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    struct assay_cont_row_proven row;
    const uint8_t *const instance = rows[2].instance, *const other = rows[3].instance;
    assay_cont_row_tree_grow(&tree, group);
    cr_assert_eq(assay_cont_row_prove(&tree, group, instance, &w), ASSAY_OK);
    const struct assay_slice proof = assay_slice_over(bytes, w.len), head = close_with_head(0);
    cr_expect_eq(assay_light_read_row(&light, ROW_WORLD_GROUP, head, instance, proof, &row),
                 ASSAY_E_NOT_FOUND);
    take(1);
    cr_assert_eq(assay_light_read_row(&light, ROW_WORLD_GROUP, head, instance, proof, &row),
                 ASSAY_OK);
    cr_expect(row.has_row);
    cr_expect_eq(row.row.session, rows[2].session);
    cr_expect_eq(assay_light_read_row(&light, ROW_WORLD_GROUP, head, other, proof, &row),
                 ASSAY_E_STRANGER);
    bytes[w.len / 2] ^= 1;
    cr_expect_neq(assay_light_read_row(&light, ROW_WORLD_GROUP, head, instance, proof, &row),
                  ASSAY_OK);
}

/* Of hostile bytes only those that could be a head are read. */
Test(light_group, truncated_heads_and_keys_with_two_seats_are_not_read)
{
    const struct assay_slice head = head_of(0);
    cr_assert_eq(assay_cont_view_read(ROW_WORLD_GROUP, head, &view), ASSAY_OK);
    for (size_t len = 0; len < head.len; len++) {
        uint8_t *exact = malloc(len + (len == 0));
        assay_bytes_copy(exact, len, head.bytes, len);
        cr_assert_neq(assay_cont_view_read(ROW_WORLD_GROUP, assay_slice_over(exact, len), &view),
                      ASSAY_OK);
        free(exact);
    }
    assay_bytes_copy(group->now.roster.key[1], 64, group->now.roster.key[0], 64);
    cr_expect_eq(assay_cont_view_read(ROW_WORLD_GROUP, head_of(0), &view), ASSAY_E_INVALID);
}
