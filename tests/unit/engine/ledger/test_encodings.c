/*
 * tests/unit/engine/ledger/test_encodings.c - canonical encodings that no recorded run contains,
 * against digests that another program made of the rules (docs/compatibility.md 2).
 */
#include "engine/ledger/records/recover.h"

#include <criterion/criterion.h>
#include <string.h>

static void expect_digest(const char *what, const uint8_t *bytes, size_t len, const char *expected)
{
    uint8_t digest[32];
    char hex[65];
    assay_sha256(bytes, len, digest);
    assay_hex_encode(digest, sizeof digest, hex, sizeof hex);
    cr_expect_str_eq(hex, expected, "%s has another encoding", what);
}

/* Signed, stored and exchanged between builds: a change of one needs another label. */
Test(encodings, of_the_end_of_an_era_are_those_of_every_build)
{
    static struct assay_answer_body answer = { .era = 7,
                                               .epoch = 12,
                                               .height = 34,
                                               .view = 56,
                                               .time_ms = UINT64_C(1) << 33,
                                               .whole = true,
                                               .vote_count = 1,
                                               .has_keys = true };
    struct assay_fence fence = { .era = 7,
                                 .last_epoch = 4711,
                                 .reason = assay_slice_over("a fire", 6) };
    struct assay_release release = { .era = 7 };
    struct assay_recover_keys *keys = &answer.keys;
    uint8_t first[1024], second[1024], certificate[70], digest[32];
    char hex[65];
    memset(fence.chain_id, 0x11, 32);
    memset(fence.operators_digest, 0x22, 32);
    memset(fence.head_id, 0x33, 32);
    memset(fence.nonce, 0x44, 32);
    struct assay_writer w = assay_writer_over(first, sizeof first);
    cr_assert_eq(assay_fence_body_encode(&fence, &w), ASSAY_OK);
    expect_digest("FENCE", first, w.len,
                  "ccc4f062407b755d95400781bf2361928bb858e63b9b9d85d2d4c340c1abc5af");

    memset(release.chain_id, 0x11, 32);
    memset(release.fence_digest, 0x55, 32);
    memset(release.operators_digest, 0x22, 32);
    w = assay_writer_over(first, sizeof first);
    cr_assert_eq(assay_release_body_encode(&release, &w), ASSAY_OK);
    expect_digest("RELEASE", first, w.len,
                  "21487cc9da0f7f0c3bd6094d98ce9136e6add2d93940a39bef343ced2124eed5");

    memset(keys->node_id, 0x66, 32);
    memset(keys->voting_public, 0x77, 64);
    memset(keys->transport_public, 0x88, 32);
    memset(keys->identified, 0x99, 64);
    memset(keys->possessed, 0xaa, 64);
    assay_recover_keys_digest(fence.chain_id, 7, keys, digest);
    assay_hex_encode(digest, sizeof digest, hex, sizeof hex);
    cr_expect_str_eq(hex, "706829897f20cf9833d7ecd864fd616c57d067bf58d3f83addd530368997113e");
    w = assay_writer_over(first, sizeof first);
    cr_assert_eq(assay_recover_body_encode((struct assay_slice){ 0 }, keys, 1, &w), ASSAY_OK);
    expect_digest("the body of a RECOVER", first, w.len,
                  "2c5ff4d9982bd20fcd1fd29f8dc761675c0ca721a545a4ab9fcf92d126734a44");

    memset(certificate, 0xbb, sizeof certificate);
    answer.certificate = assay_slice_over(certificate, sizeof certificate);
    answer.votes[0] = (struct assay_answer_vote){ .view = 300, .height = 70000 };
    memset(answer.votes[0].id, 0x33, 32);
    memset(answer.chain_id, 0x11, 32);
    memset(answer.fence_digest, 0x55, 32);
    memset(answer.node_id, 0x66, 32);
    memset(answer.id, 0x33, 32);
    memset(answer.state_root, 0x44, 32);
    struct assay_writer rest = assay_writer_over(first, sizeof first);
    w = assay_writer_over(second, sizeof second);
    cr_assert_eq(assay_answer_body_encode(&answer, &rest, &w), ASSAY_OK);
    expect_digest("the rest of an ANSWER", first, rest.len,
                  "4c1c8d8c7c34f74d9b5261c03fec8155ae974bbb9891d1f6b29d0d68cb995e3f");
    expect_digest("the core of an ANSWER", second, w.len,
                  "c182089a96cf9762bad7ec896bc03a0b43e4b419341e29d2d62f5ac84eade0a3");
}
