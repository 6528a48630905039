/*
 * net/runtime/document_boundaries.c - document `boundaries`: epoch boundaries after a checkpoint,
 * page by page, in hexadecimal (docs/protocol.md 11.3.3).
 *
 * Read from the store. The receiver verifies all of it.
 */
#include "net/runtime/runtime_internal.h"

#include "engine/consensus/block.h"
#include "engine/ledger/proofs/boundary.h"
#include "engine/ledger/state/roster_digest.h"
#include "engine/sync/boundary_page.h"
#include "net/documents/document.h"
#include "net/json/json.h"

#include <stdlib.h>
#include <string.h>

enum {
    LINKS_MAX = 64,
    PAGE_LEN = 1 << 20, /* bytes of links; the last one may exceed it */
    WORD_MAX = 24,
};

struct asked {
    uint64_t era, epoch;
    bool voters;
};

/* "ERA EPOCH [voters]" */
static bool parse_argument(const char *text, struct asked *a)
{
    char word[2][WORD_MAX] = { "", "" };
    *a = (struct asked){ .voters = false };
    for (size_t i = 0; i < 2; i++) {
        const char *space = strchr(text, ' ');
        const size_t len = space != NULL ? (size_t)(space - text) : strlen(text);
        if (len == 0 || len >= WORD_MAX) return false;
        assay_bytes_copy(word[i], WORD_MAX, text, len);
        text += len + (space != NULL);
    }
    a->voters = strcmp(text, "voters") == 0;
    return (a->voters || *text == '\0') && assay_document_number(word[0], &a->era) &&
           assay_document_number(word[1], &a->epoch) && a->era <= UINT32_MAX &&
           a->epoch <= ASSAY_COUNT_MAX;
}

static enum assay_status set_voters(const struct assay_boundary_page *page, const struct asked *a,
                                    struct assay_json *data)
{
    struct assay_roster_row *rows = calloc(ASSAY_MEMBERS_MAX, sizeof *rows);
    uint8_t *bytes = malloc((size_t)ASSAY_MEMBERS_MAX * ASSAY_ROSTER_ROW_LEN_MAX);
    struct assay_slice boundary, finality;
    uint32_t count = 0;
    enum assay_status status = ASSAY_E_MEMORY;
    if (rows != NULL && bytes != NULL)
        status = assay_boundary_page_voters(page, (uint32_t)a->era, a->epoch, rows, &count);
    if (status == ASSAY_OK) {
        struct assay_writer w =
            assay_writer_over(bytes, (size_t)ASSAY_MEMBERS_MAX * ASSAY_ROSTER_ROW_LEN_MAX);
        for (uint32_t i = 0; i < count; i++)
            assay_roster_row_encode(&rows[i], &w);
        ASSAY_ASSERT(count <= ASSAY_MEMBERS_MAX && !w.full);
        assay_json_set_hex(data, "voters", bytes, w.len);
        /* One of a RECOVER is stored in the era that it ends. */
        enum assay_status got =
            assay_boundary_page_next(page, (uint32_t)a->era, a->epoch, &boundary, &finality);
        if (got == ASSAY_E_NOT_FOUND && a->era > 0)
            got = assay_boundary_page_next(page, (uint32_t)a->era - 1, a->epoch, &boundary,
                                           &finality);
        if (got == ASSAY_OK) assay_json_set_hex(data, "base", boundary.bytes, boundary.len);
        else if (got != ASSAY_E_NOT_FOUND) status = got;
    }
    free(bytes);
    free(rows);
    return status;
}

static enum assay_status set_links(const struct assay_boundary_page *page, const struct asked *a,
                                   struct assay_json *list)
{
    ASSAY_ASSERT(a->era <= UINT32_MAX && a->epoch <= ASSAY_COUNT_MAX);
    uint32_t era = (uint32_t)a->era;
    size_t len = 0;
    for (uint64_t i = 1; i <= LINKS_MAX && len < PAGE_LEN; i++) {
        struct assay_slice boundary, finality;
        struct assay_boundary b;
        const enum assay_status got =
            assay_boundary_page_next(page, era, a->epoch + i, &boundary, &finality);
        if (got == ASSAY_E_NOT_FOUND) return ASSAY_OK;
        ASSAY_TRY(got);
        ASSAY_TRY(assay_boundary_decode(boundary, ASSAY_MEMBERS_MAX, &b));
        struct assay_json *link = assay_json_object();
        assay_json_set_hex(link, "boundary", boundary.bytes, boundary.len);
        assay_json_set_hex(link, "finality", finality.bytes, finality.len);
        assay_json_append(list, link);
        len += boundary.len + finality.len;
        era = b.header.era;
    }
    return ASSAY_OK;
}

char *document_boundaries(struct assay_runtime *runtime, const char *argument)
{
    struct asked a;
    if (!parse_argument(argument, &a))
        return document_error(runtime, "usage", "boundaries ERA EPOCH [voters]");
    struct assay_boundary_page page = { .store = runtime->config.store,
                                        .genesis = runtime_founding_genesis(runtime),
                                        .scratch =
                                            aligned_alloc(64, assay_boundary_page_scratch_len()) };
    struct assay_json *data = assay_json_object(), *list = assay_json_array();
    enum assay_status status = page.scratch == NULL ? ASSAY_E_MEMORY : ASSAY_OK;
    if (status == ASSAY_OK && a.voters) status = set_voters(&page, &a, data);
    if (status == ASSAY_OK) status = set_links(&page, &a, list);
    free(page.scratch);
    assay_json_set(data, "links", list);
    if (status == ASSAY_OK) return document_finish(runtime, "assay.boundaries", data);
    assay_json_free(&data);
    if (status == ASSAY_E_NOT_FOUND)
        return document_error(runtime, "not_found",
                              "the voters of that epoch are not stored here: too old, or of "
                              "another era; query another node, or use a newer checkpoint");
    return document_error(runtime, "store", "a boundary cannot be read");
}
