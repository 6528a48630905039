/*
 * tests/differential/case.c - cases, their bytes, and where they come from.
 */
#include "tests/differential/case.h"

#include "base/assert.h"
#include "quote/intel/quote.h"
#include "quote/verify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- bytes that grow */
static void reserve(struct diff_blob *blob, size_t len)
{
    if (len <= blob->capacity) return;
    const size_t capacity = len + len / 2 + 64;
    uint8_t *const bytes = realloc(blob->bytes, capacity);
    ASSAY_ASSERT(bytes != NULL);
    blob->bytes = bytes;
    blob->capacity = capacity;
}

void diff_blob_replace(struct diff_blob *blob, size_t at, size_t len, const void *bytes,
                       size_t bytes_len)
{
    ASSAY_ASSERT(at <= blob->len);
    ASSAY_ASSERT(len <= blob->len - at);
    const size_t tail_len = blob->len - at - len;
    uint8_t *const tail = malloc(tail_len + 1);
    ASSAY_ASSERT(tail != NULL);
    if (tail_len > 0) assay_bytes_copy(tail, tail_len, blob->bytes + at + len, tail_len);
    reserve(blob, at + bytes_len + tail_len);
    if (bytes_len > 0) assay_bytes_copy(blob->bytes + at, bytes_len, bytes, bytes_len);
    if (tail_len > 0) assay_bytes_copy(blob->bytes + at + bytes_len, tail_len, tail, tail_len);
    blob->len = at + bytes_len + tail_len;
    free(tail);
}

void diff_blob_set(struct diff_blob *blob, const void *bytes, size_t len)
{
    diff_blob_replace(blob, 0, blob->len, bytes, len);
}

void diff_blob_insert(struct diff_blob *blob, size_t at, const void *bytes, size_t len)
{
    diff_blob_replace(blob, at, 0, bytes, len);
}

void diff_blob_erase(struct diff_blob *blob, size_t at, size_t len)
{
    diff_blob_replace(blob, at, len, NULL, 0);
}

void diff_blob_free(struct diff_blob *blob)
{
    free(blob->bytes);
    *blob = (struct diff_blob){ 0 };
}

/* --- cases */
void diff_case_copy(struct diff_case *to, const struct diff_case *from)
{
    to->index = from->index;
    (void)snprintf(to->base, sizeof to->base, "%s", from->base);
    (void)snprintf(to->mutation, sizeof to->mutation, "%s", from->mutation);
    to->at_unix_s = from->at_unix_s;
    to->root_key = from->root_key;
    to->own_root = from->own_root;
    diff_blob_set(&to->root, from->root.bytes, from->root.len);
    for (size_t i = 0; i < DIFF_PARTS; i++)
        diff_blob_set(&to->part[i], from->part[i].bytes, from->part[i].len);
}

void diff_case_free(struct diff_case *c)
{
    diff_blob_free(&c->root);
    for (size_t i = 0; i < DIFF_PARTS; i++)
        diff_blob_free(&c->part[i]);
}

void diff_note(struct diff_case *c, const char *format, ...)
{
    const size_t used = strlen(c->mutation);
    if (used + 2 >= sizeof c->mutation) return; /* the first words tell it */
    va_list args;
    va_start(args, format);
    if (used > 0) c->mutation[used] = ' ';
    const size_t from = used > 0 ? used + 1 : 0;
    (void)vsnprintf(c->mutation + from, sizeof c->mutation - from, format, args);
    va_end(args);
}

const char *diff_part_name(size_t part)
{
    static const char *const names[DIFF_PARTS] = { "quote",     "tcb-info", "qe-identity",
                                                   "root-crl",  "pck-crl",  "pck-chain",
                                                   "tcb-chain", "qe-chain" };
    ASSAY_ASSERT(part < DIFF_PARTS);
    return names[part];
}

/* --- the vectors */
static bool read_part(const char *dir, const char *name, struct diff_blob *out)
{
    enum { PATH_LEN = 1024, CHUNK = 65536 };
    char path[PATH_LEN];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *const file = fopen(path, "rb");
    if (file == NULL) return false;
    for (;;) {
        reserve(out, out->len + CHUNK);
        const size_t got = fread(out->bytes + out->len, 1, CHUNK, file);
        out->len += got;
        if (got < CHUNK) break;
    }
    (void)fclose(file);
    return true;
}

