/*
 * tests/fuzz/net/fuzz_telemetry.c - fuzz target: texts of an event, as hostile as they come, in the
 * formats of exports. What is written parses: JSON, and the strict parser of syslog.
 */
#include "base/assert.h"
#include "net/system/syslog.h"
#include "net/telemetry/otlp.h"
#include "tests/unit/net/telemetry/syslog_parse.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void expect_json(char *text)
{
    struct assay_json *document = NULL;
    ASSAY_ASSERT(text != NULL);
    const enum assay_status status = assay_json_parse(text, strlen(text), &document);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_json_free(&document);
    free(text);
}

static void expect_syslog(const char *word, const char *text)
{
    static struct assay_syslog_message message;
    static struct parsed_syslog parsed;
    assay_syslog_begin(&message, ASSAY_SYSLOG_INFO, 1, word, word);
    assay_syslog_add(&message, "one", text);
    assay_syslog_add(&message, "two", word);
    assay_syslog_end(&message, text);
    const bool whole = parsed_syslog_read(&parsed, message.bytes, message.len);
    ASSAY_ASSERT(whole && message.len <= ASSAY_SYSLOG_LEN_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const struct assay_record_origin origin = { "c0", "1d", "alpha" };
    char word[64], *text = malloc(len + 1);
    struct assay_record record;
    struct assay_otlp_answer answer;
    if (text == NULL) return 0;
    for (size_t i = 0; i < len; i++)
        text[i] = (char)(bytes[i] != 0 ? bytes[i] : ' ');
    text[len] = '\0';
    const size_t word_len = strnlen(text, sizeof word - 1);
    assay_bytes_copy(word, sizeof word, text, word_len);
    word[word_len] = '\0';
    struct assay_json *event = assay_json_object();
    assay_json_set_uint(event, "seq", 1 + len);
    assay_json_set_text(event, "event", word);
    assay_json_set_text(event, "name", word);
    assay_json_set_text(event, "text", text);
    if (assay_telemetry_record_of_event(&origin, event, &record) == ASSAY_OK) {
        const struct assay_record *const records[] = { &record };
        expect_json(assay_telemetry_record_jsonl(&record));
        expect_json(assay_otlp_logs(&origin, 1, records, 1));
        char *csv = assay_telemetry_record_csv(ASSAY_RECORD_EVENTS, false, true, &record);
        ASSAY_ASSERT(csv != NULL);
        free(csv);
    }
    assay_telemetry_record_free(&record);
    assay_json_free(&event);
    expect_syslog(word, text);
    (void)assay_otlp_read_answer(text, len, true, &answer);
    free(text);
    return 0;
}
