/*
 * tests/unit/quote/world.c - SOFT vendor for tests (world.h).
 */
#include "tests/unit/quote/world.h"

#include "quote/json.h"
#include "quote/verify.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(enum assay_status status, const char *what)
{
    cr_assert_eq(status, ASSAY_OK, "%s: %s", what, assay_status_symbol(status));
}

void world_build(struct world *w)
{
    const struct assay_key root = assay_key_p256(w->ca.root_public);
    must(assay_collateral_build(&w->bundle.files, &root, &w->collateral), "build");
}

void world_publish(struct world *w)
{
    must(assay_soft_collateral(&w->ca, &w->terms, &w->bundle), "collateral");
    world_build(w);
}

void world_move(struct world *w, const struct assay_soft_platform *platform)
{
    assay_soft_node_deinit(&w->node);
    must(assay_soft_node_create(&w->ca, "node", platform, &w->node), "node");
    world_quote(w);
}

void world_quote(struct world *w)
{
    must(assay_soft_quote(&w->node, &w->request, w->quote, sizeof w->quote, &w->quote_len),
         "quote");
}

struct world *world_open(void)
{
    struct world *const w = calloc(1, sizeof *w);
    cr_assert_not_null(w);
    must(assay_soft_ca_create("alpha", WORLD_FROM, WORLD_TO, &w->ca), "authority");
    assay_soft_terms_default(&w->ca, &w->terms);
    world_publish(w);
    w->endorsements.count = 1;
    w->endorsements.exact = true;
    w->endorsements.entries[0].kinds = ASSAY_KIND_BIT(ASSAY_KIND_SOFT);
    w->endorsements.entries[0].collateral = &w->collateral;
    w->endorsements.entries[0].root = assay_key_p256(w->ca.root_public);
    assay_policy_default(&w->policy);
    w->policy.profile = ASSAY_PROFILE_DEVELOPMENT;
    w->at_unix_s = WORLD_AT;
    for (uint8_t i = 0; i < 64; i++)
        w->request.report_data[i] = i;
    for (uint8_t i = 0; i < 32; i++)
        w->request.mrenclave[i] = (uint8_t)(0xa0 + i);
    must(assay_soft_node_create(&w->ca, "node", NULL, &w->node), "node");
    world_quote(w);
    return w;
}

void world_close(struct world *w)
{
    assay_soft_node_deinit(&w->node);
    assay_soft_ca_wipe(&w->ca);
    free(w);
}

enum assay_status world_judge(struct world *w)
{
    const struct assay_evidence_request request = { .kind = ASSAY_KIND_SOFT,
                                                    .bytes = w->quote,
                                                    .len = w->quote_len,
                                                    .at_unix_s = w->at_unix_s,
                                                    .at_end = w->at_end,
                                                    .endorsements = &w->endorsements,
                                                    .policy = &w->policy };
    return assay_evidence_verify(w->verifier, &request, &w->verdict);
}

static const char *document_name(enum assay_collateral_part part)
{
    return part == ASSAY_PART_TCB_INFO ? "tcbInfo" : "enclaveIdentity";
}

void world_sign(struct world *w, enum assay_collateral_part part, const char *body)
{
    size_t len = 0;
    uint8_t *const text = w->bundle.bytes + w->bundle.used;
    must(assay_soft_sign_json(&w->ca, document_name(part), assay_slice_over(body, strlen(body)),
                              text, sizeof w->bundle.bytes - w->bundle.used, &len),
         "sign");
    w->bundle.used += len;
    w->bundle.files.part[part] = assay_slice_over(text, len);
    world_build(w);
}

void world_body(const struct world *w, enum assay_collateral_part part, char *body, size_t len)
{
    const struct assay_slice text = w->bundle.files.part[part];
    struct assay_signed_json document = { 0 };
    struct assay_tcb_info *const info = calloc(1, sizeof *info);
    struct assay_qe_identity *const identity = calloc(1, sizeof *identity);
    if (part == ASSAY_PART_TCB_INFO)
        must(assay_doc_tcb_info(text.bytes, text.len, info, &document, NULL), "TCB info");
    else must(assay_doc_qe_identity(text.bytes, text.len, identity, &document, NULL), "identity");
    cr_assert_lt(document.body.len, len);
    assay_bytes_copy(body, len, document.body.bytes, document.body.len);
    body[document.body.len] = '\0';
    free(info);
    free(identity);
}

void text_replace(char *text, size_t capacity, const char *from, const char *to)
{
    const char *const at = strstr(text, from);
    cr_assert_not_null(at, "%s is not in the text", from);
    char *const whole = malloc(capacity);
    cr_assert_not_null(whole);
    const int len =
        snprintf(whole, capacity, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    cr_assert(len >= 0 && (size_t)len < capacity);
    assay_bytes_copy(text, capacity, whole, (size_t)len + 1);
    free(whole);
}

const char *vectors_dir(void)
{
    static const char usual[] = ASSAY_SOURCE_DIR "/../shared/vectors";
    const char *const named = getenv("ASSAY_VECTORS");
    const char *const dir = named != NULL ? named : usual;
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/MANIFEST.json", dir);
    FILE *const file = fopen(path, "rb");
    if (file == NULL) return NULL;
    (void)fclose(file);
    return dir;
}

uint8_t *read_file(const char *path, size_t *len)
{
    FILE *const file = fopen(path, "rb");
    if (file == NULL) return NULL;
    enum { FILE_MAX = 1 << 20 };
    uint8_t *const bytes = malloc(FILE_MAX);
    cr_assert_not_null(bytes);
    *len = fread(bytes, 1, FILE_MAX, file);
    (void)fclose(file);
    return bytes;
}

void parts_read(const char *dir, struct assay_collateral_files *files)
{
    *files = (struct assay_collateral_files){ 0 };
    for (int i = 0; i < ASSAY_PARTS; i++) {
        char path[PATH_MAX];
        size_t len = 0;
        (void)snprintf(path, sizeof path, "%s/%s", dir,
                       assay_collateral_part_name((enum assay_collateral_part)i));
        uint8_t *const bytes = read_file(path, &len);
        if (bytes != NULL) files->part[i] = assay_slice_over(bytes, len);
    }
}

void parts_free(struct assay_collateral_files *files)
{
    for (int i = 0; i < ASSAY_PARTS; i++)
        free((void *)(uintptr_t)files->part[i].bytes);
}
