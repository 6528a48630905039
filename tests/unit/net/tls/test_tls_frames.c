/*
 * tests/unit/net/tls/test_tls_frames.c - tests of the queue of frames and of the pre-shared key.
 */
#include "net/tls/frames.h"

#include "base/crypto.h"
#include "base/crypto/agreement.h"
#include "net/tls/address.h"
#include "net/tls/psk.h"

#include <criterion/criterion.h>
#include <string.h>

static void put_bytes(struct assay_tls_queue *queue, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        uint8_t *at = NULL;
        size_t room = 0;
        cr_assert_eq(assay_tls_queue_reserve(queue, &at, &room), ASSAY_OK);
        const size_t part = len < room ? len : room;
        assay_bytes_copy(at, room, bytes, part);
        assay_tls_queue_commit(queue, part);
        bytes += part;
        len -= part;
    }
}

Test(net_tls_frames, a_frame_arrives_at_its_last_byte)
{
    const uint8_t bytes[] = { 0, 0, 0, 3, 7, 8, 9, 0, 0, 0, 1, 5 };
    struct assay_tls_queue queue = { 0 };
    struct assay_slice frame;
    for (size_t i = 0; i < 7; i++) {
        cr_expect_eq(assay_tls_queue_next(&queue, &frame), ASSAY_E_AGAIN);
        put_bytes(&queue, bytes + i, 1);
    }
    put_bytes(&queue, bytes + 7, 4);
    cr_assert_eq(assay_tls_queue_next(&queue, &frame), ASSAY_OK);
    cr_assert(frame.len == 3 && assay_bytes_equal(frame.bytes, bytes + 4, 3));
    cr_expect_eq(assay_tls_queue_next(&queue, &frame), ASSAY_E_AGAIN);
    put_bytes(&queue, bytes + 11, 1);
    cr_assert_eq(assay_tls_queue_next(&queue, &frame), ASSAY_OK);
    cr_assert(frame.len == 1 && frame.bytes[0] == 5);
    assay_tls_queue_free(&queue);
}

Test(net_tls_frames, lengths_that_no_frame_has_are_refused)
{
    static const uint8_t lengths[][4] = {
        { 0, 0, 0, 0 }, { 0, 0, 0xc0, 1 }, { 0, 1, 0, 0 }, { 0xff, 0xff, 0xff, 0xff }
    };
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct assay_tls_queue queue = { 0 };
        struct assay_slice frame;
        put_bytes(&queue, lengths[i], 4);
        cr_expect_eq(assay_tls_queue_next(&queue, &frame), ASSAY_E_RANGE);
        assay_tls_queue_free(&queue);
    }
    cr_assert_eq(ASSAY_TLS_FRAME_MAX, 0xc000);
}

Test(net_tls_frames, memory_grows_by_what_arrives_and_not_by_what_is_announced)
{
    static uint8_t bytes[ASSAY_TLS_FRAME_HEADER + ASSAY_TLS_FRAME_MAX] = { 0, 0, 0xc0, 0 };
    struct assay_tls_queue queue = { 0 };
    struct assay_slice frame;
    uint8_t *at = NULL;
    size_t room = 0;
    put_bytes(&queue, bytes, 4);
    cr_assert_eq(assay_tls_queue_next(&queue, &frame), ASSAY_E_AGAIN);
    cr_expect_leq(queue.capacity, 4096);
    put_bytes(&queue, bytes + 4, sizeof bytes - 4);
    cr_expect_eq(queue.capacity, sizeof bytes, "the limit is one frame");
    cr_expect_eq(assay_tls_queue_reserve(&queue, &at, &room), ASSAY_E_FULL);
    cr_assert_eq(assay_tls_queue_next(&queue, &frame), ASSAY_OK);
    cr_expect_eq(frame.len, ASSAY_TLS_FRAME_MAX);
    cr_assert_eq(assay_tls_queue_reserve(&queue, &at, &room), ASSAY_OK);
    assay_tls_queue_clear(&queue);
    cr_expect_eq(queue.capacity, 0, "an empty queue has no large memory");
}

