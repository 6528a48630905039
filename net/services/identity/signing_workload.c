/*
 * net/services/identity/signing_workload.c - certificates of workload keys of a holder's own
 * member, renewed by its process (docs/identity.md 4.17).
 */
#include "net/services/identity/signing_host_internal.h"

#include "base/crypto.h"

/* Certificates of all members fall due at the same closes, and a signer takes part in few sessions
 * at once: holders begin one after the other. Returns: ms after a close */
static uint64_t get_turn_ms(const struct assay_keyholder_signing *h)
{
    const uint64_t half = h->coordinator.epoch.period_ms / 2;
    return (half < SPREAD_MS ? half : SPREAD_MS) * h->place / h->group.holders;
}

void assay_keyholder_signing_show(struct assay_keyholder_signing *host, uint64_t epoch,
                                  struct assay_slice standing, struct assay_slice keys,
                                  struct assay_slice declared, struct assay_cosigner_time now)
{
    struct workload *k = &host->workload;
    if (!host->is_open || epoch != host->status.epoch || k->is_requested || standing.len == 0 ||
        standing.len > sizeof k->standing || !signing_load_list(keys, &k->listed))
        return;
    k->has_declared = declared.len > 0;
    if (k->has_declared && !signing_load_list(declared, &k->declared)) return;
    assay_bytes_copy(k->standing, sizeof k->standing, standing.bytes, standing.len);
    k->standing_len = standing.len;
    k->is_shown = true;
    for (uint32_t i = 0; i < ASSAY_DECLARED_KEYS_MAX; i++) {
        k->is_done[i] = false;
        k->due_ms[i] = now.monotonic_ms + get_turn_ms(host);
    }
}

static bool encode_workload(struct workload *k, uint32_t place, struct assay_slice *item)
{
    struct assay_derivation_item of = {
        .product = ASSAY_CREDENTIAL_LEAF,
        .proof = assay_slice_over(k->standing, k->standing_len),
    };
    struct assay_writer w = assay_writer_over(k->item, sizeof k->item);
    signing_set_entries(&k->listed, k->has_declared ? &k->declared : NULL, place, &of);
    if (assay_derivation_encode(&of, &w) != ASSAY_OK) return false;
    *item = assay_slice_over(k->item, w.len);
    return true;
}

static void digest_entry(const struct workload *k, uint32_t place, uint8_t digest[static 32])
{
    assay_sha256(k->listed.keys.entries[place].bytes, k->listed.keys.entries[place].len, digest);
}

static bool is_young(const struct assay_keyholder_signing *h, uint32_t place, uint64_t now_ms)
{
    const struct workload *k = &h->workload;
    uint8_t digest[32];
    digest_entry(k, place, digest);
    for (uint32_t i = 0; i < k->known; i++)
        if (assay_bytes_equal(k->of[i].digest, digest, 32))
            return k->of[i].ca_number == h->group.ca_number &&
                   now_ms - k->of[i].at_ms < (uint64_t)h->plan.identity.validity_s * 500;
    return false;
}

/* In the place of the same entry, or of the oldest. */
static void note_issued(struct assay_keyholder_signing *h, uint32_t place, uint64_t now_ms)
{
    struct workload *k = &h->workload;
    uint8_t digest[32];
    uint32_t at = k->known < ISSUED_MAX ? k->known : 0;
    digest_entry(k, place, digest);
    for (uint32_t i = 0; k->known == ISSUED_MAX && i < k->known; i++)
        if (k->of[i].at_ms < k->of[at].at_ms) at = i;
    for (uint32_t i = 0; i < k->known; i++)
        if (assay_bytes_equal(k->of[i].digest, digest, 32)) at = i;
    if (at == k->known) k->known++;
    assay_bytes_copy(k->of[at].digest, 32, digest, 32);
    k->of[at].ca_number = h->group.ca_number;
    k->of[at].at_ms = now_ms;
}

/* Nothing is requested of holders that they would refuse. */
static void submit_workload(struct assay_keyholder_signing *h, uint32_t place, uint64_t now_ms)
{
    struct workload *k = &h->workload;
    struct assay_cosigner_item derived;
    struct assay_slice item;
    if (k->listed.keys.keys[place].purpose != ASSAY_PURPOSE_TLS || is_young(h, place, now_ms) ||
        !encode_workload(k, place, &item) ||
        assay_derivation_derive(&h->derivation, item, k->tbs, sizeof k->tbs, &derived) !=
            ASSAY_OK ||
        !signing_is_self(h, derived.subject)) {
        k->is_done[place] = true;
        return;
    }
    k->tbs_len = derived.tbs.len;
    k->entry = place;
    k->is_requested =
        assay_coordinator_submit(&h->coordinator, now_ms, &item, 1, &k->number) == ASSAY_OK;
    if (!k->is_requested) k->due_ms[place] = now_ms + AGAIN_MS;
}

void signing_request_workload(struct assay_keyholder_signing *h, struct assay_cosigner_time now)
{
    struct workload *k = &h->workload;
    if (h->text[OWN].is_requested || h->text[CROSS].is_requested) return;
    for (uint32_t i = 0; k->is_shown && i < k->listed.keys.count && !k->is_requested; i++)
        if (!k->is_done[i] && now.monotonic_ms >= k->due_ms[i])
            submit_workload(h, i, now.monotonic_ms);
}

enum assay_status signing_end_workload(struct assay_keyholder_signing *h,
                                       struct assay_cosigner_time now)
{
    struct workload *k = &h->workload;
    uint8_t der[ASSAY_CREDENTIAL_CERTIFICATE_MAX];
    struct assay_slice whole;
    k->is_requested = false;
    k->due_ms[k->entry] = now.monotonic_ms + AGAIN_MS;
    if (h->effect.status != ASSAY_OK ||
        assay_credential_certificate(assay_slice_over(k->tbs, k->tbs_len), h->effect.signature[0],
                                     der, sizeof der, &whole) != ASSAY_OK)
        return ASSAY_OK;
    k->is_done[k->entry] = true;
    note_issued(h, k->entry, now.monotonic_ms);
    h->status.issued++;
    return h->config.issued(h->config.context, k->listed.keys.keys[k->entry].name, whole);
}
