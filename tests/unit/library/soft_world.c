/*
 * tests/unit/library/soft_world.c - SOFT vendor for library tests (soft_world.h).
 */
#include "tests/unit/library/soft_world.h"

#include <stdio.h>
#include <stdlib.h>

const char soft_world_policy[] = "policy_version: 1\nprofile: development\n";

void must(bool ok, const char *what)
{
    if (ok) return;
    (void)fprintf(stderr, "FAILED: %s\n", what);
    exit(1);
}

void soft_world_make(struct soft_world *w)
{
    static struct assay_soft_terms terms;
    const struct assay_soft_request request = { .isvsvn = 1 };
    *w = (struct soft_world){ 0 };
    must(assay_soft_ca_create("alpha", 1700000000, 2000000000, &w->ca) == ASSAY_OK, "authority");
    assay_soft_terms_default(&w->ca, &terms);
    must(assay_soft_collateral(&w->ca, &terms, &w->bundle) == ASSAY_OK, "collateral");
    for (size_t i = 0; i < WORLD_NODES; i++) {
        must(assay_soft_node_create(&w->ca, "node", NULL, &w->nodes[i]) == ASSAY_OK, "node");
        must(assay_soft_quote(&w->nodes[i], &request, w->quotes[i], sizeof w->quotes[i],
                              &w->quote_lens[i]) == ASSAY_OK,
             "quote");
    }
    const struct assay_key key = assay_key_p256(w->ca.root_public);
    must(assay_key_spki(&key, w->root, sizeof w->root, &w->root_len) == ASSAY_OK, "root");
    for (size_t i = 0; i < ASSAY_PARTS; i++) {
        const struct assay_slice part = w->bundle.files.part[i];
        if (part.len > 0) w->files[w->file_count++] = (struct assay_bytes){ part.bytes, part.len };
    }
}

void soft_world_end(struct soft_world *w)
{
    for (size_t i = 0; i < WORLD_NODES; i++)
        assay_soft_node_deinit(&w->nodes[i]);
    assay_soft_ca_wipe(&w->ca);
}
