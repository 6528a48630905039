/*
 * tests/unit/services/test_wire.c - tests of messages between ledger and programs.
 *
 * What a ledger and programs say to each other, at its limits and one past them (docs/services.md
 * 4.1); and how a process may be reached.
 */
#include "base/cbor.h"
#include "net/services/wire.h"

#include <criterion/criterion.h>
#include <sys/socket.h>
#include <unistd.h>

static struct assay_service_message message;
static uint8_t operator_; /* of each member */

/* SUBMIT of so many bytes, by hand: the encoder refuses to write too many. */
static enum assay_status submit_of(size_t len)
{
    static uint8_t bytes[ASSAY_SERVICE_PAYLOAD_MAX + 16];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    const uint8_t head[] = { 0x83, 5, 1, 0x59, (uint8_t)(len >> 8), (uint8_t)len };
    assay_writer_put(&w, head, sizeof head);
    assay_writer_zero(&w, len);
    return assay_service_decode(assay_slice_over(bytes, w.len), &message);
}

Test(services_wire, a_payload_has_its_limit)
{
    cr_expect_eq(submit_of(ASSAY_SERVICE_PAYLOAD_MAX), ASSAY_OK);
    cr_expect_neq(submit_of(ASSAY_SERVICE_PAYLOAD_MAX + 1), ASSAY_OK);
}

/* CLOSE with one member after another, each of these four bytes and a node id. */
static enum assay_status close_of(uint32_t members, uint8_t standing, uint8_t bits, uint32_t more)
{
    static uint8_t bytes[8192];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    const uint32_t len = 37 * members + more;
    const uint8_t head[] = { 0x85, 3, 0, 9, 0x58, 32 };
    const uint8_t all[] = { 0x59, (uint8_t)(len >> 8), (uint8_t)len };
    assay_writer_put(&w, head, sizeof head);
    assay_writer_zero(&w, 32);
    assay_writer_put(&w, all, sizeof all);
    for (uint32_t i = 0; i < members; i++) {
        const uint8_t one[] = { standing, 0x27, 0x10, bits, operator_ };
        assay_writer_put(&w, one, sizeof one);
        assay_writer_zero(&w, 32);
    }
    assay_writer_zero(&w, more);
    return assay_service_decode(assay_slice_over(bytes, w.len), &message);
}

Test(services_wire, members_have_their_limits)
{
    cr_expect_eq(close_of(ASSAY_REGISTRY_SLOTS_MAX, ASSAY_REGISTRY_STAND_FULL, 7, 0), ASSAY_OK);
    cr_expect_eq(message.members, ASSAY_REGISTRY_SLOTS_MAX);
    cr_expect_eq(message.member[127].score_bp, 10000);
    cr_expect(message.member[127].certified && message.member[127].failed &&
              message.member[127].renewed);
    cr_expect_eq(close_of(8, ASSAY_REGISTRY_STAND_WARNING, 2, 0), ASSAY_OK);
    cr_expect(!message.member[7].certified && message.member[7].failed &&
              !message.member[7].renewed);
    cr_expect_neq(close_of(ASSAY_REGISTRY_SLOTS_MAX + 1, ASSAY_REGISTRY_STAND_FULL, 0, 0),
                  ASSAY_OK);
    cr_expect_neq(close_of(8, ASSAY_REGISTRY_STAND_FULL + 1, 0, 0), ASSAY_OK);
    operator_ = ASSAY_REGISTRY_SLOTS_MAX - 1;
    cr_expect_eq(close_of(8, ASSAY_REGISTRY_STAND_FULL, 0, 0), ASSAY_OK);
    cr_expect_eq(message.member[7].operator_, ASSAY_REGISTRY_SLOTS_MAX - 1);
    operator_ = ASSAY_REGISTRY_SLOTS_MAX;
    cr_expect_neq(close_of(8, ASSAY_REGISTRY_STAND_FULL, 0, 0), ASSAY_OK);
    operator_ = 0;
    cr_expect_neq(close_of(8, ASSAY_REGISTRY_STAND_FULL, 8, 0), ASSAY_OK, "a bit of no name");
    cr_expect_neq(close_of(8, ASSAY_REGISTRY_STAND_FULL, 0, 35), ASSAY_OK, "a part of one");
}

