/*
 * tests/differential/case.h - one question put to both verifiers: evidence, collateral, root, time.
 */
#ifndef ASSAY_TESTS_DIFFERENTIAL_CASE_H
#define ASSAY_TESTS_DIFFERENTIAL_CASE_H

#include "quote/collateral/collateral.h"
#include "tests/differential/random.h"

/* The quote, then the parts of the collateral in their order. */
enum { DIFF_QUOTE = 0, DIFF_COLLATERAL = 1, DIFF_PARTS = 1 + ASSAY_PARTS_INTEL };
#define DIFF_PART(collateral_part) ((size_t)(collateral_part) + DIFF_COLLATERAL)

enum {
    DIFF_BASES_MAX = 64,
    DIFF_NAME_MAX = 64,
    DIFF_MUTATION_MAX = 160,
    DIFF_EDGES_MAX = 32,
};

/* Bytes that grow. */
struct diff_blob {
    uint8_t *bytes;
    size_t len;
    size_t capacity;
};

struct diff_case {
    uint64_t index;
    char base[DIFF_NAME_MAX];
    char mutation[DIFF_MUTATION_MAX]; /* what was done to it, one word after the other */
    int64_t at_unix_s;
    struct assay_key root_key;
    bool own_root;         /* an authority of the run, not the vendor */
    struct diff_blob root; /* its certificate in DER; empty for the vendor's */
    struct diff_blob part[DIFF_PARTS];
};

/* A case of the vectors before anything is done to it. */
struct diff_base {
    struct diff_case original;
    size_t edge_count;
    int64_t edges[DIFF_EDGES_MAX]; /* ends of the windows of its parts */
};

struct diff_bases {
    size_t count;
    struct diff_base base[DIFF_BASES_MAX];
};

void diff_blob_set(struct diff_blob *blob, const void *bytes, size_t len);
void diff_blob_insert(struct diff_blob *blob, size_t at, const void *bytes, size_t len);
void diff_blob_erase(struct diff_blob *blob, size_t at, size_t len);
/* Puts other bytes in the place of those at [at, at + len). */
void diff_blob_replace(struct diff_blob *blob, size_t at, size_t len, const void *bytes,
                       size_t bytes_len);
void diff_blob_free(struct diff_blob *blob);

void diff_case_copy(struct diff_case *to, const struct diff_case *from);
void diff_case_free(struct diff_case *c);
/* Appends a word to what was done. */
__attribute__((format(printf, 2, 3))) void diff_note(struct diff_case *c, const char *format, ...);
/* The short name of a part ("quote", "tcb-info"). */
const char *diff_part_name(size_t part);

/*
 * diff_bases_read - the cases that a list names: lines of a folder, a blank and a time in Unix
 * seconds. A folder without a quote is left out.
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (no such list, or none of its folders) | ASSAY_E_SYNTAX |
 *          ASSAY_E_FULL
 */
ASSAY_CHECKED enum assay_status diff_bases_read(const char *list, struct diff_bases *bases);
void diff_bases_free(struct diff_bases *bases);
/* Collects the ends of the windows of a case's certificates and documents. */
void diff_edges(const struct diff_case *c, struct diff_base *base);

#endif
