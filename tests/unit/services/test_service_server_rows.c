/*
 * tests/unit/services/test_service_server_rows.c - tests of the service server for enclaves: no
 * documents and no records, the head and one row after the last close, and results of their own
 * records (docs/services.md 4.1.5).
 */
#include "tests/unit/services/service_server_fixture.h"

TestSuite(service_server_rows, .init = set_up, .fini = tear_down, .timeout = 100);

static const uint8_t instance[32] = { 9, 8, 7 };

static struct assay_slice retire_record(uint64_t session, uint8_t *bytes)
{
    struct assay_slice out;
    const struct assay_cont_retire_record r = { .group = 0, .session = session };
    cr_assert_eq(assay_cont_retire_record_encode(&r, bytes, 1024, &out), ASSAY_OK);
    return out;
}

static void hear_bare_beginning(struct assay_service_stream *s)
{
    const struct assay_service_message *m = hear(s);
    cr_assert_not_null(m);
    cr_assert_eq(m->verb, ASSAY_SERVICE_BEGIN);
    cr_assert_eq(m->count, 0, "an enclave verifies: it is sent no documents");
    cr_assert_eq(m->slot, 2);
    cr_assert_eq(m->node[2][0], 3, "the author of its records");
    cr_assert_null(hear(s));
}

static const struct assay_service_message *request_row(struct assay_service_stream *s)
{
    struct assay_service_message m = { .verb = ASSAY_SERVICE_ROW };
    assay_bytes_copy(m.root, 32, instance, 32);
    say(s, &m);
    const struct assay_service_message *answer = hear(s);
    cr_assert_not_null(answer);
    cr_assert_eq(answer->verb, ASSAY_SERVICE_ROWED);
    cr_assert_arr_eq(answer->root, instance, 32);
    return answer;
}

static void expect_head(const struct assay_service_message *m, const struct assay_registry *of)
{
    static uint8_t bytes[ASSAY_REGISTRY_DOCUMENT_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    struct assay_cont_rows rows;
    struct assay_cont_row_proven proven;
    cr_assert_eq(assay_registry_encode(of, 0, &w), ASSAY_OK);
    cr_expect(assay_slice_equal(m->document, assay_slice_over(bytes, w.len)));
    cr_assert_eq(assay_cont_rows_read(0, m->document, &rows), ASSAY_OK);
    cr_assert_eq(assay_cont_row_verify(&rows, instance, m->row, &proven), ASSAY_OK);
    cr_expect_not(proven.has_row);
}

/* What a closed epoch certified: records since are in no state that an enclave can verify. */
Test(service_server_rows, a_row_is_of_the_last_close)
{
    struct assay_service_stream s;
    uint8_t bytes[1024];
    moment->epoch = 7;
    moment->era = 2;
    follow(&s, enclaves_of_0);
    begin();
    hear_bare_beginning(&s);
    const struct assay_service_message *m = request_row(&s);
    cr_expect_eq(m->epoch, 7);
    cr_expect_eq(m->era, 2);
    expect_head(m, registry);
    assay_service_server_on_record(server, 3, ASSAY_SERVICE_REPLICA, replica_record(0, 3, bytes));
    cr_expect_null(hear(&s), "records are for those that follow them");
    cr_assert(assay_registry_group(assay_service_server_registry(server), 0)->member[3].listed);
    expect_head(request_row(&s), registry);
    assay_registry_copy(registry, assay_service_server_registry(server));
    moment->epoch = 8;
    assay_service_server_on_epoch_closed(server, registry, moment);
    m = hear(&s);
    cr_assert_not_null(m);
    cr_assert_eq(m->verb, ASSAY_SERVICE_CLOSE);
    m = request_row(&s);
    cr_expect_eq(m->epoch, 8);
    expect_head(m, registry);
    assay_service_stream_close(&s);
}

Test(service_server_rows, before_the_ledger_has_begun_there_is_no_row)
{
    struct assay_service_stream s;
    follow(&s, enclaves_of_0);
    const struct assay_service_message *m = request_row(&s);
    cr_expect_eq(m->document.len, 0);
    cr_expect_eq(m->row.len, 0);
    assay_service_stream_close(&s);
}

/* Of two enclaves at one socket each receives results of its own records alone, and of those that
 * this node's member submitted: another member may have copied the payload. */
Test(service_server_rows, results_are_for_the_enclave_that_submitted)
{
    struct assay_service_stream a, b;
    uint8_t bytes[1024], digest[32];
    follow(&a, enclaves_of_0);
    follow(&b, enclaves_of_0);
    begin();
    hear_bare_beginning(&a);
    hear_bare_beginning(&b);
    const struct assay_slice payload = retire_record(5, bytes);
    say(&a, &(struct assay_service_message){
                .verb = ASSAY_SERVICE_SUBMIT, .kind = ASSAY_SERVICE_RETIRE, .payload = payload });
    cr_assert_eq(submitted, 1);
    assay_service_server_on_record(server, 3, ASSAY_SERVICE_RETIRE, payload);
    cr_expect_null(hear(&a), "of another member");
    assay_service_server_on_record(server, 2, ASSAY_SERVICE_RETIRE, payload);
    const struct assay_service_message *m = hear(&a);
    cr_assert_not_null(m);
    cr_assert_eq(m->verb, ASSAY_SERVICE_RESULT);
    cr_expect_eq(m->kind, ASSAY_SERVICE_RETIRE);
    assay_sha256(payload.bytes, payload.len, digest);
    cr_expect_arr_eq(m->root, digest, 32);
    cr_expect(assay_slice_equal(m->word, assay_slice_over((const uint8_t *)"gone-row", 8)));
    cr_expect_null(hear(&b));
    assay_service_stream_close(&a);
    assay_service_stream_close(&b);
}