Test(net_tls_frames, what_waits_is_bounded_and_in_order)
{
    static const uint8_t bytes[10000] = { 1 };
    struct assay_tls_queue queue = { 0 };
    struct assay_slice frame;
    uint32_t count = 0;
    while (assay_tls_queue_append(&queue, assay_slice_over(bytes, sizeof bytes),
                                  ASSAY_TLS_QUEUE_MAX) == ASSAY_OK)
        count++;
    cr_expect_eq(count, ASSAY_TLS_QUEUE_MAX / (sizeof bytes + ASSAY_TLS_FRAME_HEADER));
    cr_expect_leq(queue.capacity, ASSAY_TLS_QUEUE_MAX);
    for (; count > 0; count--) {
        cr_assert_eq(assay_tls_queue_next(&queue, &frame), ASSAY_OK);
        cr_assert(frame.len == sizeof bytes && frame.bytes[0] == 1);
    }
    cr_expect_eq(assay_tls_queue_next(&queue, &frame), ASSAY_E_AGAIN);
    assay_tls_queue_free(&queue);
}

Test(net_tls_frames, a_key_is_of_two_processes_a_direction_and_a_chain)
{
    struct assay_secret32 a, b, ab, ba, reversed, elsewhere;
    uint8_t key_a[32], key_b[32];
    const uint8_t chain[32] = { 1 }, other[32] = { 2 };
    cr_assert_eq(assay_x25519_generate(&a, key_a), ASSAY_OK);
    cr_assert_eq(assay_x25519_generate(&b, key_b), ASSAY_OK);
    cr_assert_eq(assay_tls_psk_derive(&a, key_b, chain, key_a, key_b, &ab), ASSAY_OK);
    cr_assert_eq(assay_tls_psk_derive(&b, key_a, chain, key_a, key_b, &ba), ASSAY_OK);
    cr_assert_eq(assay_tls_psk_derive(&a, key_b, chain, key_b, key_a, &reversed), ASSAY_OK);
    cr_assert_eq(assay_tls_psk_derive(&a, key_b, other, key_a, key_b, &elsewhere), ASSAY_OK);
    cr_expect(assay_bytes_equal(ab.bytes, ba.bytes, 32));
    cr_expect_not(assay_bytes_equal(ab.bytes, reversed.bytes, 32), "RFC 9257 4.1: no reflection");
    cr_expect_not(assay_bytes_equal(ab.bytes, elsewhere.bytes, 32));
}

/* RFC 7748 6.1: Bob's private key, Alice's public key, and what they share. */
Test(net_tls_frames, two_keys_agree_as_in_rfc_7748)
{
    struct assay_secret32 bob, shared;
    uint8_t alice[32], wanted[32];
    const struct {
        const char *text;
        uint8_t *bytes;
    } keys[] = {
        { "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb", bob.bytes },
        { "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a", alice },
        { "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742", wanted },
    };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        cr_assert_eq(assay_hex_decode(keys[i].text, 64, keys[i].bytes, 32), ASSAY_OK);
    cr_assert_eq(assay_x25519_agree(&bob, alice, &shared), ASSAY_OK);
    cr_expect(assay_bytes_equal(shared.bytes, wanted, 32));
}

/* RFC 7748 6.1: with a point of small order the result would be zero for every secret. */
Test(net_tls_frames, keys_of_small_order_are_refused)
{
    static const uint8_t points[][32] = {
        { 0 },
        { 1 },
        { 0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
          0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
          0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00 },
    };
    static const uint8_t zero[32];
    struct assay_secret32 secret, psk;
    uint8_t key[32];
    cr_assert_eq(assay_x25519_generate(&secret, key), ASSAY_OK);
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        cr_expect_eq(assay_tls_psk_derive(&secret, points[i], zero, points[i], key, &psk),
                     ASSAY_E_KEY);
        cr_expect(assay_bytes_all_zero(psk.bytes, 32));
    }
}

Test(net_tls_frames, addresses_have_a_host_and_a_port)
{
    static const char *const wrong[] = { "", ":1", "host", "host:", "host:12a", "host:1234567" };
    struct assay_tls_address address;
    cr_assert_eq(assay_tls_address_parse("a.example:1,[::1]:22", 0, &address), ASSAY_OK);
    cr_expect(strcmp(address.host, "a.example") == 0 && strcmp(address.port, "1") == 0);
    cr_assert_eq(assay_tls_address_parse("a.example:1,[::1]:22", 1, &address), ASSAY_OK);
    cr_expect(strcmp(address.host, "::1") == 0 && strcmp(address.port, "22") == 0);
    cr_expect_eq(assay_tls_address_parse("a.example:1,[::1]:22", 2, &address), ASSAY_E_NOT_FOUND);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect_eq(assay_tls_address_parse(wrong[i], 0, &address), ASSAY_E_SYNTAX, "%s",
                     wrong[i]);
}
