/*
 * services/continuity/replica_receipts.c - receipts of a replica, signed in batches as one tree
 * (docs/services.md 1.8).
 *
 * A signature costs as much as a hundred updates, so their number does not depend on the number of
 * requested receipts: one per tree, ten trees a second. A receipt states the entry as of the
 * arrival of the request: requests and updates of an instance arrive in one order at all replicas,
 * so a quorum of them signs the same entry even while updates continue.
 */
#include "base/checked.h"
#include "base/merkle.h"
#include "services/continuity/replica_internal.h"

enum {
    TREE_MS = 100,     /* between two signatures */
    RECEIPT_MS = 1000, /* of one instance, on average */
    SIGNED_MAX = 24,   /* frames of a step */
};

/* An instance may have ASSAY_CONT_RECEIPTS_MAX receipts at once, and one every RECEIPT_MS. */
static bool has_receipt_quota(struct known_session *known, uint64_t now_ms)
{
    ASSAY_ASSERT(known->receipts <= ASSAY_CONT_RECEIPTS_MAX);
    const uint64_t ahead = (uint64_t)(ASSAY_CONT_RECEIPTS_MAX - 1) * RECEIPT_MS;
    if (known->receipts == ASSAY_CONT_RECEIPTS_MAX || known->receipt_ms > now_ms + ahead)
        return false;
    known->receipt_ms = assay_max_u64(known->receipt_ms, now_ms) + RECEIPT_MS;
    known->receipts++;
    return true;
}

enum assay_status assay_cont_replica_add_receipt(struct assay_cont_replica *r,
                                                 struct known_session *known,
                                                 const struct assay_cont_frame *f,
                                                 const struct assay_cont_entry *entry,
                                                 uint64_t now_ms)
{
    ASSAY_ASSERT(r->request_count <= ASSAY_CONT_RECEIPTS_MAX * r->instances_max);
    if (r->request_count == ASSAY_CONT_RECEIPTS_MAX * r->instances_max) return ASSAY_E_FULL;
    if (!has_receipt_quota(known, now_ms)) return ASSAY_E_FULL;
    struct receipt_request *request = &r->request[r->request_count++];
    request->entry = *entry;
    request->session = f->session;
    assay_bytes_copy(request->nonce, 32, f->nonce, 32);
    return ASSAY_OK;
}

void assay_cont_replica_receipts_drop(struct assay_cont_replica *r)
{
    r->request_count = r->tree_count = r->tree_given = 0;
    for (uint32_t i = 0; i < r->session_count; i++)
        r->sessions[i].receipts = 0;
}

uint64_t assay_cont_replica_receipts_due(const struct assay_cont_replica *r)
{
    ASSAY_ASSERT(r->tree_count <= r->request_count);
    if (r->request_count == 0) return UINT64_MAX;
    return r->tree_count > 0 && r->tree_signed ? 0 : r->tree_at_ms;
}

static void sign_tree(struct assay_cont_replica *r, struct assay_cont_effects *effects)
{
    ASSAY_ASSERT(r->tree_count > 0 && !r->tree_signed);
    struct assay_cont_frame root = { .kind = ASSAY_CONT_ROOT, .view = r->view };
    root.entries = r->tree_count;
    assay_bytes_copy(root.root, 32, r->tree_root, 32);
    struct assay_cont_send *send = assay_cont_replica_add_send(r, &root, effects);
    send->to = ASSAY_CONT_TO_KEY;
    assay_bytes_copy(send->key, sizeof send->key, r->key, sizeof r->key);
    send->sign = true;
    assay_cont_receipts_statement(&r->home, r->view, r->tree_root, r->tree_count,
                                  send->statement);
}

static void build_tree(struct assay_cont_replica *r)
{
    ASSAY_ASSERT(r->tree_count == 0 && r->request_count > 0);
    struct assay_merkle tree;
    assay_merkle_init(&tree);
    r->tree_count = r->request_count < ASSAY_CONT_TREE_MAX ? r->request_count : ASSAY_CONT_TREE_MAX;
    r->tree_given = 0;
    r->tree_signed = false;
    for (uint32_t i = 0; i < r->tree_count; i++) {
        assay_cont_receipt_leaf(&r->request[i].entry, r->request[i].nonce, r->tree_leaf[i]);
        assay_merkle_add_hash(&tree, r->tree_leaf[i]);
    }
    assay_merkle_root(&tree, r->tree_root);
}

