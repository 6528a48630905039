/*
 * engine/audit/audit_books.c - decisions of operators and vendors, looked up in the audited store.
 */
#include "engine/audit/audit_books.h"

static struct assay_store_key last_key(void)
{
    struct assay_store_key key = { .era = UINT32_MAX, .epoch = UINT64_MAX, .number = UINT64_MAX };
    for (size_t i = 0; i < sizeof key.id; i++)
        key.id[i] = 0xff;
    return key;
}

/* Classes of changes and of collateral. */
static const enum assay_store_class decisions[2] = { ASSAY_STORE_CHANGE, ASSAY_STORE_COLLATERAL };

struct search {
    struct assay_audit_books *books;
    const uint8_t *digest;
    bool by_id;               /* of values that are documents, and not records that have them */
    struct assay_slice found; /* a document */
    uint8_t *record;
    size_t record_len;
};

static bool visit_document(void *context, const struct assay_store_key *key,
                           struct assay_slice value)
{
    struct search *s = context;
    struct assay_slice document;
    if (s->by_id && !assay_bytes_equal(key->id, s->digest, 32)) return true;
    if (!assay_effective_rules_in_kept(value, s->digest, &document) ||
        document.len > ASSAY_SET_LEN_MAX)
        return true;
    uint8_t *own = s->books->documents[s->books->turn++ % ASSAY_AUDIT_DOCUMENTS];
    assay_bytes_copy(own, ASSAY_SET_LEN_MAX, document.bytes, document.len);
    s->found = assay_slice_over(own, document.len);
    return false;
}

static bool visit_change(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct search *s = context;
    uint8_t digest[32];
    if (!assay_bytes_equal(key->id, s->digest, 32)) return true;
    assay_sha256(value.bytes, value.len, digest);
    if (value.len > ASSAY_CHANGE_RECORD_LEN_MAX || !assay_bytes_equal(digest, s->digest, 32))
        return true;
    assay_bytes_copy(s->record, ASSAY_CHANGE_RECORD_LEN_MAX, value.bytes, value.len);
    s->record_len = value.len;
    return false;
}

/* One of services, of a recent state or of an anchor. */
static bool find_service_document(struct assay_audit_books *b, const uint8_t digest[static 32],
                                  struct assay_slice *document)
{
    static const enum assay_store_class kept[2] = { ASSAY_STORE_SERVICE_ANCHOR,
                                                    ASSAY_STORE_SERVICE };
    uint8_t *own = b->documents[b->turn % ASSAY_AUDIT_DOCUMENTS];
    struct assay_store_key key;
    if (!b->has_services) return false;
    for (size_t i = 0; i < 2; i++) {
        uint8_t found[32];
        size_t len = 0;
        if (assay_store_find(b->store, kept[i], digest, &key, own, ASSAY_SET_LEN_MAX, &len) !=
            ASSAY_OK)
            continue;
        assay_sha256(own, len, found);
        if (!assay_bytes_equal(found, digest, 32)) continue;
        b->turn++;
        *document = assay_slice_over(own, len);
        return true;
    }
    return false;
}

bool assay_audit_find_document(void *context, const uint8_t digest[static 32],
                               struct assay_slice *document)
{
    struct search s = { .books = context, .digest = digest };
    const struct assay_store_key from = { 0 }, to = last_key();
    enum assay_status status = ASSAY_OK;
    if (find_service_document(context, digest, document)) return true;
    for (size_t i = 0; status == ASSAY_OK && s.found.len == 0 && i < 2; i++) {
        s.by_id = decisions[i] == ASSAY_STORE_COLLATERAL;
        status =
            assay_store_scan(s.books->store, decisions[i], &from, &to, false, visit_document, &s);
    }
    *document = s.found;
    return status == ASSAY_OK && s.found.len > 0;
}

size_t assay_audit_find_change(void *context, const uint8_t digest[static 32], uint8_t *record)
{
    struct search s = { .books = context, .digest = digest, .record = record };
    const struct assay_store_key from = { 0 }, to = last_key();
    enum assay_status status = ASSAY_OK;
    for (size_t i = 0; status == ASSAY_OK && s.record_len == 0 && i < 2; i++)
        status =
            assay_store_scan(s.books->store, decisions[i], &from, &to, false, visit_change, &s);
    return status == ASSAY_OK ? s.record_len : 0;
}