static void add_edge(struct diff_base *base, int64_t unix_s)
{
    if (base->edge_count < DIFF_EDGES_MAX) base->edges[base->edge_count++] = unix_s;
}

/* Certificates that stand in the quote: their bytes begin with the first PEM header. */
static void add_chain_edges(const struct diff_blob *quote, struct diff_base *base)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----";
    struct assay_certificate chain[ASSAY_CHAIN_MAX];
    size_t count = 0;
    if (quote->len == 0) return;
    const uint8_t *const pem = memmem(quote->bytes, quote->len, begin, sizeof begin - 1);
    if (pem == NULL) return;
    const size_t len = quote->len - (size_t)(pem - quote->bytes);
    if (assay_x509_pem_chain(pem, len, chain, ASSAY_CHAIN_MAX, &count) != ASSAY_OK) return;
    for (size_t i = 0; i < count; i++) {
        add_edge(base, chain[i].not_before_s);
        add_edge(base, chain[i].not_after_s);
    }
}

void diff_edges(const struct diff_case *c, struct diff_base *base)
{
    struct assay_collateral *const collateral = calloc(1, sizeof *collateral);
    struct assay_collateral_files files = { 0 };
    ASSAY_ASSERT(collateral != NULL);
    for (size_t i = 0; i < ASSAY_PARTS_INTEL; i++)
        files.part[i] = assay_slice_over(c->part[DIFF_PART(i)].bytes, c->part[DIFF_PART(i)].len);
    base->edge_count = 0;
    if (assay_collateral_build(&files, &c->root_key, collateral) == ASSAY_OK)
        for (uint32_t i = 0; i < collateral->window_count; i++) {
            add_edge(base, collateral->windows[i].from_unix_s);
            add_edge(base, collateral->windows[i].to_unix_s);
        }
    add_chain_edges(&c->part[DIFF_QUOTE], base);
    free(collateral);
}

static bool read_base(const char *dir, int64_t at_unix_s, struct diff_base *base)
{
    struct diff_case *const c = &base->original;
    const char *const slash = strrchr(dir, '/');
    if (!read_part(dir, "quote.bin", &c->part[DIFF_QUOTE])) return false;
    for (size_t i = 0; i < ASSAY_PARTS_INTEL; i++)
        (void)read_part(dir, assay_collateral_part_name((enum assay_collateral_part)i),
                        &c->part[DIFF_PART(i)]);
    (void)snprintf(c->base, sizeof c->base, "%.*s", DIFF_NAME_MAX - 1,
                   slash == NULL ? dir : slash + 1);
    c->at_unix_s = at_unix_s;
    uint32_t kinds = 0;
    ASSAY_ASSERT(assay_pinned_root(ASSAY_PINNED_INTEL_SGX, &c->root_key, &kinds) == ASSAY_OK);
    diff_edges(c, base);
    return true;
}

/* "folder seconds"; the folder may hold blanks. Returns: false when it is no such line. */
static bool split_line(char *line, int64_t *at_unix_s)
{
    char *end = NULL;
    line[strcspn(line, "\n")] = '\0';
    char *const blank = strrchr(line, ' ');
    if (blank == NULL) return false;
    *blank = '\0';
    errno = 0;
    *at_unix_s = strtoll(blank + 1, &end, 10);
    return errno == 0 && end != blank + 1 && *end == '\0';
}

enum assay_status diff_bases_read(const char *list, struct diff_bases *bases)
{
    enum { LINE_LEN = 1024 };
    char line[LINE_LEN];
    enum assay_status status = ASSAY_OK;
    FILE *const file = fopen(list, "r");
    if (file == NULL) return ASSAY_E_NOT_FOUND;
    while (status == ASSAY_OK && fgets(line, sizeof line, file) != NULL) {
        int64_t at_unix_s = 0;
        if (!split_line(line, &at_unix_s)) status = ASSAY_E_SYNTAX;
        else if (bases->count == DIFF_BASES_MAX) status = ASSAY_E_FULL;
        else if (read_base(line, at_unix_s, &bases->base[bases->count])) bases->count += 1;
    }
    (void)fclose(file);
    if (status == ASSAY_OK && bases->count == 0) return ASSAY_E_NOT_FOUND;
    return status;
}

void diff_bases_free(struct diff_bases *bases)
{
    for (size_t i = 0; i < bases->count; i++)
        diff_case_free(&bases->base[i].original);
}
