/*
 * tests/unit/quote_source/test_source.c - the table of sources, recorded evidence, and the tail
 * that all of them cut.
 */
#include "quote/source/source.h"

#include "tests/unit/apps/folder.h"
#include "tests/unit/quote/world.h"
#include "tests/unit/quote_source/stand_in.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char message[ASSAY_SOURCE_MESSAGE_LEN];
static struct assay_source_answer answer;

Test(source, every_row_is_found_by_its_name)
{
    const struct assay_source_driver *driver = NULL;
    size_t count = 0;
    for (; (driver = assay_source_at(count)) != NULL; count++) {
        cr_expect_eq(assay_source_find(driver->name), driver);
        cr_expect_str_not_empty(driver->summary);
    }
    cr_expect_geq(count, 4);
    cr_expect_null(assay_source_find("nothing"));
    cr_expect_str_eq(assay_source_tsm()->usual_path, "/sys/kernel/config/tsm/report");
    cr_expect_str_eq(assay_source_gramine()->usual_path, "/dev/attestation");
    cr_expect_str_eq(assay_source_nsm()->usual_path, "/dev/nsm");
}

Test(source, an_unknown_name_is_answered_with_the_known_ones)
{
    struct assay_source *source = NULL;
    const struct assay_source_config config = { .name = "abacus" };
    cr_expect_eq(assay_source_open(&config, &source, message), ASSAY_E_NOT_FOUND);
    cr_expect_not_null(strstr(message, "tsm, gramine, nsm, recorded"), "%s", message);
    cr_expect_null(source);
    assay_source_close(&source);
}

Test(source, recorded_evidence_needs_a_path_that_is_there)
{
    struct assay_source *source = NULL;
    struct assay_source_config config = { .name = "recorded" };
    cr_expect_eq(assay_source_open(&config, &source, message), ASSAY_E_RANGE);
    config.path = "/nonexistent/evidence";
    cr_expect_eq(assay_source_open(&config, &source, message), ASSAY_E_NOT_FOUND);
    config.path = "";
    cr_expect_eq(assay_source_open(&config, &source, message), ASSAY_E_RANGE);
}

Test(source, recorded_evidence_says_that_it_is)
{
    struct folder folder = folder_make();
    struct assay_source *source = NULL;
    const struct assay_source_config config = {
        .name = "recorded", .path = folder_put(&folder, "one", "evidence", 8, 0400)
    };
    const struct assay_source_request request = stand_in_request(1);
    (void)folder_put(&folder, "one.aux", "more", 4, 0400);
    cr_assert_eq(assay_source_open(&config, &source, message), ASSAY_OK);
    cr_expect_not_null(strstr(message, "tests and teaching"), "the warning: %s", message);
    cr_assert_eq(assay_source_quote(source, &request, &answer, message), ASSAY_OK);
    cr_expect(answer.is_recorded);
    cr_expect(assay_slice_equal(answer.evidence, assay_slice_over("evidence", 8)));
    cr_expect(assay_slice_equal(answer.auxiliary, assay_slice_over("more", 4)));
    cr_expect_eq(assay_source_driver_of(source), assay_source_recorded());
    (void)folder_put(&folder, "one", "", 0, 0600);
    cr_expect_eq(assay_source_quote(source, &request, &answer, message), ASSAY_E_INVALID);
    assay_source_close(&source);
    cr_expect_null(source);
    folder_remove(&folder);
}

Test(source, a_folder_of_records_is_asked_by_report_data)
{
    struct folder folder = folder_make();
    struct assay_source *source = NULL;
    const struct assay_source_config config = { .name = "recorded", .path = folder.path };
    struct assay_source_request request = stand_in_request(0xab);
    char digits[2 * 64 + 1], name[2 * 64 + 5];
    assay_hex_encode(request.report_data, 64, digits, sizeof digits);
    (void)snprintf(name, sizeof name, "%s.bin", digits);
    (void)folder_put(&folder, name, "bound", 5, 0400);
    cr_assert_eq(assay_source_open(&config, &source, message), ASSAY_OK);
    cr_assert_eq(assay_source_quote(source, &request, &answer, message), ASSAY_OK, "%s", message);
    cr_expect(assay_slice_equal(answer.evidence, assay_slice_over("bound", 5)));
    request.report_data[0] ^= 1;
    cr_expect_eq(assay_source_quote(source, &request, &answer, message), ASSAY_E_NOT_FOUND);
    assay_source_close(&source);
    folder_remove(&folder);
}

Test(source, the_zero_tail_of_a_quote_is_cut_and_any_other_is_not)
{
    struct world *const w = world_open();
    struct folder folder = folder_make();
    struct assay_source *source = NULL;
    static uint8_t bytes[ASSAY_SOFT_QUOTE_MAX + 100];
    const struct assay_source_request request = stand_in_request(1);
    assay_bytes_copy(bytes, sizeof bytes, w->quote, w->quote_len);
    const struct assay_source_config config = {
        .name = "recorded", .path = folder_put(&folder, "quote", bytes, w->quote_len + 70, 0600)
    };
    cr_assert_eq(assay_source_open(&config, &source, message), ASSAY_OK);
    cr_assert_eq(assay_source_quote(source, &request, &answer, message), ASSAY_OK);
    cr_expect_eq(answer.evidence.len, w->quote_len);
    bytes[w->quote_len + 69] = 1;
    (void)folder_put(&folder, "quote", bytes, w->quote_len + 70, 0600);
    cr_assert_eq(assay_source_quote(source, &request, &answer, message), ASSAY_OK);
    cr_expect_eq(answer.evidence.len, w->quote_len + 70, "verify says what is wrong with it");
    assay_source_close(&source);
    folder_remove(&folder);
    world_close(w);
}
