/*
 * tests/fuzz/apps/fuzz_json.c - any bytes as a document of the admin socket, and as a text in one.
 *
 * Properties: what is parsed prints, and parses again to the same text; any text can be put into a
 * document.
 */
#include "base/assert.h"
#include "net/json/json.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_document(const char *text, size_t len)
{
    struct assay_json *document = NULL, *again = NULL;
    if (assay_json_parse(text, len, &document) != ASSAY_OK) {
        ASSAY_ASSERT(document == NULL);
        return;
    }
    char *first = assay_json_print(document, 0);
    ASSAY_ASSERT(first != NULL);
    ASSAY_ASSERT(assay_json_parse(first, strlen(first), &again) == ASSAY_OK);
    char *second = assay_json_print(again, 0);
    ASSAY_ASSERT(second != NULL && strcmp(first, second) == 0);
    free(first);
    free(second);
    assay_json_free(&document);
    assay_json_free(&again);
}

static void check_text(const uint8_t *data, size_t size)
{
    struct assay_json *document = assay_json_object();
    assay_json_set_text_n(document, "text", data, size);
    char *text = assay_json_print(document, 0);
    ASSAY_ASSERT(text != NULL);
    for (const char *c = text; *c != '\0'; c++)
        ASSAY_ASSERT((unsigned char)*c >= ' ');
    check_document(text, strlen(text));
    free(text);
    assay_json_free(&document);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_document((const char *)data, size);
    check_text(data, size);
    return 0;
}
