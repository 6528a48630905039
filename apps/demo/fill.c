/*
 * apps/demo/fill.c - the store of a newcomer, filled from a member's that is stopped: what the
 * network agreed on, and nothing that the member signed or noted for itself (docs/operations.md
 * 15).
 */
#include "apps/demo/demo.h"

#include "engine/store/store_sqlite.h"

static const enum assay_store_class shared[] = {
    ASSAY_STORE_STATE,  ASSAY_STORE_FINALITY, ASSAY_STORE_BLOCK,
    ASSAY_STORE_CHANGE, ASSAY_STORE_BOUNDARY, ASSAY_STORE_ANCHOR,
};

struct filling {
    struct assay_store *to;
    enum assay_store_class class_;
    enum assay_status status;
    size_t count;
};

static bool put(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct filling *f = context;
    f->status = assay_store_put(f->to, f->class_, key, value);
    f->count++;
    return f->status == ASSAY_OK;
}

static struct assay_store *open_of(const struct demo_peer *peer)
{
    char path[PATH_MAX + 32], message[ASSAY_STORE_MESSAGE_LEN] = "";
    struct assay_store *store = NULL;
    (void)snprintf(path, sizeof path, "%s/state/store.sqlite", peer->dir);
    if (assay_store_sqlite_open(path, &store, message, sizeof message) != ASSAY_OK)
        (void)fprintf(stderr, "assay-demo: %s: %s\n", path, message);
    return store;
}

bool demo_fill_store(const struct demo_peer *from, const struct demo_peer *to)
{
    static const struct assay_store_key first = { 0 };
    struct assay_store_key last = { UINT32_MAX, UINT64_MAX, UINT64_MAX, { 0 } };
    struct assay_store *source = open_of(from);
    struct filling f = { .to = open_of(to) };
    if (source == NULL || f.to == NULL) f.status = ASSAY_E_STORE;
    for (size_t i = 0; i < sizeof last.id; i++)
        last.id[i] = 0xff;
    for (size_t i = 0; i < sizeof shared / sizeof shared[0] && f.status == ASSAY_OK; i++) {
        f.class_ = shared[i];
        const enum assay_status read =
            assay_store_scan(source, f.class_, &first, &last, false, put, &f);
        if (f.status == ASSAY_OK) f.status = read;
    }
    if (f.status == ASSAY_OK) f.status = assay_store_commit(f.to);
    assay_store_close(&source);
    assay_store_close(&f.to);
    return f.status == ASSAY_OK && f.count > 0;
}