static void send_receipt(struct assay_cont_replica *r, uint32_t at,
                         struct assay_cont_effects *effects)
{
    ASSAY_ASSERT(r->tree_signed && at < r->tree_count);
    const struct receipt_request *request = &r->request[at];
    struct known_session *known = assay_cont_replica_find_session(r, request->entry.instance);
    struct assay_cont_frame f = { .kind = ASSAY_CONT_SIGNED, .view = r->view,
                                  .session = request->session,
                                  .promised = request->entry.promised,
                                  .writer = request->entry.writer,
                                  .index = request->entry.index };
    size_t levels = 0;
    assay_bytes_copy(f.instance, 32, request->entry.instance, 32);
    assay_bytes_copy(f.nonce, 32, request->nonce, 32);
    assay_bytes_copy(f.digest, 32, request->entry.digest, 32);
    const enum assay_status status =
        assay_merkle_path((const uint8_t(*)[32])r->tree_leaf, r->tree_count, at, f.place.path,
                          ASSAY_CONT_TREE_LEVELS, &levels);
    ASSAY_ASSERT(status == ASSAY_OK);
    f.place.leaf = at;
    f.place.leaves = r->tree_count;
    f.place.levels = (uint32_t)levels;
    assay_bytes_copy(f.place.root, 32, r->tree_root, 32);
    assay_bytes_copy(f.signature, sizeof f.signature, r->tree_signature, sizeof r->tree_signature);
    struct assay_cont_send *send = assay_cont_replica_add_send(r, &f, effects);
    send->to = ASSAY_CONT_TO_SESSION;
    send->session = request->session;
    assay_bytes_copy(send->instance, 32, request->entry.instance, 32);
    if (known != NULL && known->receipts > 0) known->receipts--;
}

/* The receipts of the signed tree, as many as fit into a step. */
static void send_tree(struct assay_cont_replica *r, struct assay_cont_effects *effects)
{
    ASSAY_ASSERT(r->tree_given <= r->tree_count && r->tree_count <= r->request_count);
    const uint32_t left = r->tree_count - r->tree_given;
    const uint32_t until = r->tree_given + (left < SIGNED_MAX ? left : SIGNED_MAX);
    while (r->tree_given < until)
        send_receipt(r, r->tree_given++, effects);
    if (r->tree_given < r->tree_count) return;
    r->request_count -= r->tree_count;
    for (uint32_t i = 0; i < r->request_count; i++)
        r->request[i] = r->request[i + r->tree_count];
    r->tree_count = r->tree_given = 0;
}

enum assay_status assay_cont_replica_on_root(struct assay_cont_replica *r,
                                             const struct assay_cont_from *from,
                                             const struct assay_cont_frame *f,
                                             struct assay_cont_effects *effects)
{
    if (!assay_bytes_equal(from->key, r->key, sizeof r->key)) return ASSAY_E_STRANGER;
    if (r->tree_count == 0 || r->tree_signed || f->view != r->view ||
        f->entries != r->tree_count || !assay_bytes_equal(f->root, r->tree_root, 32))
        return ASSAY_E_STALE;
    ASSAY_ASSERT(r->tree_given == 0);
    assay_bytes_copy(r->tree_signature, sizeof r->tree_signature, f->signature,
                     sizeof f->signature);
    r->tree_signed = true;
    send_tree(r, effects);
    return ASSAY_OK;
}

void assay_cont_replica_receipts_tick(struct assay_cont_replica *r, uint64_t now_ms,
                                      struct assay_cont_effects *effects)
{
    if (r->request_count == 0) return;
    if (r->tree_count > 0 && r->tree_signed) {
        send_tree(r, effects);
        return;
    }
    if (now_ms < r->tree_at_ms) return;
    r->tree_at_ms = now_ms + TREE_MS;
    if (r->tree_count == 0) build_tree(r); /* else its signature was lost */
    sign_tree(r, effects);
}