/* What a daemon vouches for is told apart by chain, purpose and statement, to its last byte. */
Test(services_wire, evidence_covers_chain_purpose_and_statement)
{
    uint8_t chain[32] = { 1 }, statement[64] = { 2 }, one[64], other[64];
    const struct assay_slice whole = assay_slice_over(statement, 64);
    assay_service_report_data(chain, ASSAY_SERVICE_FOR_SHARES, whole, one);
    assay_service_report_data(chain, ASSAY_SERVICE_FOR_TASKS, whole, other);
    cr_expect_not(assay_bytes_equal(one, other, 64), "the purpose");
    assay_service_report_data(chain, ASSAY_SERVICE_FOR_SHARES, assay_slice_over(statement, 63),
                              other);
    cr_expect_not(assay_bytes_equal(one, other, 64), "the length");
    statement[63] = 1;
    assay_service_report_data(chain, ASSAY_SERVICE_FOR_SHARES, whole, other);
    cr_expect_not(assay_bytes_equal(one, other, 64), "the statement");
    statement[63] = 0;
    chain[31] = 1;
    assay_service_report_data(chain, ASSAY_SERVICE_FOR_SHARES, whole, other);
    cr_expect_not(assay_bytes_equal(one, other, 64), "the chain");
}

/* Every verb, with what it has, comes back as it was said. */
static void comes_back(const struct assay_service_message *said)
{
    static uint8_t bytes[ASSAY_SERVICE_MESSAGE_MAX], again[ASSAY_SERVICE_MESSAGE_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    struct assay_writer v = assay_writer_over(again, sizeof again);
    cr_assert_eq(assay_service_encode(said, &w), ASSAY_OK);
    cr_assert_eq(assay_service_decode(assay_slice_over(bytes, w.len), &message), ASSAY_OK,
                 "verb %d", (int)said->verb);
    cr_assert_eq(assay_service_encode(&message, &v), ASSAY_OK);
    cr_expect(w.len == v.len && assay_bytes_equal(bytes, again, w.len), "verb %d", (int)said->verb);
    for (size_t len = 0; len < w.len; len += 1 + w.len / 64)
        cr_expect_neq(assay_service_decode(assay_slice_over(bytes, len), &message), ASSAY_OK,
                      "verb %d, cut", (int)said->verb);
    bytes[w.len] = 0;
    cr_expect_eq(assay_service_decode(assay_slice_over(bytes, w.len + 1), &message),
                 ASSAY_E_TRAILING, "verb %d", (int)said->verb);
}

Test(services_wire, every_verb_comes_back)
{
    static const uint8_t some[64] = "some bytes";
    const struct assay_slice word = assay_slice_over(some, 10);
    struct assay_service_message m = { .service = ASSAY_SERVICE_CONTINUITY,
                                       .group = 7,
                                       .slot = 127,
                                       .epoch = 5,
                                       .plan = word,
                                       .members = 3,
                                       .records = 11,
                                       .count = 2,
                                       .index = 1,
                                       .document = word,
                                       .kind = ASSAY_SERVICE_TASK_CLOSE,
                                       .payload = word,
                                       .serial = 9,
                                       .purpose = ASSAY_SERVICE_FOR_TASKS,
                                       .statement = assay_slice_over(some, 64),
                                       .measurement = assay_slice_over(some, 32),
                                       .evidence = word,
                                       .good = true,
                                       .standing = ASSAY_REGISTRY_STAND_FULL,
                                       .why = word };
    for (int verb = ASSAY_SERVICE_BEGIN; verb <= ASSAY_SERVICE_CROWDED; verb++) {
        m.verb = (enum assay_service_verb)verb;
        comes_back(&m);
    }
}

/* What an enclave requests, and what it receives of its own records. */
Test(services_wire, rows_and_results_of_an_enclave_return)
{
    static uint8_t many[ASSAY_CONT_ROW_PROOF_LEN_MAX + 1];
    struct assay_service_message m = { .root = { 4, 5 },
                                       .era = 2,
                                       .epoch = 77,
                                       .document = assay_slice_over(many, 9),
                                       .row = assay_slice_over(many, 5),
                                       .kind = ASSAY_SERVICE_SESSION,
                                       .word = assay_slice_over((const uint8_t *)"applied", 7) };
    for (int verb = ASSAY_SERVICE_ROW; verb <= ASSAY_SERVICE_DRAIN; verb++) {
        m.verb = (enum assay_service_verb)verb;
        comes_back(&m);
    }
    m.verb = ASSAY_SERVICE_ROWED;
    m.document.len = m.row.len = 0; /* not here */
    comes_back(&m);
    static uint8_t bytes[8192];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_array(&w, 6);
    assay_cbor_put_uint(&w, ASSAY_SERVICE_ROWED);
    assay_cbor_put_bytes(&w, m.root, 32);
    assay_cbor_put_uint(&w, 1);
    assay_cbor_put_uint(&w, 1);
    assay_cbor_put_bytes(&w, many, 0);
    assay_cbor_put_bytes(&w, many, sizeof many);
    cr_expect_neq(assay_service_decode(assay_slice_over(bytes, w.len), &message), ASSAY_OK,
                  "a proof longer than any");
}

/* What the length of a message makes of the stream. */
static enum assay_status stream_of(uint32_t len)
{
    struct assay_service_stream s;
    const uint8_t bytes[] = { (uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8),
                              (uint8_t)len };
    int pair[2];
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    cr_assert_eq(assay_service_stream_open(&s, pair[0]), ASSAY_OK);
    cr_assert_eq(send(pair[1], bytes, sizeof bytes, 0), (ssize_t)sizeof bytes);
    const enum assay_status status = assay_service_next(&s, &message);
    assay_service_stream_close(&s);
    (void)close(pair[1]);
    return status;
}

Test(services_wire, a_message_has_its_limit_before_it_is_read)
{
    cr_expect_eq(stream_of(ASSAY_SERVICE_MESSAGE_MAX), ASSAY_E_AGAIN, "the rest may still come");
    cr_expect_eq(stream_of(ASSAY_SERVICE_MESSAGE_MAX + 1), ASSAY_E_RANGE);
    cr_expect_eq(stream_of(0), ASSAY_E_RANGE);
}

static enum assay_status contact_of(const char *address, size_t len)
{
    uint8_t bytes[160];
    struct assay_cont_contact contact;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    const uint8_t head[] = { 0x58, 32 }, text[] = { 0x58, (uint8_t)len };
    assay_writer_put(&w, head, sizeof head);
    assay_writer_zero(&w, 32);
    if (len < 24) assay_writer_u8(&w, (uint8_t)(0x40 + len));
    else assay_writer_put(&w, text, sizeof text);
    assay_writer_put(&w, address, len);
    struct assay_cursor in = assay_cursor_over(bytes, w.len);
    return assay_cont_contact_decode(&in, &contact);
}

Test(services_wire, an_address_is_text_of_a_length)
{
    char longest[ASSAY_CONT_ADDRESS_MAX + 1];
    for (size_t i = 0; i < sizeof longest; i++)
        longest[i] = 'h';
    cr_expect_eq(contact_of("host:7100", 9), ASSAY_OK);
    cr_expect_eq(contact_of(longest, ASSAY_CONT_ADDRESS_MAX), ASSAY_OK);
    cr_expect_neq(contact_of(longest, ASSAY_CONT_ADDRESS_MAX + 1), ASSAY_OK);
    cr_expect_eq(contact_of("", 0), ASSAY_E_INVALID);
    cr_expect_eq(contact_of("a b:1", 5), ASSAY_E_INVALID);
    cr_expect_eq(contact_of("a\0b:1", 5), ASSAY_E_INVALID);
}

/* Encodes, decodes, and decodes every part of the bytes, which is none. */
static void must_return(const struct assay_service_message *m)
{
    static uint8_t bytes[ASSAY_SERVICE_MESSAGE_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    cr_assert_eq(assay_service_encode(m, &w), ASSAY_OK);
    for (size_t len = 0; len < w.len; len++)
        cr_assert_neq(assay_service_decode(assay_slice_over(bytes, len), &message), ASSAY_OK,
                      "verb %d, %zu bytes", (int)m->verb, len);
    cr_assert_eq(assay_service_decode(assay_slice_over(bytes, w.len), &message), ASSAY_OK,
                 "verb %d", (int)m->verb);
}

Test(services_wire, requests_of_a_holder_of_the_group_key_and_their_answers_return)
{
    static uint8_t bytes[64] = { 1, 2, 3 };
    must_return(&(struct assay_service_message){
        .verb = ASSAY_SERVICE_PROVE, .era = 3, .epoch = 70000, .with_voters = true });
    cr_expect(message.era == 3 && message.epoch == 70000 && message.with_voters);
    must_return(&(struct assay_service_message){ .verb = ASSAY_SERVICE_PROOF,
                                                 .epoch = 9,
                                                 .boundary = { bytes, 60 },
                                                 .finality = { bytes, 20 } });
    cr_expect(message.epoch == 9 && message.boundary.len == 60 && message.finality.len == 20);
    cr_expect_eq(message.voters.len, 0);
    must_return(
        &(struct assay_service_message){ .verb = ASSAY_SERVICE_LIST, .slot = 127, .root = { 8 } });
    cr_expect(message.slot == 127 && message.root[0] == 8);
    must_return(&(struct assay_service_message){
        .verb = ASSAY_SERVICE_KEYS, .root = { 8 }, .keys = { bytes, 33 } });
    cr_expect_eq(message.keys.len, 33);
    must_return(&(struct assay_service_message){ .verb = ASSAY_SERVICE_SHOW, .epoch = 70001 });
    cr_expect_eq(message.epoch, 70001);
    must_return(&(struct assay_service_message){ .verb = ASSAY_SERVICE_SHOWN,
                                                 .epoch = 9,
                                                 .proven = { bytes, 60 },
                                                 .keys = { bytes, 20 },
                                                 .declared = { bytes, 10 } });
    cr_expect(message.epoch == 9 && message.proven.len == 60);
    cr_expect(message.keys.len == 20 && message.declared.len == 10);
    must_return(&(struct assay_service_message){ .verb = ASSAY_SERVICE_ISSUE,
                                                 .serial = 7,
                                                 .epoch = 9,
                                                 .product = ASSAY_SERVICE_TOKEN,
                                                 .node_id = { 5 },
                                                 .name = { bytes, 3 },
                                                 .audience = { bytes, 2 },
                                                 .proven = { bytes, 60 },
                                                 .keys = { bytes, 20 },
                                                 .declared = { bytes, 10 } });
    cr_expect(message.serial == 7 && message.epoch == 9 && message.node_id[0] == 5);
    cr_expect(message.product == ASSAY_SERVICE_TOKEN && message.name.len == 3);
    cr_expect(message.audience.len == 2 && message.proven.len == 60 && message.keys.len == 20);
    cr_expect_eq(message.declared.len, 10);
    must_return(&(struct assay_service_message){ .verb = ASSAY_SERVICE_ISSUED,
                                                 .serial = 8,
                                                 .outcome = ASSAY_SERVICE_OUTCOME_BUSY,
                                                 .issued = { bytes, 40 } });
    cr_expect(message.serial == 8 && message.outcome == ASSAY_SERVICE_OUTCOME_BUSY);
    cr_expect_eq(message.issued.len, 40);
    must_return(&(struct assay_service_message){ .verb = ASSAY_SERVICE_FENCE, .is_fenced = true });
    cr_expect(message.is_fenced);
    must_return(&(struct assay_service_message){ .verb = ASSAY_SERVICE_FENCE });
    cr_expect_not(message.is_fenced);
}

Test(services_wire, what_is_for_the_group_key_comes_with_begin_and_close_alone)
{
    static struct assay_service_message m;
    m = (struct assay_service_message){ .verb = ASSAY_SERVICE_CLOSE,
                                        .members = 2,
                                        .has_holders = true };
    m.member[1].may_hold = true;
    m.member[1].seat_weight = 77;
    m.other_weight = 1000;
    m.node[1][0] = 6;
    must_return(&m);
    cr_expect(message.has_holders && message.member[1].may_hold);
    cr_expect_not(message.member[1].keys_active);
    cr_expect_eq(message.member[1].seat_weight, 77);
    cr_expect_eq(message.other_weight, 1000);
    cr_expect_eq(message.member[1].node_id[0], 6);
    m.has_holders = false;
    must_return(&m);
    cr_expect_not(message.has_holders || message.member[1].may_hold);
    /* SUBMIT with an item more */
    const uint8_t more[] = { 0x84, 5, 1, 0x41, 0, 0 };
    cr_expect_eq(assay_service_decode(assay_slice_over(more, sizeof more), &message),
                 ASSAY_E_RANGE);
}

Test(services_wire, holders_have_a_row_for_each_member)
{
    static uint8_t bytes[512];
    for (uint32_t rows = 0; rows <= 3; rows++) {
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        const uint8_t head[] = { 0x86, 3, 0, 9, 0x58, 32 };
        assay_writer_put(&w, head, sizeof head);
        assay_writer_zero(&w, 32);
        assay_writer_u8(&w, 0x58);
        assay_writer_u8(&w, 2 * 37);
        assay_writer_zero(&w, 2 * (size_t)37);
        if (rows > 0) assay_writer_u8(&w, 0x58);
        assay_writer_u8(&w, rows > 0 ? (uint8_t)(8 + rows * 45) : 0x40);
        if (rows > 0) assay_writer_zero(&w, 8 + rows * (size_t)45);
        cr_expect_eq(assay_service_decode(assay_slice_over(bytes, w.len), &message),
                     rows == 2 ? ASSAY_OK : ASSAY_E_RANGE, "%u rows", (unsigned)rows);
        if (rows != 2) continue;
        bytes[w.len - 45] = 4; /* bits that no build has */
        cr_expect_eq(assay_service_decode(assay_slice_over(bytes, w.len), &message), ASSAY_E_RANGE);
    }
}
