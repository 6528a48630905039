/*
 * tests/unit/quote/world.h - SOFT vendor for tests, with one node and a policy, and one possible
 * defect.
 */
#ifndef ASSAY_TESTS_UNIT_QUOTE_WORLD_H
#define ASSAY_TESTS_UNIT_QUOTE_WORLD_H

#include "quote/accept/policy.h"
#include "quote/source/soft/soft.h"
#include "quote/verify.h"

enum { WORLD_FROM = 1700000000, WORLD_AT = 1800000000, WORLD_TO = 2000000000 };

struct world {
    struct assay_soft_ca ca;
    struct assay_soft_terms terms;
    struct assay_soft_bundle bundle;
    struct assay_collateral collateral;
    struct assay_endorsements endorsements;
    struct assay_policy policy; /* development, otherwise the default */
    struct assay_soft_node node;
    struct assay_soft_request request;
    uint8_t quote[ASSAY_SOFT_QUOTE_MAX];
    size_t quote_len;
    int64_t at_unix_s;
    bool at_end;
    struct assay_verifier *verifier; /* NULL unless a test sets it */
    struct assay_verdict verdict;
};

/* A world in which the quote is affirming. On the heap; aborts the test when it cannot be made. */
struct world *world_open(void);
void world_close(struct world *w);
/* Publish collateral anew by w->terms. */
void world_publish(struct world *w);
/* Build the bundle from w->bundle.files as they are now. */
void world_build(struct world *w);
/* Replace the node by one on this platform. */
void world_move(struct world *w, const struct assay_soft_platform *platform);
/* Make the quote anew by w->request. */
void world_quote(struct world *w);
/* Appraise w->quote; the verdict is in w->verdict. */
enum assay_status world_judge(struct world *w);
/* Sign other text as TCB info or QE identity into the bundle, then build. */
void world_sign(struct world *w, enum assay_collateral_part part, const char *body);
/* The body of a signed document of the bundle, NUL-terminated, to be changed. */
void world_body(const struct world *w, enum assay_collateral_part part, char *body, size_t len);
/* Replace the first occurrence; aborts the test when there is none or no room. */
void text_replace(char *text, size_t capacity, const char *from, const char *to);

/* The folder of genuine vectors, or NULL where there is none (the test skips then). */
const char *vectors_dir(void);
/* A whole file into memory of malloc; NULL when it is not there. */
uint8_t *read_file(const char *path, size_t *len);
/* The bundle of a folder of vectors; parts that are not there stay empty. Free with parts_free. */
void parts_read(const char *dir, struct assay_collateral_files *files);
void parts_free(struct assay_collateral_files *files);

#endif
